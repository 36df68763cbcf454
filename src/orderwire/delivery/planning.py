"""What a sync would send, without sending: the same decisions, words and packing as delivery, counted.

The same facts, too: those after the history cursors that have no disposition yet, and those that wait for another
try wherever they are.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Container, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import chain
from typing import TypeAlias

import msgspec
from msgspec import Struct

from orderwire.delivery.decide import Context, Settled, is_person, person_key, person_keys, subject_key, unidentified
from orderwire.delivery.desk import HISTORY_STREAMS
from orderwire.delivery.express import Said, express
from orderwire.delivery.firing import may_fire, unacknowledged
from orderwire.delivery.parcels import Parcel, Passage
from orderwire.delivery.rehearsal import Rehearsal
from orderwire.delivery.settings import DestinationSettings
from orderwire.dialects.contract import Budget, Dialect, Semantics
from orderwire.dialects.wire import WireRequest
from orderwire.ledger.contract import Ledger
from orderwire.ledger.values import AttemptState, DestinationState, Disposition, Entry, Mark
from orderwire.model import Family, Kind, Order, family_of, kind_of
from orderwire.transport.redact import safe

CHUNK = 500
"""Facts read at a time, as a delivery reads them: between two chunks its requests are answered."""
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
"""Stands for the mark of a person of whom something would have been taken before."""
_STATED = msgspec.structs.replace(_MET, stated_consent=True)
"""The same where a consent of theirs would have been among it."""


_Pair: TypeAlias = tuple[Entry, dict[str, Mark]]
_Phase: TypeAlias = Iterator[list[_Pair]]
"""The facts of one phase, as many at a time as are read at once."""


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
    """Routes that history may take there and that may fire automations."""
    unacknowledged: tuple[str, ...] = ()
    """Those of them that a sync waits for to be acknowledged."""
    pause_first: str = ""
    adopt_first: str = ""
    """What must be said about the account before anything is sent there; empty where nothing must."""
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
        self._met: dict[int, Mark] = {}
        """What would stand for each person's mark by then."""
        self._introducing: dict[int, _Pair] = {}
        """Facts on their way that say more than they need once their person is known there."""
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

    def _count(self, phases: Iterator[_Phase], show: Callable[[WireRequest], None] | None) -> DestinationPlan:
        for parcel in self._parcels(phases):
            self._requests[parcel.route.name] += 1
            if show is not None:
                show(self._dialect.assemble(parcel.route, parcel.items, self._settings.account))
        profile = self._dialect.profile
        waiting = unacknowledged(profile, self._settings, self._state.acknowledged)
        return DestinationPlan(
            destination=self._settings.name,
            platform=self._settings.platform,
            facts=dict(sorted(self._facts.items())),
            requests=dict(sorted(self._requests.items())),
            duration=self._duration(),
            unsent=dict(sorted(self._unsent.items())),
            unsaid=dict(self._unsaid.most_common()),
            may_fire=may_fire(profile, self._settings),
            unacknowledged=waiting,
            pause_first=profile.automations_help if waiting else "",
            mismatched=self._mismatched,
            blocked=self._state.paused_reason,
        )

    def _parcels(self, phases: Iterator[_Phase]) -> Iterator[Parcel]:
        """The requests of each phase; one begins when everything of the one before was taken."""
        for chunks in phases:
            rehearsal = Rehearsal(self._routes, taken=self._meet, again=self._say_again)
            for chunk in chunks:
                for entry, marks in chunk:
                    if not self._is_enough and (passage := self._passage(entry, marks)):
                        rehearsal.add(passage)
                yield from rehearsal.sent()
                if self._is_enough:
                    break
            yield from rehearsal.finish()

    @property
    def _is_enough(self) -> bool:
        return self._first is not None and sum(self._facts.values()) >= self._first

    def _pending(self) -> Iterator[_Phase]:
        """What is left to do, phase by phase: tries that are due again, then what history has not passed."""
        again, dealt_with = self._decided()
        for stream, family in HISTORY_STREAMS.items():
            after = self._cursors.get(stream, 0)
            due = [seq for seq in again if seq <= after]
            yield chain(self._named_of(family, due), self._unread(family, after, dealt_with))

    def _unread(self, family: Family, after: int, dealt_with: Container[int]) -> _Phase:
        head = self._ledger.head()
        while entries := self._ledger.entries(after, limit=CHUNK, until=head, family=family):
            yield self._with_marks([entry for entry in entries if entry.fact.seq not in dealt_with])
            after = entries[-1].fact.seq

    def _named(self, seqs: Sequence[int]) -> Iterator[_Phase]:
        """These facts in the order of the phases; of their subjects nothing is known there but the people's pins."""
        for family in HISTORY_STREAMS.values():
            yield (
                [(entry, {key: mark for key, mark in marks.items() if is_person(key)}) for entry, marks in chunk]
                for chunk in self._named_of(family, seqs)
            )

    def _named_of(self, family: Family, seqs: Sequence[int]) -> _Phase:
        for place in range(0, len(seqs), CHUNK):
            found = self._ledger.entries_at(seqs[place : place + CHUNK])
            yield self._with_marks([entry for entry in found if family_of(entry.fact.kind) is family])

    def _with_marks(self, entries: Sequence[Entry]) -> list[_Pair]:
        subjects = {subject_key(entry.fact) for entry in entries}
        subjects.update(key for entry in entries if entry.person for key in person_keys(entry.person))
        marks = self._ledger.marks(self._settings.name, list(subjects)) if subjects else {}
        for entry in entries:
            if entry.person is not None:
                self._add_met(entry.person.person, marks)
        return [(entry, marks) for entry in entries]

    def _add_met(self, person: int, marks: dict[str, Mark]) -> None:
        """What the ledger has not been told of a person: that something of theirs would be there by then."""
        met, key = self._met.get(person), person_key(person)
        if met is None:
            return
        known = marks.get(key)
        marks[key] = (
            met
            if known is None
            else msgspec.structs.replace(
                known, seq=max(known.seq, met.seq), stated_consent=known.stated_consent or met.stated_consent
            )
        )

    def _decided(self) -> tuple[list[int], set[int]]:
        """Facts that wait for another try, and those after the lowest cursor that history would step over."""
        again: list[int] = []
        held: list[int] = []
        done: set[int] = set()
        lowest = min((self._cursors.get(stream, 0) for stream in HISTORY_STREAMS), default=0)
        after = 0
        while page := self._ledger.exemptions(self._settings.name, after=after, limit=CHUNK):
            for one in page:
                if one.disposition is Disposition.PENDING:
                    again.append(one.seq)
                    continue
                if one.disposition is Disposition.HELD:
                    held.append(one.seq)
                if one.seq > lowest and one.disposition not in self._reopened:
                    done.add(one.seq)
            after = page[-1].seq
        for attempt in self._ledger.attempts_beyond(self._settings.name, lowest):
            if attempt.state in (AttemptState.ACCEPTED, AttemptState.CONFIRMED):
                failed = set(attempt.failed)
                done.update(member.seq for place, member in enumerate(attempt.members) if place not in failed)
        again = sorted([*again, *self._identified(held)])
        return again, done.difference(again)

    def _identified(self, held: Sequence[int]) -> Iterator[int]:
        """Those of the facts that are held whose person is known by now: a sync begins by letting them go."""
        for place in range(0, len(held), CHUNK):
            for entry in self._ledger.entries_at(held[place : place + CHUNK]):
                if entry.snapshot and unidentified(entry, self._context) is None:
                    yield entry.fact.seq

    def _passage(self, entry: Entry, marks: dict[str, Mark]) -> Passage | None:
        said = express(entry, self._context, marks, self._represented, quietly=True)
        if isinstance(said, Settled):
            self._leave(said.disposition, said.reason)
            return None
        statement = said.statement
        self._facts[statement.kind] += 1
        self._unsaid.update(said.expression.unsaid)
        if _is_mismatched(statement.snapshot) and statement.kind == "order.placed":
            self._mismatched += 1
        capability = self._dialect.profile.capabilities[kind_of(statement.kind)]
        if capability.semantics is Semantics.STATE:
            self._represented[subject_key(entry.fact)] = entry.newest
        passage = _passage_of(entry, said)
        if passage.introduces:
            self._introducing[passage.seq] = (entry, marks)
        return passage

    def _meet(self, passage: Passage) -> None:
        """Everything of a fact was taken: its person is known there from now on."""
        recipient = passage.statement.recipient
        self._introducing.pop(passage.seq, None)
        if recipient is not None:
            has_stated = recipient.was_stated_there or passage.statement.kind == Kind.CONSENT_CHANGED
            if has_stated or recipient.person not in self._met:
                self._met[recipient.person] = _STATED if has_stated else _MET

    def _say_again(self, passage: Passage) -> Passage | None:
        """Say anew what waited while its person was introduced."""
        entry, marks = self._introducing.pop(passage.seq)
        if entry.person is not None:
            self._add_met(entry.person.person, marks)
        said = express(entry, self._context, marks, {}, quietly=True)
        if isinstance(said, Settled):
            self._facts[passage.statement.kind] -= 1
            self._leave(said.disposition, said.reason)
            return None
        return _passage_of(entry, said)

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


def _passage_of(entry: Entry, said: Said) -> Passage:
    subject = subject_key(entry.fact)
    return Passage(
        seq=entry.fact.seq,
        family=family_of(said.statement.kind),
        statement=said.statement,
        items=said.expression.items,
        keys=(subject, person_key(entry.person.person)) if entry.person else (subject,),
        newest=entry.newest,
    )


def _is_mismatched(snapshot: object) -> bool:
    return isinstance(snapshot, Order) and "orderwire.mismatch_minor" in snapshot.properties
