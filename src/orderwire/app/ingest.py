"""Bringing sources into the ledger."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime

import structlog
from msgspec import Struct

from orderwire.app.bootstrap import Shop
from orderwire.errors import Busy, ConfigError, InvalidRecord, RemoteError
from orderwire.ledger.preparing import sift
from orderwire.ledger.values import Checkpoint, Mode, Receipt, Received, Refusal
from orderwire.sources.contract import Page, Undecoded

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
    settled: int = 0
    """Refused before, understood now."""
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
            for one in refused:
                log.warning("record not understood", source=name, stream=page.stream, problem=reason_of(one, name))
            progress.stream = page.stream
            progress.read += len(page.records) + len(page.problems) - len(refused)
            progress.appended += receipt.appended
            progress.known += receipt.known
            progress.stale += receipt.stale
            progress.invalid += len(refused)
            progress.settled += receipt.settled
            progress.mismatched += page.mismatch_count
            progress.unidentified += receipt.unidentified
            progress.head = receipt.head
            progress.total_hint = page.total_hint
            if told is not None:
                told(progress)
        return progress
    finally:
        source.close()


def received_of(page: Page) -> tuple[list[Received], list[Refusal]]:
    """What a page holds, as the ledger takes it; a child's page holds its parents."""
    stream = page.stream.partition(".")[0]
    received = [Received(record=one.record, raw=one.raw, stream=stream, key=one.key) for one in page.records]
    return received, [_refusal_of(one, stream) for one in page.problems]


def reason_of(refusal: Refusal, source: str) -> str:
    """Why a record was refused, in one line without any of its values."""
    return str(InvalidRecord(source, refusal.place, refusal.problem, refusal.remedy))


def _refusal_of(undecoded: Undecoded, stream: str) -> Refusal:
    reason = undecoded.reason
    return Refusal(
        stream=stream,
        key=undecoded.key,
        place=reason.path,
        problem=reason.problem,
        remedy=reason.remedy,
        raw=undecoded.raw,
        is_whole=undecoded.is_whole,
        identity=undecoded.identity,
    )


def _record(
    shop: Shop, page: Page, source: str, at: datetime, checkpoint: Checkpoint, mode: Mode
) -> tuple[Receipt, list[Refusal]]:
    """Record a page in one transaction; what was not understood or cannot be kept is refused, never the page."""
    received, refused = received_of(page)
    while True:
        try:
            receipt = shop.ledger.record(
                received,
                source=source,
                at=at,
                is_imported=page.is_import,
                checkpoint=checkpoint,
                mode=mode,
                refused=refused,
            )
        except InvalidRecord:
            received, bad = sift(received, source, at)
            if not bad:
                raise
            refused.extend(bad)
        else:
            return receipt, refused


async def follow(
    shop: Shop, *, stop: asyncio.Event, once: bool, told: Callable[[IngestProgress], None] | None = None
) -> None:
    """Read all sources again and again; one that cannot be read is tried again at the next turn, the others go on."""
    while not stop.is_set():
        for name in shop.settings.sources:
            try:
                ingest(shop, name, told=told)
            except (ConfigError, RemoteError, Busy) as error:
                log.warning("source not read", source=name, reason=str(error))
            await asyncio.sleep(0)
        if once:
            return
        try:
            await asyncio.wait_for(stop.wait(), shop.settings.poll_every.total_seconds())
        except TimeoutError:
            continue
