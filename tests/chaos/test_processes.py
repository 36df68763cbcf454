"""Real processes, really killed: workers against a stand-in over HTTP, on SQLite and on PostgreSQL."""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import psycopg
import pytest
from psycopg import sql

from orderwire.errors import StoreFull
from orderwire.ledger import AttemptState, Disposition, Ledger, open_ledger
from orderwire.ledger.values import FactFilter
from orderwire.sandbox.checker import Checker, Destination, Log, read_fact
from orderwire.sandbox.kit import read_log
from orderwire.testing.servers import (
    ServerMissing,
    ordinary_user,
    postgres_server,
    private_directory,
    restartable_postgres,
)
from orderwire.testing.shops import identity, order_of, small_shop
from orderwire.testing.stage import record, settings_of, switch_on
from orderwire.testing.virtual import START

HERE = Path(__file__).parent
FAULTS = {"seed": 3, "slow_seconds": 0.15, "rates": {"slow": 0.5, "failed_after": 0.05, "dropped_after": 0.05}}
Process = subprocess.Popen[str]


@pytest.fixture
def start() -> Iterator[Callable[..., Process]]:
    """Starts one of the scripts here; whatever still runs afterwards is killed."""
    running: list[Process] = []

    def begin(script: str, *arguments: object) -> Process:
        command = [sys.executable, str(HERE / script), *map(str, arguments)]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        running.append(process)
        return process

    yield begin
    for process in running:
        if process.poll() is None:
            process.kill()
        process.communicate()


def said(process: Process) -> str:
    """The next line a process says; empty when it has ended."""
    return process.stdout.readline().strip() if process.stdout else ""


def kill(process: Process) -> None:
    process.send_signal(signal.SIGKILL)
    process.wait()


class Shop:
    """A shop in a ledger, a stand-in in its own process, and what is to be compared in the end."""

    def __init__(
        self, place: str | Path, platform: str, folder: Path, start: Callable[..., Process], seed: int
    ) -> None:
        self.place, self.platform = place, platform
        self.received = folder / "reception.jsonl"
        self.ledger: Ledger = open_ledger(place)
        shop = small_shop(seed, start=START, orders=60, people=15)
        record(self.ledger, *shop.history, at=START, is_imported=True)
        switch_on(self.ledger, settings_of(platform), now=START)
        record(self.ledger, *(one for _, one in shop.news), at=START, is_imported=False)
        port = said(start("stand_in_process.py", platform, self.received, json.dumps(FAULTS | {"seed": seed})))
        self.url = f"http://127.0.0.1:{port}"

    def worker(self, start: Callable[..., Process], name: str, *more: object) -> Process:
        return start("worker_process.py", self.place, self.platform, self.url, name, *more)

    def wrongs(self) -> dict[str, Any]:
        """What the books and the checker find wrong."""
        name = self.platform
        balance = self.ledger.balance(name)
        unknown = self.ledger.attempts(name, states=[AttemptState.UNKNOWN])
        listed = Counter(member.seq for attempt in unknown for member in attempt.members)
        asked = self.ledger.exemptions(name, dispositions=[Disposition.UNKNOWN, Disposition.DEAD])
        listed.update(dict.fromkeys((one.seq for one in asked), 1000))
        facts = list(self.ledger.facts(FactFilter()))
        lines = [
            msgspec.to_builtins(msgspec.structs.replace(fact, body=b"")) | {"body": msgspec.json.decode(fact.body)}
            for fact in facts
        ]
        checker = Checker(Log(map(read_fact, lines)), Destination(name=name, platform=name), excused=listed)
        report = checker.check(lambda: read_log(self.received))
        doubtful = {facts[seq - 1].person for seq in listed}
        found: dict[str, Any] = {fault: finding.examples for fault, finding in report.faults.items() if finding.count}
        out = [
            one
            for one in found.pop("out_of_order", ())
            if not {facts[seq - 1].person for seq in one.seqs} <= doubtful
        ]
        if out:
            found["out_of_order"] = out
        if balance.faults:
            found["books"] = balance.faults
        if left := balance.from_log.get(Disposition.PENDING, 0) + balance.from_log.get(Disposition.IN_FLIGHT, 0):
            found["left"] = left
        return found

    def reopen(self) -> None:
        self.close()
        self.ledger = open_ledger(self.place)

    def close(self) -> None:
        self.ledger.close()


def kills(shop: Shop, start: Callable[..., Process], rng: random.Random, *, times: int, at_once: int) -> None:
    """Kill workers at random moments, so many times; then let those that are left finish."""
    workers: list[Process] = []
    for number in range(times):
        while len(workers) < at_once:
            workers.append(shop.worker(start, f"w{number}.{len(workers)}.{rng.random()}"))
        victim = rng.choice(workers)
        if at_once == 1:
            said(victim)
        else:
            time.sleep(0.8)
        time.sleep(rng.uniform(0.0, 0.5))
        kill(victim)
        workers.remove(victim)
    last = [*workers, shop.worker(start, "last")]
    assert [0] * len(last) == [process.wait(120) for process in last]


@pytest.mark.parametrize(("platform", "seed"), [("klaviyo", 1), ("drip", 2)])
def test_kill_9_on_sqlite_loses_and_doubles_nothing(
    platform: str, seed: int, tmp_path: Path, start: Callable[..., Process]
) -> None:
    shop = Shop(tmp_path / "ledger.db", platform, tmp_path, start, seed)
    kills(shop, start, random.Random(seed), times=4, at_once=1)
    assert {} == shop.wrongs()
    shop.close()


@pytest.mark.slow
@pytest.mark.parametrize("platform", ["klaviyo", "drip", "omnisend", "yespo", "ometria"])
@pytest.mark.parametrize("seed", range(2))
def test_kill_9_again_and_again(platform: str, seed: int, tmp_path: Path, start: Callable[..., Process]) -> None:
    shop = Shop(tmp_path / "ledger.db", platform, tmp_path, start, 100 + seed)
    kills(shop, start, random.Random(seed), times=7, at_once=1)
    assert {} == shop.wrongs()
    shop.close()


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str | Path]:
    """A new ledger's place in each store."""
    if request.param == "sqlite":
        yield tmp_path / "ledger.db"
        return
    with ExitStack() as stack:
        try:
            url = stack.enter_context(postgres_server())
        except ServerMissing:
            pytest.skip("no PostgreSQL server is installed")
        yield url


@pytest.mark.postgres
@pytest.mark.parametrize(
    "seed", [1, pytest.param(2, marks=pytest.mark.slow), pytest.param(3, marks=pytest.mark.slow)]
)
def test_kill_9_among_three_workers_on_postgres(seed: int, tmp_path: Path, start: Callable[..., Process]) -> None:
    with ExitStack() as stack:
        try:
            url = stack.enter_context(postgres_server())
        except ServerMissing:
            pytest.skip("no PostgreSQL server is installed")
        shop = Shop(url, "omnisend", tmp_path, start, seed)
        stack.callback(shop.close)
        kills(shop, start, random.Random(seed), times=4, at_once=3)
        assert {} == shop.wrongs()


def test_a_worker_stopped_beyond_its_lease_and_woken_writes_nothing(
    place: str | Path, tmp_path: Path, start: Callable[..., Process]
) -> None:
    shop = Shop(place, "drip", tmp_path, start, 5)
    sleeper = shop.worker(start, "sleeper")
    said(sleeper)
    time.sleep(0.15)
    sleeper.send_signal(signal.SIGSTOP)
    other = shop.worker(start, "other")
    assert 0 == other.wait(60)
    before = list(shop.ledger.attempts("drip"))
    sleeper.send_signal(signal.SIGCONT)
    assert 3 == sleeper.wait(30)
    assert before == list(shop.ledger.attempts("drip"))
    assert {} == shop.wrongs()
    shop.close()


def test_a_full_disk_stops_the_worker_and_costs_nothing(tmp_path: Path, start: Callable[..., Process]) -> None:
    """No file may grow beyond what the ledger has now and a little: the next worker, with room, goes on."""
    shop = Shop(tmp_path / "ledger.db", "klaviyo", tmp_path, start, 6)
    size = max(path.stat().st_size for path in tmp_path.glob("ledger.db*"))
    cramped = shop.worker(start, "cramped", size + 8_192)
    assert 4 == cramped.wait(30)
    assert 0 == shop.worker(start, "roomy").wait(60)
    assert {} == shop.wrongs()
    shop.close()


@pytest.mark.postgres
@pytest.mark.parametrize(
    ("how", "seed"),
    [
        (signal.SIGINT, 1),
        (signal.SIGQUIT, 2),
        pytest.param(signal.SIGINT, 3, marks=pytest.mark.slow),
        pytest.param(signal.SIGQUIT, 4, marks=pytest.mark.slow),
    ],
    ids=["restarted", "crashed", "restarted again", "crashed again"],
)
def test_a_database_that_goes_down_and_comes_up_costs_nothing(
    how: signal.Signals, seed: int, tmp_path: Path, start: Callable[..., Process]
) -> None:
    """A worker in the middle of it ends and says why, or that its lease ran out meanwhile; the next one goes on."""
    rng = random.Random(seed)
    with ExitStack() as stack:
        try:
            server = stack.enter_context(restartable_postgres())
        except ServerMissing:
            pytest.skip("no PostgreSQL server is installed")
        shop = Shop(server.url, "omnisend", tmp_path, start, seed)
        ended = []
        for number in range(4):
            worker = shop.worker(start, f"w{number}")
            assert "begun" == said(worker)
            time.sleep(rng.uniform(0.05, 0.5))
            server.stop(how)
            time.sleep(rng.uniform(0.0, 0.5))
            server.start()
            ended.append((worker.wait(60), said(worker)))
        assert {(0, "done")} != set(ended) <= {(4, "Busy"), (3, "lease lost"), (0, "done")}
        assert 0 == shop.worker(start, "last").wait(60)
        shop.reopen()
        stack.callback(shop.close)
        assert {} == shop.wrongs()


@pytest.fixture
def small_disk() -> Iterator[Path]:
    """A file system of a few megabytes, which only the superuser can make."""
    user = ordinary_user()
    with private_directory("orderwire-disk-", user) as place:
        command = ["mount", "-t", "tmpfs", "-o", "size=6m", "tmpfs", str(place)]
        if subprocess.run(command, check=False, capture_output=True).returncode:
            pytest.skip("no file system can be mounted here")
        try:
            shutil.chown(place, user or os.getuid())
            yield place
        finally:
            subprocess.run(["umount", "--lazy", place], check=True)


class FullServer:
    """A database whose tables lie on a small disk, which something else can fill."""

    def __init__(self, url: str, disk: Path) -> None:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(sql.SQL("CREATE TABLESPACE small LOCATION {}").format(str(disk)))
        self.url = f"{url}?options=-c%20default_tablespace%3Dsmall"
        self._filler = disk / "filler"

    def fill(self) -> None:
        """Take all the room there is, to the last page."""
        with suppress(OSError), self._filler.open("ab", buffering=0) as filler:
            while filler.write(bytes(4096)):
                pass

    def clear(self) -> None:
        """Give the room back."""
        self._filler.unlink()


@pytest.fixture
def full_server(small_disk: Path) -> Iterator[FullServer]:
    try:
        with postgres_server() as url:
            yield FullServer(url, small_disk)
    except ServerMissing:
        pytest.skip("no PostgreSQL server is installed")


@pytest.mark.postgres
def test_a_database_whose_disk_fills_up_stops_the_worker_and_costs_nothing(
    full_server: FullServer, tmp_path: Path, start: Callable[..., Process]
) -> None:
    """It fills up in the middle of a delivery, again and again; whenever there is room, the next worker goes on."""
    rng = random.Random(7)
    shop = Shop(full_server.url, "omnisend", tmp_path, start, 7)
    ended = []
    for number in range(4):
        worker = shop.worker(start, f"w{number}")
        assert "begun" == said(worker)
        time.sleep(rng.uniform(0.0, 0.3))
        full_server.fill()
        ended.append((worker.wait(60), said(worker)))
        full_server.clear()
    assert {(0, "done")} != set(ended) <= {(4, "StoreFull"), (0, "done")}
    assert 0 == shop.worker(start, "last").wait(60)
    assert {} == shop.wrongs()
    shop.close()


@pytest.mark.postgres
def test_a_database_whose_disk_fills_up_keeps_what_it_acknowledged_and_nothing_else(full_server: FullServer) -> None:
    ledger = open_ledger(full_server.url)
    acknowledged = 0
    for turn in range(3):
        full_server.fill()
        with suppress(StoreFull):
            for number in range(500):
                record(ledger, order_of(f"{turn}.{number}", identity(number), START), at=START, is_imported=True)
                acknowledged = ledger.head()
            pytest.fail("the disk was never full")
        assert acknowledged == ledger.head()
        full_server.clear()
    record(ledger, order_of("last", identity(1), START), at=START, is_imported=True)
    facts = list(ledger.facts(FactFilter()))
    ledger.close()
    assert list(range(1, len(facts) + 1)) == [fact.seq for fact in facts]
    assert acknowledged < len(facts)


def test_switched_on_while_sources_write_every_fact_has_one_lane(
    place: str | Path, tmp_path: Path, start: Callable[..., Process]
) -> None:
    """History is what was imported or was there before; news is the rest; together they are everything, once."""
    ledger = open_ledger(place)
    writers = [start("writer_process.py", place, name, 40, 0.02) for name in "abc"]
    for writer in writers:
        for _ in range(10):
            said(writer)
    settings = settings_of("klaviyo")
    switch_on(ledger, settings, now=datetime.now(UTC))
    received = tmp_path / "reception.jsonl"
    port = said(start("stand_in_process.py", "klaviyo", received, json.dumps({})))
    worker = start("worker_process.py", place, "klaviyo", f"http://127.0.0.1:{port}", "first")
    for writer in writers:
        writer.communicate(timeout=60)
    assert 0 == worker.wait(120)
    assert 0 == start("worker_process.py", place, "klaviyo", f"http://127.0.0.1:{port}", "last").wait(60)
    state = ledger.destination("klaviyo")
    assert state is not None
    facts = {fact.seq: fact for fact in ledger.facts(FactFilter())}
    sent = {
        member.seq: attempt.lane
        for attempt in ledger.attempts("klaviyo", states=[AttemptState.ACCEPTED, AttemptState.CONFIRMED])
        for member in attempt.members
    }
    expected = {
        seq: "live" if seq > state.switched_on_seq and not fact.is_imported else "history"
        for seq, fact in facts.items()
        if seq in sent
    }
    placed = {seq for seq, fact in facts.items() if fact.kind == "order.placed"}
    balance = ledger.balance("klaviyo")
    ledger.close()
    assert expected == sent
    assert (3 * 40 * 5, set()) == (len(placed), placed.difference(sent))
    assert ((), len(facts)) == (balance.faults, sum(balance.from_log.values()))
    assert {"live", "history"} == {sent[seq] for seq in placed}
