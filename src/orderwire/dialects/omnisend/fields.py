"""Omnisend's words for ours, and its limits, as tables."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import NamedTuple
from uuid import UUID, uuid5

from orderwire.model import ConsentState, Kind

NAMESPACE = UUID("6f1a2c0e-6a0e-5d0b-9a0e-0a9c4f6f3b52")
"""What every uuid5 of this dialect is derived in; changing it would send every fact a second time."""

EVENTS_BATCH = "events_batch"
EVENTS_BATCH_RECENT = "events_batch_recent"
EVENT = "event"
CONTACTS_BATCH = "contacts_batch"
CONTACT = "contact"
PRODUCTS_BATCH = "products_batch"
PRODUCT_CREATE = "product_create"
PRODUCT_REPLACE = "product_replace"
PRODUCT_WITHDRAW = "product_withdraw"

ENDPOINT_BY_BATCH_ROUTE: Mapping[str, str] = {
    EVENTS_BATCH: "events",
    EVENTS_BATCH_RECENT: "events",
    CONTACTS_BATCH: "contacts",
    PRODUCTS_BATCH: "products",
}

MAX_BYTES = 1_000_000
FRAME_BYTES = 64
MAX_ITEM_BYTES = MAX_BYTES - FRAME_BYTES


class EventType(NamedTuple):
    """An event as Omnisend knows it. `version` is fixed for its own events and None for custom ones."""

    name: str
    version: str | None = None


EVENT_BY_KIND: Mapping[Kind, EventType] = {
    Kind.ORDER_PLACED: EventType("placed order", "v2"),
    Kind.ORDER_PAID: EventType("paid for order", "v2"),
    Kind.ORDER_FULFILLED: EventType("order fulfilled", "v2"),
    Kind.ORDER_DELIVERED: EventType("order delivered"),
    Kind.ORDER_CANCELLED: EventType("order canceled", "v2"),
    Kind.ORDER_REFUNDED: EventType("order refunded", "v2"),
    Kind.CART_UPDATED: EventType("added product to cart", ""),
    Kind.CART_ABANDONED: EventType("cart abandoned"),
    Kind.CHECKOUT_STARTED: EventType("started checkout", ""),
    Kind.SUBSCRIPTION_CREATED: EventType("subscription created"),
    Kind.SUBSCRIPTION_UPDATED: EventType("subscription updated"),
    Kind.SUBSCRIPTION_CANCELLED: EventType("subscription cancelled"),
    Kind.ORDER_UPCOMING: EventType("upcoming order"),
}
ORDERED_PRODUCT = EventType("ordered product", "v2")

OWN_EVENT_NAMES = frozenset(
    {event.name for event in (*EVENT_BY_KIND.values(), ORDERED_PRODUCT)}
    | {"viewed product", "viewed page", "subscribed to marketing"}
    | {"opened message", "clicked message", "marked message as spam"}
)
"""Names that a custom event may not take: it would count in the platform's own reports and automations."""

NOT_EXPRESSIBLE: Mapping[Kind, str] = {
    Kind.ORDER_UPDATED: "an order is a set of events there, its content cannot be changed afterwards",
    Kind.PRODUCT_VIEWED: "`viewed product` is documented for the on-site script only",
    Kind.SITE_ACTIVE: "no server route is documented for page views",
    Kind.PERSON_FORGOTTEN: "erasure is not offered by the API: by hand",
}

STATUS_BY_CONSENT: Mapping[ConsentState, str] = {
    ConsentState.SUBSCRIBED: "subscribed",
    ConsentState.UNSUBSCRIBED: "unsubscribed",
    ConsentState.SUPPRESSED: "unsubscribed",
    ConsentState.NEVER_ASKED: "nonSubscribed",
}
OPT_OUTS = frozenset({ConsentState.UNSUBSCRIBED, ConsentState.SUPPRESSED})

HINTED_AT = datetime(2000, 1, 1, tzinfo=UTC)
"""The date of a status nobody has chosen: older than any choice, so that it never replaces one there."""
UNDATED_AT = datetime(2000, 1, 2, tzinfo=UTC)
"""The date of a yes whose own date is unknown: it replaces a hint, never a choice."""

GENDERS: Mapping[str, str] = {"m": "m", "male": "m", "man": "m", "f": "f", "female": "f", "woman": "f"}

MAX_TAGS = 100
MAX_VARIANTS = 500
MAX_IMAGE_URL = 1000
LENGTHS: Mapping[str, int] = {
    "firstName": 50,
    "lastName": 50,
    "address": 500,
    "city": 100,
    "state": 100,
    "country": 100,
    "postalCode": 20,
    "title": 255,
    "description": 1000,
    "vendor": 100,
    "sku": 255,
    "source": 100,
    "userAgent": 200,
    "category": 100,
}
"""Longest texts, in characters: what is longer is cut, and the cut named."""


def event_id(key: str, event_name: str, part: str = "") -> str:
    """The id of one event of a fact: the same in both lanes and at every resend."""
    return str(uuid5(NAMESPACE, f"{key}|{event_name}|{part}"))


def contact_id(identifier: str) -> str:
    """What we call a contact: a digest of its first identifier, so that no address is stored as an id."""
    return str(uuid5(NAMESPACE, f"contact|{identifier.strip().lower()}"))


class Cuts:
    """Cuts texts to the platform's lengths and remembers which."""

    def __init__(self) -> None:
        self.unsaid: list[str] = []

    def text(self, field: str, value: str | None) -> str | None:
        """The text as far as its field holds it; None for an empty one."""
        if not value:
            return None
        longest = LENGTHS[field]
        if len(value) <= longest:
            return value
        self.unsaid.append(f"{field}: cut to {longest} characters")
        return value[:longest]

    def tags(self, values: tuple[str, ...]) -> tuple[str, ...]:
        """The tags as far as they may be sent."""
        if len(values) > MAX_TAGS:
            self.unsaid.append(f"tags: only the first {MAX_TAGS}")
        return values[:MAX_TAGS]
