"""What a call adds, while it is being read: the ledger as it will be once the call is committed.

Events of one call build on each other (an order, then its lines), so what was said a moment ago is looked up first.
Of each thing at one moment only the newest snapshot is committed, with the bytes of everything that led to it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from msgspec import Struct, json

from orderwire.dialects.doorway import Answer, Call, Document, Intake, Known, Read, Reply, Shelves, Unread
from orderwire.model import Cart, Event, Identity, Order, Product, Record, Subscription

ENCODE = json.Encoder(decimal_format="number").encode
"""Bytes of what was read, its exact numbers as numbers."""
SETTINGS = "account"
CURRENCY = "preferred_currency"
FALLBACK_CURRENCY = "USD"


class _Said(Struct):
    """A thing as this call leaves it."""

    record: Record
    raws: list[bytes]
    is_imported: bool


class Joining(Struct):
    """The line of an order that each Ordered Product was about, by its id; `is_kept`: the ledger has the order."""

    line_by_id: dict[str, str]
    is_kept: bool


class Draft:
    """The ledger with what this call has added so far."""

    def __init__(self, call: Call, shelves: Shelves) -> None:
        self.call = call
        self.shelves = shelves
        self._said: list[_Said] = []
        self._newest: dict[str, _Said] = {}
        self._documents: dict[tuple[str, str], Document] = {}
        self._removed: set[tuple[str, str]] = set()
        self._unread: list[Unread] = []
        self._forgets: list[int] = []
        self.profiles: dict[str, dict[str, Any]] = {}
        """Attributes of profiles that this call has changed, by the key they are kept under."""
        self.joinings: dict[str, Joining] = {}
        """What Ordered Products have said of orders that this call speaks of, by order."""

    @property
    def at(self) -> datetime:
        """When the call was received, in whole seconds as the platform keeps instants."""
        return self.call.received_at.replace(microsecond=0)

    def snapshot(self, subject: str) -> Record | None:
        """The newest snapshot of a thing."""
        said = self._newest.get(subject)
        return said.record if said is not None else self.shelves.snapshot(subject)

    def put(self, record: Record, raw: bytes = b"", *, is_imported: bool = False) -> None:
        """Add a record; of the same moment of a thing that this call has spoken of, in place of what it said then."""
        subject = _subject(record)
        before = self._newest.get(subject) if subject is not None else None
        if before is not None and isinstance(record, Event):
            return
        if before is not None and _is_same_moment(before.record, record):
            before.record = record
            before.raws += [raw] if raw else []
            before.is_imported = before.is_imported and is_imported
            return
        said = _Said(record, [raw] if raw else [], is_imported)
        self._said.append(said)
        if subject is not None:
            self._newest[subject] = said

    def document(self, collection: str, key: str) -> Document | None:
        """A document."""
        name = (collection, key)
        if name in self._removed:
            return None
        return self._documents.get(name) or self.shelves.document(collection, key)

    def keep(self, document: Document) -> None:
        """Keep a document."""
        name = (document.collection, document.key)
        self._removed.discard(name)
        self._documents[name] = document

    def remove(self, collection: str, key: str) -> None:
        """Keep a document no longer."""
        self._documents.pop((collection, key), None)
        self._removed.add((collection, key))

    def set_aside(self, unread: Unread) -> None:
        """Keep what was answered for but cannot be understood."""
        self._unread.append(unread)

    def forget(self, person: int) -> None:
        """Erase somebody for good."""
        self._forgets.append(person)

    def find(self, identity: Identity) -> Known | None:
        """The person that these identifiers name."""
        return None if identity.is_empty else self.shelves.find(identity)

    @property
    def currency(self) -> str:
        """The account's currency, for amounts that are said without theirs."""
        found = self.document(SETTINGS, CURRENCY)
        return found.body.decode() if found is not None else FALLBACK_CURRENCY

    def met_currency(self, code: str) -> None:
        """Take the first currency that anything is said in for the account's."""
        if self.document(SETTINGS, CURRENCY) is None:
            self.keep(Document(collection=SETTINGS, key=CURRENCY, body=code.encode()))

    def intake(self, reply: Reply | Callable[[Shelves], Reply]) -> Answer:
        """Everything that the call adds."""
        reads = tuple(
            Read(record=said.record, raw=_joined(said.raws), is_imported=said.is_imported) for said in self._said
        )
        return Intake(
            reply=reply,
            records=reads,
            documents=tuple(self._documents.values()),
            removed=tuple(sorted(self._removed)),
            unread=tuple(self._unread),
            forgets=tuple(self._forgets),
        )


def _joined(raws: list[bytes]) -> bytes:
    return raws[0] if len(raws) == 1 else b"[" + b",".join(raws) + b"]" if raws else b""


def _is_same_moment(before: Record, record: Record) -> bool:
    """Whether the later snapshot takes the earlier one's place; carts and purchases are told moment by moment."""
    if isinstance(before, Cart | Subscription) and isinstance(record, Cart | Subscription):
        return before.updated_at == record.updated_at
    return True


def _subject(record: Record) -> str | None:
    """What a snapshot is of; None for what is no snapshot."""
    match record:
        case Order():
            return f"order:{record.order_id}"
        case Cart():
            return f"cart:{record.cart_id}"
        case Subscription():
            return f"subscription:{record.subscription_id}"
        case Product():
            return f"product:{record.product_id}"
        case Event():
            return f"event:{record.event_id}"
        case _:
            return None
