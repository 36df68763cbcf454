"""Asking a destination to forget a person, ahead of all else (Law 14)."""

from __future__ import annotations

import asyncio
from collections import deque

from orderwire.delivery.decide import Settled, person_key
from orderwire.delivery.desk import Desk
from orderwire.delivery.feeds import POLL
from orderwire.dialects.contract import Recipient
from orderwire.errors import Unavailable
from orderwire.ledger.values import Disposition, Entry, Mark, Stream
from orderwire.transport.backoff import backoff, seconds_of

BY_HAND = "not offered there: by hand"


class Eraser:
    """Executes `person.forgotten` facts at one destination, each until the platform has taken the request.

    What is needed to name the person there is the pinned identifiers of their mark, the last place that holds them;
    they are blanked with the fact's disposition.
    """

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._waiting: deque[Entry] = desk.to_forget

    async def run(self) -> None:
        """Execute until cancelled."""
        while True:
            while self._waiting:
                await self._forget(self._waiting[0])
                self._waiting.popleft()
            await asyncio.sleep(POLL)

    async def _forget(self, entry: Entry) -> None:
        desk = self._desk
        person = entry.fact.person
        if person is None:
            self._settle(entry, "nobody")
            return
        key = person_key(person)
        mark = desk.ledger.marks(desk.settings.name, [key]).get(key)
        if mark is None or not (mark.email or mark.phone or mark.external_id):
            self._settle(entry, "nothing of theirs was sent there")
            return
        recipient = Recipient(
            person=person, email=mark.email, phone=mark.phone, external_id=mark.external_id, is_known_there=True
        )
        request = desk.dialect.erase(recipient, desk.settings.account)
        if request is None:
            self._settle(entry, BY_HAND)
        else:
            self._settle(entry, await self._insist(recipient))
        desk.books.mark(Mark(subject=key, seq=entry.fact.seq, occurred_at=entry.fact.occurred_at))
        await desk.books.flush()

    async def _insist(self, recipient: Recipient) -> str:
        """Ask until the platform answers for good; returns how it ended."""
        desk = self._desk
        tries = 0
        while True:
            status, retry_after = await self._ask(recipient)
            if status is not None and (status < 300 or status in (404, 410)):
                return "requested"
            tries += 1
            wait = backoff(tries, desk.rng)
            if status in (401, 403):
                desk.remember(paused_reason="the key is refused")
                desk.progress.blocked = desk.state.paused_reason
            elif status is not None and 400 <= status < 500 and status not in (408, 429):
                return f"refused there ({status}): by hand"
            await desk.clock.sleep(max(wait, retry_after or 0.0))

    async def _ask(self, recipient: Recipient) -> tuple[int | None, float | None]:
        """The platform's status and the wait it asks for; no status when no answer came."""
        desk = self._desk
        request = desk.dialect.erase(recipient, desk.settings.account)
        if request is None:
            return 404, None
        try:
            reply = await desk.ask(request, is_live=True)
        except Unavailable:
            return None, None
        return reply.status, seconds_of(reply.headers.get("retry-after"))

    def _settle(self, entry: Entry, reason: str) -> None:
        desk = self._desk
        desk.settle_unsent(entry.fact.seq, Settled(Disposition.ERASED, reason))
        desk.trails[Stream.LIVE].settle(entry.fact.seq)
