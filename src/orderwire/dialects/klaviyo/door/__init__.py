"""Klaviyo's API from the inside: what was written for Klaviyo is answered here."""
