"""Turns rows into records: one compiled reader per entity of a mapping.

A row that cannot be understood raises `InvalidRecord` and nothing else; its neighbours go on. A child that cannot be
understood spoils its whole parent, because an order without one of its lines would be another order.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from hashlib import blake2b
from itertools import starmap
from typing import Any
from uuid import UUID

import msgspec

from orderwire.errors import InvalidRecord
from orderwire.model import Channel, Consent, Event, Identity, Person, Product, Record, Subscription
from orderwire.sources.children import ChildReader, Lookups, Row, child_reader, in_columns, variant
from orderwire.sources.contract import Decoded, Undecoded
from orderwire.sources.decode import MISFITS, text
from orderwire.sources.fields import FIELDS
from orderwire.sources.mapping import Entity, FieldRule, SourceMapping
from orderwire.sources.orders import NOBODY, Parts, StatusReader, cart, order
from orderwire.sources.plans import Columns, Misread, Readers, object_of, plan

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
        self._names = next((steps for name, _, steps in parts.plan.groups if name == "identity"), ())
        self._object = object_of(self.columns)

    def read(self, row: Row, lookups: Lookups) -> Record:
        """The record of one row and its children's rows.

        Raises:
            InvalidRecord: naming the place in the record, without any value of it.
        """
        return self._keyed(row, lookups)[1]

    def _keyed(self, row: Row, lookups: Lookups) -> tuple[str, Record]:
        """The record's id, and the record."""
        try:
            key = text(row[0])
            if key is None:
                raise Misread("id", "is missing")
            return key, self._build(row, key, lookups)
        except Misread as error:
            raise error.of(self.source, self.label(row)) from error
        except MISFITS as error:
            raise InvalidRecord(self.source, self.label(row), "cannot be understood") from error

    def label(self, row: Row) -> str:
        """How errors name the record: by its id, unless that is or may be about a person."""
        key = _id_of(row)
        return f"{self.path}[{key}]" if _is_plain(key) else f"{self.path}[…]"

    def key(self, row: Row) -> str:
        """What the stream calls the record: its id, or a digest of one that may be about a person."""
        return _name_of(_id_of(row))

    def decoded(self, row: Row, lookups: Lookups) -> Decoded:
        """The record and its raw bytes.

        Raises:
            InvalidRecord: as `read`.
        """
        key, record = self._keyed(row, lookups)
        try:
            return Decoded(record=record, raw=_ENCODER.encode(self._whole(row, key, lookups)), key=_name_of(key))
        except MISFITS as error:
            raise InvalidRecord(self.source, self.label(row), "holds a value that JSON cannot hold") from error

    def undecoded(self, row: Row, lookups: Lookups, reason: InvalidRecord) -> Undecoded:
        """A row that was not understood, with all that was there."""
        return Undecoded(
            reason=reason, raw=self._whatever(row, lookups), key=self.key(row), identity=self._identity(row)
        )

    def _whole(self, row: Row, key: str, lookups: Lookups) -> dict[str, Any]:
        """The row and its children's rows, as their JSON is kept with the record."""
        whole: dict[str, Any] = {"row": self._object(*row)}
        if self.apart:
            self._add_raw(whole, self.children, key, lookups)
        return whole

    def _whatever(self, row: Row, lookups: Lookups) -> bytes:
        """The same of a row that may hold what our JSON cannot: broken text is escaped, the rest told as text."""
        whole = self._whole(row, _id_of(row), lookups)
        try:
            return _ENCODER.encode(whole)
        except MISFITS:
            plain = msgspec.to_builtins(whole, enc_hook=_anything)
            return json.dumps(plain, separators=(",", ":"), default=str).encode()

    def _identity(self, row: Row) -> Identity | None:
        """Whom a row seems to name: every identifier that can be read."""
        found: dict[str, Any] = {}
        for name, at, read, _ in self._names:
            try:
                found[name] = read(row[at]) if row[at] is not None else None
            except MISFITS:
                continue
        if self.path == "people" and not found.get("external_id"):
            found["external_id"] = _id_of(row) or None
        return Identity(**found) if any(found.values()) else None

    def _add_raw(
        self, whole: dict[str, Any], children: Mapping[str, ChildReader], parent: str, lookups: Lookups
    ) -> None:
        for reader in children.values():
            rows = () if reader.child.column else lookups.get(reader.path, {}).get(parent, ())
            if rows:
                whole.setdefault(reader.path, []).extend(starmap(reader.object, rows))
            if reader.nested:
                for ordinal, child in enumerate(rows, 1):
                    with suppress(Misread, *MISFITS):
                        self._add_raw(whole, reader.nested, reader.own_id(child, ordinal), lookups)

    def reread(self, raw: bytes) -> Decoded:
        """Read a kept record again with the mapping of today.

        Raises:
            InvalidRecord: the kept bytes are damaged, or today's mapping cannot understand them.
        """
        kept, children = self._kept(raw)
        row = tuple(kept.get(name) for name in self.columns)
        lookups = {
            path: grouped(tuple(child.get(name) for name in reader.columns) for child in children.get(path, ()))
            for path, reader in self.apart.items()
        }
        return Decoded(record=self.read(row, lookups), raw=raw, key=self.key(row))

    def _kept(self, raw: bytes) -> tuple[dict[str, Any], dict[str, list[dict[str, Any]]]]:
        try:
            try:
                whole = _WHOLE.decode(raw)
            except msgspec.DecodeError:
                # Python's own reader takes the escapes of broken text, which ours refuses.
                whole = msgspec.convert(json.loads(raw), dict[str, Any])
            return msgspec.convert(whole.pop("row", None), dict[str, Any]), msgspec.convert(whole, _CHILDREN)
        except (ValueError, msgspec.DecodeError, RecursionError) as error:
            raise InvalidRecord(self.source, self.path, "the kept record is damaged") from error


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


def _anything(value: object) -> object:
    try:
        return _raw_value(value)
    except TypeError:
        return str(value)


def _id_of(row: Row) -> str:
    """A row's id; empty where it has none that can be read."""
    try:
        return (text(row[0]) if row else None) or ""
    except MISFITS:
        return ""


def _name_of(key: str) -> str:
    """What a stream calls the record with this id."""
    if not key or _is_plain(key):
        return key
    return f"id-{blake2b(key.encode(), digest_size=16).hexdigest()}"


def _is_plain(key: str) -> bool:
    """Whether an id is a number or a code and tells nothing about a person."""
    return 0 < len(key) <= 40 and key.isascii() and key.replace("-", "").isalnum()


_ENCODER = msgspec.json.Encoder(enc_hook=_raw_value)
_WHOLE = msgspec.json.Decoder(dict[str, Any])
_CHILDREN = dict[str, list[dict[str, Any]]]


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
