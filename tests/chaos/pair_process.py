"""A worker that delivers to a healthy destination, alone or beside a sick one on the same ledger and event loop.

Arguments: the ledger, the healthy one's platform and base URL, and where there is a neighbour, its own. The neighbour
begins first and has prepared what it can when the healthy one starts. Says as JSON how many facts the healthy one was
sent, in how many seconds, and how many the processor worked meanwhile; the neighbour's work is left unfinished.
"""

import asyncio
import gc
import json
import sys
import time
from datetime import timedelta

from orderwire.app.running.process import GARBAGE
from orderwire.delivery.deliver import Delivery
from orderwire.dialects import registry
from orderwire.ledger import Ledger, open_ledger
from orderwire.testing.stage import settings_of
from orderwire.transport.clock import SystemClock
from orderwire.transport.http import HttpTransport

HEAD_START = 2.0


def delivery(ledger: Ledger, platform: str, base_url: str) -> Delivery:
    """One that knows no limits but those that the platform tells."""
    profile = registry.dialect(platform).profile
    settings = settings_of(platform, budgets={budget.name: () for budget in profile.budgets})
    account = type(settings.account)(
        key="key-1",
        base_url=base_url + settings.account.base_url.partition("platform.test")[2],
        account_id="123",
        options=settings.account.options,
    )
    return Delivery(
        ledger=ledger,
        dialect=registry.dialect(platform),
        settings=settings_of(platform, budgets=settings.budgets, account=account),
        clock=SystemClock(),
        transport=HttpTransport(timeout=40.0),
        holder=platform,
        ttl=timedelta(minutes=5),
        settle_time=timedelta(seconds=0.2),
    )


async def serve(one: Delivery, *, until_idle: bool) -> None:
    assert one.try_lease()
    async with one.transport:
        await one.run(until_idle=until_idle)


async def work(place: str, well: tuple[str, str], sick: tuple[str, str] | None) -> dict[str, float]:
    ledger = open_ledger(place)
    healthy = delivery(ledger, *well)
    beside = None
    if sick:
        beside = asyncio.ensure_future(serve(delivery(ledger, *sick), until_idle=False))
        await asyncio.sleep(HEAD_START)
    began, worked = time.perf_counter(), time.process_time()
    await serve(healthy, until_idle=True)
    seconds, processor = time.perf_counter() - began, time.process_time() - worked
    if beside is not None:
        beside.cancel()
        await asyncio.gather(beside, return_exceptions=True)
    ledger.close()
    return {"facts": healthy.progress.accepted, "seconds": seconds, "processor": processor}


if __name__ == "__main__":
    gc.freeze()
    gc.set_threshold(*GARBAGE)  # as a worker does
    place, *rest = sys.argv[1:]
    pair = list(zip(rest[::2], rest[1::2], strict=True))
    print(json.dumps(asyncio.run(work(place, pair[0], pair[1] if len(pair) > 1 else None))))
