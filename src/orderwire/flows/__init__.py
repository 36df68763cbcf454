"""Automations as data, and the one pure step that carries a person through them."""
