"""The ledger as one call finds it and leaves it: what its earlier items have said holds for its later ones."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, NamedTuple

from msgspec import json

from orderwire.dialects.doorway import Call, Document, Intake, Known, Read, Reply, Shelves, Unread
from orderwire.dialects.omnisend.door.refusals import Generation, generation_of
from orderwire.model import Channel, Consent, ConsentState, Identity, Order, Person, Product, Record, claims_of
from orderwire.model.orders import Cart, Subscription


class Contact(NamedTuple):
    """A contact as this call finds them: what the ledger knows, and how this source has described them."""

    known: Known | None
    described: Person | None

    @property
    def is_new(self) -> bool:
        """Whether nobody is known by these identifiers."""
        return self.known is None and self.described is None

    @property
    def identity(self) -> Identity:
        """The identifiers they go by; empty for nobody."""
        if self.known is not None:
            return self.known.identity
        return Identity() if self.described is None else self.described.identity


class Mark(NamedTuple):
    """Where a call stood."""

    reads: int
    unread: int
    documents: dict[tuple[str, str], Document | None]
    subjects: dict[str, Record]
    people: dict[str, Person]
    choices: dict[tuple[str, Channel], ConsentState]


class Present:
    """What a call reads of the ledger, and everything it adds."""

    def __init__(self, call: Call, shelves: Shelves) -> None:
        self.call = call
        self.shelves = shelves
        self.generation: Generation = generation_of(call.path)
        self.reads: list[Read] = []
        self.unread: list[Unread] = []
        self._documents: dict[tuple[str, str], Document | None] = {}
        self._subjects: dict[str, Record] = {}
        self._people: dict[str, Person] = {}
        self._choices: dict[tuple[str, Channel], ConsentState] = {}

    @property
    def at(self) -> datetime:
        """When the call was received."""
        return self.call.received_at

    def order(self, order_id: str) -> Order | None:
        """The newest snapshot of an order."""
        found = self._snapshot(f"order:{order_id}")
        return found if isinstance(found, Order) else None

    def cart(self, cart_id: str) -> Cart | None:
        """The newest snapshot of a cart."""
        found = self._snapshot(f"cart:{cart_id}")
        return found if isinstance(found, Cart) else None

    def product(self, product_id: str) -> Product | None:
        """The newest snapshot of a product that is not removed."""
        found = self._snapshot(f"product:{product_id}")
        return found if isinstance(found, Product) and found.removed_at is None else None

    def subscription(self, subscription_id: str) -> Subscription | None:
        """The newest snapshot of a recurring purchase."""
        found = self._snapshot(f"subscription:{subscription_id}")
        return found if isinstance(found, Subscription) else None

    def contact(self, identity: Identity) -> Contact:
        """Whom these identifiers name."""
        known = None if identity.is_empty else self.shelves.find(identity)
        names = _names(identity) + (_names(known.identity) if known else [])
        described = next((self._people[name] for name in names if name in self._people), None)
        if described is None and known is not None and isinstance(known.record, Person):
            described = known.record
        return Contact(known, described)

    def choice(self, contact: Contact, identity: Identity, channel: Channel) -> ConsentState | None:
        """What holds for a channel, this call's own statements included."""
        for name in _names(identity) + _names(contact.identity):
            if (name, channel) in self._choices:
                return self._choices[name, channel]
        standing = contact.known.consent.get(channel) if contact.known else None
        return standing.state if standing else None

    def record(self, record: Record, raw: bytes = b"") -> None:
        """Add a record; it holds from now on."""
        self.reads.append(Read(record=record, raw=raw))
        match record:
            case Person():
                for name in _names(record.identity):
                    self._people[name] = record
            case Consent():
                for name in _names(record.identity):
                    self._choices[name, record.channel] = record.state
            case _:
                self._subjects[claims_of(record, at=self.at)[-1].subject] = record

    def misread(self, stream: str, key: str, place: str, problem: str, raw: bytes) -> None:
        """Keep a piece that is answered for, but cannot be understood."""
        self.unread.append(Unread(stream=stream, key=key, place=place, problem=problem, raw=raw))

    def kept(self, collection: str, key: str) -> Any:
        """The body of a document; None where there is none."""
        place = (collection, key)
        found = self._documents[place] if place in self._documents else self.shelves.document(collection, key)
        return None if found is None else json.decode(found.body)

    def keep(self, collection: str, key: str, body: Any, rank: str = "") -> None:
        """Keep a document."""
        encoded = body if isinstance(body, bytes) else json.encode(body)
        self._documents[collection, key] = Document(collection=collection, key=key, body=encoded, rank=rank)

    def drop(self, collection: str, key: str) -> None:
        """Remove a document."""
        self._documents[collection, key] = None

    def forget(self, collection: str, key: str) -> None:
        """Remove a document where there is one."""
        if self.kept(collection, key) is not None:
            self.drop(collection, key)

    def mark(self) -> Mark:
        """Where the call stands, to come back to."""
        return Mark(
            len(self.reads),
            len(self.unread),
            dict(self._documents),
            dict(self._subjects),
            dict(self._people),
            dict(self._choices),
        )

    def back_to(self, mark: Mark) -> None:
        """Forget everything that was added since."""
        del self.reads[mark.reads :]
        del self.unread[mark.unread :]
        self._documents, self._subjects = mark.documents, mark.subjects
        self._people, self._choices = mark.people, mark.choices

    def intake(self, reply: Reply | Callable[[Shelves], Reply]) -> Intake:
        """Everything the call adds, with its reply."""
        return Intake(
            reply=reply,
            records=tuple(self.reads),
            documents=tuple(document for document in self._documents.values() if document is not None),
            removed=tuple(place for place, document in self._documents.items() if document is None),
            unread=tuple(self.unread),
        )

    def _snapshot(self, subject: str) -> Record | None:
        return self._subjects[subject] if subject in self._subjects else self.shelves.snapshot(subject)


def _names(identity: Identity) -> list[str]:
    """The identifiers as they are compared within a call, the strongest first."""
    given = (
        ("id", identity.external_id),
        ("email", identity.email.strip().lower() if identity.email else None),
        ("phone", identity.phone),
    )
    return [f"{kind}:{value}" for kind, value in given if value]
