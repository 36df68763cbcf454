"""What `sync` does when it is told less than everything, when things fail, and when it is stopped."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import orderwire
from orderwire.app.books import status
from orderwire.app.sync import SyncTerms, sync
from orderwire.testing.commands import (
    ORDERS,
    PEOPLE,
    SOURCE,
    Program,
    add_order,
    build_shop,
    settings_for,
    stand_ins,
)

FACTS = 2 * PEOPLE + 2 + 2 * ORDERS


@contextmanager
def shop(folder: Path, *platforms: str, sandbox: tuple[str, ...] = (), more: str = "") -> Iterator[Program]:
    """A shop with a destination at each of these stand-ins, everything acknowledged."""
    build_shop(folder / "shop.db")
    with stand_ins(folder, *platforms, *sandbox) as ports:
        (folder / "orderwire.toml").write_text(settings_for(ports, more=more), encoding="utf-8")
        program = Program(folder)
        for name in ports:
            program.run("destination", "acknowledge", name, "--yes")
        yield program


def received(program: Program, platform: str) -> list[dict[str, Any]]:
    """What a stand-in took, thing by thing."""
    lines = (program.folder / "logs" / f"{platform}.jsonl").read_text(encoding="utf-8").splitlines()
    return [kept for line in lines for kept in json.loads(line)["kept"]]


def insert_order(program: Program, number: int) -> None:
    """A customer orders just now."""
    with closing(sqlite3.connect(program.folder / "shop.db")) as database, database:
        add_order(database, number, placed_at=datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S"))


def wait_for(what: Callable[[], bool], seconds: float = 40.0) -> bool:
    """Whether something becomes true in time."""
    until = time.monotonic() + seconds
    while not what():
        if time.monotonic() > until:
            return False
        time.sleep(0.2)
    return True


def children(process: subprocess.Popen[str]) -> list[int]:
    """The processes that a process has started."""
    with Path(f"/proc/{process.pid}/task/{process.pid}/children").open(encoding="utf-8") as listed:
        return [int(number) for number in listed.read().split()]


def is_running(number: int) -> bool:
    """Whether a process is there and no zombie."""
    try:
        return Path(f"/proc/{number}/stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def is_caught_up(program: Program, facts: int) -> bool:
    """Whether all destinations stand at this many facts."""
    with orderwire.open(program.folder) as opened:
        return all((one.head, one.behind) == (facts, 0) for one in status(opened))


def test_a_canary_sends_so_many_facts_and_ends(tmp_path: Path) -> None:
    with shop(tmp_path, "drip", "omnisend") as program:
        first = program.json("sync", "--canary", "5")
        second = program.json("sync", "--once")
        audited = program.run("audit")
    assert [5, 5] == [one["accepted"] for one in first["destinations"]]
    assert [FACTS - 5, FACTS - 5] == [one["accepted"] for one in second["destinations"]]
    assert 0 == audited.returncode


def test_since_excludes_what_is_older_for_this_run(tmp_path: Path) -> None:
    with shop(tmp_path, "drip") as program:
        outcome = program.json("sync", "--once", "--since", "2024-01-10")
        (stands,) = program.json("status")["destinations"]
    recent = sum(number + 1 >= 10 for number in range(1, ORDERS + 1))
    assert (2 * recent, FACTS - 2 * recent) == (
        outcome["destinations"][0]["accepted"],
        stands["exemptions"]["excluded"],
    )


def test_history_only_leaves_news_for_later(tmp_path: Path) -> None:
    with shop(tmp_path, "drip") as program:
        program.run("sync", "--once")
        insert_order(program, ORDERS + 1)
        quiet = program.json("sync", "--once", "--history-only")
        then = program.json("sync", "--once")
    assert ([0], [2]) == (
        [one["accepted"] for one in quiet["destinations"]],
        [one["accepted"] for one in then["destinations"]],
    )


def test_history_is_not_delivered_before_it_is_acknowledged(tmp_path: Path) -> None:
    build_shop(tmp_path / "shop.db")
    with stand_ins(tmp_path, "drip") as ports:
        (tmp_path / "orderwire.toml").write_text(settings_for(ports), encoding="utf-8")
        done = Program(tmp_path).run("sync", "--once")
        taken = received(Program(tmp_path), "drip")
    assert (1, True, []) == (done.returncode, "stopped: acknowledge" in done.stdout, taken)


def test_what_a_platform_refuses_becomes_a_dead_letter_that_can_be_replayed_or_dropped(tmp_path: Path) -> None:
    with shop(tmp_path, "drip", sandbox=("--reject", "3", "--reject", "4")) as program:
        done = program.run("sync", "--once", "--json")
        letters = program.json("dead-letter", "list", "drip")
        numbers = [one["seq"] for one in letters]
        page = json.loads(program.run("dead-letter", "show", "drip", str(numbers[0])).stdout)
        replayed = program.run("dead-letter", "replay", "drip", str(numbers[0]))
        waiting = program.json("dead-letter", "list")
        again = program.run("sync", "--once", "--json")
        unconfirmed = program.run("dead-letter", "drop", "drip", *map(str, numbers))
        dropped = program.run("dead-letter", "drop", "drip", *map(str, numbers), "--yes")
        left = program.json("dead-letter", "list")
        audited = program.run("audit")
    orders = {one["subject"] for one in letters}
    assert (1, {"order:3", "order:4"}, 4) == (done.returncode, orders, len(letters))
    assert ("dead", "3") == (page["letter"]["disposition"], page["fact"]["body"]["order_id"])
    assert (0, "1\n", len(numbers) - 1) == (replayed.returncode, replayed.stdout, len(waiting))
    assert (1, 1) == (again.returncode, json.loads(again.stdout)["destinations"][0]["new_dead"])
    assert (2, 0, "4\n", []) == (unconfirmed.returncode, dropped.returncode, dropped.stdout, left)
    assert 0 == audited.returncode


def test_a_source_that_is_gone_is_remote_unavailable_and_the_rest_is_delivered(tmp_path: Path) -> None:
    with shop(tmp_path, "drip") as program:
        program.run("sync", "--canary", "1")
        gone = '\n[source.gone]\nkind = "sql"\nurl = "postgresql://shop@127.0.0.1:9/shop"\ncurrency = "EUR"\n'
        gone += 'time_zone = "UTC"\n[source.gone.people]\ntable = "p"\nid = "id"\nfields = { email = "email" }\n'
        with (tmp_path / "orderwire.toml").open("a", encoding="utf-8") as settings:
            settings.write(gone)
        done = program.run("sync", "--once", "--json")
    outcome = json.loads(done.stdout)
    assert (3, ["gone"], FACTS - 1) == (
        done.returncode,
        outcome["out_of_reach"],
        outcome["destinations"][0]["accepted"],
    )


def test_a_platform_that_does_not_answer_is_given_up_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_KEY", "k-1")
    with shop(tmp_path, "drip") as program:
        with (tmp_path / "orderwire.toml").open("a", encoding="utf-8") as settings:
            settings.write('\n[destination.down]\nplatform = "omnisend"\nkey = "env:SHOP_KEY"\n')
            settings.write('base_url = "http://127.0.0.1:9/api"\ntime_scale = 600.0\n')
        program.run("destination", "acknowledge", "down", "--yes")
        outcome = sync(tmp_path, SyncTerms(once=True, patience=timedelta(seconds=2)))
    found = {one.destination: (one.accepted, one.is_out_of_reach) for one in outcome.destinations}
    assert ({"drip": (FACTS, False), "down": (0, True)}, True) == (found, outcome.is_remote_missing)


def test_settings_that_are_wrong_end_a_sync_at_once(tmp_path: Path) -> None:
    build_shop(tmp_path / "shop.db")
    (tmp_path / "orderwire.toml").write_text(SOURCE.replace('"first_name"', '"vorname"'), encoding="utf-8")
    done = Program(tmp_path).run("sync", "--once")
    assert (2, True) == (done.returncode, 'there is no column "vorname"' in done.stderr)


def test_a_key_that_leads_nowhere_ends_a_sync_before_it_begins(tmp_path: Path) -> None:
    build_shop(tmp_path / "shop.db")
    (tmp_path / "orderwire.toml").write_text(settings_for({"drip": 9}), encoding="utf-8")
    done = Program(tmp_path, {"SHOP_KEY": ""}).run("sync", "--once")
    assert (2, True) == (done.returncode, "SHOP_KEY is not set" in done.stderr)


def test_a_service_survives_the_death_of_its_workers_and_stops_cleanly(tmp_path: Path) -> None:
    with shop(tmp_path, "drip", "omnisend") as program:
        service = program.start("sync")
        try:
            assert wait_for(lambda: is_caught_up(program, FACTS))
            for number in children(service):
                os.kill(number, signal.SIGKILL)
            insert_order(program, ORDERS + 1)
            assert wait_for(lambda: is_caught_up(program, FACTS + 2))
        finally:
            service.send_signal(signal.SIGINT)
            said = service.communicate(timeout=60)[1]
        audited = program.run("audit")
    assert (0, 0, True) == (service.returncode, audited.returncode, "a worker died and is started again" in said)


def test_workers_end_when_the_service_is_killed(tmp_path: Path) -> None:
    with shop(tmp_path, "drip") as program:
        service = program.start("sync")
        assert wait_for(lambda: len(children(service)) >= 2)
        workers = children(service)
        service.kill()
        service.communicate(timeout=30)
        assert wait_for(lambda: not any(map(is_running, workers)))


def test_an_interrupted_run_goes_on_where_it_was(tmp_path: Path) -> None:
    slow = '{"rates": {"slow": 1.0}, "slow_seconds": 600}'
    with shop(tmp_path, "drip", sandbox=("--faults", slow)) as program:
        run = program.start("sync", "--once")
        assert wait_for(lambda: (tmp_path / "logs" / "drip.jsonl").exists() and bool(received(program, "drip")))
        run.send_signal(signal.SIGTERM)
        run.communicate(timeout=60)
        outcome = program.json("sync", "--once")
        audited = program.run("audit")
    assert (1, 0) == (run.returncode, audited.returncode)
    assert outcome["destinations"][0]["accepted"] < FACTS


def test_a_worker_tells_its_progress_as_json(tmp_path: Path) -> None:
    with shop(tmp_path, "drip") as program:
        read = program.run("worker", "--role", "ingest", "--until-idle")
        estimated = program.run("worker", "--role", "estimate")
        delivered = program.run(
            "worker", "--role", "deliver", "--destinations", "drip", "--share", "1", "--until-idle"
        )
    last = [json.loads(done.stdout.splitlines()[-1]) for done in (read, estimated, delivered)]
    assert ["ingest", "estimate", "deliver"] == [one["role"] for one in last]
    assert (FACTS, FACTS, FACTS) == (last[0]["progress"]["head"], last[1]["facts"], last[2]["progress"]["accepted"])


def test_a_worker_module_without_settings_is_exit_status_2(tmp_path: Path) -> None:
    arguments = [sys.executable, "-m", "orderwire.entrypoints.worker", "--dir", str(tmp_path), "--role", "ingest"]
    done = subprocess.run(arguments, capture_output=True, text=True, check=False)
    assert (2, "") == (done.returncode, done.stdout)
