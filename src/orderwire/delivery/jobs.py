"""Following accepted requests to their end where the platform answers later (Law 10).

Where the platform lists its jobs, surveys tell of most of them that nothing failed. The others are followed by
themselves: those with something to be looked into, those that no list names, and all where there is no list.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping
from typing import NamedTuple

import msgspec

from orderwire.delivery.answers import free, go_on, let_overdue_go
from orderwire.delivery.attempts import said_of
from orderwire.delivery.desk import Desk, OpenJob
from orderwire.delivery.feeds import POLL, readmit
from orderwire.delivery.renewal import reconsider
from orderwire.delivery.settlement import answered
from orderwire.delivery.surveys import Surveys
from orderwire.delivery.traffic import finish
from orderwire.dialects.contract import Item
from orderwire.dialects.wire import ItemOutcome, JobVerdict, Result, WireRequest
from orderwire.errors import Unavailable
from orderwire.ledger.values import Attempt, AttemptState, Disposition
from orderwire.transport.backoff import backoff, seconds_of

MOST_WAIT = 600.0
MOST_RETURNS = 20
"""How often a job may fail an item without a final reason before it is a dead letter (enough to halve a batch)."""


class _Again(NamedTuple):
    """Facts of which something that was taken is refused after all, to be sent again."""

    waiting: set[int]
    """Those whose next item waited for the answer: still on their way."""
    gone: set[int]


class JobFollower:
    """Asks about every open job of a destination until it is done, after a restart too."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._surveys = Surveys(desk)
        self._returned: Counter[int] = Counter()

    async def run(self) -> None:
        """Follow until cancelled."""
        while True:
            now = self._desk.clock.tick()
            for route in self._surveys.due(now):
                await self._survey(route)
            out_of_room: set[str] = set()
            for number, job in list(self._desk.jobs.items()):
                let_overdue_go(self._desk, job)
                if job.ask_at > now or job.attempt.route in out_of_room or self._surveys.covers(job, now):
                    continue
                if not await self._ask(number, job):
                    out_of_room.add(job.attempt.route)
            await asyncio.sleep(POLL / 2)

    async def _survey(self, route: str) -> None:
        done = await self._surveys.read(route)
        for number in done:
            self._close(number, self._desk.jobs[number], JobVerdict(is_done=True))
        if done:
            await self._desk.books.flush()

    async def _ask(self, number: int, job: OpenJob) -> bool:
        """Ask about one job; False when history needs the budget more."""
        desk = self._desk
        route = desk.routes[job.attempt.route]
        request = desk.dialect.follow(route, job.attempt.job or "", desk.settings.account)
        if not self._surveys.allowance(request.budget).take():
            return False
        await self._follow(number, job, request)
        return True

    async def _follow(self, number: int, job: OpenJob, request: WireRequest) -> None:
        desk = self._desk
        attempt = job.attempt
        route = desk.routes[attempt.route]
        budget = desk.budgets[request.budget or route.budget]
        await budget.acquire(is_live=False)
        job.asked += 1
        try:
            reply = await desk.send(request, budget)
        except Unavailable:
            job.ask_at = desk.clock.tick() + backoff(job.asked, desk.rng, most=MOST_WAIT)
            return
        if reply.status == 429:
            desk.progress.refusals += 1
            wait = budget.refused(seconds_of(reply.headers.get("retry-after")), backoff=backoff(job.asked, desk.rng))
            job.ask_at = desk.clock.tick() + wait
            return
        items = [Item(route=attempt.route, wire_id=wire_id, body=b"") for wire_id in attempt.wire_ids]
        verdict = desk.dialect.interpret_job(route, attempt.job or "", reply, items)
        if not verdict.is_done:
            if verdict.job is not None:
                job.attempt = msgspec.structs.replace(attempt, job=verdict.job)
                desk.books.attempt(job.attempt)
            job.ask_at = desk.clock.tick() + min(MOST_WAIT, verdict.ask_again_after * 1.5 ** min(job.asked - 1, 10))
            return
        again = self._close(number, job, verdict)
        await desk.books.flush()
        self._send_again(again)

    def _close(self, number: int, job: OpenJob, verdict: JobVerdict) -> _Again:
        """Enter the end of a job in the books, let go what waited for it; returns what is to be sent again."""
        desk = self._desk
        attempt = job.attempt
        named = {item.index: item for item in verdict.items}
        refused: dict[int, ItemOutcome] = {}
        for place, member in enumerate(attempt.members):
            item = named.get(place, ItemOutcome(index=place, result=verdict.result, reason=verdict.reason))
            if place in attempt.failed:
                continue
            if item.result in (Result.CONFIRMED, Result.ACCEPTED):
                if member.seq in job.marks:
                    answered(desk, member.seq, is_good=True)
            else:
                refused[place] = item
        waited = free(desk, job)
        again = self._take_back(attempt, refused)
        failed = {*attempt.failed, *refused}
        state = AttemptState.CONFIRMED if verdict.result is Result.CONFIRMED else AttemptState.ACCEPTED
        desk.books.attempt(
            msgspec.structs.replace(
                attempt,
                state=AttemptState.FAILED if len(failed) == len(attempt.members) else state,
                failed=tuple(sorted(failed)),
                job=None,
            )
        )
        del desk.jobs[number]
        taken_back = {attempt.members[place].seq for place in refused}
        for passage in waited:
            if passage.seq in taken_back.difference(again):
                finish(desk, passage)
        go_on(desk, [passage for passage in waited if passage.seq not in taken_back])
        waiting = again.intersection(passage.seq for passage in waited)
        return _Again(waiting, again - waiting)

    def _take_back(self, attempt: Attempt, refused: Mapping[int, ItemOutcome]) -> set[int]:
        """What was accepted is refused after all: a dead letter, or to be sent again.

        A fact that is a dead letter by another of its items stays one: sending the rest again would never end.
        """
        if not refused:
            return set()
        desk = self._desk
        seqs = [attempt.members[place].seq for place in refused]
        dead = desk.ledger.exemptions(desk.settings.name, dispositions=[Disposition.DEAD], seqs=seqs, limit=len(seqs))
        given_up = {one.seq for one in dead}
        again: set[int] = set()
        for place, item in refused.items():
            member = attempt.members[place]
            answered(desk, member.seq, is_good=False)
            self._returned[member.seq] += 1
            is_alone = item.result is Result.SPLIT and len(attempt.members) == 1
            if item.result is Result.REJECTED or is_alone or self._returned[member.seq] > MOST_RETURNS:
                desk.progress.dead += 1
                desk.exempt(member.seq, Disposition.DEAD, item.reason, attempt=attempt.number)
            elif member.seq not in given_up:
                passage = desk.passages.get(member.seq)
                if passage is not None:
                    passage.lose(member.part)
                desk.exempt(member.seq, Disposition.PENDING, item.reason, passage=passage, attempt=attempt.number)
                again.add(member.seq)
        return again

    def _send_again(self, again: _Again) -> None:
        """What failed together is sent apart, so that a culprit that nobody names is found in the end."""
        desk = self._desk
        gone = {seq for seq in again.gone if seq not in desk.passages}
        seqs = sorted(again.waiting | gone)
        if not seqs:
            return
        said, _ = said_of(desk.ledger.attempts_beyond(desk.settings.name, seqs[0] - 1)) if gone else ({}, set())
        middle = (len(seqs) + 1) // 2
        for half in (seqs[:middle], seqs[middle:]):
            if waiting := again.waiting.intersection(half):
                reconsider(desk, waiting, apart=True)
            if finished := gone.intersection(half):
                readmit(desk, {seq: said.get(seq, {}) for seq in sorted(finished)}, apart=True)
