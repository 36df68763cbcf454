"""The front door: calls in the platforms' own languages, into the ledger."""
