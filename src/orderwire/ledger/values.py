"""What goes into the ledger and what comes out of it, as plain values."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

from msgspec import Struct

from orderwire.identity import Standing
from orderwire.model import Address, Channel, ConsentState, Fact, Identity, Record


class Received(Struct, frozen=True, kw_only=True):
    """One decoded record with the bytes it was decoded from, split per record at receipt.

    `stream` and `key` are what the source itself calls it: what was refused under that name before is settled by it.
    """

    record: Record
    raw: bytes = b""
    stream: str = ""
    key: str = ""


class Refusal(Struct, frozen=True, kw_only=True):
    """A record that could not be understood: why, and the bytes it came in.

    `place`, `problem` and `remedy` are those of an `InvalidRecord` and hold no value of the record.
    """

    stream: str
    key: str = ""
    """The source's own id of the record, or what stands for one that tells whom it is about; empty: its bytes do."""
    place: str
    problem: str
    remedy: str = ""
    raw: bytes
    is_whole: bool = True
    """Whether these bytes are the whole record; else only the source itself can be read again."""
    identity: Identity | None = None
    """Whom it seems to name, as far as that could be read: by this it is found when they are forgotten."""


class Refused(Struct, frozen=True, kw_only=True):
    """A record that waits in the ledger for somebody to make it understood."""

    source: str
    stream: str
    key: str
    place: str
    problem: str
    remedy: str
    raw: bytes
    is_whole: bool
    is_imported: bool
    """Whether it was met in a first full pass."""
    first_at: datetime
    last_at: datetime
    times: int
    """How often it was refused: what is read again and again stays one record."""


class Checkpoint(Struct, frozen=True, kw_only=True):
    """Our committed position in one stream of a source, in that reader's own words (JSON)."""

    source: str
    stream: str
    position: bytes


class Mode(StrEnum):
    """How records meet what is already there."""

    NORMAL = "normal"
    """A happening that is known is nothing new; a different content is an update."""
    CORRECT = "correct"
    """`reread` and re-import: a known happening with a different body appends a superseding revision."""


class Receipt(Struct, frozen=True, kw_only=True):
    """What recording a batch did. `head` is the newest sequence number after it."""

    appended: int
    known: int
    """Claims that added nothing: seen before."""
    stale: int
    """Claims older than what is known; they lost."""
    erased: int
    """Records dropped because their person was forgotten."""
    unidentified: int
    head: int
    newly_refused: int = 0
    """Records that could not be understood and were not known as such."""
    settled: int = 0
    """Records refused before that are understood now."""


class ConsentOnFile(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The consent of one channel in force, and where it comes from."""

    state: ConsentState
    changed_at: datetime | None = None
    source: str = ""
    origin: str | None = None
    seq: int = 0
    """The fact that states it."""


class PersonCard(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A person as the ledger knows them now: the first spelling of each identifier, and consent in force."""

    person: int
    email: str | None = None
    phone: str | None = None
    """E.164 where it is a possible number, else as given."""
    external_ids: Mapping[str, str] = {}
    """By source."""
    anonymous_ids: tuple[str, ...] = ()
    first_name: str | None = None
    last_name: str | None = None
    language: str | None = None
    address: Address | None = None
    consent: Mapping[Channel, ConsentOnFile] = {}
    merged: tuple[int, ...] = ()
    """Persons that were joined into this one; a destination may know them under those numbers."""

    @property
    def is_anonymous(self) -> bool:
        """Whether nothing but devices is known of them; a phone that cannot be matched is nobody's."""
        return not (self.email or self.external_ids or (self.phone and self.phone.startswith("+")))


class Entry(Struct, frozen=True, kw_only=True):
    """A fact as a reader meets it: with the newest snapshot of its subject and the person as of now.

    `newest` is the sequence number of the fact whose row holds the newest snapshot of the subject: facts of one
    record share a body, so that it may be an earlier one than this; `newer_of_kind` that of the newest fact of the
    same kind and subject. `previous` is the snapshot before this fact (carts only). An erased fact has an empty
    snapshot. A fact whose instant was approximate shows the exact one as soon as its source has told it.
    """

    fact: Fact
    snapshot: bytes
    newest: int
    newer_of_kind: int
    previous: bytes | None = None
    person: PersonCard | None = None


class Lease(Struct, frozen=True, kw_only=True):
    """The right of one worker to deliver to one destination, until `expires_at` by the store's clock.

    `epoch` grows with every new holder; every write for the destination names it and is refused when it is old.
    """

    destination: str
    holder: str
    epoch: int
    expires_at: datetime


class Stream(StrEnum):
    """The cursors of a destination: one that looks for news, and one per phase of history."""

    LIVE = "live"
    PEOPLE = "people"
    PRODUCTS = "products"
    ACTIVITY = "activity"


class Disposition(StrEnum):
    """Where a fact stands at a destination (Law 4). Exactly one for each fact."""

    PENDING = "pending"
    IN_FLIGHT = "in_flight"
    ACCEPTED = "accepted"
    CONFIRMED = "confirmed"
    HELD = "held"
    """No identity yet."""
    WITHHELD = "withheld"
    """By consent."""
    EXCLUDED = "excluded"
    """By setting."""
    SUPERSEDED = "superseded"
    ALREADY_THERE = "already_there"
    """Adopted: the account held it before."""
    NOT_EXPRESSIBLE = "not_expressible"
    UNKNOWN = "unknown"
    """The outcome was never learned."""
    DEAD = "dead"
    ERASED = "erased"


class AttemptState(StrEnum):
    """The life of one request."""

    OPEN = "open"
    """The intent is durable; the request may be on its way or may have arrived."""
    WAITING = "waiting"
    """Certainly not taken (never sent, 429, or 5xx on a route where that is safe); to be sent again as it is."""
    ACCEPTED = "accepted"
    CONFIRMED = "confirmed"
    FAILED = "failed"
    """Nothing of it was taken; its facts stand in the exceptions or in a later attempt."""
    UNKNOWN = "unknown"
    """The outcome was never learned; its facts stand in the exceptions as unknown, or in a later attempt."""


class Member(Struct, frozen=True, array_like=True):
    """One item of an attempt: the fact, and which of the fact's items it is."""

    seq: int
    part: int = 0
    parts: int = 1


class Attempt(Struct, frozen=True, kw_only=True):
    """One request with its exact members, durable before the first byte leaves.

    `number` is given by the lease holder: the destination's last number + 1. `failed` are places in `members` that
    the platform refused while it took the rest.
    """

    number: int
    route: str
    lane: str
    state: AttemptState
    opened_at: datetime
    members: tuple[Member, ...]
    wire_ids: tuple[str, ...] = ()
    group: str = ""
    body_hash: str = ""
    tries: int = 1
    due_at: datetime | None = None
    settled_at: datetime | None = None
    failed: tuple[int, ...] = ()
    job: str | None = None
    """The handle of a later answer that is still awaited; None when there is none (any more)."""
    reason: str = ""


class Exemption(Struct, frozen=True, kw_only=True):
    """A fact whose disposition at a destination is not plainly accepted."""

    seq: int
    disposition: Disposition
    reason: str = ""
    attempt: int | None = None
    tries: int = 0
    due_at: datetime | None = None
    decided_at: datetime
    settings_version: int = 0
    parts_done: tuple[int, ...] = ()
    """Which of the fact's items were taken already, where it has several."""


class Mark(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a destination already knows of a subject: the newest fact represented there, and the pinned identifiers.

    Subjects are `person:<number>` for people and `<source>/<subject>` for everything else.
    """

    subject: str
    seq: int
    occurred_at: datetime
    email: str | None = None
    phone: str | None = None
    external_id: str | None = None
    stated_consent: bool = False


class DestinationState(Struct, frozen=True, kw_only=True):
    """What the ledger remembers of a destination besides its cursors."""

    name: str
    switched_on_at: datetime
    switched_on_seq: int
    """Facts up to this one were recorded before it was switched on: history there."""
    settings_version: int = 0
    """Grows whenever what the destination is to receive has changed; dispositions name the version in force."""
    choice: str = ""
    """A digest of what it is to receive by that version."""
    paused_reason: str = ""
    """Empty: not paused."""
    acknowledged: tuple[str, ...] = ()
    """Routes whose `may fire` warning the user has acknowledged."""
    adopted_before: datetime | None = None
    """Facts that occurred before this are already there, by a cut-off date."""
    is_adopted: bool = False
    """Whether the operator has said what the account held before us."""
    was_looked_at: bool = False
    """Whether the account was found without orders of its own before the first sync."""
    opt_out_cursor: str = ""
    opt_outs_read_at: datetime | None = None
    history_barrier: int = 0
    """The head when the running history pass began."""


class Changes(Struct, kw_only=True):
    """Everything a delivery writes in one transaction: durable together or not at all."""

    attempts: list[Attempt] = []
    """Inserted, or replaced by number."""
    exceptions: list[Exemption] = []
    """Inserted, or replaced by sequence number."""
    cleared: list[int] = []
    """Sequence numbers whose exception is settled: they are plainly accepted now, or in an attempt."""
    marks: list[Mark] = []
    """Inserted, or replaced by subject where `seq` is not smaller than the stored one."""
    cursors: dict[Stream, int] = {}
    state: DestinationState | None = None

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to write."""
        return not (
            self.attempts or self.exceptions or self.cleared or self.marks or self.cursors or self.state is not None
        )


class Balance(Struct, frozen=True, kw_only=True):
    """The books of one destination: facts by disposition, summed twice.

    `from_log` counts from the log, cursors and exceptions; `from_attempts` counts the members of attempts. `faults`
    name every difference with the sequence numbers concerned (at most a hundred a fault); empty means it balances.
    """

    destination: str
    head: int
    from_log: Mapping[Disposition, int]
    from_attempts: Mapping[AttemptState, int]
    faults: tuple[str, ...] = ()


class IdentifierOnFile(Struct, frozen=True, kw_only=True):
    """One identifier, as it was told first and as it is compared.

    `source` is empty where it means the same anywhere.
    """

    kind: str
    value: str
    source: str
    matched: str
    seq: int
    """The fact that brought it."""
    person: int
    """Whom it was told of first, of those who are one now."""


class Join(Struct, frozen=True, kw_only=True):
    """One person joined into another, perhaps taken apart since."""

    person: int
    into: int
    seq: int
    """The fact that showed it; of another record where the one that showed it told nothing new."""
    joined_at: datetime
    separated_at: datetime | None = None


class PersonReport(Struct, frozen=True, kw_only=True):
    """Everything `person show` tells: the card, and how each identifier and each consent came to be."""

    card: PersonCard
    identifiers: tuple[IdentifierOnFile, ...]
    joins: tuple[Join, ...] = ()
    """Joins of theirs, those into them, and those that were undone."""
    statements: Mapping[Channel, tuple[Standing, ...]] = {}
    """What was said of each channel and still weighs; the one in force first."""
    consent_history: tuple[Fact, ...]
    facts: tuple[Fact, ...]
    merged: tuple[int, ...]
    """Persons that were joined into this one."""


class FactFilter(Struct, frozen=True, kw_only=True):
    """What `orderwire log` can ask for; everything given must hold."""

    kinds: tuple[str, ...] = ()
    subject: str | None = None
    person: int | None = None
    since: datetime | None = None
    until: datetime | None = None
    """On `occurred_at`, half open."""
    source: str | None = None
