"""Destinations: list, adopt, pause, resume, acknowledge."""

# ruff: noqa: D417 - the options that many commands share carry their help with them
from __future__ import annotations

from pathlib import Path

from cyclopts import App

from orderwire.app import books, repairs
from orderwire.app.bootstrap import open_shop
from orderwire.entrypoints.cli.options import AsJson, Folder, Instant, Yes
from orderwire.entrypoints.cli.output import is_confirmed, say, show_json, show_table

destination = App(name="destination", help="Switch and mend destinations.")


@destination.command(name="list")
def list_all(*, json: AsJson = False, folder: Folder = Path()) -> None:
    """List the destinations."""
    with open_shop(folder) as shop:
        found = books.status(shop)
    if json:
        show_json(found)
        return
    rows = [
        (one.destination, one.platform, one.switched_on_at, one.paused, ", ".join(one.acknowledged)) for one in found
    ]
    show_table(("destination", "platform", "switched on", "paused", "acknowledged"), rows)


@destination.command
def adopt(name: str, *, before: Instant, yes: Yes = False, folder: Folder = Path()) -> int:
    """Declare that the account holds everything older than a moment already: it is not sent.

    Args:
        name: the destination.
        before: what occurred before this instant is there already.
    """
    with open_shop(folder) as shop:
        question = f"Nothing that occurred before {before.isoformat()} will ever be sent to {name}. Go on?"
        if not is_confirmed(question, yes=yes):
            return 1
        repairs.adopt(shop, name, before=before)
    say(f"{name}: adopted")
    return 0


@destination.command
def pause(name: str, *, reason: str = "paused by hand", folder: Folder = Path()) -> None:
    """Send nothing more to a destination until it is resumed.

    Args:
        name: the destination.
        reason: what to show as the reason.
    """
    with open_shop(folder) as shop:
        repairs.pause(shop, name, reason)
    say(f"{name}: paused")


@destination.command
def resume(name: str, *, folder: Folder = Path()) -> None:
    """Go on with a paused destination.

    Args:
        name: the destination.
    """
    with open_shop(folder) as shop:
        repairs.resume(shop, name)
    say(f"{name}: goes on")


@destination.command
def acknowledge(name: str, *routes: str, yes: Yes = False, folder: Folder = Path()) -> int:
    """Say that what history may start there is paused.

    Args:
        name: the destination.
        routes: which routes; all that may start something by default.
    """
    with open_shop(folder) as shop:
        say(f"Pause first: {shop.dialect(name).profile.automations_help}")
        if not is_confirmed("Is all of this paused?", yes=yes):
            return 1
        for route in repairs.acknowledge(shop, name, routes):
            print(route)
    return 0
