"""What the checker found, as plain values that go to JSON."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

SHOWN = 20
"""How many examples of each fault are kept."""


@dataclass(frozen=True, kw_only=True)
class Example:
    """One finding: the key it goes by, the facts concerned and the request that showed it (0 where none did)."""

    key: str
    seqs: tuple[int, ...] = ()
    request: int = 0
    why: str = ""


@dataclass(frozen=True, kw_only=True)
class Finding:
    """How often one fault was found, with the first examples. `excused` are those the product itself had listed."""

    count: int = 0
    examples: tuple[Example, ...] = ()
    excused: tuple[Example, ...] = ()
    """All of them: each is a fact whose outcome the product said it did not know, or that it gave up."""


@dataclass(frozen=True, kw_only=True)
class Requests:
    """What was asked of the platform. Seconds are the platform's.

    `fewest` is how many requests the same things need when each is filled as far as the platform allows and news
    goes one by one; `minimum_seconds` is how long the platform's windows make those of the history take at the least,
    `history_seconds` how long passed between the first and the last request that brought something of it.
    """

    total: int = 0
    taken: int = 0
    refused: int = 0
    limited: int = 0
    faulted: int = 0
    telling: int = 0
    """Requests that told something and were taken; the rest read or asked after jobs."""
    fewest: int = 0
    minimum_seconds: float = 0.0
    history_seconds: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Report:
    """One destination, checked."""

    destination: str
    platform: str
    facts: int
    expected: int
    held: int
    missing: Finding = field(default_factory=Finding)
    duplicated: Finding = field(default_factory=Finding)
    out_of_order: Finding = field(default_factory=Finding)
    wrong_consent: Finding = field(default_factory=Finding)
    fired_by_history: Finding = field(default_factory=Finding)
    unknown: Finding = field(default_factory=Finding)
    fired_without_quiet_form: int = 0
    """Automations started by history where the platform documents no way to tell it quietly: the user was told."""
    requests: Requests = field(default_factory=Requests)

    @property
    def faults(self) -> dict[str, Finding]:
        """All findings by name."""
        return {name: getattr(self, name) for name in FAULTS}

    @property
    def is_clean(self) -> bool:
        """Whether nothing was found that the product had not listed itself."""
        return not any(finding.count for finding in self.faults.values())

    @property
    def excused_count(self) -> int:
        """How many findings the product had listed itself."""
        return sum(len(finding.excused) for finding in self.faults.values())

    def to_json(self) -> dict[str, Any]:
        """The report as JSON values."""
        return asdict(self) | {"is_clean": self.is_clean}


FAULTS = ("missing", "duplicated", "out_of_order", "wrong_consent", "fired_by_history", "unknown")


class Excuses:
    """How many findings each fact may account for, because the product itself lists it; spent as they are found.

    A fact that was given up, or whose outcome is unknown, may be missing or doubled as often as items of it were in
    doubt. What is in order, explained and permitted does not depend on that: there an excuse is not spent.
    """

    def __init__(self, items_by_seq: Mapping[int, int]) -> None:
        self._left = dict(items_by_seq)

    def covers(self, seqs: Collection[int]) -> bool:
        """Whether all of these facts are listed."""
        return bool(seqs) and all(seq in self._left for seq in seqs)

    def spend(self, seqs: Iterable[int], times: int) -> dict[int, int]:
        """Let these facts account for up to `times` findings; how many each does."""
        spent: dict[int, int] = {}
        for seq in seqs:
            share = min(self._left.get(seq, 0), times - sum(spent.values()))
            if share:
                self._left[seq] -= share
                spent[seq] = share
        return spent


class Findings:
    """Collects examples of one fault; those that the product's own list accounts for are kept apart."""

    def __init__(self, excuses: Excuses) -> None:
        self._excuses = excuses
        self._examples: list[Example] = []
        self._let_pass: list[Example] = []
        self._count = 0

    def add(self, example: Example, times: int = 1) -> None:
        """Note a finding that no excuse is spent on: it passes when all its facts are listed."""
        if self._excuses.covers(example.seqs):
            self._let_pass.append(example)
        else:
            self._note(example, times)

    def spend(self, example: Example, times: int = 1) -> None:
        """Note something missing or doubled, `times` over; its facts account for as much of it as they may."""
        spent = self._excuses.spend(example.seqs, times)
        for seq, share in spent.items():
            self._let_pass.extend([replace(example, seqs=(seq,))] * share)
        seqs = tuple(seq for seq in example.seqs if seq not in spent) or example.seqs
        self._note(replace(example, seqs=seqs), times - sum(spent.values()))

    def close(self) -> Finding:
        """What was collected."""
        return Finding(count=self._count, examples=tuple(self._examples), excused=tuple(self._let_pass))

    def _note(self, example: Example, times: int) -> None:
        self._count += times
        if times and len(self._examples) < SHOWN:
            self._examples.append(example)
