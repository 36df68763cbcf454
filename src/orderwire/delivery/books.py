"""Writing the books of one destination: many small changes, one transaction.

Whoever has something to write stages it and waits for `flush`. All that was staged until the transaction begins goes
into it together (group commit), and the cursors are asked for at that very moment, so that a cursor never passes a
fact whose intent or exemption is not durable with it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping

from orderwire.errors import StoreError
from orderwire.ledger.contract import Ledger
from orderwire.ledger.values import (
    Attempt,
    Changes,
    DestinationState,
    Disposition,
    Exemption,
    Lease,
    Mark,
    Stream,
)

YIELD = 0.002
"""Seconds for which others may go on while another process writes to the ledger."""
MOST_YIELDED = 1.0
"""Seconds after which the turn is waited for in the ledger's own line."""


class Books:
    """The only way in which a delivery writes to the ledger.

    Args:
        ledger: the store.
        lease: the lease in force; asked for at each transaction because it is renewed.
        cursors: the cursors as of now; asked for at each transaction.
    """

    def __init__(
        self, ledger: Ledger, lease: Callable[[], Lease], cursors: Callable[[], Mapping[Stream, int]]
    ) -> None:
        self._ledger = ledger
        self._lease = lease
        self._cursors = cursors
        self._written: dict[Stream, int] = {}
        self._attempts: dict[int, Attempt] = {}
        self._exemptions: dict[int, Exemption] = {}
        self._cleared: set[int] = set()
        self._marks: dict[str, Mark] = {}
        self._state: DestinationState | None = None
        self._flush: asyncio.Future[None] | None = None
        self._failure: StoreError | None = None
        self.transactions = 0

    def attempt(self, attempt: Attempt) -> None:
        """Stage an intent or an outcome."""
        self._attempts[attempt.number] = attempt

    def exempt(self, exemption: Exemption) -> None:
        """Stage a disposition other than plainly accepted."""
        self._cleared.discard(exemption.seq)
        self._exemptions[exemption.seq] = exemption

    def clear(self, seq: int) -> None:
        """Stage the end of an exemption."""
        self._exemptions.pop(seq, None)
        self._cleared.add(seq)

    def is_held(self, stored: Exemption) -> bool:
        """Whether a fact that the store calls held still is, by what is staged and not yet written."""
        staged = self._exemptions.get(stored.seq, stored)
        return staged.disposition is Disposition.HELD and stored.seq not in self._cleared

    def staged_held(self) -> list[int]:
        """Facts that are held by what is staged and not yet written."""
        return [seq for seq, staged in self._exemptions.items() if staged.disposition is Disposition.HELD]

    def mark(self, mark: Mark) -> None:
        """Stage a mark; the newer of two wins."""
        known = self._marks.get(mark.subject)
        if known is None or known.seq <= mark.seq:
            self._marks[mark.subject] = mark

    def staged_mark(self, subject: str) -> Mark | None:
        """A mark that is staged and not yet written."""
        return self._marks.get(subject)

    def state(self, state: DestinationState) -> None:
        """Stage what is remembered of the destination."""
        self._state = state

    async def flush(self) -> None:
        """Make everything staged so far durable.

        Raises:
            LeaseLost, StoreFull, Busy: nothing of it was written.
        """
        await asyncio.shield(self._writing())

    def flush_soon(self) -> None:
        """Have everything staged so far made durable, and go on meanwhile.

        Where that fails, whoever writes next is told.
        """
        self._writing().add_done_callback(_heard)

    def _writing(self) -> asyncio.Future[None]:
        if self._flush is None:
            self._flush = asyncio.ensure_future(self._write_soon())
        return self._flush

    async def _write_soon(self) -> None:
        await asyncio.sleep(0)
        until = time.monotonic() + MOST_YIELDED
        while not self._ledger.is_free() and time.monotonic() < until:
            await asyncio.sleep(YIELD)
        self._flush = None
        self.write()

    def write(self) -> None:
        """Make everything staged durable at once.

        After a failure nothing is written any more: what was staged then is lost to this delivery, and a later
        transaction would carry cursors past it.
        """
        if self._failure is not None:
            raise self._failure
        cursors = {stream: at for stream, at in self._cursors().items() if self._written.get(stream) != at}
        changes = Changes(
            attempts=list(self._attempts.values()),
            exceptions=list(self._exemptions.values()),
            cleared=list(self._cleared),
            marks=list(self._marks.values()),
            cursors=cursors,
            state=self._state,
        )
        if changes.is_empty:
            return
        self._attempts, self._exemptions, self._cleared, self._marks, self._state = {}, {}, set(), {}, None
        try:
            self._ledger.commit(self._lease(), changes)
        except StoreError as error:
            self._failure = error
            raise
        self._written.update(cursors)
        self.transactions += 1


def _heard(writing: asyncio.Future[None]) -> None:
    """A failure is kept for the next writer: it must not be told as one that nobody asked for."""
    if not writing.cancelled():
        writing.exception()
