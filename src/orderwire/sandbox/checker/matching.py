"""Lays what should be there beside what was kept: missing, duplicated, wrong and unexplained things.

Events are counted: under one key there are as many as the facts call for, each own id once. States are walked: the
versions that the log knows of a thing may be passed over but never gone back to, and the newest has to be the last.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from orderwire.sandbox.checker.report import Example, Findings
from orderwire.sandbox.checker.table import Kept, Key, Sort
from orderwire.sandbox.checker.wanted import Call, Expected


@dataclass
class Slot:
    """Everything under one key, on both sides."""

    wanted: list[Expected] = field(default_factory=list)
    kept: list[Kept] = field(default_factory=list)

    @property
    def seqs(self) -> tuple[int, ...]:
        """The facts that call for it."""
        return tuple(dict.fromkeys(one.fact.seq for one in self.wanted))

    @property
    def is_imported(self) -> bool:
        """Whether nothing but history calls for it."""
        return all(one.fact.is_imported for one in self.wanted)


class Ledgers:
    """What should be there and what was kept, by key."""

    def __init__(self, wanted: Iterable[Expected], kept: Iterable[Kept]) -> None:
        self.slots: dict[Key, Slot] = {}
        self.unexplained: list[Kept] = []
        self.kept = list(kept)
        self.expected_count = 0
        self.held_count = 0
        held: dict[Key, list[Kept]] = defaultdict(list)
        for one in self.kept:
            held[one.key].append(one)
        for expected in wanted:
            key = next((way for way in expected.wish.ways if way in held), expected.wish.ways[0])
            slot = self.slots.setdefault(key, Slot())
            slot.wanted.append(expected)
        for key, found in held.items():
            if key in self.slots:
                self.slots[key].kept = found
            elif not is_somebody(key):
                self.unexplained.extend(found)

    def settle(
        self, missing: Findings, duplicated: Findings, unknown: Findings, out_of_order: Findings, consent: Findings
    ) -> None:
        """Count every slot."""
        for kept in self.unexplained:
            unknown.add(Example(key=shown(kept.key), request=kept.number, why="no fact explains it"))
        for key, slot in self.slots.items():
            if slot.kept and all(one.call is Call.FORBIDDEN for one in slot.wanted):
                why = "marketing only, and the person said no"
                consent.add(Example(key=shown(key), seqs=slot.seqs, request=slot.kept[0].number, why=why))
            elif slot.wanted[0].wish.sort is Sort.STATE:
                self._settle_state(key, slot, missing, unknown, out_of_order)
            else:
                self._settle_events(key, slot, missing, duplicated, unknown)

    def _settle_events(
        self, key: Key, slot: Slot, missing: Findings, duplicated: Findings, unknown: Findings
    ) -> None:
        needed = sum(one.wish.count for one in slot.wanted if one.is_required)
        allowed = sum(one.wish.count for one in slot.wanted)
        stored = [one for one in slot.kept if not one.is_dropped]
        own = {one.id for one in stored}
        has_ids = own != {""}
        there = len(own) if has_ids else min(len(stored), allowed)
        self.expected_count += needed
        self.held_count += min(needed, there)
        if there < needed:
            seqs = tuple(dict.fromkeys(one.fact.seq for one in slot.wanted if one.is_required))
            why = f"{there} of {needed} there" if needed > 1 else ""
            missing.spend(Example(key=shown(key), seqs=seqs, why=why), needed - there)
        for again in _repeated(stored, own if has_ids else None, allowed):
            duplicated.spend(Example(key=shown(key), seqs=slot.seqs, request=again.number, why="kept before"))
        if has_ids and there > allowed:
            why = f"{there} of them, and the log calls for {allowed}"
            unknown.add(Example(key=shown(key), seqs=slot.seqs, request=stored[-1].number, why=why), there - allowed)

    def _settle_state(
        self, key: Key, slot: Slot, missing: Findings, unknown: Findings, out_of_order: Findings
    ) -> None:
        required = [one for one in slot.wanted if one.is_required]
        self.expected_count += bool(required)
        if not slot.kept:
            if required:
                missing.spend(Example(key=shown(key), seqs=(required[-1].fact.seq,)))
            return
        versions = [one.wish.look for one in slot.wanted]
        place = 0
        is_behind = False
        for kept in slot.kept:
            is_behind = False
            found = next((at for at in range(place, len(versions)) if _fits(kept.look, versions[at])), None)
            if found is not None:
                place = found
            elif is_behind := any(_fits(kept.look, version) for version in versions[:place]):
                seqs = tuple(one.fact.seq for one in slot.wanted[: place + 1])
                why = "an older version after a newer one"
                out_of_order.add(Example(key=shown(key), seqs=seqs, request=kept.number, why=why))
            else:
                why = f"says {' '.join(kept.look)}, and no fact does"
                unknown.add(Example(key=shown(key), seqs=slot.seqs, request=kept.number, why=why))
        is_newest = not required or _fits(slot.kept[-1].look, required[-1].wish.look)
        self.held_count += bool(required) and is_newest
        if not is_newest and not is_behind:
            why = "an older version is there"
            missing.spend(Example(key=shown(key), seqs=(required[-1].fact.seq,), why=why))


def _repeated(stored: list[Kept], own: set[str] | None, allowed: int) -> Iterator[Kept]:
    """Those that were kept once too often: the same own id again, or more than are called for where ids are none."""
    if own is None:
        yield from stored[max(allowed, 1) :]
        return
    seen: set[str] = set()
    for one in stored:
        if one.id in seen:
            yield one
        seen.add(one.id)


def is_somebody(key: Key) -> bool:
    """Whether a key names a person of the log: consent and first orders make people too, whatever is said of them."""
    return key[0] == "person" and key[1].startswith("per_")


def _fits(look: Key, version: Key) -> bool:
    return not look or not version or look == version


def shown(key: Key) -> str:
    """A key for reading."""
    return " ".join(key)
