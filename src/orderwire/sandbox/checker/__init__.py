"""The sceptic's checker: counts missing, doubled, disordered and unpermitted things from two logs alone.

One log is the shop's own, as `orderwire log` writes it; the other is what a stand-in wrote down of what it received.
Nothing of the product's own books is believed, and no code of its dialects is used: what should be there is computed
anew, from the log and from tables of expectations written after the platforms' documents. Only what the product
itself lists as given up or as of unknown outcome may be missing or doubled, and each such fact is named.

`sabotage` makes copies of a reception log with one thing dropped, doubled or swapped, so that anyone can see that the
checker finds it.
"""

from orderwire.sandbox.checker.check import Checker
from orderwire.sandbox.checker.facts import Log, read_fact, read_facts
from orderwire.sandbox.checker.registry import PLATFORMS
from orderwire.sandbox.checker.report import FAULTS, Example, Finding, Report, Requests
from orderwire.sandbox.checker.wanted import Destination

__all__ = [
    "FAULTS",
    "PLATFORMS",
    "Checker",
    "Destination",
    "Example",
    "Finding",
    "Log",
    "Report",
    "Requests",
    "read_fact",
    "read_facts",
]
