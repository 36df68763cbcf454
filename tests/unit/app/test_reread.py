"""Reading kept records again."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

import orderwire
from orderwire import Shop
from orderwire.app.ingest import ingest
from orderwire.app.logbook import Wanted, lines
from orderwire.app.reread import reread
from orderwire.errors import NotFound
from orderwire.testing.commands import ORDERS, PEOPLE


@pytest.fixture
def read(shop: Shop) -> Shop:
    """The shop, read once."""
    ingest(shop, "shop")
    return shop


@pytest.fixture
def remapped(read: Shop, folder: Path) -> Iterator[Shop]:
    """The same with a mapping that has changed since."""
    settings = folder / "orderwire.toml"
    text = settings.read_text(encoding="utf-8").replace('first_name = "first_name"', 'last_name = "first_name"')
    settings.write_text(text, encoding="utf-8")
    with orderwire.open(folder) as opened:
        yield opened


def test_the_same_mapping_changes_nothing(read: Shop) -> None:
    done = reread(read, "shop")
    assert (2 * PEOPLE + 2 + ORDERS, 0) == (done.read, done.appended)


def test_a_changed_mapping_appends_corrections(remapped: Shop) -> None:
    head = remapped.ledger.head()
    done = reread(remapped, "shop")
    assert PEOPLE == done.appended
    assert all(b'"last_name":"Name' in line for line in lines(remapped, Wanted(after=head)))


def test_corrections_are_history(remapped: Shop) -> None:
    head = remapped.ledger.head()
    reread(remapped, "shop")
    assert {True} == {entry.fact.is_imported for entry in remapped.ledger.entries(head, limit=100)}


def test_only_the_newest_record_of_a_subject_is_read_again(read: Shop, folder: Path) -> None:
    with closing(sqlite3.connect(folder / "shop.db")) as database, database:
        database.execute("UPDATE customers SET first_name = 'Renamed', updated_at = '2024-02-01 08:00:00'")
    ingest(read, "shop")
    done = reread(read, "shop", stream="people")
    assert (PEOPLE, 0) == (done.read, done.appended)


def test_a_stream_that_does_not_exist(read: Shop) -> None:
    with pytest.raises(NotFound, match="there are: consents"):
        reread(read, "shop", stream="receipts")


def test_records_of_a_stream_without_a_mapping_are_counted(read: Shop, folder: Path) -> None:
    settings = folder / "orderwire.toml"
    text = settings.read_text(encoding="utf-8")
    begin, end = text.index("[source.shop.products]"), text.index("[source.shop.orders]")
    settings.write_text(text[:begin] + text[end:], encoding="utf-8")
    with orderwire.open(folder) as opened:
        assert 2 == reread(opened, "shop").unmapped
