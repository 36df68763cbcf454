"""What a plan of a batch is made from, and the rows it comes to."""

from __future__ import annotations

from typing import TypeAlias

from msgspec import Struct, field

from orderwire.ledger.roster import Roster
from orderwire.ledger.values import Receipt
from orderwire.model import Claim, Kind

Row: TypeAlias = tuple[object, ...]
"""Values of one row, in the order of the statement that writes it."""
CARRIERS = frozenset({Kind.ORDER_PLACED, Kind.SUBSCRIPTION_CREATED})
"""Happenings that bring the first content of their subject."""


class Subject(Struct, gc=False):
    """The current state of one subject. `kinds` gives, by kind, how many facts there are and the newest."""

    content: bytes
    version: int | None
    newest: int
    person: int | None
    raw_digest: bytes
    kinds: dict[str, list[int]]
    is_erased: bool = False
    snapshot: bytes = b""
    """The newest body; known while correcting, where an approximate instant is told exactly, and of what was new."""


class KnownFact(Struct, frozen=True, gc=False):
    """The newest revision of a fact that is in the log."""

    seq: int
    revision: int
    occurred_at: int
    detail: str | None
    content: bytes | None
    ordinal: int
    is_approximate: bool = False


class Known(Struct, kw_only=True):
    """What the store knows of everything a batch names."""

    head: int
    last_raw: int
    roster: Roster
    subjects: dict[str, Subject] = field(default_factory=dict)
    facts: dict[str, KnownFact] = field(default_factory=dict)
    has_refused: bool = False
    """Whether any record of any source waits to be understood."""


class Plan(Struct, kw_only=True):
    """Rows to write. The roster holds those about people."""

    facts: list[Row] = field(default_factory=list)
    raws: list[Row] = field(default_factory=list)
    subjects: dict[str, Subject] = field(default_factory=dict)
    roster: Roster
    receipt: Receipt


class News(Struct, frozen=True, gc=False):
    """A claim that is to be appended."""

    claim: Claim
    occurred_at: int
    key: str
    revision: int
    ordinal: int
