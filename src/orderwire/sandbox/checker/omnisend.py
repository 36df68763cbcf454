"""Omnisend: what each fact becomes there, and how its stand-in shows it."""

from __future__ import annotations

from collections.abc import Iterator

from orderwire.sandbox.checker.carts import grown
from orderwire.sandbox.checker.facts import Fact, Log, stamp
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

_ORDER_EVENTS = {
    "order.placed": "placed order",
    "order.paid": "paid for order",
    "order.fulfilled": "order fulfilled",
    "order.delivered": "order delivered",
    "order.cancelled": "order canceled",
    "order.refunded": "order refunded",
}
_ADDED = "added product to cart"
_AS_CUSTOM = ("checkout.started", "cart.abandoned", "subscription.", "order.upcoming", "custom.")
_STANDINGS = {"subscribed": Standing.YES, "unsubscribed": Standing.NO, "nonSubscribed": Standing.SILENT}
_ACCOUNT = "account"


def wishes(fact: Fact, log: Log) -> Iterator[Wish]:
    """What a fact becomes. Event ids are digests, so events are counted by name, order and instant."""
    match fact.kind:
        case "order.placed":
            yield _of_order("placed order", fact)
            if lines := fact.body.get("lines"):
                yield Wish(ways=_of_order("ordered product", fact).ways, count=len(lines))
        case "order.refunded" if not _gives_money(fact):
            return
        case kind if kind in _ORDER_EVENTS:
            yield _of_order(_ORDER_EVENTS[kind], fact)
        case "cart.updated":
            yield from _added(fact, log)
        case "person.updated":
            yield Wish(ways=(("person", f"per_{fact.person}"),), sort=Sort.STATE)
        case "product.updated" | "product.removed" if log.snapshot(fact).get("url"):
            yield Wish(ways=(("product", fact.name),), sort=Sort.STATE)
        case kind if kind.startswith(_AS_CUSTOM):
            yield Wish(ways=(("event", f"per_{fact.person}", stamp(fact.occurred_at)),))


def _added(fact: Fact, log: Log) -> Iterator[Wish]:
    """A cart is a state there, told as what was added: each line it holds in the end was told since it was added.

    Without a link back to the cart the platform takes the event and can do nothing with it.
    """
    key = ("cart", f"per_{fact.person}")
    snapshot = log.snapshot(fact)
    held = {str(line["line_id"]) for line in snapshot.get("lines", ())}
    gained = set(grown(fact, log))
    later = {line for other in log.by_thing[fact.thing] if other.seq > fact.seq for line in grown(other, log)}
    needed = len(gained & held - later)
    yield Wish(ways=(key,), count=needed, may=not snapshot.get("url"))
    if spare := len(gained) - needed:
        yield Wish(ways=(key,), count=spare, may=True)


def _gives_money(fact: Fact) -> bool:
    return any(refund["refund_id"] == fact.detail and refund["amount"] for refund in fact.body.get("refunds", ()))


def _of_order(event: str, fact: Fact) -> Wish:
    return Wish(ways=(_key(event, fact.name, fact.occurred_at),))


def _key(event: str, order: str, when: object) -> Key:
    return ("event", event, order, stamp(when))


def recognise(line: Line, log: Log) -> Iterator[Kept]:
    """What was taken. An order event that does not fit the platform's own is of no use and counts as not there."""
    for place, one in of_type(line, "event", "person", "product"):
        number = int(line["n"])
        if one["type"] != "event":
            name = log.who(one["person"]) if one["type"] == "person" else str(one["id"])
            yield Kept((one["type"], name), number=number, place=place)
        elif one.get("problems") and one["metric"] != _ADDED:
            yield Kept(("useless", str(one["metric"]), str(one["id"])), number=number, place=place)
        else:
            yield Kept(_event_key(one, log), str(one["id"]), number=number, place=place)


def _event_key(one: Line, log: Log) -> Key:
    if one["metric"] == _ADDED:
        return ("cart", log.who(one["person"]))
    if one["metric"] in _ORDER_EVENTS.values() or one["metric"] == "ordered product":
        return _key(str(one["metric"]), str(one["order"]), one["occurred_at"])
    return ("event", log.who(one["person"]), stamp(one["occurred_at"]))


def firings(line: Line, log: Log) -> Iterator[Firing]:
    """What started. An old event has no documented quiet form; a contact has `sendWelcomeMessage`."""
    kept = {one["id"]: one for _, one in of_type(line, "event")}
    for one in line["fired"]:
        if one["trigger"] == "subscribed to marketing":
            yield Firing(("consent", log.who(one["person"]), YES), "subscribed to marketing", has_quiet_form=True)
        else:
            key = _event_key(kept[one["id"]], log) if one["id"] in kept else ("event", str(one["id"]))
            yield Firing(key, str(one["trigger"]), has_quiet_form=False)


def standings(line: Line) -> Iterator[tuple[str, Standing]]:
    """The e-mail permission of a contact after each write; an event makes one without choice."""
    for _, one in of_type(line, "person"):
        if status := (one.get("statuses") or {}).get("email"):
            yield str(one["person"]), _STANDINGS[status]
        elif one.get("action") == "created":
            yield str(one["person"]), Standing.SILENT


OMNISEND = Platform(
    name="omnisend",
    wishes=wishes,
    recognise=recognise,
    firings=firings,
    standings=standings,
    paths=(
        path("batches", r"POST /api/batches", 100, _ACCOUNT),
        path("event", r"POST /api/events", 1, _ACCOUNT, bulk="batches"),
        path("contact", r"POST /api/contacts", 1, _ACCOUNT, bulk="batches"),
        path("product", r"(POST|PUT) /api/products.*", 1, _ACCOUNT, bulk="batches"),
    ),
    windows={_ACCOUNT: ((400, 60.0),)},
)
