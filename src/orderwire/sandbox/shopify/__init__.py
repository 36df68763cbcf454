"""A stand-in of a Shopify shop: its Admin GraphQL API with its costs, and its webhooks."""

from orderwire.sandbox.shopify.stand_in import Shopify

__all__ = ["Shopify"]
