"""What a custom event means.

Those that our own writer uses, and those of the Ordergroove connector, become the records they stand for; everything
else stays an event under its name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from hashlib import sha256
from typing import Any

import msgspec
from msgspec import structs

from orderwire.dialects.ometria.door.desk import Desk
from orderwire.dialects.ometria.door.values import (
    Fields,
    Unfit,
    account,
    amount,
    currency_of,
    inside,
    instant,
    number,
    objects,
    plain,
    scalar,
    text,
    text_of,
)
from orderwire.dialects.ometria.fields import EVENT_TYPES
from orderwire.model import Cart, Event, Identity, Kind, OrderLine, Record, Subscription, money

_CART_FIELDS = ("cart_id", "total", "currency", "products", "lines", "url", "store", "discount")
_SUBSCRIPTION_EVENT = EVENT_TYPES[Kind.SUBSCRIPTION_CREATED]


def read_event(given: Fields, desk: Desk) -> Record:
    """The record that a custom event is.

    Raises:
        Unfit: it has no id, type or time, or names nobody.
    """
    event_id, name, at = text(given, "id"), text(given, "event_type"), instant(given, "timestamp")
    if event_id is None:
        raise Unfit("id")
    if name is None:
        raise Unfit("event_type")
    if at is None:
        raise Unfit("timestamp")
    identity = _identity(given, desk)
    own = inside(given, "properties")
    reader = _READERS.get(name)
    if reader is not None:
        try:
            return reader(name, own, identity, at, desk)
        except Unfit:
            return as_event(event_id, name, own, identity, at)
    return as_event(event_id, name, own, identity, at)


def as_event(event_id: str, name: str, own: Fields, identity: Identity, at: datetime) -> Event:
    """The event under its name, or as the kind that our writer means by it."""
    kind = {EVENT_TYPES[one]: one for one in (Kind.PRODUCT_VIEWED, Kind.SITE_ACTIVE)}.get(name)
    found = {key: plain(value) for key, value in own.items()}
    if kind is Kind.PRODUCT_VIEWED and found.get("products") == [str(found.get("product_id"))]:
        found.pop("products")
    value, currency = _value(own)
    if value is not None:
        found.pop("value")
        found.pop("currency")
    return Event(
        event_id=event_id,
        name=kind or f"custom.{name}",
        identity=identity,
        occurred_at=at,
        value=value,
        currency=currency,
        properties=found,
    )


def cart_of(own: Fields, identity: Identity, at: datetime) -> Cart:
    """A cart out of an event's properties.

    Raises:
        Unfit: it has no id or currency, or a line without a valid value.
    """
    cart_id, currency = text(own, "cart_id"), currency_of(own)
    if cart_id is None or currency is None:
        raise Unfit("properties", "cart_id" if cart_id is None else "currency")
    lines = tuple(_line(line, place, currency) for place, line in enumerate(objects(own, "lines")))
    total = amount(own, "total", currency)
    return Cart(
        cart_id=cart_id,
        identity=identity,
        currency=currency,
        total=sum(line.total for line in lines) if total is None else total,
        updated_at=at,
        lines=lines,
        discount=abs(amount(own, "discount", currency) or 0),
        store=text(own, "store"),
        url=text(own, "url"),
        properties={name: scalar(value) for name, value in own.items() if name not in _CART_FIELDS},
    )


def digest(*parts: object) -> str:
    """An id of what has none, from what it says."""
    return sha256(msgspec.json.encode([plain(part) for part in parts])).hexdigest()[:32]


def _identity(given: Fields, desk: Desk) -> Identity:
    profile = desk.profile(given.get("profile_id"))
    known = profile.identity if profile is not None else Identity()
    found = Identity(
        external_id=account(given, "identity_account_id") or known.external_id,
        email=text(given, "identity_email") or known.email,
        phone=known.phone,
        anonymous_id=known.anonymous_id,
    )
    if found.is_empty:
        raise Unfit("identity_email")
    return found


def _value(own: Fields) -> tuple[int | None, str | None]:
    try:
        currency = currency_of(own)
        return (amount(own, "value", currency), currency) if currency and "value" in own else (None, None)
    except Unfit:
        return None, None


def _line(given: Fields, place: int, currency: str) -> OrderLine:
    path = ("properties", "lines", str(place))
    product_id, variant_id, sku = (text(given, name, *path) for name in ("product_id", "variant_id", "sku"))
    name = text(given, "title", *path) or product_id or variant_id or sku
    if name is None:
        raise Unfit(*path, "title")
    quantity = number(given, "quantity", *path)
    each = number(given, "unit_price", *path)
    quantity = Decimal(1) if quantity is None else quantity
    total = amount(given, "total", currency, *path)
    if total is None:
        total = 0 if each is None else money.minor(each * quantity, currency)
    return OrderLine(
        line_id=f"{variant_id or product_id or sku or name}#{place}" if place else variant_id or product_id or name,
        name=name,
        quantity=quantity,
        product_id=product_id,
        variant_id=variant_id,
        sku=sku,
        unit_price=each,
        subtotal=total,
        total=total,
        url=text(given, "url", *path),
        image_url=text(given, "image_url", *path),
    )


def _cart(name: str, own: Fields, identity: Identity, at: datetime, desk: Desk) -> Record:
    cart = cart_of(own, identity, at)
    if name == EVENT_TYPES[Kind.CART_UPDATED]:
        return cart
    before = desk.cart(cart.cart_id)
    changed_at = before.updated_at if before is not None and before.updated_at <= at else at
    field = "abandoned_at" if name == EVENT_TYPES[Kind.CART_ABANDONED] else "checkout_started_at"
    return structs.replace(cart, updated_at=changed_at, **{field: at})


def _subscription(name: str, own: Fields, identity: Identity, at: datetime, desk: Desk) -> Record:  # noqa: ARG001
    """A recurring purchase. The connector tells no id of it: one person's of the same products is the same."""
    products = own.get("product_set")
    if not isinstance(products, list):
        raise Unfit("properties", "product_set")
    ids = tuple(found for one in products if (found := text_of(one, "properties", "product_set")))
    subscription_id = text(own, "subscription_id") or digest(identity.external_id or identity.email, sorted(ids))
    before = desk.subscription(subscription_id)
    known = before or Subscription(subscription_id=subscription_id, identity=identity, created_at=at)
    reason = text(own, "cancellation_reason")
    more: dict[str, Any] = {name: found for name in ("detail_url", "image_url") if (found := text(own, name))}
    return structs.replace(
        known,
        identity=identity,
        product_ids=ids,
        interval=text(own, "delivery_frequency") or known.interval,
        cancelled_at=at if reason else None,
        cancel_reason=None if reason == "not given" else reason,
        properties={**known.properties, **more},
        updated_at=at if before is not None else None,
    )


_Reader = Callable[[str, Fields, Identity, datetime, Desk], Record]
_READERS: Mapping[str, _Reader] = {
    **dict.fromkeys(
        (EVENT_TYPES[kind] for kind in (Kind.CART_UPDATED, Kind.CART_ABANDONED, Kind.CHECKOUT_STARTED)), _cart
    ),
    _SUBSCRIPTION_EVENT: _subscription,
}
