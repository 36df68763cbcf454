"""Omnisend's date-versioned `/api` family (2026-03-15): contacts, events, products, categories and batches."""

from orderwire.sandbox.omnisend.stand_in import Omnisend

__all__ = ["Omnisend"]
