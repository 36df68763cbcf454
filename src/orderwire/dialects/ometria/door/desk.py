"""What one call may look up: the ledger of the moment, and before it what the call itself has said already."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from orderwire.dialects.doorway import Call, Document, Known, Shelves
from orderwire.dialects.ometria.door.ids import person_number
from orderwire.model import Cart, Channel, Consent, Identity, Order, Person, Product, Record, Subscription

COLLECTIONS = "collections"
LISTS = "lists"


def collection_name(name: str) -> str:
    """Where the contacts of a collection are kept."""
    return f"contacts/{name}"


class Desk:
    """The shelves as one call sees them while it is read, record after record."""

    def __init__(self, call: Call, shelves: Shelves) -> None:
        self.call = call
        self.shelves = shelves
        self.received_at: datetime = call.received_at
        self.documents: dict[tuple[str, str], Document] = {}
        self._said: dict[str, Record] = {}
        self._people: dict[tuple[str, str], Person] = {}
        self._stated: dict[tuple[str, Channel], Consent] = {}

    def order(self, order_id: str) -> Order | None:
        """The newest snapshot of an order."""
        found = self._snapshot(f"order:{order_id}")
        return found if isinstance(found, Order) else None

    def product(self, product_id: str) -> Product | None:
        """The newest snapshot of a product."""
        found = self._snapshot(f"product:{product_id}")
        return found if isinstance(found, Product) else None

    def cart(self, cart_id: str) -> Cart | None:
        """The newest snapshot of a cart."""
        found = self._snapshot(f"cart:{cart_id}")
        return found if isinstance(found, Cart) else None

    def subscription(self, subscription_id: str) -> Subscription | None:
        """The newest snapshot of a recurring purchase."""
        found = self._snapshot(f"subscription:{subscription_id}")
        return found if isinstance(found, Subscription) else None

    def _snapshot(self, subject: str) -> Record | None:
        return self._said.get(subject) or self.shelves.snapshot(subject)

    def said(self, record: Record) -> None:
        """Remember what a record said, for those after it."""
        match record:
            case Order():
                self._said[f"order:{record.order_id}"] = record
            case Product():
                self._said[f"product:{record.product_id}"] = record
            case Cart():
                self._said[f"cart:{record.cart_id}"] = record
            case Subscription():
                self._said[f"subscription:{record.subscription_id}"] = record
            case Person():
                self._people |= dict.fromkeys(_keys(record.identity), record)
            case Consent():
                self._stated |= {(value, record.channel): record for _, value in _keys(record.identity)}
            case _:
                pass

    def just_said(self, identity: Identity) -> Person | None:
        """What an earlier record of this call said of a person."""
        return next((found for key in _keys(identity) if (found := self._people.get(key))), None)

    def just_stated(self, identity: Identity, channel: Channel) -> Consent | None:
        """What an earlier record of this call stated of a channel."""
        return next((found for _, value in _keys(identity) if (found := self._stated.get((value, channel)))), None)

    def profile(self, given: object) -> Known | None:
        """The person behind a profile id."""
        number = person_number(given)
        return self.shelves.person(number) if number is not None else None

    def contact(self, collection: str, contact_id: str) -> dict[str, Any]:
        """A contact as its collection holds it; empty where there is none."""
        place = collection_name(collection), contact_id
        document = self.documents.get(place) or self.shelves.document(*place)
        return msgspec.json.decode(document.body, type=dict[str, Any]) if document is not None else {}

    def keep(self, collection: str, key: str, body: object, rank: str = "") -> None:
        """Keep a document with this call."""
        encoded = _ENCODER.encode(body)
        self.documents[collection, key] = Document(collection=collection, key=key, body=encoded, rank=rank)


_ENCODER = msgspec.json.Encoder(decimal_format="number")


def _keys(identity: Identity) -> list[tuple[str, str]]:
    found = (
        ("external_id", identity.external_id),
        ("email", identity.email.strip().lower() if identity.email else None),
        ("phone", identity.phone),
    )
    return [(kind, value) for kind, value in found if value]
