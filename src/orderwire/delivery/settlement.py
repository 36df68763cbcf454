"""What is done with a fact after a try: marked as taken, tried again later, given up, or left to be asked about."""

from __future__ import annotations

import heapq
from collections.abc import Sequence

from orderwire.delivery.desk import Desk, OpenJob
from orderwire.delivery.outcome import Fate, ItemFate
from orderwire.delivery.parcels import Parcel, Passage
from orderwire.delivery.renewal import renew_outdated
from orderwire.delivery.traffic import advance, come_out, finish, seal, stay_out
from orderwire.dialects.contract import Lane, Recipient
from orderwire.ledger.values import Disposition, Mark
from orderwire.transport.backoff import backoff

MOST_BACKOFF = 300.0
MOST_TRIES = 15
"""Tries of one fact, over half an hour, before it is a dead letter while the platform takes others."""
MOST_TRIES_ALONE = 40
"""The same, over some hours, while there are no others."""


def apply(desk: Desk, parcel: Parcel, outcome: Sequence[ItemFate]) -> None:
    """Carry out what became of each item of a parcel; the worst fate of its items decides about a fact."""
    any_live = False
    taken = Fate.TAKEN
    for places in parcel.places_by_fact():
        passage = parcel.passages[places[0]]
        for place in places:
            if outcome[place].fate is taken:
                passage.take(parcel.parts[place])
        worst = outcome[places[0]]
        if len(places) > 1:
            worst = max([outcome[place] for place in places], key=lambda one: _SEVERITY[one.fate])
        if _carry_out(desk, parcel, passage, worst):
            any_live = any_live or passage.is_pressing
    renew_outdated(desk)
    if any_live:
        seal(desk, Lane.LIVE)


_SEVERITY = {Fate.TAKEN: 0, Fate.RESEND: 1, Fate.RETRY: 1, Fate.ASK: 2, Fate.DEAD: 3}


def _carry_out(desk: Desk, parcel: Parcel, passage: Passage, fate: ItemFate) -> bool:
    """Do with a fact what its worst item asks for; True when a further item of it was put on its way."""
    match fate.fate:
        case Fate.TAKEN:
            desk.last_taken[parcel.route.name] = desk.clock.tick()
            if passage.is_done:
                _taken_all(desk, passage, desk.jobs.get(parcel.number))
                return False
            if passage.has_exemption:
                desk.exempt(passage.seq, Disposition.PENDING, "partly taken", passage=passage)
            advance(desk, passage)
            return True
        case Fate.RETRY | Fate.RESEND if not _is_hopeless(desk, parcel, passage):
            passage.tries += 1
            passage.failing_since = passage.failing_since or desk.clock.tick()
            wait = backoff(passage.tries, desk.rng, first=0.5, most=MOST_BACKOFF)
            _park(desk, passage, fate.reason, wait=wait, attempt=parcel.number)
        case Fate.DEAD | Fate.RETRY | Fate.RESEND:
            desk.progress.dead += 1
            desk.exempt(passage.seq, Disposition.DEAD, fate.reason, passage=passage, attempt=parcel.number)
            finish(desk, passage)
        case Fate.ASK:
            desk.exempt(passage.seq, Disposition.UNKNOWN, fate.reason, passage=passage, attempt=parcel.number)
            finish(desk, passage)
    return False


def _is_hopeless(desk: Desk, parcel: Parcel, passage: Passage) -> bool:
    """Whether a fact alone, not the platform, was refused for the time being so often that it is a dead letter."""
    is_alone = not desk.takes_others(parcel.route.name, passage.failing_since)
    return passage.tries >= (MOST_TRIES_ALONE if is_alone else MOST_TRIES)


def _taken_all(desk: Desk, passage: Passage, job: OpenJob | None = None) -> None:
    """Everything of a fact was taken: mark what the platform now knows, or will by a later answer, and finish."""
    recipient = passage.statement.recipient
    subject = passage.state_subject
    if subject:
        mark = Mark(subject=subject, seq=passage.newest, occurred_at=passage.statement.occurred_at)
        if job is None:
            desk.books.mark(mark)
            stay_out(desk, mark)
        else:
            job.marks[passage.seq] = mark
    if recipient is not None and _is_news_of(recipient, passage.statement.kind):
        desk.books.mark(passage.pin(seq=passage.seq))
    desk.progress.accepted += 1
    finish(desk, passage, is_taken=True)
    if subject and job is not None:
        desk.represented[subject] = max(passage.newest, desk.represented.get(subject, 0))


def _is_news_of(recipient: Recipient, kind: str) -> bool:
    """Whether the platform knows more of a person now: them at all, another identifier, or a consent of theirs."""
    if not (recipient.is_known_there and recipient.is_pinned):
        return True
    return kind == "consent.changed" and not recipient.was_stated_there


def answered(desk: Desk, seq: int, *, is_good: bool) -> None:
    """A later answer speaks of a fact: what it shows is known there now, or nothing of it is."""
    for job in desk.jobs.values():
        mark = job.marks.pop(seq, None)
        if mark is None:
            continue
        if is_good:
            desk.books.mark(mark)
            stay_out(desk, mark)
        if desk.represented.get(mark.subject) == mark.seq:
            del desk.represented[mark.subject]
        if not is_good:
            come_out(desk, mark.subject)


def _park(desk: Desk, passage: Passage, reason: str, *, wait: float, attempt: int | None) -> None:
    """Try a fact again after `wait` platform seconds; until then it holds back its own later facts."""
    desk.exempt(passage.seq, Disposition.PENDING, reason, passage=passage, attempt=attempt)
    passage.intended = set(passage.done)
    desk.holds.take(passage, None)
    heapq.heappush(desk.parked, (desk.clock.tick() + wait, passage.seq))
