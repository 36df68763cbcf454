"""Orderwire as a user runs it: `orderwire sync --once`, a supervisor with a process that reads and one that delivers.

Settings are the defaults but for the address, the kinds (orders alone: the shop has nothing else) and, where nothing
is limited, the rate of the bulk endpoint.
"""

from __future__ import annotations

import sys
from pathlib import Path

from orderwire.app.books import status
from orderwire.app.bootstrap import Shop, open_shop
from orderwire.ledger.values import Disposition

_PROGRAM = "from orderwire.entrypoints.cli import main; main()"
_SETTINGS = """
ledger = "orderwire.db"

[source.shop]
kind = "sql"
url = "{shop}"
currency = "GBP"

[source.shop.orders]
table = "orders"
id = "id"
changed_at = "updated_at"
[source.shop.orders.fields]
external_id = "customer_id"
email = "email"
first_name = "first_name"
currency = "currency"
placed_at = "placed_at"
total = "total"
[source.shop.orders.lines]
table = "order_lines"
id = "id"
parent = "order_id"
fields = {{ sku = "sku", product_id = "sku", name = "title", quantity = "quantity", unit_price = "unit_price" }}

[destination.sink]
platform = "klaviyo"
key = "env:BENCH_KEY"
base_url = "{sink}"
kinds = ["order.placed"]
{limits}
"""


def prepare(folder: Path, shop: Path, sink: str, *, is_limited: bool) -> None:
    """Write the settings of one run."""
    limits = "" if is_limited else '[destination.sink.limits]\nevents = "learn"'
    (folder / "orderwire.toml").write_text(_SETTINGS.format(shop=shop, sink=sink, limits=limits), encoding="utf-8")


def command(folder: Path) -> list[str]:
    """Read the source once, deliver until nothing is left to do, end."""
    return [sys.executable, "-c", _PROGRAM, "sync", "--once", "--dir", str(folder)]


def is_delivered(folder: Path) -> bool:
    """Whether everything in the ledger has its final disposition, as `orderwire status` would say."""
    with open_shop(folder) as shop:
        return _is_done(shop)


def _is_done(shop: Shop) -> bool:
    stand = status(shop)[0]
    return not (stand.behind or stand.open_requests or stand.open_jobs or stand.exemptions.get(Disposition.PENDING))
