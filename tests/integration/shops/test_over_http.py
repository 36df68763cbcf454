"""What stand-ins in this process do not show: signatures and files over real connections."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, TypeVar

from orderwire.sandbox.kit import FaultPlan, PlatformClock, ReceptionLog, serve
from orderwire.sandbox.kit.server import StandIn
from orderwire.sandbox.magento import Magento
from orderwire.sandbox.shopify import Shopify
from orderwire.sources import parse
from orderwire.sources.api.source import ApiSource
from orderwire.sources.contract import Page

T = TypeVar("T")
SECRETS = {"TOKEN": "t+1", "CONSUMER": "c k", "CONSUMER_SECRET": "c&s", "TOKEN_SECRET": "t/s"}


def served(stand_in: StandIn, table: dict[str, Any], work: Callable[[ApiSource], T]) -> T:
    """What work on a source gives whose shop listens on a port of this machine."""

    async def run() -> T:
        runner, port = await serve(stand_in, log=ReceptionLog(None), plan=FaultPlan())
        named = {"url": f"http://127.0.0.1:{port}", "per_second": 1000, "knows_newsletter": True, **table}
        source = ApiSource(parse("shop", named), environment=SECRETS)
        try:
            return await asyncio.to_thread(work, source)
        finally:
            await asyncio.to_thread(source.close)
            await runner.cleanup()

    return asyncio.run(run())


def test_a_signed_call_is_taken_at_the_address_and_port_it_was_signed_for() -> None:
    names = {"consumer_key": "CONSUMER", "consumer_secret": "CONSUMER_SECRET", "token_secret": "TOKEN_SECRET"}
    keys = {"token": SECRETS["TOKEN"]} | {name: SECRETS[variable] for name, variable in names.items()}
    shop = Magento(PlatformClock(), {"every": 0, "orders": 5, "customers": 3, **keys})
    table = {"kind": "magento", "token": "env:TOKEN"} | {name: f"env:{one}" for name, one in names.items()}
    counts = served(shop, table, lambda source: source.look().counts)
    assert (5, 3) == (counts["orders"], counts["people"])


def test_a_file_is_fetched_by_ranges() -> None:
    shop = Shopify(
        PlatformClock(),
        {"token": SECRETS["TOKEN"], "every": 0, "orders": 120, "customers": 8, "bulk_takes": 0, "limits": False},
    )
    table = {"kind": "shopify", "token": "env:TOKEN", "page": 1, "streams": ["orders"], "options": {"bulk": True}}

    def read(source: ApiSource) -> list[Page]:
        return list(source.pages({}, now=datetime.now(UTC)))

    pages = served(shop, table, read)
    assert sorted(map(str, shop.merchant.orders)) == sorted(one.key for page in pages for one in page.records)
    assert 1 == len(shop.operations.made)
    assert sum(bool(page.records) for page in pages) > 1
