"""The ids that this door gives, each a function of what it names, in the platform's shape.

A profile's id is made of the ledger's number of the person and says so back, with a check of its own, so that an id
that was never given names nobody. A fact's id holds its second and its number in the log.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime

_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_CROCKFORD_VALUES = {digit: value for value, digit in enumerate(_CROCKFORD)}
_LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_LETTER_VALUES = {digit: value for value, digit in enumerate(_LETTERS)}
_PREFIX = "01HZ"
_NUMBER_BITS = 48
_CHECK_BITS = 62
_EVENT_SEQ_BITS = 31
_EVENT_LENGTH = 11
CATALOG_PREFIX = "$custom:::$default:::"


def digest(*parts: str, size: int = 16) -> bytes:
    """Bytes that stand for these texts."""
    return hashlib.blake2b("\x1f".join(parts).encode("utf-8", "surrogatepass"), digest_size=size).digest()


def _written(number: int, alphabet: str, length: int) -> str:
    digits = []
    for _ in range(length):
        number, place = divmod(number, len(alphabet))
        digits.append(alphabet[place])
    return "".join(reversed(digits))


def _checked(person: int) -> int:
    check = int.from_bytes(digest("profile", str(person)), "big") >> (128 - _CHECK_BITS)
    return (check << _NUMBER_BITS) | (person ^ (check & ((1 << _NUMBER_BITS) - 1)))


def profile_id(person: int) -> str:
    """The id of the profile of a person: 26 characters, as the platform's are."""
    return _PREFIX + _written(_checked(person), _CROCKFORD, 22)


def person_of(identity: str) -> int | None:
    """The person of a profile's id; None for an id that was never given."""
    if len(identity) != 26 or not identity.startswith(_PREFIX):
        return None
    number = 0
    for digit in identity[len(_PREFIX) :]:
        value = _CROCKFORD_VALUES.get(digit)
        if value is None:
            return None
        number = number * 32 + value
    check = number >> _NUMBER_BITS
    person = (number & ((1 << _NUMBER_BITS) - 1)) ^ (check & ((1 << _NUMBER_BITS) - 1))
    return person if _checked(person) == number else None


def short_id(what: str, name: str) -> str:
    """Six letters and digits that stand for a named thing, as ids of metrics and lists look."""
    return _written(int.from_bytes(digest(what, name, size=8), "big"), _LETTERS, 6)


def event_id(when: datetime, seq: int, part: int = 0) -> str:
    """The id of an event: of a fact that is told as several events, the second and later ones say which."""
    number = (int(when.timestamp()) + 2**33 << _EVENT_SEQ_BITS) | seq
    plain = _written(number, _LETTERS, _EVENT_LENGTH)
    return f"{plain}{_written(part, _LETTERS, 3)}" if part else plain


def fact_of(identity: str) -> tuple[datetime, int, int] | None:
    """The second, the number in the log and the part that an event's id names; None for one never given."""
    if len(identity) not in (_EVENT_LENGTH, _EVENT_LENGTH + 3):
        return None
    numbers = []
    for text in (identity[:_EVENT_LENGTH], identity[_EVENT_LENGTH:]):
        number = 0
        for letter in text:
            value = _LETTER_VALUES.get(letter)
            if value is None:
                return None
            number = number * len(_LETTERS) + value
        numbers.append(number)
    seconds = (numbers[0] >> _EVENT_SEQ_BITS) - 2**33
    try:
        when = datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return None
    return when, numbers[0] & ((1 << _EVENT_SEQ_BITS) - 1), numbers[1]


def job_id(request_id: str, *parts: str) -> str:
    """The id of a job that a call made."""
    return _PREFIX + _written(int.from_bytes(digest("job", request_id, *parts), "big"), _CROCKFORD, 22)


def catalog_id(external_id: str) -> str:
    """The platform's compound id of a catalog entry."""
    return CATALOG_PREFIX + external_id


def external_id_of(identity: str) -> str:
    """The shop's own id in a compound id; an id without the two first parts is taken as the shop's."""
    parts = identity.split(":::", 2)
    return parts[2] if len(parts) == 3 else identity
