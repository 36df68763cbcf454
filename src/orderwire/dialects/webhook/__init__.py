"""Outgoing webhooks: every fact to an address of the shop's own."""
