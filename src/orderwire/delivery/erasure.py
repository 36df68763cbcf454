"""Asking a destination to forget a person, ahead of all else (Law 14).

A platform may hold a person under several identifiers, each a profile of its own, and under those of people who were
joined into them. What it was told is known from the pinned identifiers of their marks, the last place that holds
them. Each call is carried out until the platform has answered for good; then the identifiers that it went by are
blanked and the outcome is written down, in one transaction. So a crash repeats at most the call that was under way.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence

import msgspec

from orderwire.delivery.decide import Settled, person_key
from orderwire.delivery.desk import Desk
from orderwire.delivery.feeds import POLL
from orderwire.dialects.contract import Erasure, Recipient
from orderwire.dialects.wire import WireReply, WireRequest
from orderwire.errors import Unavailable
from orderwire.ledger.values import Disposition, Entry, Mark, Stream
from orderwire.transport.backoff import backoff, seconds_of

BY_HAND = "not offered there: by hand"
NOTHING_SENT = "nothing of theirs was sent there"
_BETWEEN = "; "
_NAMES = {"email": "e-mail", "phone": "phone", "external_id": "the shop's id"}


class Eraser:
    """Executes `person.forgotten` facts at one destination, one after the other."""

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
            self._settle(entry, ["nobody"])
            return
        outcomes = self._told_before(entry)
        marks = self._pinned(person)
        for mark in marks:
            await self._forget_one(entry, mark, person, outcomes)
        for mark in marks:
            desk.books.mark(_blank(mark, ("email", "phone", "external_id")))
        self._settle(entry, outcomes or [NOTHING_SENT])
        await desk.books.flush()

    async def _forget_one(self, entry: Entry, mark: Mark, person: int, outcomes: list[str]) -> None:
        """Carry out every call about one person of those who were joined, and write down how each ended."""
        desk = self._desk
        recipient = Recipient(
            person=person, email=mark.email, phone=mark.phone, external_id=mark.external_id, is_known_there=True
        )
        calls = desk.dialect.erase(recipient, desk.settings.account)
        if not calls:
            outcomes.append(BY_HAND)
        for call in calls:
            outcomes.extend(await self._carry_out(recipient, call))
            mark = _blank(mark, call.by)
            desk.books.mark(mark)
            desk.exempt(entry.fact.seq, Disposition.PENDING, _joined(outcomes))
            await desk.books.flush()

    async def _carry_out(self, recipient: Recipient, call: Erasure) -> list[str]:
        """Make a call until it is answered, then those that its answer leads to; returns how each ended."""
        by = " and ".join(_NAMES[name] for name in call.by)
        reply = await self._insist(call.request)
        if reply.status in (404, 410):
            return [f"nothing there by {by}"]
        if reply.status >= 300:
            return [f"refused by {by} ({reply.status}): by hand"]
        if not call.is_search:
            return [f"requested by {by}"]
        found = self._desk.dialect.erase_found(recipient, call, reply)
        if found is None:
            return [f"no readable answer by {by}: by hand"]
        outcomes = [outcome for one in found for outcome in await self._carry_out(recipient, one)]
        return outcomes or [f"nothing of theirs alone by {by}"]

    async def _insist(self, request: WireRequest) -> WireReply:
        """Ask until the platform answers for good."""
        desk = self._desk
        tries = 0
        while True:
            retry_after = None
            try:
                reply = await desk.ask(request, is_live=True)
            except Unavailable:
                reply = None
            if reply is not None:
                if reply.status in (401, 403):
                    desk.remember(paused_reason="the key is refused")
                    desk.progress.blocked = desk.state.paused_reason
                elif reply.status < 300 or (400 <= reply.status < 500 and reply.status not in (408, 429)):
                    return reply
                retry_after = seconds_of(reply.headers.get("retry-after"))
            tries += 1
            await desk.clock.sleep(max(backoff(tries, desk.rng), retry_after or 0.0))

    def _pinned(self, person: int) -> list[Mark]:
        """The marks that still hold identifiers: of the person, and of those joined into them."""
        desk = self._desk
        keys = [person_key(number) for number in (person, *desk.ledger.person(person).merged)]
        marks = desk.ledger.marks(desk.settings.name, keys)
        return [mark for key in keys if (mark := marks.get(key)) and (mark.email or mark.phone or mark.external_id)]

    def _told_before(self, entry: Entry) -> list[str]:
        """How the calls ended that were made before a crash."""
        pending = [Disposition.PENDING]
        seqs = [entry.fact.seq]
        found = self._desk.ledger.exemptions(self._desk.settings.name, dispositions=pending, seqs=seqs, limit=1)
        return [part for one in found if one.reason for part in one.reason.split(_BETWEEN)]

    def _settle(self, entry: Entry, outcomes: Sequence[str]) -> None:
        desk = self._desk
        desk.settle_unsent(entry.fact.seq, Settled(Disposition.ERASED, _joined(outcomes)))
        desk.trails[Stream.LIVE].settle(entry.fact.seq)


def _joined(outcomes: Sequence[str]) -> str:
    return _BETWEEN.join(dict.fromkeys(outcomes))


def _blank(mark: Mark, names: Sequence[str]) -> Mark:
    return msgspec.structs.replace(mark, **dict.fromkeys(names))
