"""Omnisend, current API family (`/api`, `Omnisend-Version: 2026-03-15`): outward writing and its replies."""
