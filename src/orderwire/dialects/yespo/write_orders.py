"""Orders: as order messages, which start workflows, or as past events, which do not."""

from __future__ import annotations

from msgspec import Struct
from msgspec.json import Encoder

from orderwire.dialects.contract import Account, Expression, Item, Lane, Statement
from orderwire.dialects.yespo.amounts import money, rows, shares, shipping_of, tax_on_top
from orderwire.dialects.yespo.fields import ABANDONED, CANCELLED, DELIVERED, ORDER_EVENT_BY_STATUS
from orderwire.dialects.yespo.options import text_option
from orderwire.dialects.yespo.people import Approach, approach, names
from orderwire.dialects.yespo.shapes import OrderBody, OrderItem
from orderwire.dialects.yespo.status import changes
from orderwire.dialects.yespo.write_events import NOT_CORRECTED, event_item, params_of, refund_event
from orderwire.dialects.yespo.write_people import text_of
from orderwire.model import Address, Cart, Kind, Order, OrderLine

_ENCODER = Encoder()
_ITEM_ID_ORDER = {
    "product": ("product_id", "variant_id", "sku"),
    "variant": ("variant_id", "product_id", "sku"),
    "sku": ("sku", "variant_id", "product_id"),
}


class _Lines(Struct, frozen=True):
    """Item rows, whether each of them has link and picture, and what they cannot tell."""

    items: list[OrderItem]
    are_complete: bool
    unsaid: tuple[str, ...]


def write_order(statement: Statement, order: Order, account: Account) -> Expression:
    """One fact of an order, where it gives the order another status there."""
    refunded_as = text_option(account, "refunded_as")
    by_event = statement.lane is Lane.HISTORY and text_option(account, "history_orders") == "past_events"
    is_refund_event = statement.kind == Kind.ORDER_REFUNDED and refunded_as == "event"
    if statement.revision and (is_refund_event or not by_event):
        return Expression(unsaid=(NOT_CORRECTED,))
    if is_refund_event:
        return refund_event(statement, order)
    moves = changes(order, refund_cancels=refunded_as == "cancelled")
    fact = (statement.kind, statement.detail)
    status = moves.get(fact)
    if by_event and statement.kind == Kind.ORDER_UPDATED and statement.ordinal > 0:
        return _past_event(statement, order, account, "orderUpdated", _newest(moves), is_move=False)
    if status is None:
        return Expression(unsaid=(f"{statement.kind}: does not change the order's status there",))
    if by_event:
        if statement.revision:
            return _past_event(statement, order, account, "orderUpdated", _newest(moves), is_move=False)
        is_risky = status in (DELIVERED, CANCELLED) and not statement.is_known_there
        event = "orderUpdated" if is_risky else ORDER_EVENT_BY_STATUS[status]
        return _past_event(statement, order, account, event, status)
    if statement.lane is Lane.HISTORY and fact != list(moves)[-1]:
        return Expression(unsaid=(f"{statement.kind}: of an old order only the last status is told",))
    whom = approach(statement.recipient, needs_contact=False)
    if whom.missing or whom.withheld:
        return _refusal(whom)
    body, unsaid = order_body(statement, order, whom, status, account)
    route = "orders" if statement.lane is Lane.LIVE else "orders_history"
    item = Item(route=route, wire_id=order.order_id, body=_ENCODER.encode(body))
    return Expression(items=(*whom.first, item), unsaid=(*whom.unsaid, *unsaid))


def _newest(moves: dict[tuple[str, str | None], str]) -> str:
    return list(moves.values())[-1]


def _refusal(whom: Approach) -> Expression:
    return Expression(withheld=whom.withheld) if whom.withheld else Expression(unsaid=(whom.missing,))


def _past_event(
    statement: Statement, order: Order, account: Account, event: str, status: str, *, is_move: bool = True
) -> Expression:
    whom = approach(statement.recipient, needs_contact=True)
    if whom.missing or whom.withheld:
        return _refusal(whom)
    body, unsaid = order_body(statement, order, whom, status, account, must_be_complete=True, is_move=is_move)
    item = event_item(statement, event, params_of(body))
    return Expression(items=(*whom.first, item), unsaid=(*whom.unsaid, *unsaid))


def order_body(
    statement: Statement,
    order: Order,
    whom: Approach,
    status: str,
    account: Account,
    *,
    must_be_complete: bool = False,
    is_move: bool = True,
) -> tuple[OrderBody, tuple[str, ...]]:
    """The whole order with one status, and what it cannot tell.

    `must_be_complete` leaves all items out when one has no link or picture: an order event is then ignored whole.
    `is_move` says that the fact is what gave the order this status, at its own time.
    """
    currency = order.currency
    parts, remark = shares(order)
    lines = _lines(order.lines, parts, currency, account)
    unsaid = [*lines.unsaid, *([remark] if remark else [])]
    items = lines.items
    if must_be_complete and not lines.are_complete:
        items = []
        unsaid.append("items: left out, an order event is ignored when one has no url or imageUrl")
    first_name, last_name, bad_names = names(order.first_name, order.last_name)
    unsaid.extend(bad_names)
    shipping, taxes = shipping_of(order), tax_on_top(order)
    body = OrderBody(
        external_order_id=order.order_id,
        total_cost=money(order.total, currency),
        status=status,
        date=order.placed_at.isoformat(),
        currency=currency.upper(),
        external_customer_id=whom.external_id,
        email=whom.email,
        phone=whom.phone,
        first_name=first_name,
        last_name=last_name,
        shipping=money(shipping, currency) if shipping else None,
        discount=money(order.discount, currency) if order.discount else None,
        taxes=money(taxes, currency) if taxes else None,
        restore_url=order.url,
        status_description=order.source_status or order.cancel_reason,
        store_id=order.store,
        source=text_option(account, "order_source"),
        delivery_method=order.shipping_method,
        payment_method=order.payment_method,
        delivery_address=_address_text(order.shipping_address),
        additional_info=_additional_info(order, statement.occurred_at.isoformat() if is_move else None),
        items=items,
    )
    return body, tuple(unsaid)


def _lines(lines: tuple[OrderLine, ...], parts: tuple[int, ...], currency: str, account: Account) -> _Lines:
    id_names = _ITEM_ID_ORDER[text_option(account, "item_id")]
    item_url = text_option(account, "default_item_url") or None
    image_url = text_option(account, "default_image_url") or None
    items: list[OrderItem] = []
    are_complete = True
    untold: dict[str, None] = {}
    for line, part in zip(lines, parts, strict=True):
        item_id = next((found for name in id_names if (found := getattr(line, name))), line.line_id)
        url, image = line.url or item_url, line.image_url or image_url
        are_complete = are_complete and bool(url and image)
        category = ", ".join(line.categories) or None
        if line.brand:
            untold["items: brand"] = None
        if line.properties:
            untold["items: properties"] = None
        items.extend(
            OrderItem(
                external_item_id=item_id,
                name=(line.name or item_id) + row.suffix,
                quantity=row.quantity,
                cost=row.cost,
                url=url,
                image_url=image,
                category=category,
            )
            for row in rows(line, part, currency)
        )
    return _Lines(items, are_complete, tuple(untold))


def _additional_info(order: Order, status_at: str | None) -> dict[str, str]:
    """What an order has no field for there, as texts."""
    shipment = order.shipments[-1] if order.shipments else None
    codes = [discount.code for discount in order.discounts if discount.code]
    found = {
        "statusAt": status_at,
        "number": order.number,
        "fee": money_text(order.fee, order.currency),
        "taxIncluded": money_text(order.tax, order.currency) if order.is_tax_included else None,
        "refunded": money_text(order.refunded, order.currency),
        "coupon": ", ".join(codes),
        "cancelReason": order.cancel_reason,
        "carrier": shipment.carrier if shipment else None,
        "trackingCode": shipment.tracking_code if shipment else None,
        "trackingUrl": shipment.tracking_url if shipment else None,
        "billingAddress": _address_text(order.billing_address),
        "note": order.note,
        "tags": ", ".join(order.tags),
    }
    for name, value in order.properties.items():
        found[f"property_{name}" if name in found else name] = text_of(value)
    return {name: value for name, value in found.items() if value}


def money_text(minor: int, currency: str) -> str | None:
    """An amount as text, None for nothing."""
    return bytes(money(minor, currency)).decode() if minor else None


def _address_text(address: Address | None) -> str | None:
    if address is None:
        return None
    town = " ".join(filter(None, (address.postal_code, address.city)))
    country = address.country or address.country_code
    return ", ".join(filter(None, (address.line1, address.line2, town, address.region, country))) or None


def write_abandoned_cart(statement: Statement, cart: Cart, account: Account) -> Expression:
    """A cart that was left, as an order of its own: live only, since an old one would only start its reminder."""
    if statement.revision:
        return Expression(unsaid=(NOT_CORRECTED,))
    if statement.lane is Lane.HISTORY:
        return Expression(unsaid=("cart.abandoned: an old one would start its reminder, there is no quiet form",))
    whom = approach(statement.recipient, needs_contact=False)
    if whom.missing or whom.withheld:
        return _refusal(whom)
    currency = cart.currency
    lines = _lines(cart.lines, tuple(line.total for line in cart.lines), currency, account)
    body = OrderBody(
        external_order_id=f"cart-{cart.cart_id}",
        total_cost=money(cart.total, currency),
        status=ABANDONED,
        date=statement.occurred_at.isoformat(),
        currency=currency.upper(),
        external_customer_id=whom.external_id,
        email=whom.email,
        phone=whom.phone,
        discount=money(cart.discount, currency) if cart.discount else None,
        restore_url=cart.url,
        store_id=cart.store,
        source=text_option(account, "order_source"),
        additional_info={name: text_of(value) for name, value in cart.properties.items() if value is not None},
        items=lines.items,
    )
    item = Item(route="orders", wire_id=body.external_order_id, body=_ENCODER.encode(body))
    return Expression(items=(*whom.first, item), unsaid=(*whom.unsaid, *lines.unsaid))
