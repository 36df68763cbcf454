"""Puts orders and carts together from their row, lines, refunds and shipments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any, NamedTuple

from msgspec.structs import replace

from orderwire.model import Cart, Discount, Identity, Order, OrderLine
from orderwire.sources.amounts import OrderAmounts, order_amounts
from orderwire.sources.children import (
    MISMATCH,
    ChildReader,
    LineReader,
    Lookups,
    RefundReader,
    Row,
    shipment,
)
from orderwire.sources.decode import MISFITS, text
from orderwire.sources.fields import HAPPENINGS
from orderwire.sources.mapping import SKIP, Entity, has_own_time
from orderwire.sources.plans import Columns, Misread, Plan, Readers

NOBODY = Identity()


class Parts(NamedTuple):
    """What reading one entity needs: its plan, its children and where their rows are in the entity's own row."""

    plan: Plan
    children: Mapping[str, ChildReader]
    places: Mapping[str, int]
    readers: Readers
    has_coupons: bool = False
    """Whether a field names the discount on the whole order."""
    later: tuple[tuple[str, ChildReader], ...] = ()
    """Children that say more than lines: refunds, shipments, and whatever has a clock of its own."""

    def rows(self, name: str, row: Row, key: str, lookups: Lookups) -> Sequence[Row]:
        """The rows of one kind of child."""
        try:
            return self.children[name].rows(row[self.places[name]], key, lookups)
        except Misread as error:
            raise error.within(name) from error

    def currency(self, found: Mapping[str, Any]) -> str:
        """The record's currency, or the source's."""
        currency: str | None = found.get("currency") or self.readers.currency
        if currency is None:
            raise Misread("currency", "is missing", "Map it, or set `currency` for the whole source.")
        return currency


class Status(NamedTuple):
    """What a status adds to an order: the field of its happening, and the column that stands in for its time."""

    field: str
    at: int | None


class StatusReader:
    """Reads the status column of the orders."""

    def __init__(self, entity: Entity, columns: Columns, readers: Readers) -> None:
        self._at = 0
        self._known: dict[str, Status | None] = {}
        self._instant = readers.instant
        if entity.status is None:
            return
        self._at = columns.place(entity.status.column)
        for status, rule in entity.status.rules.items():
            stands_in = rule.occurred_at if rule.occurred_at != SKIP else None
            self._known[status] = (
                Status(HAPPENINGS[rule.happening], columns.place(stands_in))
                if stands_in and not has_own_time(entity, rule.happening)
                else None
            )

    def fill(self, row: Row, found: dict[str, Any]) -> None:
        """Add the source's status, and the happening it stands for with an approximate time."""
        if not self._known:
            return
        said = text(row[self._at])
        if said is None:
            raise Misread("status", "is missing")
        if said not in self._known:
            raise Misread("status", "is a status that the map does not know", "Add it to the status map.")
        found["source_status"] = said
        status = self._known[said]
        if status is None or status.at is None:
            return
        try:
            occurred_at = self._instant(row[status.at]) if row[status.at] is not None else None
        except MISFITS as error:
            raise Misread("status", "has a stand-in time that is not a point in time") from error
        if occurred_at is not None:
            found[status.field] = occurred_at
            found["approximate"] = (*found.get("approximate", ()), status.field)


def order(parts: Parts, status: StatusReader, row: Row, key: str, lookups: Lookups) -> Order:
    """Read one order with everything that belongs to it."""
    found = parts.plan.fields(row)
    currency = parts.currency(found)
    parts.plan.amounts(row, currency, found)
    if "placed_at" not in found:
        raise Misread("placed_at", "is missing")
    if parts.plan.approximate:
        found["approximate"] = tuple(name for name in parts.plan.approximate if name in found)
    status.fill(row, found)
    extras = found.get("shipping", 0) + found.get("fee", 0)
    if not found.get("is_tax_included"):
        extras += found.get("tax", 0)
    lines, amounts = _lines(parts, row, key, lookups, found, currency, extras)
    _settle(found, amounts)
    if parts.has_coupons:
        found["discounts"] = _discounts(found)
    _add_children(parts, row, key, lookups, found, currency)
    found["order_id"] = key
    found["currency"] = currency
    found["lines"] = lines
    found.setdefault("identity", NOBODY)
    return Order(**found)


def cart(parts: Parts, row: Row, key: str, lookups: Lookups) -> Cart:
    """Read one cart with its lines."""
    found = parts.plan.fields(row)
    currency = parts.currency(found)
    parts.plan.amounts(row, currency, found)
    if "updated_at" not in found:
        raise Misread("updated_at", "is missing")
    lines, amounts = _lines(parts, row, key, lookups, found, currency, 0)
    _settle(found, amounts)
    found.setdefault("identity", NOBODY)
    return Cart(**{**found, "cart_id": key, "currency": currency, "lines": lines})


def _lines(
    parts: Parts, row: Row, key: str, lookups: Lookups, found: Mapping[str, Any], currency: str, extras: int
) -> tuple[tuple[OrderLine, ...], OrderAmounts]:
    reader = parts.children.get("lines")
    total, discount = found.get("total"), found.get("discount", 0)
    if not isinstance(reader, LineReader):
        if total is None:
            raise Misread("total", "is missing", "Map the total, or the lines.")
        return (), order_amounts((), total=total, discount=discount, extras=extras, has_lines=False)
    read = reader.lines(parts.rows("lines", row, key, lookups), currency)
    before = [priced for _, priced in read]
    amounts = order_amounts(before, total=total, discount=discount, extras=extras)
    if amounts.lines is before:
        return tuple([line for line, _ in read]), amounts
    spread = zip(read, amounts.lines, strict=True)
    return tuple([replace(line, discount=said.discount, total=said.total) for (line, _), said in spread]), amounts


def _settle(found: dict[str, Any], amounts: OrderAmounts) -> None:
    found["total"] = amounts.total
    if amounts.mismatch:
        found["properties"] = {**found.get("properties", {}), MISMATCH: amounts.mismatch}


def _discounts(found: dict[str, Any]) -> tuple[Discount, ...]:
    code, title = found.pop("discount_code", None), found.pop("discount_title", None)
    if code is None and title is None:
        return ()
    return (Discount(amount=found.get("discount", 0), code=code, title=title),)


def _add_children(parts: Parts, row: Row, key: str, lookups: Lookups, found: dict[str, Any], currency: str) -> None:
    for name, reader in parts.later:
        rows = parts.rows(name, row, key, lookups)
        if not rows:
            continue
        if isinstance(reader, RefundReader):
            found["refunds"] = reader.refunds(rows, lookups, currency, found["total"])
        elif name == "shipments":
            found["shipments"] = tuple(reader.each(rows, partial(shipment, reader)))
        if reader.clock_at is not None and "updated_at" in found:
            found["updated_at"] = _newest(reader, rows, found["updated_at"])


def _newest(reader: ChildReader, rows: Sequence[Row], known: datetime) -> datetime:
    """The version of the whole order: children that move alone must not make it look stale."""
    clocks: list[datetime | None] = reader.each(rows, lambda row, _: reader.clock(row))
    return max([known, *(clock for clock in clocks if clock is not None)])
