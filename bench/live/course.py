"""What one tool is put through: as many orders as it takes, orders at a rate, a kill, an outage of the platform.

A course is over when everything that was acknowledged is with the platform, or nothing more arrives.
"""

from __future__ import annotations

import asyncio
import math
import os
import shutil
import signal
import time
from collections.abc import Coroutine
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from msgspec import Struct

from bench.live.entrants import Entrant, Started
from bench.live.figures import Figures, figures_of
from bench.live.load import Sent, arrive, press, send
from bench.live.sink import Sink
from bench.processes import Processes
from orderwire.testing.servers import free_port

LOOK = 0.1
START_SECONDS = 120.0
QUIET = 75.0
"""Seconds in which nothing arrives any more, after which what is missing is lost: more than anybody here rests."""
MOST_SETTLING = 240.0
STEADY, OVERLOAD = "orders at a rate", "at a rate that was too much"
_MEGABYTE = 1024


class Terms(Struct, frozen=True, kw_only=True):
    """How long and how fast, in seconds and orders a second."""

    rate: float = 100.0
    steady: float = 40.0
    press: float = 10.0
    kill: float = 30.0
    kill_at: float = 10.0
    outage: float = 30.0
    around_outage: float = 10.0
    """Before it, and after it."""


QUICK = Terms(steady=10.0, press=4.0, kill=12.0, kill_at=4.0, outage=6.0, around_outage=4.0)


@dataclass
class Track:
    """One tool under measurement."""

    entrant: Entrant
    folder: Path
    sink: Sink
    started: Started = field(init=False)
    processes: Processes = field(init=False)
    _next: int = 1

    def start(self) -> None:
        """Start the tool and wait until an order goes through.

        Raises:
            TimeoutError: none did.
        """
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        self.started = self.entrant.prepare(self.folder, self.sink.url, free_port())
        environment = {**os.environ, "HOME": str(self.folder), "BENCH_KEY": "pk_bench", **self.started.environment}
        self.processes = Processes(environment, self.folder / "said.log")
        self.processes.start(self.started.command)
        asyncio.run(self._until_ready())

    def end(self) -> None:
        """End the tool."""
        if hasattr(self, "processes"):
            self.processes.end(signal.SIGKILL)

    def pressed(self, terms: Terms) -> Figures:
        """As many orders as it answers."""
        sent = Sent()
        return self._measure(
            "as many as it takes", sent, press(self.started.door, sent, first=self._first(), seconds=terms.press)
        )

    def steady(self, terms: Terms, rate: float, *, course: str = STEADY) -> Figures:
        """Orders at a rate."""
        return self._at(rate, course, terms.steady, _nothing())

    def killed(self, terms: Terms, rate: float) -> Figures:
        """Orders at a rate; everything of the tool is killed with SIGKILL and started again at once."""
        return self._at(rate, "kill -9", terms.kill, self._kill(terms.kill_at))

    def outage(self, terms: Terms, rate: float) -> Figures:
        """Orders at a rate; the platform is down for a while."""
        seconds = terms.outage + 2 * terms.around_outage
        return self._at(rate, f"platform down {terms.outage:.0f} s", seconds, self._fail(terms))

    def _at(self, rate: float, course: str, seconds: float, trouble: Coroutine[Any, Any, None]) -> Figures:
        sent = Sent()
        arriving = arrive(self.started.door, sent, first=self._first(), rate=rate, seconds=seconds)
        return self._measure(course, sent, arriving, trouble, offered=rate)

    def _first(self) -> int:
        """Numbers that no other course of this tool uses."""
        self._next += 1_000_000
        return self._next

    def _measure(self, course: str, sent: Sent, *work: Coroutine[Any, Any, None], offered: float = 0.0) -> Figures:
        processes, sink = self.processes, self.sink
        processes.look()
        processes.peak = 0
        cpu, requests = _cpu(processes), sink.arrivals.requests
        asyncio.run(self._watched(sent, *work))
        return figures_of(
            sent,
            sink.arrivals,
            tool=self.entrant.name,
            course=course,
            offered=offered,
            peak_mb=processes.peak // _MEGABYTE,
            cpu=_cpu(processes) - cpu,
            requests=sink.arrivals.requests - requests,
        )

    async def _watched(self, sent: Sent, *work: Coroutine[Any, Any, None]) -> None:
        """Do the work, then wait until all is there or nothing more arrives; look at the processes all the while."""
        working = asyncio.gather(*work)
        while not working.done():
            self.processes.look()
            await asyncio.wait([working], timeout=LOOK)
        working.result()
        over = moved = time.monotonic()
        count = self.sink.arrivals.look()
        while time.monotonic() < over + MOST_SETTLING and time.monotonic() < moved + QUIET:
            if all(number in self.sink.arrivals.at for number in sent.acknowledged):
                return
            await asyncio.sleep(LOOK)
            self.processes.look()
            if (now := self.sink.arrivals.look()) > count:
                count, moved = now, time.monotonic()

    async def _until_ready(self) -> None:
        until = time.monotonic() + START_SECONDS
        while time.monotonic() < until:
            self.processes.look()
            if self.processes.status is not None:
                break
            sent = Sent()
            number = self._first()
            await send(self.started.door, sent, number)
            for _ in range(30 if sent.acknowledged else 0):
                self.sink.arrivals.look()
                if number in self.sink.arrivals.at:
                    return
                await asyncio.sleep(LOOK)
            await asyncio.sleep(LOOK)
        raise TimeoutError(f"{self.entrant.name} passed no order on; see {self.processes.log}")

    async def _kill(self, after: float) -> None:
        await asyncio.sleep(after)
        self.processes.end(signal.SIGKILL)
        self.processes.start(self.started.command)

    async def _fail(self, terms: Terms) -> None:
        await asyncio.sleep(terms.around_outage)
        self.sink.fail(is_down=True)
        await asyncio.sleep(terms.outage)
        self.sink.fail(is_down=False)


def run(entrant: Entrant, folder: Path, terms: Terms) -> list[Figures]:
    """Put a tool through all courses.

    All come at the rate of the terms, but to a tool that does not sustain twice that, at half of what it sustains:
    what it loses then is not what it was behind with. Such a tool gets the rate of the terms at the end.

    Raises:
        TimeoutError, subprocess.SubprocessError: it could not be had, or did not work.
    """
    with Sink(folder / "sink") as sink:
        track = Track(entrant=entrant, folder=folder / entrant.name, sink=sink)
        try:
            track.start()
            found = [track.pressed(terms)]
            rate = min(terms.rate, max(1, math.floor(found[0].rate / 2)))
            found += [track.steady(terms, rate), track.killed(terms, rate), track.outage(terms, rate)]
            if rate < terms.rate:
                found.append(track.steady(terms, terms.rate, course=OVERLOAD))
        finally:
            track.end()
    return found


def _cpu(processes: Processes) -> float:
    """CPU seconds of everything that was ever seen of it."""
    return sum(one.cpu for one in processes.seen.values())


async def _nothing() -> None:
    return None
