"""Ometria's Data API v2 (push), outward."""
