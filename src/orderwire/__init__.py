"""Orderwire, the order-data engine of a shop."""
