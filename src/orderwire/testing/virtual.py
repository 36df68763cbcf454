"""Time that passes only when everybody waits: a week of delivery in seconds, the same every time.

`VirtualLoop` is an event loop whose clock jumps to the next timer whenever nothing is ready. `VirtualClock` is the
delivery's clock over it, and `InProcess` a transport that carries requests to stand-ins in this process, with a
latency in virtual time, through the same faults and limits as over HTTP.
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable, Coroutine, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from types import TracebackType
from typing import Any, Self, TypeVar
from urllib.parse import parse_qsl, urlsplit

from orderwire.dialects.wire import WireReply, WireRequest
from orderwire.errors import Unavailable
from orderwire.sandbox.kit.clock import PlatformClock
from orderwire.sandbox.kit.faults import Fault, FaultPlan
from orderwire.sandbox.kit.log import ReceptionLog
from orderwire.sandbox.kit.server import Exchange, StandIn

T = TypeVar("T")
START = datetime(2026, 1, 5, 12, 0, 7, tzinfo=UTC)


class _JumpingSelector(selectors.DefaultSelector):
    """A selector that never waits: it tells the loop how far to jump instead."""

    def __init__(self) -> None:
        super().__init__()
        self.jump: Callable[[float], None] = lambda _seconds: None

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Events that are ready; when there are none, time jumps by `timeout`."""
        ready = super().select(0)
        if not ready and timeout:
            self.jump(timeout)
        return ready


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop with a clock of its own, in seconds since its start."""

    def __init__(self) -> None:
        selector = _JumpingSelector()
        super().__init__(selector)
        self._virtual = 0.0
        selector.jump = self._jump

    def _jump(self, seconds: float) -> None:
        self._virtual += seconds

    def time(self) -> float:
        """Seconds since the loop was made."""
        return self._virtual


def run(work: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Run a coroutine to its end in virtual time."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(work())


class VirtualClock:
    """The delivery's clock over the running loop's time; wall and pace are the same."""

    def __init__(self, start: datetime = START) -> None:
        self.start = start

    def now(self) -> datetime:
        """The wall clock, UTC-aware."""
        return self.start + timedelta(seconds=asyncio.get_running_loop().time())

    def tick(self) -> float:
        """Seconds since the loop was made."""
        return asyncio.get_running_loop().time()

    async def sleep(self, seconds: float) -> None:
        """Let so many seconds pass."""
        await asyncio.sleep(max(0.0, seconds))


class VirtualPlatformClock(PlatformClock):
    """A stand-in's clock over the running loop's time."""

    def __init__(self, clock: VirtualClock) -> None:
        super().__init__(1.0)
        self._clock = clock

    def seconds(self) -> float:
        """Platform time as UNIX seconds."""
        return self._clock.now().timestamp()


class InProcess:
    """Carries requests to stand-ins without a network.

    Args:
        exchanges: stand-ins with their logs and fault plans, by the scheme-and-host part of a base URL.
        latency: seconds each way, virtual.
    """

    def __init__(self, exchanges: Mapping[str, Exchange], *, latency: float = 0.02) -> None:
        self._exchanges = exchanges
        self._latency = latency

    async def __aenter__(self) -> Self:
        """Nothing to open."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Nothing to close."""

    async def send(self, request: WireRequest, base_url: str) -> WireReply:
        """Send one request and read the whole reply."""
        parts = urlsplit(base_url)
        exchange = self._exchanges[f"{parts.scheme}://{parts.netloc}"]
        path, _, query = (parts.path.rstrip("/") + request.path).partition("?")
        await asyncio.sleep(self._latency)
        taken = exchange.receive(
            method=request.method,
            path=path,
            query=dict(parse_qsl(query, keep_blank_values=True)),
            headers={name.lower(): value for name, value in request.headers},
            body=request.body,
        )
        if taken.fault is Fault.SLOW:
            await asyncio.sleep(exchange.plan.slow_seconds)
        await asyncio.sleep(self._latency)
        if taken.closes or (taken.fault is Fault.TRUNCATED and taken.payload):
            raise Unavailable("read", may_have_arrived=True)
        date = format_datetime(exchange.stand_in.clock.now(), usegmt=True)
        headers = {"date": date} | {name.lower(): value for name, value in taken.headers.items()}
        return WireReply(status=taken.answer.status, headers=headers, body=taken.payload)


def exchange_of(
    kind: type[StandIn],
    clock: VirtualClock,
    *,
    plan: FaultPlan | None = None,
    options: Mapping[str, Any] | None = None,
) -> Exchange:
    """A stand-in on virtual time, with an in-memory reception log."""
    stand_in = kind(VirtualPlatformClock(clock), options)
    return Exchange(stand_in, ReceptionLog(None), plan or FaultPlan())
