"""The verbs of every day: plan, sync, status, audit, log."""

# ruff: noqa: D417 - the options that many commands share carry their help with them
from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from orderwire.app import books, logbook, refusals
from orderwire.app.alarms.looking import look
from orderwire.app.bootstrap import open_shop
from orderwire.app.forecast import forecast
from orderwire.app.standing import standing_of
from orderwire.app.sync import SyncTerms, Watcher
from orderwire.app.sync import sync as run_sync
from orderwire.app.talk import counted
from orderwire.dialects.wire import WireRequest
from orderwire.entrypoints.cli import pages
from orderwire.entrypoints.cli.bars import display
from orderwire.entrypoints.cli.options import AsJson, Count, Folder, Instant
from orderwire.entrypoints.cli.output import say, show_json
from orderwire.entrypoints.cli.refused import show_waiting

EVERYTHING = logbook.Wanted()


def plan(
    destination: str = "",
    *,
    show_requests: Count | None = None,
    first: Count | None = None,
    json: AsJson = False,
    folder: Folder = Path(),
) -> None:
    """Show what a history sync would send, how long it takes and what it cannot say; nothing is sent.

    Args:
        destination: its name; all by default.
        show_requests: also print the first so many requests as they would leave, without credentials.
        first: only the first so many facts.
    """
    requests: list[WireRequest] = []

    def keep(request: WireRequest) -> None:
        if len(requests) < (show_requests or 0):
            requests.append(request)

    with open_shop(folder) as shop:
        plans = forecast(shop, destination, first=first, show=keep if show_requests else None, told=pages.say_read)
    if json:
        show_json({"plans": plans, "requests": [pages.request_page(one) for one in requests]})
        return
    for one in plans:
        pages.show_plan(one)
    pages.show_requests(requests)
    if not plans:
        say("no destination is configured: a sync fills the ledger and sends nothing")


def sync(
    *,
    once: bool = False,
    history_only: bool = False,
    since: Instant | None = None,
    canary: Count | None = None,
    workers: Count | None = None,
    json: AsJson = False,
    folder: Folder = Path(),
) -> int:
    """Read the sources and deliver, until stopped.

    Args:
        once: read once, deliver until nothing is left to do, end.
        history_only: leave out what is news.
        since: for this run, exclude facts that occurred earlier.
        canary: send at most so many facts to each destination, and end.
        workers: delivery processes.
    """
    terms = SyncTerms(once=once, history_only=history_only, since=since, canary=canary, workers=workers)
    with display() as shown:
        outcome = run_sync(folder, terms, Watcher(shown.seen, shown.said))
    if json:
        show_json(outcome)
    else:
        pages.show_outcome(outcome)
        with open_shop(folder) as shop:
            stopped = [standing_of(shop, one.destination) for one in outcome.destinations if one.blocked]
        for one in stopped:
            pages.show_halts(one)
    if outcome.is_remote_missing:
        return 3
    return 1 if outcome.has_failures else 0


def status(*, json: AsJson = False, folder: Folder = Path()) -> None:
    """Show where every destination stands, what makes it go on, what was refused, and what is alarming."""
    with open_shop(folder) as shop:
        found = books.status(shop)
        sources = refusals.sources(shop)
        alarms = look(shop)
    if json:
        show_json({"destinations": found, "sources": sources, "alarms": alarms})
        return
    pages.show_status(found)
    show_waiting(sources)
    pages.show_alarms(alarms)


def audit(*destinations: str, json: AsJson = False, folder: Folder = Path()) -> int:
    """Sum the books of each destination twice; exit status 1 on any difference.

    Args:
        destinations: their names; all by default.
    """
    with open_shop(folder) as shop:
        balances = books.audit(shop, destinations)
    if json:
        show_json(balances)
    for one in () if json else balances:
        counts = ", ".join(f"{count:,} {name}" for name, count in sorted(one.from_log.items()))
        balancing = _balancing(one.head, is_balanced=not one.faults)
        print(f"{one.destination}: {counted(one.head, 'fact')} {balancing}: {counts}")
        for fault in one.faults:
            print(f"  {fault}")
    return 1 if any(one.faults for one in balances) else 0


def log(
    *,
    wanted: Annotated[logbook.Wanted, Parameter(name="*")] = EVERYTHING,
    json: AsJson = False,  # noqa: ARG001 - there is no other form
    folder: Folder = Path(),
) -> None:
    """Print facts as JSON Lines, in sequence order; everything given must hold."""
    with open_shop(folder) as shop:
        for line in logbook.lines(shop, wanted):
            print(line.decode())


def _balancing(count: int, *, is_balanced: bool) -> str:
    if count == 1:
        return "balances" if is_balanced else "does not balance"
    return "balance" if is_balanced else "do not balance"
