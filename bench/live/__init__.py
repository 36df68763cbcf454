"""How soon an order that comes in is with the platform, and what is lost on the way."""
