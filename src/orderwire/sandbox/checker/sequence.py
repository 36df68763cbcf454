"""Whether what was received kept the order of the log: for each order, and for each person.

Something is out of order when, before it, something of the same subject or person was received that is later in the
log *and* later in time. One of the two alone has an innocent reason: a fact learned late is told late with its own
time, and what happened in the same second has no order.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime

from orderwire.sandbox.checker.matching import Ledgers, shown
from orderwire.sandbox.checker.report import Example, Findings
from orderwire.sandbox.checker.table import Kept, Sort
from orderwire.sandbox.checker.wanted import Expected

_Latest = dict[str, list[tuple[int, datetime]]]


def check_order(ledgers: Ledgers, out_of_order: Findings) -> None:
    """Walk through what was received, the first arrival of each thing."""
    front: _Latest = defaultdict(list)
    for kept, expected in arrivals(ledgers):
        fact = expected.fact
        names = [fact.thing] if fact.person is None else [fact.thing, f"per_{fact.person}"]
        here = (fact.seq, fact.occurred_at)
        if any(seq > here[0] and at > here[1] for name in names for seq, at in front[name]):
            out_of_order.add(Example(key=shown(kept.key), seqs=(fact.seq,), request=kept.number))
            continue
        for name in names:
            front[name] = [one for one in front[name] if not (one[0] <= here[0] and one[1] <= here[1])] + [here]


def arrivals(ledgers: Ledgers) -> list[tuple[Kept, Expected]]:
    """Events in the order of their first arrival, where the fact behind each is certain."""
    found: list[tuple[Kept, Expected]] = []
    for slot in ledgers.slots.values():
        facts = {one.fact.seq for one in slot.wanted}
        if slot.wanted[0].wish.sort is Sort.STATE or len(facts) > 1:
            continue
        seen: set[str] = set()
        for kept in slot.kept:
            if kept.id not in seen and not kept.is_dropped:
                found.append((kept, slot.wanted[0]))
            seen.add(kept.id)
    return sorted(found, key=lambda pair: (pair[0].number, pair[0].place))
