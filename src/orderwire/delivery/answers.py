"""What waits for a platform's later answer (Law 5, Law 10).

A platform does its jobs in any order. What a job writes as the state of something is done when the job is answered,
not when it was taken: created first, updated then. So until the answer the job *keeps* its subjects: the next item of
the same fact waits for it, and so do later facts about the same. The other facts of the same people go on, and
happenings keep nothing: in whatever order they arrive, each says when it was.

An answer that does not come is not waited for without end: what follows goes then, and where it came too early the
platform refuses it and it is tried again.
"""

from __future__ import annotations

from collections.abc import Iterable

from orderwire.delivery.desk import Desk, OpenJob
from orderwire.delivery.parcels import Passage
from orderwire.delivery.renewal import renew_outdated
from orderwire.delivery.traffic import advance, let_go, seal
from orderwire.dialects.contract import Lane, Route
from orderwire.ledger.values import Attempt

LONGEST_WAIT = 3600.0
"""Platform seconds for which anything waits for an answer."""


def await_answer(desk: Desk, route: Route | None, attempt: Attempt, family: int, subjects: Iterable[str]) -> None:
    """An accepted request is answered later; where it writes states, its subjects are kept until then."""
    now = desk.clock.tick()
    job = OpenJob(attempt, family, ask_at=now + (route.answers_after if route else 0.0), taken_at=now)
    if route is not None and route.is_done_later:
        job.keeps = tuple(dict.fromkeys(subjects))
        desk.holds.keep(job.keeps)
    desk.jobs[attempt.number] = job


def free(desk: Desk, job: OpenJob) -> list[Passage]:
    """A job is answered: later facts about the same go; returns those whose next item waited for it."""
    subjects, job.keeps = job.keeps, ()
    first = desk.holds.free(subjects)
    waited = [
        passage
        for subject in subjects
        if not desk.holds.is_kept(subject)
        for passage in desk.awaiting.pop(subject, ())
    ]
    let_go(desk, first)
    return waited


def go_on(desk: Desk, waited: Iterable[Passage]) -> None:
    """Put the next items of facts on their way that waited for an answer; what is long decided is decided again."""
    any_live = False
    for passage in waited:
        if desk.is_stale(passage.decided_at):
            desk.holds.outdated.append(passage.seq)
            continue
        advance(desk, passage)
        any_live = any_live or passage.is_pressing
    renew_outdated(desk)
    if any_live:
        seal(desk, Lane.LIVE)


def let_overdue_go(desk: Desk, job: OpenJob) -> None:
    """What has waited for a job for too long goes without its answer."""
    if job.keeps and desk.clock.tick() - job.taken_at > LONGEST_WAIT:
        go_on(desk, free(desk, job))
