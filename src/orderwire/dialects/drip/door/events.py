"""Custom events of the REST API v2 as facts: browsing, recurring purchases, and everything by its own name.

They carry no id at Drip. One that our own writing dialect sent is known by the `source` and `event_id` among its
properties and keeps its id; of any other the id is made of who, what, when and with which properties, so that a call
made twice for the same moment is one fact.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from orderwire.dialects.doorway import Answer, Call, Shelves
from orderwire.dialects.drip.door.bodies import Piece, batched, one_of
from orderwire.dialects.drip.door.faults import Refusal, invalid, not_found, wrong_structure
from orderwire.dialects.drip.door.people import refusal_words
from orderwire.dialects.drip.door.resources import empty, meta, paged, reply
from orderwire.dialects.drip.door.subscribers import every_name
from orderwire.dialects.drip.door.turn import Met, Turn
from orderwire.dialects.drip.door.values import (
    amount,
    currency,
    digest,
    from_cents,
    instant,
    is_email,
    is_number,
    number,
    plain,
    scalar,
    text,
)
from orderwire.dialects.drip.fields import EVENT_ACTIONS, EVENT_PROPERTIES
from orderwire.model import Event, Identity, Kind, Record, Subscription

MOST_CENTS = 2_147_483_647
_KINDS = {called.lower(): kind for kind, called in EVENT_ACTIONS.items()}
_SUBSCRIPTIONS = frozenset(
    {Kind.SUBSCRIPTION_CREATED, Kind.SUBSCRIPTION_UPDATED, Kind.SUBSCRIPTION_CANCELLED, Kind.ORDER_UPCOMING}
)
_OURS = {theirs: ours for ours, theirs in EVENT_PROPERTIES.items()}
_RESERVED = ("event_id", "value")
_SUBSCRIPTION_FIELDS = frozenset(
    {"event_id", "source", "subscription_id", "product_ids", "interval", "next_order_at", "next_order_id"}
    | {"cancelled_at", "cancel_reason", "price", "currency"}
)


def record_one(call: Call, shelves: Shelves) -> Answer:
    """`POST events`: exactly one."""
    piece = one_of(call.body, "events")
    check(piece.value)
    turn = Turn(call, shelves)
    met = turn.person_in(piece.value, "id")
    if met is None:
        raise not_found()
    take(turn, met, piece, 0)
    return turn.intake(empty(204))


def record_many(call: Call, shelves: Shelves) -> Answer:
    """`POST events/batches`: what cannot be taken is told of nowhere at Drip, and is kept here."""
    turn = Turn(call, shelves)
    for place, piece in enumerate(batched(call.body, "events")):
        problem, met = "", None
        try:
            check(piece.value)
            met = turn.person_in(piece.value, "id")
        except Refusal as refusal:
            problem = refusal_words(refusal)
        if met is None:
            turn.unread("events", f"events[{place}]", problem or "nobody has this id", piece.raw)
        else:
            take(turn, met, piece, place)
    return turn.intake(reply({}, 201))


def actions(call: Call, shelves: Shelves) -> Answer:
    """`GET event_actions`: the names of all events that were recorded, a page at a time."""
    page, size = paged(call)
    every = list(every_name(shelves, "event_actions"))
    shown = every[(page - 1) * size : page * size]
    return reply({"meta": meta(page, size, len(shown), len(every)), "event_actions": shown})


def check(record: Mapping[str, Any]) -> None:
    """See whether an event can be taken.

    Raises:
        Refusal: it cannot, with Drip's code for the reason.
    """
    email = text(record.get("email"))
    if not email and not text(record.get("id")):
        raise invalid("presence_error", "Email is required", "email")
    if email and not is_email(email):
        raise invalid("email_error", "Email is invalid", "email")
    if not text(record.get("action")):
        raise invalid("presence_error", "Action is required", "action")
    if record.get("occurred_at") not in (None, "") and instant(record["occurred_at"]) is None:
        raise invalid("time_error", "Occurred at must be in ISO-8601 format", "occurred_at")
    properties = record.get("properties")
    if properties is not None and properties != [] and not isinstance(properties, dict):
        raise wrong_structure()
    value = properties.get("value") if properties else None
    if value is not None and not _is_cents(value):
        raise invalid("format_error", "Value must be a whole number of cents", "value")


def take(turn: Turn, met: Met, piece: Piece, place: int) -> None:
    """Add an event that was checked."""
    action = text(piece.value["action"])
    at = instant(piece.value.get("occurred_at"))
    properties = dict(piece.value.get("properties") or {})
    turn.use("event_actions", action)
    turn.add(record_of(turn, turn.identity_in(piece.value, met, "id"), action, at, properties, place), piece.raw)
    met.has_come = True


def record_of(
    turn: Turn, identity: Identity, action: str, at: datetime | None, properties: dict[str, Any], place: int
) -> Record:
    """What an event means: a recurring purchase where it names one, else an event."""
    kind = _KINDS.get(action.lower())
    if kind in _SUBSCRIPTIONS and text(properties.get("subscription_id")):
        return _subscription(turn, identity, Kind(kind), at or turn.call.received_at, properties)
    if kind in _SUBSCRIPTIONS:
        kind = None
    return event_of(identity, action, at, properties, received_at=turn.call.received_at, place=place, kind=kind)


def event_of(
    identity: Identity,
    action: str,
    at: datetime | None,
    properties: dict[str, Any],
    *,
    received_at: datetime,
    place: int,
    kind: Kind | None,
    may_name_itself: bool = True,
) -> Event:
    """An event; without an instant of its own it happened when it was received."""
    is_named = may_name_itself and at and text(properties.get("source"))
    ours = text(properties.get("event_id")) if is_named else ""
    ident = ours or digest(
        [identity.external_id, (identity.email or "").lower(), identity.phone, identity.anonymous_id],
        action,
        (at or received_at).isoformat(),
        properties,
        0 if at else place,
    )
    value, code = _value(properties)
    kept = {name: part for name, part in properties.items() if part is not None}
    if ours:
        kept = _unwrapped(kept, has_value=value is not None)
    if kind is Kind.PRODUCT_VIEWED:
        kept = _viewed(kept)
    return Event(
        event_id=ident,
        name=str(kind) if kind else f"custom.{action}",
        identity=identity,
        occurred_at=at or received_at,
        value=value,
        currency=code or None,
        properties=plain(kept),
    )


def _is_cents(value: Any) -> bool:
    """Whether it is a conversion value; digits in a text are taken, as clients that send texts alone do."""
    if isinstance(value, str):
        return value.strip() == "" or (value.strip().isascii() and value.strip().isdigit() and len(value) < 11)
    return is_number(value) and not isinstance(value, Decimal) and value < MOST_CENTS


def _value(properties: Mapping[str, Any]) -> tuple[int | None, str]:
    """The exact amount that stands beside Drip's cents where the two agree, else the cents."""
    code = currency(properties.get("currency"))
    cents, exact = properties.get("value"), number(properties.get("amount"))
    if not code:
        return None, ""
    if exact is not None and (cents is None or abs(exact * 100 - (number(cents) or 0)) <= 1):
        return amount(exact, code), code
    return (from_cents(cents, code), code) if is_number(cents) else (None, "")


def _unwrapped(properties: dict[str, Any], *, has_value: bool) -> dict[str, Any]:
    """The properties of an event that our own writing dialect sent, as they were before."""
    gone = {"event_id", "value", "amount", "currency"} if has_value else {"event_id"}
    kept = {name: value for name, value in properties.items() if name not in gone}
    for name in _RESERVED:
        if f"shop_{name}" in kept:
            kept[name] = kept.pop(f"shop_{name}")
    return kept


def _viewed(properties: dict[str, Any]) -> dict[str, Any]:
    seen = {_OURS.get(name, name): value for name, value in properties.items()}
    if seen.get("variant_id") == seen.get("product_id"):
        seen.pop("variant_id", None)
    return seen


def _subscription(turn: Turn, identity: Identity, kind: Kind, at: datetime, given: Mapping[str, Any]) -> Subscription:
    """A recurring purchase; of the first event that names it, its beginning is the event's own instant."""
    ident = text(given["subscription_id"])
    before = turn.snapshot(f"subscription:{ident}")
    known = before if isinstance(before, Subscription) else None
    began = at if kind is Kind.SUBSCRIPTION_CREATED or known is None else known.created_at
    code = currency(given.get("currency"))
    products = given.get("product_ids")
    ended = instant(given.get("cancelled_at")) or (at if kind is Kind.SUBSCRIPTION_CANCELLED else None)
    properties = {
        (name.removeprefix("shop_") if name.removeprefix("shop_") in _SUBSCRIPTION_FIELDS else name): scalar(value)
        for name, value in given.items()
        if value is not None and name not in _SUBSCRIPTION_FIELDS
    }
    return Subscription(
        subscription_id=ident,
        identity=identity,
        created_at=began,
        product_ids=tuple(text(one) for one in products) if isinstance(products, list) else (),
        interval=text(given.get("interval")) or None,
        price=amount(given.get("price"), code) if code and number(given.get("price")) is not None else None,
        currency=code or None,
        next_order_at=instant(given.get("next_order_at")),
        next_order_id=text(given.get("next_order_id")) or None,
        cancelled_at=ended,
        cancel_reason=text(given.get("cancel_reason")) or None,
        properties=properties,
        updated_at=at,
    )
