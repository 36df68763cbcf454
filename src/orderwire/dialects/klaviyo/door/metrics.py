"""What a metric's name means: which kind of fact an event of it is, and the ids of metrics."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from msgspec import Struct, json

from orderwire.dialects.doorway import Call, Document, Shelves
from orderwire.dialects.klaviyo.door.documents import Resource, resource, stamp
from orderwire.dialects.klaviyo.door.draft import Draft
from orderwire.dialects.klaviyo.door.ids import short_id
from orderwire.dialects.klaviyo.door.properties import bare
from orderwire.dialects.klaviyo.fields import CUSTOM_PREFIX, METRICS, ORDERED_PRODUCT
from orderwire.model import Kind

COLLECTION = "metric"
ORDERED = "ordered"
"""What an Ordered Product means: a line of an order, no kind of its own."""
API = {"object": "integration", "id": "0eMvjm", "name": "API", "key": "api", "category": "API"}
_BEGINNING = datetime(2012, 1, 1, tzinfo=UTC)
_OTHER_NAMES = {
    "addtocart": Kind.CART_UPDATED,
    "productadded": Kind.CART_UPDATED,
    "ordercompleted": Kind.ORDER_PLACED,
    "orderconfirmation": Kind.ORDER_PLACED,
    "checkoutstarted": Kind.CHECKOUT_STARTED,
    "productviewed": Kind.PRODUCT_VIEWED,
    "activity": Kind.SITE_ACTIVE,
}
"""Names that vendors' plugins give to the platform's standard metrics."""
_KINDS: dict[str, str] = {
    **{name: kind.value for name, kind in _OTHER_NAMES.items()},
    **{bare(name): kind.value for kind, name in METRICS.items()},
    bare(ORDERED_PRODUCT): ORDERED,
}
_EXACT = {"__activity__": "Active on Site"}
"""Wire names that are shown under another one."""


class Metric(Struct, frozen=True):
    """A metric by its name, and when it was first met."""

    name: str
    created: datetime = _BEGINNING

    @property
    def id(self) -> str:
        """Its id: a function of its name alone, so that it never changes."""
        return short_id(COLLECTION, self.name)

    @property
    def kind(self) -> str:
        """The kind of fact that its events are."""
        return kind_of_metric(self.name)


def kind_of_metric(name: str) -> str:
    """The kind of fact that an event of this name is, `ordered` for a line of an order."""
    return _KINDS.get(bare(name)) or CUSTOM_PREFIX + name


def name_of_kind(kind: str) -> str:
    """The metric that facts of a kind are events of."""
    return kind.removeprefix(CUSTOM_PREFIX) if kind.startswith(CUSTOM_PREFIX) else METRICS[Kind(kind)]


def shown_name(name: str) -> str:
    """A metric's name as it is shown."""
    return _EXACT.get(name, name)


STANDARD: dict[str, Metric] = {
    metric.id: metric for metric in (*(Metric(name) for name in METRICS.values()), Metric(ORDERED_PRODUCT))
}
"""The metrics that every account has here, by id."""


def remember(draft: Draft, name: str) -> None:
    """Keep a metric that is met for the first time."""
    metric = Metric(shown_name(name), draft.at)
    if metric.id not in STANDARD and draft.document(COLLECTION, metric.id) is None:
        draft.keep(Document(collection=COLLECTION, key=metric.id, body=json.encode(metric), rank=stamp(draft.at)))


def find(shelves: Shelves, identity: str) -> Metric | None:
    """A metric by its id."""
    standard = STANDARD.get(identity)
    if standard is not None:
        return standard
    document = shelves.document(COLLECTION, identity)
    return None if document is None else json.decode(document.body, type=Metric)


def metric_resource(call: Call, metric: Metric) -> Resource:
    """A metric as a resource."""
    attributes: dict[str, Any] = {
        "name": metric.name,
        "created": stamp(metric.created),
        "updated": stamp(metric.created),
        "integration": API,
    }
    return resource(call, "metric", metric.id, attributes, plural="metrics", links=("flow-triggers",))
