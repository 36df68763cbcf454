"""Single values, as databases and files give them."""

from decimal import Decimal
from enum import StrEnum
from uuid import UUID

import pytest

from orderwire.sources import decode
from orderwire.sources.decode import MISFITS, Unreadable

BROKEN = "caf\udce9"


class Colour(StrEnum):
    RED = "red"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (" a ", "a"),
        ("", None),
        ("  ", None),
        (17850, "17850"),
        (17850.0, "17850"),
        (Decimal("12.50"), "12.50"),
        (Decimal(2**64 + 1), "18446744073709551617"),
        (2**60 + 1, "1152921504606846977"),
        (True, "true"),
        (b"abc", "abc"),
        (UUID(int=1), "00000000-0000-0000-0000-000000000001"),
    ],
)
def test_a_text_is_trimmed_and_numbers_become_keys(value: object, expected: str | None) -> None:
    assert expected == decode.text(value)


@pytest.mark.parametrize(
    ("value", "currency", "expected"),
    [
        ("12.50", "GBP", 1250),
        (12.5, "GBP", 1250),
        (Decimal("12.5"), "GBP", 1250),
        (12, "GBP", 1200),
        ("0.285", "GBP", 29),
        ("-0.285", "GBP", -29),
        (0.285, "GBP", 29),
        (1.005, "GBP", 101),
        ("1999", "JPY", 1999),
        ("1.234", "KWD", 1234),
        ("1.2345", "KWD", 1235),
        ("-12.50", "GBP", -1250),
        (".50", "GBP", 50),
        ("0012.50", "GBP", 1250),
        (" 7 ", "GBP", 700),
        ("", "GBP", None),
    ],
)
def test_major_amounts_are_exact_with_halves_away_from_zero(value: object, currency: str, expected: int) -> None:
    assert expected == decode.money(is_major=True)(value, currency)


@pytest.mark.parametrize(("value", "expected"), [("1250", 1250), (1250, 1250), (1250.0, 1250), ("1250.00", 1250)])
def test_minor_amounts_are_taken_as_they_are(value: object, expected: int) -> None:
    assert expected == decode.money(is_major=False)(value, "GBP")


def test_a_fraction_of_a_minor_unit_is_refused() -> None:
    with pytest.raises(Unreadable, match="not a whole number"):
        decode.money(is_major=False)("12.50", "GBP")


@pytest.mark.parametrize(
    "value",
    ["12,50", "£12", "abc", "NaN", "Infinity", "1E+999999999", "1E-999999999", float("nan"), float("inf"), b"1", [1]],
)
def test_what_is_no_amount_is_refused(value: object) -> None:
    with pytest.raises(MISFITS):
        decode.money(is_major=True)(value, "GBP")


def test_prices_keep_all_digits_of_the_shop() -> None:
    assert Decimal("0.001") == decode.price(is_major=True)("0.001", "GBP")


def test_minor_prices_become_major() -> None:
    assert "12.50" == str(decode.price(is_major=False)(1250, "GBP"))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (2.1, "2.10"),
        ("2.100", "2.10"),
        (Decimal("2.1"), "2.10"),
        ("2.1050", "2.105"),
        (100, "100.00"),
        ("-0.5", "-0.50"),
    ],
)
def test_one_price_is_always_written_the_same(value: object, expected: str) -> None:
    assert expected == str(decode.price(is_major=True)(value, "GBP"))


@pytest.mark.parametrize(
    ("value", "expected"), [("6", "6"), ("6.00", "6"), (6.0, "6"), ("0.50", "0.5"), ("100", "100")]
)
def test_one_quantity_is_always_written_the_same(value: object, expected: str) -> None:
    assert expected == str(decode.quantity(value))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (1, True),
        ("0", False),
        ("Yes", True),
        ("off", False),
        (True, True),
        (b"\x01", True),
        (b"\x00", False),
        ("", None),
    ],
)
def test_yes_and_no_are_read_as_shops_write_them(value: object, expected: bool | None) -> None:
    assert expected is decode.flag(value)


@pytest.mark.parametrize("value", ["maybe", 2, "ja"])
def test_anything_else_is_neither_yes_nor_no(value: object) -> None:
    with pytest.raises(Unreadable):
        decode.flag(value)


@pytest.mark.parametrize(
    ("value", "expected"),
    [("a, b,,c", ("a", "b", "c")), ('["a", 1]', ("a", "1")), (["a", None], ("a",)), ("", None), ([], None)],
)
def test_lists_are_lists_json_or_words(value: object, expected: tuple[str, ...] | None) -> None:
    assert expected == decode.texts(value)


@pytest.mark.parametrize(("value", "expected"), [("gbp", "GBP"), (" EUR ", "EUR"), ("", None)])
def test_currency_codes_are_upper_case(value: object, expected: str | None) -> None:
    assert expected == decode.currency(value)


@pytest.mark.parametrize("value", ["£", "EURO", "12"])
def test_what_is_no_currency_code_is_refused(value: str) -> None:
    with pytest.raises(Unreadable):
        decode.currency(value)


@pytest.mark.parametrize("read", [decode.text, decode.scalar, decode.currency, decode.flag])
def test_text_that_is_not_unicode_is_refused(read: decode.Decoder) -> None:
    with pytest.raises(MISFITS):
        read(BROKEN)


def test_a_choice_is_never_guessed() -> None:
    assert [Colour.RED, None] == [decode.one_of(Colour)("red"), decode.one_of(Colour)("")]
    with pytest.raises(Unreadable, match="none of: red"):
        decode.one_of(Colour)("Red ")


@pytest.mark.parametrize(("value", "expected"), [("on", "yes"), (1, "one"), ("", "none"), ("  ", "none")])
def test_a_map_translates_the_text_and_may_name_the_blank(value: object, expected: str) -> None:
    translate = decode.mapped({"on": "yes", "1": "one", "": "none"}, decode.text)
    assert expected == translate(value)


def test_a_value_the_map_does_not_know_is_refused_without_being_shown() -> None:
    with pytest.raises(Unreadable) as caught:
        decode.mapped({"on": "yes"}, decode.text)("a@shop.test")
    assert "a@shop.test" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "is_fine"), [("product.viewed", True), ("custom.wish", True), ("custom.", False), ("wish", False)]
)
def test_event_names_are_ours_or_custom(name: str, is_fine: bool) -> None:
    try:
        found = decode.event_name(name)
    except Unreadable:
        found = None
    assert (name if is_fine else None) == found
