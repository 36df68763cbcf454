"""How well a delivery uses a platform's rate limits: its time beside that of somebody who knows everything.

The faults are those of servers and networks; a 429 that no window calls for is back-pressure and measured apart.
The clairvoyant knows where the platform's windows begin and meets the same seeded faults. It sends at the first
moment at which the platform has room, as many at once as there is room for, and repeats what failed. Every request
counts in the windows: who sends it cannot tell a request that the network lost from one that was counted.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

from msgspec.structs import replace

from orderwire.delivery.deliver import Delivery
from orderwire.dialects import registry
from orderwire.dialects.contract import Dialect, Profile
from orderwire.ledger import Received, open_ledger
from orderwire.model import Channel, Consent, ConsentState, Person, Record
from orderwire.sandbox.kit import FaultPlan, FixedWindows
from orderwire.sandbox.kit.faults import Fault
from orderwire.sandbox.kit.server import Exchange
from orderwire.sandbox.registry import stand_in
from orderwire.testing.shops import SOURCE, identity, order_of
from orderwire.testing.stage import HOST, Memory, coarse, run_coarsely, settings_of, switch_on
from orderwire.testing.virtual import START, InProcess, VirtualClock, VirtualPlatformClock

_USEFUL = (Fault.NONE, Fault.SLOW)
_FAULTS = (Fault.REFUSED_BEFORE, Fault.FAILED_AFTER, Fault.DROPPED_BEFORE, Fault.DROPPED_AFTER, Fault.TRUNCATED)


def fewest_seconds(
    needed: int,
    windows: Sequence[tuple[int, float]],
    *,
    start: float,
    fault: Callable[[int], Fault],
    spent: Sequence[float] = (),
) -> float:
    """Platform seconds from the first request to the last of `needed` useful answers, at best.

    Args:
        needed: how many requests have to be answered usefully.
        windows: the platform's windows, at most `count` in each whole period of `per` seconds.
        start: the platform second of the first request.
        fault: what happens to the n-th request, from 1.
        spent: the platform seconds of requests before, which the windows have counted.
    """
    room = FixedWindows(*windows)
    for before in spent:
        room.spend(before)
    at, number, done = start, 0, 0
    while done < needed:
        number += 1
        while not (taken := room.spend(at)).is_allowed:
            at += taken.retry_after
        done += fault(number) in _USEFUL
    return at - start


class SingleItems:
    """A dialect whose requests on one route hold one item each, so that many requests need few facts."""

    def __init__(self, dialect: Dialect, route: str) -> None:
        self._dialect = dialect
        self.profile: Profile = replace(
            dialect.profile,
            routes=tuple(replace(one, max_weight=1) if one.name == route else one for one in dialect.profile.routes),
        )

    def __getattr__(self, name: str) -> Any:
        """Everything else is the dialect's own."""
        return getattr(self._dialect, name)


@dataclass(frozen=True, kw_only=True)
class Pace:
    """How fast a delivery was at one family of requests."""

    requests: int
    useful: int
    seconds: float
    fewest: float
    refused: int
    """Requests that the platform's windows refused: our own 429s, not seeded ones."""
    full_windows: float
    """How many whole periods of the binding window the delivery lasted."""
    ratio_since_refused: float | None = None
    """The ratio from the first request on that the platform's windows refused; None where none was."""

    @property
    def ratio(self) -> float:
        """The delivery's time by the shortest possible."""
        return self.seconds / self.fewest


@dataclass(frozen=True, kw_only=True)
class Course:
    """What is measured: a history of `orders` orders, sent one item a request.

    Args:
        platform: which.
        route: the dialect's name of it.
        path, method: which requests are measured; a piece of their path and method, empty for all.
        windows: the stand-in's windows for them.
        orders: how many orders.
        options: the stand-in's options.
        budgets: the destination's windows where they differ from the dialect's; an empty tuple: learn them.
        phase: how far into its windows the platform is when the delivery begins.
        grain: the least step of time.
        latency: seconds each way.
    """

    platform: str
    route: str
    path: str
    windows: tuple[tuple[int, float], ...]
    orders: int
    method: str = "POST"
    seed: int = 1
    fault_share: float = 0.05
    options: Mapping[str, Any] | None = None
    budgets: Mapping[str, tuple[tuple[int, float], ...]] | None = None
    phase: float = 0.0
    grain: float = 0.0
    latency: float = 0.005


def pace_of(course: Course, place: Path) -> Pace:
    """Run a course with its ledger at `place`, and measure it."""
    return run_coarsely(lambda: _run(course, place))


async def _run(course: Course, place: Path) -> Pace:
    coarse(course.grain)
    await asyncio.sleep(course.phase)
    clock = VirtualClock()
    log = Memory()
    platform = stand_in(course.platform)(VirtualPlatformClock(clock), course.options)
    exchange = Exchange(platform, log, _plan(course))
    settings = settings_of(course.platform, budgets=course.budgets or {})
    ledger = open_ledger(place)
    try:
        for first in range(0, course.orders, 1000):
            numbers = range(first, min(course.orders, first + 1000))
            orders = [
                order_of(str(1000 + number), identity(number), START - timedelta(days=400, minutes=-number), pots=0)
                for number in numbers
            ]
            people = [Person(identity=identity(number), first_name="Ana") for number in numbers]
            said_yes = [
                Consent(identity=identity(number), channel=Channel.EMAIL, state=ConsentState.SUBSCRIBED)
                for number in numbers
            ]
            every: list[Record] = [*said_yes, *people, *orders]
            records = [Received(record=one) for one in every]
            ledger.record(records, source=SOURCE, at=START, is_imported=True)
        switch_on(ledger, settings, now=clock.now())
        delivery = Delivery(
            ledger=ledger,
            dialect=cast("Dialect", SingleItems(registry.dialect(course.platform), course.route)),
            settings=settings,
            clock=clock,
            transport=InProcess({HOST: exchange}, latency=course.latency),
            holder="pace",
            ttl=timedelta(days=30),
            opt_outs_every=timedelta(days=30),
            rng=random.Random(course.seed),
        )
        if not delivery.try_lease():
            raise AssertionError("the lease is held")
        await delivery.run(until_idle=True)
    finally:
        ledger.close()
    told = [line for line in log.lines if course.method in line["method"] and course.path in line["path"]]
    return _pace(course, told, exchange.plan)


def _plan(course: Course) -> FaultPlan:
    return FaultPlan(seed=course.seed, rates={fault.value: course.fault_share / len(_FAULTS) for fault in _FAULTS})


def _pace(course: Course, lines: Sequence[dict[str, Any]], plan: FaultPlan) -> Pace:
    start, end = lines[0]["at"], lines[-1]["at"]
    first = lines[0]["n"]
    useful = sum(line["verdict"] == "taken" and Fault(line["fault"]) in _USEFUL for line in lines)
    fewest = fewest_seconds(useful, course.windows, start=start, fault=lambda number: plan.draw(first + number - 1))
    binding = max(course.windows, key=lambda window: window[1] / window[0])
    return Pace(
        requests=len(lines),
        useful=useful,
        seconds=end - start,
        fewest=fewest,
        refused=sum(line["verdict"] == "limited" for line in lines),
        full_windows=(end - start) / binding[1],
        ratio_since_refused=_ratio_since_refused(course, lines, plan),
    )


def _ratio_since_refused(course: Course, lines: Sequence[dict[str, Any]], plan: FaultPlan) -> float | None:
    refused = next((place for place, line in enumerate(lines) if line["verdict"] == "limited"), None)
    if refused is None:
        return None
    since = lines[refused:]
    useful = sum(line["verdict"] == "taken" and Fault(line["fault"]) in _USEFUL for line in since)
    first, start = since[0]["n"], since[0]["at"]
    fewest = fewest_seconds(
        useful,
        course.windows,
        start=start,
        fault=lambda number: plan.draw(first + number - 1),
        spent=[line["at"] for line in lines[:refused]],
    )
    return float((since[-1]["at"] - start) / fewest)
