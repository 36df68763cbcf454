"""One run of one tool: its processes started, watched, perhaps killed once, and what came of it."""

from __future__ import annotations

import os
import shutil
import signal
import time
from dataclasses import dataclass
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from bench.processes import Processes
from bench.reception import Faults, Tally
from bench.rig import Platform
from bench.tools import Job, Tool

LOOK = 0.05
_MEGABYTE = 1024


class Used(Struct, kw_only=True):
    """What one process of a run has used."""

    role: str
    cpu: float
    peak_mb: int


class Figures(Struct, kw_only=True):
    """What one run came to."""

    tool: str
    orders: int
    expected: int
    """Events that should have arrived."""
    wall: float
    cpu: float
    peak_mb: int
    """Of all processes together, at the moment when it was most."""
    processes: list[Used] = []
    tally: Tally
    note: str = ""

    @property
    def orders_per_second(self) -> float:
        """Orders that arrived, by the wall clock from the first process's start."""
        return self.tally.orders / self.wall

    @property
    def events_per_second(self) -> float:
        """Distinct events that arrived, likewise."""
        return self.tally.distinct / self.wall

    @property
    def lost(self) -> int:
        """Events that never arrived."""
        return self.expected - self.tally.distinct


@dataclass(frozen=True, kw_only=True)
class Trial:
    """What is asked of a tool.

    Args:
        faults: the sink's behaviour.
        kill_at: the share of events after which everything is killed with SIGKILL and started again; None for never.
        silent_at: the share of events after which the sink falls silent; None for never.
        most: seconds after which the run is cut off.
    """

    faults: Faults
    kill_at: float | None = None
    silent_at: float | None = None
    most: float = 900.0


def run(tool: Tool, job: Job, trial: Trial, platform: Platform, *, orders: int, expected: int) -> Figures:
    """Run a tool once and count."""
    shutil.rmtree(job.folder, ignore_errors=True)
    job.folder.mkdir(parents=True)
    silent_at = None if trial.silent_at is None else int(expected * trial.silent_at)
    platform.reset(replace(trial.faults, outage_after=silent_at))
    command = tool.command(job)
    processes = Processes(_environment(job.folder), job.folder / "said.log")
    began = time.perf_counter()
    kill_at = None if trial.kill_at is None else int(expected * trial.kill_at)
    try:
        processes.start(command)
        note = _watch(processes, command, trial, platform, began, kill_at=kill_at)
        wall = time.perf_counter() - began
    finally:
        processes.end(signal.SIGKILL)
    return Figures(
        tool=tool.name,
        orders=orders,
        expected=expected,
        wall=wall,
        cpu=processes.cpu,
        peak_mb=processes.peak // _MEGABYTE,
        processes=[
            Used(role=one.role, cpu=one.cpu, peak_mb=one.peak // _MEGABYTE) for one in processes.seen.values()
        ],
        tally=platform.tally(),
        note=note or ("" if tool.is_over(job) else "it ended before everything was done"),
    )


def _watch(
    processes: Processes, command: list[str], trial: Trial, platform: Platform, began: float, *, kill_at: int | None
) -> str:
    """Wait until the run is over; returns what there is to say about it."""
    while time.perf_counter() - began < trial.most:
        processes.look()
        if kill_at is not None and platform.events() >= kill_at:
            kill_at = None
            processes.end(signal.SIGKILL)
            processes.start(command)
        if processes.status is not None:
            return f"ended with status {processes.status}" if processes.status else ""
        time.sleep(LOOK)
    return f"cut off after {trial.most:.0f} s"


def _environment(folder: Path) -> dict[str, str]:
    """The environment of a run: nothing of it reaches the user's own settings."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**kept, "HOME": str(folder), "BENCH_KEY": "pk_bench"}
