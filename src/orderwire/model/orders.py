"""Orders, carts and recurring purchases.

Money inside a record is a whole number of minor units of the record's `currency` (`model.money` knows how
many digits a currency has). Only unit prices are decimals in major units, because shops price with more digits
than the currency has.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from msgspec import Struct

from orderwire.model.address import Address
from orderwire.model.people import Identity, JsonScalar


class OrderLine(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One line of an order or a cart.

    `subtotal` is quantity × unit price before discounts, `total` what the line adds to the order's total after
    discounts, without tax that is charged on top. Both in minor units.
    """

    line_id: str
    name: str
    quantity: Decimal = Decimal(1)
    product_id: str | None = None
    variant_id: str | None = None
    sku: str | None = None
    unit_price: Decimal | None = None
    subtotal: int = 0
    discount: int = 0
    tax: int = 0
    total: int = 0
    brand: str | None = None
    categories: tuple[str, ...] = ()
    url: str | None = None
    image_url: str | None = None
    properties: dict[str, JsonScalar] = {}


class Discount(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A price reduction on the whole order, in minor units; `code` where a coupon gave it."""

    amount: int
    code: str | None = None
    title: str | None = None


class RefundKind(StrEnum):
    """What was given back."""

    FULL = "full"
    PARTIAL = "partial"
    MONEY_ONLY = "money_only"
    RESTOCK_ONLY = "restock_only"


class RefundLine(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The part of a refund that belongs to one order line."""

    line_id: str
    quantity: Decimal = Decimal(0)
    amount: int = 0


class Refund(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Money or goods going back, `amount` in minor units and never negative."""

    refund_id: str
    refunded_at: datetime
    amount: int
    kind: RefundKind = RefundKind.PARTIAL
    lines: tuple[RefundLine, ...] = ()
    shipping: int = 0
    reason: str | None = None


class Shipment(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One parcel on its way."""

    shipment_id: str
    shipped_at: datetime
    delivered_at: datetime | None = None
    carrier: str | None = None
    tracking_code: str | None = None
    tracking_url: str | None = None


class Order(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An order as one source describes it at one moment: a full snapshot, never a patch.

    An instant that is None has not happened, or the source does not say when: see `approximate`.
    `total` is what the customer pays: lines after discounts + shipping + fees + tax charged on top − order discounts
    that are not already in the lines.
    """

    order_id: str
    identity: Identity
    currency: str
    placed_at: datetime
    total: int
    number: str | None = None
    store: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    lines: tuple[OrderLine, ...] = ()
    subtotal: int | None = None
    discount: int = 0
    tax: int = 0
    shipping: int = 0
    fee: int = 0
    is_tax_included: bool = False
    discounts: tuple[Discount, ...] = ()
    refunds: tuple[Refund, ...] = ()
    shipments: tuple[Shipment, ...] = ()
    paid_at: datetime | None = None
    fulfilled_at: datetime | None = None
    delivered_at: datetime | None = None
    cancelled_at: datetime | None = None
    cancel_reason: str | None = None
    source_status: str | None = None
    billing_address: Address | None = None
    shipping_address: Address | None = None
    payment_method: str | None = None
    shipping_method: str | None = None
    url: str | None = None
    note: str | None = None
    tags: tuple[str, ...] = ()
    is_test: bool = False
    marketing_consent: bool | None = None
    """Whether the person ticked the newsletter box in this very checkout; None where there was none."""
    approximate: tuple[str, ...] = ()
    """Names of the instants above that are only a last-change time, by an explicit mapping choice."""
    properties: dict[str, JsonScalar] = {}
    updated_at: datetime | None = None

    @property
    def refunded(self) -> int:
        """The sum of all refunds, in minor units."""
        return sum(refund.amount for refund in self.refunds)


class Cart(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a person has put aside, always the full content."""

    cart_id: str
    identity: Identity
    currency: str
    total: int
    updated_at: datetime
    lines: tuple[OrderLine, ...] = ()
    discount: int = 0
    store: str | None = None
    url: str | None = None
    abandoned_at: datetime | None = None
    checkout_started_at: datetime | None = None
    properties: dict[str, JsonScalar] = {}


class Subscription(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A recurring purchase."""

    subscription_id: str
    identity: Identity
    created_at: datetime
    product_ids: tuple[str, ...] = ()
    interval: str | None = None
    price: int | None = None
    currency: str | None = None
    next_order_at: datetime | None = None
    next_order_id: str | None = None
    next_order_product_ids: tuple[str, ...] = ()
    """Everything in the next order; empty where nothing but this subscription's products is known of it."""
    next_order_total: int | None = None
    """What the whole next order costs, in minor units; None where only the subscription's price is known."""
    cancelled_at: datetime | None = None
    cancel_reason: str | None = None
    properties: dict[str, JsonScalar] = {}
    updated_at: datetime | None = None


class Event(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Anything else a person did. `name` is `product.viewed`, `site.active` or `custom.<name>`."""

    event_id: str
    name: str
    identity: Identity
    occurred_at: datetime
    value: int | None = None
    currency: str | None = None
    properties: dict[str, object] = {}
