"""The calls about orders, which are resources in /v3 alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from orderwire.dialects.doorway import Answer, Call, Reply, Shelves, Wanted
from orderwire.dialects.omnisend.door.contacts_read import usable_email, usable_phone
from orderwire.dialects.omnisend.door.ids import person_of
from orderwire.dialects.omnisend.door.orders_read import read_order, read_patch
from orderwire.dialects.omnisend.door.orders_show import ORDERS, named, show_order
from orderwire.dialects.omnisend.door.pages import all_snapshots, by_offset, elsewhere
from orderwire.dialects.omnisend.door.present import Present
from orderwire.dialects.omnisend.door.refusals import Refusal
from orderwire.dialects.omnisend.door.wire import Fields, decode, plain
from orderwire.dialects.omnisend.shapes import encode
from orderwire.model import Identity, Kind, Order

REMOVED = "order_removed"
"""Orders that were deleted: no longer shown, while what happened stays in the log."""
_FOR_ONE = 1000


def post(call: Call, shelves: Shelves) -> Answer:
    """A new order; one that is there already is replaced."""
    present = Present(call, shelves)
    body = write(present, decode(call.body), call.body)
    return present.intake(Reply(body=encode(body)))


def put(call: Call, shelves: Shelves) -> Answer:
    """An order as a whole."""
    present = Present(call, shelves)
    order_id = call.parameters.get("id", "")
    held(present, order_id)
    return present.intake(Reply(body=encode(write(present, decode(call.body), call.body, order_id))))


def patch(call: Call, shelves: Shelves) -> Answer:
    """Another status of an order."""
    present = Present(call, shelves)
    order = held(present, call.parameters.get("id", ""))
    fields = Fields.of(decode(call.body))
    changed = read_patch(fields, order, present.at)
    fields.finish()
    present.record(changed, call.body)
    return present.intake(Reply(body=encode({"orderID": order.order_id, **named(order.identity)})))


def delete(call: Call, shelves: Shelves) -> Answer:
    """An order no more: forgotten here, while its facts stay in the log."""
    present = Present(call, shelves)
    order = held(present, call.parameters.get("id", ""))
    present.drop(ORDERS, order.order_id)
    present.keep(REMOVED, order.order_id, {})
    return present.intake(Reply(status=204))


def get(call: Call, shelves: Shelves) -> Answer:
    """One order."""
    present = Present(call, shelves)
    order_id = call.parameters.get("id", "")
    own = present.order(order_id)
    order = elsewhere(shelves, "order", order_id) if own is None else held(present, order_id)
    if not isinstance(order, Order):
        raise _missing(order_id)
    return Reply(body=encode(_show(present, order)))


def list_orders(call: Call, shelves: Shelves) -> Answer:
    """A page of orders, of any source."""
    present = Present(call, shelves)
    has_gone = shelves.count(REMOVED) > 0
    rows = (
        order
        for order in _chosen(present)
        if _is_wanted(present, order) and not (has_gone and present.kept(REMOVED, order.order_id) is not None)
    )
    return by_offset(call, "orders", rows, lambda order: _show(present, order), first=_FIRST.get(call.asked("sort")))


def write(present: Present, body: Any, raw: bytes, order_id: str = "") -> dict[str, Any]:
    """An order of a call or a batch.

    Raises:
        Refusal: it is not understood, or names nobody.
    """
    fields = Fields.of(body)
    order_id = order_id or fields.id("orderID", required=True) or ""
    before = present.order(order_id)
    identity = identity_in(present, fields, before.identity if before else None)
    order = read_order(fields, identity, order_id, before, present.at)
    fields.finish()
    if order is None:
        raise Refusal(400, "Request body is not an order")
    present.record(order, raw)
    present.keep(ORDERS, order_id, plain(dict(fields.data)))
    present.forget(REMOVED, order_id)
    return {"orderID": order_id, **named(order.identity)}


def rewrite(present: Present, body: Any, raw: bytes) -> dict[str, Any]:
    """An order of a batch put in place of the one there is.

    Raises:
        Refusal: there is none with this id, or it is not understood.
    """
    order_id = Fields.of(body).id("orderID") or ""
    held(present, order_id)
    return write(present, body, raw, order_id)


def identity_in(present: Present, fields: Fields, before: Identity | None) -> Identity:
    """Whom an order or a cart is about; a fault where nobody is named."""
    email, phone, contact = fields.text("email"), fields.text("phone"), fields.id("contactID")
    if email and not usable_email(email):
        fields.fault("email", "must be a valid email address", "invalid_format")
        return Identity()
    if phone and "\0" in phone:
        fields.fault("phone", "must be a valid phone number", "invalid_format")
        return Identity()
    if email or (phone and usable_phone(phone)):
        return Identity(email=email, phone=phone)
    number = person_of(contact) if contact else None
    known = present.shelves.person(number) if number else None
    if known is not None:
        return known.identity
    if before is None or before.is_empty:
        fields.fault("email", "email, phone or contactID is required", "required")
    return before or Identity()


def held(present: Present, order_id: str) -> Order:
    """The order of this id.

    Raises:
        Refusal: there is none.
    """
    order = present.order(order_id)
    if order is None or present.kept(REMOVED, order_id) is not None:
        raise _missing(order_id)
    return order


def _missing(order_id: str) -> Refusal:
    return Refusal(404, f"Order with '{order_id}' orderID not found")


def _show(present: Present, order: Order) -> dict[str, Any]:
    given = present.kept(ORDERS, order.order_id)
    return show_order(order, given if isinstance(given, dict) else {}, present.shelves)


def people_asked(present: Present) -> list[int] | None:
    """The person that the query names by e-mail, phone or contact; None where it names none."""
    call = present.call
    email, phone, contact = call.asked("email").strip(), call.asked("phone").strip(), call.asked("contactID")
    if not (email or phone or contact):
        return None
    number = person_of(contact) if contact else None
    phone = f"+{phone}" if phone.isdigit() else phone
    found = [
        present.shelves.person(number) if number else None,
        present.shelves.find(Identity(email=email.replace(" ", "+"))) if email else None,
        present.shelves.find(Identity(phone=phone)) if phone else None,
    ]
    asked = [known for known, given in zip(found, (contact, email, phone), strict=True) if given]
    numbers = {known.person if known else 0 for known in asked}
    return list(numbers) if len(numbers) == 1 and 0 not in numbers else []


def _chosen(present: Present) -> Iterator[Order]:
    people = people_asked(present)
    if people is None:
        yield from (one for _, one in all_snapshots(present.shelves, "order") if isinstance(one, Order))
        return
    for person in people:
        wanted = Wanted(person=person, kinds=(Kind.ORDER_PLACED,), limit=_FOR_ONE)
        for told in present.shelves.facts(wanted):
            order = present.shelves.snapshot(told.subject, source=told.source)
            if isinstance(order, Order):
                yield order


def _is_wanted(present: Present, order: Order) -> bool:
    call = present.call
    cart, since, until = call.asked("cartID"), call.asked("dateFrom"), call.asked("dateTo")
    payment, fulfillment = call.asked("paymentStatus"), call.asked("fulfillmentStatus")
    day = (order.updated_at or order.placed_at).date().isoformat()
    if (cart and order.properties.get("cartID") != cart) or (since and day < since) or (until and day > until):
        return False
    if payment or fulfillment:
        shown = _show(present, order)
        if payment and shown["paymentStatus"] != payment:
            return False
        if fulfillment and shown["fulfillmentStatus"] != fulfillment:
            return False
    return True


_FIRST: dict[str, Callable[[Order], Any]] = {
    "createdAt": lambda order: -order.placed_at.timestamp(),
    "updatedAt": lambda order: -(order.updated_at or order.placed_at).timestamp(),
    "orderSum": lambda order: -order.total,
}
