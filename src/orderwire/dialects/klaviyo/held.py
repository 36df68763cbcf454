"""What the account holds, for adoption and reconciliation.

Events are found in two steps, the metrics' ids and then each metric's events, so their cursor says how far it is.
A reply that cannot be read asks for the same page again.
"""

from __future__ import annotations

from msgspec import Struct, json

from orderwire.dialects.contract import Held, ReadBack
from orderwire.dialects.klaviyo import pages
from orderwire.dialects.klaviyo.fields import CUSTOM_PREFIX, METRICS, ORDERED_PRODUCT
from orderwire.dialects.wire import WireReply, WireRequest
from orderwire.model import Kind

HELD = ("orders", "products", "people", "events")
"""What can be listed."""

_KIND_BY_METRIC = {name: kind.value for kind, name in METRICS.items()}


class _Cursor(Struct, omit_defaults=True):
    """How far the reading of events is: metrics still to read, the first of them now, and the page in it."""

    metrics: tuple[tuple[str, str], ...] = ()
    is_listing: bool = True
    page: str = ""


def ask(what: str, cursor: str) -> WireRequest | None:
    """A page of what the account holds; None for what cannot be listed."""
    match what:
        case "people":
            wanted = "fields[profile]=email,phone_number,external_id,updated&page[size]=100&sort=id"
            return pages.ask("/api/profiles", wanted, cursor, "read_profiles")
        case "products":
            wanted = "fields[catalog-item]=external_id,title,price,updated&page[size]=100"
            return pages.ask("/api/catalog-items", wanted, cursor, "read_catalog")
        case "orders" | "events":
            return _ask_events(_cursor(cursor))
        case _:
            return None


def _ask_events(at: _Cursor) -> WireRequest:
    if at.is_listing:
        return pages.ask("/api/metrics", "fields[metric]=name,integration", at.page, "read_metrics")
    metric = at.metrics[0][0] if at.metrics else ""
    fields = "fields[event]=datetime,event_properties&page[size]=1000&sort=datetime"
    return pages.ask("/api/events", f'filter=equals(metric_id,"{metric}")&{fields}', at.page, "read_events")


def interpret(what: str, cursor: str, reply: WireReply) -> ReadBack:
    """What that page says the account holds."""
    page = pages.read(reply)
    if page is None:
        return ReadBack(next=cursor)
    match what:
        case "people":
            return ReadBack(held=tuple(map(_person, page.data)), next=page.following)
        case "products":
            return ReadBack(held=tuple(map(_product, page.data)), next=page.following)
        case _:
            at = _cursor(cursor)
            return _listed(what, at, page) if at.is_listing else _read(at, page)


def _listed(what: str, at: _Cursor, page: pages.Page) -> ReadBack:
    """The metrics of this page that our facts are events of; after the last page the events begin."""
    found = at.metrics + tuple(
        (resource.id, str(resource.attributes["name"])) for resource in page.data if _is_ours(what, resource)
    )
    if following := page.following:
        return ReadBack(next=_text(_Cursor(metrics=found, page=following)))
    return ReadBack(next=_text(_Cursor(metrics=found, is_listing=False)) if found else None)


def _is_ours(what: str, resource: pages.Resource) -> bool:
    """Whether a metric takes what the API sends: the same name from a shop's own integration is another metric."""
    integration = resource.attributes.get("integration")
    if isinstance(integration, dict) and integration.get("name", "API") != "API":
        return False
    name = resource.attributes.get("name")
    if what == "orders":
        return name == METRICS[Kind.ORDER_PLACED]
    return isinstance(name, str) and name != ORDERED_PRODUCT


def _read(at: _Cursor, page: pages.Page) -> ReadBack:
    """Events of one metric; after its last page the next metric begins."""
    name = at.metrics[0][1] if at.metrics else ""
    kind = _KIND_BY_METRIC.get(name, CUSTOM_PREFIX + name)
    seen = tuple(_event(kind, resource) for resource in page.data)
    if following := page.following:
        return ReadBack(held=seen, next=_text(_Cursor(metrics=at.metrics, is_listing=False, page=following)))
    left = at.metrics[1:]
    return ReadBack(held=seen, next=_text(_Cursor(metrics=left, is_listing=False)) if left else None)


def _event(kind: str, resource: pages.Resource) -> Held:
    """An event, by the id it was sent with, which the platform gives back among its properties."""
    properties = resource.attributes.get("event_properties")
    said = properties if isinstance(properties, dict) else {}
    return Held(
        kind=kind,
        wire_id=_plain(said.get("$event_id")),
        occurred_at=pages.instant(resource.attributes.get("datetime")),
        digest=_plain(said.get("$value")),
    )


def _person(resource: pages.Resource) -> Held:
    said = resource.attributes
    return Held(
        kind=Kind.PERSON_UPDATED,
        wire_id=_plain(said.get("email") or said.get("phone_number") or said.get("external_id")),
        occurred_at=pages.instant(said.get("updated")),
    )


def _product(resource: pages.Resource) -> Held:
    return Held(
        kind=Kind.PRODUCT_UPDATED,
        wire_id=resource.id,
        occurred_at=pages.instant(resource.attributes.get("updated")),
        digest=_plain(resource.attributes.get("price")),
    )


def _plain(value: object) -> str:
    return "" if value is None else str(value)


def _cursor(text: str) -> _Cursor:
    return json.decode(text, type=_Cursor) if text else _Cursor()


def _text(cursor: _Cursor) -> str:
    return json.encode(cursor).decode()
