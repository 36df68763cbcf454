"""The check of one destination: the log on one side, the reception log on the other."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from orderwire.sandbox.checker.consent import check_consent
from orderwire.sandbox.checker.facts import Log
from orderwire.sandbox.checker.firing import check_firings
from orderwire.sandbox.checker.matching import Ledgers
from orderwire.sandbox.checker.registry import platform
from orderwire.sandbox.checker.report import FAULTS, Excuses, Findings, Report
from orderwire.sandbox.checker.requests import count_requests
from orderwire.sandbox.checker.sequence import check_order
from orderwire.sandbox.checker.table import Line
from orderwire.sandbox.checker.wanted import Destination, expected


class Checker:
    """Compares what a log calls for at a destination with what its stand-in took.

    Args:
        log: the shop's log.
        destination: the settings that decide what belongs there.
        excused: facts that the product itself lists as given up, of unknown outcome or once in doubt, with how many
            items of each. So many things of theirs may be missing or doubled; they are named apart.
    """

    def __init__(self, log: Log, destination: Destination, *, excused: Mapping[int, int] | None = None) -> None:
        self.log = log
        self.destination = destination
        self.excused = dict(excused or {})
        self.table = platform(destination.platform)
        self._wanted = list(expected(log, self.table, destination))

    def balance(self, lines: Iterable[Line]) -> Ledgers:
        """What should be there beside what was kept."""
        kept = (one for line in _taken(lines) for one in self.table.recognise(line, self.log))
        return Ledgers(self._wanted, kept)

    def check(self, lines: Callable[[], Iterable[Line]]) -> Report:
        """The report; `lines` reads the reception log from its beginning, and is called several times."""
        log, table = self.log, self.table
        excuses = Excuses(self.excused)
        found = {name: Findings(excuses) for name in FAULTS}
        ledgers = self.balance(lines())
        ledgers.settle(
            found["missing"], found["duplicated"], found["unknown"], found["out_of_order"], found["wrong_consent"]
        )
        check_order(ledgers, found["out_of_order"])
        check_consent(log, table, self.destination, _taken(lines()), found["missing"], found["wrong_consent"])
        openly = check_firings(log, table, ledgers, _taken(lines()), found["fired_by_history"])
        return Report(
            destination=self.destination.name,
            platform=self.destination.platform,
            facts=len(log.facts),
            expected=ledgers.expected_count,
            held=ledgers.held_count,
            fired_without_quiet_form=openly,
            requests=count_requests(lines(), table, ledgers),
            **{name: findings.close() for name, findings in found.items()},
        )


def _taken(lines: Iterable[Line]) -> Iterator[Line]:
    """What was taken, whatever was answered: a lost answer takes nothing back."""
    return (line for line in lines if line["verdict"] == "taken")
