"""One module for each tool: it brings the orders of a shop to the sink, in a process of its own.

The peers' modules are run as files with the peer's own Python: they import nothing of this package.
"""
