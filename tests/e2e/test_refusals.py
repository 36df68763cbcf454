"""Rows that were refused, as the user meets them: told, listed, read again, given up."""

import json
import sqlite3
from pathlib import Path

import pytest

from orderwire.testing.commands import ORDERS, PEOPLE, SOURCE, Program, build_shop

FACTS = 2 * PEOPLE + 2 + 2 * ORDERS


@pytest.fixture
def refusing(tmp_path: Path) -> Program:
    """A shop whose orders 3 and 4 are not understood, read once."""
    build_shop(tmp_path / "shop.db")
    (tmp_path / "orderwire.toml").write_text(SOURCE, encoding="utf-8")
    program = Program(tmp_path)
    with sqlite3.connect(tmp_path / "shop.db") as shop:
        shop.execute("UPDATE orders SET placed_at = 'soon' WHERE id IN (3, 4)")
    shop.close()
    done = program.run("sync", "--once")
    assert (1, True) == (
        done.returncode,
        "source shop: 2 records not understood and kept, 2 of them new" in done.stdout,
    )
    return program


def mend(program: Program) -> None:
    settings = program.folder / "orderwire.toml"
    text = settings.read_text(encoding="utf-8").replace('placed_at = "placed_at"', 'placed_at = "updated_at"')
    settings.write_text(text, encoding="utf-8")


def test_refused_rows_are_listed_without_their_values(refusing: Program) -> None:
    done = refusing.run("source", "refused", "shop")
    assert (0, 3, False) == (done.returncode, len(done.stdout.splitlines()), "soon" in done.stdout + done.stderr)
    assert [("orders[3].placed_at", 1)] == [
        (one["place"], one["times"]) for one in refusing.json("source", "refused", "shop", "--limit", "1")
    ]


def test_one_refused_row_is_shown_to_who_asks(refusing: Program) -> None:
    done = refusing.run("source", "refused", "shop", "--raw", "4")
    assert "soon" == json.loads(done.stdout)["row"]["placed_at"]


def test_status_counts_refused_rows_and_names_the_command(refusing: Program) -> None:
    assert 2 == refusing.json("status")["sources"][0]["refused"]
    assert "orderwire source refused shop" in refusing.run("status").stdout


def test_a_sync_that_meets_only_known_refusals_is_done(refusing: Program) -> None:
    done = refusing.run("sync", "--once")
    assert (0, True) == (done.returncode, "2 records not understood and kept" in done.stdout)


def test_a_retry_before_mending_fails_and_after_it_is_done(refusing: Program) -> None:
    before = refusing.run("source", "retry", "shop")
    mend(refusing)
    after = refusing.run("source", "retry", "shop")
    expected = (1, 0, "shop: 2 refused records understood now, 4 new facts\n", FACTS)
    assert expected == (
        before.returncode,
        after.returncode,
        after.stdout,
        len(refusing.run("log").stdout.splitlines()),
    )


def test_refused_rows_may_be_given_up(refusing: Program) -> None:
    unsure = refusing.run("source", "drop", "shop", "3")
    done = refusing.run("source", "drop", "shop", "3", "--yes")
    nothing = refusing.run("source", "drop", "shop", "--yes")
    assert (2, 0, "1\n", 2) == (unsure.returncode, done.returncode, done.stdout, nothing.returncode)
    assert ["4"] == [one["key"] for one in refusing.json("source", "refused", "shop")]
