"""What one call may look up: the ledger of the moment, and before it what the call itself has said already."""

from __future__ import annotations

from datetime import datetime

from orderwire.dialects.doorway import Call, Known, Shelves
from orderwire.model import Cart, Identity, Order, Person, Product, Record, Subscription

CONTACT_IDS_BEGIN = 90_000_000
"""Contact ids are the ledger's numbers of people behind this one: whole numbers of the platform's own size."""

_HOME_CURRENCY = "UAH"
_DELETED = "deleted contacts"


def contact_id(person: int) -> int:
    """The id of a contact, from the ledger's number of the person."""
    return CONTACT_IDS_BEGIN + person


def person_number(contact: object) -> int | None:
    """The ledger's number of the person behind a contact id; None for what is no such id."""
    digits = str(contact) if isinstance(contact, str | int) and not isinstance(contact, bool) else ""
    if not (digits.isascii() and digits.isdigit() and len(digits) < 17):
        return None
    number = int(digits) - CONTACT_IDS_BEGIN
    return number if number > 0 else None


class Desk:
    """The shelves as one call sees them while it is read, item after item."""

    def __init__(self, call: Call, shelves: Shelves) -> None:
        self.shelves = shelves
        self.received_at: datetime = call.received_at
        self.is_public = call.is_public
        self._said: dict[str, Record] = {}
        self._people: dict[tuple[str, str], Person] = {}
        self._currency = ""

    def order(self, order_id: str) -> Order | None:
        """The newest snapshot of an order."""
        found = self._snapshot(f"order:{order_id}")
        return found if isinstance(found, Order) else None

    def cart(self, cart_id: str) -> Cart | None:
        """The newest snapshot of a cart."""
        found = self._snapshot(f"cart:{cart_id}")
        return found if isinstance(found, Cart) else None

    def product(self, product_id: str) -> Product | None:
        """The newest snapshot of a product."""
        found = self._snapshot(f"product:{product_id}")
        return found if isinstance(found, Product) else None

    def subscription(self, subscription_id: str) -> Subscription | None:
        """The newest snapshot of a recurring purchase."""
        found = self._snapshot(f"subscription:{subscription_id}")
        return found if isinstance(found, Subscription) else None

    def _snapshot(self, subject: str) -> Record | None:
        return self._said.get(subject) or self.shelves.snapshot(subject)

    def said(self, record: Record) -> None:
        """Remember what an item said, for the items after it."""
        match record:
            case Order():
                self._said[f"order:{record.order_id}"] = record
            case Cart():
                self._said[f"cart:{record.cart_id}"] = record
            case Product():
                self._said[f"product:{record.product_id}"] = record
            case Subscription():
                self._said[f"subscription:{record.subscription_id}"] = record
            case Person():
                for key in _keys(record.identity):
                    self._people[key] = record
            case _:
                pass

    def just_said(self, identity: Identity) -> Person | None:
        """What an earlier item of this call said of a person."""
        return next((found for key in _keys(identity) if (found := self._people.get(key))), None)

    def contact(self, given: object) -> Known | None:
        """The person behind a contact id."""
        number = person_number(given)
        return self.shelves.person(number) if number is not None else None

    def is_deleted(self, known: Known) -> bool:
        """Whether a contact was deleted and not brought back."""
        return self.shelves.document(_DELETED, str(known.person)) is not None

    @property
    def currency(self) -> str:
        """The currency of orders that name none: that of an order there is, else of the platform's home."""
        if not self._currency:
            orders = self.shelves.snapshots("order", limit=1)
            newest = orders[0][1] if orders else None
            known = newest.currency if isinstance(newest, Order) else ""
            self._currency = known or _HOME_CURRENCY
        return self._currency


def deletion_of(known: Known) -> tuple[str, str]:
    """Where it is kept that a contact was deleted: collection and key."""
    return _DELETED, str(known.person)


def _keys(identity: Identity) -> list[tuple[str, str]]:
    found = (
        ("external_id", identity.external_id),
        ("email", identity.email.strip().lower() if identity.email else None),
        ("phone", identity.phone),
    )
    return [(kind, value) for kind, value in found if value]
