"""What commands print: data to stdout, talk to stderr, questions to whoever sits at the terminal."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import msgspec

from orderwire.errors import ConfigError


def say(text: str) -> None:
    """Talk, on stderr."""
    print(text, file=sys.stderr)


def show_json(value: object) -> None:
    """Data as indented JSON."""
    print(msgspec.json.format(msgspec.json.encode(value, enc_hook=str), indent=2).decode())


def show_line(value: object) -> None:
    """Data as JSON on a line of its own, at once."""
    print(msgspec.json.encode(value, enc_hook=str).decode(), flush=True)


def show_table(headings: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Data in columns; nothing but the headings where there are no rows."""
    texts = [list(headings), *[[_cell(value) for value in row] for row in rows]]
    widths = [max(len(row[place]) for row in texts) for place in range(len(headings))]
    for row in texts:
        print("  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip())


def show_counts(title: str, counts: Sequence[tuple[str, int]]) -> None:
    """Data as a title and a line for each count; nothing where there are none."""
    if counts:
        print(f"  {title}")
        for name, count in counts:
            print(f"    {count:>9,}  {name}")


def is_confirmed(question: str, *, yes: bool) -> bool:
    """Whether the user agrees; asked on the terminal unless they have said so already.

    Raises:
        ConfigError: nobody is there to ask, and `--yes` was not given.
    """
    if yes:
        return True
    if not sys.stdin.isatty():
        raise ConfigError("--yes", "is needed where nobody can be asked.", question)
    print(f"{question} [y/N] ", end="", file=sys.stderr, flush=True)
    if sys.stdin.readline().strip().lower() in ("y", "yes"):
        return True
    say("not done")
    return False


def _cell(value: object) -> str:
    match value:
        case None:
            return "-"
        case bool():
            return "yes" if value else "no"
        case int():
            return f"{value:,}"
    return str(value) or "-"
