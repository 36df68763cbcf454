"""Several processes at one ledger, and processes that die."""

import random
import signal
import subprocess
import sys
import time
from contextlib import closing
from datetime import timedelta
from pathlib import Path

from orderwire.ledger import open_ledger
from orderwire.testing.ledgers import entries, facts

WORKER = Path(__file__).parent / "worker.py"
KILLS = 4


def started(*arguments: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, str(WORKER), *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


def line_of(worker: "subprocess.Popen[str]") -> str:
    assert worker.stdout is not None
    return worker.stdout.readline().strip()


def test_several_writers_leave_no_gap(place: str) -> None:
    workers = [started("record", place, name, "12", "7") for name in ("a", "b", "c")]
    for worker in workers:
        worker.communicate(timeout=60)
    with closing(open_ledger(place)) as ledger:
        log = facts(ledger)
        expected = (list(range(1, 3 * 12 * 7 + 1)), 3 * 12 * 7, 3 * 7)
        people = {fact.person for fact in log}
        assert expected == ([fact.seq for fact in log], len({fact.key for fact in log}), len(people))


def test_readers_of_several_writers_step_over_nothing(place: str) -> None:
    with closing(open_ledger(place)) as ledger:
        workers = [started("record", place, name, "10", "5") for name in ("a", "b")]
        seen: list[int] = []
        deadline = time.monotonic() + 60
        while len(seen) < 100 and time.monotonic() < deadline:
            seen += [entry.fact.seq for entry in ledger.entries(seen[-1] if seen else 0, limit=13)]
        for worker in workers:
            worker.communicate(timeout=60)
        assert list(range(1, 101)) == seen


def test_a_killed_writer_loses_nothing_it_acknowledged(place: str) -> None:
    chance = random.Random(7)
    for kill in range(KILLS):
        worker = started("record", place, f"w{kill}", "1000", "20")
        acknowledged = int(line_of(worker))
        end = time.monotonic() + chance.uniform(0.01, 0.15)
        while time.monotonic() < end:
            acknowledged = int(line_of(worker))
        worker.kill()
        rest, _ = worker.communicate(timeout=60)
        told = [int(text) for text in rest.split() if text.isdecimal()]
        acknowledged = max([acknowledged, *told[:-1]], default=acknowledged)
        with closing(open_ledger(place)) as ledger:
            head = ledger.head()
            log = [entry.fact.seq for entry in ledger.entries(0, limit=head + 1)]
            assert (True, list(range(1, head + 1)), 0) == (head >= acknowledged, log, head % 20)


def test_a_worker_stopped_beyond_its_lease_writes_nothing_when_it_wakes(place: str) -> None:
    with closing(open_ledger(place)) as ledger:
        worker = started("lease", place, "0.3")
        assert "held" == line_of(worker)
        worker.send_signal(signal.SIGSTOP)
        refused = ledger.acquire("letters", "next", ttl=timedelta(minutes=1))
        time.sleep(0.4)
        taken = ledger.acquire("letters", "next", ttl=timedelta(minutes=1))
        worker.send_signal(signal.SIGCONT)
        outcome, _ = worker.communicate("go\n", timeout=60)
        assert (None, 2, "lost") == (refused, taken and taken.epoch, outcome.strip())


def test_two_processes_may_begin_a_ledger_at_once(place: str) -> None:
    workers = [started("record", place, name, "1", "1") for name in ("a", "b", "c")]
    for worker in workers:
        worker.communicate(timeout=60)
    with closing(open_ledger(place)) as ledger:
        assert ([0, 0, 0], 3) == ([worker.returncode for worker in workers], len(entries(ledger)))
