"""Shopify's webhooks: whether they are genuine, and what they say.

A webhook speaks the words of the REST API, as the queries do. It does not tell when an order was paid or a parcel
arrived: that stays as it is known, and polling brings it. Deliveries come twice and in any order; the ledger drops
what is older than what it knows.
"""

from __future__ import annotations

import hmac
from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256

from msgspec.structs import replace

from orderwire.dialects.connector import Access, Found, Gone, Heard, Hook, Proof
from orderwire.dialects.doorway import Unread
from orderwire.dialects.shop_json import Misread, Part, decoded
from orderwire.dialects.shopify.fields import need_id, word
from orderwire.dialects.shopify.read_orders import PAID
from orderwire.dialects.shopify.read_people import consents
from orderwire.dialects.shopify.reading import understood
from orderwire.model import Order

SIGNATURE = "shopify-hmac-sha256"
TOPIC = "shopify-topic"
DELIVERY = "shopify-webhook-id"
EVENT = "shopify-event-id"
_NOUNS: Mapping[str, str] = {
    "orders/create": "orders",
    "orders/updated": "orders",
    "orders/paid": "orders",
    "orders/cancelled": "orders",
    "orders/fulfilled": "orders",
    "orders/partially_fulfilled": "orders",
    "customers/create": "people",
    "customers/update": "people",
    "customers/enable": "people",
    "customers/disable": "people",
    "products/create": "products",
    "products/update": "products",
    "checkouts/create": "carts",
    "checkouts/update": "carts",
}
_CONSENTS = frozenset({"customers_email_marketing_consent/update", "customers_marketing_consent/update"})
_PRIVACY: Mapping[str, str] = {
    "customers/redact": "Forget the person: orderwire person forget.",
    "customers/data_request": "Give the person what is known of them: orderwire person show.",
    "shop/redact": "The shop has left: its data must go within 48 hours.",
}
_ELSEWHERE = (
    "orders/",
    "refunds/",
    "fulfillments/",
    "checkouts/",
    "carts/",
    "customers/",
    "inventory_levels/",
    "app/",
)
"""Topics that a fuller one, or the next reading, tells as well: nothing is lost with them."""


def verify(hook: Hook, secrets: Sequence[str]) -> Proof:
    """Base64 of HMAC-SHA256 over the raw body, by the app's secret; during a rotation by the old one."""
    given = _header(hook, SIGNATURE).encode("utf-8", "replace")
    if not given:
        return Proof.UNSIGNED
    made = [b64encode(hmac.digest(secret.encode(), hook.body, sha256)) for secret in secrets if secret]
    return Proof.GENUINE if sum(hmac.compare_digest(one, given) for one in made) else Proof.FORGED


def delivery(hook: Hook) -> str:
    """The id of the event and its topic: two subscriptions of one topic, and all tries, tell the same."""
    event, topic = _header(hook, EVENT)[:100], _header(hook, TOPIC)[:100]
    return f"{event} {topic}" if event else _header(hook, DELIVERY)[:100]


def hear(hook: Hook, access: Access) -> Heard:
    """What a genuine delivery says."""
    topic = _header(hook, TOPIC)[:200]
    if topic in _PRIVACY:
        return Heard(topic=topic, unread=(_privacy(topic, hook),))
    try:
        part = Part(decoded(hook.body))
        if topic in _CONSENTS:
            return Heard(topic=topic, found=tuple(consents(_renamed(part))))
        if topic == "products/delete":
            return Heard(topic=topic, gone=(Gone(subject=f"product:{need_id(part)}"),))
    except Misread as error:
        unread = _unread(_NOUNS.get(topic, "webhooks"), error.place, error.problem, hook.body)
        return Heard(topic=topic, unread=(unread,))
    if noun := _NOUNS.get(topic):
        told = list(_told(noun, topic, part, hook, access))
        found = tuple(one for one in told if isinstance(one, Found))
        return Heard(topic=topic, found=found, unread=tuple(one for one in told if isinstance(one, Unread)))
    if topic.startswith(_ELSEWHERE):
        return Heard(topic=topic)
    unknown = _unread("webhooks", "topic", "is one that nothing is known of", hook.body, key=f"topic {topic}")
    return Heard(topic=topic, unread=(unknown,))


def _told(noun: str, topic: str, part: Part, hook: Hook, access: Access) -> Iterator[Found | Unread]:
    for told in understood(noun, part, hook.body, access):
        if isinstance(told, Found) and isinstance(told.record, Order) and topic == "orders/paid":
            yield replace(told, record=_paid(told.record, part, hook))
        else:
            yield told


def _paid(order: Order, part: Part, hook: Hook) -> Order:
    """An order whose webhook says nothing but that it was paid: just now, as far as the shop says when."""
    if order.paid_at is not None or word(part, "financial_status") not in PAID:
        return order
    try:
        triggered = Part({"at": _header(hook, "shopify-triggered-at")}).instant("at")
    except Misread:
        triggered = None
    return replace(order, paid_at=triggered or order.updated_at)


def _renamed(part: Part) -> Part:
    """A change of consent as a customer: it names the account differently, and one channel only."""
    value = dict(part.value)
    if value.get("customer_id") is not None:
        value["id"] = value["customer_id"]
    return Part(value)


def _header(hook: Hook, name: str) -> str:
    """A header; newer deliveries leave the `X-` out."""
    return hook.headers.get(f"x-{name}", "") or hook.headers.get(name, "")


def _privacy(topic: str, hook: Hook) -> Unread:
    """A request that somebody has to see to, kept until they did."""
    return Unread(
        stream="privacy",
        key=delivery(hook) or topic,
        place=topic,
        problem="asks for something that a person must see to",
        remedy=_PRIVACY[topic],
        raw=hook.body,
    )


def _unread(stream: str, place: str, problem: str, body: bytes, *, key: str = "") -> Unread:
    return Unread(stream=stream, key=key, place=place, problem=problem, raw=body)
