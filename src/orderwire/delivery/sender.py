"""Sending parcels: permit, durable intent, request, outcome."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from contextlib import suppress
from datetime import timedelta

import msgspec

from orderwire.delivery.desk import Desk, OpenJob
from orderwire.delivery.outcome import Course, Fate, ItemFate, course_of, fate_in_doubt, fates
from orderwire.delivery.parcels import Parcel, Passage
from orderwire.dialects.contract import Lane
from orderwire.dialects.wire import Result, Verdict, WireRequest
from orderwire.errors import Unavailable
from orderwire.ledger.values import Attempt, AttemptState, Disposition
from orderwire.transport.backoff import backoff, spread_wait
from orderwire.transport.redact import safe

STALE_AFTER = timedelta(seconds=30)
"""Consent and lanes are asked again when a parcel has waited longer than this."""
MOST_BACKOFF = 300.0
TRIES_BEFORE_SUSPICION = 4
"""Tries of a whole request without a useful answer before it is taken apart."""
MOST_TRIES = 15
"""Tries of one fact, over half an hour, before it is a dead letter while the platform takes others."""
MOST_TRIES_ALONE = 40
"""The same, over some hours, while there are no others."""


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
            if self._is_stale(parcel):
                self._budget.unused()
                self._ask_again(parcel)
                continue
            await self._send(parcel)

    def _is_stale(self, parcel: Parcel) -> bool:
        prepared = parcel.prepared_at
        return prepared is not None and self._desk.clock.now() - prepared > STALE_AFTER

    def _ask_again(self, parcel: Parcel) -> None:
        """The parcel has waited: its facts are decided anew, under the consent and the lanes of now."""
        desk = self._desk
        if parcel.number:
            why = "perhaps taken; sent again under the same ids" if parcel.in_doubt else "not taken; decided again"
            desk.books.attempt(self._record(parcel, AttemptState.FAILED, why))
            for passage in parcel.passages:
                desk.exempt(passage.seq, Disposition.PENDING, why, passage=passage, attempt=parcel.number)
        reconsider_passages(desk, {passage.seq for passage in parcel.passages}, apart=parcel.is_part)

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
        await self._follow(parcel, verdict)
        await desk.books.flush()

    def _intend(self, parcel: Parcel, request: WireRequest) -> None:
        desk = self._desk
        parcel.tries += 1
        if not parcel.number:
            desk.last_number += 1
            parcel.number = desk.last_number
        parcel.opened_at = desk.clock.now()
        if parcel.first_tried_at is None:
            parcel.first_tried_at = desk.clock.tick()
        attempt = self._record(parcel, AttemptState.OPEN, "")
        desk.books.attempt(
            msgspec.structs.replace(
                attempt, body_hash=hashlib.blake2b(request.body, digest_size=16).hexdigest(), settled_at=None
            )
        )
        for passage, part in zip(parcel.passages, parcel.parts, strict=True):
            passage.intended.add(part)
            recipient = passage.statement.recipient
            if recipient is not None and not recipient.is_known_there:
                desk.books.mark(desk.pin(passage))
            if passage.is_intended:
                if passage.has_exemption:
                    passage.has_exemption = False
                    desk.books.clear(passage.seq)
                for trail in passage.trails:
                    trail.settle(passage.seq)

    def _record(
        self,
        parcel: Parcel,
        state: AttemptState,
        reason: str,
        *,
        failed: tuple[int, ...] = (),
        job: str | None = None,
    ) -> Attempt:
        now = self._desk.clock.now()
        return Attempt(
            number=parcel.number,
            route=parcel.route.name,
            lane=parcel.lane.value,
            state=state,
            opened_at=parcel.opened_at or now,
            members=parcel.members(),
            wire_ids=tuple(item.wire_id for item in parcel.items),
            group=parcel.group,
            tries=parcel.tries,
            settled_at=now,
            failed=failed,
            job=job,
            reason=safe(reason),
        )

    async def _follow(self, parcel: Parcel, verdict: Verdict) -> None:
        match course_of(parcel.route, verdict.result, len(parcel.items)):
            case Course.SETTLE:
                self._budget.answered()
                self._settle(parcel, verdict)
            case Course.SPLIT:
                self._budget.answered()
                self._split(parcel, verdict)
            case Course.AGAIN:
                self._again(parcel, verdict, AttemptState.WAITING)
            case Course.SAME_IDS if self._is_poisonous(parcel):
                self._take_apart(parcel, verdict)
            case Course.SAME_IDS:
                self._again(parcel, verdict, AttemptState.OPEN)
            case Course.LOOK:
                await self._look(parcel, verdict)
            case Course.IN_DOUBT:
                self._in_doubt(parcel, verdict)
            case Course.PAUSE:
                self._pause(parcel, verdict)

    def _settle(self, parcel: Parcel, verdict: Verdict) -> None:
        desk = self._desk
        outcome = fates(verdict, len(parcel.items))
        failed = tuple(place for place, fate in enumerate(outcome) if fate.fate is not Fate.TAKEN)
        if len(failed) == len(outcome):
            state = AttemptState.FAILED
        else:
            state = AttemptState.CONFIRMED if verdict.result is Result.CONFIRMED else AttemptState.ACCEPTED
        job = verdict.job if state is not AttemptState.FAILED else None
        attempt = self._record(parcel, state, verdict.reason, failed=failed, job=job)
        desk.books.attempt(attempt)
        if job is not None:
            ask_at = desk.clock.tick() + parcel.route.answers_after
            desk.jobs[parcel.number] = OpenJob(attempt, parcel.passages[0].family, ask_at)
        apply(desk, parcel, outcome)

    def _split(self, parcel: Parcel, verdict: Verdict) -> None:
        """The whole was refused: without the culprits where they are named, else in halves, until they are found."""
        desk = self._desk
        desk.books.attempt(self._record(parcel, AttemptState.FAILED, f"refused whole: {verdict.reason}"))
        named = {item.index: item.reason for item in verdict.items if item.result is Result.REJECTED}
        dead = {parcel.passages[place].seq for place in named}
        rest = parcel.part([place for place, passage in enumerate(parcel.passages) if passage.seq not in dead])
        if named and rest.items:
            desk.enqueue(rest, first=True)
            culprits = parcel.part(list(named))
            culprits.number = parcel.number
            self._keep_pending(rest, parcel.number)
            apply(desk, culprits, [ItemFate(Fate.DEAD, named[place]) for place in named])
            return
        self._send_halves(parcel)

    def _send_halves(self, parcel: Parcel) -> None:
        """Send a refused parcel in two; what is about the same as something in the first half waits for that."""
        desk = self._desk
        self._keep_pending(parcel, parcel.number)
        facts = parcel.places_by_fact()
        if len(facts) == 1:
            # The rest of a fact follows by itself when its first items were taken.
            desk.enqueue(parcel.part(facts[0][: len(facts[0]) // 2]), first=True)
            return
        middle = len(facts) // 2
        first = parcel.part([place for places in facts[:middle] for place in places])
        for passage in first.passages:
            desk.holds.take(passage, first)
        second = parcel.part(())
        for places in facts[middle:]:
            passage = parcel.passages[places[0]]
            ahead = desk.holds.ahead(passage, second)
            if ahead is None:
                for place in places:
                    second.add(parcel.items[place], passage, parcel.parts[place])
                desk.holds.take(passage, second)
            else:
                desk.passages[ahead].then.append(passage)
                desk.holds.take(passage, None)
        if second.items:
            desk.enqueue(second, first=True)
        desk.enqueue(first, first=True)

    def _is_poisonous(self, parcel: Parcel) -> bool:
        """Whether it fails again and again while the platform takes others: the fault is in it, not on the way."""
        if parcel.tries < TRIES_BEFORE_SUSPICION:
            return False
        return self._desk.takes_others(parcel.route.name, parcel.first_tried_at)

    def _take_apart(self, parcel: Parcel, verdict: Verdict) -> None:
        """Send halves, and what cannot be halved later: then it holds back its own people and subjects only."""
        desk = self._desk
        desk.books.attempt(self._record(parcel, AttemptState.FAILED, f"perhaps taken, sent apart: {verdict.reason}"))
        if len(parcel.items) == 1:
            apply(desk, parcel, [ItemFate(Fate.RETRY, verdict.reason)])
            return
        self._send_halves(parcel)

    def _keep_pending(self, parcel: Parcel, number: int) -> None:
        """The refused request no longer speaks for these facts, and no other does yet."""
        for passage in parcel.passages:
            self._desk.exempt(
                passage.seq, Disposition.PENDING, "refused with others", passage=passage, attempt=number
            )

    def _again(self, parcel: Parcel, verdict: Verdict, state: AttemptState) -> None:
        desk = self._desk
        if verdict.result is Result.RATE_LIMITED:
            desk.progress.refusals += 1
            wait = verdict.retry_after
            self._budget.refused(
                None if wait is None else spread_wait(wait, desk.rng),
                backoff=backoff(parcel.tries, desk.rng, most=MOST_BACKOFF),
            )
        else:
            self._budget.failed(lambda failures: backoff(failures, desk.rng, first=0.5, most=MOST_BACKOFF))
        parcel.in_doubt = parcel.in_doubt or state is AttemptState.OPEN
        desk.books.attempt(
            self._record(parcel, AttemptState.OPEN if parcel.in_doubt else AttemptState.WAITING, verdict.reason)
        )
        desk.enqueue(parcel, first=True)

    async def _look(self, parcel: Parcel, verdict: Verdict) -> None:
        """Read each item back: those that are there were taken, the others are tried again."""
        desk = self._desk
        outcome: list[ItemFate] = []
        for item in parcel.items:
            request = desk.dialect.read_item(parcel.route, item, desk.settings.account)
            there: bool | None = None
            if request is not None:
                with suppress(Unavailable):
                    reply = await desk.ask(request, is_live=self._lane is Lane.LIVE)
                    there = desk.dialect.interpret_item(parcel.route, item, reply)
            outcome.append(ItemFate(Fate.TAKEN) if there else ItemFate(Fate.RETRY, verdict.reason))
        failed = tuple(place for place, fate in enumerate(outcome) if fate.fate is not Fate.TAKEN)
        state = AttemptState.FAILED if len(failed) == len(outcome) else AttemptState.ACCEPTED
        desk.books.attempt(self._record(parcel, state, f"read back after: {verdict.reason}", failed=failed))
        apply(desk, parcel, outcome)

    def _in_doubt(self, parcel: Parcel, verdict: Verdict) -> None:
        desk = self._desk
        desk.progress.in_doubt += len(parcel.items)
        desk.books.attempt(self._record(parcel, AttemptState.UNKNOWN, verdict.reason))
        policy = desk.settings.on_unknown
        outcome = [
            ItemFate(fate_in_doubt(passage.statement.kind, policy), verdict.reason) for passage in parcel.passages
        ]
        apply(desk, parcel, outcome)

    def _pause(self, parcel: Parcel, verdict: Verdict) -> None:
        desk = self._desk
        desk.books.attempt(self._record(parcel, AttemptState.WAITING, verdict.reason))
        reason = f"the key is refused: {safe(verdict.reason)}" if verdict.reason else "the key is refused"
        desk.remember(paused_reason=reason)
        desk.progress.blocked = reason
        desk.enqueue(parcel, first=True)


def apply(desk: Desk, parcel: Parcel, outcome: Sequence[ItemFate]) -> None:
    """Carry out what became of each item of a parcel; the worst fate of its items decides about a fact."""
    any_live = False
    for places in parcel.places_by_fact():
        passage = parcel.passages[places[0]]
        for place in places:
            if outcome[place].fate is Fate.TAKEN:
                passage.take(parcel.parts[place])
        worst = max((outcome[place] for place in places), key=lambda one: _SEVERITY[one.fate])
        if _carry_out(desk, parcel, passage, worst):
            any_live = any_live or passage.statement.lane is Lane.LIVE
    renew_outdated(desk)
    if any_live:
        desk.seal(Lane.LIVE)


_SEVERITY = {Fate.TAKEN: 0, Fate.RESEND: 1, Fate.RETRY: 1, Fate.ASK: 2, Fate.DEAD: 3}


def _carry_out(desk: Desk, parcel: Parcel, passage: Passage, fate: ItemFate) -> bool:
    """Do with a fact what its worst item asks for; True when a further item of it was put on its way."""
    match fate.fate:
        case Fate.TAKEN:
            desk.last_taken[parcel.route.name] = desk.clock.tick()
            if passage.is_done:
                desk.taken_all(passage, desk.jobs.get(parcel.number))
                return False
            if passage.has_exemption:
                desk.exempt(passage.seq, Disposition.PENDING, "partly taken", passage=passage)
            desk.next_part(passage)
            return True
        case Fate.RETRY | Fate.RESEND if not _is_hopeless(desk, parcel, passage):
            passage.tries += 1
            passage.failing_since = passage.failing_since or desk.clock.tick()
            wait = backoff(passage.tries, desk.rng, first=0.5, most=MOST_BACKOFF)
            desk.park(passage, fate.reason, wait=wait, attempt=parcel.number)
        case Fate.DEAD | Fate.RETRY | Fate.RESEND:
            desk.progress.dead += 1
            desk.exempt(passage.seq, Disposition.DEAD, fate.reason, passage=passage, attempt=parcel.number)
            desk.finish(passage)
        case Fate.ASK:
            desk.exempt(passage.seq, Disposition.UNKNOWN, fate.reason, passage=passage, attempt=parcel.number)
            desk.finish(passage)
    return False


def _is_hopeless(desk: Desk, parcel: Parcel, passage: Passage) -> bool:
    """Whether a fact alone, not the platform, was refused for the time being so often that it is a dead letter."""
    is_alone = not desk.takes_others(parcel.route.name, passage.failing_since)
    return passage.tries >= (MOST_TRIES_ALONE if is_alone else MOST_TRIES)


def reconsider_passages(desk: Desk, seqs: Collection[int], *, apart: bool = False) -> None:
    """Decide about facts on their way again: their consent, lane and newest content may have changed.

    `apart` keeps a part of a refused parcel from growing together with the rest again.
    """
    if apart:
        desk.seal(Lane.LIVE)
        desk.seal(Lane.HISTORY)
    _decide_again(desk, seqs)
    renew_outdated(desk)
    desk.seal(Lane.LIVE, apart=apart)
    desk.seal(Lane.HISTORY, apart=apart)


def renew_outdated(desk: Desk) -> None:
    """Say anew, all at once, what was written before the platform knew its person; it may be less now."""
    while desk.holds.outdated:
        seqs = [seq for seq in desk.holds.outdated if seq in desk.passages]
        desk.holds.outdated.clear()
        if _decide_again(desk, seqs):
            desk.seal(Lane.LIVE)


def _decide_again(desk: Desk, seqs: Collection[int]) -> bool:
    """Put facts on their way under another decision; True when one of them is news."""
    entries = desk.ledger.entries_at(sorted(seqs))
    marks = desk.marks_of(entries)
    context = desk.context()
    any_live = False
    for entry in entries:
        passage = desk.passages[entry.fact.seq]
        if passage.state_subject:
            desk.represented.pop(passage.state_subject, None)
        quietly = passage.statement.lane is Lane.HISTORY
        renewed = desk.admit(entry, marks, context, (), quietly=quietly)
        if renewed is None:
            for trail in passage.trails:
                trail.settle(passage.seq)
            desk.finish(passage)
            continue
        renewed.carry_over(passage)
        desk.next_part(renewed)
        any_live = any_live or renewed.statement.lane is Lane.LIVE
    return any_live
