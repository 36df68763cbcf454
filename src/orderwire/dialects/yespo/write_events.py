"""Carts, browsing, subscriptions, refunds and custom events: live as `v2/event`, old as quiet past events.

A live event names its contact by parameters and has no time of its own there, so both its id and its instant travel
as parameters. A past event has a key, which says what makes it unique: the fact's id.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from uuid import uuid5

from msgspec import Raw, Struct
from msgspec.json import Encoder
from msgspec.structs import fields

from orderwire.dialects.contract import Expression, Item, Lane, Statement
from orderwire.dialects.yespo.amounts import money, rows
from orderwire.dialects.yespo.fields import (
    EVENT_BY_KIND,
    OWN_EVENT_TYPES,
    PARAM_NAME_LENGTH,
    RESERVED_PARAMS,
    event_key,
)
from orderwire.dialects.yespo.people import NAMESPACE, approach
from orderwire.dialects.yespo.shapes import EventBody, OrderBody, Param, ProductParam
from orderwire.model import Cart, Event, Kind, Order, Subscription, kind_of
from orderwire.model.money import major

EVENT_BYTES = 20_000
"""20 kB of event data, taken as the smaller reading of a kilobyte."""

NOT_CORRECTED = "correction: sent again it would count and start workflows a second time"

_ENCODER = Encoder()
_WIRE_NAMES = tuple((field.name, field.encode_name) for field in fields(OrderBody))


def fact_id(statement: Statement) -> str:
    """The id of a fact on the wire: its key's, and its revision's where it was corrected."""
    key = f"{statement.key}#{statement.revision}" if statement.revision else statement.key
    return str(uuid5(NAMESPACE, key))


def params_of(body: OrderBody) -> list[Param]:
    """An order's fields as parameters of an order event."""
    found = ((encoded, getattr(body, name)) for name, encoded in _WIRE_NAMES)
    return [Param(name, value) for name, value in found if value is not None and value not in ([], {})]


def event_item(statement: Statement, event_type: str, params: Iterable[Param]) -> Item:
    """An event on the route of the statement's lane."""
    wire_id = fact_id(statement)
    at = statement.occurred_at.isoformat()
    if statement.lane is Lane.HISTORY:
        body = EventBody(event_type_key=event_type, params=list(params), key_value=wire_id, occurred=at)
        return Item(route="past_events", wire_id=wire_id, body=_ENCODER.encode(body))
    own = [Param("eventId", wire_id), Param("occurredAt", at)]
    body = EventBody(event_type_key=event_type, params=[*params, *own])
    return Item(route="events", wire_id=wire_id, body=_ENCODER.encode(body))


class _Said(Struct, frozen=True):
    """Parameters of an event in full, the same in short for the size limit, and what neither tells."""

    full: list[Param]
    short: list[Param]
    unsaid: tuple[str, ...] = ()


def write_event(statement: Statement) -> Expression:
    """Any fact that is an event there."""
    if statement.revision:
        return Expression(unsaid=(NOT_CORRECTED,))
    kind = kind_of(statement.kind)
    match statement.snapshot:
        case Cart() as cart:
            said = _cart(cart, str(uuid5(NAMESPACE, f"state:{statement.source}/{statement.subject}")))
        case Subscription() as subscription:
            said = _subscription(subscription, statement.detail)
        case Event() as event:
            said = _event(event, kind)
        case _:
            return Expression(unsaid=(f"{statement.kind}: its record is of another kind",))
    if not said.full:
        return Expression(unsaid=said.unsaid)
    return _express(statement, _event_type(statement.kind, kind), said)


def _event_type(name: str, kind: Kind) -> str:
    """The key of a fact's event type; a custom name that the platform uses itself gets `custom` in front."""
    if kind is not Kind.CUSTOM:
        return EVENT_BY_KIND[kind]
    own = event_key(name.removeprefix("custom."))
    return event_key(f"custom {own}") if own.lower() in OWN_EVENT_TYPES else own


def refund_event(statement: Statement, order: Order) -> Expression:
    """Money given back, as an event beside the order."""
    refund = next((refund for refund in order.refunds if refund.refund_id == statement.detail), None)
    if refund is None:
        return Expression(unsaid=("order.refunded: the newest snapshot does not hold this refund",))
    params = [
        Param("externalOrderId", order.order_id),
        Param("refundId", refund.refund_id),
        Param("refundedCost", money(refund.amount, order.currency)),
        Param("totalCost", money(order.total, order.currency)),
        Param("currency", order.currency.upper()),
        Param("refundKind", refund.kind.value),
    ]
    if refund.reason:
        params.append(Param("reason", refund.reason))
    return _express(statement, EVENT_BY_KIND[Kind.ORDER_REFUNDED], _Said(params, params))


def _express(statement: Statement, event_type: str, said: _Said) -> Expression:
    whom = approach(statement.recipient, needs_contact=True)
    if whom.withheld:
        return Expression(withheld=whom.withheld)
    if whom.missing:
        return Expression(unsaid=(whom.missing,))
    named = (("externalCustomerId", whom.external_id), ("email", whom.email), ("phone", whom.phone))
    names = [Param(name, value) for name, value in named if value]
    item = event_item(statement, event_type, [*names, *said.full])
    unsaid = (*whom.unsaid, *said.unsaid)
    if statement.lane is Lane.LIVE and len(item.body) > EVENT_BYTES:
        item = event_item(statement, event_type, [*names, *said.short])
        unsaid = (*unsaid, "detail: left out, an event holds 20 kB")
        if len(item.body) > EVENT_BYTES:
            return Expression(unsaid=("event: larger than 20 kB even without its detail",))
    return Expression(items=(*whom.first, item), unsaid=unsaid)


def _cart(cart: Cart, state_id: str) -> _Said:
    frame = [
        Param("currencyCode", cart.currency.upper()),
        Param("totalCost", money(cart.total, cart.currency)),
        Param("recycleStateId", state_id),
    ]
    if cart.url:
        frame.append(Param("restoreUrl", cart.url))
    products: list[ProductParam] = []
    for line in cart.lines:
        product_id = line.product_id or line.variant_id or line.sku or line.line_id
        category = ", ".join(line.categories) or None
        products.extend(
            ProductParam(
                product_id=product_id,
                quantity=row.quantity,
                price=row.cost,
                name=line.name + row.suffix,
                category=category,
            )
            for row in rows(line, line.total, cart.currency)
        )
    bare = [ProductParam(product_id=one.product_id, quantity=one.quantity, price=one.price) for one in products]
    return _Said(
        [Param("products", products), *frame, *_properties(cart.properties, [Param("products", None), *frame])],
        [Param("products", bare), *frame],
    )


def _subscription(subscription: Subscription, next_order: str | None) -> _Said:
    price = None
    if subscription.price is not None and subscription.currency:
        price = money(subscription.price, subscription.currency)
    found = (
        ("subscriptionId", subscription.subscription_id),
        ("productIds", list(subscription.product_ids) or None),
        ("interval", subscription.interval),
        ("price", price),
        ("currency", subscription.currency.upper() if subscription.currency else None),
        ("nextOrderAt", subscription.next_order_at.isoformat() if subscription.next_order_at else None),
        ("nextOrderId", next_order or subscription.next_order_id),
        ("cancelReason", subscription.cancel_reason),
    )
    params = [Param(name, value) for name, value in found if value is not None]
    return _Said([*params, *_properties(subscription.properties, params)], params)


def _event(event: Event, kind: Kind) -> _Said:
    properties = dict(event.properties)
    value = _value(event)
    unsaid: tuple[str, ...] = ()
    if kind is Kind.SITE_ACTIVE:
        page = properties.pop("url", None) or properties.pop("page_url", None)
        if not page:
            return _Said([], [], ("pageViewed: needs the page's url",))
        params = [Param("page", {"location": page})]
    elif kind is Kind.PRODUCT_VIEWED:
        product_id = properties.pop("product_id", None)
        if not product_id:
            return _Said([], [], ("productViewed: needs product_id",))
        stock = properties.pop("in_stock", None)
        product = ProductParam(
            product_id=str(product_id), price=value, is_in_stock=int(stock) if isinstance(stock, bool) else None
        )
        unsaid = () if value is not None else ("product.price: not known",)
        params = [Param("product", product)]
        if event.currency:
            params.append(Param("currencyCode", event.currency.upper()))
    else:
        params = [Param("value", value)] if value is not None else []
        if event.currency:
            params.append(Param("currencyCode", event.currency.upper()))
    more = _properties(properties, params)
    if not params and not more:
        params = [Param("name", event.name)]
    return _Said([*params, *more], params, unsaid)


def _value(event: Event) -> Raw | None:
    """An event's amount: exact where it has a currency, else the whole number it is."""
    if event.value is None:
        return None
    if not event.currency:
        return Raw(str(event.value).encode())
    return Raw(f"{major(event.value, event.currency):f}".encode())


def _properties(properties: Mapping[str, object], beside: Sequence[Param]) -> list[Param]:
    """Free properties as parameters whose names are unique and none of the platform's own."""
    taken = {param.name for param in beside}
    found = []
    for name, value in properties.items():
        if value is None:
            continue
        own = name[:PARAM_NAME_LENGTH]
        if own in taken or own.lower() in RESERVED_PARAMS:
            own = f"property_{name}"[:PARAM_NAME_LENGTH]
        count = 1
        while own in taken:
            count += 1
            own = f"property_{count}_{name}"[:PARAM_NAME_LENGTH]
        taken.add(own)
        found.append(Param(own, value))
    return found
