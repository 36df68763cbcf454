"""Our own API: records in, people, orders and facts out."""
