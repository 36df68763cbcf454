"""A process that watches for alarms."""

from __future__ import annotations

import asyncio
import threading

from orderwire.app.alarms.channels import channels
from orderwire.app.alarms.watching import watch
from orderwire.app.bootstrap import Shop
from orderwire.app.running.halt import Halt
from orderwire.app.running.roles import Job, Told


def keep_watch(shop: Shop, job: Job, told: Told) -> None:  # noqa: ARG001 - it tells nobody in the house
    """Watch until asked to stop; in a run with an end, look once."""
    asyncio.run(_watch(shop, job))


async def _watch(shop: Shop, job: Job) -> None:
    halt, stop = Halt(job.parent), threading.Event()
    ways = channels(shop.settings)
    with halt.listening():
        looking = asyncio.ensure_future(
            asyncio.to_thread(watch, shop.settings, ways, stop, is_once=job.terms.until_idle)
        )
        asked = asyncio.ensure_future(halt.event.wait())
        await asyncio.wait({looking, asked}, return_when=asyncio.FIRST_COMPLETED)
        stop.set()
        asked.cancel()
        await looking
