"""People: what is known of one, an export of it, taking wrong joins apart, and forgetting."""

from __future__ import annotations

from datetime import UTC, datetime

from msgspec import Struct

from orderwire.app.bootstrap import Shop
from orderwire.app.logbook import FactLine, found_person, line_of, person_name
from orderwire.app.portrait import KnownJoin, PersonPage, contacts_of, page_of
from orderwire.errors import NotFound
from orderwire.ledger.people import PREFIX


class PersonExport(Struct, frozen=True, kw_only=True):
    """A person's data as it is handed to them: the page, and every fact with its whole body."""

    exported_at: datetime
    page: PersonPage
    facts: tuple[FactLine, ...]


class Separation(Struct, frozen=True, kw_only=True):
    """Two people to be taken apart: what joined them, and what that changes here and at each destination."""

    person: str
    from_person: str
    join: KnownJoin
    changes: tuple[str, ...]


def show(shop: Shop, text: str) -> PersonPage:
    """What is known of a person.

    Raises:
        NotFound: nobody has this number, e-mail, phone or external id.
    """
    return page_of(shop, shop.ledger.person(found_person(shop, text)))


def export(shop: Shop, text: str) -> PersonExport:
    """A person's data, for them.

    Raises:
        NotFound: nobody has this number, e-mail, phone or external id.
    """
    report = shop.ledger.person(found_person(shop, text))
    return PersonExport(
        exported_at=datetime.now(UTC), page=page_of(shop, report), facts=tuple(map(line_of, report.facts))
    )


def forget(shop: Shop, text: str, *, reason: str = "asked to be forgotten") -> int:
    """Erase a person here, and have every destination's reader ask the platform to; returns the fact's number.

    Raises:
        NotFound: nobody has this number, e-mail, phone or external id.
    """
    return shop.ledger.forget(found_person(shop, text), at=datetime.now(UTC), reason=reason)


def plan_separation(shop: Shop, text: str) -> Separation:
    """What taking a person out of the one they were joined into would change.

    Args:
        shop: the opened shop.
        text: the number of the joined person, as `person show` names them: `per_12`.

    Raises:
        NotFound: no such number, or nobody was joined under it.
    """
    number = _number(text)
    page = show(shop, text)
    join = next((one for one in page.joins if one.person == text and one.separated_at is None), None)
    if join is None:
        raise NotFound(f"{text} is not joined into another person")
    survivor = found_person(shop, text)
    changes = [
        f"{text} is again who they were on {join.joined_at:%Y-%m-%d}, with their own facts; "
        f"what was learned since stays with {person_name(survivor)}",
        f"{text} and {join.into} are never joined again",
        *_changes_there(shop, number, survivor),
    ]
    return Separation(person=text, from_person=join.into, join=join, changes=tuple(changes))


def separate(shop: Shop, text: str) -> str:
    """Take a person out of the one they were joined into, for good; gives that one's number.

    Raises:
        NotFound: no such number, or nobody was joined under it.
    """
    return str(person_name(shop.ledger.separate(_number(text), at=datetime.now(UTC))))


def _number(text: str) -> int:
    digits = text.removeprefix(PREFIX)
    if digits == text or not digits.isdecimal():
        raise NotFound("a join is named by the number of the joined person, as `orderwire person show` tells it")
    return int(digits)


def _changes_there(shop: Shop, number: int, survivor: int) -> list[str]:
    known = {name: set[str]() for name in shop.ledger.destinations()}
    for contact in contacts_of(shop, [number, survivor]):
        known[contact.destination].add(contact.person)
    changes: list[str] = []
    for name, people in known.items():
        if str(person_name(number)) in people:
            changes.append(f"{name}: knew both already; each is told of under their own identifiers from now on")
        elif people:
            changes.append(
                f"{name}: what was told of both there stays with {person_name(survivor)}, for no platform gives "
                f"facts back; {person_name(number)} is introduced with their next fact"
            )
        else:
            changes.append(f"{name}: was told of neither")
    return changes
