"""Subscriber ids: twenty small letters and digits, made of our person's number and back.

The first thirteen are the number, scattered over 64 bits by an odd multiplier; the other seven prove that we made it,
so that no guessed id names anybody.
"""

from __future__ import annotations

from hashlib import blake2b

_SCATTER = 0x9E3779B97F4A7C15
_GATHER = pow(_SCATTER, -1, 2**64)
_SALT = 0x2545F4914F6CDD1D
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
_PLACES, _PROOF = 13, 7


def subscriber_id(person: int) -> str:
    """The id of a person."""
    scattered = (person * _SCATTER) % 2**64 ^ _SALT
    return _written(scattered, _PLACES) + _proof(scattered)


def person_of(ident: str) -> int | None:
    """The person of an id; None for one that was not made here."""
    if len(ident) != _PLACES + _PROOF or any(digit not in _DIGITS for digit in ident):
        return None
    scattered = int(ident[:_PLACES], 36)
    if scattered >= 2**64 or ident[_PLACES:] != _proof(scattered):
        return None
    person = ((scattered ^ _SALT) * _GATHER) % 2**64
    return person if person < 2**63 else None


def uuid_of(hexadecimal: str, place: int = 0) -> str:
    """An id as requests have them, made of the call's own and the place of a record in it."""
    made = blake2b(f"{hexadecimal}:{place}".encode(), digest_size=16).hexdigest()
    return f"{made[:8]}-{made[8:12]}-4{made[13:16]}-a{made[17:20]}-{made[20:]}"


def _proof(scattered: int) -> str:
    made = blake2b(scattered.to_bytes(8, "big"), digest_size=8, person=b"drip").digest()
    return _written(int.from_bytes(made, "big") % 36**_PROOF, _PROOF)


def _written(value: int, places: int) -> str:
    digits = []
    for _ in range(places):
        value, rest = divmod(value, 36)
        digits.append(_DIGITS[rest])
    return "".join(reversed(digits))
