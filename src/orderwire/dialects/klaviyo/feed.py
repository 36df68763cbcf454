"""Our products as a custom catalogue that Klaviyo fetches, as JSON or XML.

Flat entries; `id`, `title`, `link`, `image_link` and `description` must be there and not be blank. There are no
variants. The id is the product's own, as in ProductID of our events: Klaviyo joins them by it.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from msgspec import Raw, json

from orderwire.dialects.feed import element, is_offered, stock_of
from orderwire.model import Product

_REQUIRED: Mapping[str, str] = {
    "id": "product_id",
    "title": "title",
    "link": "url",
    "image_link": "image_url",
    "description": "description, or else the title",
}
MOST_BYTES = 100_000_000


def fields_of(product: Product) -> dict[str, object] | None:
    """The entry's fields; None for a product that is not for sale, or lacks what must not be blank."""
    if not is_offered(product):
        return None
    found: dict[str, object] = {
        "id": product.product_id,
        "title": product.title.strip(),
        "link": product.url,
        "image_link": product.image_url or next((one.image_url for one in product.variants if one.image_url), None),
        "description": (product.description or "").strip() or product.title.strip(),
    }
    if not all(found.values()):
        return None
    price = product.price
    if price is None:
        price = min((one.price for one in product.variants if one.price is not None), default=None)
    further = (
        ("price", _number(price)),
        ("categories", list(product.categories) or None),
        ("inventory_quantity", stock_of(product)),
        ("brand", product.brand),
        ("sku", product.sku),
        ("currency", product.currency),
        ("compare_at_price", _number(product.compare_at_price)),
        ("tags", list(product.tags) or None),
    )
    found.update((name, value) for name, value in further if value is not None)
    found.update(
        (name, value) for name, value in product.properties.items() if name not in found and value is not None
    )
    return found


def _number(price: Decimal | None) -> Raw | None:
    return None if price is None else Raw(f"{price:f}".encode())


class JsonFeed:
    """A list of flat objects."""

    name = "klaviyo.json"
    content_type = "application/json"
    between = b",\n"
    foot = b"\n]\n"
    required = _REQUIRED
    most_bytes = MOST_BYTES

    def head(self, address: str) -> bytes:  # noqa: ARG002
        """The beginning of a list."""
        return b"[\n"

    def entry(self, product: Product) -> bytes | None:
        """An object."""
        fields = fields_of(product)
        return None if fields is None else json.encode(fields)


class XmlFeed:
    """`Products`, each a `Product` of flat nodes; a list is a node repeated."""

    name = "klaviyo.xml"
    content_type = "application/xml"
    between = b"\n"
    foot = b"\n</Products>\n"
    required = _REQUIRED
    most_bytes = MOST_BYTES

    def head(self, address: str) -> bytes:  # noqa: ARG002
        """The declaration and the root."""
        return b'<?xml version="1.0" encoding="UTF-8"?>\n<Products>\n'

    def entry(self, product: Product) -> bytes | None:
        """A `Product`."""
        fields = fields_of(product)
        if fields is None:
            return None
        nodes = (element(name, text) for name, value in fields.items() if is_name(name) for text in _texts(value))
        return f"<Product>{''.join(nodes)}</Product>".encode("utf-8", "replace")


def is_name(text: str) -> bool:
    """Whether a property's name can be that of an XML element."""
    return text.isascii() and text.replace("-", "_").replace(".", "_").isidentifier() and text[0] not in "-."


def _texts(value: object) -> list[object]:
    match value:
        case list():
            return value
        case Raw():
            return [bytes(value).decode()]
        case bool():
            return ["true" if value else "false"]
    return [value]


JSON_FEED, XML_FEED = JsonFeed(), XmlFeed()
