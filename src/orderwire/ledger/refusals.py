"""Records that could not be understood: kept with their bytes until they are, or until somebody gives them up.

A refused record is one row, by the name its source gives it or else by its bytes: reading it again and again adds
nothing. It goes away in the transaction that records it as understood.

Erasing a person reaches these rows as well, though nobody could read whom they are about: by the identifiers that
could be read, and by the person's e-mail, phone and ids as text. What is found loses its bytes and its name. A row
without bytes stays behind, under a keyed hash of the name, so that the next reading of the source does not bring the
bytes back; it is neither listed nor counted.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from hashlib import blake2b

from msgspec import json

from orderwire.identity import Identifier, Identifiers, email_key, identifiers_of
from orderwire.ledger.engine import Columns, Engine
from orderwire.ledger.erasure import hash_of, telling
from orderwire.ledger.instants import instant, micros_if
from orderwire.ledger.plans import Row
from orderwire.ledger.preparing import digest
from orderwire.ledger.values import Received, Refusal, Refused
from orderwire.model import IdentifierKind, Identity

_PAGE = 200
"""Refused records read at a time; each brings its bytes."""
_ERASED = "erased-"
_SHORTEST_ID = 4
"""An id of fewer characters is found by what was read of it, never as text: it stands in too many records."""
_SHORTEST_PHONE = 7
_AROUND_ADDRESSES = re.compile(r"[\s\"'<>(),:;\\|]+")
_WRITTEN_IN_PHONES = re.compile(r"[\s()./-]+")
_NAMES = json.Decoder(tuple[Identifier, ...])


class Refusals:
    """The refused records of every source."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def refused(self, source: str, stream: str) -> Iterator[Refused]:
        """Stream the refused records of a stream of a source by key; those whose bytes were erased are left out."""
        after = ""
        while rows := self._engine.rows("refused", source=source, stream=stream, after=after, limit=_PAGE):
            yield from (_refused_of(source, stream, row) for row in rows)
            if len(rows) < _PAGE:
                return
            after = rows[-1][0]

    def refused_counts(self, *, since: datetime | None = None) -> dict[tuple[str, str], int]:
        """How many refused records there are by (source, stream); only those first refused since an instant."""
        rows = self._engine.rows("refused_counts", since=micros_if(since))
        return {(source, stream): count for source, stream, count in rows}

    def drop_refused(self, source: str, names: Sequence[tuple[str, str]]) -> int:
        """Give refused records up for good, by (stream, key); gives how many there were."""
        engine = self._engine
        with engine.turn():
            known = _known_among(engine, source, names)
            engine.write_many("drop_refused", [(source, stream, key) for stream, key in known])
        return len(known)


def settle(engine: Engine, source: str, received: Iterable[Received], key: bytes) -> int:
    """Let go what was refused before of records that are understood now, inside the writer's turn.

    Args:
        engine: the store.
        source: whose records they are.
        received: what was understood.
        key: the ledger's erasure key; empty when nobody was ever forgotten.
    """
    names: set[tuple[str, str]] = set()
    for one in received:
        own = {one.key} if one.key else set()
        if one.raw:
            own.add(_key_of_bytes(one.raw))
        names.update((one.stream, name) for name in own)
        if key:
            names.update((one.stream, _erased_name(one.stream, name, key)) for name in own)
    known = _known_among(engine, source, names)
    engine.write_many("drop_refused", [(source, stream, name) for stream, name in known])
    return len(known)


def keep(engine: Engine, source: str, refused: Iterable[Refusal], *, at: int, is_imported: bool, key: bytes) -> int:
    """Keep records that were not understood, inside the writer's turn; gives how many are new.

    Args:
        engine: the store.
        source: whose records they are.
        refused: why each was refused, and its bytes.
        at: the stored instant of the refusal.
        is_imported: whether they were met in a first full pass.
        key: the ledger's erasure key; empty when nobody was ever forgotten.
    """
    rows = [_row(source, one, at, is_imported) for one in refused]
    if key:
        hidden = _of_the_forgotten(engine, source, rows, key)
        rows = [_blanked(row, key) if _name(row) in hidden else row for row in rows]
    by_name = {_name(row): row for row in rows}
    known = _known_among(engine, source, by_name)
    engine.write_many("put_refused", list(by_name.values()))
    return len(by_name) - len(known)


def blank(engine: Engine, identifiers: Sequence[Columns], key: bytes) -> None:
    """Take the bytes out of refused records that hold any of these identifiers, inside the writer's turn.

    Args:
        engine: the store.
        identifiers: rows of `identifiers_of`.
        key: the ledger's erasure key.
    """
    marks = _Marks(identifiers)
    found = [row for row in engine.stream("all_refused") if marks.are_in(row)]
    engine.write_many("drop_refused", [row[:3] for row in found])
    engine.write_many("put_refused", [_blanked(row, key) for row in found])


class _Marks:
    """The texts by which a person is found in a record that nobody understood."""

    def __init__(self, identifiers: Sequence[Columns]) -> None:
        self._exact: set[Identifier] = set()
        self._addresses: set[str] = set()
        self._phones: set[str] = set()
        self._ids: list[tuple[str, str, re.Pattern[str]]] = []
        for kind, spelling, source, _, value in identifiers:
            self._exact.add(Identifier(IdentifierKind(kind), source, value))
            match kind:
                case IdentifierKind.EMAIL:
                    self._addresses.update((value.lower(), spelling.strip().lower()))
                case IdentifierKind.PHONE:
                    plain = {_WRITTEN_IN_PHONES.sub("", text).lstrip("+") for text in (value, spelling)}
                    self._phones.update(text for text in plain if len(text) >= _SHORTEST_PHONE)
                case _ if len(value) >= _SHORTEST_ID:
                    pattern = re.compile(rf"(?<!\w){re.escape(value.lower())}(?!\w)")
                    self._ids.append((source, value, pattern))

    def are_in(self, row: Columns) -> bool:
        """Whether a refused record names the person."""
        source, key, names, raw = row[0], row[2], row[11], bytes(row[12])
        if not self._exact.isdisjoint(_NAMES.decode(names)):
            return True
        text = raw.decode("utf-8", "replace").lower()
        if any(address in text for address in self._addresses):
            return True
        if self._phones:
            plain = _WRITTEN_IN_PHONES.sub("", text)
            if any(phone in plain for phone in self._phones):
                return True
        # A record's own id may be the same number as some customer's: that says nothing about whom it is about.
        return any(
            of in ("", source) and value != key and pattern.search(text) is not None
            for of, value, pattern in self._ids
        )


def _row(source: str, refusal: Refusal, at: int, is_imported: bool) -> Row:
    return (
        source, _text(refusal.stream), _text(refusal.key) or _key_of_bytes(refusal.raw), _text(refusal.place),
        _text(refusal.problem), _text(refusal.remedy), refusal.is_whole, is_imported, at, at, 1,
        _names_of(refusal.identity, source), refusal.raw,
    )  # fmt: skip


def _blanked(row: Columns | Row, key: bytes) -> Row:
    """What stands for a refused record of somebody forgotten: no bytes, no name, no place that may tell either."""
    source, stream, name, _, problem, remedy, is_whole, is_imported, first_at, last_at, times, _, _ = row
    hidden = _erased_name(str(stream), str(name), key)
    return (
        source, stream, hidden, stream, problem, remedy, is_whole, is_imported, first_at, last_at, times, "[]", None,
    )  # fmt: skip


def _of_the_forgotten(engine: Engine, source: str, rows: Sequence[Row], key: bytes) -> set[tuple[str, str]]:
    """The names of records that name somebody forgotten, or whose bytes were erased here before."""
    hashes_by_name = {_name(row): {hash_of(one, key) for one in _named(row)} for row in rows}
    every = set().union(*hashes_by_name.values())
    forgotten = {row[0] for row in engine.rows("forgotten", hashes=engine.listed(every))} if every else set()
    hidden_by_name = {(stream, name): (stream, _erased_name(stream, name, key)) for stream, name in hashes_by_name}
    erased = set(_known_among(engine, source, hidden_by_name.values()))
    return {
        name
        for name, hashes in hashes_by_name.items()
        if not forgotten.isdisjoint(hashes) or hidden_by_name[name] in erased
    }


def _named(row: Row) -> list[Identifier]:
    """By whom a record counts as somebody's: what was read of it, and every address in its bytes."""
    names, raw = _NAMES.decode(str(row[11])), row[12]
    text = raw.decode("utf-8", "replace") if isinstance(raw, bytes) else ""
    words = (word for word in _AROUND_ADDRESSES.split(text) if "@" in word)
    emails = {email for word in words if (email := email_key(word)) is not None}
    return [
        *telling(Identifiers(**{str(one.kind): one for one in names})),
        *(Identifier(IdentifierKind.EMAIL, "", email) for email in emails),
    ]


def _known_among(engine: Engine, source: str, names: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Those of these (stream, key) that are refused already."""
    keys_by_stream: dict[str, list[str]] = {}
    for stream, key in names:
        keys_by_stream.setdefault(stream, []).append(key)
    return [
        (stream, key)
        for stream, keys in keys_by_stream.items()
        for (key,) in engine.rows("refused_among", source=source, stream=stream, keys=engine.listed(keys))
    ]


def _names_of(identity: Identity | None, source: str) -> str:
    """The identifiers that could be read, as stored; what is no valid text is left out."""
    return json.encode([one for one in identifiers_of(identity, source).present() if _is_text(one.value)]).decode()


def _is_text(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def _text(text: str) -> str:
    """A text that every database keeps."""
    return text.encode(errors="backslashreplace").decode().replace("\0", "\\0")


def _key_of_bytes(raw: bytes) -> str:
    """What a record is called that has no id of its own."""
    return f"raw-{digest(raw).hex()}"


def _erased_name(stream: str, name: str, key: bytes) -> str:
    if name.startswith(_ERASED):
        return name
    return _ERASED + blake2b(f"{stream}\0{name}".encode(), digest_size=16, key=key).hexdigest()


def _name(row: Row) -> tuple[str, str]:
    return str(row[1]), str(row[2])


def _refused_of(source: str, stream: str, row: Columns) -> Refused:
    key, place, problem, remedy, is_whole, is_imported, first_at, last_at, times, raw = row
    return Refused(
        source=source,
        stream=stream,
        key=key,
        place=place,
        problem=problem,
        remedy=remedy,
        raw=bytes(raw),
        is_whole=bool(is_whole),
        is_imported=bool(is_imported),
        first_at=instant(first_at),
        last_at=instant(last_at),
        times=times,
    )
