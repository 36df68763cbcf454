"""Drip's API from the inside: what was written for Drip may call here instead."""
