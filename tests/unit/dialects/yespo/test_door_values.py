"""Single values and lines as Yespo's clients write them."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from orderwire.dialects.yespo.amounts import rows
from orderwire.dialects.yespo.door import values
from orderwire.dialects.yespo.door.desk import contact_id, person_number
from orderwire.dialects.yespo.door.lines import order_lines
from orderwire.dialects.yespo.door.values import Unfit
from orderwire.model import OrderLine


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("2026-01-02", datetime(2026, 1, 2, tzinfo=UTC)),
        ("2026-01-02T10:20", datetime(2026, 1, 2, 10, 20, tzinfo=UTC)),
        ("2026-01-02T10:20:30", datetime(2026, 1, 2, 10, 20, 30, tzinfo=UTC)),
        ("2026-01-02 10:20:30", datetime(2026, 1, 2, 10, 20, 30, tzinfo=UTC)),
        ("2026-01-02T10:20:30.7022176+03:00", datetime(2026, 1, 2, 7, 20, 30, 702217, tzinfo=UTC)),
        ("2026-01-02T10:20:30+0200", datetime(2026, 1, 2, 8, 20, 30, tzinfo=UTC)),
        ("2026-01-02T10:20:30-05", datetime(2026, 1, 2, 15, 20, 30, tzinfo=UTC)),
        ("2026-01-02T10:20:30Z", datetime(2026, 1, 2, 10, 20, 30, tzinfo=UTC)),
        (1772365000000, datetime(2026, 3, 1, 11, 36, 40, tzinfo=UTC)),
        ("2026-02-30", None),
        ("0001-01-01T00:00+14:00", None),
        ("", None),
        (True, None),
        (17, None),
    ],
)
def test_an_instant_is_read_in_every_form(written: object, read: datetime | None) -> None:
    assert read == values.instant(written)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("380942583691", "+380942583691"),
        ("+380955547708", "+380955547708"),
        ("+1-541-754-3010", "+1-541-754-3010"),
        ("00380955547708", "+380955547708"),
        (380942583691, "+380942583691"),
        ("0501112233", "0501112233"),
        (" ", None),
        (None, None),
    ],
)
def test_a_phone_is_read_as_an_international_number_where_it_is_one(written: object, read: str | None) -> None:
    assert read == values.phone_of(written)


@pytest.mark.parametrize(
    ("written", "read"), [("10.50", Decimal("10.50")), (3, Decimal(3)), (" 7 ", Decimal(7)), ("", None), (None, None)]
)
def test_a_number_is_read_from_its_digits(written: object, read: Decimal | None) -> None:
    assert read == values.number(written, "cost")


@pytest.mark.parametrize("written", ["NaN", "Infinity", "1e99", "ten", True, [], {}, 10**400, Decimal("1e-40")])
def test_what_is_no_amount_is_refused(written: object) -> None:
    with pytest.raises(Unfit):
        values.number(written, "cost")


def test_an_id_beyond_what_a_float_holds_keeps_its_digits() -> None:
    assert "9007199254740993" == values.text(values.decoded(b"9007199254740993"), "externalOrderId")


@given(st.integers(min_value=1, max_value=10**12))
def test_a_contact_id_leads_back_to_its_person(person: int) -> None:
    assert person == person_number(contact_id(person)) == person_number(str(contact_id(person)))


def item(row: Any) -> dict[str, Any]:
    return {
        "externalItemId": "P1",
        "name": f"Mug{row.suffix}",
        "quantity": msgspec.json.decode(row.quantity, type=Decimal),
        "cost": msgspec.json.decode(row.cost, type=Decimal),
    }


@given(
    quantity=st.one_of(
        st.integers(min_value=1, max_value=50).map(Decimal),
        st.decimals(min_value="0.01", max_value="50", places=2).filter(lambda value: value > 0),
    ),
    total=st.integers(min_value=0, max_value=10**9),
    currency=st.sampled_from(["EUR", "JPY", "KWD"]),
)
def test_a_line_in_the_rows_of_our_writer_is_read_back_exactly(quantity: Decimal, total: int, currency: str) -> None:
    line = OrderLine(line_id="L1", name="Mug", product_id="P1", quantity=quantity, total=total)
    items = [item(row) for row in rows(line, total, currency)]
    read = order_lines(items, currency, total)
    assert [(quantity, total, "Mug")] == [(one.quantity, one.total, one.name) for one in read]


def test_rows_of_one_product_at_quite_different_prices_stay_apart() -> None:
    items = [{"externalItemId": "P1", "quantity": 1, "cost": 5}, {"externalItemId": "P1", "quantity": 1, "cost": 3}]
    assert ["P1", "P1#2"] == [line.line_id for line in order_lines(items, "EUR", 800)]


@pytest.mark.parametrize(
    ("target", "totals"),
    [(2500, [2000, 500]), (4500, [4000, 500]), (9999, [4000, 500])],
    ids=["costs are those of lines", "costs are those of pieces", "neither, so of pieces"],
)
def test_whether_a_cost_is_a_lines_or_a_pieces_shows_in_the_sum(target: int, totals: list[int]) -> None:
    items = [
        {"externalItemId": "P1", "quantity": 2, "cost": "20.00"},
        {"externalItemId": "P2", "quantity": 1, "cost": "5.00"},
    ]
    assert totals == [line.total for line in order_lines(items, "EUR", target)]
