"""A local stand-in of Ometria's Data API, v2.

Played: the push endpoint with its queue and late errors, custom events and products one by one, reading of orders,
products, contacts, profiles, static lists and unsubscriptions, merging, and anonymisation. Not played: transactional
e-mail, the mobile and web trackers, the importer that pulls from a shop, and segments computed there.
"""

from orderwire.sandbox.ometria.stand_in import Ometria

__all__ = ["Ometria"]
