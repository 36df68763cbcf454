"""Facts: what one record says, as rows of the log.

Two sorts. *Happenings* (placed, paid, shipped, refunded …) have a key that is a function of their subject and the
happening, so re-sending, re-polling and re-importing add nothing. *States* (person, consent, product, cart, the
content of an order) are compared with the current state by the ledger and appended only when different; their key
is completed there with the source's version or the predecessor.

`claims_of` is pure: a snapshot becomes claims without any remembered state; the ledger decides which are new.
"""

from __future__ import annotations

from datetime import UTC, datetime
from enum import IntEnum, StrEnum
from operator import attrgetter
from typing import TypeAlias

from msgspec import Struct, json
from msgspec.structs import replace

from orderwire.model.catalog import Product
from orderwire.model.orders import Cart, Event, Order, Subscription
from orderwire.model.people import Consent, Identity, Person

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_occurred_at = attrgetter("occurred_at")

Record: TypeAlias = Person | Consent | Product | Order | Cart | Subscription | Event


class Family(IntEnum):
    """The phases of a first contact, in order: each begins when the previous one is finished."""

    PEOPLE = 1
    PRODUCTS = 2
    ACTIVITY = 3


class Kind(StrEnum):
    """What a fact says happened; custom events add `custom.<name>` beside these."""

    PERSON_UPDATED = "person.updated"
    PERSON_FORGOTTEN = "person.forgotten"
    CONSENT_CHANGED = "consent.changed"
    PRODUCT_UPDATED = "product.updated"
    PRODUCT_REMOVED = "product.removed"
    ORDER_PLACED = "order.placed"
    ORDER_UPDATED = "order.updated"
    ORDER_PAID = "order.paid"
    ORDER_FULFILLED = "order.fulfilled"
    ORDER_DELIVERED = "order.delivered"
    ORDER_CANCELLED = "order.cancelled"
    ORDER_REFUNDED = "order.refunded"
    CART_UPDATED = "cart.updated"
    CART_ABANDONED = "cart.abandoned"
    CHECKOUT_STARTED = "checkout.started"
    PRODUCT_VIEWED = "product.viewed"
    SITE_ACTIVE = "site.active"
    SUBSCRIPTION_CREATED = "subscription.created"
    SUBSCRIPTION_UPDATED = "subscription.updated"
    SUBSCRIPTION_CANCELLED = "subscription.cancelled"
    ORDER_UPCOMING = "order.upcoming"
    CUSTOM = "custom"
    """Stands for every `custom.<name>` where kinds are listed (settings, capability tables)."""


_KINDS = {kind.value: kind for kind in Kind}
"""Asked many times for each fact: a look into a dictionary is quicker than an enumeration's."""


def kind_of(name: str) -> Kind:
    """The listed kind of a fact's kind: `custom.wishlist` → `Kind.CUSTOM`."""
    kind = _KINDS.get(name)
    if kind is not None:
        return kind
    return Kind.CUSTOM if name.startswith("custom.") else Kind(name)


FAMILY_BY_KIND: dict[Kind, Family] = {
    Kind.PERSON_UPDATED: Family.PEOPLE,
    Kind.PERSON_FORGOTTEN: Family.PEOPLE,
    Kind.CONSENT_CHANGED: Family.PEOPLE,
    Kind.PRODUCT_UPDATED: Family.PRODUCTS,
    Kind.PRODUCT_REMOVED: Family.PRODUCTS,
}
MARKETING_ONLY = frozenset(
    {Kind.CART_UPDATED, Kind.CART_ABANDONED, Kind.CHECKOUT_STARTED, Kind.PRODUCT_VIEWED, Kind.SITE_ACTIVE}
)
"""Kinds withheld from people who said no (Law 8)."""


def family_of(name: str) -> Family:
    """The phase a fact of this kind belongs to."""
    return FAMILY_BY_KIND.get(kind_of(name), Family.ACTIVITY)


class Claim(Struct, frozen=True, kw_only=True):
    """What a record says, before the ledger has decided whether it is new.

    `subject` is the thing it is about, without its source: `order:1001`. `discriminator` completes a happening's
    key (`refunded:RF7`) and is None for a state. `version` orders states of one subject; None where the source has
    none. `is_approximate` marks an instant that is only a last-change time.
    """

    kind: str
    subject: str
    occurred_at: datetime
    discriminator: str | None = None
    detail: str | None = None
    version: datetime | None = None
    is_approximate: bool = False


class Fact(Struct, frozen=True, kw_only=True):
    """One appended row of the log. Instants are UTC-aware.

    `body` is the JSON of the record as it was known when this fact was recorded: for every `order.*` fact the whole
    `Order` snapshot. `detail` says which refund or shipment of it, `ordinal` the how-manieth fact of this kind it is
    for its subject, from 0, as recorded (a platform may give the first refund another id than the later ones).
    `person` is the ledger's number of the person after merges, None where nobody could be identified.
    """

    seq: int
    key: str
    revision: int
    kind: str
    subject: str
    occurred_at: datetime
    recorded_at: datetime
    source: str
    is_imported: bool
    is_approximate: bool = False
    detail: str | None = None
    ordinal: int = 0
    person: int | None = None
    body: bytes = b""


def identity_of(record: Record) -> Identity | None:
    """The identifiers a record carries for its person; None for a product."""
    return None if isinstance(record, Product) else record.identity


def claims_of(record: Record, *, at: datetime) -> tuple[Claim, ...]:
    """What a record says, oldest first within the record. `at` is the reading time, for states without their own."""
    match record:
        case Order():
            return _claims_of_order(record)
        case Person():
            when = record.updated_at or record.created_at or at
            return (
                Claim(
                    kind=Kind.PERSON_UPDATED,
                    subject=person_subject(record.identity),
                    occurred_at=when,
                    version=record.updated_at,
                ),
            )
        case Consent():
            return (
                Claim(
                    kind=Kind.CONSENT_CHANGED,
                    subject=f"consent:{record.channel}:{person_subject(record.identity)}",
                    occurred_at=record.changed_at or at,
                    version=record.changed_at,
                ),
            )
        case Product():
            kind = Kind.PRODUCT_REMOVED if record.removed_at else Kind.PRODUCT_UPDATED
            when = record.removed_at or record.updated_at or record.created_at or at
            return (
                Claim(
                    kind=kind,
                    subject=f"product:{record.product_id}",
                    occurred_at=when,
                    version=record.updated_at,
                ),
            )
        case Cart():
            return _claims_of_cart(record)
        case Subscription():
            return _claims_of_subscription(record, at)
        case Event():
            return (
                Claim(
                    kind=record.name,
                    subject=f"event:{record.event_id}",
                    occurred_at=record.occurred_at,
                    discriminator="happened",
                ),
            )


def person_subject(identity: Identity) -> str:
    """The subject a person's own records go by at their source: their first identifier, by precedence."""
    if identity.external_id:
        return f"person:{identity.external_id}"
    if identity.email:
        return f"person:{identity.email.strip().lower()}"
    return f"person:{identity.phone or identity.anonymous_id or ''}"


def _claims_of_order(order: Order) -> tuple[Claim, ...]:
    subject = f"order:{order.order_id}"
    placed = _happened(order, subject, Kind.ORDER_PLACED, order.placed_at, "placed_at")
    content = Claim(
        kind=Kind.ORDER_UPDATED,
        subject=subject,
        occurred_at=order.updated_at or order.placed_at,
        version=order.updated_at,
    )
    later = _after_placing(order, subject)
    if later:
        later.sort(key=_occurred_at)
    return (placed, *later, content)


def _after_placing(order: Order, subject: str) -> list[Claim]:
    later: list[Claim] = []
    if order.paid_at:
        later.append(_happened(order, subject, Kind.ORDER_PAID, order.paid_at, "paid_at"))
    for shipment in order.shipments:
        which = shipment.shipment_id
        later.append(_happened(order, subject, Kind.ORDER_FULFILLED, shipment.shipped_at, "fulfilled_at", which))
        if shipment.delivered_at:
            later.append(
                _happened(order, subject, Kind.ORDER_DELIVERED, shipment.delivered_at, "delivered_at", which)
            )
    if order.fulfilled_at and not order.shipments:
        later.append(_happened(order, subject, Kind.ORDER_FULFILLED, order.fulfilled_at, "fulfilled_at"))
    if order.delivered_at and not any(shipment.delivered_at for shipment in order.shipments):
        later.append(_happened(order, subject, Kind.ORDER_DELIVERED, order.delivered_at, "delivered_at"))
    for refund in order.refunds:
        which = refund.refund_id
        later.append(_happened(order, subject, Kind.ORDER_REFUNDED, refund.refunded_at, "refunded_at", which))
    if order.cancelled_at:
        later.append(_happened(order, subject, Kind.ORDER_CANCELLED, order.cancelled_at, "cancelled_at"))
    return later


def _happened(order: Order, subject: str, kind: Kind, at: datetime, field: str, which: str | None = None) -> Claim:
    name = kind.removeprefix("order.")
    return Claim(
        kind=kind,
        subject=subject,
        occurred_at=at,
        discriminator=f"{name}:{which}" if which else name,
        detail=which,
        version=order.updated_at,
        is_approximate=field in order.approximate,
    )


def _claims_of_cart(cart: Cart) -> tuple[Claim, ...]:
    subject = f"cart:{cart.cart_id}"
    claims = [Claim(kind=Kind.CART_UPDATED, subject=subject, occurred_at=cart.updated_at, version=cart.updated_at)]
    if cart.checkout_started_at:
        stamp = int(cart.checkout_started_at.timestamp())
        claims.append(
            Claim(
                kind=Kind.CHECKOUT_STARTED,
                subject=subject,
                occurred_at=cart.checkout_started_at,
                discriminator=f"checkout:{stamp}",
            )
        )
    if cart.abandoned_at:
        stamp = int(cart.abandoned_at.timestamp())
        claims.append(
            Claim(
                kind=Kind.CART_ABANDONED,
                subject=subject,
                occurred_at=cart.abandoned_at,
                discriminator=f"abandoned:{stamp}",
            )
        )
    return tuple(claims)


def _claims_of_subscription(subscription: Subscription, at: datetime) -> tuple[Claim, ...]:
    subject = f"subscription:{subscription.subscription_id}"
    claims = [
        Claim(
            kind=Kind.SUBSCRIPTION_CREATED,
            subject=subject,
            occurred_at=subscription.created_at,
            discriminator="created",
        )
    ]
    if subscription.cancelled_at:
        claims.append(
            Claim(
                kind=Kind.SUBSCRIPTION_CANCELLED,
                subject=subject,
                occurred_at=subscription.cancelled_at,
                discriminator=f"cancelled:{int(subscription.cancelled_at.timestamp())}",
            )
        )
    claims.append(
        Claim(
            kind=Kind.SUBSCRIPTION_UPDATED,
            subject=subject,
            occurred_at=subscription.updated_at or subscription.created_at or at,
            version=subscription.updated_at,
        )
    )
    if subscription.next_order_id and subscription.next_order_at:
        claims.append(
            Claim(
                kind=Kind.ORDER_UPCOMING,
                subject=subject,
                occurred_at=subscription.updated_at or at,
                discriminator=f"upcoming:{subscription.next_order_id}",
                detail=subscription.next_order_id,
            )
        )
    return tuple(claims)


def content_of(record: Record, body: bytes = b"") -> bytes:
    """The bytes that decide whether a state has changed: what the record says apart from its clock and lifecycle.

    An order's payment, shipments, refunds and cancellation are happenings of their own, so its content is the rest.
    `body` is the record as JSON where that is at hand: as a rule, the content is a part of it.
    """
    match record:
        case Order():
            if body and _is_only_placed(record):
                return _without_clock(record.updated_at, body)
            return json.encode(
                replace(
                    record,
                    refunds=(),
                    shipments=(),
                    paid_at=None,
                    fulfilled_at=None,
                    delivered_at=None,
                    cancelled_at=None,
                    cancel_reason=None,
                    source_status=None,
                    approximate=(),
                    updated_at=None,
                )
            )
        case Cart():
            return json.encode(replace(record, updated_at=_EPOCH, abandoned_at=None, checkout_started_at=None))
        case Subscription():
            return json.encode(replace(record, updated_at=None, next_order_id=None))
        case Person() | Product():
            return json.encode(replace(record, updated_at=None))
        case Consent() | Event():
            return body or json.encode(record)


def _is_only_placed(order: Order) -> bool:
    """Whether an order says nothing of what comes after placing it."""
    return (
        not (order.refunds or order.shipments or order.approximate)
        and order.paid_at is None
        and order.fulfilled_at is None
        and order.delivered_at is None
        and order.cancelled_at is None
        and order.cancel_reason is None
        and order.source_status is None
    )


def _without_clock(updated_at: datetime | None, body: bytes) -> bytes:
    """A record's JSON without `updated_at`, which is its last field."""
    return body if updated_at is None else body.rpartition(b',"updated_at":')[0] + b"}"
