"""What the front door keeps and looks up: documents, keys, and pages of people, things and facts."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta

from msgspec import Struct, json

from orderwire.identity import Identifier, identifiers_of
from orderwire.ledger.engine import Columns, Engine
from orderwire.ledger.erasure import erasure_key, hash_of, telling
from orderwire.ledger.instants import instant, instant_if, micros
from orderwire.ledger.rows import card_of, fact_of
from orderwire.ledger.values import PersonCard
from orderwire.model import Fact, Identity

_ADDRESS = re.compile(r"""[^\s"'<>()\[\]{},:;=/\\@]+@[^\s"'<>()\[\]{},:;=/\\@&]+""")
"""What looks like an e-mail address in a text."""
_NEVER = -(2**62)
_FOREVER = 2**62


class Kept(Struct, frozen=True, kw_only=True):
    """A document of a source: something a platform's clients may ask for again that is no fact."""

    collection: str
    key: str
    body: bytes
    rank: str = ""
    identity: Identity | None = None
    """Whom it is about, if it is about one person: forgotten with them. Not given back."""


class AccessKey(Struct, frozen=True, kw_only=True):
    """Who may call: a key by its hash, the secret itself is nowhere kept.

    `scopes` are the words of the front door; `origins` the pages a browser key is for, all when empty.
    """

    name: str
    hash: str
    platform: str
    source: str
    account: str = ""
    scopes: tuple[str, ...] = ()
    origins: tuple[str, ...] = ()
    created_at: datetime
    revoked_at: datetime | None = None


class Page(Struct, frozen=True, kw_only=True):
    """Which facts are asked for, ordered by when they occurred and then by sequence number.

    `after` is the (instant, sequence number) of the last one seen. `since` and `until` are half open. A kind ending
    in `.` stands for all that begin so.
    """

    person: int | None = None
    kinds: tuple[str, ...] = ()
    since: datetime | None = None
    until: datetime | None = None
    after: tuple[datetime, int] | None = None
    is_newest_first: bool = False
    limit: int = 100


class HourOfOrders(Struct, frozen=True, kw_only=True):
    """The orders that a source had placed in one hour. `hour` counts hours since 1970, UTC."""

    source: str
    hour: int
    count: int
    last_at: datetime
    """When the last of them was placed."""
    longest_wait: timedelta
    """How long it took at most until one was known; nothing for those that were imported."""


class _Access(Struct, frozen=True):
    platform: str
    source: str
    account: str
    scopes: tuple[str, ...]
    origins: tuple[str, ...]


class Shelving:
    """The ledger's part for the front door."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Several writings as one transaction: durable together when left, undone when left by an error."""
        with self._engine.turn():
            yield

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Several questions about one moment."""
        with self._engine.snapshot():
            yield

    def put_documents(self, source: str, documents: Sequence[Kept], *, at: datetime) -> None:
        """Keep documents, each in the place of the one before; none that is about, or names, somebody forgotten."""
        moment = micros(at)
        with self._engine.turn():
            rows = [
                (source, one.collection, one.rank, one.key, self._about(source, one), moment, one.body)
                for one in self._of_nobody_forgotten(source, documents)
            ]
            self._engine.write_many("put_documents", rows)

    def drop_documents(self, source: str, names: Sequence[tuple[str, str]]) -> None:
        """Keep these documents, by (collection, key), no longer."""
        with self._engine.turn():
            self._engine.write_many("drop_documents", [(source, *name) for name in names])

    def document(self, source: str, collection: str, key: str) -> Kept | None:
        """One document."""
        rows = self._engine.rows("document", source=source, collection=collection, key=key)
        return _kept(rows[0]) if rows else None

    def documents(
        self,
        source: str,
        collection: str,
        *,
        after: tuple[str, str] | None = None,
        limit: int = 100,
        is_last_first: bool = False,
    ) -> list[Kept]:
        """A page of a collection ordered by rank and key, behind the (rank, key) of the last one seen."""
        values: dict[str, object] = {"source": source, "collection": collection, "limit": limit}
        if after is None:
            rows = self._engine.rows("last_documents" if is_last_first else "first_documents", **values)
        else:
            name = "documents_back" if is_last_first else "documents"
            rows = self._engine.rows(name, rank=after[0], key=after[1], **values)
        return [_kept(row) for row in rows]

    def count_documents(self, source: str, collection: str) -> int:
        """How many documents a collection holds."""
        return int(self._engine.rows("count_documents", source=source, collection=collection)[0][0])

    def add_key(self, key: AccessKey) -> None:
        """Let somebody in."""
        access = json.encode(_Access(key.platform, key.source, key.account, key.scopes, key.origins)).decode()
        with self._engine.turn():
            self._engine.write("add_key", name=key.name, hash=key.hash, access=access, at=micros(key.created_at))

    def access_keys(self) -> list[AccessKey]:
        """Everybody who was ever let in, the oldest first."""
        found = []
        for name, hashed, access, created_at, revoked_at in self._engine.rows("keys"):
            granted = json.decode(access, type=_Access)
            found.append(
                AccessKey(
                    name=name,
                    hash=hashed,
                    platform=granted.platform,
                    source=granted.source,
                    account=granted.account,
                    scopes=granted.scopes,
                    origins=granted.origins,
                    created_at=instant(created_at),
                    revoked_at=instant_if(revoked_at),
                )
            )
        return found

    def revoke_key(self, name: str, *, at: datetime) -> None:
        """Let them in no longer."""
        with self._engine.turn():
            self._engine.write("revoke_key", name=name, at=micros(at))

    def people_page(self, *, after: int = 0, limit: int = 100, is_newest_first: bool = False) -> list[PersonCard]:
        """A page of people by number, behind the last one seen; those joined into another are left out."""
        name = "people_page_back" if is_newest_first else "people_page"
        place = (after or _FOREVER) if is_newest_first else after
        return [card_of(row[0]) for row in self._engine.rows(name, after=place, limit=limit)]

    def card(self, person: int) -> PersonCard | None:
        """A person as known now; of those joined into another, the other."""
        engine = self._engine
        survivors = engine.rows("survivors", people=engine.listed([person]))
        return card_of(engine.rows("person_row", person=survivors[0][1])[0][1]) if survivors else None

    def holder_of(self, source: str, identity: Identity) -> int | None:
        """Who goes by one of these identifiers, the strongest first; external ids are those of the source."""
        for kind, of, value in identifiers_of(identity, source).present():
            rows = self._engine.rows("holders", kind=str(kind), source=of, values=self._engine.listed([value]))
            if rows:
                return int(rows[0][1])
        return None

    def recorded_of(self, person: int) -> tuple[datetime | None, datetime | None]:
        """When the first and the newest fact about a person were recorded."""
        first, newest = self._engine.rows("recorded_of_person", person=person)[0]
        return instant_if(first), instant_if(newest)

    def described_by(self, source: str, person: int) -> bytes:
        """The newest description of a person that a source gave, as JSON; empty where there is none."""
        rows = self._engine.rows("described_by", source=source, person=person)
        return bytes(rows[0][0] or b"") if rows else b""

    def snapshot_of(self, subject: str) -> bytes:
        """The newest snapshot of `<source>/<subject>` as JSON; empty where there is none."""
        rows = self._engine.rows("snapshot", subject=subject)
        return bytes(rows[0][0] or b"") if rows else b""

    def snapshots(self, kind: str, *, after: str = "", limit: int = 100) -> list[tuple[str, bytes]]:
        """A page of things of a kind (`order`), `<source>/<subject>` and JSON, ordered by that name."""
        found: list[tuple[str, bytes]] = []
        for source in sorted(name for (name,) in self._engine.rows("sources")):
            first, beyond = f"{source}/{kind}:", f"{source}/{kind};"
            if after >= beyond or len(found) >= limit:
                continue
            rows = self._engine.rows("snapshots", after=after, first=first, beyond=beyond, limit=limit - len(found))
            found.extend((subject, bytes(body or b"")) for subject, body in rows)
        return found

    def happenings(self, page: Page) -> list[tuple[Fact, bytes]]:
        """A page of facts by the time they occurred, each with the bytes it came in."""
        engine = self._engine
        since = _NEVER if page.since is None else micros(page.since)
        until = _FOREVER if page.until is None else micros(page.until)
        values: dict[str, object] = {
            "kinds": engine.listed(page.kinds) if page.kinds else None,
            "limit": page.limit,
        }
        forward, back = "happenings", "happenings_back"
        if page.person is not None:
            forward, back = "happenings_of_people", "happenings_of_people_back"
            values["people"] = engine.listed(self._one_with(page.person))
        if page.is_newest_first:
            at, seq = (until, _NEVER) if page.after is None else (micros(page.after[0]), page.after[1])
            rows = engine.rows(back, at=min(at, until), seq=seq, since=since, **values)
        else:
            at, seq = (since, _NEVER) if page.after is None else (micros(page.after[0]), page.after[1])
            rows = engine.rows(forward, at=max(at, since), seq=seq, until=until, **values)
        return [(fact_of(row), bytes(row[16] or b"")) for row in rows]

    def placed_by_hour(self, since: datetime, until: datetime) -> list[HourOfOrders]:
        """The orders placed between two instants, by source and hour; corrections are not counted."""
        rows = self._engine.rows("placed_by_hour", since=micros(since), until=micros(until))
        return [
            HourOfOrders(
                source=source,
                hour=int(hour),
                count=count,
                last_at=instant(last),
                longest_wait=timedelta(microseconds=max(0, waited)),
            )
            for source, hour, count, last, waited in rows
        ]

    def _of_nobody_forgotten(self, source: str, documents: Sequence[Kept]) -> Sequence[Kept]:
        """Those that tell of nobody forgotten, as far as an identity or an e-mail address in their text says."""
        engine = self._engine
        if not engine.rows("anybody_forgotten")[0][0]:
            return documents
        key = erasure_key(engine)
        hashes = [{hash_of(one, key) for one in _told_of(source, document)} for document in documents]
        rows = engine.rows("forgotten", hashes=engine.listed(set[str]().union(*hashes)))
        forgotten = {row[0] for row in rows}
        return [one for one, theirs in zip(documents, hashes, strict=True) if forgotten.isdisjoint(theirs)]

    def _about(self, source: str, document: Kept) -> int | None:
        return None if document.identity is None else self.holder_of(source, document.identity)

    def _one_with(self, person: int) -> list[int]:
        rows = self._engine.rows("survivors", people=self._engine.listed([person]))
        number = int(rows[0][1]) if rows else person
        return [number, *(row[0] for row in self._engine.rows("joined_into", person=number))]


def _told_of(source: str, document: Kept) -> Iterator[Identifier]:
    """By whose identifiers a document counts as theirs."""
    yield from telling(identifiers_of(document.identity, source))
    text = f"{document.key} {document.body.decode('utf-8', 'replace')}"
    for address in _ADDRESS.findall(text):
        yield from telling(identifiers_of(Identity(email=address), source))


def _kept(row: Columns) -> Kept:
    collection, key, rank, body = row
    return Kept(collection=collection, key=key, rank=rank, body=bytes(body))
