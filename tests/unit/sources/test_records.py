"""From rows to records, and which rows are refused."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from orderwire.errors import InvalidRecord
from orderwire.model import (
    Address,
    Cart,
    Channel,
    Consent,
    ConsentState,
    Discount,
    Event,
    Identity,
    Order,
    OrderLine,
    Person,
    Product,
    Refund,
    RefundKind,
    RefundLine,
    Subscription,
    Variant,
)
from orderwire.sources import parse
from orderwire.sources.children import MISMATCH
from orderwire.sources.contract import Undecoded
from orderwire.sources.records import RecordReader, grouped

Table = dict[str, Any]
Children = dict[str, list[Table]]


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def reader_of(table: Table, path: str = "orders") -> RecordReader:
    mapping = parse("shop", table)
    return RecordReader(mapping, mapping.entities[path])


def read(reader: RecordReader, row: Table, children: Children | None = None) -> Any:
    lookups = {
        path: grouped(
            tuple(child.get(name) for name in child_reader.columns) for child in (children or {}).get(path, ())
        )
        for path, child_reader in reader.apart.items()
    }
    decoded = reader.decoded(tuple(row.get(name) for name in reader.columns), lookups)
    assert decoded.record == reader.reread(decoded.raw).record, "what is kept reads the same"
    return decoded.record


ROW = {
    "id": 1001,
    "updated_at": "2024-07-02 12:00:00",
    "customer": 17850.0,
    "email": " A@Shop.test ",
    "placed": "2024-07-01 09:30:00",
    "paid": None,
    "total": 13.45,
    "discount": "1.00",
    "shipping": "4.50",
    "town": "Leeds",
    "channel": "web",
    "status": "open",
}
LINES = [
    {"order_id": 1001, "id": 7, "sku": "A", "title": "Lantern", "qty": 2, "price": "2.50"},
    {"order_id": 1001, "id": 8, "sku": "A", "title": "Lantern", "qty": 1, "price": 4.95},
]


def test_an_order_is_read_whole(shop: Table) -> None:
    order = read(reader_of(shop), ROW, {"orders.lines": LINES})
    assert (
        Order(
            order_id="1001",
            identity=Identity(external_id="17850", email="A@Shop.test"),
            currency="GBP",
            placed_at=utc("2024-07-01 08:30:00"),
            total=1345,
            discount=100,
            shipping=450,
            source_status="open",
            billing_address=Address(city="Leeds"),
            properties={"channel": "web"},
            updated_at=utc("2024-07-02 11:00:00"),
            lines=(
                OrderLine(
                    line_id="7",
                    name="Lantern",
                    sku="A",
                    quantity=Decimal(2),
                    unit_price=Decimal("2.50"),
                    subtotal=500,
                    discount=50,
                    total=450,
                ),
                OrderLine(
                    line_id="8",
                    name="Lantern",
                    sku="A",
                    quantity=Decimal(1),
                    unit_price=Decimal("4.95"),
                    subtotal=495,
                    discount=50,
                    total=445,
                ),
            ),
        )
        == order
    )


def test_figures_that_do_not_add_up_keep_the_total_and_name_the_difference(shop: Table) -> None:
    order = read(reader_of(shop), {**ROW, "total": "13.46"}, {"orders.lines": LINES})
    assert (1346, 1) == (order.total, order.properties[MISMATCH])


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("open", {}),
        ("sent", {"fulfilled_at": utc("2024-07-02 11:00:00"), "approximate": ("fulfilled_at",)}),
        ("done", {}),
    ],
)
def test_a_status_adds_what_no_column_tells(shop: Table, status: str, expected: Table) -> None:
    order = read(reader_of(shop), {**ROW, "status": status}, {"orders.lines": LINES})
    found = {name: getattr(order, name) for name in ("fulfilled_at", "delivered_at", "approximate")}
    assert {"fulfilled_at": None, "delivered_at": None, "approximate": ()} | expected == found
    assert status == order.source_status


def test_a_time_that_is_only_a_last_change_is_marked(shop: Table) -> None:
    shop["orders"]["fields"]["placed_at"] = {"column": "updated_at", "approximate": True}
    assert ("placed_at",) == read(reader_of(shop), ROW, {"orders.lines": LINES}).approximate


def test_tax_on_top_is_part_of_the_total_and_tax_inside_is_not(shop: Table) -> None:
    shop["orders"]["fields"] |= {"tax": "tax", "is_tax_included": "inside"}
    reader = reader_of(shop)
    on_top = read(reader, {**ROW, "total": "15.45", "tax": "2.00", "inside": 0}, {"orders.lines": LINES})
    inside = read(reader, {**ROW, "tax": "2.00", "inside": 1}, {"orders.lines": LINES})
    assert ({"channel": "web"}, {"channel": "web"}) == (on_top.properties, inside.properties)


def test_a_coupon_becomes_a_discount(shop: Table) -> None:
    shop["orders"]["fields"]["discount_code"] = "coupon"
    order = read(reader_of(shop), {**ROW, "coupon": "MAY"}, {"orders.lines": LINES})
    assert (Discount(amount=100, code="MAY"),) == order.discounts


@pytest.mark.parametrize(
    ("refund", "lines", "expected"),
    [
        (
            {"amount": "13.45"},
            [],
            Refund(refund_id="R1", refunded_at=utc("2024-07-05 09:00:00"), amount=1345, kind=RefundKind.FULL),
        ),
        (
            {"amount": "1"},
            [],
            Refund(refund_id="R1", refunded_at=utc("2024-07-05 09:00:00"), amount=100, kind=RefundKind.MONEY_ONLY),
        ),
        (
            {"amount": 0},
            [],
            Refund(refund_id="R1", refunded_at=utc("2024-07-05 09:00:00"), amount=0, kind=RefundKind.RESTOCK_ONLY),
        ),
        (
            {},
            [{"refund": "R1", "line": 7, "amount": "2.50"}],
            Refund(
                refund_id="R1",
                refunded_at=utc("2024-07-05 09:00:00"),
                amount=250,
                kind=RefundKind.PARTIAL,
                lines=(RefundLine(line_id="7", amount=250),),
            ),
        ),
    ],
)
def test_a_refund_says_what_kind_it_is(shop: Table, refund: Table, lines: list[Table], expected: Refund) -> None:
    row = {"order_id": 1001, "id": "R1", "made": "2024-07-05 10:00:00", **refund}
    order = read(
        reader_of(shop), ROW, {"orders.lines": LINES, "orders.refunds": [row], "orders.refunds.lines": lines}
    )
    assert (expected,) == order.refunds


def test_a_child_that_moves_alone_makes_a_newer_version(shop: Table) -> None:
    row = {"order_id": 1001, "id": "R1", "made": "2024-07-05 10:00:00", "amount": 1}
    order = read(reader_of(shop), ROW, {"orders.lines": LINES, "orders.refunds": [row]})
    assert utc("2024-07-05 09:00:00") == order.updated_at


def test_an_order_without_any_identity_is_still_an_order(shop: Table) -> None:
    order = read(reader_of(shop), {**ROW, "customer": None, "email": "  "}, {"orders.lines": LINES})
    assert order.identity.is_empty


def test_lines_may_be_json_in_a_column(shop: Table) -> None:
    shop["orders"]["lines"] = {"column": "items", "fields": {"sku": "sku", "quantity": "n", "total": "sum"}}
    items = '[{"sku": "A", "n": 2, "sum": 5.10}, {"sku": "B", "n": 1, "sum": 4.85}]'
    order = read(reader_of(shop), {**ROW, "items": items})
    assert [("1", "A", 459), ("2", "B", 436)] == [(line.line_id, line.name, line.total) for line in order.lines]


BAD_ROWS: list[tuple[str, Table, Children, str, str]] = [
    ("no id", {"id": None}, {}, "orders[…].id", "is missing"),
    ("no time", {"placed": None}, {}, "orders[1001].placed_at", "is missing"),
    ("a time that is none", {"placed": "soon"}, {}, "orders[1001].placed_at", "is not a point in time"),
    ("an amount that is none", {"total": "12,50"}, {}, "orders[1001].total", "is not an amount of money"),
    ("an endless amount", {"total": float("inf")}, {}, "orders[1001].total", "is not a number"),
    ("a giant amount", {"total": "1E+99"}, {}, "orders[1001].total", "more digits"),
    ("an amount that is a list", {"total": [1]}, {}, "orders[1001].total", "is not an amount"),
    ("an unknown status", {"status": "lost"}, {}, "orders[1001].status", "the map does not know"),
    ("no status", {"status": None}, {}, "orders[1001].status", "is missing"),
    ("broken text", {"town": "caf\udce9"}, {}, "orders[1001].billing_address.city", "is not text"),
    ("a broken e-mail", {"email": "\ud800@shop.test"}, {}, "orders[1001].email", "is not text"),
    (
        "a line without a price",
        {},
        {"orders.lines": [{**LINES[0], "price": None}]},
        "orders[1001].lines[0].total",
        "is missing",
    ),
    (
        "a line without an id",
        {},
        {"orders.lines": [LINES[1], {**LINES[0], "id": None}]},
        "orders[1001].lines[1].id",
        "is missing",
    ),
    (
        "a quantity that is none",
        {},
        {"orders.lines": [{**LINES[0], "qty": "two"}]},
        "orders[1001].lines[0].quantity",
        "is not a quantity",
    ),
    (
        "a negative refund",
        {},
        {"orders.refunds": [{"order_id": 1001, "id": 1, "made": "2024-07-05", "amount": -1}]},
        "orders[1001].refunds[0].amount",
        "is negative",
    ),
    (
        "a refund without a time",
        {},
        {"orders.refunds": [{"order_id": 1001, "id": 1, "amount": 1}]},
        "orders[1001].refunds[0].refunded_at",
        "is missing",
    ),
    (
        "a refund of no line",
        {},
        {
            "orders.refunds": [{"order_id": 1001, "id": 1, "made": "2024-07-05"}],
            "orders.refunds.lines": [{"refund": 1, "amount": 1}],
        },
        "orders[1001].refunds[0].lines[0].line_id",
        "is missing",
    ),
    ("an id that is an e-mail", {"id": "a@shop.test", "total": "x"}, {}, "orders[…].total", "is not an amount"),
]


@pytest.mark.parametrize(
    ("row", "children", "path", "problem"), [pytest.param(*case[1:], id=case[0]) for case in BAD_ROWS]
)
def test_a_bad_row_is_refused_by_place_and_never_by_value(
    shop: Table, row: Table, children: Children, path: str, problem: str
) -> None:
    with pytest.raises(InvalidRecord) as caught:
        read(reader_of(shop), {**ROW, **row}, children)
    assert ("shop", path) == (caught.value.source, caught.value.path)
    assert problem in caught.value.problem


@pytest.mark.parametrize(
    ("items", "problem"),
    [("[", "is not JSON"), ("5", "is not a list"), ("[5]", "is not a list"), (b"\xff", "is not JSON")],
)
def test_a_column_of_lines_must_hold_a_list(shop: Table, items: object, problem: str) -> None:
    shop["orders"]["lines"] = {"column": "items", "fields": {"total": "sum"}}
    with pytest.raises(InvalidRecord, match=problem) as caught:
        read(reader_of(shop), {**ROW, "items": items})
    assert "orders[1001].lines" == caught.value.path


@pytest.mark.parametrize("raw", [b"{", b"[]", b'{"row": 5}', b'{"rows": {}}', b"\xff"])
def test_a_damaged_kept_record_is_refused(shop: Table, raw: bytes) -> None:
    with pytest.raises(InvalidRecord):
        reader_of(shop).reread(raw)


def test_a_record_without_currency_says_how_to_give_one(shop: Table) -> None:
    del shop["currency"]
    with pytest.raises(InvalidRecord, match="for the whole source"):
        read(reader_of(shop), ROW, {"orders.lines": LINES})


def only(path: str, entity: Table) -> Table:
    return {"kind": "sql", "url": "shop.db", "time_zone": "UTC", "currency": "GBP", path: {"table": "t", **entity}}


AT = "2024-07-01 09:30:00"
RECORDS: list[tuple[str, Table, Table, Any]] = [
    (
        "people",
        {
            "id": "id",
            "changed_at": "at",
            "fields": {"email": "mail", "birth_date": "born", "tags": "tags", "address.country": "land"},
        },
        {"id": 5, "at": AT, "mail": "a@shop.test", "born": "1980-02-03", "tags": "vip, b2b", "land": ""},
        Person(
            identity=Identity(external_id="5", email="a@shop.test"),
            birth_date=date(1980, 2, 3),
            tags=("vip", "b2b"),
            updated_at=utc(AT),
        ),
    ),
    (
        "consents",
        {
            "id": "id",
            "fields": {"email": "mail", "state": {"column": "s", "map": {"1": "subscribed", "": "never_asked"}}},
        },
        {"id": 5, "mail": "a@shop.test", "s": 1},
        Consent(identity=Identity(email="a@shop.test"), channel=Channel.EMAIL, state=ConsentState.SUBSCRIBED),
    ),
    (
        "consents",
        {
            "id": "id",
            "fields": {"email": "mail", "state": {"column": "s", "map": {"1": "subscribed", "": "never_asked"}}},
        },
        {"id": 5, "mail": "a@shop.test", "s": None},
        Consent(identity=Identity(email="a@shop.test"), channel=Channel.EMAIL, state=ConsentState.NEVER_ASKED),
    ),
    (
        "products",
        {"id": "sku", "fields": {"title": "name", "price": "price", "categories": "cats", "inventory": "stock"}},
        {"sku": "A", "name": "Lantern", "price": 2.5, "cats": '["Light"]', "stock": "3"},
        Product(
            product_id="A", title="Lantern", price=Decimal("2.5"), currency="GBP", categories=("Light",), inventory=3
        ),
    ),
    (
        "products",
        {"id": "sku", "fields": {"title": "name"}, "variants": {"column": "v", "id": "id", "fields": {"price": "p"}}},
        {"sku": "A", "name": "Lantern", "v": '[{"id": 1, "p": 2.50}]'},
        Product(
            product_id="A",
            title="Lantern",
            currency="GBP",
            variants=(Variant(variant_id="1", price=Decimal("2.50")),),
        ),
    ),
    (
        "carts",
        {
            "id": "id",
            "changed_at": "at",
            "fields": {"external_id": "c"},
            "lines": {"column": "l", "fields": {"sku": "s", "unit_price": "p"}},
        },
        {"id": 1, "at": AT, "c": 5, "l": '[{"s": "A", "p": "1.25"}]'},
        Cart(
            cart_id="1",
            identity=Identity(external_id="5"),
            currency="GBP",
            total=125,
            updated_at=utc(AT),
            lines=(OrderLine(line_id="1", name="A", sku="A", unit_price=Decimal("1.25"), subtotal=125, total=125),),
        ),
    ),
    (
        "subscriptions",
        {"id": "id", "fields": {"email": "mail", "created_at": "at", "price": "p", "product_ids": "skus"}},
        {"id": 1, "mail": "a@shop.test", "at": AT, "p": "9.99", "skus": "A,B"},
        Subscription(
            subscription_id="1",
            identity=Identity(email="a@shop.test"),
            created_at=utc(AT),
            price=999,
            currency="GBP",
            product_ids=("A", "B"),
        ),
    ),
    (
        "events",
        {
            "id": "id",
            "fields": {
                "anonymous_id": "v",
                "name": {"column": "n", "map": {"view": "product.viewed"}},
                "occurred_at": "at",
                "properties.sku": "s",
            },
        },
        {"id": 1, "v": "v1", "n": "view", "at": AT, "s": "A"},
        Event(
            event_id="1",
            name="product.viewed",
            identity=Identity(anonymous_id="v1"),
            occurred_at=utc(AT),
            properties={"sku": "A"},
        ),
    ),
]


@pytest.mark.parametrize(("path", "entity", "row", "expected"), RECORDS)
def test_every_entity_is_read(path: str, entity: Table, row: Table, expected: object) -> None:
    assert expected == read(reader_of(only(path, entity), path), row)


@pytest.mark.parametrize(
    ("path", "entity", "row", "said"),
    [
        (
            "consents",
            {"id": "id", "fields": {"email": "m", "state": "s"}},
            {"id": 1, "m": " ", "s": "subscribed"},
            "nobody",
        ),
        (
            "consents",
            {"id": "id", "fields": {"email": "m", "state": "s"}},
            {"id": 1, "m": "a@shop.test", "s": "yes"},
            "is none of",
        ),
        (
            "consents",
            {"id": "id", "fields": {"email": "m", "state": "s"}},
            {"id": 1, "m": "a@shop.test"},
            "is missing",
        ),
        ("products", {"id": "id", "fields": {"title": "t"}}, {"id": 1, "t": ""}, "is missing"),
        (
            "events",
            {"id": "id", "fields": {"name": "n", "occurred_at": "a"}},
            {"id": 1, "n": "x", "a": AT},
            "an event's name",
        ),
        ("people", {"id": "id", "fields": {"birth_date": "b"}}, {"id": 1, "b": "03.02.1980"}, "is not a date"),
    ],
)
def test_what_a_record_cannot_do_without_is_named(path: str, entity: Table, row: Table, said: str) -> None:
    with pytest.raises(InvalidRecord, match=said):
        read(reader_of(only(path, entity), path), row)


def test_only_mapped_and_kept_columns_are_asked_for(shop: Table) -> None:
    shop["orders"]["keep"] = ["ip"]
    reader = reader_of(shop)
    assert {*ROW, "ip"} == set(reader.columns)


def test_what_is_kept_is_split_per_record_with_its_children(shop: Table) -> None:
    reader = reader_of(shop)
    lookups = {
        "orders.lines": grouped(tuple(line[name] for name in reader.children["lines"].columns) for line in LINES)
    }
    decoded = reader.decoded(tuple(ROW[name] for name in reader.columns), lookups)
    assert {"row": ROW, "orders.lines": LINES} == msgspec.json.decode(decoded.raw)


def test_a_corrected_mapping_reads_what_was_kept(shop: Table) -> None:
    reader = reader_of(shop)
    raw = reader.decoded(tuple(ROW[name] for name in reader.columns), {}).raw
    shop["orders"]["fields"]["number"] = "id"
    again = reader_of(shop).reread(raw)
    assert isinstance(again.record, Order)
    assert ("1001", raw) == (again.record.number, again.raw)


AGAIN: list[tuple[Table, dict[str, Any]]] = [
    ({}, {}),
    ({"sku": 1}, {"sku": "1"}),
    ({"sku": 1.5}, {"sku": "1.5"}),
    ({"sku": Decimal("1.50")}, {"sku": "1.50"}),
    ({"sku": True}, {"sku": "true"}),
    ({"sku": " A "}, {}),
    ({"qty": 2.0, "price": Decimal("2.500")}, {}),
    ({"title": None}, {"name": "A"}),
    ({"title": None, "sku": None}, {"name": "8", "sku": None}),
    ({"qty": 3}, {"quantity": Decimal(3), "subtotal": 750, "total": 650}),
    ({"qty": 2.0, "sku": 1.0}, {"sku": "1"}),
]


@pytest.mark.parametrize(("change", "expected"), AGAIN)
def test_a_line_of_goods_met_before_reads_as_if_they_were_new(
    shop: Table, change: Table, expected: dict[str, Any]
) -> None:
    reader = reader_of(shop)
    known = [{**LINES[0], "sku": sku} for sku in ("A", 1, 0, "true", "1", "1.5", "1.5")]
    read(reader, ROW, {"orders.lines": known})
    first = read(reader, ROW, {"orders.lines": [LINES[0]]}).lines[0]
    line = read(reader, ROW, {"orders.lines": [{**LINES[0], "id": 8, **change}]}).lines[0]
    assert msgspec.structs.replace(first, line_id="8", **expected) == line


def test_the_currency_is_part_of_what_is_remembered_of_goods(shop: Table) -> None:
    shop["orders"]["fields"]["currency"] = "currency"
    reader = reader_of(shop)
    totals = [
        read(reader, {**ROW, "currency": code}, {"orders.lines": [LINES[0]]}).lines[0].subtotal
        for code in ("GBP", "JPY", "KWD", "GBP")
    ]
    assert [500, 5, 5000, 500] == totals


def test_an_amount_that_is_no_plain_value_says_where_it_is(shop: Table) -> None:
    with pytest.raises(InvalidRecord, match=r"lines\[0\]\.unit_price: is not a price"):
        read(reader_of(shop), ROW, {"orders.lines": [{**LINES[0], "price": [2]}]})


def refused(reader: RecordReader, row: Table) -> Undecoded:
    """What is kept of a row that is not understood."""
    cells = tuple(row.get(name) for name in reader.columns)
    with pytest.raises(InvalidRecord) as raised:
        reader.decoded(cells, {})
    return reader.undecoded(cells, {}, raised.value)


def test_a_refused_row_is_read_again_once_the_mapping_is_mended(shop: Table) -> None:
    del shop["orders"]["fields"]["placed_at"]
    shop["orders"]["fields"]["placed_at"] = "first_name"
    reader = reader_of(shop)
    kept = refused(reader, {**ROW, "first_name": "2024-06-01 soon"})
    shop["orders"]["fields"]["placed_at"] = {"value": "2024-06-01"}
    assert ("1001", "1001") == (kept.key, reader_of(shop).reread(kept.raw).key)


@pytest.mark.parametrize(
    ("column", "value"),
    [("email", "Caf\udce9"), ("placed_at", "\udcff"), ("total", float("inf")), ("placed_at", object())],
    ids=["broken text", "broken time", "no amount", "a type of its own"],
)
def test_whatever_a_refused_row_holds_is_kept(shop: Table, column: str, value: object) -> None:
    kept = refused(reader_of(shop), {**ROW, shop["orders"]["fields"][column]: value})
    assert b'{"row":{"id":1001,' == kept.raw[:18]


def test_broken_text_that_the_mapping_of_today_leaves_out_spoils_nothing(shop: Table) -> None:
    shop["orders"]["fields"]["number"] = "spoilt"
    kept = refused(reader_of(shop), {**ROW, "spoilt": "Caf\udce9"})
    del shop["orders"]["fields"]["number"]
    assert "1001" == reader_of(shop).reread(kept.raw).key


def test_whom_a_refused_row_names_is_read_as_far_as_it_can_be(shop: Table) -> None:
    shop["orders"]["fields"] |= {"external_id": "who", "phone": "tel"}
    kept = refused(reader_of(shop), {**ROW, "who": 7, "tel": "\udcff"})
    expected = Identity(external_id="7", email=str(ROW[shop["orders"]["fields"]["email"]]).strip())
    assert expected == kept.identity


@pytest.mark.parametrize(("given", "is_plain"), [("A-7", True), ("ana@mail.test", False), ("x" * 41, False)])
def test_an_id_that_may_be_about_a_person_is_not_the_key(shop: Table, given: str, is_plain: bool) -> None:
    key = reader_of(shop).key((given,))
    assert (is_plain, is_plain) == (key == given, given in key)
