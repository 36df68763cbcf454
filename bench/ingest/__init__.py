"""How fast the front door takes orders in, every one durable before it is acknowledged."""
