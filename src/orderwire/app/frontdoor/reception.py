"""Calls from many clients at once: one writer that commits them in groups, and readers beside it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from queue import SimpleQueue
from typing import NamedTuple

import structlog

from orderwire.app.frontdoor.clerk import Admitted, Clerk, come_again, prepare
from orderwire.app.talk import frames_of
from orderwire.dialects.doorway import Refused, Reply, Work
from orderwire.errors import Busy, StoreFull
from orderwire.ledger import StoredLedger

log = structlog.get_logger()
MOST_TOGETHER = 512
"""Calls that are committed together at most."""
MOST_WAITING = 5_000
"""Calls that may wait for the writer; more are told to come again."""
MOST_BYTES = 128_000_000
"""How many bytes their bodies may have together."""
READERS = 2


class _Waiting(NamedTuple):
    admitted: Admitted
    answered: asyncio.Future[Reply]


class Reception:
    """The front door's staff in one process. `open_ledger` gives each of them a ledger of their own."""

    def __init__(self, open_ledger: Callable[[], StoredLedger]) -> None:
        self._open = open_ledger
        self._queue: SimpleQueue[_Waiting | None] = SimpleQueue()
        self._loop = asyncio.get_running_loop()
        self._waiting = 0
        self._bytes = 0
        self._is_closed = False
        self._is_full = False
        self._own = threading.local()
        self._opened: list[StoredLedger] = []
        self._readers = ThreadPoolExecutor(READERS, "reader")
        self._writer = threading.Thread(target=self._write, name="writer", daemon=True)
        self._writer.start()
        self.commits = 0
        """Transactions so far; each is one flush to the disk."""
        self.written = 0
        """Calls committed in them."""

    @property
    def waiting(self) -> int:
        """Calls that wait for the writer."""
        return self._waiting

    async def serve(self, admitted: Admitted) -> Reply:
        """Answer a call; what it adds is durable before this returns."""
        if self._is_closed:
            return come_again(admitted)
        try:
            if admitted.endpoint.work is Work.READS:
                return await self._loop.run_in_executor(self._readers, self._look, admitted)
            early = prepare(admitted)
            return early if early is not None else await self._in_line(admitted)
        except Busy:
            log.error("the store cannot be asked", endpoint=_name(admitted))
            return come_again(admitted)
        except Exception as error:  # noqa: BLE001 - a fault of ours is the platform's own 500 to the client
            log.error("call failed", endpoint=_name(admitted), kind=type(error).__name__, where=frames_of(error))
            return admitted.door.refuse(admitted.call, Refused.BROKEN)

    async def takes(self) -> bool:
        """Whether the store takes something; one that had no room is tried again."""
        if self._is_full:
            self._is_full = not await self._loop.run_in_executor(self._readers, self._try_room)
        return not self._is_full

    async def close(self) -> None:
        """Finish what is in line, then close the ledgers; who comes now is told to come again."""
        self._is_closed = True
        self._queue.put(None)
        await self._loop.run_in_executor(None, self._writer.join)
        self._readers.shutdown(wait=True)
        for ledger in self._opened:
            ledger.close()

    async def _in_line(self, admitted: Admitted) -> Reply:
        size = len(admitted.call.body)
        if self._waiting >= MOST_WAITING or self._bytes + size > MOST_BYTES:
            return come_again(admitted)
        answered: asyncio.Future[Reply] = self._loop.create_future()
        self._waiting += 1
        self._bytes += size
        self._queue.put(_Waiting(admitted, answered))
        try:
            return await answered
        finally:
            self._waiting -= 1
            self._bytes -= size

    def _clerk(self) -> Clerk:
        """The clerk of this thread."""
        clerk: Clerk | None = getattr(self._own, "clerk", None)
        if clerk is None:
            ledger = self._open()
            self._opened.append(ledger)
            clerk = self._own.clerk = Clerk(ledger)
        return clerk

    def _look(self, admitted: Admitted) -> Reply:
        return self._clerk().look(admitted)

    def _try_room(self) -> bool:
        return self._clerk().try_room()

    def _write(self) -> None:
        """Commit what has come together since the last commit, until told to stop."""
        while (first := self._queue.get()) is not None:
            batch = [first]
            is_last = False
            while len(batch) < MOST_TOGETHER and not self._queue.empty():
                later = self._queue.get()
                if later is None:
                    is_last = True
                    break
                batch.append(later)
            self._loop.call_soon_threadsafe(_hand_out, batch, self._replies([one.admitted for one in batch]))
            if is_last:
                return

    def _replies(self, batch: Sequence[Admitted]) -> list[Reply]:
        """The replies of a committed batch; a fault in one call is found by committing each for itself."""
        self.commits += 1
        self.written += len(batch)
        try:
            clerk = self._clerk()
            replies = clerk.write(batch)
            self._is_full = clerk.is_full
            return replies
        except (Busy, StoreFull) as error:
            log.error("the store cannot be opened", reason=type(error).__name__)
            return [come_again(one) for one in batch]
        except Exception as error:  # noqa: BLE001 - whatever it is, the other calls are to be kept
            if len(batch) > 1:
                return [reply for one in batch for reply in self._replies([one])]
            [one] = batch
            log.error("call failed", endpoint=_name(one), kind=type(error).__name__, where=frames_of(error))
            return [one.door.refuse(one.call, Refused.BROKEN)]


def _hand_out(batch: Sequence[_Waiting], replies: Sequence[Reply]) -> None:
    for waiting, reply in zip(batch, replies, strict=True):
        if not waiting.answered.done():
            waiting.answered.set_result(reply)


def _name(admitted: Admitted) -> str:
    return f"{admitted.door.name} {admitted.endpoint.method} {admitted.endpoint.path}"
