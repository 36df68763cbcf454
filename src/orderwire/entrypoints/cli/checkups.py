"""What a check of the settings found, for people."""

from __future__ import annotations

from orderwire.app.checkup import Checkup, DestinationCheck, SourceCheck, StatusChoice, TableCheck
from orderwire.app.talk import counted
from orderwire.entrypoints.cli.output import say


def show_checkup(found: Checkup) -> None:
    """Everything that was checked, the faults last, and a line that sums it up."""
    for source in found.sources:
        _show_source(source)
    for destination in found.destinations:
        _show_destination(destination)
    for fault in found.faults:
        say(f"wrong: {fault}")
    entities = [entity for one in found.sources for entity in one.entities]
    print(
        f"checked {counted(len(found.sources), 'source')} ({counted(len(entities), 'table')}, "
        f"{counted(sum(one.rows for one in entities), 'row')}) and "
        f"{counted(len(found.destinations), 'destination')}: {counted(found.fault_count, 'fault')}"
    )


def _show_source(one: SourceCheck) -> None:
    for entity in one.entities:
        print(f"{one.source}.{entity.path}: {counted(entity.rows, 'row')}")
        _show_statuses(entity, [choice for choice in one.choices if choice.entity == entity.path])
        for warning in entity.warnings:
            say(f"  look at: {warning}")
        if entity.ignored:
            say(f"  not read: {', '.join(entity.ignored)}")


def _show_statuses(entity: TableCheck, choices: list[StatusChoice]) -> None:
    undecided = {choice.status for choice in choices if not choice.chosen}
    for status in entity.statuses:
        when = "to be chosen" if status.status in undecided else status.when
        print(f"  {status.rows:>9,}  {status.status} = {status.happening or '?'}: {when}")
    for choice in choices:
        print(f"  {choice.status} has no time of its own ({choice.kind}); what each choice gives:")
        for option, facts in choice.facts.items():
            mark = "*" if option == choice.chosen else " "
            told = "not told" if not facts else f"{counted(facts, 'fact')}, approximate, never news"
            rule = f'"{choice.status}" = {{ happening = "{choice.happening}", occurred_at = "{option}" }}'
            print(f"    {mark} {rule}: {told}")


def _show_destination(one: DestinationCheck) -> None:
    kinds = ", ".join(one.kinds) or "all kinds"
    print(f"destination {one.destination} ({one.platform}) at {one.base_url}, key {one.key}: {kinds}")
    for name, value in one.options.items():
        if value != "":
            print(f"    {name} = {str(value).lower() if isinstance(value, bool) else value}")
    for note in one.notes:
        say(f"  look at: {note}")
