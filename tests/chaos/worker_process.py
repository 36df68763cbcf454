"""A delivery worker in a process of its own.

Arguments: the ledger, the platform, its base URL, the holder's name, and how big a file may become, if not any size.
Says `begun` when it holds the lease. Ends with 0 when nothing is left to do, 3 when the lease was lost, 4 when the
store took no more.
"""

import asyncio
import resource
import sys
from datetime import timedelta

from orderwire.delivery.deliver import Delivery
from orderwire.dialects import registry
from orderwire.errors import LeaseLost, StoreError
from orderwire.ledger import open_ledger
from orderwire.testing.stage import settings_of
from orderwire.transport.clock import SystemClock
from orderwire.transport.http import HttpTransport

LEASE = timedelta(seconds=1.5)
TIMEOUT = 1.0


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


async def work(place: str, platform: str, base_url: str, holder: str) -> int:
    ledger = open_ledger(place)
    settings = settings_of(platform)
    account = type(settings.account)(
        key="key-1",
        base_url=base_url + settings.account.base_url.partition("platform.test")[2],
        account_id="123",
        options=settings.account.options,
    )
    settings = settings_of(platform, account=account)
    delivery = Delivery(
        ledger=ledger,
        dialect=registry.dialect(platform),
        settings=settings,
        clock=SystemClock(),
        transport=HttpTransport(timeout=TIMEOUT),
        holder=holder,
        ttl=LEASE,
        settle_time=LEASE + timedelta(seconds=TIMEOUT),
    )
    while not delivery.try_lease():
        await asyncio.sleep(0.05)
    say("begun")
    try:
        async with delivery.transport:
            await delivery.run(until_idle=True)
    except LeaseLost:
        say("lease lost")
        return 3
    except StoreError as error:
        say(type(error).__name__)
        return 4
    finally:
        ledger.close()
    say("done")
    return 0


if __name__ == "__main__":
    if len(sys.argv) > 5:
        most = int(sys.argv[5])
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
    sys.exit(asyncio.run(work(*sys.argv[1:5])))
