"""A stage for delivery in virtual time: a ledger, a stand-in with its reception log, and clocks that can be moved."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Coroutine, Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Self, TypeVar, cast
from urllib.parse import urlsplit

from orderwire.delivery.deliver import Delivery
from orderwire.delivery.progress import Progress
from orderwire.delivery.settings import DestinationSettings
from orderwire.dialects import registry
from orderwire.dialects.contract import Account, History
from orderwire.ledger import DestinationState, Ledger, Received, Stream, open_ledger
from orderwire.ledger.values import Changes, FactFilter
from orderwire.model import Fact, Record
from orderwire.sandbox.kit import FaultPlan, ReceptionLog
from orderwire.sandbox.kit.server import Exchange
from orderwire.sandbox.registry import stand_in
from orderwire.testing.shops import SOURCE
from orderwire.testing.virtual import START, InProcess, VirtualClock, VirtualLoop, VirtualPlatformClock

T = TypeVar("T")
HOST = "https://platform.test"


class Memory(ReceptionLog):
    """A reception log that keeps its lines."""

    def __init__(self) -> None:
        super().__init__(None)
        self.lines: list[dict[str, Any]] = []

    def write(self, line: dict[str, Any]) -> None:
        """Append one line."""
        self.lines.append(line)


class SteppingClock(VirtualClock):
    """A worker's clock, whose wall time somebody may set while the pace goes on."""

    def __init__(self, start: datetime = START) -> None:
        super().__init__(start)
        self.offset = timedelta()

    def now(self) -> datetime:
        """The wall clock, UTC-aware."""
        return super().now() + self.offset


class CoarseLoop(VirtualLoop):
    """A virtual loop that jumps at least `grain` seconds at a time, so that an outage of days is short to watch."""

    grain = 0.0

    def _jump(self, seconds: float) -> None:
        super()._jump(max(seconds, self.grain))


def run_coarsely(work: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Run a coroutine to its end in virtual time that may be made coarse."""
    with asyncio.Runner(loop_factory=CoarseLoop) as runner:
        runner.get_loop().set_exception_handler(_told)
        return runner.run(work())


def _told(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Nobody mourns the tasks of a killed worker; everything else is reported as usual."""
    if isinstance(context.get("exception"), Exception | None):
        loop.default_exception_handler(context)


def coarse(grain: float) -> None:
    """Let time pass in steps of at least so many seconds from now on; 0 for as fine as it is."""
    cast("CoarseLoop", asyncio.get_running_loop()).grain = grain


def settings_of(platform: str, name: str | None = None, **changes: Any) -> DestinationSettings:
    """A destination on this host, with the platform's own defaults."""
    profile = registry.dialect(platform).profile
    account = Account(
        key="key-1",
        base_url=(HOST if name is None else f"https://{name}.test") + urlsplit(profile.base_url).path,
        account_id="123",
        options={option.name: option.default for option in profile.options},
    )
    given: dict[str, Any] = {"name": name or platform, "platform": platform, "account": account}
    return DestinationSettings(**(given | changes))


def switch_on(ledger: Ledger, settings: DestinationSettings, *, now: datetime) -> None:
    """Begin a destination at the head, with every warning about automations acknowledged."""
    profile = registry.dialect(settings.platform).profile
    head = ledger.head()
    state = DestinationState(
        name=settings.name,
        switched_on_at=now,
        switched_on_seq=head,
        is_adopted=True,
        acknowledged=tuple(route.name for route in profile.routes if route.history is History.MAY_FIRE),
    )
    ledger.administer(settings.name, Changes(state=state, cursors={Stream.LIVE: head}))


def record(ledger: Ledger, *records: Record, at: datetime, is_imported: bool) -> None:
    """Put records of the shop into the ledger."""
    ledger.record([Received(record=one) for one in records], source=SOURCE, at=at, is_imported=is_imported)


class Stage:
    """One destination with everything around it; use it inside a coroutine of a virtual loop.

    Args:
        platform: which stand-in.
        place: where the ledger is, or comes to be.
        options: the stand-in's options.
        plan: what goes wrong on the wire.
        name: the destination's name, where there are several.
        settings: the destination's settings where they differ from the defaults.
    """

    def __init__(
        self,
        platform: str,
        place: str | Path,
        *,
        options: Mapping[str, Any] | None = None,
        plan: FaultPlan | None = None,
        name: str | None = None,
        **settings: Any,
    ) -> None:
        self.platform = platform
        self.ledger = open_ledger(place)
        self.clock = SteppingClock()
        self.log = Memory()
        made = stand_in(platform)(VirtualPlatformClock(VirtualClock()), options or {})
        self.plan = plan or FaultPlan()
        self.exchange = Exchange(made, self.log, self.plan)
        self.settings = settings_of(platform, name, **settings)
        self._lives = 0

    def __enter__(self) -> Self:
        """Nothing to open."""
        return self

    def __exit__(self, *_error: object) -> None:
        """Close the ledger."""
        self.ledger.close()

    def switch_on(self) -> None:
        """Begin the destination at the head, every warning acknowledged."""
        switch_on(self.ledger, self.settings, now=self.clock.now())

    def record(self, *records: Record, is_imported: bool = False) -> None:
        """The shop's source tells these."""
        record(self.ledger, *records, at=self.clock.now(), is_imported=is_imported)

    def delivery(self, **more: Any) -> Delivery:
        """A worker, with the lease in hand."""
        self._lives += 1
        base = urlsplit(self.settings.account.base_url)
        given: dict[str, Any] = {
            "ttl": timedelta(days=30),
            "rng": random.Random(self._lives),
            "transport": InProcess({f"{base.scheme}://{base.netloc}": self.exchange}),
        }
        made = Delivery(
            ledger=self.ledger,
            dialect=registry.dialect(self.platform),
            settings=self.settings,
            clock=self.clock,
            holder=f"worker-{self._lives}",
            **(given | more),
        )
        if not made.try_lease():
            raise AssertionError("another worker holds the lease")
        return made

    async def deliver(self, *, seconds: float | None = None, **more: Any) -> Progress:
        """Deliver until nothing is left to do, or for so many seconds."""
        stop = asyncio.Event()
        if seconds is not None:
            asyncio.get_running_loop().call_later(seconds, stop.set)
        return await self.delivery(**more).run(until_idle=seconds is None, stop=stop)

    def kept(self, kind: str | None = None) -> Iterator[dict[str, Any]]:
        """What the platform took, in order; of one type if asked."""
        for line in self.log.lines:
            yield from (one for one in line["kept"] if kind in (None, one["type"]))

    def fired(self) -> list[dict[str, Any]]:
        """The automations that would have started."""
        return [one for line in self.log.lines for one in line["fired"]]

    def facts(self) -> list[Fact]:
        """The whole log."""
        return list(self.ledger.facts(FactFilter()))

    def faults(self) -> tuple[str, ...]:
        """What is wrong with the books."""
        return self.ledger.balance(self.settings.name).faults
