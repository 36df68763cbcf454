"""One rate budget: several windows that hold at once, live before history, learning from the platform's replies.

How a limit is kept without knowing where the platform's windows begin. A request counts against a window from the
moment it is let go until `per` seconds after its *reply* came, less the shortest trip seen lately: the platform
counted it at some moment in between, and the next request needs as long to get there, so no window of theirs,
wherever it begins, can hold more than `count` of ours. Once the platform has told where a window
ends (a `Retry-After` on a 429, a reset header), requests are counted by that window instead, which also uses the part
of the first window that is left. Platforms tell it in whole seconds, which says nothing of a window of one second.

A 429 is back-pressure, not an error: nobody sends until it has passed. When it comes although every window has room,
somebody else spends from the same account; the windows are then narrowed by what was overestimated and widened again
one request per clean window. With no window configured at all, one is made from the first 429: as many requests as
went through, in the shortest usual period that the wait fits.

One failed request among others that succeed is bad luck and costs nobody else anything; several in a row are an
outage, and everybody rests.

History never takes the last `reserve` share of a window longer than some seconds, and once live traffic has been seen
it also spreads its requests evenly over what news like those of late leave, so that news need not wait for the next
window. In its first window, when nobody knows yet whether there will be news, it leaves a tenth.

News go as they come, up to a share of such a window; beyond it they keep a pace that the window bears for ever, and
what comes meanwhile travels together. Many small requests would else use it up in its first seconds, and everything
would wait for the next.
"""

from __future__ import annotations

import asyncio
import math
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from orderwire.transport.clock import Clock

FIRST_RESERVE = 0.1
"""Share of the first window that history leaves: it cannot yet spread itself for news that it has not seen."""
TOLD_IN = 1.0
"""Seconds in which platforms tell when a window ends."""
FREELY = 0.2
"""Share of a window that news may use at once; the rest of it is their pace."""
CATCH_UP = 0.01
"""Share of a window by which history may be late and still make up for it."""
LEAST_SHARE = 0.25
"""Share of a window that history paces itself by however many news come."""
BAD_LUCK = 2
"""Failures in a row that are no outage yet."""
Reply = TypeVar("Reply")
USUAL_PERIODS = (1.0, 60.0, 3600.0, 86400.0)
"""The window lengths platforms use; what a learned window is taken to be."""


@dataclass
class _Window:
    count: int
    per: float
    cap: float = 0.0
    """What we believe can be had of `count` now."""
    open_requests: int = 0
    replied: deque[float] = field(default_factory=deque)
    """When the replies of recent requests came, oldest first."""
    boundary: float | None = None
    """A moment at which the platform's window is known to end."""
    last_narrowed: float = -math.inf
    paced_until: float = -math.inf
    """When the pace has caught up with the news that were let go."""
    news: deque[float] = field(default_factory=deque)
    """When requests for news were let go, those of the last period."""
    first_news: float = math.inf
    history_due: float = -math.inf
    """When history's next request is due, where it spreads itself."""
    is_learned: bool = False
    """Whether its count is our own estimate, to be corrected by every refusal."""

    def __post_init__(self) -> None:
        self.cap = float(self.count)

    def used(self, now: float) -> int:
        if self.boundary is None:
            while self.replied and self.replied[0] <= now - self.per:
                self.replied.popleft()
        else:
            began = _began(self.boundary, self.per, now)
            while self.replied and self.replied[0] < began:
                self.replied.popleft()
        return self.open_requests + len(self.replied)

    def next_room(self, now: float) -> float:
        """When room can open without anything else happening; infinity while only replies can open it."""
        if not self.replied:
            return math.inf
        if self.boundary is not None:
            return _began(self.boundary, self.per, now) + self.per
        return self.replied[0] + self.per

    def news_wait(self, now: float) -> float:
        """How long news wait for their pace's sake; not at all while a limit is being found."""
        if self.is_learned or not _is_tellable(self.per):
            return 0.0
        return self.paced_until - FREELY * self.cap * self._pace - now

    def let_news_go(self, now: float) -> None:
        """One request for news was let go."""
        self.paced_until = max(self.paced_until, now) + self._pace
        self.news.append(now)
        self.first_news = min(self.first_news, now)

    def news_expected(self, now: float) -> float:
        """How many requests of a period will be for news, going by the last one, or by its part since the first."""
        while self.news and self.news[0] <= now - self.per:
            self.news.popleft()
        seen = min(self.per, max(now - self.first_news, self.per / 4))
        return len(self.news) * self.per / seen

    def let_history_go(self, now: float, reserved: int) -> None:
        """One request for history was let go: the next one is due when its share of what news leave has passed."""
        left = self.cap - reserved
        if _is_tellable(self.per):
            left = max(left - self.news_expected(now), left * LEAST_SHARE)
        self.history_due = min(max(self.history_due, now - CATCH_UP * self.per), now) + self.per / max(1.0, left)

    def unused(self) -> None:
        """One request was not sent after all, and the next need not keep its distance from it."""
        self.open_requests -= 1
        self.paced_until -= self._pace
        self.history_due = -math.inf

    @property
    def _pace(self) -> float:
        """Seconds from one request for news to the next, where they keep coming."""
        return self.per / (max(1.0, self.cap) * (1 - FREELY))


def _is_tellable(per: float) -> bool:
    """Whether a window is so long that whole seconds say when it ends."""
    return per >= 10 * TOLD_IN


def _began(boundary: float, per: float, now: float) -> float:
    """When the window that `now` lies in began."""
    return boundary + math.floor((now - boundary) / per) * per


class RateBudget:
    """Permission to send, for every request of one family of endpoints of one account.

    Args:
        name: as the dialect calls it.
        windows: (count, seconds) pairs; empty means that the limit is learned from 429s alone.
        clock: the platform's pace.
        reserve: share of each window that history leaves for live facts.
    """

    def __init__(
        self, name: str, windows: Sequence[tuple[int, float]], clock: Clock, *, reserve: float = 0.02
    ) -> None:
        self.name = name
        self.clock = clock
        self.reserve = reserve
        self.requests = 0
        self.on_their_way = 0
        self.refusals = 0
        self._windows = [_Window(count, per) for count, per in windows]
        self._closed_until = -math.inf
        self._failures = 0
        self._live_waiting = 0
        self._live_seen = -math.inf
        self._first = math.inf
        """When the first request was let go."""
        self._changed = asyncio.Event()
        self._trips: deque[float] = deque(maxlen=32)
        """How long recent requests took."""
        self._taken: deque[float] = deque(maxlen=100_000)
        """When recent requests that were not refused were answered."""

    async def acquire(self, *, is_live: bool) -> None:
        """Wait until a request may be sent, and count it as on its way."""
        if is_live:
            self._live_waiting += 1
            self._live_seen = self.clock.tick()
        try:
            while (wait := self._wait(is_live=is_live)) > 0:
                await self._pause(wait)
            now = self.clock.tick()
            self._first = min(self._first, now)
            self.requests += 1
            self.on_their_way += 1
            for window in self._windows:
                window.open_requests += 1
                if is_live:
                    window.let_news_go(now)
                else:
                    window.let_history_go(now, self._reserved(window, now))
        finally:
            if is_live:
                self._live_waiting -= 1

    async def carry(self, send: Awaitable[Reply]) -> Reply:
        """Wait for the reply to a request that was let go, and count it; or that it will never come."""
        began = self.clock.tick()
        answered = False
        try:
            reply = await send
            answered = True
            return reply
        finally:
            self.replied(took=self.clock.tick() - began if answered else None)

    def replied(self, *, took: float | None = None) -> None:
        """A request's reply came after `took` seconds, whatever it says; None when none will come."""
        now = self.clock.tick()
        if took is not None:
            self._trips.append(took)
        self._taken.append(now)
        self.on_their_way -= 1
        for window in self._windows:
            window.open_requests -= 1
            window.replied.append(now if took is None else now - min(self._trips))
            if window.cap < window.count and now - window.last_narrowed > window.per:
                window.cap = min(float(window.count), window.cap + 1.0 / max(1.0, window.cap))
        self._wake()

    def unused(self) -> None:
        """A permit is given back: nothing was sent with it, and the next need not keep its distance from it."""
        self.requests -= 1
        self.on_their_way -= 1
        for window in self._windows:
            window.unused()
        self._wake()

    def refused(self, retry_after: float | None, *, backoff: float) -> float:
        """The platform said 429: nobody sends until it has passed. Returns the wait in platform seconds."""
        now = self.clock.tick()
        self.refusals += 1
        wait = backoff if retry_after is None else max(retry_after, 0.05)
        if now + wait > self._closed_until:
            self._closed_until = now + wait
        if self._taken:
            self._taken.pop()
        if all(retry_after is not None and retry_after > window.per + 1 for window in self._windows):
            self._learn(now, retry_after)
        elif self._windows:
            self._narrow(now, retry_after)
        self._wake()
        return wait

    def answered(self) -> None:
        """The platform answered usefully: what failed before was bad luck, and what was learned may be too little."""
        self._failures = 0
        now = self.clock.tick()
        for window in self._windows:
            if window.is_learned and window.boundary is not None and now < window.boundary:
                window.count = max(window.count, self._taken_in(window.per, window.boundary))
                window.cap = float(window.count)

    def failed(self, wait: Callable[[int], float]) -> None:
        """There was no useful answer; `wait` says how long to rest after so many failures in a row.

        Requests that were on their way together fail together: what comes back during a rest adds nothing to it.
        """
        if self.clock.tick() < self._closed_until:
            return
        self._failures += 1
        if self._failures > BAD_LUCK:
            seconds = wait(self._failures - BAD_LUCK)
            self._closed_until = max(self._closed_until, self.clock.tick() + seconds)

    def observe(self, limit: int, per: float, *, remaining: int | None, reset: float | None) -> None:
        """Take over what the platform states in its headers about a window of `per` seconds."""
        now = self.clock.tick()
        window = next((window for window in self._windows if window.per == per), None)
        if window is None:
            window = _Window(limit, per, open_requests=self.on_their_way)
            self._windows.append(window)
        if window.count != limit:
            window.count, window.cap = limit, float(limit)
        if reset is not None and 0 < reset <= per and _is_tellable(per):
            end = now + reset
            # What was answered in the second that the rounding hides may be of this window too: it is not others'.
            began = end - per - TOLD_IN
            if window.boundary is None or abs((end - window.boundary + per / 2) % per - per / 2) > per * 0.1:
                window.boundary = end
            if remaining is not None:
                others = limit - remaining - window.open_requests - sum(at > began for at in window.replied)
                window.replied.extend([now] * max(0, others))
        self._wake()

    def _wait(self, *, is_live: bool) -> float:
        now = self.clock.tick()
        wait = self._closed_until - now
        if not is_live and self._live_waiting:
            wait = max(wait, 0.01)
        for window in self._windows:
            usable = window.cap if is_live else window.cap - self._reserved(window, now)
            if window.used(now) + 1 > max(1.0, usable):
                wait = max(wait, window.next_room(now) - now, 0.001)
            elif is_live:
                wait = max(wait, window.news_wait(now))
            elif now - self._live_seen < 2 * window.per:
                wait = max(wait, window.history_due - now)
        return wait

    def _reserved(self, window: _Window, now: float) -> int:
        """What history leaves of a window; nothing of one so short that news can wait for the next."""
        if not _is_tellable(window.per):
            return 0
        is_first = now < self._first + window.per
        return math.floor(window.cap * (max(self.reserve, FIRST_RESERVE) if is_first else self.reserve))

    async def _pause(self, seconds: float) -> None:
        self._changed.clear()
        waiter = asyncio.ensure_future(self._changed.wait())
        timer = asyncio.ensure_future(self.clock.sleep(min(seconds, 86400.0)))
        try:
            await asyncio.wait({waiter, timer}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            waiter.cancel()
            timer.cancel()

    def _wake(self) -> None:
        self._changed.set()

    def _narrow(self, now: float, retry_after: float | None) -> None:
        """The tightest window the wait fits in is fuller than we thought: count it as full until the wait is over."""
        fitting = [window for window in self._windows if retry_after is None or retry_after <= window.per + 1]
        window = min(fitting, key=lambda one: one.per)
        if (
            retry_after is not None
            and window.boundary is None
            and retry_after <= window.per
            and _is_tellable(window.per)
        ):
            window.boundary = now + retry_after
        if window.is_learned:
            end = now + (retry_after or 0.0) if _is_tellable(window.per) else now
            if retry_after is None and window.count == 1 and window.per < USUAL_PERIODS[-1]:
                window.per = next(period for period in USUAL_PERIODS if period > window.per)
                window.count = self._taken_in(window.per, end)
            window.count = min(window.count, self._taken_in(window.per, end))
            window.cap = float(window.count)
        elif self.refusals > 1 and now - window.last_narrowed > window.per:
            window.cap = max(1.0, window.cap * 0.9)
        window.last_narrowed = now

    def _learn(self, now: float, retry_after: float | None) -> None:
        """Make a window of what went through; without a wait told, of the shortest period until that proves wrong."""
        wait = retry_after or 0.0
        per = next((period for period in USUAL_PERIODS if wait <= period), USUAL_PERIODS[-1])
        end = now + wait if _is_tellable(per) else now
        count = self._taken_in(per, end)
        window = _Window(
            count, per, open_requests=self.on_their_way, boundary=end if _is_tellable(per) else None, is_learned=True
        )
        self._windows.append(window)

    def _taken_in(self, per: float, end: float) -> int:
        """How many requests went through in the window that ends then, at least one.

        The second that rounding hides counts too: too high an estimate costs one more refusal, too low a one all
        the windows to come.
        """
        begin = end - per - (TOLD_IN if _is_tellable(per) else 0.0)
        count = 0
        for at in reversed(self._taken):
            if at < begin:
                break
            count += 1
        return max(1, count)
