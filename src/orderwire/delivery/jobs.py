"""Following accepted requests to their end where the platform answers later (Law 10)."""

from __future__ import annotations

import asyncio

import msgspec

from orderwire.delivery.desk import Desk, OpenJob
from orderwire.delivery.feeds import POLL, readmit
from orderwire.dialects.contract import Item
from orderwire.dialects.wire import ItemOutcome, JobVerdict, Result
from orderwire.errors import Unavailable
from orderwire.ledger.values import AttemptState, Disposition
from orderwire.transport.backoff import backoff

MOST_WAIT = 600.0


class JobFollower:
    """Asks about every open job of a destination until it is done, after a restart too."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def run(self) -> None:
        """Follow until cancelled."""
        while True:
            now = self._desk.clock.tick()
            for number, job in list(self._desk.jobs.items()):
                if job.ask_at <= now:
                    await self._ask(number, job)
            await asyncio.sleep(POLL / 2)

    async def _ask(self, number: int, job: OpenJob) -> None:
        desk = self._desk
        attempt = job.attempt
        route = desk.routes[attempt.route]
        request = desk.dialect.follow(route, attempt.job or "", desk.settings.account)
        budget = desk.budgets[request.budget or route.budget]
        await budget.acquire(is_live=False)
        job.asked += 1
        try:
            reply = await desk.transport.send(
                desk.dialect.authorize(request, desk.settings.account), desk.settings.account.base_url
            )
        except Unavailable:
            job.ask_at = desk.clock.tick() + backoff(job.asked, desk.rng, most=MOST_WAIT)
            return
        finally:
            budget.replied()
        if reply.status == 429:
            desk.progress.refusals += 1
            wait = budget.refused(_seconds(reply.headers.get("retry-after")), backoff=backoff(job.asked, desk.rng))
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
        self._close(number, job, verdict)
        await desk.books.flush()

    def _close(self, number: int, job: OpenJob, verdict: JobVerdict) -> None:
        desk = self._desk
        attempt = job.attempt
        named = {item.index: item for item in verdict.items}
        failed = set(attempt.failed)
        again: list[int] = []
        for place, member in enumerate(attempt.members):
            item = named.get(place, ItemOutcome(index=place, result=verdict.result, reason=verdict.reason))
            if place in failed or item.result in (Result.CONFIRMED, Result.ACCEPTED):
                continue
            failed.add(place)
            is_dead = item.result is Result.REJECTED or (item.result is Result.SPLIT and len(attempt.members) == 1)
            if is_dead:
                desk.progress.dead += 1
                desk.exempt(member.seq, Disposition.DEAD, item.reason, attempt=number)
            else:
                desk.exempt(member.seq, Disposition.PENDING, item.reason, attempt=number)
                again.append(member.seq)
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
        # What failed together is sent apart, so that a culprit that nobody names is found in the end.
        middle = (len(again) + 1) // 2
        for half in (again[:middle], again[middle:]):
            if half:
                readmit(desk, dict.fromkeys(half, ()), apart=True)


def _seconds(text: str | None) -> float | None:
    try:
        return float(text) if text else None
    except ValueError:
        return None
