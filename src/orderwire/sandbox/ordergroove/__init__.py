"""A merchant's programme at Ordergroove: its API and its webhooks, strict where the real ones are."""

from orderwire.sandbox.ordergroove.stand_in import Ordergroove

__all__ = ["Ordergroove"]
