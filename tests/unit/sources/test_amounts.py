"""The sums of lines and orders."""

from decimal import Decimal

import pytest

from orderwire.sources.amounts import LineAmounts, line_amounts, order_amounts, product


def test_quantity_times_price_rounds_halves_up() -> None:
    assert 29 == product(Decimal(3), Decimal("0.095"), "GBP")


@pytest.mark.parametrize(
    ("goods", "subtotal", "discount", "total", "expected"),
    [
        (1000, None, None, None, LineAmounts(1000, 0, 1000)),
        (1000, None, 100, None, LineAmounts(1000, 100, 900)),
        (1000, None, None, 900, LineAmounts(1000, 100, 900)),
        (1000, None, 100, 900, LineAmounts(1000, 100, 900)),
        (1000, 999, 100, None, LineAmounts(999, 100, 899)),
        (None, None, None, 900, LineAmounts(900, 0, 900)),
        (None, None, 100, 900, LineAmounts(1000, 100, 900)),
        (1000, None, 100, 850, LineAmounts(1000, 100, 850, -50)),
        (1000, None, None, 1010, LineAmounts(1000, 0, 1010, 10)),
        (None, None, 100, None, None),
    ],
)
def test_a_line_is_completed_from_what_the_shop_states(
    goods: int | None, subtotal: int | None, discount: int | None, total: int | None, expected: LineAmounts | None
) -> None:
    assert expected == line_amounts(goods, subtotal=subtotal, discount=discount, total=total)


def lines(*totals: int, discount: int = 0) -> list[LineAmounts]:
    return [LineAmounts(total + discount, discount, total) for total in totals]


@pytest.mark.parametrize(
    ("given", "total", "discount", "extras", "expected_lines", "expected_total", "mismatch"),
    [
        pytest.param(lines(600, 400), 1000, 0, 0, [600, 400], 1000, 0, id="adds up"),
        pytest.param(lines(600, 400), 1450, 0, 450, [600, 400], 1450, 0, id="with shipping"),
        pytest.param(lines(600, 400), 900, 100, 0, [540, 360], 900, 0, id="discount is spread"),
        pytest.param(lines(540, 360, discount=50), 900, 100, 0, [540, 360], 900, 0, id="discount is in the lines"),
        pytest.param(lines(100, 100, 100), 200, 100, 0, [66, 67, 67], 200, 0, id="to the last unit"),
        pytest.param(lines(600, 400), 999, 0, 0, [600, 400], 999, -1, id="a penny is missing"),
        pytest.param(lines(600, 400), 905, 100, 0, [540, 360], 905, 5, id="spread, and still not right"),
        pytest.param(
            lines(540, 360, discount=50), 905, 100, 0, [540, 360], 905, 5, id="in the lines, still not right"
        ),
        pytest.param(lines(600, 400), None, 100, 50, [540, 360], 950, 0, id="no total stated"),
        pytest.param(lines(600, -100), 400, 100, 0, [500, -100], 400, 0, id="a negative line gets no share"),
        pytest.param([], 500, 0, 0, [], 500, 500, id="an order without its lines"),
        pytest.param([], 400, 100, 500, [], 400, 0, id="a discount on shipping alone"),
    ],
)
def test_an_order_is_settled(
    given: list[LineAmounts],
    total: int | None,
    discount: int,
    extras: int,
    expected_lines: list[int],
    expected_total: int,
    mismatch: int,
) -> None:
    settled = order_amounts(given, total=total, discount=discount, extras=extras)
    found = ([line.total for line in settled.lines], settled.total, settled.mismatch)
    assert (expected_lines, expected_total, mismatch) == found


def test_without_mapped_lines_there_is_nothing_to_compare() -> None:
    assert (1000, 0) == order_amounts((), total=1000, discount=0, extras=0, has_lines=False)[1:]


def test_a_spread_discount_stands_in_each_line() -> None:
    settled = order_amounts(lines(600, 400), total=900, discount=100, extras=0)
    assert [LineAmounts(600, 60, 540), LineAmounts(400, 40, 360)] == list(settled.lines)
