"""Names to shop connectors. Adding one is its folder, its golden cases, its stand-in and one line here.

Third parties register under the entry-point group `orderwire.connectors`, name to `module:object`.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from importlib.metadata import entry_points
from typing import cast

from orderwire.dialects.connector import Connector
from orderwire.errors import NotFound

CONNECTORS = {
    "magento": "orderwire.dialects.magento.connector:CONNECTOR",
    "ordergroove": "orderwire.dialects.ordergroove.connector:CONNECTOR",
    "shopify": "orderwire.dialects.shopify.connector:CONNECTOR",
    "woocommerce": "orderwire.dialects.woocommerce.connector:CONNECTOR",
}


def connector_names() -> tuple[str, ...]:
    """Every connector that a source can name as its kind."""
    return tuple(sorted({*CONNECTORS, *(point.name for point in entry_points(group="orderwire.connectors"))}))


@cache
def connector(name: str) -> Connector:
    """The connector of this name, imported on first use.

    Raises:
        NotFound: no such connector; the message lists those there are.
    """
    if place := CONNECTORS.get(name):
        module, _, attribute = place.partition(":")
        return cast("Connector", getattr(import_module(module), attribute))
    for point in entry_points(group="orderwire.connectors", name=name):
        return cast("Connector", point.load())
    raise NotFound(f"no connector is called {name!r}; there are: {', '.join(connector_names())}")
