"""Events: the envelope, whom it is about, and which record it becomes.

An event is one fact by its name and `eventID`; by its time too where that id is no UUID, because clients send fixed
texts there. Without an id it is one by what it says, and without a time of its own it is another at every call.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec import json
from msgspec.structs import replace

from orderwire.dialects.doorway import Answer, Call, Reply, Shelves
from orderwire.dialects.omnisend.door.activity_events import (
    CART_EVENTS,
    SUBSCRIPTION_EVENTS,
    cart_id_of,
    read_cart,
    read_subscription,
)
from orderwire.dialects.omnisend.door.contacts import write
from orderwire.dialects.omnisend.door.contacts_read import Description, read_event_contact, usable_phone
from orderwire.dialects.omnisend.door.ids import hex_id, person_of
from orderwire.dialects.omnisend.door.lines import currency_of, read_line
from orderwire.dialects.omnisend.door.order_events import ORDER_EVENTS, Told, is_in, read_order
from orderwire.dialects.omnisend.door.orders_show import CARTS, ORDERS
from orderwire.dialects.omnisend.door.present import Present
from orderwire.dialects.omnisend.door.refusals import Fault, invalid
from orderwire.dialects.omnisend.door.wire import Fields, decode, plain, read_number
from orderwire.dialects.omnisend.fields import OWN_EVENT_NAMES
from orderwire.model import Event, Identity, Kind
from orderwire.model.money import minor

_BROWSING = {
    "viewed product": Kind.PRODUCT_VIEWED,
    "viewed page": Kind.SITE_ACTIVE,
    "$productViewed": Kind.PRODUCT_VIEWED,
    "$pageViewed": Kind.SITE_ACTIVE,
}
_OWN_NAMES = frozenset({"order delivered", "cart abandoned"}) | SUBSCRIPTION_EVENTS
"""Names that only our own writer gives a meaning: from others they are custom events when they do not fit."""
ORDERED_PRODUCT = "ordered product"


def post(call: Call, shelves: Shelves) -> Answer:
    """One event."""
    present = Present(call, shelves)
    take(present, decode(call.body), call.body)
    return present.intake(Reply(status=202))


def take(present: Present, body: Any, raw: bytes, place: int = 0) -> None:
    """One event of a call or a batch.

    Raises:
        Refusal: the envelope is not understood, or names nobody.
    """
    fields = Fields.of(body)
    name = fields.id("eventName", required=True) or ""
    event_id = fields.id("eventID")
    given_at = fields.instant("eventTime")
    contact = fields.table("contact")
    properties = fields.table("properties") or Fields({}, "properties.", fields.faults)
    at = given_at or properties_time(name, properties) or present.at
    described = read_event_contact(contact, at, present.at) if contact else Description()
    identity = _identity(present, fields, contact, described)
    fields.finish()
    told = Told(
        name=name,
        event_id=event_id,
        at=at,
        is_dated=given_at is not None,
        identity=identity,
        properties=Fields(properties.data, "properties."),
    )
    write_contact(present, identity, described, raw, told.at)
    if not _take_known(present, told, raw):
        present.record(_custom(present, told, place), raw)


def properties_time(name: str, properties: Fields) -> datetime | None:
    """When an event without a time of its own happened: a placed order names its creation."""
    return Fields(properties.data).instant("createdAt") if name == "placed order" else None


def write_contact(present: Present, identity: Identity, described: Description, raw: bytes, at: datetime) -> None:
    """Record what an event says of its contact, where it says more than who it is, as of the event's time."""
    says = any(described.given.values()) or described.tags or described.custom or described.birthdate
    if says or described.stated or described.evidence:
        contact = present.contact(identity)
        # A page's key states no permission, so it leaves no evidence of one either.
        evidence = () if present.call.is_public else described.evidence
        quiet = replace(described, email=identity.email, phone=identity.phone, evidence=evidence)
        write(present, contact, quiet, raw, identity=replace(identity, external_id=None), at=at)


def _identity(present: Present, fields: Fields, contact: Fields | None, described: Description) -> Identity:
    phone = described.phone
    if described.email or (phone and usable_phone(phone)):
        return Identity(email=described.email, phone=phone)
    given = contact.id("id") or contact.id("contactID") if contact else None
    number = person_of(given) if given else None
    known = present.shelves.person(number) if number else None
    if known is not None:
        return known.identity
    if not fields.faults:
        message = "contact is not found by its id" if given else "email, phone or id is required"
        raise invalid([Fault(path="contact", message=message, code="required")])
    return Identity()


def _take_known(present: Present, told: Told, raw: bytes) -> bool:
    """Record an event that has a meaning of its own; False for a custom one.

    One that cannot be understood is kept as unread: the platform takes it too, and never says what became of it.
    """
    fields = told.properties
    record: Any = None
    if told.name in ORDER_EVENTS:
        record = read_order(told, present.order(fields.id("orderID") or ""))
        # A page's key tells of no order, so it takes nothing of one away either.
        if record is not None and not fields.faults and not present.call.is_public:
            present.forget(ORDERS, record.order_id)
    elif told.name in CART_EVENTS:
        record = read_cart(told, present.cart(cart_id_of(told)))
        if record is not None and not fields.faults:
            present.forget(CARTS, record.cart_id)
    elif told.name in SUBSCRIPTION_EVENTS:
        record = read_subscription(told, present.subscription(fields.id("subscriptionID") or ""))
    elif told.name == ORDERED_PRODUCT:
        return _is_known_line(present, told)
    else:
        return False
    if record is not None and not fields.faults:
        present.record(record, raw)
        return True
    if told.name in _OWN_NAMES:
        return False
    problem = "; ".join(f"{fault.path}: {fault.message}" for fault in fields.faults[:5]) or "says too little"
    present.misread("events", told.event_id or "", told.name, problem, raw)
    return True


def _is_known_line(present: Present, told: Told) -> bool:
    """Whether `ordered product` tells nothing new: its line stands in the order that it names."""
    order = present.order(told.properties.id("orderID") or "")
    product = told.properties.table("product")
    if order is None or product is None:
        return False
    return is_in(order, read_line(product, order.currency)) and not told.properties.faults


def _custom(present: Present, told: Told, place: int) -> Event:
    """Anything else, under its own name; browsing under ours."""
    said = {name: plain(value) for name, value in told.properties.data.items()}
    currency = currency_of(told.properties, None)
    number = read_number(told.properties.get("value")) if currency else None
    if currency and number is not None and not isinstance(told.properties.get("value"), str):
        said = {name: value for name, value in said.items() if name.lower() not in ("value", "currency")}
    else:
        currency = number = None
    return Event(
        event_id=_event_id(present, told, place),
        name=_BROWSING.get(told.name) or f"custom.{_own_name(told.name)}",
        identity=told.identity,
        occurred_at=told.at,
        value=minor(number, currency) if number is not None and currency else None,
        currency=currency,
        properties=said,
    )


def _own_name(name: str) -> str:
    """The name of a custom event; our own writer puts `custom` before one that the platform uses itself."""
    rest = name.removeprefix("custom ")
    return rest if rest != name and (rest.lower() in OWN_EVENT_NAMES or rest.startswith("$")) else name


def _event_id(present: Present, told: Told, place: int) -> str:
    if told.event_id:
        when = "" if _is_uuid(told.event_id) else f"@{told.at.isoformat()}"
        return f"{told.name}:{told.event_id}{when}"
    if not told.is_dated:
        return f"{told.name}:{present.call.request_id}.{place}"
    who = told.identity.email or told.identity.phone or told.identity.external_id or ""
    said = json.encode(plain(told.properties.data), order="deterministic").decode()
    return f"{told.name}:{hex_id(who.lower(), told.name, told.at.isoformat(), said)}"


def _is_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True
