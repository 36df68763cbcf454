"""Names to stand-ins."""

from __future__ import annotations

from importlib import import_module
from typing import cast

from orderwire.sandbox.kit import StandIn

PLATFORMS = {
    "drip": "orderwire.sandbox.drip:Drip",
    "klaviyo": "orderwire.sandbox.klaviyo:Klaviyo",
    "ometria": "orderwire.sandbox.ometria:Ometria",
    "omnisend": "orderwire.sandbox.omnisend:Omnisend",
    "yespo": "orderwire.sandbox.yespo:Yespo",
}
RECEIVERS = {"webhook": "orderwire.sandbox.webhook:Webhook"}
"""Whoever takes a shop's own messages."""
SHOPS = {
    "magento": "orderwire.sandbox.magento:Magento",
    "ordergroove": "orderwire.sandbox.ordergroove:Ordergroove",
    "shopify": "orderwire.sandbox.shopify:Shopify",
    "woocommerce": "orderwire.sandbox.woocommerce:WooCommerce",
}
"""Shop products, which orders come from rather than go to; those that send webhooks have `deliveries`."""
EVERY = PLATFORMS | RECEIVERS | SHOPS


def stand_in(name: str) -> type[StandIn]:
    """The stand-in of a platform or shop product, imported on first use.

    Raises:
        KeyError: there is none of this name.
    """
    module, _, attribute = EVERY[name].partition(":")
    return cast("type[StandIn]", getattr(import_module(module), attribute))
