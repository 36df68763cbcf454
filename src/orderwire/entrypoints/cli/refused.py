"""Records of a source that were refused: which, why, and reading them again."""

# ruff: noqa: D417 - the options that many commands share carry their help with them
from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

from orderwire.app import refusals
from orderwire.app.bootstrap import open_shop
from orderwire.app.refusals import SourceStatus
from orderwire.app.talk import counted
from orderwire.entrypoints.cli.options import AsJson, Count, Folder, Yes
from orderwire.entrypoints.cli.output import is_confirmed, say, show_json, show_table
from orderwire.errors import ConfigError


def refused(
    name: str, *, stream: str = "", limit: Count = 100, raw: str = "", json: AsJson = False, folder: Folder = Path()
) -> None:
    """List the records of a source that were not understood: where, why, what to do; never what they hold.

    Args:
        name: the source.
        stream: only this one, such as `orders`.
        limit: at most so many.
        raw: instead, print the kept bytes of the record with this key; they hold personal data.
    """
    with open_shop(folder) as shop:
        if raw:
            sys.stdout.buffer.write(refusals.raw_of(shop, name, raw) + b"\n")
            return
        found = refusals.listed(shop, name, stream=stream, limit=limit)
        count = sum(one.refused for one in refusals.sources(shop) if one.source == name)
    if json:
        show_json(found)
        return
    rows = [
        (one.place, one.problem, one.remedy, one.times, f"{one.first_at:%Y-%m-%d %H:%M}", one.key) for one in found
    ]
    show_table(("place", "problem", "what to do", "times", "first refused", "key"), rows)
    if len(found) < count and not stream:
        say(f"{len(found):,} of {counted(count, 'refused record')}; --limit shows more")


def retry(name: str, *, json: AsJson = False, folder: Folder = Path()) -> int:
    """Read refused records again with the mapping of today; exit status 1 while any is still not understood.

    Args:
        name: the source.
    """
    with open_shop(folder) as shop:
        done = refusals.retry(shop, name)
    if json:
        show_json(done)
    else:
        understood = counted(done.understood, "refused record")
        print(f"{done.source}: {understood} understood now, {counted(done.appended, 'new fact')}")
    if done.refused:
        say(f"{counted(done.refused, 'record')} still not understood: orderwire source refused {name}")
    if done.partial:
        say(f"{counted(done.partial, 'record')} not whole: mend the source itself, and the next sync reads it")
    if done.unmapped:
        say(f"{counted(done.unmapped, 'record')} of streams that the mapping has no more")
    return 1 if done.left else 0


def drop(name: str, *keys: str, everything: bool = False, yes: Yes = False, folder: Folder = Path()) -> int:
    """Give refused records up for good: their kept bytes are deleted.

    Args:
        name: the source.
        keys: the records' keys, as `source refused` shows them.
        everything: all refused records of the source.
    """
    if bool(keys) == everything:
        raise ConfigError(
            "source drop", "needs keys, or --everything.", f"List them: orderwire source refused {name}"
        )
    with open_shop(folder) as shop:
        what = "all refused records" if everything else counted(len(keys), "refused record")
        if not is_confirmed(f"Delete {what} of {name} for good?", yes=yes):
            return 1
        print(refusals.drop(shop, name, keys))
    return 0


def show_waiting(sources: Iterable[SourceStatus]) -> None:
    """Data: how many records of each source wait to be understood, and the commands that help."""
    for one in sources:
        if one.refused:
            new = f", {one.new:,} of them new" if one.new else ""
            print(f"source {one.source}: {counted(one.refused, 'record')} not understood and kept{new}")
            print(f"  why: orderwire source refused {one.source}")
            print(f"  after mending: orderwire source retry {one.source}")
