"""How a fact of the ledger is told as events of the platform, whichever way it came in.

An event that came in here is given back with its own properties. One that another source told of is written the way
our own writer tells it to the platform, an order's lines as Ordered Product events of their own behind it.
"""

from __future__ import annotations

from typing import Any

from msgspec import Raw, Struct

from orderwire.dialects.contract import Lane, Statement
from orderwire.dialects.doorway import Told
from orderwire.dialects.klaviyo import write_activity, write_orders
from orderwire.dialects.klaviyo.door import ids, metrics
from orderwire.dialects.klaviyo.door.members import decode_if, plain, words
from orderwire.dialects.klaviyo.door.properties import decimal_of
from orderwire.dialects.klaviyo.events import Happening
from orderwire.dialects.klaviyo.fields import CUSTOM_PREFIX, METRICS
from orderwire.model import Cart, Event, Kind, Order, Subscription

KINDS = (*(kind.value for kind in METRICS), CUSTOM_PREFIX)
"""The kinds of facts that are shown as events."""


class Shown(Struct, frozen=True, kw_only=True):
    """One event of a fact: its metric and what it carries, ready to be written."""

    fact: Told
    part: int
    metric: metrics.Metric
    properties: dict[str, Any]

    @property
    def id(self) -> str:
        """Its id."""
        return ids.event_id(self.fact.occurred_at, self.fact.seq, self.part)


def events_of(fact: Told) -> list[Shown]:
    """The events that a fact is shown as."""
    own = _as_given(fact)
    written = [_written(one) for one in _happenings(fact)]
    told = [own, *written[1:]] if own is not None else written
    return [
        Shown(fact=fact, part=part, metric=metrics.Metric(name), properties=properties)
        for part, (name, properties) in enumerate(told)
    ]


def _as_given(fact: Told) -> tuple[str, dict[str, Any]] | None:
    """The event as it came in; None where it did not come in here."""
    whole = decode_if(fact.raw) if fact.raw else None
    for piece in whole if isinstance(whole, list) else [whole]:
        attributes = piece.get("attributes") if isinstance(piece, dict) else None
        if not isinstance(attributes, dict) or not isinstance(attributes.get("metric"), str):
            continue
        name = attributes["metric"]
        properties = attributes.get("properties")
        if metrics.kind_of_metric(name) != fact.kind or not isinstance(properties, dict):
            continue
        unique_id = words(attributes.get("unique_id")) or str(int(fact.occurred_at.timestamp()))
        value = decimal_of(attributes.get("value"))
        return metrics.shown_name(name), {
            **plain(properties),
            "$event_id": unique_id,
            "$value": plain(value) if value is not None else 0.0,
        }
    return None


def _happenings(fact: Told) -> list[Happening]:
    """What our own writer tells the platform of a fact."""
    unsaid: list[str] = []
    record = fact.record
    ordinal = 0
    if isinstance(record, Order) and record.refunds and fact.kind == Kind.ORDER_REFUNDED:
        ordinal = int(record.refunds[0].refund_id != fact.detail)
    if isinstance(record, Order) and record.shipments and fact.kind in (Kind.ORDER_FULFILLED, Kind.ORDER_DELIVERED):
        ordinal = int(record.shipments[0].shipment_id != fact.detail)
    if not isinstance(record, Order | Cart | Subscription | Event):
        return []
    statement = Statement(
        kind=fact.kind,
        key=fact.key,
        subject=fact.subject,
        source=fact.source,
        occurred_at=fact.occurred_at,
        lane=Lane.LIVE,
        snapshot=record,
        detail=fact.detail,
        ordinal=ordinal,
    )
    match record:
        case Order():
            return write_orders.happenings_of(statement, record, unsaid)
        case Cart():
            return write_activity.of_cart(statement, record, unsaid)
        case Subscription():
            return write_activity.of_subscription(statement, record, unsaid)
        case Event():
            return write_activity.of_event(statement, record, unsaid)


def _written(told: Happening) -> tuple[str, dict[str, Any]]:
    value: Any = told.value if told.value is not None else Raw(b"0.0")
    return told.metric, {**told.properties, "$event_id": told.unique_id, "$value": value}
