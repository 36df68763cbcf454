"""One folder per platform: wire → model, model → wire requests, replies → outcomes. No sockets."""
