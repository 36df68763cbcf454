"""Positions as bytes, the drivers' errors as ours, and names that are guessed."""

from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import UUID

import pytest
from sqlalchemy import exc

from orderwire.errors import ConfigError, OrderwireError, Unavailable
from orderwire.sources.driver_errors import translate, translated
from orderwire.sources.faults import did_you_mean
from orderwire.sources.positions import Position, cells, dump, load
from orderwire.sources.suggest import pick

BEGAN = datetime(2024, 7, 1, tzinfo=UTC)
CURSORS = [
    "2024-07-01 10:00:00",
    2**63,
    1.5,
    Decimal(18446744073709551617),
    datetime(2024, 7, 1, 10),  # noqa: DTZ001
    BEGAN,
    date(2024, 7, 1),
    UUID(int=7),
    b"\x00\xff",
]


@pytest.mark.parametrize("value", CURSORS)
def test_a_cursor_comes_back_as_the_value_it_was(value: object) -> None:
    position = Position(began=BEGAN, after=cells(value, "id"))
    assert (value, "id") == position.cursor
    assert position == load(dump(position))


def test_no_bytes_are_no_position() -> None:
    assert [None, None] == [load(None), load(b"")]


def test_a_cursor_that_cannot_be_kept_is_a_fault_of_the_mapping() -> None:
    with pytest.raises(ConfigError, match="cannot be paged by"):
        cells([1])


class DriverError(Exception):
    """Stands for what a driver raises."""


def raised(kind: type[exc.DBAPIError], said: str, statement: str | None = "SELECT 1") -> exc.DBAPIError:
    return kind(statement, {}, DriverError(said))


TRANSLATIONS = [
    (raised(exc.OperationalError, "no such table: ordrs"), ConfigError, "there is no table ordrs"),
    (raised(exc.OperationalError, "no such column: totl"), ConfigError, "there is no column totl"),
    (raised(exc.ProgrammingError, 'relation "ordrs" does not exist'), ConfigError, "there is no table ordrs"),
    (raised(exc.ProgrammingError, 'column "totl" does not exist'), ConfigError, "there is no column totl"),
    (raised(exc.ProgrammingError, "(1146, \"Table 'shop.ordrs' doesn't exist\")"), ConfigError, "table shop.ordrs"),
    (raised(exc.OperationalError, "(1054, \"Unknown column 'totl' in 'SELECT'\")"), ConfigError, "column totl"),
    (raised(exc.ProgrammingError, "permission denied for table orders"), ConfigError, "may not read orders"),
    (
        raised(exc.OperationalError, "(1142, \"SELECT command denied to user 'x'@'h' for table `shop`.`orders`\")"),
        ConfigError,
        "may not read shop",
    ),
    (raised(exc.OperationalError, "password authentication failed", None), ConfigError, "refuses the login"),
    (raised(exc.OperationalError, "(1045, \"Access denied for user 'x'\")", None), ConfigError, "refuses the login"),
    (raised(exc.OperationalError, 'database "x" does not exist', None), ConfigError, "refuses the login"),
    (raised(exc.ProgrammingError, 'syntax error at or near "FRM"'), ConfigError, "not valid SQL"),
    (raised(exc.DatabaseError, "file is not a database"), ConfigError, "not an SQLite database"),
    (raised(exc.ProgrammingError, "operator does not exist: date = integer"), ConfigError, "cast it in a query"),
    (raised(exc.DataError, 'invalid input syntax: "a@shop.test"'), ConfigError, "cast it in a query"),
    (exc.NoSuchTableError("ordrs"), ConfigError, "there is no table ordrs"),
    (exc.ArgumentError("odd"), ConfigError, "cannot be read"),
    (raised(exc.OperationalError, "connection refused", None), Unavailable, "source.shop: no answer (connect)"),
    (raised(exc.OperationalError, "server closed the connection"), Unavailable, "source.shop: no answer (read)"),
    (raised(exc.InterfaceError, "gone"), Unavailable, "source.shop: no answer (read)"),
    (raised(exc.OperationalError, "database is locked"), Unavailable, "source.shop: no answer (read)"),
    (exc.TimeoutError("pool"), Unavailable, "timeout"),
]


@pytest.mark.parametrize(("error", "kind", "said"), TRANSLATIONS)
def test_every_error_of_the_database_becomes_ours(
    error: exc.SQLAlchemyError, kind: type[OrderwireError], said: str
) -> None:
    found = translate(error, "source.shop.orders")
    assert (kind, True) == (type(found), said in str(found))


def test_no_value_of_the_database_is_repeated() -> None:
    said = [str(translate(error, "source.shop")) for error, _, _ in TRANSLATIONS]
    assert [] == [text for text in said if "a@shop.test" in text]


def test_our_own_errors_pass_unchanged() -> None:
    ours = ConfigError("a", "b")
    with pytest.raises(ConfigError) as caught, translated("source.shop"):
        raise ours
    assert ours is caught.value


def test_a_login_that_needs_another_package_says_so() -> None:
    with pytest.raises(ConfigError, match="needs the Python package cryptography"), translated("source.shop"):
        raise RuntimeError("'cryptography' package is required for caching_sha2_password auth methods")
    with pytest.raises(RuntimeError, match="odd"), translated("source.shop"):
        raise RuntimeError("odd")


def test_the_cause_stays_with_the_error() -> None:
    cause = raised(exc.OperationalError, "gone")
    with pytest.raises(Unavailable) as caught, translated("source.shop"):
        raise cause
    assert cause is caught.value.__cause__


@pytest.mark.parametrize(
    ("word", "known", "expected"),
    [
        ("totl", ["total", "tax"], 'Did you mean "total"?'),
        ("GRAND_TOTL", ["grand_total"], 'Did you mean "grand_total"?'),
        ("x", ["b", "a"], "There are: a, b."),
        ("x", [], ""),
    ],
)
def test_a_near_miss_is_suggested(word: str, known: list[str], expected: str) -> None:
    assert expected == did_you_mean(word, known)


@pytest.mark.parametrize(
    ("known", "expected"), [(["OrderId", "ID"], "OrderId"), (["id"], "id"), (["order-id"], "order-id"), (["x"], None)]
)
def test_usual_names_are_found_in_any_spelling(known: list[str], expected: str | None) -> None:
    assert expected == pick(known, ("order_id", "id"))
