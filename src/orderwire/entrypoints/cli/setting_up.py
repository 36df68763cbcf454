"""Setting up: init, config, source, doctor."""

# ruff: noqa: D417 - the options that many commands share carry their help with them
from __future__ import annotations

from pathlib import Path

from cyclopts import App

from orderwire.app import checking
from orderwire.app.checkup import check_settings
from orderwire.app.doctor import Health, examine
from orderwire.app.initialise import initialise
from orderwire.entrypoints.cli import pages, refused
from orderwire.entrypoints.cli.checkups import show_checkup
from orderwire.entrypoints.cli.options import AsJson, Count, Folder
from orderwire.entrypoints.cli.output import say, show_json, show_table
from orderwire.entrypoints.cli.previews import show_preview

config = App(name="config", help="Look at the settings.")
source = App(name="source", help="Look at a source, and at what of it was refused.")
for command in (refused.refused, refused.retry, refused.drop):
    source.command(command)


def init(url: str, *, name: str = "shop", folder: Folder = Path()) -> None:
    """Write an orderwire.toml to begin with, from the tables of a database; an existing one is never overwritten.

    Args:
        url: a database URL without password, the path of an SQLite file, or a reference to a URL: `env:NAME`.
        name: what to call the source.
    """
    draft = initialise(folder, url, name=name)
    print(draft.path)
    for one in draft.to_decide:
        say(f"to decide: {one}")
    say("read it and correct it, then: orderwire config check")


@config.command
def check(*, json: AsJson = False, folder: Folder = Path()) -> int:
    """Check the settings: every mapping with what each status choice gives, every destination; reach no platform."""
    found = check_settings(folder)
    if json:
        show_json(found)
    else:
        show_checkup(found)
    return 2 if found.fault_count else 0


@config.command
def show(*, origin: bool = False, json: AsJson = False, folder: Folder = Path()) -> None:
    """Show the settings in force; secrets as their references.

    Args:
        origin: also say where each value comes from.
    """
    found = checking.origins(folder)
    if json:
        show_json(found)
        return
    rows = [(one.key, one.value, one.origin) if origin else (one.key, one.value) for one in found]
    show_table(("setting", "value", "origin") if origin else ("setting", "value"), rows)


@source.command
def preview(name: str, entity: str, *, count: Count = 10, json: AsJson = False, folder: Folder = Path()) -> int:
    """Show rows beside the records they are understood as; exit status 1 when one is not understood.

    Args:
        name: the source.
        entity: such as `orders`.
        count: how many rows.
    """
    found = checking.preview_source(folder, name, entity, count=count)
    if json:
        show_json([{"row": one.row, "record": one.record, "problem": one.problem} for one in found])
    else:
        show_preview(found)
    if found and found[0].ignored:
        say(f"not read: {', '.join(found[0].ignored)}")
    return 1 if any(one.problem for one in found) else 0


def doctor(*, json: AsJson = False, folder: Folder = Path()) -> int:
    """Look whether everything is there, and what to do where it is not: Python, disk, ledger, keys, platforms."""
    found = examine(folder)
    if json:
        show_json(found)
    else:
        pages.show_findings(found)
    states = {one.health for one in found}
    if Health.WRONG in states:
        return 2
    return 1 if Health.BROKEN in states else 3 if Health.UNREACHED in states else 0
