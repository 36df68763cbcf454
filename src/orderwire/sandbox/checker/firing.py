"""Whether old data started automations."""

from __future__ import annotations

from collections.abc import Iterable

from orderwire.sandbox.checker.facts import Log
from orderwire.sandbox.checker.matching import Ledgers, shown
from orderwire.sandbox.checker.permission import NO
from orderwire.sandbox.checker.report import Example, Findings
from orderwire.sandbox.checker.table import Firing, Line, Platform


def check_firings(log: Log, platform: Platform, ledgers: Ledgers, lines: Iterable[Line], late: Findings) -> int:
    """Find automations that imported facts started; returns how many did where there is no quiet form."""
    openly = 0
    for line in lines:
        for firing in platform.firings(line, log):
            if not _is_history(firing, log, ledgers):
                continue
            if firing.has_quiet_form:
                late.add(Example(key=shown(firing.key), request=int(line["n"]), why=firing.trigger))
            else:
                openly += 1
    return openly


def _is_history(firing: Firing, log: Log, ledgers: Ledgers) -> bool:
    """Whether nothing that was observed explains it. A welcome is explained by a yes given while we looked."""
    if firing.key[0] == "consent":
        _, whose, state = firing.key
        person = int(whose.removeprefix("per_")) if whose.startswith("per_") else None
        observed = [fact.body["state"] for fact in log.consents_of(person) if not fact.is_imported and fact.body]
        return not (state in observed or (state in NO and NO.intersection(observed)))
    slot = ledgers.slots.get(firing.key)
    return slot is not None and slot.is_imported
