"""What a shop's pages ask of Ordergroove: offers for anybody, and for a signed-in customer what is theirs.

A customer signs in with a signature that the shop's own server makes. It counts for two hours and opens the
customer's own things only. What a customer may do who is merely recognised (`trust_level`) is not published, so such
a signature is refused here. The host of offers and the one of the API have one address.
"""

from __future__ import annotations

import base64
import hmac
import json
from collections.abc import Callable, Mapping
from datetime import datetime
from hashlib import sha256
from typing import Any

from orderwire.sandbox.kit import Answer, Call
from orderwire.sandbox.ordergroove import shapes
from orderwire.sandbox.ordergroove.programme import UNSENT, Item, Order, Programme

OFFERS = "/offer/"
_LASTS = 2 * 3600
_PERIODS = (1, 2, 3)
_INCENTIVE = "c" * 32
_CROSS_ORIGIN = {"Access-Control-Allow-Origin": "*"}
_PREFLIGHT = {
    **_CROSS_ORIGIN,
    "Access-Control-Allow-Headers": "authorization, content-type",
    "Access-Control-Allow-Methods": "GET, POST",
}


class _Bad(Exception):
    """A member of a body that is not taken, by its name."""


def is_public(call: Call) -> bool:
    """Whether a call needs no key: a page's question whether it may ask, and offers."""
    return call.method == "OPTIONS" or call.path.startswith(OFFERS)


def is_signed(call: Call) -> bool:
    """Whether a call comes with a customer's signature rather than the merchant's key."""
    return "x-api-key" not in call.headers and call.headers.get("authorization", "").startswith("{")


def signature(secret: str, customer: str, sent: int) -> str:
    """What a shop's server signs a customer in with."""
    signed = f"{customer}|{sent}".encode("utf-8", "replace")
    return base64.b64encode(hmac.digest(secret.encode(), signed, sha256)).decode()


def customer_of(call: Call, secret: str, now: datetime) -> str | None:
    """The customer whom a signature is for; None where it is not genuine, of another merchant, or too old."""
    try:
        given = json.loads(call.headers.get("authorization", ""))
    except ValueError:
        return None
    customer, sent, sig = (given.get(name) for name in ("sig_field", "ts", "sig"))
    if not (isinstance(customer, str) and isinstance(sig, str) and type(sent) is int):
        return None
    if given.get("public_id") != shapes.MERCHANT or "trust_level" in given:
        return None
    if abs(now.timestamp() - sent) > _LASTS:
        return None
    made = signature(secret, customer, sent).encode()
    return customer if hmac.compare_digest(made, sig.encode("utf-8", "replace")) else None


def shared(call: Call, answer: Answer) -> Answer:
    """The answer, with what lets a shop's page read it."""
    if "origin" in call.headers:
        answer.headers |= _PREFLIGHT if call.method == "OPTIONS" else _CROSS_ORIGIN
    return answer


def offered(programme: Programme, call: Call) -> Answer:
    """What is offered for products: whether they can be subscribed to, how often, at what advantage."""
    parts = call.path.strip("/").split("/")
    if len(parts) != 3 or parts[1] != shapes.MERCHANT:
        return Answer(404, {"detail": "Not found."})
    try:
        asked = json.loads(call.query.get("p", ""))
    except ValueError:
        asked = None
    if not isinstance(asked, list) or not all(isinstance(one, str) for one in asked):
        return Answer(400, {"p": ["Enter a valid value."]})
    if not call.query.get("session_id"):
        return Answer(400, {"session_id": ["This field is required."]})
    known = [one for one in asked if one in programme.products]
    shown = {name: shapes.product(programme.products[name]) for name in known}
    discount = {"object": "item", "field": "total_price", "type": "Discount Percent", "value": shapes.DISCOUNT}
    body = {
        "result": "success",
        "module_view": {"regular": shapes.OFFER},
        "modifiers": {shapes.OFFER: {"coupon_code": ""}},
        "autoship": {one: one in known for one in asked},
        "in_stock": {one: one in known for one in asked},
        "autoship_by_default": dict.fromkeys(asked, False),
        "default_frequencies": {
            name: {"every": one["every"], "every_period": one["every_period"]} for name, one in shown.items()
        },
        "eligibility_groups": {one: ["subscription", "upsell"] if one in known else [] for one in asked},
        "incentives": {one: {"initial": [_INCENTIVE], "ongoing": [_INCENTIVE]} for one in known},
        "incentives_display": {_INCENTIVE: discount},
    }
    return Answer(200, body)


def written(programme: Programme, call: Call, customer: str | None, now: datetime) -> Answer | None:
    """What a call changes; None where it is none of those that are known. No customer means the merchant's key."""
    write = _WRITES.get(call.path)
    if write is None:
        return None
    try:
        body = call.json()
    except ValueError:
        body = None
    if not isinstance(body, dict):
        return Answer(400, {"detail": "JSON parse error"})
    try:
        return write(programme, body, customer, now)
    except _Bad as error:
        return Answer(400, {str(error): ["Enter a valid value."]})


def _add(programme: Programme, body: Mapping[str, Any], customer: str | None, now: datetime) -> Answer:
    """Something is put into the order to come, to be bought once."""
    product, quantity = body.get("product"), body.get("quantity")
    if not isinstance(product, str) or product not in programme.products:
        raise _Bad("product")
    if type(quantity) is not int or quantity < 1:
        raise _Bad("quantity")
    if body.get("offer") != shapes.OFFER:
        raise _Bad("offer")
    order = _order(programme, body.get("order"), customer)
    if order is None:
        raise _Bad("order")
    item = programme.add(order, product, quantity, now)
    shown = shapes.item(programme, item)
    del shown["order_updated"]
    return Answer(200, shown)


def _subscribe(programme: Programme, body: Mapping[str, Any], customer: str | None, now: datetime) -> Answer:
    """Something that was to be bought once comes again and again."""
    every, period, session = body.get("every"), body.get("every_period"), body.get("session_id")
    if type(every) is not int or every < 1:
        raise _Bad("every")
    if type(period) is not int or period not in _PERIODS:
        raise _Bad("every_period")
    if body.get("offer", shapes.OFFER) != shapes.OFFER:
        raise _Bad("offer")
    if session is not None and not isinstance(session, str):
        raise _Bad("session_id")
    item = _item(programme, body.get("item"), customer)
    if item is None or item.subscription is not None:
        raise _Bad("item")
    return Answer(200, shapes.subscription(programme.subscribe_to(item, every, period, now, session)))


def _order(programme: Programme, number: object, customer: str | None) -> Order | None:
    """An order still to be placed, of this customer."""
    order = programme.orders.get(number) if isinstance(number, str) else None
    is_theirs = order is not None and customer in (None, order.customer)
    return order if order is not None and is_theirs and order.status == UNSENT else None


def _item(programme: Programme, number: object, customer: str | None) -> Item | None:
    """An item of an order still to be placed, of this customer."""
    item = programme.items.get(number) if isinstance(number, str) else None
    return item if item is not None and _order(programme, item.order, customer) is not None else None


_WRITES: dict[str, Callable[[Programme, Mapping[str, Any], str | None, datetime], Answer]] = {
    "/items/iu/": _add,
    "/subscriptions/create_from_item/": _subscribe,
}
