"""Ometria: what each fact becomes there, and how its stand-in shows it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from orderwire.sandbox.checker.facts import Fact, Log, figure, major, stamp
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

_AS_EVENTS = (
    *("cart.", "checkout.started", "product.viewed", "site.active", "custom."),
    *("subscription.created", "subscription.cancelled", "order.upcoming"),
)
_LONGEST_EVENT_TYPE = 31
_STANDINGS = {
    "EXPLICITLY_OPTEDIN": Standing.YES,
    "EXPLICITLY_OPTEDOUT": Standing.NO,
    "NOT_SPECIFIED": Standing.SILENT,
}


def wishes(fact: Fact, log: Log) -> Iterator[Wish]:
    """What a fact becomes: an order is a state there, whichever of its facts tells it."""
    has_email = bool(log.emails.get(fact.person or 0))
    match fact.kind:
        case "person.updated" if has_email:
            yield Wish(ways=(("person", f"per_{fact.person}"),), sort=Sort.STATE)
        case "product.updated" | "product.removed":
            yield from _products(fact, log)
        case kind if kind.startswith(_AS_EVENTS):
            is_known = has_email or (fact.body.get("identity") or {}).get("external_id")
            if is_known and len(kind.removeprefix("custom.")) <= _LONGEST_EVENT_TYPE:
                yield Wish(ways=(("event", f"per_{fact.person}", stamp(fact.occurred_at)),))
        case kind if kind.startswith("order."):
            yield Wish(ways=(("order", fact.name),), sort=Sort.STATE, look=_look(fact.body))


def _look(order: Mapping[str, Any]) -> Key:
    """Status and what was given back, in words of the platform's documentation."""
    currency = order.get("currency")
    back = sum(int(refund.get("amount") or 0) for refund in order.get("refunds", ()))
    steps = (
        ("cancelled", order.get("cancelled_at")),
        ("refunded", back and back >= int(order.get("total") or 0)),
        ("partially_refunded", back),
        ("complete", order.get("delivered_at") or _delivered(order)),
        ("shipped", order.get("fulfilled_at") or order.get("shipments")),
        ("processing", order.get("paid_at")),
    )
    status = next((word for word, holds in steps if holds), "pending")
    return (status, major(back, currency), major(order.get("total"), currency))


def _delivered(order: Mapping[str, Any]) -> bool:
    shipments = order.get("shipments") or ()
    return bool(shipments) and all(one.get("delivered_at") for one in shipments)


def _products(fact: Fact, log: Log) -> Iterator[Wish]:
    product = log.snapshot(fact)
    variants = product.get("variants") or ()
    look = (figure(fact.body.get("price")),) if not variants and fact.body.get("price") is not None else ()
    yield Wish(ways=(("product", fact.name),), sort=Sort.STATE, look=look)
    for variant in variants:
        yield Wish(ways=(("product", str(variant["variant_id"])),), sort=Sort.STATE)


def recognise(line: Line, log: Log) -> Iterator[Kept]:
    """What was taken. Records overwrite, but for custom events."""
    number = int(line["n"])
    for place, one in of_type(line, "order", "product", "person", "event"):
        match one["type"]:
            case "order":
                look = (str(one["status"]), figure(one.get("refunded") or 0), figure(one.get("amount") or 0))
                yield Kept(("order", str(one["id"])), look=look, number=number, place=place)
            case "product":
                price = (figure(one["amount"]),) if one.get("amount") is not None else ()
                yield Kept(("product", str(one["id"])), look=price, number=number, place=place)
            case "event":
                key = ("event", log.who(one["person"]), stamp(one["occurred_at"]))
                yield Kept(key, str(one["id"]), number=number, place=place)
            case _:
                yield Kept(("person", log.who(one["person"])), number=number, place=place)


def firings(line: Line, log: Log) -> Iterator[Firing]:
    """What started. Orders, events and prices have no documented quiet form; a contact without dates is quiet."""
    kept = {one["id"]: one for _, one in of_type(line, "event")}
    for one in line["fired"]:
        match one["trigger"]:
            case "order" | "price drop":
                noun = "order" if one["trigger"] == "order" else "product"
                yield Firing((noun, str(one["id"])), str(one["name"]), has_quiet_form=False)
            case "event":
                when = kept[one["id"]]["occurred_at"] if one["id"] in kept else None
                key = ("event", log.who(one["person"]), stamp(when))
                yield Firing(key, str(one["name"]), has_quiet_form=False)
            case _:
                state = YES if one["trigger"] == "subscribe" else "unsubscribed"
                yield Firing(("consent", log.who(one["person"]), state), str(one["name"]), has_quiet_form=True)


def standings(line: Line) -> Iterator[tuple[str, Standing]]:
    """The opt-in of a profile after each contact; an order makes a profile without preference."""
    for _, one in of_type(line, "consent"):
        if one["channel"] == "email":
            yield str(one["person"]), _STANDINGS[one["effective"]]


OMETRIA = Platform(
    name="ometria",
    wishes=wishes,
    recognise=recognise,
    firings=firings,
    standings=standings,
    paths=(path("push", r"POST /v2/push", 100, "push"),),
    windows={"push": ((4, 1.0),)},
)
