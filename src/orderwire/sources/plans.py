"""A mapping compiled: which columns to ask for, and per group of fields the steps that read them from a tuple.

Rows come as tuples in the order of `Columns.names`. The first column is never empty (the id, or of a child its
parent's id), so a constant is a step that reads column 0 and ignores it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

import msgspec

from orderwire.errors import InvalidRecord
from orderwire.model import Address, Channel, ConsentState, Identity, RefundKind
from orderwire.sources import decode
from orderwire.sources.decode import MISFITS, Decoder, MoneyDecoder, Unreadable
from orderwire.sources.fields import IDENTIFIERS, Sort, sort_of
from orderwire.sources.instants import InstantDecoder, instant
from orderwire.sources.mapping import Child, Entity, FieldRule, MoneyUnit, SourceMapping

_PLAIN: dict[Sort, Decoder] = {
    Sort.TEXT: decode.text,
    Sort.DAY: decode.day,
    Sort.QUANTITY: decode.quantity,
    Sort.COUNT: decode.count,
    Sort.FLAG: decode.flag,
    Sort.LIST: decode.texts,
    Sort.SCALAR: decode.scalar,
    Sort.CURRENCY: decode.currency,
    Sort.EVENT_NAME: decode.event_name,
    Sort.CHANNEL: decode.one_of(Channel),
    Sort.CONSENT_STATE: decode.one_of(ConsentState),
    Sort.REFUND_KIND: decode.one_of(RefundKind),
}
_GROUPS: Mapping[str, Callable[..., Any]] = {
    "identity": Identity,
    "address": Address,
    "billing_address": Address,
    "shipping_address": Address,
    "properties": dict,
}


class Columns:
    """The columns a reader needs, each once, in the order its rows come in."""

    def __init__(self, *first: str) -> None:
        self.names: list[str] = list(first)

    def place(self, name: str) -> int:
        """The place of a column in the rows; adds it where it is new."""
        if name not in self.names:
            self.names.append(name)
        return self.names.index(name)


def object_of(columns: Sequence[str]) -> Callable[..., Any]:
    """What makes the cells of a row one value, encoded as a JSON object of these columns.

    A struct is made and encoded in a third of the time of a dictionary; names that JSON must escape need one.
    """
    places = [f"at_{place}" for place in range(len(columns))]
    try:
        return msgspec.defstruct("Cells", places, rename=dict(zip(places, columns, strict=True)), gc=False)
    except ValueError:
        return lambda *row: dict(zip(columns, row, strict=True))


class Readers(NamedTuple):
    """The value readers of one source."""

    source: str
    money: MoneyDecoder
    price: MoneyDecoder
    instant: InstantDecoder
    currency: str | None

    @classmethod
    def of(cls, mapping: SourceMapping) -> Readers:
        """The value readers that a mapping's settings ask for."""
        is_major = mapping.money is MoneyUnit.MAJOR
        return cls(
            source=mapping.name,
            money=decode.money(is_major=is_major),
            price=decode.price(is_major=is_major),
            instant=instant(mapping.zone, place=f"source.{mapping.name}"),
            currency=mapping.currency,
        )


class Step(NamedTuple):
    """Read one column into one field."""

    name: str
    at: int
    decode: Any
    path: str
    sort: Sort


Steps: TypeAlias = tuple[tuple[str, int, Any, Step], ...]
"""Name, place and reader of each step, with the step itself for errors: plain tuples, because they unpack fastest."""


class Plan(NamedTuple):
    """How the fields of one entity or child are read. `blanks` are what a value map makes of an empty column."""

    plain: Steps
    money: Steps
    groups: tuple[tuple[str, Callable[..., Any], Steps], ...]
    blanks: Mapping[str, Any]
    approximate: tuple[str, ...]

    def fields(self, row: Sequence[Any]) -> dict[str, Any]:
        """Read the fields of a row, all but money.

        Raises:
            Misread: naming the field that cannot be understood.
        """
        found: dict[str, Any] = dict(self.blanks) if self.blanks else {}
        fill(self.plain, row, found)
        for name, build, steps in self.groups:
            values: dict[str, Any] = {}
            fill(steps, row, values)
            if values:
                found[name] = build(**values)
        return found

    def amounts(self, row: Sequence[Any], currency: str, found: dict[str, Any]) -> None:
        """Read the money fields of a row into `found`.

        Raises:
            Misread: naming the field that cannot be understood.
        """
        step = None
        try:
            for name, at, read, step in self.money:  # noqa: B007 - the error names it
                value = row[at]
                if value is not None and (said := read(value, currency)) is not None:
                    found[name] = said
        except MISFITS as error:
            raise misread(step, error) from error


class Misread(Exception):
    """A field of a row that cannot be understood; becomes an `InvalidRecord` where the row is known."""

    def __init__(self, path: str, problem: str, remedy: str = "") -> None:
        self.path = path
        self.problem = problem
        self.remedy = remedy
        super().__init__(path)

    def within(self, place: str) -> Misread:
        """The same, seen from the parent."""
        return Misread(f"{place}.{self.path}" if self.path else place, self.problem, self.remedy)

    def of(self, source: str, place: str) -> InvalidRecord:
        """The error of the whole record."""
        return InvalidRecord(source, f"{place}.{self.path}" if self.path else place, self.problem, self.remedy)


def misread(step: Step | None, error: Exception) -> Misread:
    """The error of one step, without the value."""
    path = step.path if step else ""
    if isinstance(error, Unreadable):
        return Misread(path, error.problem, error.remedy)
    return Misread(path, f"is not {step.sort}" if step else "cannot be read")


def fill(steps: Steps, row: Sequence[Any], found: dict[str, Any]) -> None:
    """Read the columns of a row into `found`; what is empty stays out."""
    step = None
    try:
        for name, at, read, step in steps:  # noqa: B007 - the error names it
            value = row[at]
            if value is not None and (said := read(value)) is not None:
                found[name] = said
    except MISFITS as error:
        raise misread(step, error) from error


def plan(place: Entity | Child, columns: Columns, readers: Readers) -> Plan:
    """Compile the fields of an entity or child, adding the columns they need."""
    plain: list[Step] = []
    money: list[Step] = []
    groups: dict[str, list[Step]] = {}
    blanks: dict[str, Any] = {}
    for path, rule in place.fields.items():
        step = step_of(place.path, path, rule, columns, readers)
        group, name = _grouped(path)
        if step.sort in (Sort.MONEY, Sort.PRICE):
            money.append(step)
        elif group:
            groups.setdefault(group, []).append(step._replace(name=name))
        else:
            plain.append(step)
            if rule.map is not None and "" in rule.map:
                blanks[path] = step.decode("")
    return Plan(
        plain=_unpacked(plain),
        money=_unpacked(money),
        groups=tuple((name, _GROUPS[name], _unpacked(steps)) for name, steps in groups.items()),
        blanks=blanks,
        approximate=tuple(path for path, rule in place.fields.items() if rule.is_approximate),
    )


def _unpacked(steps: Sequence[Step]) -> Steps:
    return tuple((step.name, step.at, step.decode, step) for step in steps)


def _grouped(path: str) -> tuple[str, str]:
    if path in IDENTIFIERS:
        return "identity", path
    group, _, name = path.partition(".")
    return (group, name) if group in _GROUPS and name else ("", path)


def step_of(place: str, path: str, rule: FieldRule, columns: Columns, readers: Readers) -> Step:
    """Compile one field, adding the column it needs."""
    sort = sort_of(place, path) or Sort.SCALAR
    read: Any
    match sort:
        case Sort.MONEY:
            read = readers.money
        case Sort.PRICE:
            read = readers.price
        case Sort.INSTANT:
            read = readers.instant
        case _:
            read = _PLAIN[sort]
    if rule.column is None:
        return Step(path, 0, _constant(read, rule.value), path, sort)
    if rule.map is not None:
        read = decode.mapped(rule.map, read)
    if rule.negate:
        read = decode.negated(read)
    return Step(path, columns.place(rule.column), read, path, sort)


def _constant(read: Any, value: object) -> Any:
    def constant(_ignored: object, *rest: str) -> object:
        return read(value, *rest)

    return constant
