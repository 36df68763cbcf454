"""Catalogue feeds: whether one can be used."""

# ruff: noqa: D417 - the options that many commands share carry their help with them
from __future__ import annotations

from pathlib import Path

from cyclopts import App

from orderwire.app.feedcheck import check_feed
from orderwire.app.talk import counted
from orderwire.entrypoints.cli.options import AsJson
from orderwire.entrypoints.cli.output import show_json

feed = App(name="feed", help="Catalogue feeds that platforms fetch.")


@feed.command
def check(file: Path, *, shape: str, json: AsJson = False) -> int:
    """Read a feed as its platform would, and tell what is wrong; exit status 1 where something is.

    Args:
        file: the feed, .json or .xml, also .gz.
        shape: which feed it is to be, such as the last part of the address that ours is served at.
    """
    found = check_feed(file, wanted=shape)
    if json:
        show_json(found)
        return 1 if found.problems else 0
    print(f"{counted(found.entries, 'product')}, {counted(found.size, 'byte')}")
    for one in found.problems:
        count = f"{one.count:,} × " if one.count else ""
        examples = f": {', '.join(one.examples)}" if one.examples else ""
        print(f"  {count}{one.problem}{examples}")
    return 1 if found.problems else 0
