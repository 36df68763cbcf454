"""What the sink does with a request, and what it counts: no I/O, time and chance are arguments.

Requests are judged when they come and counted when somebody asks: what was accepted is kept as it came, so that
counting costs nothing while a client is being measured.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from datetime import datetime
from enum import Enum

import msgspec
from msgspec import Struct


class Faults(Struct, kw_only=True):
    """How the sink behaves.

    Args:
        limits: fixed windows (count, seconds) by endpoint, `event` or `events`; they begin with the first request.
        refused: the share of requests answered 503 before anything is taken.
        lost: the share of requests taken and then answered 500.
        latency: seconds before each answer.
        outage_after: events after which the sink goes silent; None for never.
        outage: for how many seconds.
        seed: of the draws.
    """

    limits: dict[str, list[tuple[int, float]]] = {}
    refused: float = 0.0
    lost: float = 0.0
    latency: float = 0.0
    outage_after: int | None = None
    outage: float = 0.0
    seed: int = 1


class Answer(Enum):
    """What a request gets."""

    TAKEN = 202
    LIMITED = 429
    REFUSED = 503
    LOST = 500
    SILENCE = 0


class Tally(Struct, kw_only=True):
    """What came, so far.

    `repeated` are events accepted again under the same profile, metric and unique id; `lost_answers` are events that
    were accepted and answered 500, so that every careful client has to repeat them.
    """

    requests: int = 0
    limited: int = 0
    refused: int = 0
    unanswered: int = 0
    events: int = 0
    distinct: int = 0
    repeated: int = 0
    lost_answers: int = 0
    orders: int = 0
    """Distinct Placed Order events."""
    inverted: int = 0
    """Placed Orders that came after a later one of the same profile."""
    seconds: float = 0.0
    """From the first request to the last."""


class _Named(Struct):
    name: str


class _Metric(Struct):
    attributes: _Named


class _MetricData(Struct):
    data: _Metric


class _Email(Struct):
    email: str


class _Profile(Struct):
    attributes: _Email


class _ProfileData(Struct):
    data: _Profile


class _EventAttributes(Struct):
    metric: _MetricData
    unique_id: str
    time: datetime
    profile: _ProfileData | None = None


class _Event(Struct):
    attributes: _EventAttributes


class _Single(Struct):
    data: _Event


class _Events(Struct):
    data: list[_Event]


class _EntryAttributes(Struct):
    profile: _ProfileData
    events: _Events


class _Entry(Struct):
    attributes: _EntryAttributes


class _Entries(Struct):
    data: list[_Entry]


class _JobAttributes(Struct):
    entries: _Entries = msgspec.field(name="events-bulk-create")


class _Job(Struct):
    attributes: _JobAttributes


class _Bulk(Struct):
    data: _Job


_SINGLE = msgspec.json.Decoder(_Single)
_BULK = msgspec.json.Decoder(_Bulk)
_EVENT_MARK = b'"unique_id"'


class Reception:
    """The judge and the counter behind one sink."""

    def __init__(self, faults: Faults) -> None:
        self._faults = faults
        self._rng = random.Random(faults.seed)
        self._windows = {(name, per): [count, 0, 0] for name, all_ in faults.limits.items() for count, per in all_}
        self._kept: list[tuple[str, bytes, bool]] = []
        self._events = 0
        self._silent_until: float | None = None
        self._first: float | None = None
        self._last = 0.0
        self._tally = Tally()
        self._seen: set[int] = set()
        self._newest: dict[str, datetime] = {}

    @property
    def latency(self) -> float:
        """Seconds before each answer."""
        return self._faults.latency

    def judge(self, endpoint: str, body: bytes, now: float) -> tuple[Answer, int]:
        """Decide about a request; gives the answer and, for a refusal by limits, the seconds to wait."""
        if self._first is None:
            self._first = now
        self._last = now
        tally, faults = self._tally, self._faults
        tally.requests += 1
        if self._is_silent(now):
            tally.unanswered += 1
            return Answer.SILENCE, 0
        if wait := self._wait(endpoint, now - self._first):
            tally.limited += 1
            return Answer.LIMITED, wait
        if faults.refused and self._rng.random() < faults.refused:
            tally.refused += 1
            return Answer.REFUSED, 0
        is_lost = bool(faults.lost) and self._rng.random() < faults.lost
        self._kept.append((endpoint, body, is_lost))
        self._events += body.count(_EVENT_MARK)
        return (Answer.LOST if is_lost else Answer.TAKEN), 0

    def _is_silent(self, now: float) -> bool:
        after = self._faults.outage_after
        if after is None or self._events < after:
            return False
        if self._silent_until is None:
            self._silent_until = now + self._faults.outage
        return now < self._silent_until

    def _wait(self, endpoint: str, since: float) -> int:
        """Whole seconds until every window has room; 0 when the request is within all of them and now counted."""
        mine = [(per, state) for (name, per), state in self._windows.items() if name == endpoint]
        wait = 0.0
        for per, state in mine:
            if state[1] != since // per:
                state[1:] = [int(since // per), 0]
            if state[2] >= state[0]:
                wait = max(wait, (state[1] + 1) * per - since)
        if not wait:
            for _, state in mine:
                state[2] += 1
        return math.ceil(wait)

    @property
    def events(self) -> int:
        """Events accepted so far, by a quick count."""
        return self._events

    def tally(self) -> Tally:
        """Count what was accepted since the last time, and give the sums."""
        tally = self._tally
        for endpoint, body, is_lost in self._kept:
            for email, event in _read(endpoint, body):
                self._count(email, event, is_lost=is_lost)
        self._kept.clear()
        tally.seconds = self._last - (self._first or self._last)
        tally.distinct = len(self._seen)
        tally.repeated = tally.events - tally.distinct
        return tally

    def _count(self, email: str, event: _EventAttributes, *, is_lost: bool) -> None:
        tally = self._tally
        metric = event.metric.data.attributes.name
        key = hash((email, metric, event.unique_id))
        tally.events += 1
        tally.lost_answers += is_lost
        if key in self._seen:
            return
        self._seen.add(key)
        if metric == "Placed Order":
            tally.orders += 1
            newest = self._newest.get(email)
            if newest is None or newest <= event.time:
                self._newest[email] = event.time
            else:
                tally.inverted += 1


def _read(endpoint: str, body: bytes) -> Iterator[tuple[str, _EventAttributes]]:
    if endpoint == "event":
        attributes = _SINGLE.decode(body).data.attributes
        if attributes.profile is None:
            raise ValueError("an event without a profile")
        yield attributes.profile.data.attributes.email, attributes
        return
    for entry in _BULK.decode(body).data.attributes.entries.data:
        email = entry.attributes.profile.data.attributes.email
        for event in entry.attributes.events.data:
            yield email, event.attributes
