"""What each engine's own troubles become."""

import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import psycopg
import pytest

from orderwire.errors import Busy, IntegrityBroken, NeedsMigration, StoreError, StoreFull
from orderwire.ledger import Refusal, open_ledger, postgres, sqlite
from orderwire.ledger.migrations import MAJOR, Migration, upgrade
from orderwire.ledger.postgres.engine import PostgresEngine
from orderwire.ledger.queries import migrations_of
from orderwire.ledger.sqlite.engine import SqliteEngine
from orderwire.ledger.sqlite.errors import translated
from orderwire.ledger.sqlite.opening import connect
from orderwire.model import Identity
from orderwire.testing.ledgers import NOW, event, facts, order, record

FILLING = """
import sys
from pathlib import Path
from orderwire.errors import StoreFull
from orderwire.ledger.sqlite import open_ledger
from orderwire.testing.ledgers import order, record
import resource, signal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
ledger = open_ledger(Path(sys.argv[1]))
record(ledger, order("first"))
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), resource.RLIM_INFINITY))
try:
    for batch in range(10_000):
        record(ledger, *(order(f"{batch}-{number}", note="x" * 500) for number in range(100)))
        print(ledger.head(), flush=True)
except StoreFull:
    print("full", ledger.head(), flush=True)
"""


@contextmanager
def connected(path: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        yield connection


def test_a_full_disk_acknowledges_nothing_and_breaks_nothing(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    done = subprocess.run(
        [sys.executable, "-c", FILLING, str(path), "3000000"], capture_output=True, text=True, check=True
    )
    *acknowledged, last = done.stdout.split("\n")[:-1]
    with closing(sqlite.open_ledger(path)) as ledger:
        assert (f"full {acknowledged[-1]}", int(acknowledged[-1])) == (last, ledger.head())


def test_another_writer_is_busy_and_nothing_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    with closing(sqlite.open_ledger(path, busy_timeout=0.05)) as ledger, connected(path) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(Busy):
            record(ledger, order())
        other.execute("ROLLBACK")
        assert (0, 1) == (ledger.head(), record(ledger, order()).head)


def test_readers_do_not_wait_for_a_writer(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    with closing(sqlite.open_ledger(path, busy_timeout=0.05)) as ledger, connected(path) as other:
        record(ledger, order())
        other.execute("BEGIN IMMEDIATE")
        other.execute("DELETE FROM fact")
        assert 1 == len(facts(ledger))


def test_a_file_that_is_no_ledger_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    path.write_bytes(b"this is a letter, not a ledger. " * 64)
    with pytest.raises(IntegrityBroken):
        sqlite.open_ledger(path)


def test_a_place_that_cannot_be_opened_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StoreError):
        sqlite.open_ledger(tmp_path / "no" / "such" / "ledger.db")


@pytest.mark.parametrize(
    ("provoked", "expected"),
    [
        (["PRAGMA max_page_count = 2", "CREATE TABLE a (b)", "CREATE TABLE c (d)"], StoreFull),
        (["SELECT * FROM nothing"], IntegrityBroken),
        (["CREATE TABLE a (b UNIQUE)", "INSERT INTO a VALUES (1)", "INSERT INTO a VALUES (1)"], IntegrityBroken),
        (["PRAGMA query_only = ON", "CREATE TABLE a (b)"], StoreFull),
    ],
    ids=["full", "unknown table", "doubled", "read only"],
)
def test_sqlite_errors_are_ours(tmp_path: Path, provoked: list[str], expected: type[StoreError]) -> None:
    *before, last = provoked
    with connected(tmp_path / "a.db") as connection:
        for statement in before:
            connection.execute(statement)
        with pytest.raises(expected), translated():
            connection.execute(last)


def test_a_commit_goes_through_to_the_disk(tmp_path: Path) -> None:
    with closing(connect(tmp_path / "ledger.db", busy_timeout=1.0)) as connection:
        names = ("journal_mode", "synchronous", "secure_delete")
        assert ["wal", 2, 1] == [connection.execute(f"PRAGMA {name}").fetchone()[0] for name in names]


def test_what_was_forgotten_is_not_left_in_the_file(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    with closing(sqlite.open_ledger(path)) as ledger:
        record(ledger, order(first_name="Ana"), order("1002", note="leave it with the neighbour"))
        ledger.forget(1, at=NOW, reason="")
        record(ledger, event("e2", identity=Identity(email="ben@mail.test")))
    left = path.read_bytes()
    assert [False, False, False] == [text in left for text in (b"ana@mail.test", b"Ana", b"neighbour")]


def test_a_path_opens_a_file(tmp_path: Path) -> None:
    with closing(open_ledger(tmp_path / "ledger.db")) as ledger:
        assert 0 == ledger.head()


@contextmanager
def engine_at(place: str) -> Iterator[SqliteEngine | PostgresEngine]:
    """An engine whose ledger was begun."""
    open_ledger(place).close()
    if place.startswith("postgresql:"):
        engine: SqliteEngine | PostgresEngine = PostgresEngine(place, "orderwire", busy_timeout=1.0)
    else:
        engine = SqliteEngine(sqlite3.connect(place, isolation_level=None))
    with closing(engine):
        yield engine


def test_a_later_schema_of_the_same_major_still_opens(place: str) -> None:
    with engine_at(place) as engine:
        engine.write("add_migration", number=9001, name="later", major=MAJOR, at=0)
    with closing(open_ledger(place)) as ledger:
        assert 1 == record(ledger, event()).head


def test_a_schema_of_a_later_major_is_refused(place: str) -> None:
    with engine_at(place) as engine:
        engine.write("add_migration", number=9002, name="later", major=MAJOR + 1, at=0)
    with pytest.raises(NeedsMigration):
        open_ledger(place)


def test_a_ledger_begun_before_refused_records_were_kept_is_brought_up_to_date(tmp_path: Path) -> None:
    place = tmp_path / "ledger.db"
    first, *_ = (Migration.read(path) for path in migrations_of("orderwire.ledger.sqlite"))
    with closing(SqliteEngine(connect(place, busy_timeout=1.0))) as engine:
        upgrade(engine, [first])
        with closing(sqlite.open_ledger(place)) as ledger:
            given = Refusal(stream="orders", key="1", place="orders[1]", problem="is missing", raw=b"{}")
            ledger.record([], source="shop", at=NOW, is_imported=False, refused=[given])
            engine.write("add_source", source="till")
            assert {("shop", "orders"): 1} == ledger.refused_counts(), "an older program goes on beside it"


def test_post_migrations_wait_until_they_are_asked_for(place: str) -> None:
    steps = [
        Migration(number=8001, stage="pre", name="more", statements=("CREATE TABLE more (a INTEGER)",)),
        Migration(number=8002, stage="post", name="less", statements=("DROP TABLE more",)),
    ]
    with engine_at(place) as engine:
        opened = upgrade(engine, steps)
        again = upgrade(engine, steps)
        asked = upgrade(engine, steps, with_post=True)
        assert ([8001], [], [8002]) == tuple([step.number for step in ran] for ran in (opened, again, asked))


@pytest.mark.postgres
def test_a_lost_connection_is_busy_once_and_then_works_again(postgres_url: str) -> None:
    with (
        closing(postgres.open_ledger(postgres_url)) as ledger,
        psycopg.connect(postgres_url, autocommit=True) as other,
    ):
        record(ledger, order())
        other.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()")
        with pytest.raises(Busy):
            record(ledger, order("1002"))
        assert 2 == record(ledger, order("1002")).head


@pytest.mark.postgres
def test_schemas_are_ledgers_of_their_own(postgres_url: str) -> None:
    with (
        closing(postgres.open_ledger(postgres_url, "one")) as one,
        closing(postgres.open_ledger(postgres_url, 'two "shops"')) as two,
    ):
        record(one, order())
        assert (1, 0) == (one.head(), two.head())


@pytest.mark.postgres
def test_another_writers_turn_is_busy(postgres_url: str) -> None:
    with (
        closing(postgres.open_ledger(postgres_url, busy_timeout=0.05)) as ledger,
        psycopg.connect(postgres_url) as other,
    ):
        other.execute("SET search_path TO orderwire")
        other.execute("SELECT pg_advisory_xact_lock(hashtextextended(current_schema() || ':log', 0))")
        with pytest.raises(Busy):
            record(ledger, order())


@pytest.mark.postgres
def test_commits_are_durable_even_where_the_server_is_set_otherwise(postgres_url: str) -> None:
    with psycopg.connect(postgres_url, autocommit=True) as admin:
        admin.execute("ALTER ROLE orderwire SET synchronous_commit TO off")
    engine = PostgresEngine(postgres_url, "orderwire", busy_timeout=1.0)
    with closing(engine):
        engine.define("CREATE TABLE seen AS SELECT current_setting('synchronous_commit') AS mode")
    with psycopg.connect(postgres_url) as admin:
        assert ("on",) == admin.execute("SELECT mode FROM orderwire.seen").fetchone()


@pytest.mark.postgres
def test_a_server_that_is_not_there_is_busy_and_names_no_password() -> None:
    with pytest.raises(Busy) as raised:
        postgres.open_ledger("postgresql://shop:secret@127.0.0.1:1/shop")
    assert "secret" not in str(raised.value)
