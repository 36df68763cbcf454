"""A process that reads the sources, once each or again and again.

A run with an end may deliver while it still reads. It begins to when nothing that is left to be read can say who
somebody is, what they agreed to or what a product is: then orders follow people and products as if all had been read.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from typing import Any

import structlog

from orderwire.app.bootstrap import Shop
from orderwire.app.ingest import IngestProgress, follow, ingest
from orderwire.app.running.halt import Halt
from orderwire.app.running.roles import Job, Reading, Told
from orderwire.app.running.telling import Teller
from orderwire.errors import Busy, Unavailable

log = structlog.get_logger()
BEFORE_ACTIVITY = frozenset({"consents", "people", "products"})
"""What is read first of each source, because activity relies on it."""
BUSY_PAUSES = (0.2, 0.5, 1.0, 2.0, 4.0, 8.0)
"""Seconds to wait, one after the other, while the store is held by others or away."""
CONSENT_FIELD = "marketing_consent"
"""The field of an order that says what its person agreed to."""


class _Stopped(Exception):
    """Reading a source ends between two pages."""


def read(shop: Shop, job: Job, told: Told) -> None:
    """Read every source once, or follow all of them until asked to stop."""
    asyncio.run(_read(shop, job, Teller(told)))


def is_only_activity_left(table: Mapping[str, Any], stream: str) -> bool:
    """Whether a source that has come to `stream` says nothing more of people, products and consent."""
    if stream.partition(".")[0] in ("", *BEFORE_ACTIVITY):
        return False
    return not any(CONSENT_FIELD in part.get("fields", ()) for part in table.values() if isinstance(part, Mapping))


async def _read(shop: Shop, job: Job, teller: Teller) -> None:
    halt = Halt(job.parent)

    def told(progress: IngestProgress) -> None:
        teller.tell(progress.source, Reading(progress=progress))
        if halt.is_wanted:
            raise _Stopped

    with halt.listening():
        try:
            if not job.terms.until_idle:
                await follow(shop, stop=halt.event, once=False, told=told)
                return
            for name in shop.settings.sources:
                _read_once(shop, name, teller, _ripening(shop, name, teller, told))
        except _Stopped:
            log.info("reading stopped", reason="asked to")


def _ripening(
    shop: Shop, name: str, teller: Teller, told: Callable[[IngestProgress], None]
) -> Callable[[IngestProgress], None]:
    """The same as `told`, and tells once when delivering may begin.

    A destination that is new here is not switched on while a source that is known already still tells what changed:
    all of that is history for it.
    """
    if name != list(shop.settings.sources)[-1]:
        return told
    is_first_pass = not shop.ledger.checkpoints(name)
    if not is_first_pass and any(shop.ledger.destination(one) is None for one in shop.settings.destinations):
        return told
    table = shop.settings.sources[name]
    is_told = False

    def ripen(progress: IngestProgress) -> None:
        nonlocal is_told
        if not is_told and is_only_activity_left(table, progress.stream):
            is_told = True
            teller.tell(name, Reading(progress=progress, may_deliver=True), is_last=True)
        told(progress)

    return ripen


def _read_once(shop: Shop, name: str, teller: Teller, told: Callable[[IngestProgress], None]) -> None:
    """Read a source to its end.

    Raises:
        Busy: the store let nothing be written for long; what was read before is kept, and a new start goes on there.
    """
    for pause in (*BUSY_PAUSES, None):
        try:
            progress = ingest(shop, name, told=told)
        except Unavailable as error:
            log.warning("source not read", source=name, reason=str(error))
            teller.tell(name, Reading(progress=IngestProgress(source=name), is_out_of_reach=True), is_last=True)
            return
        except Busy as error:
            log.warning("source not read on", source=name, reason=str(error))
            if pause is None:
                raise
            time.sleep(pause)
        else:
            teller.tell(name, Reading(progress=progress), is_last=True)
            return
