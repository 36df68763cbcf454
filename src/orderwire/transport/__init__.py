"""The only way out to the network: send a wire request, keep to the rate limits, time retries, redact."""
