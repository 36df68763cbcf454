"""What is to be done with one fact at one destination: a pure function, asked again at every sending.

The order of the questions matters and is the order of the code: what is gone, what is not wanted, what is there
already, what cannot be said, whom nobody knows, what something newer has overtaken, and what consent forbids. Only
then is it said, in the lane that its age gives it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import cache
from typing import TypeAlias

import msgspec
from msgspec import Struct

from orderwire.delivery.settings import DestinationSettings
from orderwire.dialects.contract import Dialect, Lane, Recipient, Semantics, Snapshot, Statement
from orderwire.identity import REFUSALS
from orderwire.ledger.values import DestinationState, Disposition, Entry, Mark, PersonCard
from orderwire.model import (
    Cart,
    Channel,
    Consent,
    ConsentState,
    Event,
    Fact,
    Kind,
    Order,
    Person,
    Product,
    Subscription,
    kind_of,
)
from orderwire.model.facts import MARKETING_ONLY

# Python 3.11 takes several times as long to find a member of an enumeration as a name of the module.
_HISTORY, _STATE, _CUSTOM, _PRODUCT_REMOVED = Lane.HISTORY, Semantics.STATE, Kind.CUSTOM, Kind.PRODUCT_REMOVED
_SAID_NOTHING: Mapping[Channel, ConsentState] = {}
_NEVER: Mapping[Channel, datetime] = {}
_CHANNEL_NAMES = {Channel.EMAIL: "e-mail", Channel.SMS: "text messages"}


RECENT = timedelta(days=2)
"""How young a fact is that a platform may not take for historical."""


class Settled(Struct, frozen=True):
    """Nothing is sent: the fact's disposition, and why."""

    disposition: Disposition
    reason: str = ""
    due_at: datetime | None = None
    """Until when it waits, where it does."""


class Context(Struct, frozen=True, kw_only=True):
    """What a decision depends on besides the fact itself."""

    dialect: Dialect
    settings: DestinationSettings
    state: DestinationState
    now: datetime
    locked: frozenset[str] = frozenset()
    """Routes whose history may fire automations and was not acknowledged."""
    is_loud: bool = False
    """Whether even old facts are sent as news, by the operator's explicit wish."""


Decision: TypeAlias = Settled | Statement


def lane_of(fact: Fact, context: Context) -> Lane:
    """How a fact travels to a destination now (design §2): a question, not a field."""
    if fact.is_approximate:
        return Lane.HISTORY
    if context.is_loud:
        return Lane.LIVE
    if fact.is_imported or fact.seq <= context.state.switched_on_seq:
        return Lane.HISTORY
    if fact.kind == Kind.PERSON_FORGOTTEN:
        return Lane.LIVE
    age = context.now - fact.occurred_at
    return Lane.HISTORY if age > context.settings.quiet_after_of(kind_of(fact.kind)) else Lane.LIVE


def decide(
    entry: Entry,
    context: Context,
    marks: Mapping[str, Mark],
    represented: Mapping[str, int],
    *,
    quietly: bool = False,
) -> Decision:
    """Decide about one fact.

    Args:
        entry: the fact with its newest snapshot and person.
        context: destination, settings and the time of asking.
        marks: the destination's marks of the fact's subject and person.
        represented: newest snapshot on its way for a subject (not acknowledged yet), by subject.
        quietly: whether it is history whatever its age (pulled forward by a live fact, or repaired).
    """
    fact = entry.fact
    if not entry.snapshot:
        return Settled(Disposition.ERASED)
    snapshot = decode(fact.kind, entry.snapshot)
    kind = kind_of(fact.kind)
    if isinstance(snapshot, Product) and snapshot.removed_at:
        kind = _PRODUCT_REMOVED
    if settled := _unwanted(fact, kind, snapshot, context):
        return settled
    profile = context.dialect.profile
    capability = profile.capabilities.get(kind)
    if capability is None or not capability.routes:
        return Settled(Disposition.NOT_EXPRESSIBLE, capability.note if capability else "no route for this kind")
    if not isinstance(snapshot, Product) and (settled := unidentified(entry, context)):
        return settled
    if settled := _overtaken(entry, kind, snapshot, capability.semantics, marks, represented):
        return settled
    if isinstance(snapshot, Cart) and capability.semantics is Semantics.EVENT and fact.body:
        snapshot = decode(fact.kind, fact.body)  # what was added is told against the cart of that moment
    lane = _HISTORY if quietly else lane_of(fact, context)
    if profile.is_marketing and (settled := _forbidden(kind, entry.person)):
        return settled
    return Statement(
        kind=kind if kind is _PRODUCT_REMOVED else fact.kind,
        key=fact.key,
        subject=fact.subject,
        source=fact.source,
        occurred_at=fact.occurred_at,
        lane=lane,
        snapshot=snapshot,
        revision=fact.revision,
        detail=fact.detail,
        ordinal=fact.ordinal,
        previous=decode(fact.kind, entry.previous) if entry.previous else None,
        recipient=_recipient(entry.person, fact.source, marks) if entry.person else None,
        is_approximate=fact.is_approximate,
        is_known_there=subject_key(fact) in marks,
        is_consent_news=lane is not _HISTORY and kind is Kind.CONSENT_CHANGED,
        is_recent=context.now - fact.occurred_at < RECENT,
    )


def unidentified(entry: Entry, context: Context) -> Settled | None:
    """What becomes of a fact as long as nobody knows whom it is about; None when somebody is identified.

    It waits from its recording, not from when it occurred: what an old import tells may be identified by its next
    record.
    """
    person = entry.person
    if person is not None and (context.dialect.profile.takes_anonymous or not person.is_anonymous):
        return None
    until = entry.fact.recorded_at + context.settings.hold_unidentified
    if context.now >= until:
        return Settled(Disposition.EXCLUDED, "never identified")
    reason = "nobody is identified by it" if person is None else "only a device is known of its person"
    return Settled(Disposition.HELD, reason, until)


def subject_key(fact: Fact) -> str:
    """What a fact's subject is called in marks and holds: with its source, since ids are the source's own."""
    return f"{fact.source}/{fact.subject}"


def person_key(person: int) -> str:
    """What a person is called in marks and holds."""
    return f"person:{person}"


def person_keys(card: PersonCard) -> tuple[str, ...]:
    """What a person may be called in marks: by their own number, then by those joined into them."""
    if not card.merged:
        return (person_key(card.person),)
    return tuple(person_key(number) for number in (card.person, *card.merged))


def is_person(key: str) -> bool:
    """Whether a key names a person rather than another subject."""
    return key.startswith("person:")


def decode(kind: str, body: bytes) -> Snapshot:
    """The record in a fact's body."""
    return _decoder(kind)(body)


@cache
def _decoder(kind: str) -> Callable[[bytes], Snapshot]:
    shapes: dict[str, type[Snapshot]] = {
        "person": Person,
        "consent": Consent,
        "order": Order,
        "cart": Cart,
        "checkout": Cart,
        "subscription": Subscription,
    }
    if kind in (Kind.PRODUCT_UPDATED, Kind.PRODUCT_REMOVED):
        return msgspec.json.Decoder(Product).decode
    if kind == Kind.ORDER_UPCOMING:
        return msgspec.json.Decoder(Subscription).decode
    return msgspec.json.Decoder(shapes.get(kind.partition(".")[0], Event)).decode


def _unwanted(fact: Fact, kind: Kind, snapshot: Snapshot, context: Context) -> Settled | None:
    settings = context.settings
    if not settings.wants(fact.kind if kind is _CUSTOM else kind):
        return Settled(Disposition.EXCLUDED, "kind")
    if fact.source == settings.name:
        return Settled(Disposition.ALREADY_THERE, "it came from there")
    if settings.sources is not None and fact.source not in settings.sources:
        return Settled(Disposition.EXCLUDED, "source")
    if settings.since is not None and fact.occurred_at < settings.since:
        return Settled(Disposition.EXCLUDED, "before `since`")
    if isinstance(snapshot, Order) and snapshot.is_test and not settings.include_test_orders:
        return Settled(Disposition.EXCLUDED, "test order")
    store = getattr(snapshot, "store", None)
    if settings.stores is not None and store is not None and store not in settings.stores:
        return Settled(Disposition.EXCLUDED, "store")
    adopted = context.state.adopted_before
    if adopted is not None and fact.occurred_at < adopted:
        return Settled(Disposition.ALREADY_THERE, "adopted by date")
    return None


def _overtaken(
    entry: Entry,
    kind: Kind,
    snapshot: Snapshot,
    semantics: Semantics,
    marks: Mapping[str, Mark],
    represented: Mapping[str, int],
) -> Settled | None:
    if isinstance(snapshot, Consent):
        on_file = entry.person.consent.get(snapshot.channel) if entry.person else None
        is_other = on_file is not None and on_file.seq != entry.fact.seq
        if on_file is not None and is_other and (on_file.seq > entry.fact.seq or on_file.state != snapshot.state):
            return Settled(Disposition.SUPERSEDED, f"by fact {on_file.seq}, the consent in force")
        return None
    if semantics is not _STATE:
        return None
    subject = subject_key(entry.fact)
    mark = marks.get(subject)
    shown = max(represented.get(subject, 0), mark.seq if mark else 0)
    if kind is Kind.PERSON_UPDATED and entry.newer_of_kind > entry.fact.seq:
        return Settled(Disposition.SUPERSEDED, f"by fact {entry.newer_of_kind}")
    if shown >= entry.newest:
        return Settled(Disposition.SUPERSEDED, f"its content is there since fact {shown}")
    return None


def _forbidden(kind: Kind, person: PersonCard | None) -> Settled | None:
    if kind not in MARKETING_ONLY or person is None:
        return None
    for channel in (Channel.EMAIL,) if person.email else (Channel.EMAIL, Channel.SMS):
        on_file = person.consent.get(channel)
        if on_file is not None and on_file.state in REFUSALS:
            return Settled(Disposition.WITHHELD, f"consent for {_CHANNEL_NAMES[channel]}: {on_file.state}")
    return None


def _recipient(card: PersonCard, source: str, marks: Mapping[str, Mark]) -> Recipient:
    mark = next((marks[key] for key in person_keys(card) if key in marks), None) if marks else None
    consent = card.consent
    email, phone, external = card.email, card.phone, card.external_ids.get(source)
    if mark is not None:
        email, phone, external = mark.email or email, mark.phone or phone, mark.external_id or external
    return Recipient(
        person=card.person,
        email=email,
        phone=phone,
        external_id=external,
        anonymous_id=card.anonymous_ids[0] if card.anonymous_ids else None,
        first_name=card.first_name,
        last_name=card.last_name,
        language=card.language,
        address=card.address,
        consent={channel: on_file.state for channel, on_file in consent.items()} if consent else _SAID_NOTHING,
        consent_changed_at=(
            {channel: on_file.changed_at for channel, on_file in consent.items() if on_file.changed_at}
            if consent
            else _NEVER
        ),
        is_known_there=mark is not None and mark.seq > 0,
        is_pinned=mark is not None and (mark.email, mark.phone, mark.external_id) == (email, phone, external),
        was_stated_there=mark is not None and mark.stated_consent,
    )
