"""Rows that were refused: kept when they are met, read again once the mapping is mended."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import structlog

import orderwire
from orderwire import Shop
from orderwire.app import people, refusals
from orderwire.app.ingest import ingest
from orderwire.app.refusals import SourceStatus
from orderwire.app.reread import reread
from orderwire.errors import NotFound, Unavailable
from orderwire.testing.commands import ORDERS, PEOPLE

FACTS = 2 * PEOPLE + 2 + 2 * ORDERS
BAD = 2
"""Orders that were never placed, as far as the shop says."""
SOON = timedelta(minutes=5)


def write(folder: Path, statement: str) -> None:
    with closing(sqlite3.connect(folder / "shop.db")) as database, database:
        database.execute(statement)


@pytest.fixture
def met(folder: Path) -> Iterator[Shop]:
    """The shop, read once with two orders that are not understood."""
    write(folder, "UPDATE orders SET placed_at = 'soon' WHERE id IN (3, 4)")
    with structlog.testing.capture_logs(), orderwire.open(folder) as shop:
        ingest(shop, "shop")
        yield shop


@pytest.fixture
def mended(met: Shop, folder: Path) -> Iterator[Shop]:
    """The same after the mapping was mended."""
    settings = folder / "orderwire.toml"
    text = settings.read_text(encoding="utf-8").replace('placed_at = "placed_at"', 'placed_at = "updated_at"')
    settings.write_text(text, encoding="utf-8")
    with orderwire.open(folder) as shop:
        yield shop


def places(shop: Shop) -> list[tuple[str, str, int]]:
    return [(one.place, one.problem, one.times) for one in refusals.listed(shop, "shop")]


def test_they_are_kept_and_told_by_place_problem_and_remedy(met: Shop) -> None:
    expected = [(f"orders[{number}].placed_at", "is not a point in time", 1) for number in (3, 4)]
    assert (expected, [SourceStatus(source="shop", refused=BAD)]) == (places(met), refusals.sources(met))


def test_what_is_listed_holds_no_value(met: Shop) -> None:
    assert "soon" not in repr(refusals.listed(met, "shop"))


def test_the_operator_may_see_what_was_kept(met: Shop) -> None:
    assert b'"placed_at":"soon"' in refusals.raw_of(met, "shop", "3")


def test_reading_the_source_again_adds_none(met: Shop) -> None:
    begun = datetime.now(UTC)
    reread(met, "shop", from_source=True)
    assert [(BAD, 0)] == [(one.refused, one.new) for one in refusals.sources(met, since=begun)]
    assert [2, 2] == [times for _, _, times in places(met)]


def test_only_those_met_since_are_new(met: Shop, folder: Path) -> None:
    begun = datetime.now(UTC)
    write(folder, "UPDATE orders SET placed_at = 'soon', updated_at = datetime('now', '+60 seconds') WHERE id = 5")
    ingest(met, "shop", now=datetime.now(UTC) + SOON)
    assert [(BAD + 1, 1)] == [(one.refused, one.new) for one in refusals.sources(met, since=begun)]


def test_a_retry_with_the_same_mapping_understands_nothing_more(met: Shop) -> None:
    done = refusals.retry(met, "shop")
    assert (0, BAD, BAD, 0) == (done.understood, done.refused, done.left, done.appended)


def test_a_retry_after_mending_records_what_was_kept(mended: Shop) -> None:
    done = refusals.retry(mended, "shop")
    assert (BAD, 2 * BAD, 0, FACTS) == (done.understood, done.appended, done.left, mended.ledger.head())
    assert [] == refusals.listed(mended, "shop")


def test_what_was_met_in_the_first_full_pass_stays_history(mended: Shop) -> None:
    head = mended.ledger.head()
    refusals.retry(mended, "shop")
    assert {True} == {entry.fact.is_imported for entry in mended.ledger.entries(head, limit=100)}


def test_what_was_news_when_it_was_refused_stays_news(met: Shop, mended: Shop, folder: Path) -> None:
    refusals.drop(met, "shop", ())
    write(folder, "UPDATE orders SET updated_at = datetime('now', '+60 seconds') WHERE id = 3")
    ingest(met, "shop", now=datetime.now(UTC) + SOON)
    head = met.ledger.head()
    done = refusals.retry(mended, "shop")
    assert (1, {False}) == (
        done.understood,
        {entry.fact.is_imported for entry in mended.ledger.entries(head, limit=9)},
    )


def test_a_retry_twice_adds_nothing(mended: Shop) -> None:
    refusals.retry(mended, "shop")
    again = refusals.retry(mended, "shop")
    assert (0, 0) == (again.understood, again.appended)


def test_a_row_that_the_shop_itself_mends_is_refused_no_more(met: Shop, folder: Path) -> None:
    write(
        folder,
        "UPDATE orders SET placed_at = updated_at, updated_at = datetime('now', '+60 seconds') WHERE id = 3",
    )
    progress = ingest(met, "shop", now=datetime.now(UTC) + SOON)
    assert (1, ["orders[4].placed_at"]) == (progress.settled, [place for place, _, _ in places(met)])


def test_reading_kept_records_again_settles_none(mended: Shop) -> None:
    reread(mended, "shop")
    assert BAD == len(refusals.listed(mended, "shop"))


def test_the_books_know_nothing_of_what_was_refused(met: Shop) -> None:
    assert FACTS - 2 * BAD == met.ledger.head()


def test_records_of_a_stream_without_a_mapping_wait(met: Shop, folder: Path) -> None:
    settings = folder / "orderwire.toml"
    text = settings.read_text(encoding="utf-8")
    begin, end = text.index("[source.shop.orders]"), text.index("[destination.drip]")
    settings.write_text(text[:begin] + text[end:], encoding="utf-8")
    with orderwire.open(folder) as shop:
        done = refusals.retry(shop, "shop")
        assert (0, BAD, BAD) == (done.understood, done.unmapped, len(refusals.listed(shop, "shop")))


def test_forgetting_a_person_takes_their_refused_orders(met: Shop) -> None:
    people.forget(met, "p4@mail.test")
    assert ["orders[4].placed_at"] == [place for place, _, _ in places(met)]


@pytest.mark.parametrize(("given", "left"), [(("3",), 1), ((), 0), (("9",), 2)])
def test_giving_up(met: Shop, given: tuple[str, ...], left: int) -> None:
    dropped = refusals.drop(met, "shop", given)
    assert (BAD - left, left) == (dropped, len(refusals.listed(met, "shop")))


@pytest.mark.parametrize("limit", [1, 2])
def test_a_list_may_be_short(met: Shop, limit: int) -> None:
    assert limit == len(refusals.listed(met, "shop", stream="orders", limit=limit))


def test_an_unknown_source_or_key(met: Shop) -> None:
    with pytest.raises(NotFound, match="there are: shop"):
        refusals.listed(met, "till")
    with pytest.raises(NotFound, match="source refused shop"):
        refusals.raw_of(met, "shop", "9")


def test_a_source_that_is_not_reached_is_named(folder: Path) -> None:
    settings = folder / "orderwire.toml"
    address = "postgresql://reader@127.0.0.1:1/shop"
    settings.write_text(settings.read_text(encoding="utf-8").replace('"shop.db"', f'"{address}"'), encoding="utf-8")
    with orderwire.open(folder) as shop, pytest.raises(Unavailable, match=r"source\.shop: no answer \(connect\)"):
        ingest(shop, "shop")
