"""Our products as a feed that Yespo fetches: RSS 2.0 with the names of Google Merchant.

`g:id` is what orders and the tracker call `product_id`. What has no price with its currency is left out: both are
required, and a guess would be shown to customers.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from orderwire.dialects.feed import element, is_offered, stock_of
from orderwire.model import Product

NAMESPACE = "http://base.google.com/ns/1.0"


class YespoFeed:
    """A channel with an item for each product."""

    name = "yespo.xml"
    content_type = "application/xml"
    between = b"\n"
    foot = b"\n</channel>\n</rss>\n"
    required: Mapping[str, str] = {
        "id": "product_id",
        "title": "title",
        "description": "description, or else the title",
        "link": "url",
        "image_link": "image_url",
        "availability": "inventory",
        "price": "price with currency",
    }
    most_bytes = 0

    def head(self, address: str) -> bytes:
        """The channel, described as RSS wants it."""
        lines = (
            '<?xml version="1.0" encoding="UTF-8"?>',
            f'<rss version="2.0" xmlns:g="{NAMESPACE}">',
            "<channel>",
            element("title", "Products") + element("link", address) + element("description", "Products"),
        )
        return ("\n".join(lines) + "\n").encode()

    def entry(self, product: Product) -> bytes | None:
        """An item; a lowered price is told as `g:sale_price` beside the one before."""
        picture = product.image_url or next((one.image_url for one in product.variants if one.image_url), None)
        price = product.price
        if price is None:
            price = min((one.price for one in product.variants if one.price is not None), default=None)
        title = product.title.strip()
        if not (is_offered(product) and title and product.url and picture and price is not None and product.currency):
            return None
        before = product.compare_at_price
        is_lowered = before is not None and before > price
        stock = stock_of(product)
        nodes = (
            ("g:id", product.product_id),
            ("title", title),
            ("description", (product.description or "").strip() or title),
            ("link", product.url),
            ("g:image_link", picture),
            ("g:availability", "out_of_stock" if stock is not None and stock <= 0 else "in_stock"),
            ("g:price", _amount(before if is_lowered and before is not None else price, product.currency)),
            ("g:sale_price", _amount(price, product.currency) if is_lowered else None),
            ("g:brand", product.brand),
            ("g:mpn", product.sku),
            ("g:google_product_category", product.properties.get("google_product_category")),
        )
        inside = "".join(element(name, value) for name, value in nodes)
        inside += "".join(element("g:product_type", category) for category in product.categories)
        return f"<item>{inside}</item>".encode("utf-8", "replace")


def _amount(price: Decimal, currency: str) -> str:
    return f"{price:f} {currency}"


FEED = YespoFeed()
