"""A receiver of signed webhooks, as a careful developer would write it."""

from orderwire.sandbox.webhook.stand_in import Webhook

__all__ = ["Webhook"]
