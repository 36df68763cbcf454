"""A process that delivers."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from orderwire.app.bootstrap import Shop
from orderwire.app.running.halt import Halt
from orderwire.app.running.roles import Delivering, Job, Told
from orderwire.app.running.telling import Teller
from orderwire.app.running.work import Worker

_STDIN = 0
POLL = 0.01
"""Seconds between two looks whether it may begin."""


def deliver(shop: Shop, job: Job, told: Told) -> None:
    """Deliver until asked to stop, or until nothing is left to do."""
    asyncio.run(_deliver(shop, job, Teller(told)))


async def _deliver(shop: Shop, job: Job, teller: Teller) -> None:
    halt = Halt(job.parent)
    worker = Worker(shop, job.destinations or tuple(shop.settings.destinations), share=job.share)
    may_begin, all_read = asyncio.Event(), asyncio.Event()
    with halt.listening(), _hearing((may_begin, all_read) if job.while_reading else ()):
        while job.while_reading and not may_begin.is_set():
            if halt.event.is_set():
                return
            await asyncio.sleep(POLL)
        await worker.run(
            job.terms,
            stop=halt.event,
            told=lambda progress: teller.tell(progress.destination, Delivering(progress=progress)),
            all_read=all_read if job.while_reading else None,
        )
    for name, progress in worker.progress.items():
        teller.tell(name, Delivering(progress=progress), is_last=True)


@contextmanager
def _hearing(events: Sequence[asyncio.Event]) -> Iterator[None]:
    """Set one event after the other for each line on standard input; its mere end says nothing."""
    if not events:
        yield
        return
    loop = asyncio.get_running_loop()
    waiting = list(events)

    def heard() -> None:
        said = os.read(_STDIN, 64)
        for _ in range(said.count(b"\n")):
            waiting.pop(0).set()
        if not said or not waiting:
            loop.remove_reader(_STDIN)

    loop.add_reader(_STDIN, heard)
    try:
        yield
    finally:
        loop.remove_reader(_STDIN)
