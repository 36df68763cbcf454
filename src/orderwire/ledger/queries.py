"""SQL by name: each engine keeps its statements in few files, each with a line that says what it answers.

Shape of a file::

    -- name: head
    -- The newest sequence number.
    SELECT ...;
"""

from __future__ import annotations

import re
from importlib.resources import files
from importlib.resources.abc import Traversable

_BLOCK = re.compile(
    r"^-- name: (?P<name>\w+)\n(?P<about>(?:-- [^\n]*\n)+)(?P<sql>.*?);\s*(?=^-- name: |\Z)", re.MULTILINE | re.DOTALL
)


def queries_of(text: str) -> dict[str, str]:
    """The statements of a file, by name.

    Raises:
        ValueError: a name is given twice, or something is left over between statements.
    """
    found: dict[str, str] = {}
    place = 0
    for block in _BLOCK.finditer(text):
        if block.start() != place or block["name"] in found:
            raise ValueError(f"cannot read the statement near {text[place : place + 40]!r}")
        found[block["name"]] = block["sql"].strip()
        place = block.end()
    if text[place:].strip():
        raise ValueError(f"cannot read the statement near {text[place : place + 40]!r}")
    return found


def load(package: str) -> dict[str, str]:
    """The statements of an engine's package: of all its files, each for one part of the ledger."""
    paths = [path for path in files(package).iterdir() if path.name.endswith(".sql")]
    return queries_of("".join(path.read_text(encoding="utf-8") for path in paths))


def statements_of(text: str) -> list[str]:
    """The statements of a migration, which holds no semicolon but at their ends."""
    kept = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("--"))
    return [statement.strip() for statement in kept.split(";") if statement.strip()]


def migrations_of(package: str) -> list[Traversable]:
    """An engine's migrations, in order."""
    folder = files(package).joinpath("migrations")
    return sorted((path for path in folder.iterdir() if path.name.endswith(".sql")), key=lambda path: path.name)
