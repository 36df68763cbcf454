"""Whom a record is about, and which people turn out to be one.

Precedence is external id, then e-mail, then phone; a device is only evidence of where, not of who.

* A known external id decides. An e-mail that belongs to somebody else stays theirs, unless the one with the external
  id has no e-mail and the other has no external id of this source: then they are one.
* An unknown external id joins the person its e-mail belongs to: shops let people register again.
* A phone joins people only when nothing stronger tells them apart: families share one.
* A device belongs to the first person identified on it; what was done there before is theirs too. When a second
  person identifies on it, it is theirs from then on, and nothing is joined.
* People an operator has taken apart are not joined again.
"""

from __future__ import annotations

from collections.abc import Callable, Set
from typing import TypeAlias

from msgspec import Struct

from orderwire.identity.identifiers import Identifier, Identifiers
from orderwire.identity.profile import Profile

Holder: TypeAlias = Callable[[Identifier], Profile | None]
Apart: TypeAlias = Set[tuple[int, int]]
"""Pairs of people, smaller number first, who are not to be joined."""


class Match(Struct, frozen=True, kw_only=True, gc=False):
    """Whom a record is about: `person` is None for somebody new.

    `absorbs` are people who are one with them, `adds` identifiers nobody held, `moves` those that change hands.
    """

    person: Profile | None
    absorbs: tuple[Profile, ...] = ()
    adds: tuple[Identifier, ...] = ()
    moves: tuple[Identifier, ...] = ()


def match(given: Identifiers, holder: Holder, apart: Apart = frozenset()) -> Match | None:
    """Find the person a record is about; None when it carries nothing to find anybody by."""
    present = given.present()
    if not present:
        return None
    held = {identifier: holder(identifier) for identifier in present}
    holders = list(held.values())
    only = holders[0]
    if all(one is only for one in holders):
        return Match(person=only, adds=tuple(present) if only is None else ())
    by_id = held[given.external_id] if given.external_id else None
    by_email = held[given.email] if given.email else None
    by_phone = held[given.phone] if given.phone else None
    by_device = held[given.anonymous_id] if given.anonymous_id else None
    person = by_id or by_email
    if person is None and by_phone is not None and _may_share(given, by_phone):
        person = by_phone
    is_named = bool(given.external_id or given.email or given.phone)
    if person is None and by_device is not None and (not is_named or by_device.is_anonymous):
        person = by_device
    absorbs: dict[int, Profile] = {}
    if person is not None:
        for other, is_same in (
            (by_email, _is_same_by_email(given, person, by_email)),
            (by_phone, by_phone is not None and not (by_phone.email or by_phone.external_ids)),
            (by_device, is_named and by_device is not None and by_device.is_anonymous),
        ):
            if other is not None and is_same and other.person != person.person and not _apart(person, other, apart):
                absorbs[other.person] = other
    moves: tuple[Identifier, ...] = ()
    if given.anonymous_id and by_device is not None and is_named:
        owner = None if person is None else person.person
        if by_device.person != owner and by_device.person not in absorbs:
            moves = (given.anonymous_id,)
    return Match(
        person=person,
        absorbs=tuple(absorbs.values()),
        adds=tuple(identifier for identifier in present if held[identifier] is None),
        moves=moves,
    )


def _may_share(given: Identifiers, holder: Profile) -> bool:
    """Whether a record that only shares a phone may be about its holder."""
    return not (given.email and holder.email) and not (given.external_id and holder.external_ids)


def _is_same_by_email(given: Identifiers, person: Profile, other: Profile | None) -> bool:
    if other is None or given.external_id is None or person.email:
        return False
    return given.external_id.source not in other.external_ids


def _apart(one: Profile, other: Profile, apart: Apart) -> bool:
    return (min(one.person, other.person), max(one.person, other.person)) in apart
