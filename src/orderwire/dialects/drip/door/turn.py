"""One call being read: what it has said so far, on top of what the ledger knows.

A batch may introduce a person, tell an order's whole life and use a name for the first time: each record is read as
if those before it had been kept.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from msgspec import DecodeError, Struct, json

from orderwire.dialects.doorway import Call, Document, Intake, Known, Read, Reply, Shelves, Unread
from orderwire.dialects.drip.door.ids import person_of
from orderwire.dialects.drip.door.values import is_email, text
from orderwire.model import Cart, Channel, ConsentState, Identity, Order, Person, Product, Record, Subscription

DELETED = "deleted"
"""The collection of those who were deleted by the API, by `document_key`."""
ANOTHERS = "the order belongs to another person, and Drip keeps an order's first one"
"""What is wrong with an order that a second person is said to have made."""
HOME = ("provider", "home")
"""The document that names the first provider: ids of every other one are prefixed with its name."""


class Met(Struct):
    """A person that a call is about; `has_come` once a record of this call has told of them."""

    identity: Identity
    known: Known | None = None
    person: Person | None = None
    stated: dict[Channel, ConsentState] = {}
    has_come: bool = False

    @property
    def is_new(self) -> bool:
        """Whether nobody has told of them before."""
        return self.known is None and not self.has_come

    @property
    def number(self) -> int | None:
        """The ledger's number of them."""
        return None if self.known is None else self.known.person

    def state(self, channel: Channel) -> ConsentState | None:
        """The permission in force, as far as this call goes."""
        standing = self.known.consent.get(channel) if self.known else None
        return self.stated.get(channel) or (standing.state if standing else None)


class Turn:
    """What a call adds."""

    def __init__(self, call: Call, shelves: Shelves) -> None:
        self.call = call
        self.shelves = shelves
        self._records: list[Read] = []
        self._unread: list[Unread] = []
        self._documents: dict[tuple[str, str], Document | None] = {}
        self._read: dict[tuple[str, str], Document | None] = {}
        self._snapshots: dict[str, Record] = {}
        self._met: dict[object, Met] = {}
        self._users: dict[str, Met] = {}

    def add(self, record: Record, raw: bytes = b"", *, is_imported: bool = False) -> None:
        """A record that the call means."""
        self._records.append(Read(record=record, raw=raw, is_imported=is_imported))
        match record:
            case Order():
                self._snapshots[f"order:{record.order_id}"] = record
            case Cart():
                self._snapshots[f"cart:{record.cart_id}"] = record
            case Product():
                self._snapshots[f"product:{record.product_id}"] = record
            case Subscription():
                self._snapshots[f"subscription:{record.subscription_id}"] = record
            case _:
                pass

    def unread(self, stream: str, place: str, problem: str, raw: bytes) -> None:
        """A record that was answered for and cannot be understood.

        It goes by its bytes: two actions of one order are two records.
        """
        self._unread.append(Unread(stream=stream, key="", place=place, problem=problem, raw=raw))

    def snapshot(self, subject: str) -> Record | None:
        """The newest snapshot of a thing."""
        return self._snapshots.get(subject) or self.shelves.snapshot(subject)

    def document(self, collection: str, key: str) -> dict[str, Any] | None:
        """A document's content."""
        place = (collection, key)
        if place in self._documents:
            kept = self._documents[place]
        else:
            if place not in self._read:
                self._read[place] = self.shelves.document(collection, key)
            kept = self._read[place]
        return None if kept is None else content(kept)

    def keep(self, collection: str, key: str, body: dict[str, Any], rank: str = "") -> None:
        """A document to keep."""
        encoded = json.encode(body)
        self._documents[collection, key] = Document(collection=collection, key=key, body=encoded, rank=rank)

    def drop(self, collection: str, key: str) -> None:
        """A document that is no more."""
        self._documents[collection, key] = None

    def use(self, collection: str, name: str) -> None:
        """A name that the account's lists show from now on: a tag, a custom field, an action."""
        if name and self.document(collection, name) is None:
            self.keep(collection, name, {})

    def ident(self, provider: str, ident: str) -> str:
        """The id of a thing of a provider: as given for the first one, prefixed for any other.

        Drip knows a thing by provider and id; where there is only one, its ids are the shop's own.
        """
        if not provider:
            return ident
        home = self.document(*HOME)
        if home is None:
            self.keep(*HOME, {"provider": provider})
            return ident
        return ident if home.get("provider") == provider else f"{provider}:{ident}"

    def meet(self, identity: Identity) -> Met:
        """The person that identifiers name, as known so far."""
        known = self.shelves.find(identity)
        if known is not None:
            return self._known(known)
        key = (identity.email or "").strip().lower() or identity.phone or identity.anonymous_id
        return self._met.setdefault(key, Met(identity=identity, stated={}))

    def is_anothers(self, known: Order, met: Met) -> bool:
        """Whether an order is already known as another person's."""
        if known.identity.is_empty or (known.identity.email or "").lower() == (met.identity.email or "").lower():
            return False
        return self.meet(known.identity) is not met

    def claims(self, met: Met, user: str) -> bool:
        """Whether nobody else has taken this id of the shop's own, here or earlier in this call."""
        holder = self.shelves.find(Identity(external_id=user))
        if holder is not None and holder.person != met.number and holder.email:
            return False
        return self._users.setdefault(user, met) is met

    def rename(self, met: Met, email: str) -> None:
        """Know a person by a new e-mail in what comes after."""
        self._met[email.strip().lower()] = met

    def meet_by_id(self, ident: str) -> Met | None:
        """The person with a subscriber id; None where nobody has it."""
        number = person_of(ident)
        known = None if number is None else self.shelves.person(number)
        return None if known is None else self._known(known)

    def person_in(self, record: Mapping[str, Any], *id_names: str) -> Met | None:
        """The person that a record names by id, else by e-mail, else by browser; None for nobody."""
        for name in id_names:
            if ident := text(record.get(name)):
                return self.meet_by_id(ident)
        if email := text(record.get("email")):
            return self.meet(Identity(email=email)) if is_email(email) else None
        if visitor := text(record.get("visitor_uuid")):
            return self.meet(Identity(anonymous_id=visitor))
        return None

    def identity_in(self, record: Mapping[str, Any], met: Met, *id_names: str) -> Identity:
        """The identifiers as a record spells them; those known where it names a person by id."""
        email, visitor = text(record.get("email")), text(record.get("visitor_uuid"))
        if any(text(record.get(name)) for name in id_names):
            return met.identity
        return Identity(email=email or None, anonymous_id=visitor or None)

    def find(self, key: str) -> Met | None:
        """The person that a path names, an id, an e-mail or a browser's id; None for whoever was deleted."""
        met = self._named(key)
        return met if met and self.document(DELETED, document_key(met.identity)) is None else None

    def revive(self, met: Met) -> None:
        """Whoever is told of again after being deleted is there again."""
        if met.known is not None and self.document(DELETED, document_key(met.identity)) is not None:
            self.drop(DELETED, document_key(met.identity))

    def _named(self, key: str) -> Met | None:
        if met := self.meet_by_id(key):
            return met
        if "\0" in key or not key:
            return None
        met = self.meet(Identity(email=key) if "@" in key else Identity(anonymous_id=key))
        return None if met.is_new else met

    def _known(self, known: Known) -> Met:
        met = self._met.get(known.person)
        if met is None:
            person = known.record if isinstance(known.record, Person) else None
            met = Met(identity=known.identity, known=known, person=person, stated={})
            self._met[known.person] = met
        return met

    def intake(self, reply: Reply | Callable[[Shelves], Reply]) -> Intake:
        """All of it, with the reply."""
        return Intake(
            reply=reply,
            records=tuple(self._records),
            documents=tuple(one for one in self._documents.values() if one is not None),
            removed=tuple(key for key, one in self._documents.items() if one is None),
            unread=tuple(self._unread),
        )


def document_key(identity: Identity) -> str:
    """The key of what is kept as given about a subscriber."""
    return (identity.email or "").strip().lower() or f"visitor:{identity.anonymous_id or identity.phone or ''}"


def content(kept: Document) -> dict[str, Any]:
    """A document's content."""
    try:
        found = json.decode(kept.body)
    except DecodeError:
        return {}
    return found if isinstance(found, dict) else {}
