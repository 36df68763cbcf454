"""Our own JSON, both ways."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from orderwire.dialects import native
from orderwire.errors import InvalidRecord
from orderwire.model import (
    Address,
    Cart,
    Channel,
    Consent,
    ConsentState,
    Event,
    Identity,
    Order,
    OrderLine,
    Person,
    Product,
    Record,
    Refund,
    Shipment,
    Subscription,
    Variant,
)

AT = datetime(2024, 7, 1, 9, 30, tzinfo=UTC)
WHO = Identity(external_id="5", email="a@shop.test")
LINE = OrderLine(
    line_id="1", name="Lantern", quantity=Decimal("1.5"), unit_price=Decimal("0.001"), properties={"a": 1}
)
RECORDS: dict[str, Record] = {
    "person": Person(
        identity=WHO, address=Address(city="Leeds"), tags=("vip",), properties={"points": 3}, created_at=AT
    ),
    "consent": Consent(identity=WHO, channel=Channel.SMS, state=ConsentState.SUPPRESSED, changed_at=AT),
    "product": Product(
        product_id="A", title="Lantern", price=Decimal("2.50"), variants=(Variant(variant_id="A1", inventory=0),)
    ),
    "order": Order(
        order_id="1",
        identity=WHO,
        currency="GBP",
        placed_at=AT,
        total=-5,
        lines=(LINE,),
        refunds=(Refund(refund_id="R", refunded_at=AT, amount=5),),
        shipments=(Shipment(shipment_id="S", shipped_at=AT),),
        approximate=("paid_at",),
    ),
    "cart": Cart(cart_id="1", identity=WHO, currency="GBP", total=0, updated_at=AT),
    "subscription": Subscription(subscription_id="1", identity=WHO, created_at=AT, product_ids=("A",)),
    "event": Event(
        event_id="1", name="custom.wish", identity=WHO, occurred_at=AT, properties={"list": [1, {"deep": None}]}
    ),
}


@pytest.mark.parametrize("name", RECORDS)
def test_what_is_written_reads_the_same(name: str) -> None:
    record = RECORDS[name]
    found = native.read_one(name, native.write(record), source="api")
    assert (type(record), record) == (type(found), found)


def test_every_type_of_record_is_covered() -> None:
    assert set(native.TYPES) == set(RECORDS)


def test_a_batch_keeps_each_record_with_its_own_bytes() -> None:
    written = {name: native.write(record) for name, record in RECORDS.items()}
    reading = native.read_batch(b'{"records": [' + b", ".join(written.values()) + b"]}", source="api")
    assert [(name, RECORDS[name], raw) for name, raw in written.items()] == [
        (piece.type, piece.record, piece.raw) for piece in reading.pieces
    ]


def body(**changes: Any) -> dict[str, Any]:
    return {
        "type": "order",
        "order_id": "1",
        "identity": {"email": "a@shop.test"},
        "currency": "GBP",
        "placed_at": "2024-07-01T09:30:00Z",
        "total": 100,
    } | changes


def read(value: object) -> Record:
    return native.read_one("order", msgspec.json.encode(value), source="api")


def test_instants_become_utc_at_any_depth() -> None:
    refund = {"refund_id": "R", "refunded_at": "2024-07-01T11:30:00+02:00", "amount": 1}
    order = read(body(placed_at="2024-07-01T10:30:00+01:00", refunds=[refund]))
    assert isinstance(order, Order)
    assert [UTC, UTC] == [order.placed_at.tzinfo, order.refunds[0].refunded_at.tzinfo]
    assert [AT, AT] == [order.placed_at, order.refunds[0].refunded_at]


@pytest.mark.parametrize("price", [b"4.35", b'"4.35"'])
def test_prices_are_exact_as_numbers_and_as_texts(price: bytes) -> None:
    line = b'[{"line_id": "1", "name": "x", "unit_price": ' + price + b"}]"
    raw = msgspec.json.encode(body())[:-1] + b', "lines": ' + line + b"}"
    order = native.read_one("order", raw, source="api")
    assert isinstance(order, Order)
    assert Decimal("4.35") == order.lines[0].unit_price


BAD: list[tuple[dict[str, Any], str, str]] = [
    ({"totl": 1}, "totl", 'Did you mean "total"?'),
    ({"zzz": 1}, "zzz", "under `properties`"),
    ({"lines": [{"line_id": "1", "name": "x", "qantity": 1}]}, "lines[0].qantity", 'Did you mean "quantity"?'),
    ({"identity": {"mail": "a@shop.test"}}, "identity.mail", 'Did you mean "email"?'),
    ({"total": "much"}, "total", "Expected `int`"),
    ({"total": 1.5}, "total", "Expected `int`"),
    ({"placed_at": "2024-07-01T09:30:00"}, "placed_at", "timezone"),
    ({"placed_at": "yesterday"}, "placed_at", "Invalid RFC3339"),
    ({"type": "cart"}, "type", "Invalid value"),
    ({"order_id": 5}, "order_id", "Expected `str`"),
    ({"lines": [{"line_id": "1", "name": "x", "quantity": "NaN"}]}, "order", "no amount or quantity"),
    ({"lines": [{"line_id": "1", "name": "x", "quantity": "1e999999"}]}, "order", "no amount or quantity"),
    ({"refunds": [{"refund_id": "R", "refunded_at": "2024-07-01T09:30:00Z", "amount": 1, "kind": "a@shop.test"}]},
     "refunds[0].kind", "Invalid enum value"),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "path", "said"), BAD)
def test_a_bad_record_is_refused_by_place_and_never_by_value(changes: dict[str, Any], path: str, said: str) -> None:
    with pytest.raises(InvalidRecord) as caught:
        read(body(**changes))
    assert ("api", path) == (caught.value.source, caught.value.path)
    assert said in str(caught.value)
    assert "a@shop.test" not in str(caught.value)


@pytest.mark.parametrize(
    ("missing", "said"), [("total", "missing required field `total`"), ("identity", "`identity`")]
)
def test_a_missing_field_is_named(missing: str, said: str) -> None:
    with pytest.raises(InvalidRecord, match=said):
        read({name: value for name, value in body().items() if name != missing})


def test_the_type_may_be_left_out_where_the_route_tells_it() -> None:
    assert read(body()) == read({name: value for name, value in body().items() if name != "type"})


def test_a_type_that_does_not_exist_is_named() -> None:
    with pytest.raises(InvalidRecord, match="Types: person, consent"):
        native.read_one("invoice", b"{}", source="api")


def test_a_bad_record_in_a_batch_spoils_nothing_but_itself() -> None:
    records = [body(), body(totl=1), 5, {"type": "invoice"}, {"no": "type"}, body(order_id="2")]
    reading = native.read_batch(msgspec.json.encode({"records": records}), source="api")
    assert (0, 5) == reading.places
    assert ["records[1].totl", "records[2].type", "records[3].type", "records[4].type"] == [
        problem.path for problem in reading.problems
    ]


@pytest.mark.parametrize("raw", [b"", b"{", b"[]", b'{"records": 5}', b'{"record": []}', b"\xff", b"[" * 100_000])
def test_what_is_no_batch_is_refused(raw: bytes) -> None:
    with pytest.raises(InvalidRecord):
        native.read_batch(raw, source="api")


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@given(st.sampled_from(sorted(RECORDS)), st.data())
def test_any_change_of_a_record_is_read_or_refused(name: str, data: st.DataObject) -> None:
    value = msgspec.json.decode(native.write(RECORDS[name]))
    value[data.draw(st.sampled_from(sorted(value)))] = data.draw(JSON)
    try:
        raw = msgspec.json.encode(value)
    except (UnicodeEncodeError, OverflowError):
        return
    try:
        record = native.read_one(name, raw, source="api")
    except InvalidRecord:
        return
    assert record == native.read_one(name, native.write(record), source="api")


def test_the_schema_describes_every_type_and_allows_nothing_else() -> None:
    schema = native.schema()
    titles = {"Person", "Consent", "Product", "Order", "Cart", "Subscription", "Event"}
    assert titles <= set(schema["$defs"])
    structs = [each for each in schema["$defs"].values() if each.get("type") == "object"]
    assert [] == [each["title"] for each in structs if each.get("additionalProperties") is not False]
    assert {"type", "order_id", "identity", "currency", "placed_at", "total"} == set(
        schema["$defs"]["Order"]["required"]
    )
    assert msgspec.json.encode(schema)
