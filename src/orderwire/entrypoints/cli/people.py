"""People: show, export, take apart, forget."""

# ruff: noqa: D417 - the options that many commands share carry their help with them
from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from orderwire.app import people
from orderwire.app.bootstrap import open_shop
from orderwire.app.portrait import Contact, PersonPage
from orderwire.app.talk import counted
from orderwire.entrypoints.cli.options import AsJson, Folder, Yes
from orderwire.entrypoints.cli.output import is_confirmed, say, show_json

person = App(name="person", help="Look at one person, take a wrong join apart, or forget them.")
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
    for line in (*_who(page), *_permissions(page)):
        print(f"  {line}")
    for kind, count in page.kinds.items():
        print(f"  {count:>6,} {kind}")
    for contact in page.destinations:
        print(f"  known at {contact.destination} since fact {contact.pinned.seq}, as {_pinned(contact)}")


def _who(page: PersonPage) -> Iterator[str]:
    """Lines on who they are: identifiers, joins, and what is unusual."""
    for one in page.identifiers:
        brought = f"fact {one.seq}, {one.brought_by}" if one.brought_by else "a record that told nothing new"
        spelled = "" if one.matched == one.value else f", compared as {one.matched}"
        where = f" at {one.source}" if one.source else ""
        first = "" if one.person == page.person else f", first of {one.person}"
        yield f"{one.kind} {one.value}{where} ({brought}{spelled}{first})"
    for join in page.joins:
        undone = f", taken apart {join.separated_at:%Y-%m-%d}" if join.separated_at else ""
        yield f"{join.person} joined into {join.into} {join.joined_at:%Y-%m-%d}{undone}: {join.why}"
    yield from page.notes


def _permissions(page: PersonPage) -> Iterator[str]:
    """Lines on what may be sent: each statement that weighs, the one in force first."""
    for one in page.statements:
        since = one.changed_at or one.first_told_at
        when = f"{since:%Y-%m-%d %H:%M} UTC" if since else "no date"
        told = f"{one.source}{f', {one.origin}' if one.origin else ''}{f', fact {one.seq}' if one.seq else ''}"
        evidence = "".join(f"; {name} {value}" for name, value in one.evidence.items())
        indent = "" if one.is_in_force else "  "
        yield f"{indent}{one.channel}: {one.state}, {when} ({told}{evidence}): {one.why}"


def _pinned(contact: Contact) -> str:
    mark = contact.pinned
    return ", ".join(name for name in (mark.email, mark.phone, mark.external_id) if name) or contact.person


@person.command
def separate(
    who: Annotated[str, Parameter(help="The joined person's number, as `person show` names it: `per_12`.")],
    *,
    dry_run: bool = False,
    yes: Yes = False,
    folder: Folder = Path(),
) -> int:
    """Take two people apart who were joined into one by mistake; tells first what that changes, here and there.

    Args:
        dry_run: only tell what it would change.
    """
    with open_shop(folder) as shop:
        plan = people.plan_separation(shop, who)
        print(f"{plan.person} was joined into {plan.from_person} on {plan.join.joined_at:%Y-%m-%d}")
        for line in (plan.join.why, *plan.changes):
            print(f"  {line}")
        if dry_run:
            return 0
        if not is_confirmed(f"Take {plan.person} and {plan.from_person} apart for good?", yes=yes):
            return 1
        left = people.separate(shop, who)
    say(f"{plan.person} is taken out of {left}")
    return 0


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
