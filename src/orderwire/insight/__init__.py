"""Computes what the shop's own ledger can answer: segments, RFM, lifecycle, revenue and recommendations."""
