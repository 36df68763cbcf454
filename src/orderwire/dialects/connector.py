"""What a shop connector is: how the API of a shop product is asked, and how its answers and webhooks are read.

The way in, step by step:

1. `[source.<name>]` names a connector as its `kind`, with an address, secrets by reference and options; the sources
   room checks them against the connector's `Profile` and makes an `Access` of them.
2. The sources room decides *what* is to be read: for each `Stream` of the profile a `Stretch`, "everything changed
   since then", "everything there is", or "everything that began lately". Windows, overlap, the first full pass, the
   safety lag and what is committed live there, once for all connectors.
3. The connector says *how*: `Connector.read` is a generator. It yields a `WireRequest` and is given the `WireReply`,
   as often as it needs to (a page, then the refunds of its orders), and returns one `Piece`: whole records, what
   could not be understood, and the cursor of the next piece. It is begun anew for each piece, from the committed
   cursor; nothing but the cursor survives between two pieces.
4. `Connector.authorize` adds the credentials to each try of a request. When it is made and a fresh nonce are given
   in with the `Stamp`, so that calls can be signed. What lies at another host is a `Download`, and has none.
5. Every reply is shown to `Connector.judge` first. Only what it calls ACCEPTED reaches the generator; the sources
   room waits, tries again, asks for less or gives up as the judgement says.
6. Webhooks come in through the front door: `Connector.verify` over the raw bytes, `Connector.delivery` to know one
   that was heard before, `Connector.hear` for what it says. Nothing is asked of the shop then; polling stays the net.

What comes of a thing must be the same record whichever way it came, apart from instants that a webhook cannot tell:
those are named in `HookTerms.leaves_out` and taken over from what is known. Otherwise each change of the way would
look like a change of the order.

Everything here is a function of values: no sockets, no clock, no randomness.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Protocol, TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from orderwire.dialects.contract import Option
from orderwire.dialects.doorway import Unread
from orderwire.dialects.wire import Result, WireReply, WireRequest
from orderwire.model import Order, Record, Shipment

MISMATCH = "orderwire.mismatch_minor"
"""The property of an order whose own figures do not add up: by how many minor units."""


class Pace(StrEnum):
    """What tells which things of a stream are to be read."""

    CHANGED = "changed"
    """A clock of changes: each pass reads what changed since the last one, reaching back a little."""
    ALL = "all"
    """Nothing does: everything is read, and again after a while."""
    BEGAN = "began"
    """When things began: those of the last weeks are read again after a while, for what moves no clock."""


class Stream(Struct, frozen=True, kw_only=True):
    """One sort of things a shop can be asked for.

    `name` is the stream of the records (`people`, `products`, `orders`, `carts`, `subscriptions`), or that and a dot
    and what makes them be read again: `orders.refunds` gives whole orders by the clock of their refunds. Such a
    stream begins when its parent's first pass is over. `page` is how many things to ask for at once.
    """

    name: str
    pace: Pace = Pace.CHANGED
    page: int = 100
    option: str = ""
    """The option (a flag) that switches it on; empty: always on."""
    note: str = ""

    @property
    def noun(self) -> str:
        """The stream of the records it gives."""
        return self.name.partition(".")[0]


class Credential(Struct, frozen=True, kw_only=True):
    """A secret of the settings table: `name` is its key there, its value a reference."""

    name: str
    help: str
    is_optional: bool = False
    goes_with: str = ""
    """Optional ones with the same word here are given together or not at all."""


class HookTerms(Struct, frozen=True, kw_only=True):
    """What matters of a shop's webhooks to whoever answers them.

    Units: days and seconds. `leaves_out` names the fields of an order that a webhook never tells: what is known of
    them stays. `guesses` names the instants that are but the time of the last change: true of what was not known to
    have happened, while what is known of them stays; of an order never seen before they are approximate.
    """

    leaves_out: tuple[str, ...] = ()
    guesses: tuple[str, ...] = ()
    remembers_for: int = 7
    """How long ids of deliveries are kept, at least as long as the shop tries again."""
    window: int = 300
    """How far the time that a signature covers may be from ours; of no meaning where none is covered."""
    setup: str = ""
    """What the user has to do at the shop."""


class Profile(Struct, frozen=True, kw_only=True):
    """What a connector is, as data that settings, docs and sources read."""

    name: str
    title: str
    revision: str
    """The API's version that is spoken."""
    streams: tuple[Stream, ...]
    """In the order they are read: what says who people are and what they agreed to comes first."""
    credentials: tuple[Credential, ...]
    options: tuple[Option, ...] = ()
    url_help: str = ""
    knows_newsletter: bool = False
    """Whether the shop itself knows who wants the newsletter, now (design: the two kinds of shop)."""
    per_second: float = 4.0
    """How many requests a second are asked at most, unless the settings say otherwise."""
    overlap: int = 600
    """Seconds that each pass reaches back before the end of the one before."""
    horizon: int = 90
    """Days that a stream of pace BEGAN reaches back."""
    hooks: HookTerms | None = None
    """None where the shop sends no webhooks."""


class Access(Struct, frozen=True, kw_only=True):
    """A configured shop, secrets resolved. `repr` is never logged: it holds them."""

    source: str
    """The source's name in the settings."""
    url: str
    """Scheme and host, perhaps a path, no slash at the end; what a request's `path` is appended to."""
    secrets: Mapping[str, str] = {}
    options: Mapping[str, str | bool | int] = {}

    def text(self, name: str) -> str:
        """An option that is a text."""
        return str(self.options.get(name, ""))

    def listed(self, name: str) -> tuple[str, ...]:
        """An option that is a list of words, written with commas."""
        return tuple(word.strip() for word in self.text(name).split(",") if word.strip())

    def flag(self, name: str) -> bool:
        """An option that is yes or no."""
        return bool(self.options.get(name, False))


class Stamp(Struct, frozen=True, kw_only=True):
    """What sets one try of a request apart from all others, for shops whose calls are signed.

    `nonce` is 32 letters and digits that were never used before.
    """

    at: datetime
    nonce: str


class Download(WireRequest, frozen=True, kw_only=True):
    """A request for what a shop laid out somewhere else for a while: sent without any credentials.

    `origin` is that host with its scheme, in place of the shop's own address.
    """

    origin: str


class Stretch(Struct, frozen=True, kw_only=True):
    """What is to be read of a stream.

    With pace CHANGED, everything that changed at or after `since`, as far as it is there when asked: nothing needs to
    be kept out because it is newer than `until`. With `since` None, everything there is. With pace BEGAN, everything
    that was made at or after `since`. `cursor` is what the piece before gave, empty at the beginning. `limit` is how
    many things to ask for at once; it may be less for one piece than for the one before.
    """

    stream: str
    since: datetime | None
    until: datetime
    cursor: str = ""
    limit: int = 100
    is_import: bool = False
    """Whether this belongs to the first full pass: what is there was there before we looked."""
    news_from: datetime | None = None
    """What changed from then on was not read before: its last change is what is new. None where nothing is sure."""


class Found(Struct, frozen=True, kw_only=True):
    """One record, the bytes it was read from and the shop's own id of it.

    `changed_at` is the shop's clock of the thing, by which the first full pass tells what is news.
    """

    record: Record
    raw: bytes
    key: str
    changed_at: datetime | None = None


class Piece(Struct, frozen=True, kw_only=True):
    """What one piece of a stretch gave; `cursor` is None at the end of the stretch."""

    found: tuple[Found, ...] = ()
    unread: tuple[Unread, ...] = ()
    cursor: str | None = None
    total: int | None = None
    """About how many things the stretch has, where the shop says so."""


Reading: TypeAlias = Generator[WireRequest, WireReply, Piece]
Looking: TypeAlias = Generator[WireRequest, WireReply, "Sight"]


class Judgement(Struct, frozen=True, kw_only=True):
    """How a reply reads before anybody looks into it.

    ACCEPTED goes to the generator, a 404 for one thing too. RATE_LIMITED waits `retry_after` and asks again.
    UNAVAILABLE asks again after a growing wait. SPLIT begins the piece anew with half the limit. UNAUTHORIZED and
    REJECTED end the pass; `reason` is for people, without values. `rest` is how long to wait before the next
    request, whatever it is, so that the limit is not met at all.
    """

    result: Result = Result.ACCEPTED
    reason: str = ""
    retry_after: float | None = None
    rest: float = 0.0


class Sight(Struct, frozen=True, kw_only=True):
    """What a look at the shop found: how many things each stream has, and what should be seen to."""

    counts: Mapping[str, int | None] = {}
    warnings: tuple[str, ...] = ()


class Hook(Struct, frozen=True, kw_only=True):
    """One delivery of a webhook as it arrived; header names are in lower case."""

    headers: Mapping[str, str]
    body: bytes
    received_at: datetime


class Proof(StrEnum):
    """What a delivery's signature is worth."""

    GENUINE = "genuine"
    FORGED = "forged"
    """A signature that none of the secrets makes."""
    UNSIGNED = "unsigned"
    STALE = "stale"
    """Genuine, but the time that the signature covers lies outside the window."""
    PING = "ping"
    """The shop tries whether somebody is there, without a signature; it says nothing."""


class Gone(Struct, frozen=True, kw_only=True):
    """A thing that the shop no longer has, such as `product:12`."""

    subject: str


class Heard(Struct, frozen=True, kw_only=True):
    """What a genuine delivery says. Nothing at all is a fine answer to a topic that means nothing to us."""

    topic: str
    found: tuple[Found, ...] = ()
    unread: tuple[Unread, ...] = ()
    gone: tuple[Gone, ...] = ()


class Connector(Protocol):
    """A shop product's API and webhooks. All functions of values."""

    @property
    def profile(self) -> Profile:
        """The shop product as data."""
        ...

    def authorize(self, request: WireRequest, access: Access, stamp: Stamp, /) -> WireRequest:
        """The request with the shop's credentials and fixed headers added; asked anew for each try."""
        ...

    def judge(self, request: WireRequest, reply: WireReply) -> Judgement:
        """What to make of a reply before it is read."""
        ...

    def read(self, stretch: Stretch, access: Access) -> Reading:
        """Read the next piece of a stretch.

        Raises:
            BadReply: a reply was not what the API gives; the piece is begun anew.
            ConfigError: there is no such API at this address.
        """
        ...

    def reread(self, noun: str, raw: bytes, access: Access) -> Found:
        """Read kept bytes again, whichever way they came.

        Raises:
            InvalidRecord: they cannot be understood.
        """
        ...

    def look(self, access: Access) -> Looking:
        """Look whether everything is as it should be, with as few requests as will do."""
        ...

    def verify(self, hook: Hook, secrets: Sequence[str]) -> Proof:
        """What the delivery's signature is worth: over its raw bytes, in constant time, by any of these secrets."""
        ...

    def delivery(self, hook: Hook) -> str:
        """The shop's id of this delivery, the same when it tries again; empty where it gives none."""
        ...

    def hear(self, hook: Hook, access: Access) -> Heard:
        """What a genuine delivery says. Never raises: what cannot be understood is in `unread`."""
        ...


def with_known(order: Order, known: Order | None, terms: HookTerms) -> Order:
    """A webhook's order with what it never tells, or only guesses, taken over from the order as known.

    Refunds and shipments are joined by their ids: those told win, those known besides stay, and so does when a
    parcel arrived.
    """
    if known is None:
        vague = tuple(name for name in terms.guesses if getattr(order, name) is not None)
        return replace(order, approximate=(*order.approximate, *vague)) if vague else order
    for name in terms.guesses:
        before = getattr(known, name)
        if before is not None and getattr(order, name) is not None:
            vague = tuple({*order.approximate, *({name} & {*known.approximate})})
            order = replace(order, **{name: before}, approximate=vague)
    changes: dict[str, object] = {}
    for name in terms.leaves_out:
        told, before = getattr(order, name), getattr(known, name)
        if name == "refunds":
            ids = {one.refund_id for one in order.refunds}
            changes[name] = (*(one for one in known.refunds if one.refund_id not in ids), *order.refunds)
        elif name == "shipments":
            changes[name] = _joined(order.shipments, known.shipments)
        elif not told and before:
            changes[name] = before
            if name in known.approximate:
                changes["approximate"] = tuple({*order.approximate, name})
    return replace(order, **changes)


def _joined(told: Sequence[Shipment], known: Sequence[Shipment]) -> tuple[Shipment, ...]:
    before = {one.shipment_id: one for one in known}
    now = [
        replace(one, delivered_at=before[one.shipment_id].delivered_at)
        if one.delivered_at is None and one.shipment_id in before
        else one
        for one in told
    ]
    ids = {one.shipment_id for one in told}
    return (*(one for one in known if one.shipment_id not in ids), *now)
