"""The check of one destination: the log on one side, the reception log on the other."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from importlib import import_module

from orderwire.sandbox.checker.consent import check_consent
from orderwire.sandbox.checker.facts import Log
from orderwire.sandbox.checker.firing import check_firings
from orderwire.sandbox.checker.matching import Ledgers
from orderwire.sandbox.checker.report import Findings, Report
from orderwire.sandbox.checker.requests import count_requests
from orderwire.sandbox.checker.sequence import check_order
from orderwire.sandbox.checker.table import Kept, Line, Platform
from orderwire.sandbox.checker.wanted import Destination, expected

PLATFORMS = ("drip", "klaviyo", "ometria", "omnisend", "yespo")


def platform(name: str) -> Platform:
    """The table of expectations of a platform.

    Raises:
        KeyError: there is none of this name.
    """
    if name not in PLATFORMS:
        raise KeyError(name)
    found: Platform = getattr(import_module(f"orderwire.sandbox.checker.{name}"), name.upper())
    return found


def check(
    log: Log, destination: Destination, lines: Callable[[], Iterable[Line]], *, excused: Collection[int] = ()
) -> Report:
    """Compare what the log calls for with what a stand-in took.

    Args:
        log: the shop's log.
        destination: the settings that decide what belongs there.
        lines: reads the stand-in's reception log from its beginning; called several times.
        excused: facts that the product lists as given up or of unknown outcome. What is found about them alone is
            listed apart and counts as no fault.
    """
    table = platform(destination.platform)
    findings = {
        name: Findings(frozenset(excused))
        for name in ("missing", "duplicated", "out_of_order", "wrong_consent", "fired_by_history", "unknown")
    }
    ledgers = Ledgers(expected(log, table, destination), _kept(table, lines(), log))
    ledgers.settle(
        findings["missing"],
        findings["duplicated"],
        findings["unknown"],
        findings["out_of_order"],
        findings["wrong_consent"],
    )
    check_order(ledgers, findings["out_of_order"])
    check_consent(log, table, destination, _taken(lines()), findings["missing"], findings["wrong_consent"])
    openly = check_firings(log, table, ledgers, _taken(lines()), findings["fired_by_history"])
    return Report(
        destination=destination.name,
        platform=destination.platform,
        facts=len(log.facts),
        expected=ledgers.expected_count,
        held=ledgers.held_count,
        fired_without_quiet_form=openly,
        requests=count_requests(lines(), table, ledgers),
        **{name: found.close() for name, found in findings.items()},
    )


def _taken(lines: Iterable[Line]) -> Iterator[Line]:
    """What was taken, whatever was answered: a lost answer takes nothing back."""
    return (line for line in lines if line["verdict"] == "taken")


def _kept(table: Platform, lines: Iterable[Line], log: Log) -> Iterator[Kept]:
    for line in _taken(lines):
        for kept in table.recognise(line, log):
            if not log.is_somebody(kept.key):
                yield kept
