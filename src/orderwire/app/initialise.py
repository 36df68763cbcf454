"""A first `orderwire.toml`, drafted from the names in a shop's database."""

from __future__ import annotations

import tomllib
from pathlib import Path

from msgspec import Struct

from orderwire.app.settings import FILE
from orderwire.dialects import registry
from orderwire.errors import Conflict
from orderwire.sources import MappingFaults, parse
from orderwire.sources.suggest import suggest

_HEAD = """\
# What `orderwire init` found. Read it, correct it, then ask: orderwire config check

ledger = "orderwire.db"   # or postgresql://user@host/database

"""
_LEAST = """
[source.{name}]
kind = "sql"
url = '{url}'
people = {{ table = "people", id = "id", fields = {{ email = "email" }} }}
"""
"""A mapping with nothing but the URL to be checked, before anything is reached."""
_TAIL = """
# A destination is an account that everything is delivered to. There are:
# {platforms}
# Its key is a reference, never the key itself; `orderwire doctor` proves it.
#
# [destination.newsletter]
# platform = "…"
# key = "env:NEWSLETTER_KEY"
"""


class Draft(Struct, frozen=True, kw_only=True):
    """What was written, and what a person still has to decide."""

    path: Path
    to_decide: tuple[str, ...]


def initialise(folder: Path, url: str, *, name: str = "shop") -> Draft:
    """Write `orderwire.toml` with a mapping for the database at `url`.

    Args:
        folder: where to write; made when missing.
        url: a secret reference, a database URL without a password, or the path of an SQLite file.
        name: what to call the source.

    Raises:
        Conflict: there is such a file already; nothing is overwritten.
        ConfigError: the URL leads nowhere or holds a password, or no table looks like a shop's.
        Unavailable: the database was not reached.
    """
    path = folder / FILE
    if path.exists():
        raise Conflict(f"{path} is there already; it is never overwritten")
    _left_to_decide(name, _LEAST.format(name=name, url=_from_here(url)))
    source = _from_folder(url, folder)
    drafted = suggest(_from_here(url), name=name).replace(f'url = "{_from_here(url)}"', f'url = "{source}"', 1)
    to_decide = _left_to_decide(name, drafted)
    folder.mkdir(parents=True, exist_ok=True)
    tail = _TAIL.format(platforms=", ".join(registry.names()))
    with path.open("x", encoding="utf-8") as file:
        file.write(_HEAD + drafted + tail)
    return Draft(path=path, to_decide=to_decide)


def _left_to_decide(name: str, drafted: str) -> tuple[str, ...]:
    """What the mapping's own check says about the draft.

    Raises:
        ConfigError: the URL is at fault, which no editing of the mapping mends.
    """
    try:
        parse(name, tomllib.loads(drafted)["source"][name])
    except MappingFaults as error:
        for fault in error.faults:
            if fault.place.endswith(".url"):
                raise fault from error
        return tuple(str(fault) for fault in error.faults)
    return ()


def _is_path(url: str) -> bool:
    return "://" not in url and not url.startswith(("env:", "file:"))


def _from_here(url: str) -> str:
    return Path(url).as_posix() if _is_path(url) else url


def _from_folder(url: str, folder: Path) -> str:
    """A path as the settings mean it: from the folder that holds them."""
    if not _is_path(url):
        return url
    found, home = Path(url).resolve(), folder.resolve()
    return found.relative_to(home).as_posix() if found.is_relative_to(home) else found.as_posix()
