"""What the checker found, as plain values that go to JSON."""

from __future__ import annotations

from collections.abc import Mapping
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
    goes one by one; `minimum_seconds` is how long the platform's windows make these take, `history_seconds` how long
    passed between the first and the last request that brought something of the history.
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


class Findings:
    """Collects examples of one fault; those all of whose facts are excused are kept apart."""

    def __init__(self, excused: frozenset[int]) -> None:
        self._excused = excused
        self._examples: list[Example] = []
        self._let_pass: list[Example] = []
        self._count = 0

    def add(self, example: Example, times: int = 1) -> None:
        """Note a finding, `times` over."""
        if example.seqs and self._excused.issuperset(example.seqs):
            self._let_pass.extend([example] * times)
        elif times:
            self._count += times
            self._examples.extend([example] if len(self._examples) < SHOWN else [])

    def share(self, example: Example, times: int, weights: Mapping[int, int]) -> None:
        """Note a finding about several facts, each of which can account for so many times of it."""
        excused = tuple(seq for seq in weights if seq in self._excused)
        if len(excused) == len(weights):
            self.add(example, times)
            return
        let_pass = min(times, sum(weights[seq] for seq in excused))
        if let_pass:
            self.add(replace(example, seqs=excused), let_pass)
        self.add(replace(example, seqs=tuple(seq for seq in weights if seq not in excused)), times - let_pass)

    def close(self) -> Finding:
        """What was collected."""
        return Finding(count=self._count, examples=tuple(self._examples), excused=tuple(self._let_pass))
