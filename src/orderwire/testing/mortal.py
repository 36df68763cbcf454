"""A worker that can be killed inside a running process.

What an outside observer can tell apart are only the writes to the ledger and the requests on the wire, so every
moment between two awaits equals the moment before the next of these. A `Fuse` counts them and `Killed` is raised
instead of the one at which it burns out; from then on the dead worker's ledger and network are dead too, so that none
of its clean-up reaches anything. A request that was on its way at that moment arrives or does not, by the toss of a
coin, and may still arrive when the next worker has begun.
"""

from __future__ import annotations

import asyncio
import random
from datetime import timedelta
from typing import Any

from orderwire.dialects.wire import WireReply, WireRequest
from orderwire.errors import Unavailable
from orderwire.ledger import Lease, Ledger
from orderwire.sandbox.kit.server import Exchange
from orderwire.testing.stage import HOST
from orderwire.testing.virtual import InProcess

_READS = frozenset({"head", "entries", "entries_at", "earlier_of", "destination", "cursors", "attempts", "marks"})
_READS_TOO = frozenset(
    {"attempts_beyond", "last_attempt", "exemptions", "facts", "balance", "find_person", "person", "is_free"}
)


class Killed(BaseException):
    """The worker's process ended here, without a word."""


class Fuse:
    """How many more effects a worker lives to see; None for one that is not killed."""

    def __init__(self, effects: int | None) -> None:
        self._left = effects
        self.is_out = False

    def burn(self) -> None:
        """One more effect is about to happen.

        Raises:
            Killed: it does not happen any more.
        """
        if self._left is not None:
            self._left -= 1
            self.is_out = self.is_out or self._left < 0
        if self.is_out:
            raise Killed


class MortalLedger:
    """A ledger that dies with its worker: calls that write burn the fuse, and nothing answers a dead worker."""

    def __init__(self, ledger: Ledger, fuse: Fuse) -> None:
        self._ledger = ledger
        self._fuse = fuse
        self.lease: Lease | None = None

    def acquire(self, destination: str, holder: str, *, ttl: timedelta) -> Lease | None:
        """Take or renew a lease, and remember it for whoever clears up after the worker."""
        self._fuse.burn()
        self.lease = self._ledger.acquire(destination, holder, ttl=ttl)
        return self.lease

    def __getattr__(self, name: str) -> Any:
        """Every other call, as long as the worker lives."""
        if self._fuse.is_out:
            raise Killed
        if name not in _READS | _READS_TOO:
            self._fuse.burn()
        return getattr(self._ledger, name)


class MortalWire(InProcess):
    """The way out of a mortal worker. Some requests dawdle on the way; their worker may be dead when they arrive."""

    def __init__(self, exchange: Exchange, fuse: Fuse, rng: random.Random, *, dawdling: float = 0.0) -> None:
        super().__init__({HOST: exchange})
        self._fuse = fuse
        self._rng = rng
        self._dawdling = dawdling

    async def send(self, request: WireRequest, base_url: str) -> WireReply:
        """Send one request and read the whole reply."""
        self._fuse.burn()
        journey = asyncio.ensure_future(self._travel(request, base_url))
        journey.add_done_callback(_look_away)
        try:
            reply = await asyncio.shield(journey)
        except asyncio.CancelledError:
            if self._rng.random() < 0.5:
                journey.cancel()
            raise
        except Unavailable:
            self._fuse.burn()
            raise
        self._fuse.burn()
        return reply

    async def _travel(self, request: WireRequest, base_url: str) -> WireReply:
        if self._rng.random() < self._dawdling:
            await asyncio.sleep(self._rng.uniform(0.5, 20.0))
        return await super().send(request, base_url)


def _look_away(journey: asyncio.Future[WireReply]) -> None:
    """Whoever sent it may be dead: take note of how the journey ended."""
    if not journey.cancelled():
        journey.exception()
