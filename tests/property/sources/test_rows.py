"""Whatever stands in a row, it becomes a record or an `InvalidRecord`, and nothing else."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from orderwire.errors import InvalidRecord
from orderwire.model import Order
from orderwire.sources import parse
from orderwire.sources.amounts import LineAmounts, order_amounts
from orderwire.sources.children import MISMATCH
from orderwire.sources.fields import FIELDS
from orderwire.sources.records import RecordReader

CHILD_PLACES = {
    "orders": {
        "lines": {"table": "l", "id": "id", "parent": "o"},
        "refunds": {
            "table": "r",
            "id": "id",
            "parent": "o",
            "changed_at": "c",
            "lines": {"table": "rl", "parent": "r"},
        },
        "shipments": {"table": "s", "id": "id", "parent": "o"},
    },
    "carts": {"lines": {"column": "lines_json"}},
    "products": {"variants": {"column": "variants_json", "id": "id"}},
}


def with_all_fields(path: str, table: dict[str, Any]) -> dict[str, Any]:
    """The entity or child with every field mapped to a column of the same name."""
    fields = {name: name for name in FIELDS[path] if "." not in name}
    children = {
        key: with_all_fields(f"{path}.{key}", value) for key, value in table.items() if isinstance(value, dict)
    }
    return {**table, **children, "fields": fields}


def reader(path: str) -> RecordReader:
    entity = with_all_fields(path, {"table": "t", "id": "id", "changed_at": "changed", **CHILD_PLACES.get(path, {})})
    table = {"kind": "sql", "url": "shop.db", "time_zone": "Europe/London", "currency": "GBP", path: entity}
    mapping = parse("shop", table)
    return RecordReader(mapping, mapping.entities[path])


READERS = {path: reader(path) for path in FIELDS if "." not in path}
TEXTS = st.text(st.characters(), max_size=30)
PLAUSIBLE = st.sampled_from(
    [
        *("", " ", "0", "1", "-1.5", "1E+400", "9" * 400, "[]", '[{"id": 1}]', "\ud800", "a@shop.test"),
        *("2024-07-01 10:00:00", "2024-10-27 01:30:00", "0000-00-00", "GBP", "true"),
        *("subscribed", "email", "full", "custom.x", "product.viewed"),
    ]
)
VALUES = st.one_of(
    PLAUSIBLE,
    TEXTS,
    st.none(),
    st.integers(),
    st.floats(),
    st.decimals(),
    st.booleans(),
    st.binary(max_size=20),
    st.datetimes(),
    st.dates(),
    st.lists(st.integers(), max_size=2),
    st.dictionaries(st.sampled_from(["id", "title", "unit_price"]), st.integers() | TEXTS, max_size=3).map(
        lambda d: [d]
    ),
)


def children_of(
    data: st.DataObject, path: str, key: str, values: st.SearchStrategy[Any]
) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for child_path, child in READERS[path].apart.items():
        count = data.draw(st.integers(0, 2))
        parent = data.draw(st.sampled_from([key, "1"]))
        rows = [(parent, *(data.draw(values) for _ in child.columns[1:])) for _ in range(count)]
        found[child_path] = {parent: rows}
    return found


def read(path: str, row: tuple[Any, ...], lookups: dict[str, dict[str, Any]]) -> str:
    try:
        decoded = READERS[path].decoded(row, lookups)
        READERS[path].reread(decoded.raw)
    except InvalidRecord:
        return "refused"
    return "read"


@given(st.data(), st.sampled_from(sorted(READERS)))
@settings(max_examples=400, deadline=None)
def test_any_row_of_texts_is_read_or_refused(data: st.DataObject, path: str) -> None:
    row = tuple(data.draw(PLAUSIBLE | TEXTS) for _ in READERS[path].columns)
    assert read(path, row, children_of(data, path, row[0], PLAUSIBLE | TEXTS)) in ("read", "refused")


@given(st.data(), st.sampled_from(sorted(READERS)))
@settings(max_examples=400, deadline=None)
def test_any_row_of_any_values_is_read_or_refused(data: st.DataObject, path: str) -> None:
    row = tuple(data.draw(VALUES) for _ in READERS[path].columns)
    assert read(path, row, children_of(data, path, "1", VALUES)) in ("read", "refused")


AMOUNTS = st.integers(-(10**7), 10**7)


@given(st.lists(AMOUNTS, min_size=1, max_size=8), AMOUNTS.map(abs), AMOUNTS, st.none() | AMOUNTS)
def test_lines_extras_and_mismatch_always_add_up_to_the_total(
    totals: list[int], discount: int, extras: int, total: int | None
) -> None:
    lines = [LineAmounts(each, 0, each) for each in totals]
    settled = order_amounts(lines, total=total, discount=discount, extras=extras)
    assert settled.total == sum(line.total for line in settled.lines) + extras + settled.mismatch
    assert [line.subtotal for line in lines] == [line.total + line.discount for line in settled.lines]


@given(
    st.lists(st.tuples(st.integers(1, 50), st.decimals(0, 100, places=3)), min_size=1, max_size=6),
    st.decimals(-50, 500, places=2),
    st.decimals(0, 20, places=2),
)
@settings(deadline=None)
def test_an_order_read_from_texts_adds_up_to_the_shops_total(
    lines: list[tuple[int, Any]], total: Any, discount: Any
) -> None:
    columns = READERS["orders"].columns
    given_values = {"id": "1", "placed_at": "2024-07-01", "total": str(total), "discount": str(discount)}
    row = tuple(given_values.get(name) for name in columns)
    line_columns = READERS["orders"].apart["orders.lines"].columns
    rows = [
        tuple(
            {"o": "1", "id": str(n), "name": "x", "quantity": str(quantity), "unit_price": str(price)}.get(name)
            for name in line_columns
        )
        for n, (quantity, price) in enumerate(lines)
    ]
    order = READERS["orders"].read(row, {"orders.lines": {"1": rows}})
    assert isinstance(order, Order)
    mismatch = order.properties.get(MISMATCH, 0)
    assert order.total == int(total * 100) == sum(line.total for line in order.lines) + int(mismatch or 0)
