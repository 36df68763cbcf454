"""Delivery made to suffer: from a seed, a shop, a fault plan, and deaths at any moment; then the books and the facts.

Everything is drawn from the seed and runs in virtual time: the same seed gives the same run.
"""

from __future__ import annotations

import asyncio
import random
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import msgspec

from orderwire.delivery.deliver import Delivery
from orderwire.delivery.settings import DestinationSettings
from orderwire.dialects import registry
from orderwire.ledger import (
    AttemptState,
    Balance,
    Exemption,
    Ledger,
    open_ledger,
)
from orderwire.ledger.values import Disposition, FactFilter
from orderwire.model import Fact, Record
from orderwire.sandbox.checker import Checker, Destination, Log, Report, read_fact
from orderwire.sandbox.checker.registry import platform as expectations
from orderwire.sandbox.checker.table import Standing
from orderwire.sandbox.kit import FaultPlan
from orderwire.sandbox.kit.server import Exchange
from orderwire.sandbox.registry import stand_in
from orderwire.testing.leavers import early_news, leavers, old_days
from orderwire.testing.mortal import Fuse, Killed, MortalLedger, MortalWire
from orderwire.testing.shops import SmallShop, small_shop
from orderwire.testing.stage import Memory, SteppingClock, coarse, record, run_coarsely, settings_of, switch_on
from orderwire.testing.virtual import START, VirtualClock, VirtualPlatformClock

PATIENCE = 72 * 3600.0
"""Virtual seconds after which a delivery counts as stuck."""
MAILABLE = frozenset({Standing.YES, Standing.ASKED})
"""What lets a platform write to somebody."""
_EVERY_ITEM = 1000
"""More items than a fact has."""


class Stuck(Exception):
    """A delivery does not come to an end; the message says what it is busy with."""


@dataclass(frozen=True, kw_only=True)
class Ordeal:
    """What a delivery is put through."""

    seed: int
    platform: str
    deaths: int = 3
    within: int = 60
    """A worker dies within so many effects."""
    fault_share: float = 0.05
    dawdling: float = 0.03
    """Share of requests that are long on their way."""
    steps_clock: bool = True
    has_poison: bool = False
    """Whether the platform refuses everything about one person and one order."""
    has_leavers: bool = False
    """Whether people have left at the platform before, and news of them come before or while that is being read."""
    strangers: int = 0
    """How many others have left there, of whom the shop knows nothing: so long it takes to read who has left."""
    people: int = 8
    orders: int = 24
    news: int = 16

    @classmethod
    def drawn(cls, seed: int, platform: str) -> Ordeal:
        """The ordeal of a seed."""
        rng = random.Random(f"ordeal:{seed}")
        return cls(
            seed=seed,
            platform=platform,
            deaths=rng.randrange(1, 7),
            within=rng.choice((5, 20, 60, 150)),
            fault_share=rng.choice((0.0, 0.02, 0.05, 0.15)),
            dawdling=rng.choice((0.0, 0.05)),
            steps_clock=rng.random() < 0.5,
            has_poison=rng.random() < 0.3,
            people=rng.choice((2, 8, 20)),
            orders=rng.choice((4, 24, 60)),
            news=rng.choice((8, 24)),
            has_leavers=rng.random() < 0.5,
            strangers=rng.choice((0, 0, 300)),
        )


@dataclass(frozen=True, kw_only=True)
class Aftermath:
    """What an ordeal left behind."""

    ordeal: Ordeal
    shop: SmallShop
    facts: tuple[Fact, ...]
    balance: Balance
    exemptions: Mapping[int, Exemption]
    lines: list[dict[str, Any]]
    """The platform's reception log."""
    holdings: dict[str, Any]
    in_doubt: Counter[int]
    """Items of requests whose outcome was never learned, by fact, as the books list them."""
    deaths: int
    """How often a worker was killed in fact."""
    days: float = 0.0

    @property
    def won_back(self) -> list[str]:
        """What the platform came to hold of those who had left there, where it would let them be written to again."""
        if not self.ordeal.has_leavers:
            return []
        left = {leaver.email for leaver in leavers(self.ordeal)}
        return [
            f"{standing} by request {line['n']}"
            for line in self.lines
            if line["verdict"] == "taken"
            for address, standing in expectations(self.ordeal.platform).standings(line)
            if address.lower() in left and standing in MAILABLE
        ]

    @property
    def listed(self) -> Counter[int]:
        """Items, by fact, that the books list as given up or in doubt: these may be missing or there twice.

        What a fact that was given up would have shown of its subject, others were thought not to need to show.
        """
        given_up = {
            seq for seq, one in self.exemptions.items() if one.disposition in (Disposition.DEAD, Disposition.UNKNOWN)
        }
        overtaken = {
            seq
            for seq, one in self.exemptions.items()
            if one.disposition is Disposition.SUPERSEDED and _overtaken_by(one) in given_up
        }
        return self.in_doubt + Counter(dict.fromkeys(given_up | overtaken, _EVERY_ITEM))

    def report(self) -> Report:
        """What the checker finds, which believes neither the books nor the dialect."""
        name = self.ordeal.platform
        log = Log(read_fact(_line(fact)) for fact in self.facts)
        checker = Checker(log, Destination(name=name, platform=name), excused=self.listed)
        return checker.check(lambda: iter(self.lines))


def _overtaken_by(exemption: Exemption) -> int:
    """The fact that a superseded one names."""
    found = re.search(r"fact (\d+)", exemption.reason)
    return int(found[1]) if found else 0


def _line(fact: Fact) -> dict[str, Any]:
    """A fact as the log shows it."""
    line: dict[str, Any] = msgspec.to_builtins(msgspec.structs.replace(fact, body=b""))
    return line | {"body": msgspec.json.decode(fact.body) if fact.body else {}}


@dataclass
class _Scene:
    ordeal: Ordeal
    place: Path
    rng: random.Random
    shop: SmallShop
    exchange: Exchange
    log: Memory
    clock: SteppingClock
    settings: DestinationSettings
    writers: list[asyncio.Future[None]] = field(default_factory=list)
    deaths: int = field(default=0)


def suffer(ordeal: Ordeal, place: Path) -> Aftermath:
    """Put a delivery through an ordeal, with its ledger at `place`, until nothing is left to do."""
    return run_coarsely(lambda: _suffer(ordeal, place))


async def _suffer(ordeal: Ordeal, place: Path) -> Aftermath:
    scene = _scene(ordeal, place)
    ledger = open_ledger(place)
    try:
        half = len(scene.shop.history) // 2
        record(ledger, *scene.shop.history[:half], at=START, is_imported=True)
        if ordeal.has_leavers:
            record(ledger, *old_days(), at=START, is_imported=True)
        switch_on(ledger, scene.settings, now=START)
        scene.writers = [asyncio.ensure_future(_write(scene, scene.shop.history[half:]))]
        if ordeal.has_leavers:
            scene.writers.append(asyncio.ensure_future(_hurry(scene)))
            await asyncio.sleep(0)
        for number in range(ordeal.deaths):
            fuse = Fuse(scene.rng.randrange(1, ordeal.within))
            await _live(scene, fuse, f"worker-{number}", seconds=scene.rng.uniform(1.0, 60.0))
            await asyncio.sleep(scene.rng.choice((0.0, 1.0, 40.0, 600.0)))
        await asyncio.gather(*scene.writers)
        asyncio.get_running_loop().call_later(300.0, coarse, 10.0)
        scene.clock.offset = timedelta()
        await _live(scene, Fuse(None), "worker-last")
        return _aftermath(scene, ledger)
    finally:
        ledger.close()


def _set_clock(scene: _Scene) -> None:
    """Somebody sets the wall clock, forth or back."""
    scene.clock.offset = timedelta(seconds=scene.rng.choice((-7200, -5, 0, 5, 7200)))


def _scene(ordeal: Ordeal, place: Path) -> _Scene:
    log = Memory()
    options: dict[str, Any] = {"reject": ("1002", "c1@mail.test", "c1")} if ordeal.has_poison else {}
    if ordeal.has_leavers:
        options["people"] = [leaver.seed for leaver in leavers(ordeal)]
    platform = stand_in(ordeal.platform)(VirtualPlatformClock(VirtualClock()), options)
    plan = FaultPlan.mixed(ordeal.seed, ordeal.fault_share)
    return _Scene(
        ordeal=ordeal,
        place=place,
        rng=random.Random(f"chaos:{ordeal.seed}"),
        shop=small_shop(ordeal.seed, start=START, people=ordeal.people, orders=ordeal.orders, news=ordeal.news),
        exchange=Exchange(platform, log, plan),
        log=log,
        clock=SteppingClock(),
        settings=settings_of(ordeal.platform),
    )


async def _write(scene: _Scene, history: tuple[Record, ...]) -> None:
    """The shop goes on while its history is being read."""
    ledger = open_ledger(scene.place)
    clock = VirtualClock()
    try:
        for first in range(0, len(history), 10):
            await asyncio.sleep(scene.rng.choice((0.0, 0.3, 2.0)))
            record(ledger, *history[first : first + 10], at=START, is_imported=True)
        for at, one in scene.shop.news:
            await asyncio.sleep(max(0.0, (at - clock.now()).total_seconds()))
            record(ledger, one, at=clock.now(), is_imported=False)
    finally:
        ledger.close()


async def _hurry(scene: _Scene) -> None:
    """News that are there before the first worker is, and those that come while it reads who has left."""
    ledger = open_ledger(scene.place)
    clock = VirtualClock()
    try:
        for place, one in enumerate(early_news()):
            record(ledger, one, at=clock.now(), is_imported=False)
            if place >= 2:
                await asyncio.sleep(scene.rng.choice((0.0, 0.02, 0.1, 0.4)))
    finally:
        ledger.close()


def _where(delivery: Delivery) -> str:
    """What a delivery that does not come to an end is busy with."""
    desk = delivery.desk
    trails = ", ".join(
        f"{stream}: {trail.fetched} read, {trail.cursor} kept" for stream, trail in desk.trails.items()
    )
    return (
        f"facts on their way: {sorted(desk.passages)[:20]}; jobs: {sorted(desk.jobs)}; {trails}; {delivery.progress}"
    )


async def _live(scene: _Scene, fuse: Fuse, name: str, *, seconds: float | None = None) -> None:
    """One worker's life: until it is killed, is told to stop after some seconds, or has nothing left to do."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    timers: list[asyncio.TimerHandle] = []
    if seconds is not None:
        timers.append(loop.call_later(seconds, stop.set))
        if scene.ordeal.steps_clock:
            timers.append(loop.call_later(scene.rng.uniform(0.0, seconds), _set_clock, scene))
    ledger = open_ledger(scene.place)
    mortal = MortalLedger(ledger, fuse)
    delivery = Delivery(
        ledger=cast("Ledger", mortal),
        dialect=registry.dialect(scene.ordeal.platform),
        settings=scene.settings,
        clock=scene.clock,
        transport=MortalWire(scene.exchange, fuse, scene.rng, dawdling=scene.ordeal.dawdling),
        holder=name,
        ttl=timedelta(days=30),
        rng=random.Random(f"{scene.ordeal.seed}:{name}"),
    )
    try:
        if not delivery.try_lease():
            raise AssertionError("the lease of a dead worker was not cleared")
        await asyncio.wait_for(delivery.run(until_idle=seconds is None, stop=stop), PATIENCE)
    except Killed:
        scene.deaths += 1
    except TimeoutError:
        raise Stuck(_where(delivery)) from None
    finally:
        for timer in timers:
            timer.cancel()
        await asyncio.sleep(0.01)
        if mortal.lease is not None:
            ledger.release(mortal.lease)
        ledger.close()


def _aftermath(scene: _Scene, ledger: Ledger) -> Aftermath:
    name = scene.settings.name
    balance = ledger.balance(name)
    unknown = ledger.attempts(name, states=[AttemptState.UNKNOWN])
    found: dict[int, Exemption] = {}
    after = 0
    while page := ledger.exemptions(name, after=after):
        found.update((one.seq, one) for one in page)
        after = page[-1].seq
    return Aftermath(
        ordeal=scene.ordeal,
        shop=scene.shop,
        facts=tuple(ledger.facts(FactFilter())),
        balance=balance,
        exemptions=found,
        lines=scene.log.lines,
        holdings=scene.exchange.stand_in.holdings(),
        in_doubt=Counter(member.seq for one in unknown for member in one.members),
        deaths=scene.deaths,
        days=asyncio.get_running_loop().time() / 86400,
    )
