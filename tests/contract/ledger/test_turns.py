"""Whether a writer would have to wait for another one."""

from collections.abc import Callable
from pathlib import Path

import pytest

from orderwire.ledger import sqlite
from orderwire.ledger.sqlite.engine import SqliteEngine
from orderwire.ledger.sqlite.opening import connect
from orderwire.ledger.store import StoredLedger
from orderwire.testing.ledgers import lease_of, switched_on


def test_a_ledger_that_nobody_writes_is_free_and_can_be_written_then(open_ledger: Callable[[], StoredLedger]) -> None:
    ledger = open_ledger()
    is_free = ledger.is_free()
    ledger.commit(lease_of(ledger), switched_on())
    assert (True, True, True) == (is_free, ledger.is_free(), ledger.destination("letters") is not None)


@pytest.mark.parametrize("other_statement", ["BEGIN IMMEDIATE", "BEGIN EXCLUSIVE"])
def test_a_file_is_not_free_while_another_process_has_its_turn(tmp_path: Path, other_statement: str) -> None:
    ledger = sqlite.open_ledger(tmp_path / "ledger.db")
    other = connect(tmp_path / "ledger.db", busy_timeout=1)
    other.execute(other_statement)
    during = ledger.is_free()
    other.execute("ROLLBACK")
    after = ledger.is_free()
    other.close()
    ledger.close()
    assert (False, True) == (during, after)


def test_looking_whether_a_file_is_free_keeps_the_patience_of_its_writer(tmp_path: Path) -> None:
    connection = connect(tmp_path / "ledger.db", busy_timeout=7)
    SqliteEngine(connection).is_free()
    patience = connection.execute("PRAGMA busy_timeout").fetchone()
    connection.close()
    assert (7000,) == patience
