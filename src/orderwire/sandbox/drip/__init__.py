"""A stand-in of Drip: Shopper Activity v3 and the people, events and lists of the REST API v2."""

from orderwire.sandbox.drip.stand_in import Drip

__all__ = ["Drip"]
