"""The log as lines of JSON: a fact with its body as an object, and the identifiers its own record carries."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import msgspec
from msgspec import Raw, Struct

from orderwire.app.bootstrap import Shop
from orderwire.app.repairs import DeadLetter, dead_letters
from orderwire.errors import ConfigError, NotFound
from orderwire.ledger.people import PREFIX
from orderwire.ledger.values import FactFilter
from orderwire.model import Fact, Kind

_NOTHING = Raw(b"null")


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """Which facts of the log; everything given must hold.

    Args:
        kind: such as `order.placed`, `order.*`, `custom.wishlist`; several: any of them.
        person: number (`per_12`), e-mail, phone or external id.
        subject: such as `order:1001`.
        source: the source's name.
        since: occurred at this instant or later.
        until: occurred before this instant.
        after: only sequence numbers greater than this.
    """

    kind: Sequence[str] = ()
    person: str = ""
    subject: str = ""
    source: str = ""
    since: datetime | None = None
    until: datetime | None = None
    after: int = 0


class FactLine(Struct, frozen=True, kw_only=True):
    """One fact as the log is shown. `identity` and `body` are null where the fact was erased or is about nobody."""

    seq: int
    key: str
    revision: int
    kind: str
    subject: str
    occurred_at: datetime
    recorded_at: datetime
    source: str
    is_imported: bool
    is_approximate: bool
    detail: str | None
    ordinal: int
    person: str | None
    identity: Raw
    body: Raw


class LetterPage(Struct, frozen=True, kw_only=True):
    """A dead letter and the fact it is about."""

    letter: DeadLetter
    fact: FactLine


class _Identified(Struct):
    identity: Raw = _NOTHING


_DECODER = msgspec.json.Decoder(_Identified)


def line_of(fact: Fact) -> FactLine:
    """A fact as it is shown."""
    return FactLine(
        seq=fact.seq,
        key=fact.key,
        revision=fact.revision,
        kind=fact.kind,
        subject=fact.subject,
        occurred_at=fact.occurred_at,
        recorded_at=fact.recorded_at,
        source=fact.source,
        is_imported=fact.is_imported,
        is_approximate=fact.is_approximate,
        detail=fact.detail,
        ordinal=fact.ordinal,
        person=person_name(fact.person),
        identity=_DECODER.decode(fact.body).identity if fact.body else _NOTHING,
        body=Raw(fact.body) if fact.body else _NOTHING,
    )


def person_name(number: int | None) -> str | None:
    """What a person is called on the command line."""
    return None if number is None else f"{PREFIX}{number}"


def found_person(shop: Shop, text: str) -> int:
    """The person of this number (`per_12`), e-mail, phone or external id.

    Raises:
        NotFound: nobody is; the message does not repeat what was asked.
    """
    number = shop.ledger.find_person(text)
    if number is None:
        raise NotFound("no person has this number, e-mail, phone or external id")
    return number


def letter_page(shop: Shop, destination: str, seq: int) -> LetterPage:
    """One dead letter of a destination with its fact.

    Raises:
        NotFound: no such destination, or no dead letter of this number there.
    """
    shop.destination(destination, with_key=False)
    found = dead_letters(shop, destination, after=seq - 1, limit=1)
    if not found or found[0].seq != seq:
        raise NotFound(f"{destination}: no dead letter with number {seq}")
    return LetterPage(letter=found[0], fact=line_of(shop.ledger.entries_at([seq])[0].fact))


def lines(shop: Shop, wanted: Wanted | None = None) -> Iterator[bytes]:
    """Stream facts in sequence order, one JSON object each.

    Raises:
        NotFound: no such person.
        ConfigError: no such kind.
    """
    wanted = wanted or Wanted()
    where = FactFilter(
        kinds=tuple(kind for text in wanted.kind for kind in _kinds_of(text)),
        person=found_person(shop, wanted.person) if wanted.person else None,
        subject=wanted.subject or None,
        source=wanted.source or None,
        since=_zoned(wanted.since),
        until=_zoned(wanted.until),
    )
    encode = msgspec.json.Encoder().encode
    return (encode(line_of(fact)) for fact in shop.ledger.facts(where, after=wanted.after))


def _zoned(instant: datetime | None) -> datetime | None:
    """An instant without a zone is UTC."""
    return instant if instant is None or instant.tzinfo else instant.replace(tzinfo=UTC)


def _kinds_of(text: str) -> list[str]:
    if text.startswith("custom.") and not text.endswith("*"):
        return [text]
    found = [kind.value for kind in Kind if kind == text or (text.endswith("*") and f"{kind}.".startswith(text[:-1]))]
    if not found:
        near = difflib.get_close_matches(text, list(Kind), 1)
        remedy = f"Did you mean {str(near[0])!r}?" if near else f"There are: {', '.join(Kind)}."
        raise ConfigError("--kind", f"{text!r} is not a kind of fact.", remedy)
    return found
