"""What a running sync knows of its sources and destinations, put together from the lines of its workers."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field

from msgspec import Struct

from orderwire.app.bootstrap import Shop
from orderwire.app.ingest import IngestProgress
from orderwire.app.running.roles import Delivering, Estimated, Line, Reading
from orderwire.delivery.desk import HISTORY_STREAMS
from orderwire.delivery.progress import Progress
from orderwire.model import family_of

RATE_SPAN = 15.0
"""Seconds over which the rate of requests is taken."""


class Standing(Struct, kw_only=True):
    """How far a destination is in this run. `total` counts facts, known to be left when it began and new since."""

    destination: str
    done: int = 0
    total: int = 0
    accepted: int = 0
    dead: int = 0
    requests: int = 0
    refusals: int = 0
    """Answers of 429."""
    failures: int = 0
    waiting: int = 0
    rate: float = 0.0
    """Requests a second, lately."""
    seconds_left: float | None = None
    """At the account's limits; None until it has been estimated."""
    phase: str = ""
    blocked: str = ""
    is_out_of_reach: bool = False


@dataclass
class _Counted:
    """One destination's lines: the last of each run of a worker, and what was known when it began."""

    pending: int
    head: int
    runs: dict[int, Progress] = field(default_factory=dict)
    last: Progress | None = None
    estimate: Estimated | None = None
    basis: int | None = None
    """Facts that were left when the estimate began."""
    samples: deque[tuple[float, int]] = field(default_factory=deque)


class Board:
    """The standing of every source and destination."""

    def __init__(self) -> None:
        self.sources: dict[str, IngestProgress] = {}
        self.out_of_reach: set[str] = set()
        """Sources that were not reached."""
        self._counted: dict[str, _Counted] = {}

    def expect(self, pending: Mapping[str, int], *, head: int) -> None:
        """Begin with so many facts left to do for each destination."""
        self._counted = {name: _Counted(count, head) for name, count in pending.items()}

    def begin_estimate(self) -> None:
        """What is left now is what is being estimated."""
        for name, counted in self._counted.items():
            standing = self._standing(name, counted)
            counted.basis = standing.total - standing.done

    def hear(self, run: int, line: Line) -> None:
        """Take a worker's line."""
        match line:
            case Reading():
                name = line.progress.source
                self.sources[name] = line.progress
                (self.out_of_reach.add if line.is_out_of_reach else self.out_of_reach.discard)(name)
            case Delivering():
                if counted := self._counted.get(line.progress.destination):
                    counted.runs[run] = counted.last = line.progress
            case Estimated():
                if counted := self._counted.get(line.destination):
                    counted.estimate = line

    def standings(self) -> list[Standing]:
        """Where every destination stands now."""
        return [self._standing(name, counted) for name, counted in self._counted.items()]

    def _standing(self, name: str, counted: _Counted) -> Standing:
        last = counted.last
        if last is None:
            return Standing(destination=name, total=counted.pending, phase="starting")
        runs = counted.runs.values()
        standing = Standing(
            destination=name,
            total=counted.pending + max(0, last.head - counted.head),
            accepted=sum(run.accepted for run in runs),
            dead=sum(run.dead for run in runs),
            requests=sum(run.requests for run in runs),
            refusals=sum(run.refusals for run in runs),
            failures=sum(run.failures for run in runs),
            waiting=last.waiting,
            phase=last.phase,
            blocked=last.blocked,
            is_out_of_reach=last.is_out_of_reach,
        )
        done = standing.accepted + standing.dead + sum(run.settled_unsent for run in runs)
        standing.total = max(standing.total, done)
        standing.done = done
        standing.rate = _rate(counted.samples, standing.requests)
        if counted.estimate is not None and counted.estimate.facts:
            basis = counted.pending if counted.basis is None else counted.basis
            left = min(1.0, (standing.total - done) / max(1, basis))
            standing.seconds_left = counted.estimate.seconds * left
        return standing


def pending_of(shop: Shop, name: str) -> int:
    """How many facts the history cursors of a destination have not passed."""
    cursors = shop.ledger.cursors(name)
    count = 0
    for stream, family in HISTORY_STREAMS.items():
        kinds = shop.ledger.count_facts(after=cursors.get(stream, 0))
        count += sum(number for (kind, _), number in kinds.items() if family_of(kind) is family)
    return count


def _rate(samples: deque[tuple[float, int]], requests: int) -> float:
    now = time.monotonic()
    samples.append((now, requests))
    while now - samples[0][0] > RATE_SPAN:
        samples.popleft()
    span = now - samples[0][0]
    return (requests - samples[0][1]) / span if span > 0 else 0.0
