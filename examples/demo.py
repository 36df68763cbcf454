"""The whole of Orderwire in two minutes: a shop, five platforms, faults, a killed worker, and a sceptic's count.

Run it with `make demo`, or `python examples/demo.py --dir demo`. What happens:

1. A real shop's orders are put into a SQLite database (`examples/online-retail`).
2. Stand-ins of five platforms are started, with their documented limits and with faults in one request of twenty.
3. `orderwire plan` says what a sync would send; the routes on which history may start automations are acknowledged.
4. `orderwire sync --once` brings the whole history in.
5. `orderwire sync` keeps up while the shop trades; in the middle one delivery worker is killed with -9.
6. `orderwire audit` sums the books.
7. The checker, which shares no code with what it checks, lays the shop's log beside what each stand-in received.

Everything stays in the folder: the shop, the ledger, `log.jsonl`, `sandbox/<platform>.jsonl` and `report.json`.
The exit status is 1 when any figure is not as it should be.
"""

from __future__ import annotations

import argparse
import shutil
import signal
import sys
import time
from pathlib import Path

from demo import program, stage, verdict


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description="Show a whole sync against local stand-ins of five platforms.")
    parser.add_argument("--dir", default="demo", type=Path, help="where everything is put; replaced when it exists")
    parser.add_argument("--steps", default=10, type=int, help="how many steps the shop trades")
    arguments = parser.parse_args()
    return show(arguments.dir.resolve(), steps=arguments.steps)


def show(folder: Path, *, steps: int) -> int:
    """Run the demo; returns the exit status."""
    begun = time.monotonic()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    clear(folder)
    stage.build_shop(folder)
    with program.platforms(folder) as ports:
        stage.write_settings(folder, ports)
        program.plan(folder)
        program.acknowledge(folder)
        program.bring_history(folder)
        program.trade(folder, steps=steps)
    is_balanced = program.audit(folder)
    is_right = verdict.give(folder)
    print(f"\n{time.monotonic() - begun:.0f} seconds in all; everything is in {folder}")
    return 0 if is_balanced and is_right else 1


def clear(folder: Path) -> None:
    """An empty folder; refuses to empty one that is not an earlier demo's."""
    if folder.exists() and any(folder.iterdir()) and not (folder / stage.MARK).exists():
        sys.exit(f"{folder} holds something else; choose another folder with --dir")
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "sandbox").mkdir(parents=True)
    (folder / stage.MARK).touch()


if __name__ == "__main__":
    sys.exit(main())
