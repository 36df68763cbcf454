"""One destination at work: what feeds, senders and followers share.

A fact is *admitted* (decided, written, put in a parcel or in line: `traffic`), *intended* (its attempt is durable,
the request goes out: `sender`) and *finished* (taken, or given an exemption: `courses`, `settlement`). Everything
durable goes through `books`; everything here can be rebuilt from the ledger after a crash.
"""

from __future__ import annotations

import math
import random
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import msgspec

from orderwire.delivery.books import Books
from orderwire.delivery.decide import Context, Settled, person_keys, subject_key
from orderwire.delivery.holds import Holds
from orderwire.delivery.parcels import Packer, Passage
from orderwire.delivery.progress import Progress
from orderwire.delivery.queues import ParcelQueue
from orderwire.delivery.settings import DestinationSettings
from orderwire.delivery.trail import Trail
from orderwire.dialects.contract import Dialect, History, Profile, Semantics
from orderwire.dialects.wire import WireReply, WireRequest
from orderwire.ledger.contract import Ledger
from orderwire.ledger.values import Attempt, DestinationState, Disposition, Entry, Exemption, Lease, Mark, Stream
from orderwire.model import Family, kind_of
from orderwire.transport.budget import RateBudget
from orderwire.transport.clock import Clock
from orderwire.transport.port import Transport
from orderwire.transport.redact import safe

HISTORY_STREAMS = {
    Stream.PEOPLE: Family.PEOPLE,
    Stream.PRODUCTS: Family.PRODUCTS,
    Stream.ACTIVITY: Family.ACTIVITY,
}


STALE_AFTER = timedelta(seconds=30)
"""Consent and lane of a fact are asked again when it has waited longer than this."""


@dataclass
class OpenJob:
    """An accepted request whose later answer is awaited."""

    attempt: Attempt
    family: int
    ask_at: float = 0.0
    """When to ask next, in platform seconds."""
    asked: int = 0
    taken_at: float = 0.0
    """When it was taken, or found again after a restart, in platform seconds."""
    keeps: tuple[str, ...] = ()
    """The subjects about which nothing more is sent until it is answered."""
    named_at: float | None = None
    """When a survey named it last, or might first have done so, in platform seconds."""
    is_over: bool = False
    """Whether a survey has told that it is over, with something to be looked into."""
    marks: dict[int, Mark] = field(default_factory=dict)
    """What the platform will know once the answer is good, by fact. Not written before: a mark of something that is
    refused later would keep it from ever being sent again."""


@dataclass
class HeldFacts:
    """Facts that wait for their person to be identified."""

    may_be: bool
    """Whether there may be any."""
    were_looked_through: bool = False
    """Whether this was done with those that a predecessor held."""


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
        self.budgets = _budgets(profile, settings, clock)
        self.queues = {budget.name: ParcelQueue() for budget in profile.budgets}
        cursors = ledger.cursors(settings.name)
        self.trails = {stream: Trail(cursors.get(stream, 0)) for stream in Stream}
        self.books = Books(ledger, lease, lambda: {stream: trail.cursor for stream, trail in self.trails.items()})
        self.packer = Packer()
        self.holds = Holds()
        self.passages: dict[int, Passage] = {}
        self.taken: set[int] = set()
        """Facts beyond a history cursor that have a durable disposition already."""
        self.left_pending: set[int] = set()
        """Facts that a predecessor has written down as pending, and that a feed will read again."""
        self.represented: dict[str, int] = {}
        self.overshadowed: dict[str, list[int]] = {}
        """Facts whose content another fact on its way shows, by subject: superseded when that is taken."""
        self.parked: list[tuple[float, int]] = []
        """Facts to be tried again, with the platform second when."""
        self.untold_permissions: list[int] = []
        """Permissions given that wait until it was read who has left at the platform."""
        self.held = HeldFacts(bool(ledger.exemptions(settings.name, dispositions=[Disposition.HELD], limit=1)))
        self.to_forget: deque[Entry] = deque()
        self.jobs: dict[int, OpenJob] = {}
        """Attempts whose later answer is awaited, by number."""
        self.awaiting: dict[str, list[Passage]] = {}
        """Facts whose next item waits for the answer about an earlier one, by subject."""
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
                for key in person_keys(entry.person):
                    wanted[key] = None
            if self.keeps_state(entry.fact.kind):
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
        signed = self.dialect.authorize(request, account, self.clock.now())
        return await budget.carry(self.transport.send(signed, account.base_url))

    async def ask(self, request: WireRequest, *, is_live: bool) -> WireReply:
        """Ask the platform something when the request's budget allows.

        Raises:
            Unavailable: no complete answer came.
        """
        budget = self.budgets[request.budget]
        await budget.acquire(is_live=is_live)
        return await self.send(request, budget)

    def settle_unsent(self, seq: int, settled: Settled) -> None:
        """Give a fact that is not sent its disposition."""
        self.exempt(seq, settled.disposition, settled.reason, due_at=settled.due_at)
        self.held.may_be = self.held.may_be or settled.disposition is Disposition.HELD
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
        due_at: datetime | None = None,
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
                due_at=due_at,
                decided_at=self.clock.now(),
                settings_version=self.state.settings_version,
                parts_done=tuple(sorted(passage.said)) if passage else (),
            )
        )

    def is_stale(self, decided_at: datetime | None) -> bool:
        """Whether what was decided then is decided again before it is sent; also when the clock was set back."""
        return decided_at is not None and not timedelta() <= self.clock.now() - decided_at <= STALE_AFTER

    def keeps_state(self, kind: str) -> bool:
        """Whether the platform keeps a kind as the state of its subject, so that the newest snapshot is enough."""
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

    @property
    def awaits_opt_outs(self) -> bool:
        """Whether the platform can tell who has left there, and was not asked yet."""
        return self.dialect.profile.reads_opt_outs and self.state.opt_outs_read_at is None

    @property
    def is_full(self) -> bool:
        """Whether as many facts were admitted as may be: feeds read no further."""
        return self.most is not None and self.admitted >= self.most

    @property
    def history_cursor(self) -> int:
        """The lowest committed position of history."""
        return min(self.trails[stream].cursor for stream in HISTORY_STREAMS)


def _budgets(profile: Profile, settings: DestinationSettings, clock: Clock) -> dict[str, RateBudget]:
    """The account's budgets: with the windows it is set to have, else with those that the dialect knows."""
    return {
        budget.name: RateBudget(
            budget.name,
            settings.budgets.get(budget.name, tuple((window.count, window.per) for window in budget.windows)),
            clock,
            reserve=settings.reserve,
        )
        for budget in profile.budgets
    }
