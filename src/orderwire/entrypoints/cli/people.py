"""People: show, export, forget."""

# ruff: noqa: D417 - the options that many commands share carry their help with them
from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from orderwire.app import people
from orderwire.app.bootstrap import open_shop
from orderwire.app.talk import counted
from orderwire.entrypoints.cli.options import AsJson, Folder, Yes
from orderwire.entrypoints.cli.output import is_confirmed, say, show_json

person = App(name="person", help="Look at one person, or forget them.")
Who = Annotated[str, Parameter(help="Number (`per_12`), e-mail, phone or external id.")]


@person.command
def show(who: Who, *, json: AsJson = False, folder: Folder = Path()) -> None:
    """Show what is known of a person, and where it came from."""
    with open_shop(folder) as shop:
        page = people.show(shop, who)
    if json:
        show_json(page)
        return
    names = " ".join(name for name in (page.card.first_name, page.card.last_name) if name)
    print(f"{page.person} {names}".rstrip())
    for one in page.identifiers:
        print(f"  {one.kind} {one.value} (from {one.source or 'any source'}, fact {one.seq})")
    for channel, on_file in page.card.consent.items():
        print(f"  {channel}: {on_file.state} since {on_file.changed_at or 'unknown'} (fact {on_file.seq})")
    for kind, count in page.kinds.items():
        print(f"  {count:>6,} {kind}")
    for contact in page.destinations:
        print(f"  known at {contact.destination} since fact {contact.pinned.seq}")


@person.command
def export(who: Who, *, folder: Folder = Path()) -> None:
    """Print all data of a person as JSON, for them."""
    with open_shop(folder) as shop:
        show_json(people.export(shop, who))


@person.command
def forget(who: Who, *, reason: str = "asked to be forgotten", yes: Yes = False, folder: Folder = Path()) -> int:
    """Erase a person here for good, and ask every destination to.

    Args:
        reason: why, for the record; without personal data.
    """
    with open_shop(folder) as shop:
        page = people.show(shop, who)
        question = f"Erase {page.person} with {counted(sum(page.kinds.values()), 'fact')} for good?"
        if not is_confirmed(question, yes=yes):
            return 1
        seq = people.forget(shop, who, reason=reason)
    print(seq)
    say(f"{page.person} is forgotten; the next sync asks the destinations to forget them too")
    return 0
