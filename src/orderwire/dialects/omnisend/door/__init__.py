"""The way in: Omnisend's own API, in its three live families, read into our records."""
