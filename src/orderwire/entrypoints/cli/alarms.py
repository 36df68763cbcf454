"""Alarms: try whether they arrive."""

from __future__ import annotations

from pathlib import Path

from cyclopts import App

from orderwire.app.alarms.trying import try_alarms
from orderwire.entrypoints.cli.options import AsJson, Folder
from orderwire.entrypoints.cli.output import show_json

alarm = App(name="alarm", help="Who is told when something is wrong.")


@alarm.command(name="test")
def try_ways(*, json: AsJson = False, folder: Folder = Path()) -> int:
    """Send one test alarm by every way that `[alarms]` names, and say what came back.

    Exit status 1 when one of them did not take it. It tells nothing of the shop.
    """
    found = try_alarms(folder)
    if json:
        show_json(found)
    else:
        for one in found:
            print(f"{one.channel}: {one.answer}")
    return 0 if all(one.is_taken for one in found) else 1
