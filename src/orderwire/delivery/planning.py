"""What a sync would send, without sending: the same decisions, words and packing as delivery, counted.

The same facts, too: those after the history cursors that have no disposition yet, and those that wait for another
try wherever they are.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import TypeAlias

from msgspec import Struct

from orderwire.delivery.decide import Context, Settled, is_person, person_key, person_keys, subject_key
from orderwire.delivery.desk import HISTORY_STREAMS
from orderwire.delivery.express import express
from orderwire.delivery.parcels import Packer, Parcel, Passage
from orderwire.delivery.settings import DestinationSettings
from orderwire.dialects.contract import Budget, Dialect, History, Lane, Semantics
from orderwire.dialects.wire import WireRequest
from orderwire.ledger.contract import Ledger
from orderwire.ledger.values import AttemptState, DestinationState, Disposition, Entry, Mark
from orderwire.model import Family, Order, family_of, kind_of
from orderwire.transport.redact import safe

CHUNK = 1000
REOPENED = (
    Disposition.HELD,
    Disposition.WITHHELD,
    Disposition.EXCLUDED,
    Disposition.SUPERSEDED,
    Disposition.ALREADY_THERE,
    Disposition.NOT_EXPRESSIBLE,
)
"""What a replay decides anew: everything that was not sent because it was not to be."""


_MET = Mark(subject="", seq=1, occurred_at=datetime(1970, 1, 1, tzinfo=UTC))
"""Stands for the mark of a person of whom something would have been sent before."""


_Pair: TypeAlias = tuple[Entry, dict[str, Mark]]


class DestinationPlan(Struct, kw_only=True):
    """What a history sync of one destination would do. Durations are platform time."""

    destination: str
    platform: str
    facts: dict[str, int] = {}
    """Facts to be sent, by kind."""
    requests: dict[str, int] = {}
    """Requests needed, by route."""
    duration: timedelta = timedelta()
    """How long at the account's limits, if nothing else uses them."""
    unsent: dict[str, int] = {}
    """Facts not sent, by disposition and reason."""
    unsaid: dict[str, int] = {}
    """Details that this platform cannot be told, by what they are."""
    may_fire: tuple[str, ...] = ()
    """Routes that history would use and that may fire automations there."""
    unacknowledged: tuple[str, ...] = ()
    pause_first: str = ""
    mismatched: int = 0
    """Orders whose figures do not add up; sent as the shop states them."""
    blocked: str = ""


class Planner:
    """Walks a destination's pending history and counts what delivery would do.

    Args:
        first: stop after so many facts to be sent.
        back_to: plan as if the history cursors had been moved back to this sequence number by a replay.
    """

    def __init__(
        self,
        *,
        ledger: Ledger,
        dialect: Dialect,
        settings: DestinationSettings,
        now: datetime,
        first: int | None = None,
        back_to: int | None = None,
    ) -> None:
        self._ledger = ledger
        self._dialect = dialect
        self._settings = settings
        known = ledger.destination(settings.name)
        self._state = known or DestinationState(name=settings.name, switched_on_at=now, switched_on_seq=ledger.head())
        self._cursors = dict(ledger.cursors(settings.name)) if known else {}
        if back_to is not None:
            self._cursors = {stream: min(back_to, at) for stream, at in self._cursors.items()}
        self._reopened = frozenset(REOPENED if back_to is not None else ())
        self._context = Context(dialect=dialect, settings=settings, state=self._state, now=now)
        self._routes = {route.name: route for route in dialect.profile.routes}
        self._represented: dict[str, int] = {}
        self._met: set[int] = set()
        """Persons of whom something would have been sent by then."""
        self._first = first
        self._facts: Counter[str] = Counter()
        self._requests: Counter[str] = Counter()
        self._unsent: Counter[str] = Counter()
        self._unsaid: Counter[str] = Counter()
        self._mismatched = 0

    def plan(self, show: Callable[[WireRequest], None] | None = None) -> DestinationPlan:
        """Count everything; `show` is given each request as it would leave, without credentials."""
        return self._count(self._pending(), show)

    def plan_again(self, seqs: Sequence[int], show: Callable[[WireRequest], None] | None = None) -> DestinationPlan:
        """Count what sending these facts once more would take, whatever is thought to be known of them there."""
        return self._count(self._named(sorted(seqs)), show)

    def _count(self, entries: Iterator[_Pair], show: Callable[[WireRequest], None] | None) -> DestinationPlan:
        for parcel in self._parcels(entries):
            self._requests[parcel.route.name] += 1
            if show is not None:
                show(self._dialect.assemble(parcel.route, parcel.items, self._settings.account))
        used = [self._routes[name] for name in self._requests]
        may_fire = tuple(route.name for route in used if route.history is History.MAY_FIRE)
        waiting = tuple(name for name in may_fire if name not in self._state.acknowledged)
        return DestinationPlan(
            destination=self._settings.name,
            platform=self._settings.platform,
            facts=dict(sorted(self._facts.items())),
            requests=dict(sorted(self._requests.items())),
            duration=self._duration(),
            unsent=dict(sorted(self._unsent.items())),
            unsaid=dict(self._unsaid.most_common()),
            may_fire=may_fire,
            unacknowledged=waiting,
            pause_first=self._dialect.profile.automations_help if waiting else "",
            mismatched=self._mismatched,
            blocked=self._state.paused_reason,
        )

    def _parcels(self, entries: Iterator[_Pair]) -> Iterator[Parcel]:
        packer = Packer()
        family = Family.PEOPLE
        for entry, marks in entries:
            if self._first is not None and sum(self._facts.values()) >= self._first:
                break
            if family_of(entry.fact.kind) is not family:
                yield from packer.seal_all(Lane.HISTORY)
                family = family_of(entry.fact.kind)
            passage = self._passage(entry, marks)
            if passage is None:
                continue
            for part, item in enumerate(passage.items):
                parcel, sealed = packer.put(self._routes[item.route], item, passage, part)
                if sealed is not None:
                    yield sealed
                if packer.is_full(parcel):
                    packer.seal(parcel)
                    yield parcel
        yield from packer.seal_all(Lane.HISTORY)

    def _pending(self) -> Iterator[_Pair]:
        """What is left to do, phase by phase: tries that are due again, then what history has not passed."""
        head = self._ledger.head()
        again, dealt_with = self._decided()
        for stream, family in HISTORY_STREAMS.items():
            after = self._cursors.get(stream, 0)
            yield from self._named_of(family, [seq for seq in again if seq <= after])
            while entries := self._ledger.entries(after, limit=CHUNK, until=head, family=family):
                yield from self._with_marks([entry for entry in entries if entry.fact.seq not in dealt_with])
                after = entries[-1].fact.seq

    def _named(self, seqs: Sequence[int]) -> Iterator[_Pair]:
        """These facts in the order of the phases; of their subjects nothing is known there but the people's pins."""
        for family in HISTORY_STREAMS.values():
            for entry, marks in self._named_of(family, seqs):
                yield entry, {key: mark for key, mark in marks.items() if is_person(key)}

    def _named_of(self, family: Family, seqs: Sequence[int]) -> Iterator[_Pair]:
        for place in range(0, len(seqs), CHUNK):
            found = self._ledger.entries_at(seqs[place : place + CHUNK])
            yield from self._with_marks([entry for entry in found if family_of(entry.fact.kind) is family])

    def _with_marks(self, entries: Sequence[Entry]) -> Iterator[_Pair]:
        subjects = {subject_key(entry.fact) for entry in entries}
        subjects.update(key for entry in entries if entry.person for key in person_keys(entry.person))
        marks = self._ledger.marks(self._settings.name, list(subjects)) if subjects else {}
        for entry in entries:
            if entry.person is not None and entry.person.person in self._met:
                marks.setdefault(person_key(entry.person.person), _MET)
            yield entry, marks

    def _decided(self) -> tuple[list[int], set[int]]:
        """Facts that wait for another try, and those after the lowest cursor that history would step over."""
        again: list[int] = []
        done: set[int] = set()
        lowest = min((self._cursors.get(stream, 0) for stream in HISTORY_STREAMS), default=0)
        after = 0
        while page := self._ledger.exemptions(self._settings.name, after=after, limit=CHUNK):
            for one in page:
                if one.disposition is Disposition.PENDING:
                    again.append(one.seq)
                elif one.seq > lowest and one.disposition not in self._reopened:
                    done.add(one.seq)
            after = page[-1].seq
        for attempt in self._ledger.attempts_beyond(self._settings.name, lowest):
            if attempt.state in (AttemptState.ACCEPTED, AttemptState.CONFIRMED):
                failed = set(attempt.failed)
                done.update(member.seq for place, member in enumerate(attempt.members) if place not in failed)
        return again, done.difference(again)

    def _passage(self, entry: Entry, marks: dict[str, Mark]) -> Passage | None:
        said = express(entry, self._context, marks, self._represented, quietly=True)
        if isinstance(said, Settled):
            self._leave(said.disposition, said.reason)
            return None
        statement = said.statement
        self._facts[statement.kind] += 1
        if entry.person is not None:
            self._met.add(entry.person.person)
        self._unsaid.update(said.expression.unsaid)
        if _is_mismatched(statement.snapshot) and statement.kind == "order.placed":
            self._mismatched += 1
        capability = self._dialect.profile.capabilities[kind_of(statement.kind)]
        if capability.semantics is Semantics.STATE:
            self._represented[subject_key(entry.fact)] = entry.newest
        return Passage(
            seq=entry.fact.seq,
            family=family_of(statement.kind),
            statement=statement,
            items=said.expression.items,
            keys=(),
            newest=entry.newest,
        )

    def _leave(self, disposition: Disposition, reason: str) -> None:
        text = safe(reason).split(" since fact ")[0].split(" by fact ")[0].split("by fact ")[0].rstrip(", ")
        self._unsent[f"{disposition.value}: {text}" if text else disposition.value] += 1

    def _duration(self) -> timedelta:
        """The longest of the budgets; budgets run side by side, the phases of one budget one after the other."""
        longest = 0.0
        for budget in self._dialect.profile.budgets:
            count = sum(n for name, n in self._requests.items() if self._routes[name].budget == budget.name)
            longest = max(longest, shortest_time(budget, self._settings, count))
        return timedelta(seconds=longest)


def shortest_time(budget: Budget, settings: DestinationSettings, count: int) -> float:
    """Platform seconds that so many requests need at least, beginning with untouched windows."""
    windows = settings.budgets.get(budget.name, tuple((window.count, window.per) for window in budget.windows))
    return max(((math.ceil(count / most) - 1) * per for most, per in windows if count), default=0.0)


def _is_mismatched(snapshot: object) -> bool:
    return isinstance(snapshot, Order) and "orderwire.mismatch_minor" in snapshot.properties
