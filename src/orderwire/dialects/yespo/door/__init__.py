"""Yespo's own API from the inside: what its clients call, and what their calls mean."""
