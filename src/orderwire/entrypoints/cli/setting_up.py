"""Setting up: init, config, source, doctor."""

# ruff: noqa: D417 - the options that many commands share carry their help with them
from __future__ import annotations

from pathlib import Path

from cyclopts import App

from orderwire.app import checking
from orderwire.app.doctor import Health, examine
from orderwire.app.initialise import initialise
from orderwire.entrypoints.cli.options import AsJson, Count, Folder
from orderwire.entrypoints.cli.output import say, show_json, show_table
from orderwire.entrypoints.cli.previews import show_preview

config = App(name="config", help="Look at the settings.")
source = App(name="source", help="Look at a source.")


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
    """Check the settings and every mapping, and count what each status choice gives."""
    found = checking.check_settings(folder)
    if json:
        show_json(found)
        return 2 if any(one.faults for one in found) else 0
    for one in found:
        for entity in one.entities:
            print(f"{one.source}.{entity.path}: {entity.rows:,} rows")
            for status in entity.statuses:
                print(f"  {status.rows:>9,}  {status.status} = {status.happening or '?'}: {status.when}")
            for warning in entity.warnings:
                say(f"  look at: {warning}")
            if entity.ignored:
                say(f"  not read: {', '.join(entity.ignored)}")
        for fault in one.faults:
            say(f"wrong: {fault}")
    return 2 if any(one.faults for one in found) else 0


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
    """Look whether everything is there: Python, disk, ledger, keys, platforms."""
    found = examine(folder)
    if json:
        show_json(found)
    else:
        show_table(("what", "health", "detail"), [(one.what, one.health, one.detail) for one in found])
    states = {one.health for one in found}
    if Health.WRONG in states:
        return 2
    return 1 if Health.BROKEN in states else 3 if Health.UNREACHED in states else 0
