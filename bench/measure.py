"""One run of one tool: its processes started, watched, perhaps killed once, and what came of it."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from bench.reception import Faults, Tally
from bench.rig import Platform
from bench.tools import Job, Tool

LOOK = 0.02
LOOK_WHEN_READ = 0.1
_MEGABYTE = 1024


class Figures(Struct, kw_only=True):
    """What one run came to."""

    tool: str
    orders: int
    expected: int
    """Events that should have arrived."""
    wall: float
    cpu: float
    peak_mb: int
    """Of all processes together, each at its own peak."""
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


@dataclass
class _Crew:
    """The processes of a run, and what those that ended have used."""

    environment: dict[str, str]
    folder: Path
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)
    cpu: float = 0.0
    peak: dict[int, int] = field(default_factory=dict)
    """By place in the tool's commands, in KiB."""
    statuses: dict[int, int] = field(default_factory=dict)

    def start(self, commands: list[list[str]]) -> None:
        self.statuses.clear()
        said = (self.folder / "said.log").open("ab")
        self.processes = [
            subprocess.Popen(command, env=self.environment, stdin=subprocess.DEVNULL, stdout=said, stderr=said)
            for command in commands
        ]
        said.close()

    def look(self, *, wait: bool = False) -> None:
        """Collect those that have ended."""
        for place, process in enumerate(self.processes):
            if place in self.statuses:
                continue
            pid, status, used = os.wait4(process.pid, 0 if wait else os.WNOHANG)
            if pid:
                process.returncode = self.statuses[place] = os.waitstatus_to_exitcode(status)
                self.cpu += used.ru_utime + used.ru_stime
                self.peak[place] = max(self.peak.get(place, 0), used.ru_maxrss)

    def end(self, number: signal.Signals) -> None:
        for place, process in enumerate(self.processes):
            if place not in self.statuses:
                process.send_signal(number)
        self.look(wait=True)


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
    commands = tool.commands(job)
    crew = _Crew(_environment(job.folder), job.folder)
    began = time.perf_counter()
    kill_at = None if trial.kill_at is None else int(expected * trial.kill_at)
    try:
        crew.start(commands)
        note = _watch(tool, job, trial, platform, crew, began, kill_at=kill_at)
        wall = time.perf_counter() - began
        crew.end(signal.SIGTERM)
    finally:
        crew.end(signal.SIGKILL)
    return Figures(
        tool=tool.name,
        orders=orders,
        expected=expected,
        wall=wall,
        cpu=crew.cpu,
        peak_mb=sum(crew.peak.values()) // _MEGABYTE,
        tally=platform.tally(),
        note=note,
    )


def _watch(
    tool: Tool, job: Job, trial: Trial, platform: Platform, crew: _Crew, began: float, *, kill_at: int | None
) -> str:
    """Wait until the run is over; returns what there is to say about it."""
    while time.perf_counter() - began < trial.most:
        crew.look()
        if kill_at is not None and platform.events() >= kill_at:
            kill_at = None
            crew.end(signal.SIGKILL)
            crew.start(tool.commands(job))
        if any(status for status in crew.statuses.values()):
            crew.end(signal.SIGTERM)
            return f"ended with status {max(crew.statuses.values(), key=abs)}"
        if 0 in crew.statuses:
            if tool.is_over(job):
                return ""
            time.sleep(LOOK_WHEN_READ)
        else:
            time.sleep(LOOK)
    return f"cut off after {trial.most:.0f} s"


def _environment(folder: Path) -> dict[str, str]:
    """The environment of a run: nothing of it reaches the user's own settings."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**kept, "HOME": str(folder), "BENCH_KEY": "pk_bench"}
