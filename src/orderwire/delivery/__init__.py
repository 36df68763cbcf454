"""The readers that deliver: follow the log, ask consent when sending, batch, send, interpret, retry, dead-letter."""
