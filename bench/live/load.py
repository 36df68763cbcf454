"""Orders sent to a tool: at moments of their own whatever the tool does, or as fast as it answers.

Arrivals in open loop are a Poisson stream from a seed: nobody waits for an answer before the next order is sent, as
shoppers do not wait for each other.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import aiohttp

from bench.live.orders import body_of

PATIENCE = 30.0
"""Seconds for an answer."""
WAVE = 16
"""Orders on their way at once where they are sent as fast as the tool answers."""


@dataclass(frozen=True, kw_only=True)
class Door:
    """Where a tool takes orders in."""

    url: str
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass
class Sent:
    """What was sent, by the order's number: when (UNIX seconds), and whether it was acknowledged."""

    at: dict[int, float] = field(default_factory=dict)
    acknowledged: dict[int, float] = field(default_factory=dict)
    """When the 2xx came."""
    turned_away: int = 0
    """Answered otherwise, or not at all: whoever sent it knows, and may send it again."""
    latest: float = 0.0
    """By how many seconds an order left later than its moment, at most."""


def moments(rate: float, seconds: float, seed: int) -> Iterator[float]:
    """Seconds from the start at which orders come in."""
    rng = random.Random(seed)
    at = rng.expovariate(rate)
    while at < seconds:
        yield at
        at += rng.expovariate(rate)


async def arrive(door: Door, sent: Sent, *, first: int, rate: float, seconds: float) -> None:
    """Let orders come in on their own."""
    async with _session(limit=0) as session:
        began = time.time()
        going = set()
        for number, moment in enumerate(moments(rate, seconds, seed=first), first):
            due = began + moment
            if (wait := due - time.time()) > 0:
                await asyncio.sleep(wait)
            sent.latest = max(sent.latest, time.time() - due)
            task = asyncio.ensure_future(_post(session, door, sent, number))
            going.add(task)
            task.add_done_callback(going.discard)
        await asyncio.gather(*going)


async def press(door: Door, sent: Sent, *, first: int, seconds: float) -> None:
    """Send as many as are answered."""
    numbers = iter(range(first, first + 10_000_000))
    until = time.time() + seconds

    async def one_after_the_other(session: aiohttp.ClientSession) -> None:
        while time.time() < until:
            await _post(session, door, sent, next(numbers))

    async with _session(limit=WAVE) as session:
        await asyncio.gather(*(one_after_the_other(session) for _ in range(WAVE)))


async def send(door: Door, sent: Sent, number: int) -> None:
    """Send one order."""
    async with _session(limit=1) as session:
        await _post(session, door, sent, number)


def _session(*, limit: int) -> aiohttp.ClientSession:
    connector = aiohttp.TCPConnector(limit=limit)
    return aiohttp.ClientSession(connector=connector, timeout=aiohttp.ClientTimeout(total=PATIENCE))


async def _post(session: aiohttp.ClientSession, door: Door, sent: Sent, number: int) -> None:
    now = sent.at[number] = time.time()
    headers = {"content-type": "application/json", **door.headers}
    try:
        async with session.post(door.url, data=body_of(number, now), headers=headers) as reply:
            await reply.read()
            status = reply.status
    except (aiohttp.ClientError, TimeoutError):
        status = 0
    if 200 <= status < 300:
        sent.acknowledged[number] = time.time()
    else:
        sent.turned_away += 1
        await asyncio.sleep(0.01)
