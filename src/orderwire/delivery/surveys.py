"""Asking about many open jobs at once, by the platform's own list of them.

A survey reads the list page by page until every job that was due when it began is named. In which order a platform
lists jobs is its own affair: where the oldest come first, the next survey begins at the first page that named one
still under way; where one was not found, it begins anew. A job that no survey has named for long is followed by
itself.

Asking must not keep history waiting: while requests of history wait for a permit, questions get a small share of the
budget and no more.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from orderwire.delivery.desk import Desk, OpenJob
from orderwire.dialects.contract import Lane, Route
from orderwire.dialects.wire import Survey
from orderwire.errors import Unavailable
from orderwire.transport.backoff import backoff, seconds_of

LONGEST_PAUSE = 15.0
"""Platform seconds between two surveys of a route while history is being sent."""
UNNAMED_AFTER = 120.0
"""Platform seconds after which a job that no survey has named is followed by itself."""
WITHOUT_LIST = 600.0
"""Platform seconds for which a list that cannot be read is not asked for again."""
MOST_FAILURES = 3
MOST_PAGES = 8
"""Pages of one survey."""
SHARE = 0.02
"""Questions in a request of a budget, while history waits for it."""
MOST_SAVED = 8.0
"""Questions that may be saved up."""
LOOK_EVERY = 0.25
"""Platform seconds between two looks at which routes have open jobs."""


class Allowance:
    """How many questions about jobs a budget has room for."""

    def __init__(self, desk: Desk, budget: str) -> None:
        self._desk = desk
        self._name = budget
        self._is_shared = any(route.budget == budget for route in desk.routes.values())
        self._left = MOST_SAVED
        self._counted = 0

    def take(self) -> bool:
        """Whether a question may be asked now; counts it."""
        requests = self._desk.budgets[self._name].requests
        self._left = min(MOST_SAVED, self._left + SHARE * (requests - self._counted))
        self._counted = requests
        if not self.is_wanted_by_history:
            return True
        if self._left < 1:
            return False
        self._left -= 1
        return True

    @property
    def is_wanted_by_history(self) -> bool:
        """Whether requests of history wait for the budget, or soon will; never for one that only questions spend."""
        is_filling = self._desk.is_filling and self._is_shared
        return is_filling or self._desk.queues[self._name].count(Lane.HISTORY) > 0


@dataclass
class _Watch:
    """The surveys of one route. Instants are platform seconds."""

    route: Route
    read_at: float
    """When the list was read last, or the first job was waited for."""
    pause: float
    begin: str = ""
    """The page where the next survey begins."""
    closed_until: float = 0.0
    answered_at: float = 0.0
    """When a page could be read last: a job is not missing from a list that nobody has read."""
    failures: int = 0


class Surveys:
    """The surveys of a destination's open jobs, one series for each route that offers a list."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._watches: dict[str, _Watch | None] = {}
        self._allowances: dict[str, Allowance] = {}
        self._look_at = 0.0

    def allowance(self, budget: str) -> Allowance:
        """The questions that a budget has room for."""
        if budget not in self._allowances:
            self._allowances[budget] = Allowance(self._desk, budget)
        return self._allowances[budget]

    def covers(self, job: OpenJob, now: float) -> bool:
        """Whether a job is left to the surveys: named lately, and nothing of it must be looked into."""
        watch = self._watch(job, now)
        if watch is None or job.is_over or watch.failures >= MOST_FAILURES:
            return False
        if job.named_at is None:
            job.named_at = now
        return watch.answered_at - job.named_at < UNNAMED_AFTER

    def due(self, now: float) -> list[str]:
        """The routes whose list is to be read now."""
        if now < self._look_at:
            return []
        self._look_at = now + LOOK_EVERY
        first = {job.attempt.route: job for job in self._desk.jobs.values() if not job.is_over}
        watches = [self._watch(job, now) for job in first.values()]
        return [watch.route.name for watch in watches if watch is not None and self._is_due(watch, now)]

    async def read(self, name: str) -> list[int]:
        """Read a route's list; returns the attempts whose jobs are over with nothing failed."""
        watch = self._watches[name]
        if watch is None:
            return []
        now = self._desk.clock.tick()
        watch.failures = min(watch.failures, MOST_FAILURES - 1)
        jobs = {
            job.attempt.job or "": number
            for number, job in self._desk.jobs.items()
            if job.attempt.route == name and self.covers(job, now)
        }
        due = {handle for handle, number in jobs.items() if self._desk.jobs[number].ask_at <= now}
        done: list[int] = []
        cursor, first_open, has_named = watch.begin, None, False
        for _ in range(MOST_PAGES if due else 0):
            survey = await self._page(watch, cursor, jobs.values())
            if survey is None:
                break
            named = self._note(survey, jobs)
            due -= named
            done.extend(jobs[handle] for handle in survey.done_well if handle in jobs)
            if first_open is None and not named.isdisjoint(survey.under_way):
                first_open = cursor
            if due and (survey.next is None or (has_named and not named)):
                first_open = ""
                break
            if not due or survey.next is None:
                break
            has_named = has_named or bool(named)
            cursor = survey.next
        watch.begin = cursor if first_open is None else first_open
        return done

    def _note(self, survey: Survey, jobs: Mapping[str, int]) -> set[str]:
        """Remember what a page says of open jobs; returns those that it names."""
        desk = self._desk
        now = desk.clock.tick()
        for handle in survey.look_closer:
            if handle in jobs:
                desk.jobs[jobs[handle]].is_over = True
        for handle in survey.under_way:
            if handle in jobs:
                desk.jobs[jobs[handle]].named_at = now
        return {handle for handle in (*survey.done_well, *survey.look_closer, *survey.under_way) if handle in jobs}

    async def _page(self, watch: _Watch, cursor: str, numbers: Collection[int]) -> Survey | None:
        """Read one page; None when it may not be asked for now, or tells nothing."""
        desk = self._desk
        since = min(desk.jobs[number].attempt.opened_at for number in numbers)
        request = desk.dialect.survey(watch.route, cursor, since, desk.settings.account)
        if request is None or not self.allowance(request.budget).take():
            return None
        budget = desk.budgets[request.budget]
        await budget.acquire(is_live=False)
        try:
            reply = await desk.send(request, budget)
        except Unavailable:
            self._failed(watch)
            return None
        finally:
            self._rest(watch)
        if reply.status == 429:
            desk.progress.refusals += 1
            told = seconds_of(reply.headers.get("retry-after"))
            watch.closed_until = watch.read_at + budget.refused(told, backoff=backoff(1, desk.rng))
            return None
        survey = desk.dialect.interpret_survey(watch.route, cursor, reply)
        if survey is None:
            self._failed(watch, is_final=reply.status < 500)
        else:
            watch.failures = 0
            watch.answered_at = watch.read_at
        return survey

    def _rest(self, watch: _Watch) -> None:
        watch.read_at = self._desk.clock.tick()
        is_wanted = self.allowance(watch.route.budget).is_wanted_by_history
        watch.pause = min(LONGEST_PAUSE, watch.pause * 1.5) if is_wanted else watch.route.answers_after

    def _failed(self, watch: _Watch, *, is_final: bool = False) -> None:
        """The list told nothing: it is asked for again soon, and after some failures much later."""
        watch.failures = MOST_FAILURES if is_final else watch.failures + 1
        wait = WITHOUT_LIST if watch.failures >= MOST_FAILURES else backoff(watch.failures, self._desk.rng)
        watch.closed_until = self._desk.clock.tick() + wait

    def _is_due(self, watch: _Watch, now: float) -> bool:
        is_wanted = self.allowance(watch.route.budget).is_wanted_by_history
        pause = watch.pause if is_wanted else watch.route.answers_after
        return now >= max(watch.closed_until, watch.read_at + pause)

    def _watch(self, job: OpenJob, now: float) -> _Watch | None:
        """The surveys of a job's route; None where the platform has no list."""
        name = job.attempt.route
        if name not in self._watches:
            route = self._desk.routes.get(name)
            account = self._desk.settings.account
            is_offered = route and self._desk.dialect.survey(route, "", job.attempt.opened_at, account)
            self._watches[name] = _Watch(route, now, route.answers_after) if route and is_offered else None
        return self._watches[name]
