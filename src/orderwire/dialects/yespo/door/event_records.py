"""Which record an event of each type is: orders, carts, recurring purchases, views, or itself.

Order events change what is known of an order. One that says too little to make an order that is not known is ignored
by the platform; here it stays as an event of its name, so that nothing is lost.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from msgspec import structs

from orderwire.dialects.yespo.door.desk import Desk
from orderwire.dialects.yespo.door.lines import cart_lines
from orderwire.dialects.yespo.door.read_events import (
    Happening,
    as_event,
    as_page_view,
    as_product_view,
    free_properties,
)
from orderwire.dialects.yespo.door.read_orders import Moment, read_order
from orderwire.dialects.yespo.door.values import Unfit, amount, currency_of, decoded, instant, scalar, text
from orderwire.dialects.yespo.fields import CANCELLED, DELIVERED, INITIALIZED, RANK_BY_STATUS
from orderwire.model import Cart, Order, Record, Refund, RefundKind, Subscription

_STATUS_BY_EVENT = {
    "orderCreated": INITIALIZED,
    "orderUpdated": "",
    "orderDelivered": DELIVERED,
    "orderCancelled": CANCELLED,
}
_TEXTS = (
    *("number", "store", "first_name", "last_name", "url", "note", "tags", "source_status", "cancel_reason"),
    *("shipping_method", "payment_method", "shipping_address", "billing_address"),
)
_SUMS = ("lines", "shipping", "fee", "discount", "discounts", "tax", "is_tax_included")
_CART_PARAMS = (
    "products",
    "items",
    "currencyCode",
    "currency",
    "totalCost",
    "recycleStateId",
    "cartId",
    "restoreUrl",
)
_SUBSCRIPTION_PARAMS = (
    *("subscriptionId", "productIds", "interval", "price", "currency"),
    *("nextOrderAt", "nextOrderId", "cancelReason"),
)


def record_of(happening: Happening, desk: Desk) -> Record:
    """The record that an event is; one that cannot be read as its type means is kept as an event."""
    reader = _READERS.get(happening.name)
    if reader is None:
        return as_event(happening)
    try:
        return reader(happening, desk)
    except Unfit:
        return as_event(happening)


def _order(happening: Happening, desk: Desk) -> Record:
    given = _order_fields(happening)
    order_id = text(given.get("externalOrderId"), "externalOrderId")
    before = desk.order(order_id) if order_id else None
    status = _STATUS_BY_EVENT[happening.name]
    if not status:
        own = text(given.get("status"), "status") or ""
        status = own if own in RANK_BY_STATUS else INITIALIZED
    moment = Moment(received_at=desk.received_at, stated=happening.at if happening.is_dated else None)
    order = read_order(given, status, moment, desk)
    if isinstance(order, Order) and before is not None and _is_older(moment, before):
        return _added_to(before, order)
    if not isinstance(order, Order) or before is not None or happening.name == "orderCreated":
        return order
    if not given.get("date"):
        return structs.replace(order, approximate=(*order.approximate, "placed_at"))
    return structs.replace(order, updated_at=moment.stated)


def _is_older(moment: Moment, known: Order) -> bool:
    """Whether a message about an order is older than what is known of it."""
    return moment.stated is not None and moment.stated < (known.updated_at or known.placed_at)


def _added_to(known: Order, older: Order) -> Order:
    """The order as it is known, with what happened by an older message, and what nothing but that one tells."""
    said = {name: getattr(known, name) or getattr(older, name) for name in _TEXTS}
    if not known.lines:
        said |= {name: getattr(older, name) for name in _SUMS}
    if "placed_at" in known.approximate:
        said["placed_at"] = older.placed_at
    return structs.replace(
        known,
        **said,
        **{name: getattr(older, name) for name in ("paid_at", "delivered_at", "cancelled_at", "approximate")},
        properties={**older.properties, **known.properties},
        updated_at=known.updated_at or known.placed_at,
    )


def _order_fields(happening: Happening) -> dict[str, Any]:
    """An order's fields from an event's parameters, its person as the platform found them."""
    given = dict(happening.params)
    info = given.get("additionalInfo")
    if isinstance(info, str) and info.strip().startswith("{"):
        given["additionalInfo"] = _unpacked(info)
    identity = happening.identity
    given |= {
        "externalCustomerId": identity.external_id,
        "email": identity.email,
        "phone": identity.phone,
    }
    if not happening.is_dated and "date" not in given and happening.name == "orderCreated":
        given["date"] = happening.at.isoformat()
    return given


def _unpacked(value: str) -> Any:
    try:
        return decoded(value.encode())
    except ValueError as error:
        raise Unfit("additionalInfo has a wrong format") from error


def _refund(happening: Happening, desk: Desk) -> Record:
    params = happening.params
    order_id = text(params.get("externalOrderId"), "externalOrderId")
    refund_id = text(params.get("refundId"), "refundId")
    if order_id is None or refund_id is None:
        raise Unfit("externalOrderId and refundId are required")
    before = desk.order(order_id)
    order = before or _order_of_refund(happening, order_id, desk)
    given_back = amount(params.get("refundedCost"), "refundedCost", order.currency)
    if given_back is None:
        raise Unfit("refundedCost is required")
    kind = text(params.get("refundKind"), "refundKind") or RefundKind.PARTIAL
    refund = Refund(
        refund_id=refund_id,
        refunded_at=happening.at,
        amount=abs(given_back),
        kind=RefundKind(kind) if kind in frozenset(RefundKind) else RefundKind.PARTIAL,
        reason=text(params.get("reason"), "reason"),
    )
    others = tuple(one for one in order.refunds if one.refund_id != refund_id)
    if before is None:
        return structs.replace(order, refunds=(refund,))
    changed_at = max(happening.at, before.updated_at) if before.updated_at else happening.at
    return structs.replace(order, refunds=(*others, refund), updated_at=changed_at)


def _order_of_refund(happening: Happening, order_id: str, desk: Desk) -> Order:
    """An order first met by its refund: when it was placed is not known."""
    currency = currency_of(happening.params.get("currency")) or desk.currency
    total = amount(happening.params.get("totalCost"), "totalCost", currency)
    if total is None:
        raise Unfit("totalCost is required")
    return Order(
        order_id=order_id,
        identity=happening.identity,
        currency=currency,
        placed_at=happening.at,
        total=total,
        approximate=("placed_at",),
    )


def _checkout(happening: Happening, desk: Desk) -> Record:
    cart = _cart(happening, desk)
    before = desk.cart(cart.cart_id)
    changed_at = before.updated_at if before is not None and before.updated_at <= happening.at else happening.at
    return structs.replace(cart, updated_at=changed_at, checkout_started_at=happening.at)


def _cart(happening: Happening, desk: Desk) -> Cart:
    params = happening.params
    state = text(params.get("recycleStateId") or params.get("cartId"), "recycleStateId")
    cart_id = state or happening.identity.external_id or happening.identity.email or happening.identity.phone
    if not cart_id:
        raise Unfit("recycleStateId is required")
    given = params.get("products", params.get("items"))
    if "products" not in params and "items" not in params:
        raise Unfit("products is required")
    before = desk.cart(cart_id)
    currency = currency_of(params.get("currencyCode") or params.get("currency"))
    currency = currency or (before.currency if before else desk.currency)
    lines = cart_lines(given, currency)
    total = amount(params.get("totalCost"), "totalCost", currency)
    own = free_properties(happening, *_CART_PARAMS)
    return Cart(
        cart_id=cart_id,
        identity=happening.identity,
        currency=currency,
        total=sum(line.total for line in lines) if total is None else total,
        updated_at=happening.at,
        lines=lines,
        url=text(params.get("restoreUrl"), "restoreUrl"),
        properties={name: scalar(value) for name, value in own.items()},
    )


def _subscription(happening: Happening, desk: Desk) -> Record:
    params = happening.params
    subscription_id = text(params.get("subscriptionId"), "subscriptionId")
    if subscription_id is None:
        raise Unfit("subscriptionId is required")
    before = desk.subscription(subscription_id)
    known = before or Subscription(
        subscription_id=subscription_id, identity=happening.identity, created_at=happening.at
    )
    currency = currency_of(params.get("currency")) or known.currency
    price = amount(params.get("price"), "price", currency) if currency else None
    products = params.get("productIds")
    own = free_properties(happening, *_SUBSCRIPTION_PARAMS)
    is_end = happening.name == "subscriptionCancelled"
    is_start = happening.name == "subscriptionCreated"
    # An id of the next order announces it; our writer repeats it in every event, the announcement is one of them.
    next_id = text(params.get("nextOrderId"), "nextOrderId") if happening.name == "orderUpcoming" else None
    return structs.replace(
        known,
        identity=known.identity if happening.identity.is_empty else happening.identity,
        created_at=happening.at if is_start else known.created_at,
        product_ids=_texts(products) if isinstance(products, list | str) else known.product_ids,
        interval=text(params.get("interval"), "interval") or known.interval,
        price=known.price if price is None else price,
        currency=currency,
        next_order_at=instant(params.get("nextOrderAt")) or known.next_order_at,
        next_order_id=next_id or known.next_order_id,
        cancelled_at=happening.at if is_end else known.cancelled_at,
        cancel_reason=text(params.get("cancelReason"), "cancelReason") or known.cancel_reason,
        properties={**known.properties, **{name: scalar(value) for name, value in own.items()}},
        updated_at=known.updated_at if is_start else happening.at,
    )


def _texts(given: list[Any] | str) -> tuple[str, ...]:
    values = given if isinstance(given, list) else _unpacked(given) if given.strip().startswith("[") else [given]
    return tuple(found for one in values if (found := text(one, "productIds")))


_READERS: Mapping[str, Callable[[Happening, Desk], Record]] = {
    **dict.fromkeys(_STATUS_BY_EVENT, _order),
    "orderRefunded": _refund,
    "cartUpdated": _cart,
    "checkoutStarted": _checkout,
    "productViewed": lambda happening, _desk: as_product_view(happening),
    "pageViewed": lambda happening, _desk: as_page_view(happening),
    **dict.fromkeys(
        ("subscriptionCreated", "subscriptionUpdated", "subscriptionCancelled", "orderUpcoming"), _subscription
    ),
}
