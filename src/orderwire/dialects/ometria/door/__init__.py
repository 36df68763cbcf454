"""Ometria's own API from the inside: what its clients push and read, and what it means."""
