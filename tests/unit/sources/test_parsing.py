"""From the settings to a mapping, with every fault named at once."""

from collections.abc import Callable
from typing import Any

import pytest

from orderwire.errors import ConfigError
from orderwire.sources import MappingFaults, MoneyUnit, parse
from orderwire.sources.mapping import FieldRule, StatusRule

Table = dict[str, Any]


def faults_of(table: Table) -> list[tuple[str, str]]:
    with pytest.raises(MappingFaults) as caught:
        parse("shop", table)
    root = "orderwire.toml: source.shop"
    return [
        (fault.place.removeprefix(root).lstrip("."), f"{fault.problem} {fault.remedy}")
        for fault in caught.value.faults
    ]


def test_a_mapping_is_read_with_its_defaults(shop: Table) -> None:
    mapping = parse("shop", shop)
    orders = mapping.entities["orders"]
    assert (MoneyUnit.MAJOR, 60, 600, 2000) == (mapping.money, mapping.safety_lag, mapping.overlap, mapping.page)
    assert FieldRule(column="town") == orders.fields["billing_address.city"]
    assert FieldRule(column="channel") == orders.fields["properties.channel"]
    assert orders.status is not None
    assert StatusRule(happening="fulfilled", occurred_at="updated_at") == orders.status.rules["sent"]
    assert "refund" == orders.children["refunds"].children["lines"].parent


def put(*path: str, value: object) -> Callable[[Table], None]:
    def change(table: Table) -> None:
        for key in path[:-1]:
            table = table.setdefault(key, {})
        table[path[-1]] = value

    return change


def drop(*path: str) -> Callable[[Table], None]:
    def change(table: Table) -> None:
        for key in path[:-1]:
            table = table[key]
        del table[path[-1]]

    return change


FIELDS = ("orders", "fields")
CASES = [
    ("an unknown setting", put("curency", value="GBP"), "curency", 'Did you mean "currency"?'),
    ("an unknown entity", put("order", value={}), "order", 'Did you mean "orders"?'),
    ("an unknown key of an entity", put("orders", "tabel", value="x"), "orders.tabel", 'Did you mean "table"?'),
    ("an unknown field", put(*FIELDS, "totl", value="t"), "orders.fields.totl", 'Did you mean "total"?'),
    (
        "an unknown field of a child",
        put("orders", "lines", "fields", "qty", value="q"),
        "orders.lines.fields.qty",
        "There are:",
    ),
    (
        "an unknown part of an address",
        put(*FIELDS, "billing_address", "town", value="t"),
        "orders.fields.billing_address.town",
        "is not a field",
    ),
    ("an unknown kind", put("kind", value="sqlite"), "kind", 'Did you mean "sql"?'),
    ("no kind", drop("kind"), "kind", "is missing"),
    ("no url", drop("url"), "url", "is missing"),
    ("a folder for a database", put("folder", value="x"), "folder", "means nothing"),
    ("a password in the file", put("url", value="postgresql://u:p@h/d"), "url", "holds a password"),
    ("no database URL", put("url", value="://"), "url", "not a database URL"),
    ("no such zone", put("time_zone", value="Europe/Londn"), "time_zone", "is not a time zone"),
    ("no such currency", put("currency", value="£"), "currency", "is not a currency code"),
    ("no such encoding", put("encoding", value="utf-9"), "encoding", "not a known text encoding"),
    ("no such money", put("money", value="cents"), "money", "major, minor"),
    ("a page of nothing", put("page", value=0), "page", "1 or more"),
    ("a page that is no number", put("page", value=True), "page", "1 or more"),
    ("a flag that is no flag", put("knows_newsletter", value="yes"), "knows_newsletter", "true or false"),
    ("a text that is none", put("url", value=5), "url", "must be a text"),
    ("no table", drop("orders", "table"), "orders", "does not say where"),
    ("table and query", put("orders", "query", value="SELECT 1"), "orders", "says twice"),
    ("a query that writes", put("orders", "query", value="DELETE FROM orders"), "orders.query", "must be one SELECT"),
    ("two queries", put("orders", "query", value="SELECT 1; DROP TABLE x"), "orders.query", "must be one SELECT"),
    ("no id", drop("orders", "id"), "orders.id", "is missing"),
    ("no parent", drop("orders", "lines", "parent"), "orders.lines.parent", "is missing"),
    ("a refund without an id", drop("orders", "refunds", "id"), "orders.refunds.id", "is missing"),
    ("no required field", drop(*FIELDS, "placed_at"), "orders.fields.placed_at", "is missing"),
    ("a field that is a number", put(*FIELDS, "total", value=5), "orders.fields.total", "must be a column's name"),
    ("column and value", put(*FIELDS, "store", value={"column": "a", "value": "b"}), "orders.fields.store", "either"),
    ("neither column nor value", put(*FIELDS, "store", value={}), "orders.fields.store", "either"),
    ("a list as a value", put(*FIELDS, "store", value={"value": [1]}), "orders.fields.store.value", "plain value"),
    (
        "a constant that is no amount",
        put(*FIELDS, "fee", value={"value": "much"}),
        "orders.fields.fee.value",
        "is not an amount",
    ),
    (
        "a map to what is no flag",
        put(*FIELDS, "is_test", value={"column": "t", "map": {"x": "perhaps"}}),
        "orders.fields.is_test.map.x",
        "neither yes nor no",
    ),
    (
        "an approximate text",
        put(*FIELDS, "store", value={"column": "a", "approximate": True}),
        "orders.fields.store.approximate",
        "point in time",
    ),
    (
        "a negated text",
        put(*FIELDS, "store", value={"column": "a", "negate": True}),
        "orders.fields.store.negate",
        "amount of money",
    ),
    (
        "an unknown key of a field",
        put(*FIELDS, "store", value={"colum": "a"}),
        "orders.fields.store.colum",
        'Did you mean "column"?',
    ),
    ("no status column", drop("orders", "status", "column"), "orders.status.column", "is missing"),
    ("no statuses", put("orders", "status", "map", value={}), "orders.status.map", "maps no status"),
    (
        "an unknown happening",
        put("orders", "status", "map", "open", value="canceled"),
        "orders.status.map.open",
        'Did you mean "cancelled"?',
    ),
    (
        "a status that is a number",
        put("orders", "status", "map", "open", value=3),
        "orders.status.map.open",
        "must say what happened",
    ),
    (
        "a status without its choice",
        put("orders", "status", "map", "void", value="cancelled"),
        "orders.status.map.void",
        'occurred_at = "updated_at"',
    ),
    (
        "a status on people",
        put("people", value={"table": "p", "id": "i", "status": {}}),
        "people.status",
        "is not a setting",
    ),
    (
        "consent of nobody",
        put("consents", value={"table": "n", "id": "i", "fields": {"state": "s"}}),
        "consents.fields",
        "names nobody",
    ),
    ("a cart without a time", put("carts", value={"table": "c", "id": "i"}), "carts.fields.updated_at", "is missing"),
    (
        "a refund of no amount",
        lambda t: (t["orders"]["refunds"]["fields"].pop("amount"), t["orders"]["refunds"].pop("lines")),
        "orders.refunds.fields.amount",
        "is missing",
    ),
    (
        "a clock without an id",
        lambda t: (t["orders"]["lines"].pop("id"), t["orders"]["lines"].update(changed_at="c")),
        "orders.lines.id",
        "is missing",
    ),
    ("a list that is none", put("orders", "keep", value="a"), "orders.keep", "list of texts"),
]


@pytest.mark.parametrize(("change", "place", "said"), [pytest.param(*case[1:], id=case[0]) for case in CASES])
def test_a_fault_is_named_with_its_place_and_remedy(
    shop: Table, change: Callable[[Table], None], place: str, said: str
) -> None:
    change(shop)
    found = faults_of(shop)
    assert place in [where for where, _ in found]
    assert any(said in text for where, text in found if where == place)


def test_all_faults_are_reported_together(shop: Table) -> None:
    put("curency", value="GBP")(shop)
    put(*FIELDS, "totl", value="t")(shop)
    put("page", value=-1)(shop)
    assert {"curency", "orders.fields.totl", "page"} == {place for place, _ in faults_of(shop)}


def test_the_report_is_one_config_error_that_lists_every_fault(shop: Table) -> None:
    put("curency", value="GBP")(shop)
    with pytest.raises(ConfigError, match=r"1 fault:\n.*source.shop.curency: is not a setting") as caught:
        parse("shop", shop)
    assert "source.shop" == caught.value.place


def test_nothing_mapped_is_a_fault() -> None:
    assert [""] == [place for place, _ in faults_of({"kind": "sql", "url": "shop.db"})]


def test_a_status_may_stay_undecided_while_its_rows_are_counted(shop: Table) -> None:
    put("orders", "status", "map", "void", value="cancelled")(shop)
    assert "orders" in parse("shop", shop, may_be_undecided=True).entities


@pytest.mark.parametrize(
    ("happening", "field"),
    [
        ("paid", "paid_at"),
        ("fulfilled", "fulfilled_at"),
        ("delivered", "delivered_at"),
        ("cancelled", "cancelled_at"),
    ],
)
def test_a_status_with_a_time_column_needs_no_choice(shop: Table, happening: str, field: str) -> None:
    put("orders", "status", "map", "x", value=happening)(shop)
    put(*FIELDS, field, value="some_time")(shop)
    assert "orders" in parse("shop", shop).entities


def test_shipments_tell_the_time_of_shipping(shop: Table) -> None:
    put("orders", "status", "map", "sent", value="fulfilled")(shop)
    put("orders", "shipments", value={"table": "s", "id": "id", "parent": "o", "fields": {"shipped_at": "at"}})(shop)
    assert "orders" in parse("shop", shop).entities


@pytest.mark.parametrize(
    ("change", "place"),
    [
        (put("orders", "changed_at", value="x"), "orders.changed_at"),
        (put("orders", "table", value="x"), "orders.table"),
        (put("orders", "lines", value={"table": "x", "fields": {}}), "orders.lines.table"),
    ],
)
def test_files_have_no_tables_and_no_clock(change: Callable[[Table], None], place: str) -> None:
    table: Table = {
        "kind": "files",
        "folder": "exports",
        "time_zone": "UTC",
        "orders": {"files": "*.csv", "id": "id", "fields": {"placed_at": "at", "total": "total"}},
    }
    change(table)
    assert place in [where for where, _ in faults_of(table)]
