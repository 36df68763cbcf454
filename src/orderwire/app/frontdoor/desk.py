"""What the server itself asks of the ledger, beside the event loop: a slow store makes nobody wait who needs none."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import structlog

from orderwire.app.frontdoor.keys import FRESH_FOR, LONGEST, KeyRing
from orderwire.app.talk import frames_of
from orderwire.ledger import AccessKey, StoredLedger

log = structlog.get_logger()
PATIENCE = 5.0
"""Seconds that a call waits for its key to be looked up before it is told to come again."""
_T = TypeVar("_T")


class Desk:
    """A thread with a ledger of its own, opened when it is first needed; it answers one question after the other."""

    def __init__(self, open_ledger: Callable[[], StoredLedger]) -> None:
        self._open = open_ledger
        self._ledger: StoredLedger | None = None
        self._thread = ThreadPoolExecutor(1, "desk")

    async def ask(self, question: Callable[[StoredLedger], _T]) -> _T:
        """The answer to a question.

        Raises:
            StoreError: the ledger cannot be asked.
        """
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._answer, question)

    async def close(self) -> None:
        """Close the ledger after what is being asked; a store that hangs is not waited for."""
        closing = asyncio.get_running_loop().run_in_executor(self._thread, self._close)
        await asyncio.wait([closing], timeout=PATIENCE)
        self._thread.shutdown(wait=False, cancel_futures=True)

    def _answer(self, question: Callable[[StoredLedger], _T]) -> _T:
        if self._ledger is None:
            self._ledger = self._open()
        return question(self._ledger)

    def _close(self) -> None:
        if self._ledger is not None:
            self._ledger.close()


class KeyKeeper:
    """Keeps a ring of keys fresh: looks begin when the last is `FRESH_FOR` seconds old, one at a time.

    Args:
        ring: the ring, which looks nothing up itself.
        desk: who looks.
        also: keys that are in force besides those of the ledger.
    """

    def __init__(self, ring: KeyRing, desk: Desk, *, also: Sequence[AccessKey] = ()) -> None:
        self._ring = ring
        self._desk = desk
        self._also = tuple(also)
        self._look: asyncio.Task[None] | None = None

    async def freshen(self) -> None:
        """Return when the ring may be asked: at once while it is young enough, else after a look or `PATIENCE`."""
        if self._ring.age < FRESH_FOR:
            return
        if self._look is None or self._look.done():
            self._look = asyncio.get_running_loop().create_task(self._look_up())
        if self._ring.age >= LONGEST - (LONGEST - FRESH_FOR) / 2:
            await asyncio.wait([self._look], timeout=PATIENCE)

    async def close(self) -> None:
        """Begin no further look, and let go of the one that is under way."""
        if self._look is not None:
            self._look.cancel()
            await asyncio.wait([self._look])

    async def _look_up(self) -> None:
        moment = self._ring.clock()
        try:
            keys = await self._desk.ask(lambda ledger: ledger.access_keys())
        except Exception as error:  # noqa: BLE001 - whatever it is, calls are told to come again
            log.warning("keys could not be looked up", kind=type(error).__name__, where=frames_of(error))
            return
        self._ring.take([*keys, *self._also], at=moment)
