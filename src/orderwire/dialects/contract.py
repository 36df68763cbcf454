"""What a dialect is: everything the rest of Orderwire may ask about a platform.

A dialect is the whole truth about one platform, as data and pure functions: no sockets, no clock, no randomness.

The way out, step by step:

1. Delivery makes a `Statement` of each fact: the fact, the newest snapshot of its subject, the person with pinned
   identifiers and consent as they are *now*, and the lane.
2. `Dialect.write` turns it into an `Expression`: zero or more `Item`s, each an encoded piece of a request body for
   one `Route`, and the names of what the platform cannot be told. Items of one fact are sent in their order: the
   second leaves only when the first was taken, and where a job writes a state, when the job was answered.
3. Delivery packs items of one route up to its limits and calls `Dialect.assemble`, which only joins the pieces.
4. `Dialect.interpret` reads the reply into a `Verdict`; `Dialect.follow` and `interpret_job` do the same for
   platforms that answer later.

The ids inside an item are a function of the fact (Law 3): never of the attempt, the time of sending or chance.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from enum import StrEnum
from typing import Protocol, TypeAlias

from msgspec import Struct

from orderwire.dialects.wire import JobVerdict, Survey, Verdict, WireReply, WireRequest
from orderwire.model import (
    Address,
    Cart,
    Channel,
    Consent,
    ConsentState,
    Event,
    Kind,
    Order,
    Person,
    Product,
    Subscription,
)


class Lane(StrEnum):
    """How a fact travels: quietly as history, or as news."""

    HISTORY = "history"
    LIVE = "live"


class Resend(StrEnum):
    """What sending the same item again does at the platform (Law 6). Undocumented deduplication counts as none."""

    DEDUPLICATED = "deduplicated"
    OVERWRITES = "overwrites"
    READABLE = "readable"
    TRIGGERS = "triggers"
    BLIND = "blind"


class Semantics(StrEnum):
    """Whether the platform keeps what we send as a happening or as the state of a thing."""

    EVENT = "event"
    STATE = "state"
    """Only the newest snapshot matters: an older fact of the same subject is superseded, never sent."""


class History(StrEnum):
    """Whether old data on this route is documented to stay quiet (Law 7)."""

    QUIET = "quiet"
    MAY_FIRE = "may_fire"


class Confirmation(StrEnum):
    """Whether and how the platform says later what became of an accepted item (Law 10)."""

    IN_REPLY = "in_reply"
    BY_JOB = "by_job"
    ERRORS_LATER = "errors_later"
    NONE = "none"


class Once(StrEnum):
    """What a request may hold only once."""

    ITEM = "item"
    """Each item; many may be about the same."""
    SUBJECT = "subject"
    """Each order, product or other subject."""
    PERSON = "person"
    """Each person, and each subject."""


class Window(Struct, frozen=True):
    """At most `count` requests in `per` seconds."""

    count: int
    per: float


class Budget(Struct, frozen=True, kw_only=True):
    """A rate budget of the account, spent by every request of its routes; all windows hold at once."""

    name: str
    windows: tuple[Window, ...]
    concurrency: int = 4
    """How many requests may be on their way at once."""
    source: str = ""
    """Where the figures come from."""


class Route(Struct, frozen=True, kw_only=True):
    """One endpoint as the delivery sees it.

    Units: `max_weight` counts what the platform counts (records, events); bytes are of the encoded body.
    `history` speaks of old data sent there by `write` with lane HISTORY.
    """

    name: str
    budget: str
    resend: Resend
    semantics: Semantics
    history: History
    confirmation: Confirmation = Confirmation.NONE
    max_weight: int = 1
    max_bytes: int = 1_000_000
    max_item_bytes: int | None = None
    frame_bytes: int = 512
    """Room to leave for what `assemble` puts around the items."""
    names_culprit: bool = False
    """Whether a refusal says which item was bad; otherwise a refused batch is split in halves."""
    once: Once = Once.ITEM
    """What a request may hold only one item of (documented last-wins, 409 or unordered processing)."""
    answers_after: float = 1.0
    """Platform seconds before which no later answer is asked for."""
    note: str = ""

    @property
    def is_done_later(self) -> bool:
        """Whether it writes a state by a job: it is done when that is answered, not when it was taken.

        A platform does its jobs in any order, so what follows about the same waits for the answer: the next item of
        the fact, and later facts of its subject.
        """
        return self.confirmation is Confirmation.BY_JOB and self.semantics is Semantics.STATE


class Capability(Struct, frozen=True, kw_only=True):
    """What a platform can be told of one kind of fact.

    `routes` are those that `write` may use for it, history first; empty means not expressible, and `note` says why.
    """

    routes: tuple[str, ...] = ()
    semantics: Semantics = Semantics.EVENT
    called: str = ""
    """What the platform calls it."""
    note: str = ""


class Recipient(Struct, frozen=True, kw_only=True):
    """The person a statement is about, as this destination knows them.

    Identifiers are the pinned ones: what was used at the first sending is used again, the first spelling of an
    e-mail included. `consent` is as of now. `is_known_there` tells whether anything was accepted there for this
    person before, `is_pinned` whether it was under all these identifiers; `was_stated_there` whether a consent of
    theirs was.
    """

    person: int
    email: str | None = None
    phone: str | None = None
    external_id: str | None = None
    anonymous_id: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    language: str | None = None
    address: Address | None = None
    consent: Mapping[Channel, ConsentState] = {}
    consent_changed_at: Mapping[Channel, datetime] = {}
    is_known_there: bool = False
    is_pinned: bool = False
    was_stated_there: bool = False


Snapshot: TypeAlias = Order | Person | Product | Cart | Subscription | Consent | Event


class Statement(Struct, frozen=True, kw_only=True):
    """One fact with everything needed to say it at a destination.

    `snapshot` is the newest known snapshot of the subject, not the one of the fact's time. `detail` names the refund
    or shipment inside it and `ordinal` its place among the facts of this kind and subject, from 0. `previous` is the
    snapshot before this fact, for carts only: some platforms want to hear what was added. `is_consent_news` is true
    for a `consent.changed` the person made just now (live lane): only then is a status stated rather than hinted.
    """

    kind: str
    key: str
    subject: str
    source: str
    occurred_at: datetime
    lane: Lane
    snapshot: Snapshot
    revision: int = 0
    detail: str | None = None
    ordinal: int = 0
    previous: Snapshot | None = None
    recipient: Recipient | None = None
    is_approximate: bool = False
    is_known_there: bool = False
    """Whether this subject was accepted there before (create or update, where a platform tells them apart)."""
    is_consent_news: bool = False
    is_recent: bool = False
    """Whether it occurred in the last two days, whatever its lane: some platforms deduplicate only what is older."""


class Item(Struct, frozen=True, kw_only=True):
    """One piece of a request body, already encoded.

    `wire_id` is the platform's id of it (unique_id, order id …), a function of the fact. `weight` is what it counts
    against the route's `max_weight`. `group` keeps apart what may not share a request (a list id, a store, a flag
    that the platform takes per request); items with different groups never travel together.
    """

    route: str
    wire_id: str
    body: bytes
    weight: int = 1
    group: str = ""


class Expression(Struct, frozen=True, kw_only=True):
    """What a platform is told of one fact.

    No items and `unsaid`: not expressible there, with the reasons. Items and `unsaid`: said, apart from the named
    details. `withheld` set instead: consent forbids it, with the reason.
    """

    items: tuple[Item, ...] = ()
    unsaid: tuple[str, ...] = ()
    withheld: str = ""


class Account(Struct, frozen=True, kw_only=True):
    """A configured account at a platform, secrets resolved. `options` are the dialect's own settings, checked.

    `repr` is never logged: it holds the key.
    """

    key: str
    base_url: str
    account_id: str = ""
    knows_newsletter: bool = True
    """Whether the shop knows newsletter status itself (design §4, two kinds of shop)."""
    options: Mapping[str, str | bool | int] = {}


class Option(Struct, frozen=True, kw_only=True):
    """One setting of a dialect: what `[destination.X.options]` may hold."""

    name: str
    default: str | bool | int
    help: str


class Held(Struct, frozen=True, kw_only=True):
    """One thing a platform says it holds, as read back for adoption and reconciliation."""

    kind: str
    wire_id: str
    occurred_at: datetime | None = None
    digest: str = ""
    """What can be compared besides existence: amount, status; empty where the platform shows nothing."""


class ReadBack(Struct, frozen=True, kw_only=True):
    """One page of something read from the platform; `next` is None at the end."""

    consents: tuple[Consent, ...] = ()
    held: tuple[Held, ...] = ()
    next: str | None = None


class Erasure(Struct, frozen=True, kw_only=True):
    """One call by which a person is forgotten at the platform.

    `by` names the identifiers of theirs that it goes by: `email`, `phone`, `external_id`. A search only asks what is
    held under them, where others may have the same or nothing can be erased by them; then `Dialect.erase_found` says
    what is to be erased.
    """

    request: WireRequest
    by: tuple[str, ...]
    is_search: bool = False


class Profile(Struct, frozen=True, kw_only=True):
    """What a dialect is, as data that docs, settings and delivery read."""

    name: str
    title: str
    revision: str
    """The pinned API revision."""
    base_url: str
    budgets: tuple[Budget, ...]
    routes: tuple[Route, ...]
    capabilities: Mapping[Kind, Capability]
    options: tuple[Option, ...] = ()
    needs_account_id: bool = False
    """Whether the account's own id is part of every address."""
    key_help: str = ""
    """Where a user finds the key, and the rights it needs."""
    automations_help: str = ""
    """What to pause before history is sent, in the platform's words."""
    erasure: str = ""
    """How a person is erased there, or empty: not offered, by hand."""
    joining: str = ""
    """How two people who turn out to be one are joined there, or empty: not offered."""
    reads_opt_outs: bool = False
    reads_held: tuple[str, ...] = ()
    """What `read_held` can list: `orders`, `products`, `people`, `events`; empty where nothing can be read back."""
    identity_precedence: tuple[str, ...] = ()
    takes_anonymous: bool = False
    """Whether facts about a person of whom only a device is known are told, without waiting for who it turns out to
    be: only where nothing told before would stay with a stranger for good."""
    is_marketing: bool = True
    """Whether what is told there may lead to marketing; else it is the shop's own system, and consent does not
    withhold what only marketing would use."""
    is_address_given: bool = False
    """Whether the address is the shop's own and must be given. What it leads to is then not trusted: private
    addresses are refused unless allowed."""
    retires_on: date | None = None
    """The day from which the platform answers the pinned revision no more, where it states a rule."""


class Dialect(Protocol):
    """A platform's way of speaking, outward. All functions of values."""

    @property
    def profile(self) -> Profile:
        """The platform as data."""
        ...

    def authorize(self, request: WireRequest, account: Account, at: datetime, /) -> WireRequest:
        """The request with the account's credentials and fixed headers added, as it leaves `at` this instant."""
        ...

    def write(self, statement: Statement, account: Account) -> Expression:
        """Say one fact in the platform's words."""
        ...

    def assemble(self, route: Route, items: Sequence[Item], account: Account) -> WireRequest:
        """Join items of one route and one group into a request."""
        ...

    def interpret(self, route: Route, request: WireRequest, reply: WireReply, items: Sequence[Item]) -> Verdict:
        """Read the reply to an assembled request."""
        ...

    def follow(self, route: Route, job: str, account: Account) -> WireRequest:
        """Ask what became of a job."""
        ...

    def interpret_job(self, route: Route, job: str, reply: WireReply, items: Sequence[Item]) -> JobVerdict:
        """Read a job's status reply. `items` hold the route, wire ids and weights of the request, bodies empty."""
        ...

    def survey(self, route: Route, cursor: str, since: datetime, account: Account) -> WireRequest | None:
        """Ask for a page of the platform's list of jobs of this route, by one request what became of many.

        Cursor "" begins; `since` is when the oldest job in question was posted. None where no list tells which jobs
        failed: then each is followed by itself.
        """
        ...

    def interpret_survey(self, route: Route, cursor: str, reply: WireReply) -> Survey | None:
        """Read that page; None where it tells nothing, so that the jobs are followed one by one for a while."""
        ...

    def read_item(self, route: Route, item: Item, account: Account) -> WireRequest | None:
        """Ask whether this very item is there; only for routes of resend class READABLE."""
        ...

    def interpret_item(self, route: Route, item: Item, reply: WireReply) -> bool | None:
        """Whether the item is there; None when the reply does not tell."""
        ...

    def check(self, account: Account) -> WireRequest:
        """A harmless call that proves the key."""
        ...

    def opt_outs(self, cursor: str, account: Account) -> WireRequest | None:
        """Ask for a page of opt-outs, bounces and complaints; cursor "" begins. None where not offered."""
        ...

    def interpret_opt_outs(self, cursor: str, reply: WireReply) -> ReadBack:
        """Read that page."""
        ...

    def held(self, what: str, cursor: str, account: Account) -> WireRequest | None:
        """Ask for a page of what the platform holds; `what` out of `profile.reads_held`."""
        ...

    def interpret_held(self, what: str, cursor: str, reply: WireReply) -> ReadBack:
        """Read that page."""
        ...

    def erase(self, recipient: Recipient, account: Account) -> tuple[Erasure, ...]:
        """Ask the platform to forget a person, under each identifier that it may hold of them by itself.

        Each call is carried out until it is answered, and may be repeated. None where erasing is not offered, or
        nothing is known of the person that the platform could be asked by.
        """
        ...

    def erase_found(self, recipient: Recipient, search: Erasure, reply: WireReply) -> tuple[Erasure, ...] | None:
        """Erase what a search has found and nobody else is there under; None when the reply does not tell."""
        ...
