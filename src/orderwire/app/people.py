"""People: what is known of one, an export of it, and forgetting."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from msgspec import Struct

from orderwire.app.bootstrap import Shop
from orderwire.app.logbook import FactLine, found_person, line_of, person_name
from orderwire.delivery.decide import person_key
from orderwire.ledger.values import Mark, PersonCard


class KnownIdentifier(Struct, frozen=True, kw_only=True):
    """One identifier of a person, and the fact that brought it."""

    kind: str
    value: str
    source: str
    seq: int


class Contact(Struct, frozen=True, kw_only=True):
    """How a person is known at one destination: the identifiers pinned there at the first sending."""

    destination: str
    pinned: Mark


class PersonPage(Struct, frozen=True, kw_only=True):
    """Everything the ledger knows about one person."""

    person: str
    card: PersonCard
    identifiers: tuple[KnownIdentifier, ...]
    merged: tuple[str, ...]
    """Persons that were joined into this one."""
    kinds: Mapping[str, int]
    """How many facts there are of each kind."""
    consent_history: tuple[FactLine, ...]
    destinations: tuple[Contact, ...]


class PersonExport(Struct, frozen=True, kw_only=True):
    """A person's data as it is handed to them: the page, and every fact with its whole body."""

    exported_at: datetime
    page: PersonPage
    facts: tuple[FactLine, ...]


def show(shop: Shop, text: str) -> PersonPage:
    """What is known of a person.

    Raises:
        NotFound: nobody has this number, e-mail, phone or external id.
    """
    return _gathered(shop, text).page


def export(shop: Shop, text: str) -> PersonExport:
    """A person's data, for them.

    Raises:
        NotFound: nobody has this number, e-mail, phone or external id.
    """
    return _gathered(shop, text)


def forget(shop: Shop, text: str, *, reason: str = "asked to be forgotten") -> int:
    """Erase a person here, and have every destination's reader ask the platform to; returns the fact's number.

    Raises:
        NotFound: nobody has this number, e-mail, phone or external id.
    """
    return shop.ledger.forget(found_person(shop, text), at=datetime.now(UTC), reason=reason)


def _gathered(shop: Shop, text: str) -> PersonExport:
    report = shop.ledger.person(found_person(shop, text))
    kinds: dict[str, int] = {}
    for fact in report.facts:
        kinds[fact.kind] = kinds.get(fact.kind, 0) + 1
    page = PersonPage(
        person=str(person_name(report.card.person)),
        card=report.card,
        identifiers=tuple(
            KnownIdentifier(kind=kind, value=value, source=source, seq=seq)
            for kind, value, source, seq in report.identifiers
        ),
        merged=tuple(str(person_name(number)) for number in report.merged),
        kinds=dict(sorted(kinds.items())),
        consent_history=tuple(map(line_of, report.consent_history)),
        destinations=_contacts(shop, [report.card.person, *report.merged]),
    )
    return PersonExport(exported_at=datetime.now(UTC), page=page, facts=tuple(map(line_of, report.facts)))


def _contacts(shop: Shop, people: list[int]) -> tuple[Contact, ...]:
    keys = [person_key(number) for number in people]
    return tuple(
        Contact(destination=name, pinned=mark)
        for name in shop.ledger.destinations()
        for mark in shop.ledger.marks(name, keys).values()
    )
