"""Drip: Shopper Activity v3 for orders, carts, checkouts and products; REST v2 for people and custom events."""
