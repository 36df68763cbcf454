"""A run's processes are watched and ended together."""

import os
import signal
import sys
import time
from pathlib import Path

from bench.processes import Processes

CHILD = "import sys, time; held = b'x' * 30_000_000; print(len(held)); sys.stdout.flush(); time.sleep(60)"
PARENT = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {CHILD!r}, '--role', 'deliver'], check=True)"
BUSY = "sum(number * number for number in range(3_000_000))"


def watched(folder: Path, code: str) -> Processes:
    processes = Processes(dict(os.environ), folder / "said.log")
    processes.start([sys.executable, "-c", code])
    return processes


def look_until_said(processes: Processes) -> None:
    """Until the child has its memory."""
    until = time.monotonic() + 30
    while "30000000" not in processes.log.read_text() and time.monotonic() < until:
        time.sleep(0.02)
    processes.look()


def test_what_a_command_starts_is_seen_by_its_role(tmp_path: Path) -> None:
    processes = watched(tmp_path, PARENT)
    look_until_said(processes)
    processes.end(signal.SIGKILL)
    roles = {one.role: one for one in processes.seen.values()}
    assert {"command", "deliver"} == set(roles)
    assert roles["deliver"].peak > 30_000
    assert processes.peak >= roles["deliver"].resident + roles["command"].resident


def test_a_kill_reaches_what_the_command_started(tmp_path: Path) -> None:
    processes = watched(tmp_path, PARENT)
    look_until_said(processes)
    (child,) = (number for number, one in processes.seen.items() if one.role == "deliver")
    processes.end(signal.SIGKILL)
    until = time.monotonic() + 10
    while _is_there(child) and time.monotonic() < until:
        time.sleep(0.02)
    assert (-signal.SIGKILL, False) == (processes.status, _is_there(child))


def test_the_time_of_both_starts_counts(tmp_path: Path) -> None:
    processes = watched(tmp_path, BUSY)
    _finish(processes)
    once = processes.cpu
    processes.start([sys.executable, "-c", BUSY])
    _finish(processes)
    assert 0 < once < processes.cpu


def _finish(processes: Processes) -> None:
    until = time.monotonic() + 30
    while processes.status is None and time.monotonic() < until:
        processes.look()
        time.sleep(0.02)


def _is_there(number: int) -> bool:
    """Whether a process runs; one that waits to be buried does not."""
    try:
        state = Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state not in ("Z", "X")
