"""The processes of one run: one command and whatever it starts, watched while they live and ended together."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

_PROC = Path("/proc")
_TICKS = os.sysconf("SC_CLK_TCK")


class Seen(NamedTuple):
    """What a process has used."""

    role: str
    cpu: float
    resident: int
    """KiB now."""
    peak: int
    """KiB at most."""


@dataclass
class Processes:
    """A command in a process group of its own.

    Everything it starts stays in the group. CPU time is the kernel's own sum where the command ended by itself, and
    what was seen last of each process where it was killed.
    """

    environment: dict[str, str]
    log: Path
    cpu: float = 0.0
    peak: int = 0
    """The most memory of all processes at one moment, in KiB; what they share counts for each."""
    seen: dict[int, Seen] = field(default_factory=dict)
    """The last that was seen of each process, by its id."""
    status: int | None = None
    _process: subprocess.Popen[bytes] | None = None

    def start(self, command: list[str]) -> None:
        """Start the command, also a second time after it was killed."""
        self.status = None
        with self.log.open("ab") as said:
            self._process = subprocess.Popen(
                command,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=said,
                start_new_session=True,
            )

    def look(self) -> None:
        """See what each process has used so far, and whether the command has ended."""
        if self._process is None or self.status is not None:
            return
        living = dict(_group(self._process.pid))
        self.seen.update(living)
        self.peak = max(self.peak, sum(one.resident for one in living.values()))
        self._collect(os.WNOHANG)

    def end(self, number: signal.Signals) -> None:
        """Signal the whole group, and wait for the command."""
        if self._process is None or self.status is not None:
            return
        group = self._process.pid
        if number == signal.SIGKILL:
            killed = dict(_group(group))
            self.seen.update(killed)
            with suppress(ProcessLookupError):
                os.killpg(group, number)
            self.cpu += sum(one.cpu for one in killed.values())
            self.status = self._process.wait()
            return
        with suppress(ProcessLookupError):
            self._process.send_signal(number)
        self._collect(0)

    def _collect(self, options: int) -> None:
        if self._process is None:
            return
        pid, status, used = os.wait4(self._process.pid, options)
        if pid:
            self.status = self._process.returncode = os.waitstatus_to_exitcode(status)
            self.cpu += used.ru_utime + used.ru_stime


def _group(group: int) -> Iterator[tuple[int, Seen]]:
    for folder in _PROC.iterdir():
        if folder.name.isdigit():
            # A process may end between two looks at it.
            with suppress(OSError, ValueError, LookupError):
                fields = (folder / "stat").read_text().rpartition(")")[2].split()
                if int(fields[2]) == group and fields[0] != "Z":
                    yield int(folder.name), _seen(folder, fields)


def _seen(folder: Path, fields: list[str]) -> Seen:
    words = (folder / "cmdline").read_text().split("\0")
    role = words[words.index("--role") + 1] if "--role" in words else "command"
    sizes = dict(line.split(":", 1) for line in (folder / "status").read_text().splitlines())
    return Seen(
        role=role,
        cpu=(int(fields[11]) + int(fields[12])) / _TICKS,
        resident=int(sizes["VmRSS"].split()[0]),
        peak=int(sizes["VmHWM"].split()[0]),
    )
