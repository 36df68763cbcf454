"""A whole sync, every process of it, over a database that goes down and comes up again and again."""

import json
import random
import signal
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest

from orderwire.testing.commands import (
    ORDERS,
    PEOPLE,
    Program,
    add_order,
    build_shop,
    settings_for,
    stand_ins,
)
from orderwire.testing.servers import Postgres, ServerMissing, restartable_postgres

MORE_ORDERS = 20_000
FACTS = 2 * PEOPLE + 2 + 2 * (ORDERS + MORE_ORDERS)


def build_big_shop(path: Path) -> None:
    """The small shop with enough orders to be read for some seconds."""
    build_shop(path)
    with closing(sqlite3.connect(path)) as shop, shop:
        for number in range(ORDERS + 1, ORDERS + MORE_ORDERS + 1):
            day, second = divmod(number, 86_400 // 60)
            add_order(shop, number, placed_at=f"2024-02-{day + 1:02d} {second // 60:02d}:{second % 60:02d}:00")


def disturb(server: Postgres, rng: random.Random, how: signal.Signals, times: int) -> None:
    """Take the server down and up at random moments."""
    for _ in range(times):
        time.sleep(rng.uniform(1.0, 4.0))
        server.stop(how)
        time.sleep(rng.uniform(0.0, 1.5))
        server.start()


@pytest.mark.slow
@pytest.mark.postgres
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGQUIT], ids=["restarted", "crashed"])
def test_a_sync_outlives_its_database(how: signal.Signals, tmp_path: Path) -> None:
    """The run ends by itself with everything delivered, or says so and the next run delivers the rest; never less."""
    try:
        with restartable_postgres() as server:
            build_big_shop(tmp_path / "shop.db")
            with stand_ins(tmp_path, "drip", "omnisend") as ports:
                top = f'ledger = "{server.url}"\nworkers = 2'
                (tmp_path / "orderwire.toml").write_text(settings_for(ports, top=top), encoding="utf-8")
                program = Program(tmp_path)
                for name in ports:
                    program.run("destination", "acknowledge", name, "--yes")
                run = program.start("sync", "--once", "--json")
                disturb(server, random.Random(int(how)), how, times=4)
                said, errors = run.communicate(timeout=240)
                first = json.loads(said)
                assert "the database" in errors, "it was never disturbed"
                assert (0, 0, "Traceback" in errors) == (run.returncode, first["lost_workers"], False), errors[-2000:]
                rest = program.json("sync", "--once")
                audited = program.run("audit")
                assert 0 == audited.returncode, audited.stdout
                standing = program.json("status")["destinations"]
    except ServerMissing:
        pytest.skip("no PostgreSQL server is installed")
    assert [(FACTS, 0)] * 2 == [(one["head"], one["behind"]) for one in standing]
    assert [0, 0] == [one["accepted"] for one in rest["destinations"]]
