"""Calls from a room that waits into a room that does not: one request, one reply, over the usual transport."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Coroutine
from concurrent.futures import Future
from datetime import UTC, datetime
from typing import Any, Protocol, TypeVar

from orderwire.dialects.wire import WireReply, WireRequest
from orderwire.transport.http import HttpTransport
from orderwire.transport.port import Transport

T = TypeVar("T")


class Caller(Protocol):
    """The way out, one request at a time."""

    def send(self, request: WireRequest, base_url: str) -> WireReply:
        """Send one request and wait for the whole reply.

        Raises:
            Unavailable: no complete reply came.
        """
        ...

    def close(self) -> None:
        """Close what was opened."""
        ...


class Clock(Protocol):
    """How a source lets time pass."""

    def tick(self) -> float:
        """Seconds since some fixed moment; never goes back."""
        ...

    def sleep(self, seconds: float) -> None:
        """Let so many seconds pass."""
        ...

    def now(self) -> datetime:
        """The moment it is, in UTC."""
        ...


class SystemClock:
    """The machine's clock."""

    def tick(self) -> float:
        """Seconds since the machine started."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)

    def now(self) -> datetime:
        """The moment it is, in UTC."""
        return datetime.now(UTC)


class TransportCaller:
    """Calls over a transport that lives on an event loop in a thread of its own, begun with the first request.

    A source is read by whoever has time for it, often inside a running loop, where a second one cannot run.
    """

    def __init__(self, transport: Transport | None = None) -> None:
        self._transport = transport or HttpTransport(connections=4)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    def send(self, request: WireRequest, base_url: str) -> WireReply:
        """Send one request and wait for the whole reply."""
        return self._await(self._running(), self._transport.send(request, base_url))

    def close(self) -> None:
        """Close the connections and end the thread."""
        if self._loop is None or self._thread is None:
            return
        self._await(self._loop, self._transport.__aexit__(None, None, None))
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
        self._loop = None

    def _running(self) -> asyncio.AbstractEventLoop:
        if self._loop is None:
            self._loop = asyncio.new_event_loop()
            self._thread = threading.Thread(target=self._loop.run_forever, name="source", daemon=True)
            self._thread.start()
            self._await(self._loop, self._transport.__aenter__())
        return self._loop

    def _await(self, loop: asyncio.AbstractEventLoop, work: Coroutine[Any, Any, T]) -> T:
        waiting: Future[T] = asyncio.run_coroutine_threadsafe(work, loop)
        return waiting.result()
