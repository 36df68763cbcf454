"""A shop with Magento: its API, strict where the real one is, and the webhooks of Adobe Commerce."""

from orderwire.sandbox.magento.stand_in import Magento

__all__ = ["Magento"]
