"""Mending: dead letters, replay, reread, reconcile."""

# ruff: noqa: D417 - the options that many commands share carry their help with them
from __future__ import annotations

from pathlib import Path

from cyclopts import App

from orderwire.app import books, logbook, repairs
from orderwire.app import reconcile as reconciling
from orderwire.app import reread as rereading
from orderwire.app.bootstrap import open_shop
from orderwire.app.talk import counted
from orderwire.entrypoints.cli import pages
from orderwire.entrypoints.cli.options import AsJson, Count, Folder, Position, Yes
from orderwire.entrypoints.cli.output import is_confirmed, say, show_json, show_line, show_table

dead_letter = App(name="dead-letter", help="Facts that a destination was given up for.")


@dead_letter.command(name="list")
def list_all(
    destination: str = "",
    *,
    in_doubt: bool = False,
    after: Position = 0,
    limit: Count = 100,
    json: AsJson = False,
    folder: Folder = Path(),
) -> None:
    """List dead letters with their reason: refused for good, or of an outcome that was never learned.

    Args:
        destination: its name; all by default.
        in_doubt: only those whose outcome was never learned.
        after: only sequence numbers greater than this.
        limit: at most so many of each destination.
    """
    with open_shop(folder) as shop:
        names = [destination] if destination else list(shop.settings.destinations)
        for name in names:
            shop.destination(name, with_key=False)
        found = [
            one
            for name in names
            for one in repairs.dead_letters(shop, name, after=after, limit=limit, in_doubt=in_doubt)
        ]
    if json:
        show_json(found)
        return
    rows = [(one.destination, str(one.seq), one.kind, one.subject, one.disposition, one.reason) for one in found]
    show_table(("destination", "fact", "kind", "subject", "what", "reason"), rows)


@dead_letter.command(name="show")
def show_one(destination: str, seq: int, *, json: AsJson = False, folder: Folder = Path()) -> None:  # noqa: ARG001
    """Show one dead letter with its whole fact, as JSON.

    Args:
        destination: its name.
        seq: the fact's number.
    """
    with open_shop(folder) as shop:
        show_json(logbook.letter_page(shop, destination, seq))


@dead_letter.command(name="replay")
def replay_letters(destination: str, *seqs: int, folder: Folder = Path()) -> None:
    """Let facts that were given up be tried again by the next sync.

    Args:
        destination: its name.
        seqs: the facts' numbers; all dead letters of the destination by default.
    """
    with open_shop(folder) as shop:
        shop.destination(destination, with_key=False)
        count = repairs.replay_dead_letters(shop, destination, seqs)
    print(count)
    say(f"{destination}: {counted(count, 'fact')} to be tried again by the next sync")


@dead_letter.command
def drop(destination: str, seq: int, *more: int, yes: Yes = False, folder: Folder = Path()) -> int:
    """Give facts up at a destination for good.

    Args:
        destination: its name.
        seq: the fact's number.
        more: further numbers.
    """
    with open_shop(folder) as shop:
        shop.destination(destination, with_key=False)
        if not is_confirmed(f"Never send {counted(1 + len(more), 'fact')} to {destination}?", yes=yes):
            return 1
        print(repairs.drop_dead_letters(shop, destination, (seq, *more)))
    return 0


def replay(destination: str, *, to: Position, yes: Yes = False, folder: Folder = Path()) -> int:
    """Decide anew about everything after a point of the log; what was accepted is not sent again.

    Args:
        destination: its name.
        to: the sequence number to go back to; 0 for the beginning.
    """
    with open_shop(folder) as shop:
        pages.show_plan(books.plan(shop, destination, back_to=to))
        if not is_confirmed(f"Go back to {to:,} at {destination}?", yes=yes):
            return 1
        count = repairs.replay(shop, destination, to=to)
    say(f"{destination}: {counted(count, 'sequence number')} to be looked at again by the next sync")
    return 0


def reread(
    source: str, *, stream: str = "", from_source: bool = False, json: AsJson = False, folder: Folder = Path()
) -> int:
    """Read kept records again with the mapping of today; what reads differently becomes a correction.

    Args:
        source: its name.
        stream: only this one, such as `orders`.
        from_source: read the source itself again from its beginning, instead of what was kept.
    """
    with open_shop(folder) as shop:
        done = rereading.reread(shop, source, stream=stream, from_source=from_source)
    if json:
        show_json(done)
    else:
        appended = counted(done.appended, "fact")
        print(f"{done.source}: {counted(done.read, 'record')} read again, {appended} corrected or new")
    if done.invalid or done.unmapped:
        say(f"{done.invalid:,} not understood, {done.unmapped:,} of streams the mapping has no more")
    return 1 if done.invalid else 0


def reconcile(
    destination: str,
    *,
    receipts: bool = False,
    unknown: bool = False,
    json: AsJson = False,
    folder: Folder = Path(),
) -> int:
    """Read back what a platform holds and compare it with what it accepted; exit status 1 on any difference.

    Args:
        destination: its name.
        receipts: instead, print as JSON Lines every item the platform acknowledged, without asking it anything.
        unknown: instead, print as JSON Lines everything it holds that it was never told by us; ids of people may be
            their e-mails.
    """
    with open_shop(folder) as shop:
        if receipts:
            for receipt in reconciling.receipts(shop, destination):
                show_line(receipt)
            return 0
        found = reconciling.reconcile(shop, destination, strange=show_line if unknown else None)
    if json and not unknown:
        show_json(found)
    elif not unknown:
        pages.show_reconciliation(found)
    return 0 if found.is_clean else 1
