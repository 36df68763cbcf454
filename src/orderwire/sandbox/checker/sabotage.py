"""Spoils a reception log on purpose, one thing at a time, to show that the checker would notice.

Each of the three ways changes a copy as it is read and leaves the file alone: one thing that was kept is dropped, is
doubled, or changes places with the next of the same order. The report on the copy must differ from that on the
original by one finding of one name, and by nothing else.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator
from copy import deepcopy
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, TypeAlias

from orderwire.sandbox.checker.check import Checker
from orderwire.sandbox.checker.facts import Fact
from orderwire.sandbox.checker.matching import Ledgers, Slot
from orderwire.sandbox.checker.report import FAULTS, Report
from orderwire.sandbox.checker.sequence import arrivals
from orderwire.sandbox.checker.table import Kept, Line, Sort

Lines: TypeAlias = Callable[[], Iterable[Line]]
_Spot: TypeAlias = tuple[int, int]
"""A request's number and the place in what was kept of it."""


@dataclass(frozen=True, kw_only=True)
class Proof:
    """What the checker found in a spoiled copy, beyond what it found in the original."""

    sabotage: str
    expected: str
    found: dict[str, int]

    @property
    def is_found(self) -> bool:
        """Whether exactly the expected finding was added."""
        return self.found == {self.expected: 1}


def prove(checker: Checker, lines: Lines, before: Report | None = None) -> list[Proof]:
    """Spoil a reception log in three ways and check each copy; where nothing is fit to be spoiled nothing shows.

    Args:
        checker: the checker of the destination.
        lines: reads the reception log from its beginning.
        before: the report on the log as it is; made where it is not given.
    """
    before = before or checker.check(lines)
    ledgers = checker.balance(lines())
    proofs = []
    for name, fault, spoil in (
        ("dropped", "missing", drop),
        ("doubled", "duplicated", double),
        ("swapped", "out_of_order", swap),
    ):
        spoiled = spoil(ledgers, lines, checker.excused)
        after = checker.check(spoiled) if spoiled is not None else before
        proofs.append(Proof(sabotage=name, expected=fault, found=_difference(before, after)))
    return proofs


def _difference(before: Report, after: Report) -> dict[str, int]:
    changes = {name: after.faults[name].count - before.faults[name].count for name in FAULTS}
    return {name: change for name, change in changes.items() if change}


def drop(ledgers: Ledgers, lines: Lines, excused: Collection[int] = ()) -> Lines | None:
    """A copy without one of the things that were kept; None where there is nothing fit for it."""
    spots = _single_spots(ledgers, excused)
    return _changed(lines, {spots[len(spots) // 2]: []}) if spots else None


def double(ledgers: Ledgers, lines: Lines, excused: Collection[int] = ()) -> Lines | None:
    """A copy in which one thing was kept twice; None where there is nothing fit for it."""
    spots = _single_spots(ledgers, excused)
    if not spots:
        return None
    spot = spots[len(spots) // 2]
    there = _at(lines, spot)
    return _changed(lines, {spot: [there, there]})


def swap(ledgers: Ledgers, lines: Lines, excused: Collection[int] = ()) -> Lines | None:
    """A copy in which two things of one order changed places; None where there are no two."""
    pairs = _neighbours(ledgers, excused) or _versions(ledgers, excused)
    if not pairs:
        return None
    first, second = pairs[len(pairs) // 2]
    return _changed(lines, {first: [_at(lines, second)], second: [_at(lines, first)]})


def _single_spots(ledgers: Ledgers, excused: Collection[int]) -> list[_Spot]:
    """Events that were called for once and kept once."""
    return [
        _spot(slot.kept[0])
        for slot in ledgers.slots.values()
        if slot.wanted[0].wish.sort is Sort.EVENT
        and len(slot.wanted) == len(slot.kept) == slot.wanted[0].wish.count == 1
        and slot.wanted[0].is_required
        and not _is_excused(slot, excused)
    ]


def _neighbours(ledgers: Ledgers, excused: Collection[int]) -> list[tuple[_Spot, _Spot]]:
    """Events of one order with nothing of the same person between them, the second later in the log and in time."""
    of_person: dict[str, list[tuple[Kept, Fact]]] = defaultdict(list)
    for kept, expected in arrivals(ledgers):
        fact = expected.fact
        of_person[fact.thing if fact.person is None else str(fact.person)].append((kept, fact))
    return [
        (_spot(first), _spot(second))
        for run in of_person.values()
        for (first, before), (second, after) in pairwise(run)
        if before.thing == after.thing and before.seq < after.seq and before.occurred_at < after.occurred_at
        if not {before.seq, after.seq}.intersection(excused)
        if all(len(ledgers.slots[kept.key].kept) == 1 for kept in (first, second))
    ]


def _versions(ledgers: Ledgers, excused: Collection[int]) -> list[tuple[_Spot, _Spot]]:
    """Two versions of one thing that look different."""
    return [
        (_spot(slot.kept[0]), _spot(slot.kept[1]))
        for slot in ledgers.slots.values()
        if slot.wanted[0].wish.sort is Sort.STATE
        and len(slot.kept) == 2
        and slot.kept[0].look != slot.kept[1].look
        and not _is_excused(slot, excused)
    ]


def _is_excused(slot: Slot, excused: Collection[int]) -> bool:
    return not set(excused).isdisjoint(slot.seqs)


def _spot(kept: Kept) -> _Spot:
    return kept.number, kept.place


def _at(lines: Lines, spot: _Spot) -> Any:
    line = next(line for line in lines() if line["n"] == spot[0])
    return deepcopy(line["kept"][spot[1]])


def _changed(lines: Lines, changes: dict[_Spot, list[Any]]) -> Lines:
    numbers = {number for number, _ in changes}

    def read() -> Iterator[Line]:
        for line in lines():
            if line["n"] in numbers:
                kept = [
                    new
                    for place, old in enumerate(line["kept"])
                    for new in changes.get((int(line["n"]), place), [old])
                ]
                line = {**line, "kept": kept}
            yield line

    return read
