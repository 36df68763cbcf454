"""Ids in the platform's shape: 24 hexadecimal digits, each a function of what it names."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from hashlib import blake2b

_DIGITS = 24
_MODULUS = 1 << 96
_FACTOR = 0x5851F42D4C957F2D14057B7F
_SHIFT = 0x65B0A17C9E3779B97F4A7C15
_INVERSE = pow(_FACTOR, -1, _MODULUS)
_LARGEST = 1 << 53


def contact_id(person: int) -> str:
    """The id of a contact: a one-to-one scrambling of the ledger's number."""
    return f"{(person * _FACTOR + _SHIFT) % _MODULUS:0{_DIGITS}x}"


def person_of(contact: str) -> int | None:
    """The ledger's number that a contact's id stands for; None for an id that was never given."""
    if len(contact) != _DIGITS or any(digit not in "0123456789abcdefABCDEF" for digit in contact):
        return None
    number = (int(contact, 16) - _SHIFT) * _INVERSE % _MODULUS
    return number if 0 < number < _LARGEST else None


def hex_id(*parts: str) -> str:
    """The id of a batch, an event type or an account, made of what it is."""
    return blake2b("\x1f".join(parts).encode("utf-8", "surrogatepass"), digest_size=_DIGITS // 2).hexdigest()


def cursor(mark: str) -> str:
    """An opaque place in a list."""
    return urlsafe_b64encode(mark.encode()).decode().rstrip("=")


def mark_of(given: str) -> str | None:
    """The place that a cursor stands for; None for one that was never given."""
    try:
        return urlsafe_b64decode(given + "=" * (-len(given) % 4)).decode()
    except (ValueError, UnicodeDecodeError):
        return None
