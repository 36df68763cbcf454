"""Ordergroove: recurring purchases read from its API, its webhooks heard."""
