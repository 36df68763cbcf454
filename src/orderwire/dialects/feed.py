"""What a catalogue feed is: a document that a platform fetches from time to time, with an entry for each product.

A feed is written piece by piece, so that none is ever whole in memory: `head`, the entries with `between` between
them, `foot`. All are functions of values.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Protocol
from xml.sax.saxutils import escape

from orderwire.model import Product

_UNPRINTABLE = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML has no place for."""


class Feed(Protocol):
    """One form of one platform's feed."""

    @property
    def name(self) -> str:
        """The name it is fetched by, such as `products.xml`; the platform's own first."""
        ...

    @property
    def content_type(self) -> str:
        """The media type."""
        ...

    @property
    def between(self) -> bytes:
        """What stands between two entries."""
        ...

    @property
    def foot(self) -> bytes:
        """The end."""
        ...

    @property
    def required(self) -> Mapping[str, str]:
        """What no entry may lack, by the name that a reader gives it, and what it is of ours."""
        ...

    @property
    def most_bytes(self) -> int:
        """How large the platform takes it; 0 where it states no limit."""
        ...

    def head(self, address: str) -> bytes:
        """The beginning; `address` is where the feed is fetched."""
        ...

    def entry(self, product: Product) -> bytes | None:
        """A product's entry; None for one that is not for sale, or lacks what no entry may lack."""
        ...


def element(name: str, value: object) -> str:
    """An XML element; nothing for no value."""
    text = "" if value is None else str(value)
    return f"<{name}>{escape(_UNPRINTABLE.sub('', text))}</{name}>" if text else ""


def is_offered(product: Product) -> bool:
    """Whether a product is for sale."""
    return product.is_published and product.removed_at is None


def stock_of(product: Product) -> int | None:
    """How many there are; of variants together where the product itself does not say."""
    if product.inventory is not None:
        return product.inventory
    known = [one.inventory for one in product.variants if one.inventory is not None]
    return sum(known) if known else None
