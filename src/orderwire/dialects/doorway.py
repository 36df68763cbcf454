"""What a platform's own API is, from the inside: how a dialect takes in what was written for its platform.

The way in, step by step:

1. The server finds the endpoint by method and path, and the key by what `Door.presents` takes out of the call.
2. `Endpoint.answer` turns the call into a `Reply`, or into an `Intake`: the records it means, what the platform
   itself would remember of it (documents), and the reply.
3. The app commits records and documents in one transaction, and only then the reply leaves (Law 1).

Everything here is a function of values: no sockets, no clock, no randomness. What an endpoint must know of the
ledger it asks `Shelves` for; when it was received and under which id are fields of the `Call`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Protocol, TypeAlias

from msgspec import Struct

from orderwire.dialects.contract import Window
from orderwire.model import Address, Channel, ConsentState, Identity, Record


class Scope(StrEnum):
    """What a key may do."""

    READ = "read"
    WRITE = "write"
    BROWSE = "browse"
    """Only add browsing facts, as a key that stands in a page for everybody to see."""
    FEED = "feed"
    """Only fetch product feeds, as a key that stands in an address given to a platform."""
    METRICS = "metrics"
    """Only fetch what the server counts, as a monitoring system does."""


class Work(StrEnum):
    """What answering a call does with the ledger."""

    READS = "reads"
    """Only looks: answered beside the writer, on its own view of the ledger."""
    ADDS = "adds"
    """Adds records without having looked: many such calls are committed together."""
    CHANGES = "changes"
    """Looks and then writes: answered in the writer's turn, so that nothing comes in between."""


class Call(Struct, frozen=True, kw_only=True):
    """One request to a door, its key checked already.

    `path` is below the door's own prefix, with one leading slash and none at the end. Header names are in lower case;
    of those given twice the last counts. `body` is decompressed. `parameters` are the named parts of the endpoint's
    path, percent-decoded. `repr` is never logged: it holds the key and people's data.
    """

    method: str
    path: str
    query: tuple[tuple[str, str], ...] = ()
    headers: Mapping[str, str] = {}
    body: bytes = b""
    parameters: Mapping[str, str] = {}
    received_at: datetime
    request_id: str
    """32 hexadecimal digits, another for every call; what ids made at receipt are derived from."""
    base_url: str = ""
    """Scheme, host and prefix that the client used, without a slash at the end; for links in answers."""
    source: str = ""
    """The source that the key's records come from."""
    account: str = ""
    """The account's own id at the platform, as the key was made for."""
    is_public: bool = False
    """Whether the key is one for browsers: only browsing facts may come of it."""

    def asked(self, name: str, default: str = "") -> str:
        """A query parameter; the last where it is given twice."""
        found = default
        for key, value in self.query:
            if key == name:
                found = value
        return found


class Reply(Struct, frozen=True, kw_only=True):
    """A complete HTTP answer."""

    status: int = 200
    body: bytes = b""
    content_type: str = "application/json"
    headers: tuple[tuple[str, str], ...] = ()


class Read(Struct, frozen=True, kw_only=True):
    """One record that a call means, with the bytes it was read from.

    `is_imported` marks what the sender says is old (a historical import), whatever its date.
    """

    record: Record
    raw: bytes = b""
    is_imported: bool = False


class Unread(Struct, frozen=True, kw_only=True):
    """One piece of a call that was answered for, but cannot be understood: kept until somebody mends it.

    `key` is the sender's id of it, or empty. `problem` and `remedy` hold no values.
    """

    stream: str
    key: str
    place: str
    problem: str
    remedy: str = ""
    raw: bytes = b""


class Document(Struct, frozen=True, kw_only=True):
    """What a platform's clients may ask for again that is no fact: a list and its members, a tag, a job's result.

    `body` is in the dialect's own words. Documents of a collection are ordered by `rank`, then `key`; an empty rank
    orders them by key. `identity` names the one person it is about, with whom it is forgotten; others go when
    their key or text names a forgotten person.
    """

    collection: str
    key: str
    body: bytes
    rank: str = ""
    identity: Identity | None = None


class Intake(Struct, frozen=True, kw_only=True):
    """What a call adds: committed as a whole before the reply leaves, or not at all.

    `reply` may be a function of the ledger as it is after that, for ids that are given there.
    """

    reply: Reply | Callable[[Shelves], Reply]
    records: tuple[Read, ...] = ()
    documents: tuple[Document, ...] = ()
    removed: tuple[tuple[str, str], ...] = ()
    """Documents that are no more, by (collection, key)."""
    unread: tuple[Unread, ...] = ()
    forgets: tuple[int, ...] = ()
    """People, by the ledger's number, who are to be erased for good, here and at every destination."""


Answer: TypeAlias = Reply | Intake


class Standing(Struct, frozen=True, kw_only=True):
    """The consent of one channel in force."""

    state: ConsentState
    changed_at: datetime | None = None
    origin: str | None = None
    source: str = ""


class Known(Struct, frozen=True, kw_only=True):
    """A person as the ledger knows them, whichever way they came in.

    `person` is the ledger's number. `external_id` is this source's own key of them, `record` the newest description
    that this source gave. Both instants are of recording.
    """

    person: int
    email: str | None = None
    phone: str | None = None
    external_id: str | None = None
    anonymous_ids: tuple[str, ...] = ()
    first_name: str | None = None
    last_name: str | None = None
    language: str | None = None
    address: Address | None = None
    consent: Mapping[Channel, Standing] = {}
    record: Record | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None

    @property
    def identity(self) -> Identity:
        """The identifiers that name this person at this source."""
        return Identity(
            external_id=self.external_id,
            email=self.email,
            phone=self.phone,
            anonymous_id=self.anonymous_ids[0] if self.anonymous_ids else None,
        )


class Told(Struct, frozen=True, kw_only=True):
    """A fact of the log, as an endpoint shows it: `record` is the snapshot of its time, `raw` the bytes it came in.

    `raw` is empty where another source told of it. `subject` is without its source.
    """

    seq: int
    key: str
    kind: str
    subject: str
    source: str
    occurred_at: datetime
    recorded_at: datetime
    person: int | None = None
    detail: str | None = None
    record: Record | None = None
    raw: bytes = b""


class Wanted(Struct, frozen=True, kw_only=True):
    """Which facts an endpoint asks for; everything given must hold.

    Ordered by when they occurred, then by sequence number. `after` is the (instant, sequence number) of the last one
    seen; the page begins behind it in the direction asked for. `since` and `until` are half open. `kinds` names kinds
    exactly; a name ending in `.` stands for all that begin so.
    """

    person: int | None = None
    kinds: tuple[str, ...] = ()
    since: datetime | None = None
    until: datetime | None = None
    after: tuple[datetime, int] | None = None
    is_newest_first: bool = False
    limit: int = 100


class Shelves(Protocol):
    """What an endpoint may ask of the ledger: one moment of it, for the source that the key belongs to."""

    def document(self, collection: str, key: str) -> Document | None:
        """A document of this source."""
        ...

    def documents(
        self, collection: str, *, after: tuple[str, str] | None = None, limit: int = 100, is_last_first: bool = False
    ) -> list[Document]:
        """A page of a collection of this source, behind the (rank, key) of the last one seen."""
        ...

    def count(self, collection: str) -> int:
        """How many documents a collection of this source holds."""
        ...

    def person(self, number: int) -> Known | None:
        """A person by the ledger's number; of those joined into another, the other."""
        ...

    def find(self, identity: Identity) -> Known | None:
        """The person that these identifiers name, the strongest first: external id, e-mail, phone, anonymous id."""
        ...

    def people(self, *, after: int = 0, limit: int = 100, is_newest_first: bool = False) -> list[Known]:
        """A page of all people of the ledger, ordered by number, behind the number of the last one seen."""
        ...

    def snapshot(self, subject: str, *, source: str = "") -> Record | None:
        """The newest snapshot of a thing, such as `order:1001` or `cart:abc`; of this source where none is named."""
        ...

    def snapshots(self, kind: str, *, after: str = "", limit: int = 100) -> list[tuple[str, Record]]:
        """A page of the newest snapshots of all things of a kind (`order`, `product`, `cart`), any source's.

        Each with its name `<source>/<kind>:<id>`, by which they are ordered; `after` is the last name seen. Products
        that were removed are among them, with `removed_at`.
        """
        ...

    def facts(self, wanted: Wanted) -> list[Told]:
        """A page of facts, of any source."""
        ...


class Endpoint(Struct, frozen=True, kw_only=True):
    """One call that a platform offers.

    `path` is a template below the door's prefix, `/v2/{account}/subscribers/{id}`; a part in braces stands for one
    part of the path. `family` names the rate windows that the call counts in, empty for none. `scope` None needs no
    key. An endpoint with scope BROWSE is open to browsers: it also takes a key with WRITE.
    """

    method: str
    path: str
    answer: Callable[[Call, Shelves], Answer]
    work: Work
    scope: Scope | None = Scope.WRITE
    family: str = ""
    max_body: int = 10_000_000
    note: str = ""
    """What differs from the platform, for the support table."""


class NotOffered(Struct, frozen=True, kw_only=True):
    """A call that the platform has and this door has not, for the support table."""

    call: str
    why: str


class Presented(Struct, frozen=True, kw_only=True):
    """What a call shows of who sent it.

    `is_ours` tells whether it is dressed as this platform's clients dress theirs; it decides where two platforms have
    the same path. `secret` is the key as given, empty for none; `account` the account id named in path or query.
    `is_in_body` tells that this was sought in the body: while that has not come, the rest is not the last word.
    """

    is_ours: bool = False
    secret: str = ""
    account: str = ""
    is_in_body: bool = False


class Refused(StrEnum):
    """Why the server answers a call itself."""

    NO_KEY = "no_key"
    BAD_KEY = "bad_key"
    FORBIDDEN = "forbidden"
    """The key has not the scope, is for another account, or comes from a page it is not for."""
    NOT_FOUND = "not_found"
    NOT_ALLOWED = "not_allowed"
    """The path is there, the method is not."""
    LIMITED = "limited"
    TOO_LARGE = "too_large"
    NOT_READABLE = "not_readable"
    """The body is not what it says: broken compression, or nested beyond all measure."""
    UNAVAILABLE = "unavailable"
    """The store takes nothing at the moment: the same call may be made again."""
    BROKEN = "broken"
    """A fault of ours."""


class Spent(Struct, frozen=True, kw_only=True):
    """How a call stands to one rate window: at most `limit` in `per` seconds, `reset` seconds until it ends."""

    limit: int
    per: float
    remaining: int
    reset: float


class Minted(Struct, frozen=True, kw_only=True):
    """A new key in the platform's own shape. `account` is the account's id there, where the key goes with one."""

    secret: str
    account: str = ""


class Door(Protocol):
    """A platform's API as its clients know it."""

    @property
    def name(self) -> str:
        """The dialect's name."""
        ...

    @property
    def title(self) -> str:
        """The platform's name as it is written."""
        ...

    @property
    def endpoints(self) -> Sequence[Endpoint]:
        """Every call this door takes."""
        ...

    @property
    def families(self) -> Mapping[str, tuple[Window, ...]]:
        """The rate windows of each family, as the platform documents them."""
        ...

    @property
    def not_offered(self) -> Sequence[NotOffered]:
        """Calls of the platform that this door has not."""
        ...

    def presents(self, call: Call) -> Presented:
        """What the call shows of who sent it; `source`, `account` and `parameters` of the call are not set yet.

        It is asked before the body has come, and again afterwards where it then says `is_in_body`.
        """
        ...

    def mint(self, randomness: bytes, *, is_public: bool, account: str) -> Minted:
        """A key made of 32 random bytes; for an account that has keys already, or "" for a new one."""
        ...

    def refuse(self, call: Call, why: Refused, *, retry_after: float | None = None) -> Reply:
        """The platform's answer in its own shape."""
        ...

    def dress(self, call: Call, reply: Reply, spent: Sequence[Spent]) -> Reply:
        """The reply with what the platform puts on every answer: request ids, rate headers."""
        ...
