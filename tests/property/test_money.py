"""Money adds up, whatever the amounts and currencies."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from orderwire.model.money import Money, decimal_text, major, minor, spread

AMOUNTS = st.integers(min_value=-(10**15), max_value=10**15)
CURRENCIES = st.sampled_from(["EUR", "GBP", "JPY", "KRW", "KWD", "BHD", "USD"])
WEIGHTS = st.lists(st.integers(min_value=0, max_value=10**9), min_size=1, max_size=50).map(tuple)


@given(AMOUNTS, WEIGHTS)
def test_shares_add_up_to_the_amount(amount: int, weights: tuple[int, ...]) -> None:
    assert amount == sum(spread(amount, weights))


@given(AMOUNTS, WEIGHTS)
def test_giving_and_taking_the_same_amount_share_it_alike(amount: int, weights: tuple[int, ...]) -> None:
    assert tuple(-share for share in spread(amount, weights)) == spread(-amount, weights)


@given(AMOUNTS, WEIGHTS.filter(any))
def test_no_share_is_a_whole_unit_away_from_its_exact_part(amount: int, weights: tuple[int, ...]) -> None:
    total = sum(weights)
    shares = spread(amount, weights)
    assert all(abs(share * total - amount * weight) < total for share, weight in zip(shares, weights, strict=True))


@given(AMOUNTS, WEIGHTS.filter(any))
def test_what_weighs_nothing_gets_nothing(amount: int, weights: tuple[int, ...]) -> None:
    shares = spread(amount, weights)
    assert not any(share for share, weight in zip(shares, weights, strict=True) if weight == 0)


@given(AMOUNTS, CURRENCIES)
def test_minor_units_survive_the_way_through_major_units(amount: int, currency: str) -> None:
    assert amount == minor(major(amount, currency), currency)


@given(AMOUNTS, CURRENCIES)
def test_the_text_of_an_amount_is_the_amount(amount: int, currency: str) -> None:
    assert major(amount, currency) == Decimal(decimal_text(amount, currency))


@given(AMOUNTS, AMOUNTS, CURRENCIES)
def test_adding_money_adds_minor_units(left: int, right: int, currency: str) -> None:
    assert Money(left + right, currency) == Money(left, currency) + Money(right, currency)
