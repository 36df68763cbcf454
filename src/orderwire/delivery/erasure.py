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
from orderwire.transport.backoff import backoff

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
            tries = 0
            while not await self._ask(request.budget, recipient):
                tries += 1
                await desk.clock.sleep(backoff(tries, desk.rng))
            self._settle(entry, "requested")
        desk.books.mark(Mark(subject=key, seq=entry.fact.seq, occurred_at=entry.fact.occurred_at))
        await desk.books.flush()

    async def _ask(self, budget_name: str, recipient: Recipient) -> bool:
        """Whether the platform took the request; somebody it does not know counts as forgotten."""
        desk = self._desk
        request = desk.dialect.erase(recipient, desk.settings.account)
        if request is None:
            return True
        budget = desk.budgets[budget_name]
        await budget.acquire(is_live=True)
        try:
            reply = await desk.transport.send(
                desk.dialect.authorize(request, desk.settings.account), desk.settings.account.base_url
            )
        except Unavailable:
            return False
        finally:
            budget.replied()
        return reply.status < 300 or reply.status in (404, 410)

    def _settle(self, entry: Entry, reason: str) -> None:
        desk = self._desk
        desk.settle_unsent(entry.fact.seq, Settled(Disposition.ERASED, reason))
        desk.trails[Stream.LIVE].settle(entry.fact.seq)
