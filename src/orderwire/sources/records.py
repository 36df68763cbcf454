"""Turns rows into records: one compiled reader per entity of a mapping.

A row that cannot be understood raises `InvalidRecord` and nothing else; its neighbours go on. A child that cannot be
understood spoils its whole parent, because an order without one of its lines would be another order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

import msgspec

from orderwire.errors import InvalidRecord
from orderwire.model import Channel, Consent, Event, Person, Product, Record, Subscription
from orderwire.sources.children import ChildReader, Lookups, Row, child_reader, in_columns, variant
from orderwire.sources.contract import Decoded
from orderwire.sources.decode import MISFITS, text
from orderwire.sources.fields import FIELDS
from orderwire.sources.mapping import Entity, FieldRule, SourceMapping
from orderwire.sources.orders import NOBODY, Parts, StatusReader, cart, order
from orderwire.sources.plans import Columns, Misread, Readers, plan

_COUPONS = frozenset({"discount_code", "discount_title"})


class RecordReader:
    """Reads the rows of one entity. Rows are tuples in the order of `columns`: the id first, then the clock."""

    def __init__(self, mapping: SourceMapping, entity: Entity) -> None:
        self.source = mapping.name
        self.entity = entity
        self.path = entity.path
        readers = Readers.of(mapping)
        columns = Columns(entity.id)
        self.clock_at = columns.place(entity.changed_at) if entity.changed_at else None
        self.children = {name: child_reader(child, readers) for name, child in entity.children.items()}
        status = StatusReader(entity, columns, readers)
        parts = Parts(
            plan=plan(_with_clock(entity), columns, readers),
            children=self.children,
            places=in_columns(self.children, columns),
            readers=readers,
            has_coupons=not _COUPONS.isdisjoint(entity.fields),
            later=tuple(
                (name, reader) for name, reader in self.children.items() if name != "lines" or reader.child.changed_at
            ),
        )
        for column in entity.keep:
            columns.place(column)
        self.columns = tuple(columns.names)
        self.apart = {reader.path: reader for reader in _all_of(self.children.values()) if not reader.child.column}
        """Readers of children whose rows do not come inside the entity's own row, by path."""
        self._build = _builder(entity.path, parts, status)

    def read(self, row: Row, lookups: Lookups) -> Record:
        """The record of one row and its children's rows.

        Raises:
            InvalidRecord: naming the place in the record, without any value of it.
        """
        try:
            key = text(row[0])
            if key is None:
                raise Misread("id", "is missing")
            return self._build(row, key, lookups)
        except Misread as error:
            raise error.of(self.source, self.label(row)) from error
        except MISFITS as error:
            raise InvalidRecord(self.source, self.label(row), "cannot be understood") from error

    def label(self, row: Row) -> str:
        """How errors name the record: by its id, unless that is or may be about a person."""
        try:
            key = text(row[0]) if row else None
        except MISFITS:
            key = None
        is_plain = key is not None and len(key) <= 40 and key.isascii() and key.replace("-", "").isalnum()
        return f"{self.path}[{key}]" if is_plain else f"{self.path}[…]"

    def decoded(self, row: Row, lookups: Lookups) -> Decoded:
        """The record and its raw bytes.

        Raises:
            InvalidRecord: as `read`.
        """
        record = self.read(row, lookups)
        try:
            return Decoded(record=record, raw=self.raw(row, lookups))
        except MISFITS as error:
            raise InvalidRecord(self.source, self.label(row), "holds a value that JSON cannot hold") from error

    def raw(self, row: Row, lookups: Lookups) -> bytes:
        """The row and its children's rows as JSON, split per record."""
        whole: dict[str, Any] = {"row": dict(zip(self.columns, row, strict=True))}
        if self.apart:
            self._add_raw(whole, self.children, text(row[0]) or "", lookups)
        return _ENCODER.encode(whole)

    def _add_raw(
        self, whole: dict[str, Any], children: Mapping[str, ChildReader], parent: str, lookups: Lookups
    ) -> None:
        for reader in children.values():
            rows = () if reader.child.column else lookups.get(reader.path, {}).get(parent, ())
            if rows:
                whole.setdefault(reader.path, []).extend(
                    dict(zip(reader.columns, child, strict=True)) for child in rows
                )
            if reader.nested:
                for ordinal, child in enumerate(rows, 1):
                    self._add_raw(whole, reader.nested, reader.own_id(child, ordinal), lookups)

    def reread(self, raw: bytes) -> Decoded:
        """Read a kept record again with the mapping of today.

        Raises:
            InvalidRecord: the kept bytes are damaged, or today's mapping cannot understand them.
        """
        try:
            whole = _DECODER.decode(raw)
            kept = _ROW.decode(whole.pop("row", msgspec.Raw()))
            children = {path: _ROWS.decode(rows) for path, rows in whole.items()}
        except (msgspec.DecodeError, UnicodeError) as error:
            raise InvalidRecord(self.source, self.path, "the kept record is damaged") from error
        row = tuple(kept.get(name) for name in self.columns)
        lookups = {
            path: grouped(tuple(child.get(name) for name in reader.columns) for child in children.get(path, ()))
            for path, reader in self.apart.items()
        }
        return Decoded(record=self.read(row, lookups), raw=raw)


def grouped(rows: Iterable[Row]) -> dict[str, list[Row]]:
    """Child rows by their parent's id, in the order they come."""
    found: dict[str, list[Row]] = {}
    for row in rows:
        key = str(row[0]) if type(row[0]) is int else text(row[0])
        if key in found:
            found[key].append(row)
        elif key is not None:
            found[key] = [row]
    return found


def _raw_value(value: object) -> object:
    if isinstance(value, memoryview):
        return bytes(value)
    if isinstance(value, UUID):
        return str(value)
    raise TypeError(f"a column of type {type(value).__name__} cannot be kept")


_ENCODER = msgspec.json.Encoder(enc_hook=_raw_value)
_DECODER = msgspec.json.Decoder(dict[str, msgspec.Raw])
_ROW = msgspec.json.Decoder(dict[str, Any])
_ROWS = msgspec.json.Decoder(list[dict[str, Any]])


def _all_of(readers: Iterable[ChildReader]) -> Iterator[ChildReader]:
    for reader in readers:
        yield reader
        yield from _all_of(reader.nested.values())


def _with_clock(entity: Entity) -> Entity:
    """The entity with `updated_at` read from its clock, where nothing else is mapped to it."""
    if entity.changed_at is None or "updated_at" in entity.fields or "updated_at" not in FIELDS[entity.path]:
        return entity
    fields = {**entity.fields, "updated_at": FieldRule(column=entity.changed_at)}
    return msgspec.structs.replace(entity, fields=fields)


def _builder(path: str, parts: Parts, status: StatusReader) -> Callable[[Row, str, Lookups], Record]:
    match path:
        case "orders":
            return lambda row, key, lookups: order(parts, status, row, key, lookups)
        case "carts":
            return lambda row, key, lookups: cart(parts, row, key, lookups)
        case "people":
            return lambda row, key, _: _person(parts, row, key)
        case "consents":
            return lambda row, _key, _: _consent(parts, row)
        case "products":
            return lambda row, key, lookups: _product(parts, row, key, lookups)
        case "subscriptions":
            return lambda row, key, _: _subscription(parts, row, key)
        case _:
            return lambda row, key, _: _event(parts, row, key)


def _person(parts: Parts, row: Row, key: str) -> Person:
    found = parts.plan.fields(row)
    identity = found.get("identity", NOBODY)
    if identity.external_id is None:
        found["identity"] = msgspec.structs.replace(identity, external_id=key)
    return Person(**found)


def _consent(parts: Parts, row: Row) -> Consent:
    found = parts.plan.fields(row)
    if "identity" not in found:
        raise Misread("", "names nobody")
    _require(found, "state")
    return Consent(**{"channel": Channel.EMAIL, **found})


def _product(parts: Parts, row: Row, key: str, lookups: Lookups) -> Product:
    found = parts.plan.fields(row)
    _require(found, "title")
    currency = parts.currency(found) if parts.plan.money or "variants" in parts.children else None
    if currency is not None:
        found["currency"] = currency
        parts.plan.amounts(row, currency, found)
        if "variants" in parts.children:
            found["variants"] = _variants(parts, row, key, lookups, currency)
    return Product(product_id=key, **found)


def _variants(parts: Parts, row: Row, key: str, lookups: Lookups, currency: str) -> tuple[Any, ...]:
    reader = parts.children["variants"]
    rows: Sequence[Row] = parts.rows("variants", row, key, lookups)
    return tuple(reader.each(rows, lambda child, ordinal: variant(reader, child, ordinal, currency)))


def _subscription(parts: Parts, row: Row, key: str) -> Subscription:
    found = parts.plan.fields(row)
    _require(found, "created_at")
    if parts.plan.money:
        found["currency"] = parts.currency(found)
        parts.plan.amounts(row, found["currency"], found)
    return Subscription(**{"identity": NOBODY, **found, "subscription_id": key})


def _event(parts: Parts, row: Row, key: str) -> Event:
    found = parts.plan.fields(row)
    _require(found, "name")
    _require(found, "occurred_at")
    if parts.plan.money:
        found["currency"] = parts.currency(found)
        parts.plan.amounts(row, found["currency"], found)
    return Event(**{"identity": NOBODY, **found, "event_id": key})


def _require(found: Mapping[str, Any], name: str) -> None:
    if name not in found:
        raise Misread(name, "is missing")
