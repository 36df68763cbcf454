"""`python -m bench.ingest`: the rates of the front door beside what they are measured against, in one run."""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import sys
import tempfile
from pathlib import Path

from bench.ingest.floor import bare_loop
from bench.ingest.front import CONNECTIONS, Load, front
from orderwire.testing.servers import ServerMissing, postgres_server

SINGLE, BATCHES = 0.40, 0.60
"""The least ratios that are expected: to the empty handler, and to the bare loop."""
SIZE = 1_000


def main() -> int:
    """Measure in turns and print; 1 when a ratio is less than it should be or a call failed."""
    parser = argparse.ArgumentParser(prog="python -m bench.ingest", description=__doc__)
    parser.add_argument("--seconds", type=float, default=5.0, help="of load in each turn")
    parser.add_argument("--turns", type=int, default=5, help="how often each is measured, in turns")
    options = parser.parse_args()
    if shutil.which("wrk") is None:
        print("wrk is missing: apt-get install wrk", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory(dir=os.environ.get("BENCH_FOLDER")) as place:
        is_good = _single(Path(place), options.seconds, options.turns)
        is_good = _batches(Path(place), options.seconds, options.turns) and is_good
        _on_postgres(Path(place), options.seconds)
    return 0 if is_good else 1


def _single(place: Path, seconds: float, turns: int) -> bool:
    """One order a request, acknowledged after commit, beside the empty handler of the same server."""
    ratios: list[float] = []
    is_sound = True
    for turn in range(turns):
        with front(place / f"empty{turn}", is_empty=True) as empty:
            bare = empty.load(seconds=seconds)
        with front(place / f"single{turn}") as durable:
            kept = durable.load(seconds=seconds)
        is_sound = is_sound and not bare.errors and not kept.errors
        ratios.append(kept.rate / bare.rate)
        print(f"  empty handler {_said(bare)}\n  one order     {_said(kept)}, {kept.commits:,} flushes")
    print(
        f"one order a request, {CONNECTIONS} connections: {_ratio(ratios)} of the empty handler (wanted {SINGLE})\n"
    )
    return is_sound and statistics.median(ratios) >= SINGLE


def _batches(place: Path, seconds: float, turns: int) -> bool:
    """Batches of 1,000 beside a bare loop over the same JSON and the same rows."""
    ratios: list[float] = []
    is_sound = True
    for turn in range(turns):
        folder = place / f"floor{turn}"
        folder.mkdir()
        bare = bare_loop(folder, 40, SIZE)
        shutil.rmtree(folder)
        with front(place / f"batches{turn}") as durable:
            kept = durable.load(seconds=seconds, batch=SIZE, connections=4)
        is_sound = is_sound and not kept.errors
        ratios.append(kept.rate * SIZE / bare)
        print(f"  bare loop {bare:,.0f} orders/s; batches {kept.rate * SIZE:,.0f} orders/s, p99 {kept.p99:.0f} ms")
    print(f"batches of {SIZE:,}: {_ratio(ratios)} of the bare loop (wanted {BATCHES})\n")
    return is_sound and statistics.median(ratios) >= BATCHES


def _on_postgres(place: Path, seconds: float) -> None:
    """The same on PostgreSQL, with its own sync on."""
    try:
        with postgres_server(("fsync=on",)) as url, front(place / "postgres", ledger=url) as durable:
            print(f"on PostgreSQL: one order {_said(durable.load(seconds=seconds))}")
            batches = durable.load(seconds=seconds, batch=SIZE, connections=4, first=10_000_000)
            print(f"on PostgreSQL: batches {batches.rate * SIZE:,.0f} orders/s")
    except ServerMissing as missing:
        print(f"PostgreSQL left out: {missing}")


def _said(load: Load) -> str:
    errors = f", {load.errors} failed" if load.errors else ""
    return f"{load.rate:,.0f} requests/s, p50 {load.p50:.1f} ms, p99 {load.p99:.1f} ms{errors}"


def _ratio(ratios: list[float]) -> str:
    return f"{statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"


if __name__ == "__main__":
    sys.exit(main())
