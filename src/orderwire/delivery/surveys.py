"""Asking about many open jobs at once, by the platform's own list of them.

A survey reads the list page by page until every job that was open when it began was named. In which order a platform
lists jobs is its own affair: where the oldest come first, the next survey begins at the first page that named one
still under way; where something was not found, it begins anew. A job that no survey has named for long is followed by
itself.

Asking must not keep history waiting: while requests of history wait for a permit, questions get a small share of the
budget and no more.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field

from orderwire.delivery.desk import Desk, OpenJob
from orderwire.dialects.contract import Lane, Route
from orderwire.dialects.wire import Survey, WireRequest
from orderwire.errors import Unavailable
from orderwire.transport.backoff import backoff, seconds_of

LONGEST_PAUSE = 15.0
"""Platform seconds between two surveys of a route while history is being sent."""
UNSEEN_AFTER = 120.0
"""Platform seconds after which a job that no survey names is followed by itself."""
WITHOUT_LIST = 600.0
"""Platform seconds for which a list that cannot be read is not asked for again."""
MOST_PAGES = 8
"""Pages of one survey."""
SHARE = 0.02
"""Questions in a request of a budget, while history waits for it."""
MOST_SAVED = 8.0
"""Questions that may be saved up."""


class Allowance:
    """How many questions a budget has for jobs."""

    def __init__(self, desk: Desk, budget: str) -> None:
        self._desk = desk
        self._name = budget
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
        """Whether requests of history wait for the budget, or soon will."""
        return self._desk.is_filling or self._desk.queues[self._name].count(Lane.HISTORY) > 0


@dataclass
class _Watch:
    """The surveys of one route. Instants are platform seconds."""

    next_at: float
    pause: float
    begin: str = ""
    """The page where the next survey begins."""
    failures: int = 0


@dataclass
class Findings:
    """What one survey found out, by the numbers of the jobs' attempts."""

    done_well: list[int] = field(default_factory=list)
    under_way: set[int] = field(default_factory=set)


class Surveys:
    """The surveys of a destination's open jobs, one series for each route that offers a list."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._watches: dict[str, _Watch] = {}
        self._allowances: dict[str, Allowance] = {}

    def allowance(self, budget: str) -> Allowance:
        """The questions that a budget has for jobs."""
        if budget not in self._allowances:
            self._allowances[budget] = Allowance(self._desk, budget)
        return self._allowances[budget]

    def names(self, job: OpenJob, now: float) -> bool:
        """Whether a job is left to the surveys: they have named it lately, and nothing of it must be looked into."""
        watch = self._watches.get(job.attempt.route)
        if watch is None or job.is_over:
            return False
        if job.named_at is None:
            job.named_at = now
        return watch.failures == 0 and now - job.named_at < UNSEEN_AFTER

    def due(self, now: float) -> Iterator[Route]:
        """The routes whose list is to be read now."""
        desk = self._desk
        for name in {job.attempt.route for job in desk.jobs.values() if not job.is_over}:
            route = desk.routes.get(name)
            if route is None or self._ask(route, "") is None:
                continue
            watch = self._watches.setdefault(name, _Watch(now + route.answers_after, route.answers_after))
            if watch.next_at <= now:
                yield route

    async def read(self, route: Route) -> list[int]:
        """Read a route's list; returns the jobs that are over and of which nothing failed."""
        desk = self._desk
        watch = self._watches[route.name]
        wanted = {
            job.attempt.job: number
            for number, job in desk.jobs.items()
            if job.attempt.route == route.name and job.attempt.job and not job.is_over
        }
        done: list[int] = []
        cursor, begin = watch.begin, None
        for _ in range(MOST_PAGES):
            request = self._ask(route, cursor)
            if request is None or not self.allowance(request.budget).take():
                break
            survey = await self._page(route, cursor, request, watch)
            if survey is None:
                return done
            named = [name for name in (*survey.done_well, *survey.look_closer, *survey.under_way) if name in wanted]
            for name in survey.look_closer:
                if name in wanted:
                    desk.jobs[wanted[name]].is_over = True
            for name in survey.under_way:
                if name in wanted:
                    desk.jobs[wanted[name]].named_at = desk.clock.tick()
                    begin = cursor if begin is None else begin
            done.extend(wanted[name] for name in survey.done_well if name in wanted)
            for name in named:
                del wanted[name]
            if not wanted:
                break
            if survey.next is None:
                begin = ""
                break
            cursor = survey.next
        watch.begin = cursor if begin is None else begin
        self._pause(route, watch)
        return done

    def _ask(self, route: Route, cursor: str) -> WireRequest | None:
        opened = [job.attempt.opened_at for job in self._desk.jobs.values() if job.attempt.route == route.name]
        return self._desk.dialect.survey(route, cursor, min(opened), self._desk.settings.account)
