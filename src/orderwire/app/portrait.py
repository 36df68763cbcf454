"""One person as the ledger knows them, with how each identifier, each join and each permission came to be."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Set
from datetime import datetime

import msgspec
from msgspec import Struct

from orderwire.app import erasures
from orderwire.app.bootstrap import Shop
from orderwire.app.logbook import FactLine, line_of, person_name
from orderwire.delivery.decide import person_key
from orderwire.identity import Identifier, Standing, e164, identifiers_of, judged
from orderwire.ledger.values import IdentifierOnFile, Join, Mark, PersonCard, PersonReport
from orderwire.model import Channel, Consent, Fact, IdentifierKind, Identity, Kind


class KnownIdentifier(Struct, frozen=True, kw_only=True):
    """One identifier of a person, as it was told first, and the fact that brought it."""

    kind: str
    value: str
    source: str
    matched: str
    """As it is compared: without spaces and in lower case, or in international form."""
    seq: int
    brought_by: str
    """What that fact was, such as `order.placed from shop`; empty where it told nothing new by itself."""
    person: str
    """Whom it was first told of; another number where people were joined since."""


class KnownJoin(Struct, frozen=True, kw_only=True):
    """One person joined into another, and what showed that they are one."""

    person: str
    into: str
    joined_at: datetime
    separated_at: datetime | None
    """When an operator took them apart; they are not joined again."""
    why: str


class KnownStatement(Struct, frozen=True, kw_only=True):
    """The newest statement of one sort about a permission: what it says, who told it, and how it weighs."""

    channel: Channel
    state: str
    is_in_force: bool
    why: str
    """Why it is in force or is not."""
    changed_at: datetime | None
    first_told_at: datetime | None
    """For a refusal without a date: since when it counts."""
    source: str
    origin: str | None
    seq: int | None
    """The fact that states it; None where it was outweighed when it came, and is kept only to be weighed."""
    evidence: Mapping[str, str] = {}
    """What was kept of the moment it was given: address, browser, double opt-in."""


class Contact(Struct, frozen=True, kw_only=True):
    """How a person is known at one destination: the identifiers pinned there at the first sending."""

    destination: str
    person: str
    """Under which number; several where people were joined after both were told of."""
    pinned: Mark


class PersonPage(Struct, frozen=True, kw_only=True):
    """Everything the ledger knows about one person."""

    person: str
    card: PersonCard
    identifiers: tuple[KnownIdentifier, ...]
    merged: tuple[str, ...]
    """Persons that were joined into this one."""
    joins: tuple[KnownJoin, ...]
    statements: tuple[KnownStatement, ...]
    notes: tuple[str, ...]
    """What is unusual about them, and what follows from it."""
    kinds: Mapping[str, int]
    """How many facts there are of each kind."""
    consent_history: tuple[FactLine, ...]
    destinations: tuple[Contact, ...]


def page_of(shop: Shop, report: PersonReport) -> PersonPage:
    """A person's page."""
    facts = {fact.seq: fact for fact in report.facts}
    contacts = contacts_of(shop, [report.card.person, *report.merged])
    return PersonPage(
        person=str(person_name(report.card.person)),
        card=report.card,
        identifiers=tuple(_identifier(one, facts.get(one.seq)) for one in report.identifiers),
        merged=tuple(str(person_name(number)) for number in report.merged),
        joins=_joins(shop, report),
        statements=tuple(
            _statement(channel, standing, str(verdict), facts.get(standing.seq), is_first=place == 0)
            for channel, statements in report.statements.items()
            for place, (standing, verdict) in enumerate(judged(statements))
        ),
        notes=(*_notes(shop, report), *_twice_known(shop, contacts), *erasures.told_of(shop, report)),
        kinds=dict(sorted(Counter(fact.kind for fact in report.facts).items())),
        consent_history=tuple(map(line_of, report.consent_history)),
        destinations=contacts,
    )


def contacts_of(shop: Shop, people: list[int]) -> tuple[Contact, ...]:
    """How these people are known at each destination."""
    names = {person_key(number): str(person_name(number)) for number in people}
    return tuple(
        Contact(destination=name, person=names[mark.subject], pinned=mark)
        for name in shop.ledger.destinations()
        for mark in shop.ledger.marks(name, list(names)).values()
    )


def told_by(fact: Fact | None) -> str:
    """What a fact is and where it comes from."""
    return "" if fact is None else f"{fact.kind} from {fact.source}"


def _identifier(one: IdentifierOnFile, fact: Fact | None) -> KnownIdentifier:
    is_its = fact is not None and one.matched in {named.value for named in _named_by(fact)}
    return KnownIdentifier(
        kind=one.kind,
        value=one.value,
        source=one.source,
        matched=one.matched,
        seq=one.seq,
        brought_by=told_by(fact) if is_its else "",
        person=str(person_name(one.person)),
    )


class _Naming(Struct):
    identity: Identity = Identity()


def _named_by(fact: Fact) -> list[Identifier]:
    """The identifiers that a fact's own record carries."""
    if not fact.body or fact.kind in (Kind.PRODUCT_UPDATED, Kind.PRODUCT_REMOVED):
        return []
    return identifiers_of(msgspec.json.decode(fact.body, type=_Naming).identity, fact.source).present()


def _joins(shop: Shop, report: PersonReport) -> tuple[KnownJoin, ...]:
    """Their joins; of those that were undone, the other's identifiers tell too what showed them."""
    facts = {entry.fact.seq: entry.fact for entry in shop.ledger.entries_at([one.seq for one in report.joins])}
    own = {report.card.person, *report.merged}
    others = {number for one in report.joins for number in (one.person, one.into)} - own
    identifiers = [*report.identifiers, *(one for other in others for one in shop.ledger.person(other).identifiers)]
    held = {(one.kind, one.source, one.matched) for one in identifiers}
    return tuple(_join(one, facts.get(one.seq), held) for one in report.joins)


def _join(join: Join, fact: Fact | None, held: Set[tuple[str, str, str]]) -> KnownJoin:
    named = _named_by(fact) if fact is not None and fact.recorded_at == join.joined_at else []
    kinds = [str(one.kind).replace("_", " ") for one in named if (str(one.kind), one.source, one.value) in held]
    if len(kinds) > 1:
        why = f"fact {join.seq} ({told_by(fact)}) carries identifiers of both: {', '.join(kinds)}"
    else:
        why = "a record named both, and told nothing new by itself"
    return KnownJoin(
        person=str(person_name(join.person)),
        into=str(person_name(join.into)),
        joined_at=join.joined_at,
        separated_at=join.separated_at,
        why=why,
    )


def _statement(
    channel: Channel, standing: Standing, why: str, fact: Fact | None, *, is_first: bool
) -> KnownStatement:
    return KnownStatement(
        channel=channel,
        state=str(standing.state),
        is_in_force=is_first,
        why=why,
        changed_at=standing.changed_at,
        first_told_at=standing.told_at,
        source=standing.source,
        origin=standing.origin,
        seq=standing.seq or None,
        evidence=_evidence(fact),
    )


def _evidence(fact: Fact | None) -> dict[str, str]:
    if fact is None or not fact.body or fact.kind != Kind.CONSENT_CHANGED:
        return {}
    given = msgspec.json.decode(fact.body, type=Consent)
    found = {"address": given.ip_address, "browser": given.user_agent}
    evidence = {name: value for name, value in found.items() if value}
    return evidence | ({"double opt-in": "confirmed"} if given.is_double_opt_in else {})


def _notes(shop: Shop, report: PersonReport) -> list[str]:
    card = report.card
    notes: list[str] = []
    if card.is_anonymous:
        notes.append("nobody yet: only devices are known; what they did waits to be identified")
    elif not card.external_ids:
        notes.append("a guest: no source has an account of theirs")
    ids = Counter(one.source for one in report.identifiers if one.kind == IdentifierKind.EXTERNAL_ID)
    notes.extend(
        f"{count} accounts at {source}: they came with one e-mail; {card.external_ids.get(source)} is the one used"
        for source, count in ids.items()
        if count > 1
    )
    phone = e164(card.phone) if card.phone else None
    if card.phone and phone is None:
        notes.append("their phone is not in international form: it is kept as given, and nobody is found by it")
    elif phone is not None and phone not in {one.matched for one in report.identifiers}:
        other = person_name(shop.ledger.find_person(phone))
        notes.append(f"their phone is shared: it tells of {other}, and e-mail and external id tell them apart")
    return notes


def _twice_known(shop: Shop, contacts: tuple[Contact, ...]) -> list[str]:
    """Where joined people are known twice, and what can be done about it."""
    count = Counter(contact.destination for contact in contacts)
    notes = []
    for name, times in count.items():
        if times > 1 and name in shop.settings.destinations:
            joining = shop.dialect(name).profile.joining or "joining is not offered there"
            notes.append(f"known {times} times at {name}, from before they were joined. {joining}")
    return notes
