"""Klaviyo: what each fact becomes there, and how its stand-in shows it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from orderwire.sandbox.checker.carts import grown
from orderwire.sandbox.checker.facts import Fact, Log, figure, stamp
from orderwire.sandbox.checker.permission import YES
from orderwire.sandbox.checker.table import (
    Firing,
    Kept,
    Key,
    Line,
    Platform,
    Sort,
    Standing,
    Wish,
    of_type,
    path,
)

_DROPPED_DOMAINS = ("@example.com", "@test.com")
_CATALOG = "$custom:::$default:::"
_ORDER_METRICS = {
    "order.paid": "Paid Order",
    "order.fulfilled": "Fulfilled Order",
    "order.delivered": "Delivered Order",
    "order.cancelled": "Cancelled Order",
    "order.refunded": "Refunded Order",
}
_METRICS_BY_UNIX_TIME = {"checkout.started": "Started Checkout", "cart.abandoned": "Abandoned Cart"}
_NAMED = {"product.viewed": "Viewed Product", "site.active": "Active on Site"}
_XL, _L, _M = ((350, 1.0), (3500, 60.0)), ((75, 1.0), (700, 60.0)), ((10, 1.0), (150, 60.0))


def wishes(fact: Fact, log: Log) -> Iterator[Wish]:
    """What a fact becomes. First version wins there, so a correction of an event need not be seen."""
    if _is_test_address(fact):
        return
    body, name = fact.body, fact.name
    match fact.kind:
        case "order.placed":
            yield _event("Placed Order", name)
            seen: dict[str, int] = {}
            for line in body.get("lines", ()):
                line_id = str(line["line_id"])
                seen[line_id] = seen.get(line_id, 0) + 1
                again = f"_{seen[line_id]}" if seen[line_id] > 1 else ""
                yield Wish(ways=(_key("Ordered Product", f"{name}_{line_id}{again}"),))
        case kind if kind in _ORDER_METRICS:
            yield _event(_ORDER_METRICS[kind], f"{name}_{fact.detail}" if fact.ordinal and fact.detail else name)
        case "cart.updated":
            at = stamp(fact.occurred_at)
            for line_id in grown(fact, log):
                yield _event("Added to Cart", f"{name}_{at}_{line_id}")
        case kind if kind in _METRICS_BY_UNIX_TIME:
            yield _event(_METRICS_BY_UNIX_TIME[kind], f"{name}_{stamp(fact.occurred_at)}")
        case kind if kind in _NAMED or kind.startswith("custom."):
            yield _event(_NAMED.get(kind, kind.removeprefix("custom.")), name)
        case "subscription.created":
            yield _event("Subscription Created", name)
        case "subscription.updated":
            yield Wish(ways=(_key("Subscription Updated", name),), count=1)
        case "subscription.cancelled":
            yield _event("Subscription Cancelled", f"{name}_{stamp(fact.occurred_at)}")
        case "order.upcoming":
            yield _event("Upcoming Order", f"{name}_{fact.detail}")
        case "person.updated":
            yield Wish(ways=(("person", f"per_{fact.person}"),), sort=Sort.STATE)
        case "product.updated" | "product.removed":
            yield from _catalog(fact, log)


def _catalog(fact: Fact, log: Log) -> Iterator[Wish]:
    product = log.snapshot(fact)
    if not product.get("url") and fact.kind == "product.updated":
        return
    variants = product.get("variants") or ()
    price = figure(product.get("price"))
    yield Wish(ways=(("product", fact.name),), sort=Sort.STATE, look=() if variants else _priced(fact.body))
    for variant in variants:
        has_price = variant.get("price") is not None
        yield Wish(ways=(("variant", str(variant["variant_id"])),), sort=Sort.STATE, may=not has_price)
    if not variants and price:
        yield Wish(ways=(("variant", fact.name),), sort=Sort.STATE, may=True)


def _priced(product: Mapping[str, Any]) -> Key:
    return (figure(product.get("price")),) if product.get("price") is not None else ()


def _is_test_address(fact: Fact) -> bool:
    email = str((fact.body.get("identity") or {}).get("email") or "")
    return email.lower().endswith(_DROPPED_DOMAINS)


def _key(metric: str, unique_id: str) -> Key:
    return ("event", metric, unique_id)


def _event(metric: str, unique_id: str) -> Wish:
    return Wish(ways=(_key(metric, unique_id),))


def recognise(line: Line, log: Log) -> Iterator[Kept]:
    """What was taken; an event with a (profile, metric, `unique_id`) that was there before is dropped there."""
    for place, one in of_type(line, "event", "person", "product", "variant"):
        number = int(line["n"])
        if one["type"] == "event":
            key, own = _own_key(one)
            yield Kept(key, own, is_dropped=bool(one["duplicate"]), number=number, place=place)
        elif one["type"] == "person":
            yield Kept(("person", log.who(one["person"])), number=number, place=place)
        else:
            look = (figure(one["amount"]),) if one.get("amount") is not None and one["type"] == "product" else ()
            name = str(one["id"]).removeprefix(_CATALOG)
            yield Kept((one["type"], name), look=look, number=number, place=place)


def _own_key(event: Mapping[str, Any]) -> tuple[Key, str]:
    """An update of a subscription ends in a digest that says nothing here but which update it is."""
    metric, unique_id = str(event["metric"]), str(event["id"])
    if metric == "Subscription Updated":
        name, _, digest = unique_id.rpartition("_")
        return _key(metric, name), digest
    return _key(metric, unique_id), unique_id


def firings(line: Line, log: Log) -> Iterator[Firing]:
    """What started. Events, consent and list membership all have a documented quiet form."""
    for one in line["fired"]:
        if one["trigger"] == "metric":
            key, _ = _own_key(one)
            yield Firing(key, f"metric {one['metric']}", has_quiet_form=True)
        else:
            yield Firing(("consent", log.who(one["person"]), YES), str(one["trigger"]), has_quiet_form=True)


def standings(line: Line) -> Iterator[tuple[str, Standing]]:
    """Permission as each subscription job left it; events and profiles change none."""
    for _, one in of_type(line, "consent"):
        if one["channel"] != "email":
            continue
        if one["status"] != "SUBSCRIBED":
            yield str(one["person"]), Standing.NO if one["status"] != "UNSUPPRESSED" else Standing.SILENT
        else:
            yield str(one["person"]), Standing.ASKED if one.get("is_double_opt_in") else Standing.YES


KLAVIYO = Platform(
    name="klaviyo",
    wishes=wishes,
    recognise=recognise,
    firings=firings,
    standings=standings,
    paths=(
        path("events", r"POST /api/event-bulk-create-jobs/?", 1000, "events"),
        path("event", r"POST /api/events/?", 1, "event", bulk="events"),
        path("profiles", r"POST /api/profile-bulk-import-jobs/?", 10_000, "profiles"),
        path("profile", r"POST /api/profile-import/?", 1, "profile", bulk="profiles"),
        path("subscribe", r"POST /api/profile-subscription-bulk-create-jobs/?", 1000, "subscribe"),
        path("unsubscribe", r"POST /api/profile-subscription-bulk-delete-jobs/?", 100, "unsubscribe"),
        *(
            path(f"{noun}_{verb}", rf"POST /api/catalog-{noun}-bulk-{verb}-jobs/?", 100, f"{noun}_{verb}")
            for noun in ("item", "variant")
            for verb in ("create", "update", "delete")
        ),
    ),
    windows={
        "events": _M,
        "event": _XL,
        "profiles": _M,
        **dict.fromkeys(("profile", "subscribe", "unsubscribe"), _L),
        **{f"{noun}_{verb}": _L for noun in ("item", "variant") for verb in ("create", "update", "delete")},
    },
)
