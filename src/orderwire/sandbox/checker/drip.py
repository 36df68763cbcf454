"""Drip: what each fact becomes there, and how its stand-in shows it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from orderwire.sandbox.checker.facts import Fact, Log, figure, major, stamp
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

_ACTIONS = {
    "order.placed": "placed",
    "order.paid": "paid",
    "order.fulfilled": "fulfilled",
    "order.delivered": "updated",
    "order.cancelled": "canceled",
    "order.refunded": "refunded",
}
_AS_EVENTS = ("product.viewed", "site.active", "custom.", "subscription.", "order.upcoming")
_STANDINGS = {"active": Standing.YES, "unsubscribed": Standing.NO, "undeliverable": Standing.NO}
_HOUR = 3600.0


def wishes(fact: Fact, log: Log) -> Iterator[Wish]:
    """What a fact becomes. Every order action carries the whole order, so its content needs no action of its own."""
    if fact.kind.startswith("product.") and fact.kind != "product.viewed":
        yield from _products(fact, log)
        return
    if not log.emails.get(fact.person or 0):
        return
    match fact.kind:
        case kind if kind in _ACTIONS:
            yield Wish(ways=(_order(fact.name, _ACTIONS[kind], fact.occurred_at),))
        case "order.updated":
            yield Wish(ways=(_order(fact.name, "updated", fact.occurred_at),), may=True)
        case "cart.updated" if log.snapshot(fact).get("url"):
            look = (major(fact.body.get("total"), fact.body.get("currency")), str(len(fact.body.get("lines", ()))))
            yield Wish(ways=(("cart", fact.name),), sort=Sort.STATE, look=look)
        case "checkout.started" if log.snapshot(fact).get("url"):
            yield Wish(ways=(("checkout", fact.name, stamp(fact.occurred_at)),))
        case "person.updated":
            yield Wish(ways=(("person", f"per_{fact.person}"),), sort=Sort.STATE)
        case kind if kind.startswith(_AS_EVENTS):
            yield Wish(ways=(("event", f"per_{fact.person}", stamp(fact.occurred_at)),))


def _products(fact: Fact, log: Log) -> Iterator[Wish]:
    product = log.snapshot(fact)
    variants = product.get("variants") or ()
    for variant in variants:
        if variant.get("price", product.get("price")) is not None:
            yield Wish(ways=(("product", fact.name, str(variant["variant_id"])),), sort=Sort.STATE)
    if not variants and product.get("price") is not None:
        look = (figure(fact.body.get("price")),) if fact.body.get("price") is not None else ()
        yield Wish(ways=(("product", fact.name),), sort=Sort.STATE, look=look)


def _order(name: str, action: str, when: object) -> Key:
    return ("order", name, action, stamp(when))


def recognise(line: Line, log: Log) -> Iterator[Kept]:
    """What was taken. Nothing is recognised as a repetition there."""
    number = int(line["n"])
    for place, one in of_type(line, "order", "cart", "checkout", "product", "person", "event"):
        key, look, own = _named(one, log)
        yield Kept(key, own, look=look, number=number, place=place)


def _named(one: Mapping[str, Any], log: Log) -> tuple[Key, Key, str]:
    match one["type"]:
        case "order":
            return _order(str(one["id"]), str(one["action"]), one["occurred_at"]), (), ""
        case "cart":
            return ("cart", str(one["id"])), (figure(one["amount"]), str(one["line_count"])), ""
        case "checkout":
            return ("checkout", str(one["id"]), stamp(one["occurred_at"])), (), ""
        case "product":
            product, _, variant = str(one["id"]).partition("/")
            if variant in ("", product):
                return ("product", product), (figure(one["amount"]),), ""
            return ("product", product, variant), (), ""
        case "event":
            return ("event", log.who(one["person"]), stamp(one["occurred_at"])), (), str(one["id"] or "")
        case _:
            return ("person", log.who(one["person"])), (), ""


def firings(line: Line, log: Log) -> Iterator[Firing]:
    """What started. Drip documents no quiet form of anything it is told."""
    kept = {(one["type"], one["id"], log.who(one.get("person"))): one for _, one in of_type(line, "order", "cart")}
    for one in line["fired"]:
        whose = log.who(one.get("person"))
        held = kept.get((one["type"], one.get("id"), whose))
        key = _named(held, log)[0] if held else ("person", whose)
        yield Firing(key, str(one.get("event") or one["type"]), has_quiet_form=False)


def standings(line: Line) -> Iterator[tuple[str, Standing]]:
    """A person's status, which the stand-in names with every thing it keeps of them."""
    for _, one in of_type(line, "consent", "person", "order", "event"):
        if one.get("person") and one.get("status") in _STANDINGS:
            yield str(one["person"]), _STANDINGS[one["status"]]


def _shopper(noun: str) -> str:
    return rf"POST /v3/[^/]+/shopper_activity/{noun}"


DRIP = Platform(
    name="drip",
    wishes=wishes,
    recognise=recognise,
    firings=firings,
    standings=standings,
    paths=(
        *(path(f"{noun}s", f"{_shopper(noun)}/batch", 1000, "batch") for noun in ("order", "cart", "product")),
        *(path(noun, _shopper(noun), 1, "single", bulk=f"{noun}s") for noun in ("order", "cart", "product")),
        path("checkout", _shopper("checkout"), 1, "single"),
        path("subscribers", r"POST /v2/[^/]+/subscribers/batches", 1000, "batch"),
        path("subscriber", r"POST /v2/[^/]+/subscribers", 1, "single", bulk="subscribers"),
        path("unsubscribes", r"POST /v2/[^/]+/unsubscribes/batches", 1000, "batch"),
        path("events", r"POST /v2/[^/]+/events/batches", 1000, "batch"),
        path("event", r"POST /v2/[^/]+/events", 1, "single", bulk="events"),
    ),
    windows={"batch": ((50, _HOUR),), "single": ((3600, _HOUR),)},
)
