"""What the demo plays with: the shop, the platforms and how fast their clocks run, and the settings."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from orderwire.dialects import registry

RETAIL = Path(__file__).parents[1] / "online-retail"
sys.path.insert(0, str(RETAIL))

import shop  # noqa: E402 - the example's own modules, on the path from here on
from trade import Trade  # noqa: E402

MARK = ".orderwire-demo"
KEY = "sandbox"
SCALES = {"klaviyo": 30.0, "drip": 900.0, "omnisend": 30.0, "yespo": 5.0, "ometria": 20.0}
"""Platform seconds in a real one, so that hourly limits are met within the demo."""
FAULT_SHARE = 0.05
OPTED_OUT = {
    "klaviyo": (14911, 17841),
    "drip": (12748,),
    "omnisend": (15311,),
    "yespo": (14096,),
    "ometria": (16684,),
}
"""Customers who had opted out at the platform itself before anything was sent there."""
OPTED_OUT_AT = "2011-10-20T08:00:00Z"
HEAD = """# Written by the demo. The platforms are stand-ins on this machine; their clocks run faster.
workers = 2
poll_every = "1s"
lease = "3s"
request_timeout = "5s"
"""
PRODUCTS = """[source.shop.products]
query = "SELECT *, 'https://shop.test/p/' || sku AS url, 'https://shop.test/i/' || sku AS image_url FROM products"
"""
PRODUCT_FIELDS = 'fields = { title = "title", sku = "sku", price = "price", url = "url", image_url = "image_url" }'
CARTS = """[source.shop.carts]
query = "SELECT *, 'https://shop.test/cart/' || id AS url FROM carts"
"""
CART_FIELDS = 'fields = { external_id = "customer_id", currency = "currency", url = "url" }'


def url(folder: Path) -> str:
    """The shop's database."""
    return f"sqlite:///{folder / 'shop.db'}"


def build_shop(folder: Path) -> None:
    """Fill the shop's database with its orders up to its present."""
    counts = shop.build(url(folder), until=shop.UNTIL)
    shown = ", ".join(f"{counts[name]:,} {name.replace('_', ' ')}" for name in ("customers", "orders", "order_lines"))
    print(f"the shop: {shown}")


def trading(folder: Path) -> Trade:
    """The shop's trade from its present on."""
    return Trade(url(folder), until=shop.UNTIL)


def email_of(customer: int) -> str:
    """The address of a customer."""
    return shop.email_of(customer)


def write_settings(folder: Path, ports: Mapping[str, int]) -> None:
    """Write `orderwire.toml`: the example's own mapping, with links, and five destinations on this machine."""
    text = (RETAIL / "orderwire.toml").read_text(encoding="utf-8")
    for old, new in (
        ('[source.shop.products]\ntable = "products"\n', PRODUCTS),
        ('fields = { title = "title", sku = "sku", price = "price" }', PRODUCT_FIELDS),
        ('[source.shop.carts]\ntable = "carts"\n', CARTS),
        ('fields = { external_id = "customer_id", currency = "currency" }', CART_FIELDS),
    ):
        if old not in text:
            raise SystemExit(f"the example's mapping has changed: it no longer holds {old!r}")
        text = text.replace(old, new)
    (folder / "key").write_text(KEY, encoding="utf-8")
    tables = [_destination(name, port, folder / "key") for name, port in ports.items()]
    (folder / "orderwire.toml").write_text("\n".join([HEAD, text, *tables]), encoding="utf-8")


def _destination(name: str, port: int, key: Path) -> str:
    path = urlsplit(registry.dialect(name).profile.base_url).path
    account = 'account_id = "1"\n' if name == "drip" else ""
    return (
        f'[destination.{name}]\nkey = "file:{key}"\nbase_url = "http://127.0.0.1:{port}{path}"\n'
        f"{account}time_scale = {SCALES[name]}\n"
    )
