"""The command line: a command parses, calls one function of `app`, and prints."""

from orderwire.entrypoints.cli.program import main

__all__ = ["main"]
