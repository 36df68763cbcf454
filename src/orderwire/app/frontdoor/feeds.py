"""Catalogue feeds kept on disk: made of the products of the ledger, and made again only when products have changed.

A feed is written beside its place and then put there as a whole, plain and compressed, under a name made of its
content, so that nobody reads half of one and half of another. A feed that took long to make is handed out as it is
while a new one is made.
"""

from __future__ import annotations

import gzip
import hashlib
import os
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

import msgspec
import structlog
from msgspec import Struct

from orderwire.app.frontdoor.shelves import LedgerShelves
from orderwire.dialects.feed import Feed
from orderwire.errors import OrderwireError
from orderwire.ledger import StoredLedger
from orderwire.model import Product

log = structlog.get_logger()
FOLDER = "feeds"
LONG = 5.0
"""Seconds of making after which whoever asks is not made to wait for the next one."""
_PAGE = 500
_PRODUCTS = "product."


class Kept(Struct, frozen=True, kw_only=True):
    """A feed on disk: what it was made from, what it holds, and since when it is what it is."""

    head: int
    """The sequence number up to which products are in it."""
    tag: str
    """A digest of its content."""
    changed_at: datetime
    """Since when its content is this."""
    size: int
    packed_size: int
    entries: int
    left_out: int
    """Products that are for sale no more, or lack what the platform requires."""
    seconds: float
    """How long it took to make."""


class FeedShelf:
    """The feeds of one shop, for many threads and processes.

    Args:
        folder: the shop's folder.
        open_ledger: opens a ledger for the calling thread alone.
        sources: what a feed may be narrowed to.
    """

    def __init__(
        self, folder: Path, open_ledger: Callable[[], StoredLedger], *, sources: frozenset[str] = frozenset()
    ) -> None:
        self.sources = sources
        self._folder = folder / FOLDER
        self._open = open_ledger
        self._locks: dict[str, threading.Lock] = {}

    def fetch(self, feed: Feed, *, address: str, source: str = "") -> Kept:
        """The feed as it is on disk, made first where there is none or products have changed since.

        Raises:
            StoreError: the ledger cannot be read.
            OSError: the disk takes no more.
        """
        name = _name(feed, source)
        lock = self._locks.setdefault(name, threading.Lock())
        ledger = self._open()
        try:
            known = self._known(name)
            if known is not None and not self._has_news(ledger, name, known):
                return known
            if known is not None and known.seconds >= LONG:
                if lock.acquire(blocking=False):
                    threading.Thread(target=self._make_apart, args=(lock, feed, name, address, source)).start()
                return known
            with lock:
                known = self._known(name)
                if known is not None and not self._has_news(ledger, name, known):
                    return known
                return self._make(ledger, feed, name, address, source)
        finally:
            ledger.close()

    def place(self, feed: Feed, kept: Kept, *, source: str = "", is_packed: bool = False) -> Path:
        """Where it is on disk."""
        return self._folder / f"{_name(feed, source)}.{kept.tag}{'.gz' if is_packed else ''}"

    def _known(self, name: str) -> Kept | None:
        try:
            known = msgspec.json.decode((self._folder / f"{name}.json").read_bytes(), type=Kept)
        except (OSError, msgspec.DecodeError):
            return None
        places = [self._folder / f"{name}.{known.tag}{end}" for end in ("", ".gz")]
        return known if all(place.exists() for place in places) else None

    def _has_news(self, ledger: StoredLedger, name: str, known: Kept) -> bool:
        """Whether products have changed since; where only other things have, that is noted."""
        head = ledger.head()
        if head == known.head:
            return False
        if any(kind.startswith(_PRODUCTS) for kind, _ in ledger.count_facts(after=known.head, until=head)):
            return True
        self._describe(name, msgspec.structs.replace(known, head=head))
        return False

    def _make_apart(self, lock: threading.Lock, feed: Feed, name: str, address: str, source: str) -> None:
        try:
            ledger = self._open()
            try:
                self._make(ledger, feed, name, address, source)
            finally:
                ledger.close()
        except (OrderwireError, OSError) as error:
            log.warning("a feed could not be made anew", feed=name, reason=type(error).__name__)
        finally:
            lock.release()

    def _make(self, ledger: StoredLedger, feed: Feed, name: str, address: str, source: str) -> Kept:
        self._folder.mkdir(exist_ok=True)
        began, before = time.monotonic(), self._known(name)
        head = ledger.head()
        draft = self._folder / f".{name}.{os.getpid()}"
        packed = draft.with_name(f"{draft.name}.gz")
        try:
            writing = _Writing(feed)
            with draft.open("wb") as plain, packed.open("wb") as raw, _packing(raw) as folded:
                for piece in writing.pieces(_products(ledger, source), address):
                    plain.write(piece)
                    folded.write(piece)
            tag = writing.digest.hexdigest()
            is_same = before is not None and before.tag == tag
            kept = Kept(
                head=head,
                tag=tag,
                changed_at=before.changed_at if is_same and before else datetime.now(UTC).replace(microsecond=0),
                size=draft.stat().st_size,
                packed_size=packed.stat().st_size,
                entries=writing.entries,
                left_out=writing.left_out,
                seconds=time.monotonic() - began,
            )
            os.replace(draft, self._folder / f"{name}.{tag}")
            os.replace(packed, self._folder / f"{name}.{tag}.gz")
        finally:
            draft.unlink(missing_ok=True)
            packed.unlink(missing_ok=True)
        self._describe(name, kept)
        self._tidy(name, {kept.tag, before.tag if before else ""})
        _tell(feed, name, kept)
        return kept

    def _describe(self, name: str, kept: Kept) -> None:
        draft = self._folder / f".{name}.{os.getpid()}.{threading.get_ident()}.json"
        draft.write_bytes(msgspec.json.encode(kept))
        os.replace(draft, self._folder / f"{name}.json")

    def _tidy(self, name: str, tags: set[str]) -> None:
        """Leave the newest and the one before, which somebody may be about to open."""
        wanted = {f"{name}.{tag}{end}" for tag in tags for end in ("", ".gz")}
        for path in self._folder.glob(f"{name}.*"):
            if path.name not in wanted and path.suffix != ".json":
                path.unlink(missing_ok=True)


class _Writing:
    """A feed being written: its pieces, and what is known of it afterwards."""

    def __init__(self, feed: Feed) -> None:
        self._feed = feed
        self.digest = hashlib.blake2b(digest_size=16)
        self.entries = 0
        self.left_out = 0

    def pieces(self, products: Iterator[Product], address: str) -> Iterator[bytes]:
        for piece in self._pieces(products, address):
            self.digest.update(piece)
            yield piece

    def _pieces(self, products: Iterator[Product], address: str) -> Iterator[bytes]:
        yield self._feed.head(address)
        for product in products:
            entry = self._feed.entry(product)
            if entry is None:
                self.left_out += 1
                continue
            yield (self._feed.between if self.entries else b"") + entry
            self.entries += 1
        yield self._feed.foot


def _products(ledger: StoredLedger, source: str) -> Iterator[Product]:
    """All products of a source, or of all, a page at a time."""
    shelves = LedgerShelves(ledger, source)
    after = f"{source}/product:" if source else ""
    beyond = f"{source}/product;" if source else ""
    while page := shelves.snapshots("product", after=after, limit=_PAGE):
        for name, record in page:
            if beyond and name >= beyond:
                return
            if isinstance(record, Product):
                yield record
        after = page[-1][0]


def _packing(raw: IO[bytes]) -> gzip.GzipFile:
    """Compression that gives the same bytes for the same content."""
    return gzip.GzipFile(filename="", mode="wb", compresslevel=6, fileobj=raw, mtime=0)


def _name(feed: Feed, source: str) -> str:
    apart = hashlib.blake2b(source.encode(), digest_size=6).hexdigest() if source else "all"
    return f"{feed.name}.{apart}"


def _tell(feed: Feed, name: str, kept: Kept) -> None:
    log.info("feed made", feed=name, entries=kept.entries, left_out=kept.left_out, bytes=kept.size)
    if feed.most_bytes and kept.size > feed.most_bytes:
        log.warning("the feed is larger than the platform takes", feed=name, bytes=kept.size, most=feed.most_bytes)
