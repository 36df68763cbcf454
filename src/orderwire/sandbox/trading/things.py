"""What a made-up shop has: plain values, in whole pence with 20 % tax inside, in no API's shape."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime


@dataclass
class Customer:
    """An account. `tick` is when the newsletter was chosen last, `wants` what was chosen."""

    id: int
    email: str
    first_name: str
    last_name: str
    phone: str
    created: datetime
    modified: datetime
    wants: bool = False
    tick: datetime | None = None


@dataclass
class Product:
    """A thing for sale; one in two comes in sizes, each a variant with an id of its own."""

    id: int
    title: str
    price: int
    created: datetime
    modified: datetime
    variants: dict[int, str] = field(default_factory=dict)


@dataclass
class Line:
    """Some of one product. `price` is of one piece, tax inside; `discount` is of the whole line."""

    id: int
    product: int
    variant: int
    title: str
    quantity: int
    price: int
    discount: int = 0
    removed: int = 0
    """Pieces that were taken out of the order after it was placed."""

    @property
    def total(self) -> int:
        """What the line costs as it was placed."""
        return self.quantity * self.price - self.discount

    @property
    def left(self) -> int:
        """Pieces that are still ordered."""
        return self.quantity - self.removed


@dataclass
class Refund:
    """Money back; `lines` are (line id, pieces)."""

    id: int
    at: datetime
    amount: int
    lines: list[tuple[int, int]] = field(default_factory=list)
    reason: str = ""


@dataclass
class Order:
    """An order. `customer` None is a guest; a gone order stands in no list any more."""

    id: int
    customer: int | None
    email: str
    created: datetime
    modified: datetime
    lines: list[Line]
    shipping: int = 495
    coupon: str = ""
    ticked: bool = False
    paid: datetime | None = None
    shipped: datetime | None = None
    cancelled: datetime | None = None
    refunds: list[Refund] = field(default_factory=list)
    gone: bool = False

    @property
    def total(self) -> int:
        """What the order cost as it was placed."""
        return sum(line.total for line in self.lines) + self.shipping

    @property
    def refunded(self) -> int:
        """What went back."""
        return sum(one.amount for one in self.refunds)


@dataclass(frozen=True)
class Change:
    """Something that happened in the shop, for whoever sends webhooks: `order`, `placed`, and whom it was about."""

    number: int
    at: datetime
    noun: str
    verb: str
    id: int
    detail: int = 0
    """Which refund of an order."""


def tax_in(gross: int) -> int:
    """The tax inside an amount."""
    return (gross * 2 + 6) // 12
