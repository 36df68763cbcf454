"""Bringing sources into the ledger."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime

import structlog
from msgspec import Struct

from orderwire.app.bootstrap import Shop
from orderwire.errors import Busy, InvalidRecord, Unavailable
from orderwire.ledger.preparing import sift
from orderwire.ledger.values import Checkpoint, Mode, Receipt, Received
from orderwire.sources.contract import Page

log = structlog.get_logger()


class IngestProgress(Struct, kw_only=True):
    """What reading a source has done so far."""

    source: str
    stream: str = ""
    read: int = 0
    appended: int = 0
    known: int = 0
    stale: int = 0
    invalid: int = 0
    mismatched: int = 0
    unidentified: int = 0
    head: int = 0
    total_hint: int | None = None


def ingest(
    shop: Shop,
    name: str,
    *,
    now: datetime | None = None,
    mode: Mode = Mode.NORMAL,
    told: Callable[[IngestProgress], None] | None = None,
) -> IngestProgress:
    """Read everything new of one source, a page and its checkpoint in one transaction at a time.

    Raises:
        ConfigError: the mapping does not fit what is there.
        Unavailable: the source was not reached; what was read is kept.
    """
    source = shop.source(name)
    progress = IngestProgress(source=name)
    try:
        positions = shop.ledger.checkpoints(name)
        for page in source.pages(positions, now=now or datetime.now(UTC)):
            moment = now or datetime.now(UTC)
            checkpoint = Checkpoint(source=name, stream=page.stream, position=page.position)
            receipt, refused = _record(shop, page, name, moment, checkpoint, mode)
            for problem in (*page.problems, *refused):
                log.warning("record not understood", source=name, stream=page.stream, problem=str(problem))
            progress.stream = page.stream
            progress.read += len(page.records) - len(refused)
            progress.appended += receipt.appended
            progress.known += receipt.known
            progress.stale += receipt.stale
            progress.invalid += len(page.problems) + len(refused)
            progress.mismatched += page.mismatch_count
            progress.unidentified += receipt.unidentified
            progress.head = receipt.head
            progress.total_hint = page.total_hint
            if told is not None:
                told(progress)
        return progress
    finally:
        source.close()


def _record(
    shop: Shop, page: Page, source: str, at: datetime, checkpoint: Checkpoint, mode: Mode
) -> tuple[Receipt, list[InvalidRecord]]:
    """Record a page in one transaction; a record the ledger cannot keep is left out with its reason, not the page."""
    received = [Received(record=one.record, raw=one.raw) for one in page.records]
    refused: list[InvalidRecord] = []
    while True:
        try:
            receipt = shop.ledger.record(
                received, source=source, at=at, is_imported=page.is_import, checkpoint=checkpoint, mode=mode
            )
        except InvalidRecord:
            kept, bad = sift(received, source, at)
            if not bad:
                raise
            received = kept
            refused.extend(bad)
        else:
            return receipt, refused


async def follow(
    shop: Shop, *, stop: asyncio.Event, once: bool, told: Callable[[IngestProgress], None] | None = None
) -> None:
    """Read all sources again and again; one that cannot be reached is tried again at the next turn."""
    while not stop.is_set():
        for name in shop.settings.sources:
            try:
                ingest(shop, name, told=told)
            except (Unavailable, Busy) as error:
                log.warning("source not read", source=name, reason=str(error))
            await asyncio.sleep(0)
        if once:
            return
        try:
            await asyncio.wait_for(stop.wait(), shop.settings.poll_every.total_seconds())
        except TimeoutError:
            continue
