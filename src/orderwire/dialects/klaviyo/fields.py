"""What Klaviyo calls things, what it can be told of each kind of fact, and its documented value limits."""

from __future__ import annotations

from orderwire.dialects.contract import Capability, Semantics
from orderwire.model import Kind

METRICS: dict[Kind, str] = {
    Kind.ORDER_PLACED: "Placed Order",
    Kind.ORDER_PAID: "Paid Order",
    Kind.ORDER_FULFILLED: "Fulfilled Order",
    Kind.ORDER_DELIVERED: "Delivered Order",
    Kind.ORDER_CANCELLED: "Cancelled Order",
    Kind.ORDER_REFUNDED: "Refunded Order",
    Kind.CART_UPDATED: "Added to Cart",
    Kind.CART_ABANDONED: "Abandoned Cart",
    Kind.CHECKOUT_STARTED: "Started Checkout",
    Kind.PRODUCT_VIEWED: "Viewed Product",
    Kind.SITE_ACTIVE: "Active on Site",
    Kind.SUBSCRIPTION_CREATED: "Subscription Created",
    Kind.SUBSCRIPTION_UPDATED: "Subscription Updated",
    Kind.SUBSCRIPTION_CANCELLED: "Subscription Cancelled",
    Kind.ORDER_UPCOMING: "Upcoming Order",
}
"""The metric that each kind of fact is an event of."""

ORDERED_PRODUCT = "Ordered Product"
CUSTOM_PREFIX = "custom."

VIEWED_PROPERTIES = {
    "name": "ProductName",
    "title": "ProductName",
    "product_id": "ProductID",
    "variant_id": "VariantID",
    "sku": "SKU",
    "categories": "Categories",
    "image_url": "ImageURL",
    "url": "URL",
    "brand": "Brand",
    "price": "Price",
    "compare_at_price": "CompareAtPrice",
}
"""Our names of a viewed product's properties to Klaviyo's; others go as they are."""

ADDRESS: tuple[tuple[str, str], ...] = (
    ("first_name", "FirstName"),
    ("last_name", "LastName"),
    ("company", "Company"),
    ("line1", "Address1"),
    ("line2", "Address2"),
    ("city", "City"),
    ("region", "Region"),
    ("region_code", "RegionCode"),
    ("country", "Country"),
    ("country_code", "CountryCode"),
    ("postal_code", "Zip"),
    ("phone", "Phone"),
)
"""Our parts of an address to those of an order event."""

LOCATION: tuple[tuple[str, str], ...] = (
    ("line1", "address1"),
    ("line2", "address2"),
    ("city", "city"),
    ("region", "region"),
    ("postal_code", "zip"),
    ("country", "country"),
)
"""Our parts of an address to those of a profile's location."""

MAX_UNIQUE_ID = 255
MAX_METRIC_NAME = 127
MAX_PROPERTIES = 400
MAX_STRING_BYTES = 100_000
MAX_ARRAY = 4_000
MAX_EXTERNAL_ID = 255
DROPPED_DOMAINS = frozenset({"example.com", "test.com"})
"""Mail domains whose records are answered with 202 and then dropped."""
FIRST_YEAR = 1991
"""`time` must lie after the year 1990."""

_EVENTS = ("events", "event")
_CATALOG = (
    "catalog_item_create",
    "catalog_item_update",
    "catalog_variant_create",
    "catalog_variant_update",
)


def _events(kind: Kind, note: str = "") -> Capability:
    return Capability(routes=_EVENTS, semantics=Semantics.EVENT, called=METRICS[kind], note=note)


_FIRST_WINS = "The first version wins there for good; a later correction cannot be told."

CAPABILITIES: dict[Kind, Capability] = {
    Kind.PERSON_UPDATED: Capability(
        routes=("profiles", "profile"),
        semantics=Semantics.STATE,
        called="profile",
        note="A value that disappeared at the source stays there: an absent field is left alone.",
    ),
    Kind.PERSON_FORGOTTEN: Capability(
        called="data privacy deletion job", note="Told by the erasure call, not by a route."
    ),
    Kind.CONSENT_CHANGED: Capability(
        routes=("subscribe_history", "unsubscribe", "subscribe"),
        semantics=Semantics.STATE,
        called="subscription job",
        note="History by `historical_import` with its own date: no double opt-in or welcome. Never asked: not told.",
    ),
    Kind.PRODUCT_UPDATED: Capability(
        routes=_CATALOG,
        semantics=Semantics.STATE,
        called="catalog item, catalog variants",
        note="Needs a URL. A variant that disappeared from a product that stays is not removed there.",
    ),
    Kind.PRODUCT_REMOVED: Capability(
        routes=("catalog_variant_delete", "catalog_item_delete"),
        semantics=Semantics.STATE,
        called="catalog delete jobs",
    ),
    Kind.ORDER_PLACED: _events(Kind.ORDER_PLACED, f"With one Ordered Product per line. {_FIRST_WINS}"),
    Kind.ORDER_UPDATED: Capability(
        note="An event cannot be changed once it is there, and no order record exists beside it."
    ),
    Kind.ORDER_PAID: _events(Kind.ORDER_PAID, "A custom metric."),
    Kind.ORDER_FULFILLED: _events(Kind.ORDER_FULFILLED, _FIRST_WINS),
    Kind.ORDER_DELIVERED: _events(Kind.ORDER_DELIVERED, "A custom metric."),
    Kind.ORDER_CANCELLED: _events(Kind.ORDER_CANCELLED, "Carries the order's id, so that CLV is netted."),
    Kind.ORDER_REFUNDED: _events(
        Kind.ORDER_REFUNDED,
        "The first refund carries the order's id, so that CLV is netted by it; later ones add theirs.",
    ),
    Kind.CART_UPDATED: _events(
        Kind.CART_UPDATED, "One event for each line that was added or grew; removals are not told."
    ),
    Kind.CART_ABANDONED: _events(Kind.CART_ABANDONED, "A custom metric."),
    Kind.CHECKOUT_STARTED: _events(Kind.CHECKOUT_STARTED),
    Kind.PRODUCT_VIEWED: _events(
        Kind.PRODUCT_VIEWED, "An API metric beside the one of the on-site script: a flow listens to one of them."
    ),
    Kind.SITE_ACTIVE: _events(
        Kind.SITE_ACTIVE, "An API metric beside the one of the on-site script: a flow listens to one of them."
    ),
    Kind.SUBSCRIPTION_CREATED: _events(Kind.SUBSCRIPTION_CREATED, "A custom metric."),
    Kind.SUBSCRIPTION_UPDATED: _events(Kind.SUBSCRIPTION_UPDATED, "A custom metric."),
    Kind.SUBSCRIPTION_CANCELLED: _events(Kind.SUBSCRIPTION_CANCELLED, "A custom metric."),
    Kind.ORDER_UPCOMING: _events(Kind.ORDER_UPCOMING, "A custom metric."),
    Kind.CUSTOM: Capability(
        routes=_EVENTS,
        semantics=Semantics.EVENT,
        called="custom metric",
        note="The name after `custom.` is the metric.",
    ),
}


def piece_id(first: str, count: int) -> str:
    """The id of a piece of a request that holds several catalog entries: the first one's, and how many they are."""
    return first if count == 1 else f"{first} +{count - 1}"


def entry_count(piece: str) -> int:
    """How many entries a piece of this id holds; the ids are all that is kept of a request."""
    _, plus, more = piece.rpartition(" +")
    return int(more) + 1 if plus and more.isascii() and more.isdecimal() else 1
