"""What is done with a whole request after its reply, or after none came: settled, split, sent again, looked into.

`outcome` decides which course is taken; this carries it out. What a course means for each fact is `settlement`'s.
"""

from __future__ import annotations

from contextlib import suppress

from orderwire.delivery.answers import await_answer
from orderwire.delivery.attempts import attempt_of
from orderwire.delivery.desk import Desk
from orderwire.delivery.outcome import Course, Fate, ItemFate, course_of, fate_in_doubt, fates
from orderwire.delivery.parcels import Parcel
from orderwire.delivery.settlement import MOST_BACKOFF, apply
from orderwire.delivery.traffic import enqueue
from orderwire.dialects.contract import Lane
from orderwire.dialects.wire import Result, Verdict
from orderwire.errors import Unavailable
from orderwire.ledger.values import Attempt, AttemptState, Disposition
from orderwire.transport.backoff import backoff, spread_wait
from orderwire.transport.redact import safe

TRIES_BEFORE_SUSPICION = 4
"""Tries of a whole request without a useful answer before it is taken apart."""


async def follow(desk: Desk, parcel: Parcel, verdict: Verdict) -> None:
    """Do with a request what its verdict asks for, and enter it in the books."""
    match course_of(parcel.route, verdict.result, len(parcel.items)):
        case Course.SETTLE:
            desk.budgets[parcel.route.budget].answered()
            _settle(desk, parcel, verdict)
        case Course.SPLIT:
            desk.budgets[parcel.route.budget].answered()
            _split(desk, parcel, verdict)
        case Course.AGAIN:
            _again(desk, parcel, verdict, AttemptState.WAITING)
        case Course.SAME_IDS if _is_poisonous(desk, parcel):
            _take_apart(desk, parcel, verdict)
        case Course.SAME_IDS:
            _again(desk, parcel, verdict, AttemptState.OPEN)
        case Course.LOOK:
            await _look(desk, parcel, verdict)
        case Course.IN_DOUBT:
            _in_doubt(desk, parcel, verdict)
        case Course.PAUSE:
            _pause(desk, parcel, verdict)


def _settle(desk: Desk, parcel: Parcel, verdict: Verdict) -> None:
    outcome = fates(verdict, len(parcel.items))
    failed = tuple(place for place, fate in enumerate(outcome) if fate.fate is not Fate.TAKEN)
    if len(failed) == len(outcome):
        state = AttemptState.FAILED
    else:
        state = AttemptState.CONFIRMED if verdict.result is Result.CONFIRMED else AttemptState.ACCEPTED
    job = verdict.job if state is not AttemptState.FAILED else None
    attempt = _enter(desk, parcel, state, verdict.reason, failed=failed, job=job)
    if job is not None:
        refused = set(failed)
        subjects = [passage.subject for place, passage in enumerate(parcel.passages) if place not in refused]
        await_answer(desk, parcel.route, attempt, parcel.passages[0].family, subjects)
    apply(desk, parcel, outcome)


def _split(desk: Desk, parcel: Parcel, verdict: Verdict) -> None:
    """The whole was refused: without the culprits where they are named, else in halves, until they are found."""
    _enter(desk, parcel, AttemptState.FAILED, f"refused whole: {verdict.reason}")
    named = {item.index: item.reason for item in verdict.items if item.result is Result.REJECTED}
    dead = {parcel.passages[place].seq for place in named}
    rest = parcel.part([place for place, passage in enumerate(parcel.passages) if passage.seq not in dead])
    if named and rest.items:
        enqueue(desk, rest, first=True)
        culprits = parcel.part(list(named))
        culprits.number = parcel.number
        _keep_pending(desk, rest, parcel.number)
        apply(desk, culprits, [ItemFate(Fate.DEAD, named[place]) for place in named])
        return
    _send_halves(desk, parcel)


def _send_halves(desk: Desk, parcel: Parcel) -> None:
    """Send a refused parcel in two; what is about the same as something in the first half waits for that."""
    _keep_pending(desk, parcel, parcel.number)
    facts = parcel.places_by_fact()
    if len(facts) == 1:
        # The rest of a fact follows by itself when its first items were taken.
        enqueue(desk, parcel.part(facts[0][: len(facts[0]) // 2]), first=True)
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
        enqueue(desk, second, first=True)
    enqueue(desk, first, first=True)


def _is_poisonous(desk: Desk, parcel: Parcel) -> bool:
    """Whether it fails again and again while the platform takes others: the fault is in it, not on the way."""
    if parcel.tries < TRIES_BEFORE_SUSPICION:
        return False
    return desk.takes_others(parcel.route.name, parcel.first_tried_at)


def _take_apart(desk: Desk, parcel: Parcel, verdict: Verdict) -> None:
    """Send halves, and what cannot be halved later: then it holds back its own people and subjects only."""
    _enter(desk, parcel, AttemptState.FAILED, f"perhaps taken, sent apart: {verdict.reason}")
    if len(parcel.items) == 1:
        apply(desk, parcel, [ItemFate(Fate.RETRY, verdict.reason)])
        return
    _send_halves(desk, parcel)


def _keep_pending(desk: Desk, parcel: Parcel, number: int) -> None:
    """The refused request no longer speaks for these facts, and no other does yet."""
    for passage in parcel.passages:
        desk.exempt(passage.seq, Disposition.PENDING, "refused with others", passage=passage, attempt=number)


def _again(desk: Desk, parcel: Parcel, verdict: Verdict, state: AttemptState) -> None:
    budget = desk.budgets[parcel.route.budget]
    if verdict.result is Result.RATE_LIMITED:
        desk.progress.refusals += 1
        wait = verdict.retry_after
        budget.refused(
            None if wait is None else spread_wait(wait, desk.rng),
            backoff=backoff(parcel.tries, desk.rng, most=MOST_BACKOFF),
        )
    else:
        budget.failed(lambda failures: backoff(failures, desk.rng, first=0.5, most=MOST_BACKOFF))
    parcel.in_doubt = parcel.in_doubt or state is AttemptState.OPEN
    _enter(desk, parcel, AttemptState.OPEN if parcel.in_doubt else AttemptState.WAITING, verdict.reason)
    enqueue(desk, parcel, first=True)


async def _look(desk: Desk, parcel: Parcel, verdict: Verdict) -> None:
    """Read each item back: those that are there were taken, the others are tried again."""
    outcome: list[ItemFate] = []
    for item in parcel.items:
        request = desk.dialect.read_item(parcel.route, item, desk.settings.account)
        there: bool | None = None
        if request is not None:
            with suppress(Unavailable):
                reply = await desk.ask(request, is_live=parcel.line is Lane.LIVE)
                there = desk.dialect.interpret_item(parcel.route, item, reply)
        outcome.append(ItemFate(Fate.TAKEN) if there else ItemFate(Fate.RETRY, verdict.reason))
    failed = tuple(place for place, fate in enumerate(outcome) if fate.fate is not Fate.TAKEN)
    state = AttemptState.FAILED if len(failed) == len(outcome) else AttemptState.ACCEPTED
    _enter(desk, parcel, state, f"read back after: {verdict.reason}", failed=failed)
    apply(desk, parcel, outcome)


def _in_doubt(desk: Desk, parcel: Parcel, verdict: Verdict) -> None:
    desk.progress.in_doubt += len(parcel.items)
    _enter(desk, parcel, AttemptState.UNKNOWN, verdict.reason)
    policy = desk.settings.on_unknown
    outcome = [ItemFate(fate_in_doubt(passage.statement.kind, policy), verdict.reason) for passage in parcel.passages]
    apply(desk, parcel, outcome)


def _pause(desk: Desk, parcel: Parcel, verdict: Verdict) -> None:
    _enter(desk, parcel, AttemptState.WAITING, verdict.reason)
    reason = f"the key is refused: {safe(verdict.reason)}" if verdict.reason else "the key is refused"
    desk.remember(paused_reason=reason)
    desk.progress.blocked = reason
    enqueue(desk, parcel, first=True)


def _enter(
    desk: Desk,
    parcel: Parcel,
    state: AttemptState,
    reason: str,
    *,
    failed: tuple[int, ...] = (),
    job: str | None = None,
) -> Attempt:
    """Stage how a request ended, or that it waits."""
    attempt = attempt_of(parcel, state, reason, now=desk.clock.now(), failed=failed, job=job)
    desk.books.attempt(attempt)
    return attempt
