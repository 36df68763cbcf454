"""Yespo: what each fact becomes there, and how its stand-in shows it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from orderwire.sandbox.checker.facts import Fact, Log, stamp
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

_STATUS_BY_PAST_EVENT = {
    "orderCreated": "INITIALIZED",
    "orderUpdated": "IN_PROGRESS",
    "orderDelivered": "DELIVERED",
    "orderCancelled": "CANCELLED",
}
_PAST_EVENT_BY_STATUS = {status: event for event, status in _STATUS_BY_PAST_EVENT.items()}
_STATUS_BY_KIND = {
    "order.placed": "INITIALIZED",
    "order.paid": "IN_PROGRESS",
    "order.fulfilled": "IN_PROGRESS",
    "order.delivered": "DELIVERED",
    "order.cancelled": "CANCELLED",
}
_RANKS = ("INITIALIZED", "IN_PROGRESS", "DELIVERED", "CANCELLED")
_AS_EVENTS = ("cart.updated", "checkout.started", "product.viewed", "site.active", "subscription.", "custom.")
_STANDINGS = {
    "confirmed": Standing.YES,
    "unconfirmed": Standing.ASKED,
    "unsubscribed": Standing.NO,
    "blacklisted": Standing.NO,
}
_SECOND = 1.0


def wishes(fact: Fact, log: Log) -> Iterator[Wish]:
    """What a fact becomes: an order is told again only when its status moves up, read off the newest snapshot."""
    match fact.kind:
        case kind if kind in _STATUS_BY_KIND:
            yield from _order(fact, log, _STATUS_BY_KIND[kind])
        case "order.updated" | "order.refunded":
            yield Wish(ways=(_past("orderUpdated", fact.name, fact.occurred_at),), may=True)
        case "cart.abandoned":
            yield Wish(ways=(_live(f"cart-{fact.name}", "ABANDONED_SHOPPING_CART"),), may=fact.is_imported)
        case "person.updated":
            yield Wish(ways=(("person", f"per_{fact.person}"),), sort=Sort.STATE)
        case kind if kind.startswith(_AS_EVENTS) or kind == "order.upcoming":
            yield Wish(ways=(("event", f"per_{fact.person}", stamp(fact.occurred_at)),))


def _order(fact: Fact, log: Log, status: str) -> Iterator[Wish]:
    """A status is told once, by whichever of the facts that lead to it was the first to be known when it was told."""
    leading = [one for one in log.by_thing[fact.thing] if _STATUS_BY_KIND.get(one.kind) == status]
    if not _moves(fact, log, status):
        yield Wish(ways=(_past(_PAST_EVENT_BY_STATUS[status], fact.name, fact.occurred_at),), may=True, count=0)
        return
    events = (_PAST_EVENT_BY_STATUS[status], "orderUpdated")
    past = [_past(event, fact.name, one.occurred_at) for one in (fact, *leading) for event in events]
    yield Wish(ways=(*past, _live(fact.name, status)))


def _moves(fact: Fact, log: Log, status: str) -> bool:
    """Whether this fact brings the order to a status that nothing before it in time brought it to."""
    rank = _RANKS.index(status)
    if status == "DELIVERED":
        shipments = log.snapshot(fact).get("shipments") or ()
        deliveries = [one.seq for one in log.by_thing[fact.thing] if one.kind == fact.kind]
        return all(one.get("delivered_at") for one in shipments) and fact.seq == max(deliveries)
    return not any(
        _RANKS.index(_STATUS_BY_KIND[other.kind]) >= rank
        for other in log.by_thing[fact.thing]
        if other.kind in _STATUS_BY_KIND and (other.occurred_at, other.seq) < (fact.occurred_at, fact.seq)
    )


def _past(event: str, order: str, when: object) -> Key:
    return ("past", event, order, stamp(when))


def _live(order: str, status: str) -> Key:
    return ("order", order, status)


def recognise(line: Line, log: Log) -> Iterator[Kept]:
    """What was taken; an order that a past event made is that event, seen again."""
    for place, one in of_type(line, "event", "order", "person"):
        number = int(line["n"])
        if one["type"] == "person":
            yield Kept(("person", log.who(one["person"])), number=number, place=place)
        elif one["type"] == "order":
            if not one["quiet"]:
                yield Kept(_live(str(one["id"]), str(one["status"])), number=number, place=place)
        elif one["metric"] in _STATUS_BY_PAST_EVENT and one["occurred_at"]:
            key = _past(str(one["metric"]), str(one["order"]), one["occurred_at"])
            yield Kept(key, str(one["id"]), number=number, place=place)
        else:
            yield Kept(*_event_key(one, line, log), number=number, place=place)


def _event_key(one: Mapping[str, Any], line: Line, log: Log) -> tuple[Key, str]:
    """A past event has its own time; a live one carries it, and its id, as parameters of the only event it is."""
    if one["occurred_at"]:
        return ("event", log.who(one["person"]), stamp(one["occurred_at"])), str(one["id"])
    given = {row["name"]: row["value"] for row in json.loads(line["body"]).get("params") or ()}
    return ("event", log.who(one["person"]), stamp(given.get("occurredAt"))), str(given.get("eventId") or "")


def firings(line: Line, log: Log) -> Iterator[Firing]:
    """What started. Orders and events both have past events as their quiet form."""
    for one in line["fired"]:
        trigger = str(one["trigger"])
        if trigger.startswith("order") and trigger.removeprefix("order") in _RANKS:
            yield Firing(_live(str(one["id"]), trigger.removeprefix("order")), trigger, has_quiet_form=True)
            continue
        for _, event in of_type(line, "event"):
            if event["metric"] == trigger:
                yield Firing(_event_key(event, line, log)[0], trigger, has_quiet_form=True)


def standings(line: Line) -> Iterator[tuple[str, Standing]]:
    """What bulk mail to an address meets: every contact gets it unless the address is on the list."""
    for _, one in of_type(line, "consent", "person", "order", "event"):
        status = one.get("status") if one["type"] == "consent" else one.get("consent")
        if one.get("person") and status in _STANDINGS:
            yield str(one["person"]), _STANDINGS[status]


YESPO = Platform(
    name="yespo",
    wishes=wishes,
    recognise=recognise,
    firings=firings,
    standings=standings,
    paths=(
        path("past_events", r"POST /api/v[12]/past_events", 500, "past_events"),
        path("event", r"POST /api/v[12]/event", 1, "event", bulk="past_events"),
        path("orders", r"POST /api/v1/orders", 1000, "default"),
        path("contacts", r"POST /api/v1/contacts", 3000, "default"),
        path("contact", r"POST /api/v1/contact", 1, "default", bulk="contacts"),
        path("unsubscribed", r"POST /api/v1/emails/unsubscribed/(add|delete)", 1000, "default"),
    ),
    windows={"default": ((200, _SECOND),), "event": ((350, _SECOND),), "past_events": ((100, _SECOND),)},
    tells_old_yes=False,
)
