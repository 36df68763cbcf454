"""Reads children: the lines of orders and carts, refunds with their lines, shipments, variants."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from operator import itemgetter
from typing import Any, TypeAlias

from msgspec import DecodeError, json
from msgspec.structs import replace

from orderwire.model import OrderLine, Refund, RefundKind, RefundLine, Shipment, Variant
from orderwire.sources.amounts import LineAmounts, line_amounts, product
from orderwire.sources.decode import MISFITS, text
from orderwire.sources.fields import Sort, sort_of
from orderwire.sources.mapping import Child
from orderwire.sources.plans import Columns, Misread, Readers, object_of, plan

Row: TypeAlias = Sequence[Any]
RowsByParent: TypeAlias = Mapping[str, Sequence[Row]]
Lookups: TypeAlias = Mapping[str, RowsByParent]
"""Child rows by the child's path, then by their parent's id."""

PricedLine: TypeAlias = tuple[OrderLine, LineAmounts]
"""A line, and what it costs before a discount on the whole order is spread."""
_EXACT = frozenset({str, int, type(None)})
"""Types of cells that say the same whenever they are equal."""
_AMOUNTS = frozenset({Sort.MONEY, Sort.PRICE, Sort.QUANTITY})
_MOST_REMEMBERED = 8_192

MISMATCH = "orderwire.mismatch_minor"
ONE = Decimal(1)


class ChildReader:
    """Reads the rows of one kind of child, which begin with the parent's id, then the id and the clock if any."""

    def __init__(self, child: Child, readers: Readers) -> None:
        self.child = child
        self.path = child.path
        self.name = child.path.rpartition(".")[2]
        columns = Columns(child.parent or "")
        self.id_at = columns.place(child.id) if child.id else None
        self.clock_at = columns.place(child.changed_at) if child.changed_at else None
        self._instant = readers.instant
        self.plan = plan(child, columns, readers)
        self.nested = {name: child_reader(nested, readers) for name, nested in child.children.items()}
        self.nested_at = in_columns(self.nested, columns)
        for column in child.keep:
            columns.place(column)
        self.columns = tuple(columns.names)
        self.object = object_of(self.columns)

    def own_id(self, row: Row, ordinal: int) -> str:
        """The child's id; its place where the source gives lines none."""
        if self.id_at is None:
            return str(ordinal)
        if (found := text(row[self.id_at])) is None:
            raise Misread("id", "is missing")
        return found

    def clock(self, row: Row) -> datetime | None:
        """When the child changed, by its own clock."""
        if self.clock_at is None or row[self.clock_at] is None:
            return None
        try:
            return self._instant(row[self.clock_at])
        except MISFITS as error:
            raise Misread("changed_at", "is not a point in time") from error

    def rows_in(self, value: object, parent: str) -> list[Row]:
        """The rows inside a JSON or list column of the parent."""
        if isinstance(value, str | bytes | bytearray | memoryview):
            try:
                value = _JSON.decode(bytes(value) if isinstance(value, memoryview) else value)
            except (DecodeError, UnicodeError) as error:
                raise Misread("", "is not JSON") from error
        if value is None:
            return []
        if not isinstance(value, list | tuple) or not all(isinstance(item, Mapping) for item in value):
            raise Misread("", "is not a list of objects")
        wanted = self.columns[1:]
        return [(parent, *(item.get(name) for name in wanted)) for item in value]

    def rows(self, value: object, parent: str, lookups: Lookups) -> Sequence[Row]:
        """The rows of one parent: out of its column where they are kept there, else out of the lookups."""
        if self.child.column:
            return self.rows_in(value, parent) if value is not None else ()
        return lookups.get(self.path, _NONE).get(parent, ())

    def each(self, rows: Sequence[Row], read: Callable[[Row, int], Any]) -> list[Any]:
        """Read every row; an error names which one."""
        found: list[Any] = []
        try:
            for row in rows:
                found.append(read(row, len(found) + 1))
        except Misread as error:
            raise error.within(f"{self.name}[{len(found)}]") from error
        return found


_JSON = json.Decoder(float_hook=Decimal)
_NONE: RowsByParent = {}


def in_columns(children: Mapping[str, ChildReader], columns: Columns) -> dict[str, int]:
    """Where in the parent's row each child's rows are; 0 for those in a table of their own."""
    return {
        name: columns.place(reader.child.column) if reader.child.column else 0 for name, reader in children.items()
    }


def _cells(places: Sequence[int]) -> Callable[[Row], tuple[Any, ...]]:
    """What takes the cells at these places out of a row."""
    if len(places) > 1:
        return itemgetter(*places)
    return lambda row: tuple([row[place] for place in places])


class LineReader(ChildReader):
    """Reads the lines of an order or a cart.

    Shops sell the same goods again and again: what a line says besides its id is read once and remembered, by the
    cells it was read from. Texts count as the same only as `str` or `int`, because `1`, `1.0` and `True` are equal
    in Python and no more than that; amounts and quantities mean their value, however it is typed.
    """

    def __init__(self, child: Child, readers: Readers) -> None:
        super().__init__(child, readers)
        self._states_amounts = not {"subtotal", "discount", "total"}.isdisjoint(child.fields)
        self._texts_of = _cells(self._places(child, is_amount=False))
        self._amounts_of = _cells(self._places(child, is_amount=True))
        self._may_remember = "line_id" not in child.fields
        self._remembered: dict[tuple[object, ...], PricedLine] = {}

    def _places(self, child: Child, *, is_amount: bool) -> list[int]:
        """Where the cells are that are read as amounts and quantities, or as anything else."""
        columns = {
            rule.column
            for name, rule in child.fields.items()
            if rule.column is not None and (sort_of(child.path, name) in _AMOUNTS) is is_amount
        }
        return [place for place, column in enumerate(self.columns) if column in columns]

    def lines(self, rows: Sequence[Row], currency: str) -> list[PricedLine]:
        """The lines, before a discount on the whole order is spread over them."""
        read: list[PricedLine] = []
        try:
            for row in rows:
                read.append(self._line(row, len(read) + 1, currency))
        except Misread as error:
            raise error.within(f"{self.name}[{len(read)}]") from error
        return read

    def _line(self, row: Row, ordinal: int, currency: str) -> PricedLine:
        texts = self._texts_of(row)
        if not (self._may_remember and _EXACT.issuperset(map(type, texts))):
            return self._read(row, ordinal, currency)
        cells = (currency, texts, self._amounts_of(row))
        try:
            known = self._remembered.get(cells)
        except TypeError:  # an amount that is no plain value: reading it says what is wrong
            return self._read(row, ordinal, currency)
        if known is not None:
            line, amounts = known
            return replace(line, line_id=self.own_id(row, ordinal)), amounts
        line, amounts = self._read(row, ordinal, currency)
        if line.name != line.line_id:
            if len(self._remembered) >= _MOST_REMEMBERED:
                self._remembered.clear()
            self._remembered[cells] = line, amounts
        return line, amounts

    def _read(self, row: Row, ordinal: int, currency: str) -> PricedLine:
        found = self.plan.fields(row)
        self.plan.amounts(row, currency, found)
        if "line_id" not in found:
            found["line_id"] = self.own_id(row, ordinal)
        if "name" not in found:
            found["name"] = found.get("sku") or found.get("product_id") or found["line_id"]
        amounts = self._amounts(found, currency)
        if amounts.mismatch:
            found["properties"] = {**found.get("properties", {}), MISMATCH: amounts.mismatch}
        line = OrderLine(subtotal=amounts.subtotal, discount=amounts.discount, total=amounts.total, **found)
        return line, amounts

    def _amounts(self, found: dict[str, Any], currency: str) -> LineAmounts:
        unit_price = found.get("unit_price")
        goods = None if unit_price is None else product(found.get("quantity", ONE), unit_price, currency)
        if goods is not None and not self._states_amounts:
            return LineAmounts(goods, 0, goods)
        amounts = line_amounts(
            goods,
            subtotal=found.pop("subtotal", None),
            discount=found.pop("discount", None),
            total=found.pop("total", None),
        )
        if amounts is None:
            raise Misread("total", "is missing", "Map unit_price, subtotal or total.")
        return amounts


class RefundReader(ChildReader):
    """Reads refunds and their lines."""

    def refunds(self, rows: Sequence[Row], lookups: Lookups, currency: str, total: int) -> tuple[Refund, ...]:
        """The refunds of an order whose total is `total`."""
        return tuple(self.each(rows, lambda row, ordinal: self._refund(row, ordinal, lookups, currency, total)))

    def _refund(self, row: Row, ordinal: int, lookups: Lookups, currency: str, total: int) -> Refund:
        found = self.plan.fields(row)
        self.plan.amounts(row, currency, found)
        own_id = self.own_id(row, ordinal)
        if "lines" in self.nested:
            reader = self.nested["lines"]
            rows = reader.rows(row[self.nested_at["lines"]], own_id, lookups)
            found["lines"] = tuple(reader.each(rows, lambda line, _: _refund_line(reader, line, currency)))
        _require(found, "refunded_at")
        if "amount" not in found:
            found["amount"] = sum(line.amount for line in found.get("lines", ())) + found.get("shipping", 0)
        for name in ("amount", "shipping"):
            if found.get(name, 0) < 0:
                raise Misread(name, "is negative", f"Map it with negate: {name} = {{ column = …, negate = true }}.")
        if "kind" not in found:
            found["kind"] = _kind_of(found, total)
        return Refund(refund_id=own_id, **found)


def _kind_of(found: Mapping[str, Any], total: int) -> RefundKind:
    amount = found["amount"]
    if not amount:
        return RefundKind.RESTOCK_ONLY
    if amount == total:
        return RefundKind.FULL
    return RefundKind.PARTIAL if found.get("lines") else RefundKind.MONEY_ONLY


def _refund_line(reader: ChildReader, row: Row, currency: str) -> RefundLine:
    found = reader.plan.fields(row)
    reader.plan.amounts(row, currency, found)
    _require(found, "line_id")
    return RefundLine(**found)


def shipment(reader: ChildReader, row: Row, ordinal: int) -> Shipment:
    """One parcel."""
    found = reader.plan.fields(row)
    _require(found, "shipped_at")
    return Shipment(shipment_id=reader.own_id(row, ordinal), **found)


def variant(reader: ChildReader, row: Row, ordinal: int, currency: str) -> Variant:
    """One variant of a product."""
    found = reader.plan.fields(row)
    reader.plan.amounts(row, currency, found)
    return Variant(**{"variant_id": reader.own_id(row, ordinal), **found})


def _require(found: Mapping[str, Any], name: str) -> None:
    if name not in found:
        raise Misread(name, "is missing")


def child_reader(child: Child, readers: Readers) -> ChildReader:
    """The reader of one kind of child."""
    match child.path:
        case "orders.lines" | "carts.lines":
            return LineReader(child, readers)
        case "orders.refunds":
            return RefundReader(child, readers)
        case _:
            return ChildReader(child, readers)
