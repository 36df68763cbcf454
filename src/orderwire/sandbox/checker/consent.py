"""Whether a platform holds the permission that the log says, and no more."""

from __future__ import annotations

from collections.abc import Iterable

from orderwire.sandbox.checker.facts import Log
from orderwire.sandbox.checker.permission import NO, YES
from orderwire.sandbox.checker.report import Example, Findings
from orderwire.sandbox.checker.table import Line, Platform, Standing
from orderwire.sandbox.checker.wanted import Call, Destination, call_of

_MAILABLE = frozenset({Standing.YES, Standing.ASKED})


def check_consent(
    log: Log, platform: Platform, destination: Destination, lines: Iterable[Line], missing: Findings, wrong: Findings
) -> None:
    """Compare what the platform held, all along and in the end, with what the log says."""
    final: dict[str, Standing] = {}
    widened: set[str] = set()
    for line in lines:
        for address, standing in platform.standings(line):
            whose = log.who(address)
            final[address.lower()] = standing
            said_yes = log.permissions.ever_said(log.person_of(address), YES)
            if standing in _MAILABLE and not said_yes and whose not in widened:
                widened.add(whose)
                why = f"{standing} though they never said yes"
                wrong.add(Example(key=f"consent {whose}", request=int(line["n"]), why=why))
    for address, standing in final.items():
        _check_final(log, address, standing, wrong)
    for person in log.permissions.people():
        held = [final[address] for address in log.emails[person] if address in final]
        _check_told(log, platform, destination, person, held, missing)


def _check_final(log: Log, address: str, standing: Standing, wrong: Findings) -> None:
    person = log.person_of(address)
    held = log.permissions.in_force(person)
    is_yes = held is not None and held.state == YES
    if standing in _MAILABLE and not is_yes and log.permissions.ever_said(person, YES):
        seqs = (held.seq,) if held else ()
        said = held.state if held else "nothing"
        wrong.add(Example(key=f"consent {log.who(address)}", seqs=seqs, why=f"{standing} there, {said} in the log"))


def _check_told(
    log: Log, platform: Platform, destination: Destination, person: int, held: list[Standing], missing: Findings
) -> None:
    """A choice in force that came from elsewhere has to be there."""
    choice = log.permissions.in_force(person)
    if choice is None or not log.emails[person]:
        return
    fact = log.by_seq[choice.seq]
    if call_of(fact, log, destination) is not Call.NEEDED or choice.state not in {YES, *NO}:
        return
    wanted = _MAILABLE if choice.state == YES else {Standing.NO}
    if wanted.intersection(held):
        return
    if choice.state == YES and fact.is_imported and not platform.tells_old_yes and Standing.NO in held:
        return
    shown = ", ".join(sorted(set(held))) or "unknown there"
    missing.spend(Example(key=f"consent per_{person}", seqs=(choice.seq,), why=f"{choice.state} in the log, {shown}"))
