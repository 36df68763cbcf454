"""A stand-in for Yespo: orders, events, contacts and their addresses' consent, as its API documents them."""

from orderwire.sandbox.yespo.stand_in import Yespo

__all__ = ["Yespo"]
