"""`make bench`: run the scoreboard, print it, write `bench-report.json`.

`python -m bench --quick` takes less than three minutes; `--rows free,kill --tools orderwire,dlt` runs a part;
`--orders 1000000` sets the size of every row. `python -m bench scale` shows what an order costs and how much memory
is taken at growing sizes; `python -m bench scale --sizes 10000,3000000` at others. `python -m bench live` is another
program: how soon orders that come in are with the platform.
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from bench import shop
from bench.live import __main__ as live
from bench.measure import Figures, run
from bench.rig import Platform
from bench.scoreboard import ALL, ROWS, SCALE, SIZES, Entrant, Row
from bench.table import lines_of, ratios_of, scale_lines
from bench.tools import CACHE, TOOLS, Job

REPORT = Path("bench-report.json")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what was asked for; 1 when Orderwire lost or inverted anything."""
    given = sys.argv[1:] if arguments is None else list(arguments)
    if given[:1] == ["live"]:
        return live.main(given[1:])
    options = _options(given)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    report: dict[str, object] = {
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "cores": os.cpu_count(),
        "python": sys.version.split()[0],
        "is_quick": options.quick,
        "rows": {},
    }
    is_sound = True
    with Platform() as platform:
        if options.what == "scale":
            return _scale(platform, options.sizes, report)
        report["sink"] = speed = platform.speed()
        print(
            f"the sink alone: {speed['bulk_events_per_second']:,.0f} events/s in bulk requests of 1000, "
            f"{speed['single_requests_per_second']:,.0f} single events/s\n",
            flush=True,
        )
        for row in ROWS:
            if options.rows and row.name not in options.rows:
                continue
            runs = _measure(row, platform, options)
            print("\n".join(lines_of(row.title, runs)) + "\n", flush=True)
            is_sound = is_sound and not any(one.lost or one.tally.inverted for one in runs.get("orderwire", ()))
            rows = report["rows"]
            assert isinstance(rows, dict)
            rows[row.name] = {"title": row.title, "runs": runs, "ratios": ratios_of(runs)}
            REPORT.write_bytes(msgspec.json.format(msgspec.json.encode(report, enc_hook=str), indent=2))
    return 0 if is_sound else 1


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure Orderwire beside its peers.")
    parser.add_argument("what", nargs="?", choices=("rows", "scale"), default="rows", help="beside peers, or alone")
    parser.add_argument("--sizes", type=_numbers, default=SIZES, help="numbers of orders for `scale`")
    parser.add_argument("--quick", action="store_true", help="small sizes, each run once: less than three minutes")
    parser.add_argument("--rows", type=_names, default=(), help="only these: " + ",".join(row.name for row in ROWS))
    parser.add_argument("--tools", type=_names, default=(), help="only these: " + ",".join(TOOLS))
    parser.add_argument("--orders", type=int, help="so many orders in every row")
    parser.add_argument("--repeats", type=int, help="so many runs of each tool in every row")
    return parser.parse_args(arguments)


def _names(text: str) -> tuple[str, ...]:
    return tuple(text.split(","))


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(map(int, text.split(",")))


def _scale(platform: Platform, sizes: Sequence[int], report: dict[str, object]) -> int:
    """Run Orderwire alone at growing sizes; 1 when it lost or inverted anything."""
    runs: list[Figures] = []
    print("\n".join(scale_lines(runs)), flush=True)
    for orders in sizes:
        runs.append(_run(SCALE, SCALE.entrants[0], platform, orders))
        print(scale_lines(runs)[-1], flush=True)
        report["scale"] = runs
        REPORT.write_bytes(msgspec.json.format(msgspec.json.encode(report), indent=2))
    return 1 if any(one.note or one.lost or one.tally.inverted for one in runs) else 0


def _measure(row: Row, platform: Platform, options: argparse.Namespace) -> dict[str, list[Figures]]:
    """Run the entrants of a row, taking turns."""
    orders = options.orders or row.orders[options.quick]
    repeats = options.repeats or (1 if options.quick else row.repeats)
    runs: dict[str, list[Figures]] = {}
    for _ in range(repeats):
        for entrant in row.entrants:
            if options.tools and entrant.tool.name not in options.tools:
                continue
            try:
                figures = _run(row, entrant, platform, orders)
            except subprocess.SubprocessError as error:
                print(f"  {entrant.tool.name} left out: {error}", file=sys.stderr, flush=True)
                continue
            runs.setdefault(entrant.tool.name, []).append(figures)
    return runs


def _run(row: Row, entrant: Entrant, platform: Platform, orders: int) -> Figures:
    orders = max(100, int(orders * entrant.share))
    path = CACHE / "shops" / f"{orders}.db"
    shop.make(path, orders)
    folder = CACHE / "runs" / entrant.tool.name
    job = Job(shop=path, view=entrant.view, sink=platform.url, folder=folder, is_limited=row.is_limited)
    expected = orders + (shop.line_count(path) if entrant.view == ALL else 0)
    figures = run(entrant.tool, job, row.trial, platform, orders=orders, expected=expected)
    if not figures.note:
        shutil.rmtree(folder)
    return figures


if __name__ == "__main__":
    sys.exit(main())
