"""A stand-in of a shop with WooCommerce: its REST API with its peculiarities, and its webhooks."""

from orderwire.sandbox.woocommerce.stand_in import WooCommerce

__all__ = ["WooCommerce"]
