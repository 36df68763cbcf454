"""One ledger per test, once in each engine."""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import count
from pathlib import Path

import pytest

from orderwire.ledger import postgres, sqlite
from orderwire.ledger.store import StoredLedger
from orderwire.testing.servers import ServerMissing, postgres_server

Open = Callable[[], StoredLedger]
_schemas = count(1)


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    with ExitStack() as stack:
        try:
            url = stack.enter_context(postgres_server())
        except ServerMissing as missing:
            if os.environ.get("CI"):
                raise
            pytest.skip(str(missing))
        yield url


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def open_ledger(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Open]:
    """Opens the test's own ledger, as often as asked."""
    with ExitStack() as stack:
        if request.param == "sqlite":

            def opened() -> StoredLedger:
                return sqlite.open_ledger(tmp_path / "ledger.db", busy_timeout=0.2)
        else:
            url = request.getfixturevalue("postgres_url")
            schema = f"shop_{next(_schemas)}"

            def opened() -> StoredLedger:
                return postgres.open_ledger(url, schema, busy_timeout=0.2)

        def again() -> StoredLedger:
            ledger = opened()
            stack.callback(ledger.close)
            return ledger

        yield again


@pytest.fixture
def ledger(open_ledger: Open) -> StoredLedger:
    return open_ledger()
