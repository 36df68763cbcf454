"""`python -m bench live`: how soon an order that comes in is with the platform, beside n8n and Node-RED.

Prints a table for each course and adds what was measured to `bench-report.json` as `live`. `--quick` takes less than
three minutes with everything installed; `--tools orderwire` measures one; `--repeats 3` takes turns three times.
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import msgspec
from msgspec.structs import replace

from bench.live.course import QUICK, STEADY, Terms, run
from bench.live.entrants import ENTRANTS
from bench.live.figures import Figures
from bench.live.table import OWN, WANTED_MS, lines_of, ratios_of

REPORT = Path("bench-report.json")


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; 1 when Orderwire lost an order, or was too slow."""
    options = _options(arguments)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    terms = replace(QUICK if options.quick else Terms(), rate=options.rate)
    found: dict[str, dict[str, list[Figures]]] = {}
    left_out: dict[str, str] = {}
    for turn in range(options.repeats):
        for name in options.tools:
            for figures in _one(name, terms, left_out) if name not in left_out else ():
                found.setdefault(figures.course, {}).setdefault(name, []).append(figures)
            _report(found, left_out, terms)
            print(f"{name}: turn {turn + 1} of {options.repeats} done", file=sys.stderr, flush=True)
    for course, runs in found.items():
        print("\n".join(lines_of(course, runs)) + "\n", flush=True)
    own = [one for runs in found.values() for one in runs.get(OWN, ())]
    late = [one.p99 for one in own if one.course == STEADY and one.p99 > WANTED_MS]
    for milliseconds in late:
        print(f"p99 {milliseconds:,.0f} ms, wanted {WANTED_MS:.0f}", file=sys.stderr)
    return 1 if late or any(one.lost for one in own) or OWN in left_out else 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench live", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="short courses: less than three minutes")
    parser.add_argument("--rate", type=float, default=Terms().rate, help="orders that come in each second")
    parser.add_argument("--repeats", type=int, default=1, help="how often each tool runs; they take turns")
    parser.add_argument("--tools", type=_names, default=tuple(ENTRANTS), help="only these: " + ",".join(ENTRANTS))
    return parser.parse_args(arguments)


def _names(text: str) -> tuple[str, ...]:
    names = tuple(text.split(","))
    if unknown := [name for name in names if name not in ENTRANTS]:
        raise argparse.ArgumentTypeError(f"there is no {', '.join(unknown)}")
    return names


def _one(name: str, terms: Terms, left_out: dict[str, str]) -> list[Figures]:
    """All courses of a tool; none where it cannot be had. The folder stays where we lost something ourselves."""
    place = Path(tempfile.mkdtemp(prefix="orderwire-live-", dir=os.environ.get("BENCH_FOLDER")))
    try:
        figures = run(ENTRANTS[name], place, terms)
    except (subprocess.SubprocessError, TimeoutError, OSError) as error:
        left_out[name] = str(error)
        print(f"  {name} left out: {error}", file=sys.stderr, flush=True)
        return []
    if name != OWN or not any(one.lost for one in figures):
        shutil.rmtree(place)
    return figures


def _report(found: dict[str, dict[str, list[Figures]]], left_out: dict[str, str], terms: Terms) -> None:
    report = msgspec.json.decode(REPORT.read_bytes()) if REPORT.exists() else {}
    report["live"] = {
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "load": os.getloadavg(),
        "terms": terms,
        "courses": {course: {"runs": runs, "ratios": ratios_of(runs)} for course, runs in found.items()},
        "left_out": left_out,
    }
    REPORT.write_bytes(msgspec.json.format(msgspec.json.encode(report), indent=2))


if __name__ == "__main__":
    sys.exit(main())
