"""Ids that the platform gives: of profiles, from the ledger's numbers of people."""

from __future__ import annotations

from uuid import UUID

_PREFIX = 0x0E7A_11A0_4D3B_4C6E << 64
_LOW = (1 << 64) - 1


def profile_id(person: int) -> str:
    """The id of a profile, from the ledger's number of the person."""
    return str(UUID(int=_PREFIX | person))


def person_number(profile: object) -> int | None:
    """The ledger's number of the person behind a profile id; None for what is no such id."""
    try:
        found = UUID(str(profile)).int
    except ValueError:
        return None
    number = found & _LOW
    return number if found - number == _PREFIX and 0 < number < 2**62 else None
