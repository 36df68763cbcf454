"""The program at work: every step is a command of `orderwire` that anybody could type."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from demo import stage

ORDERWIRE = str(Path(sys.executable).with_name("orderwire"))
PAUSE = 1.0
"""Seconds between two steps of trading."""
PATIENCE = 40.0
"""Seconds that news may take to be delivered after the last step."""


def run(folder: Path, *arguments: str, is_read: bool = False, may_fail: bool = False) -> str:
    """One command, shown as it would be typed; its output where it `is_read`, else it goes to the terminal."""
    print(f"\n$ orderwire {' '.join(arguments)}", flush=True)
    done = subprocess.run(
        [ORDERWIRE, *arguments, "--dir", str(folder)],
        check=False,
        stdout=subprocess.PIPE if is_read else None,
        text=True,
    )
    if done.returncode and not may_fail:
        raise SystemExit(f"orderwire {arguments[0]} ended with status {done.returncode}")
    return done.stdout or ""


def read(folder: Path, *arguments: str) -> Any:
    """What a command prints as JSON, without showing it."""
    command = [ORDERWIRE, *arguments, "--json", "--dir", str(folder)]
    return json.loads(subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout)


@contextmanager
def platforms(folder: Path) -> Iterator[Mapping[str, int]]:
    """The five stand-ins in one process; their ports."""
    examples = str(Path(__file__).parents[1])
    process = subprocess.Popen(
        [sys.executable, "-m", "demo.standins", str(folder / "sandbox")],
        cwd=examples,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        line = process.stdout.readline() if process.stdout else ""
        if not line:
            raise SystemExit("the stand-ins did not start")
        yield json.loads(line)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()


def plan(folder: Path) -> None:
    """What a sync would send, one line for each destination; the whole of it goes to `plan.json`."""
    text = run(folder, "plan", "--json", is_read=True)
    (folder / "plan.json").write_text(text, encoding="utf-8")
    for one in json.loads(text)["plans"]:
        facts, requests = sum(one["facts"].values()), sum(one["requests"].values())
        unsent = sum(one["unsent"].values())
        print(f"  {one['destination']:<9} {facts:6,} facts in {requests:5,} requests; {unsent:6,} facts are not sent")
        if one["unacknowledged"]:
            print(f"  {'':<9} may start automations: {', '.join(one['unacknowledged'])}")


def acknowledge(folder: Path) -> None:
    """Say that what history may start is paused; nothing is sent on such a route before."""
    for name in stage.SCALES:
        routes = run(folder, "destination", "acknowledge", name, "--yes", is_read=True)
        print(f"  acknowledged: {', '.join(routes.split()) or 'nothing is needed'}")


def bring_history(folder: Path) -> None:
    """The whole history, with progress."""
    begun = time.monotonic()
    run(folder, "sync", "--once", may_fail=True)
    print(f"the history took {time.monotonic() - begun:.1f} seconds")


def trade(folder: Path, *, steps: int) -> None:
    """Let the shop trade while a sync keeps up; kill one of its delivery workers in the middle."""
    print("\n$ orderwire sync     # keeps up while the shop trades", flush=True)
    syncing = subprocess.Popen([ORDERWIRE, "sync", "--dir", str(folder)])
    trading = stage.trading(folder)
    happened: Counter[str] = Counter()
    try:
        time.sleep(2 * PAUSE)
        for step in range(steps):
            happened += trading.step(datetime.now(UTC))
            if step == steps // 2:
                kill_a_worker(syncing.pid)
            time.sleep(PAUSE)
        wait_until_delivered(folder)
    finally:
        trading.close()
        syncing.send_signal(signal.SIGTERM)
        status = syncing.wait()
    print(f"the shop: {', '.join(f'{count} {what}' for what, count in sorted(happened.items()))}")
    why = {0: "nothing is left to look at", 1: "some facts are listed as given up or in doubt"}
    print(f"the sync was asked to stop and did, with status {status}: {why.get(status, 'see what it said')}")


def kill_a_worker(supervisor: int) -> None:
    """Kill one delivery worker of a running sync, as a machine out of memory would."""
    workers = delivery_workers(supervisor)
    if not workers:
        raise SystemExit("no delivery worker is running")
    os.kill(workers[0], signal.SIGKILL)
    print(f"killed delivery worker {workers[0]} with -9", flush=True)


def delivery_workers(supervisor: int) -> list[int]:
    """The processes that deliver for a running sync: its own children, by their command lines."""
    listed = subprocess.run(["ps", "-A", "-o", "pid=,ppid=,args="], stdout=subprocess.PIPE, text=True, check=True)
    found = []
    for line in listed.stdout.splitlines():
        pid, parent, arguments = line.split(None, 2)
        if int(parent) == supervisor and "--role deliver" in arguments:
            found.append(int(pid))
    return found


def wait_until_delivered(folder: Path) -> None:
    """Wait until nothing is left to deliver, or patience ends."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        time.sleep(PAUSE)
        if all(is_idle(one) for one in read(folder, "status")["destinations"]):
            return
    print("patience has ended: some of it is not delivered")


def is_idle(status: Mapping[str, Any]) -> bool:
    """Whether nothing is left to do for a destination."""
    waiting = status["exemptions"].get("pending", 0)
    return not (status["behind"] or status["open_requests"] or status["open_jobs"] or waiting)


def audit(folder: Path) -> bool:
    """Whether the books balance."""
    text = run(folder, "audit", "--json", is_read=True, may_fail=True)
    balances = json.loads(text)
    for one in balances:
        counts = ", ".join(f"{count:,} {name}" for name, count in sorted(one["from_log"].items()) if count)
        print(f"  {one['destination']:<9} {'DOES NOT BALANCE' if one['faults'] else 'balances'}: {counts}")
        for fault in one["faults"]:
            print(f"    {fault}")
    return bool(balances) and not any(one["faults"] for one in balances)
