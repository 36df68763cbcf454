"""One destination at work: what is on its way, and how a fact gets there.

The desk holds the state that feeds, senders and followers share. A fact is *admitted* (decided, written, put in a
parcel or in line), *intended* (its attempt is durable, the request goes out) and *finished* (taken, or given an
exemption). Everything durable goes through `books`; everything here can be rebuilt from the ledger after a crash.
"""

from __future__ import annotations

import heapq
import math
import random
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import msgspec

from orderwire.delivery.books import Books
from orderwire.delivery.decide import Context, Settled, person_key, person_keys, subject_key
from orderwire.delivery.express import Said, express, unacknowledged
from orderwire.delivery.holds import Holds
from orderwire.delivery.parcels import Packer, Parcel, Passage
from orderwire.delivery.progress import Progress
from orderwire.delivery.queues import ParcelQueue
from orderwire.delivery.settings import DestinationSettings
from orderwire.delivery.trail import Trail
from orderwire.dialects.contract import Dialect, History, Lane, Once, Semantics
from orderwire.dialects.wire import WireReply, WireRequest
from orderwire.ledger.contract import Ledger
from orderwire.ledger.values import Attempt, DestinationState, Disposition, Entry, Exemption, Lease, Mark, Stream
from orderwire.model import Family, family_of, kind_of
from orderwire.transport.budget import RateBudget
from orderwire.transport.clock import Clock
from orderwire.transport.http import Transport
from orderwire.transport.redact import safe

HISTORY_STREAMS = {
    Stream.PEOPLE: Family.PEOPLE,
    Stream.PRODUCTS: Family.PRODUCTS,
    Stream.ACTIVITY: Family.ACTIVITY,
}


@dataclass
class OpenJob:
    """An accepted request whose later answer is awaited."""

    attempt: Attempt
    family: int
    ask_at: float = 0.0
    """When to ask next, in platform seconds."""
    asked: int = 0
    named_at: float | None = None
    """When a survey named it last, or might first have done so, in platform seconds."""
    is_over: bool = False
    """Whether a survey has told that it is over, with something to be looked into."""
    marks: dict[int, Mark] = field(default_factory=dict)
    """What the platform will know once the answer is good, by fact. Not written before: a mark of something that is
    refused later would keep it from ever being sent again."""


class Desk:
    """The shared state of one destination's delivery."""

    def __init__(
        self,
        *,
        ledger: Ledger,
        dialect: Dialect,
        settings: DestinationSettings,
        state: DestinationState,
        lease: Callable[[], Lease],
        clock: Clock,
        transport: Transport,
        rng: random.Random,
    ) -> None:
        self.ledger = ledger
        self.dialect = dialect
        self.settings = settings
        self.state = state
        self.clock = clock
        self.transport = transport
        self.rng = rng
        profile = dialect.profile
        self.routes = {route.name: route for route in profile.routes}
        self._may_fire = frozenset(route.name for route in profile.routes if route.history is History.MAY_FIRE)
        self.budgets = {
            budget.name: RateBudget(
                budget.name,
                settings.budgets.get(budget.name, tuple((window.count, window.per) for window in budget.windows)),
                clock,
                reserve=settings.reserve,
            )
            for budget in profile.budgets
        }
        self.queues = {budget.name: ParcelQueue() for budget in profile.budgets}
        cursors = ledger.cursors(settings.name)
        self.trails = {stream: Trail(cursors.get(stream, 0)) for stream in Stream}
        self.books = Books(ledger, lease, lambda: {stream: trail.cursor for stream, trail in self.trails.items()})
        self.packer = Packer()
        self.holds = Holds()
        self.passages: dict[int, Passage] = {}
        self.taken: set[int] = set()
        """Facts beyond a history cursor that have a durable disposition already."""
        self.represented: dict[str, int] = {}
        self.overshadowed: dict[str, list[int]] = {}
        """Facts whose content another fact on its way shows, by subject: superseded when that is taken."""
        self.parked: list[tuple[float, int]] = []
        """Facts to be tried again, with the platform second when."""
        self.to_forget: deque[Entry] = deque()
        self.jobs: dict[int, OpenJob] = {}
        """Attempts whose later answer is awaited, by number."""
        self.last_number = ledger.last_attempt(settings.name)
        self.progress = Progress(destination=settings.name, head=ledger.head())
        self.most: int | None = None
        """How many facts may be admitted in all; None for any number."""
        self.admitted = 0
        self.last_taken: dict[str, float] = {}
        """The platform second when something was last taken, by route."""
        self.is_loud = False
        self.is_filling = False
        """Whether history is being read: open parcels may still fill."""
        self.is_stopping = False
        """Nothing more is sent; what is on its way comes back."""

    def context(self) -> Context:
        """What decisions depend on, as of now."""
        return Context(
            dialect=self.dialect,
            settings=self.settings,
            state=self.state,
            now=self.clock.now(),
            locked=self._may_fire.difference(self.state.acknowledged),
            is_loud=self.is_loud,
        )

    def marks_of(self, entries: Sequence[Entry]) -> dict[str, Mark]:
        """The marks that decisions about these entries need, staged ones included."""
        wanted: dict[str, None] = {}
        for entry in entries:
            if entry.person is not None:
                wanted.update(dict.fromkeys(person_keys(entry.person)))
            if self._keeps_state(entry.fact.kind):
                wanted[subject_key(entry.fact)] = None
        marks = self.ledger.marks(self.settings.name, list(wanted)) if wanted else {}
        for subject in wanted:
            if staged := self.books.staged_mark(subject):
                marks[subject] = staged
        return marks

    async def send(self, request: WireRequest, budget: RateBudget) -> WireReply:
        """Send a request that its budget has let go.

        Raises:
            Unavailable: no complete answer came.
        """
        account = self.settings.account
        return await budget.carry(self.transport.send(self.dialect.authorize(request, account), account.base_url))

    async def ask(self, request: WireRequest, *, is_live: bool) -> WireReply:
        """Ask the platform something when the request's budget allows.

        Raises:
            Unavailable: no complete answer came.
        """
        budget = self.budgets[request.budget]
        await budget.acquire(is_live=is_live)
        return await self.send(request, budget)

    def admit(
        self,
        entry: Entry,
        marks: Mapping[str, Mark],
        context: Context,
        trails: Iterable[Trail],
        *,
        quietly: bool = False,
    ) -> Passage | None:
        """Decide about a fact that was read; None when nothing is sent for it."""
        seq = entry.fact.seq
        said = express(entry, context, marks, self.represented, quietly=quietly)
        if isinstance(said, Said) and (blocked := unacknowledged(said, context)):
            said = Settled(Disposition.PENDING, f"acknowledge route {blocked} first")
        if isinstance(said, Settled):
            if self._is_overshadowed(entry, marks, said):
                self.overshadowed.setdefault(subject_key(entry.fact), []).append(seq)
                said = Settled(Disposition.PENDING, "its content is on its way with another fact")
            self.settle_unsent(seq, said)
            return None
        passage = Passage(
            seq=seq,
            family=family_of(said.statement.kind),
            statement=said.statement,
            items=said.expression.items,
            keys=_keys(entry),
            newest=entry.newest,
            state_subject=subject_key(entry.fact) if self._keeps_state(said.statement.kind) else None,
            unsaid=said.expression.unsaid,
            trails=list(trails),
        )
        for trail in passage.trails:
            trail.begin(seq)
        if seq not in self.passages:
            self.admitted += 1
        self.passages[seq] = passage
        if passage.state_subject:
            self.represented[passage.state_subject] = entry.newest
        return passage

    def _is_overshadowed(self, entry: Entry, marks: Mapping[str, Mark], settled: Settled) -> bool:
        """Whether a fact need not be sent only if what shows its content now is taken."""
        if settled.disposition is not Disposition.SUPERSEDED:
            return False
        subject = subject_key(entry.fact)
        mark = marks.get(subject)
        return self.represented.get(subject, 0) >= entry.newest and (mark is None or mark.seq < entry.newest)

    def go(self, passage: Passage) -> None:
        """Put a passage on its way, or in line behind an unfinished one of the same person or subject."""
        part = passage.next_part
        item = passage.items[part]
        route = self.routes[item.route]
        if not self.holds.may_go(passage, self.packer.peek(route, item, passage)):
            self.holds.wait(passage)
            return
        self._pack(passage, part)

    def _pack(self, passage: Passage, part: int) -> None:
        """Put an item into a parcel, and with it those that follow it on the same route, as far as there is room."""
        item = passage.items[part]
        route = self.routes[item.route]
        parcel, sealed = self.packer.put(route, item, passage, part)
        last = part
        for place in passage.following(part):
            if route.once is not Once.ITEM or not parcel.has_room(passage.items[place]):
                break
            parcel.add(passage.items[place], passage, place)
            last = place
        if parcel.prepared_at is None:
            parcel.prepared_at = self.clock.now()
        # Later facts about the same may join the parcel only where nothing of this one is left to be said after it.
        self.holds.take(passage, parcel if last == len(passage.items) - 1 else None)
        if sealed is not None:
            self.enqueue(sealed)
        if self.packer.is_full(parcel):
            self.packer.seal(parcel)
            self.enqueue(parcel)

    def next_part(self, passage: Passage) -> None:
        """Put the next item of a passage on its way, after earlier facts about the same; its keys stay busy."""
        part = passage.next_part
        item = passage.items[part]
        ahead = self.holds.ahead(passage, self.packer.peek(self.routes[item.route], item, passage))
        if ahead is None:
            self._pack(passage, part)
        else:
            self.passages[ahead].then.append(passage)
            self.holds.take(passage, None)

    def enqueue(self, parcel: Parcel, *, first: bool = False) -> None:
        """Hand a sealed parcel to the senders of its budget."""
        self.queues[parcel.route.budget].put(parcel, first=first)

    def seal(self, lane: Lane, *, apart: bool = False) -> None:
        """Nothing more is to be waited for in this lane: send what there is, `apart` from other parcels."""
        for parcel in self.packer.seal_all(lane):
            parcel.is_part = parcel.is_part or apart
            self.enqueue(parcel)

    def finish(self, passage: Passage, *, is_taken: bool = False) -> None:
        """A passage is over: free its keys and let those behind it go, and those that relied on its being taken."""
        self.passages.pop(passage.seq, None)
        if passage.state_subject and self.represented.get(passage.state_subject) == passage.newest:
            del self.represented[passage.state_subject]
        freed = self.holds.release(passage)
        for later in passage.then:
            self.next_part(later)
        self._let_go(freed)
        if any(later.statement.lane is Lane.LIVE for later in passage.then):
            self.seal(Lane.LIVE)
        if passage.state_subject and not is_taken:
            self._come_out(passage.state_subject)

    def _come_out(self, subject: str) -> None:
        """What was to show the content of these facts was not taken after all: they are decided about again."""
        entries = self.ledger.entries_at(sorted(self.overshadowed.pop(subject, ())))
        marks = self.marks_of(entries)
        context = self.context()
        for entry in entries:
            if passage := self.admit(entry, marks, context, ()):
                passage.has_exemption = True
                self.go(passage)
        if entries:
            self.seal(Lane.LIVE)
            self.seal(Lane.HISTORY)

    def _stay_out(self, mark: Mark) -> None:
        """The content of these facts is there."""
        for seq in self.overshadowed.pop(mark.subject, ()):
            self.settle_unsent(seq, Settled(Disposition.SUPERSEDED, f"its content is there since fact {mark.seq}"))

    def _let_go(self, candidates: Iterable[Passage]) -> None:
        """Let those go whose turn it is, and after each the next in its lines, which may join the same parcel."""
        turn = deque(candidates)
        gone: set[int] = set()
        any_live = False
        while turn:
            passage = turn.popleft()
            if passage.seq in gone:
                continue
            part = passage.next_part
            item = passage.items[part]
            if not self.holds.may_go(passage, self.packer.peek(self.routes[item.route], item, passage)):
                continue
            gone.add(passage.seq)
            turn.extend(self.holds.leave_line(passage))
            if passage.introduces:
                self.holds.take(passage, None)
                self.holds.outdated.append(passage.seq)
                continue
            self._pack(passage, part)
            any_live = any_live or passage.statement.lane is Lane.LIVE
        if any_live:
            self.seal(Lane.LIVE)

    def taken_all(self, passage: Passage, job: OpenJob | None = None) -> None:
        """Everything of a fact was taken: mark what the platform now knows, or will by a later answer, and finish."""
        recipient = passage.statement.recipient
        subject = passage.state_subject
        if subject:
            mark = Mark(subject=subject, seq=passage.newest, occurred_at=passage.statement.occurred_at)
            if job is None:
                self.books.mark(mark)
                self._stay_out(mark)
            else:
                job.marks[passage.seq] = mark
        stated = passage.statement.kind == "consent.changed"
        if recipient is not None and (not recipient.is_known_there or (stated and not recipient.was_stated_there)):
            self.books.mark(self.pin(passage, seq=passage.seq))
        self.progress.accepted += 1
        self.finish(passage, is_taken=True)
        if subject and job is not None:
            self.represented[subject] = max(passage.newest, self.represented.get(subject, 0))

    def answered(self, seq: int, *, is_good: bool) -> None:
        """A later answer speaks of a fact: what it shows is known there now, or nothing of it is."""
        for job in self.jobs.values():
            mark = job.marks.pop(seq, None)
            if mark is None:
                continue
            if is_good:
                self.books.mark(mark)
                self._stay_out(mark)
            if self.represented.get(mark.subject) == mark.seq:
                del self.represented[mark.subject]
            if not is_good:
                self._come_out(mark.subject)

    def pin(self, passage: Passage, *, seq: int = 0) -> Mark:
        """The mark that pins a person's identifiers here; `seq` 0 before anything of theirs was taken."""
        recipient = passage.statement.recipient
        if recipient is None:
            raise ValueError("a statement about nobody pins nothing")
        return Mark(
            subject=person_key(recipient.person),
            seq=seq,
            occurred_at=passage.statement.occurred_at,
            email=recipient.email,
            phone=recipient.phone,
            external_id=recipient.external_id,
            stated_consent=recipient.was_stated_there or (seq > 0 and passage.statement.kind == "consent.changed"),
        )

    def settle_unsent(self, seq: int, settled: Settled) -> None:
        """Give a fact that is not sent its disposition."""
        self.exempt(seq, settled.disposition, settled.reason)
        if settled.disposition is Disposition.DEAD:
            self.progress.dead += 1
        elif settled.disposition is not Disposition.PENDING:
            self.progress.settled_unsent += 1

    def exempt(
        self,
        seq: int,
        disposition: Disposition,
        reason: str,
        *,
        passage: Passage | None = None,
        attempt: int | None = None,
    ) -> None:
        """Stage a disposition other than plainly accepted. Reasons are made safe to show."""
        if passage is not None:
            passage.has_exemption = True
            for trail in passage.trails:
                trail.settle(seq)
        self.books.exempt(
            Exemption(
                seq=seq,
                disposition=disposition,
                reason=safe(reason),
                attempt=attempt,
                tries=passage.tries if passage else 0,
                decided_at=self.clock.now(),
                settings_version=self.settings.settings_version,
                parts_done=tuple(sorted(passage.said)) if passage else (),
            )
        )

    def park(self, passage: Passage, reason: str, *, wait: float, attempt: int | None) -> None:
        """Try a fact again after `wait` platform seconds; until then it holds back its own later facts."""
        self.exempt(passage.seq, Disposition.PENDING, reason, passage=passage, attempt=attempt)
        passage.intended = set(passage.done)
        self.holds.take(passage, None)
        heapq.heappush(self.parked, (self.clock.tick() + wait, passage.seq))

    def _keeps_state(self, kind: str) -> bool:
        capability = self.dialect.profile.capabilities.get(kind_of(kind))
        return capability is not None and capability.semantics is Semantics.STATE

    def remember(self, **changes: object) -> None:
        """Stage changes to what is remembered of the destination, on top of what the operator changed meanwhile."""
        self.look_up_state()
        self.state = msgspec.structs.replace(self.state, **changes)
        self.books.state(self.state)

    def takes_others(self, route: str, since: float | None) -> bool:
        """Whether a route has taken something since then: what still fails there is at fault itself."""
        return since is not None and self.last_taken.get(route, -math.inf) > since

    def look_up_state(self) -> None:
        """Take over a pause or an acknowledgement that the operator has written since."""
        stored = self.ledger.destination(self.settings.name)
        if stored is not None:
            self.state = msgspec.structs.replace(
                self.state,
                paused_reason=stored.paused_reason,
                acknowledged=stored.acknowledged,
                adopted_before=stored.adopted_before,
                is_adopted=stored.is_adopted,
            )

    def seal_stragglers(self) -> None:
        """When no history is prepared or on its way, what was packed meanwhile goes as it is."""
        if not self._has_history_going():
            self.seal(Lane.HISTORY)

    def _has_history_going(self) -> bool:
        return any(queue.count(Lane.HISTORY) for queue in self.queues.values()) or any(
            budget.on_their_way for budget in self.budgets.values()
        )

    @property
    def is_full(self) -> bool:
        """Whether as many facts were admitted as may be: feeds read no further."""
        return self.most is not None and self.admitted >= self.most

    @property
    def history_cursor(self) -> int:
        """The lowest committed position of history."""
        return min(self.trails[stream].cursor for stream in HISTORY_STREAMS)


def _keys(entry: Entry) -> tuple[str, ...]:
    subject = subject_key(entry.fact)
    return (subject, person_key(entry.person.person)) if entry.person else (subject,)
