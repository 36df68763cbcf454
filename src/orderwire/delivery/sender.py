"""Sending parcels: permit, durable intent, request, reply."""

from __future__ import annotations

import hashlib

import msgspec

from orderwire.delivery.attempts import attempt_of
from orderwire.delivery.courses import follow
from orderwire.delivery.desk import Desk
from orderwire.delivery.parcels import Parcel
from orderwire.delivery.renewal import reconsider
from orderwire.dialects.contract import Lane
from orderwire.dialects.wire import Result, Verdict, WireRequest
from orderwire.errors import Unavailable
from orderwire.ledger.values import AttemptState, Disposition

BODY_HASH = 32
"""Hexadecimal digits of a request's digest that are kept."""


class Sender:
    """Takes parcels of one budget and lane to the platform, one at a time."""

    def __init__(self, desk: Desk, budget: str, lane: Lane) -> None:
        self._desk = desk
        self._budget = desk.budgets[budget]
        self._queue = desk.queues[budget]
        self._lane = lane

    async def run(self) -> None:
        """Send until cancelled."""
        while True:
            await self._queue.wait(self._lane)
            await self._budget.acquire(is_live=self._lane is Lane.LIVE)
            parcel = None if self._desk.is_stopping else self._queue.take(self._lane)
            if parcel is None:
                self._budget.unused()
                if self._desk.is_stopping:
                    return
                continue
            if self._desk.is_stale(parcel.prepared_at):
                self._budget.unused()
                self._ask_again(parcel)
                continue
            await self._send(parcel)

    def _ask_again(self, parcel: Parcel) -> None:
        """The parcel has waited: its facts are decided anew, under the consent and the lanes of now."""
        desk = self._desk
        if parcel.number:
            why = "perhaps taken; sent again under the same ids" if parcel.in_doubt else "not taken; decided again"
            now = desk.clock.now()
            desk.books.attempt(attempt_of(parcel, AttemptState.FAILED, why, now=now))
            for passage in parcel.passages:
                desk.exempt(passage.seq, Disposition.PENDING, why, passage=passage, attempt=parcel.number)
        reconsider(desk, {passage.seq for passage in parcel.passages}, apart=parcel.is_part)

    async def _send(self, parcel: Parcel) -> None:
        desk = self._desk
        request = desk.dialect.assemble(parcel.route, parcel.items, desk.settings.account)
        self._intend(parcel, request)
        await desk.books.flush()
        desk.progress.requests += 1
        try:
            reply = await desk.send(request, self._budget)
        except Unavailable as error:
            verdict = Verdict(
                result=Result.UNKNOWN if error.may_have_arrived else Result.UNAVAILABLE, reason=str(error)
            )
            desk.progress.failures += 1
        else:
            verdict = desk.dialect.interpret(parcel.route, request, reply, parcel.items)
        for seen in verdict.observed:
            desk.budgets[seen.budget].observe(seen.limit, seen.per, remaining=seen.remaining, reset=seen.reset)
        await follow(desk, parcel, verdict)
        desk.books.flush_soon()

    def _intend(self, parcel: Parcel, request: WireRequest) -> None:
        desk = self._desk
        parcel.tries += 1
        if not parcel.number:
            desk.last_number += 1
            parcel.number = desk.last_number
        parcel.opened_at = desk.clock.now()
        if parcel.first_tried_at is None:
            parcel.first_tried_at = desk.clock.tick()
        attempt = attempt_of(parcel, AttemptState.OPEN, "", now=parcel.opened_at)
        body_hash = hashlib.sha256(request.body).hexdigest()[:BODY_HASH]
        desk.books.attempt(msgspec.structs.replace(attempt, body_hash=body_hash, settled_at=None))
        for passage, part in zip(parcel.passages, parcel.parts, strict=True):
            passage.intended.add(part)
            recipient = passage.statement.recipient
            if parcel.tries == 1 and recipient is not None and not recipient.is_known_there:
                desk.books.mark(passage.pin())
            if passage.is_intended:
                if passage.has_exemption:
                    passage.has_exemption = False
                    desk.books.clear(passage.seq)
                for trail in passage.trails:
                    trail.settle(passage.seq)
