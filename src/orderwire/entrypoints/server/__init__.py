"""The HTTP server of the front door."""
