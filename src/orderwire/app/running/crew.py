"""Worker processes: started, listened to, started again when they die, and stopped cleanly."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import signal
import sys
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import structlog

from orderwire.app.running.roles import LINES, Line
from orderwire.transport.backoff import backoff

log = structlog.get_logger()
MODULE = "orderwire.entrypoints.worker"
DONE, FAILED, WRONG = 0, 1, 2
"""Exit statuses of a worker: it is done, it died, or the settings are wrong and it would die again."""
STEADY = 60.0
"""Seconds after which a worker that dies is counted as dying for the first time."""
GRACE = 90.0
"""Seconds that a worker has to bring its requests home when it is asked to stop."""
LONGEST_LINE = 1_000_000
_GO = b"go\n"
"""What a worker that delivers while sources are read is told twice: when it may begin, and when all was read."""


@dataclass
class Crew:
    """The worker processes of one run.

    Args:
        folder: the shop's folder.
        told: is given each line of a worker, and which run of it that is: a worker's counters begin anew with it.
        said: is given what workers say on stderr.
    """

    folder: Path
    told: Callable[[int, Line], None]
    said: Callable[[str], None]
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    may_deliver: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when delivering may begin; workers that wait for it are told."""
    all_read: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when the sources were read; likewise."""
    _processes: dict[int, Process] = field(default_factory=dict)
    _runs: int = 0

    async def keep(
        self, arguments: Sequence[str], *, most_starts: int | None = None, awaits_word: bool = False
    ) -> int:
        """Keep one worker running until it is done or the crew stops; returns its last exit status.

        Args:
            arguments: what the worker is told on its command line.
            most_starts: how often it is started at most in a row; None for as often as it takes.
            awaits_word: whether it is told when it may deliver, and when the sources were read.
        """
        rng = random.Random()
        starts = 0
        while True:
            begun = time.monotonic()
            starts += 1
            status = await self._run(arguments, awaits_word=awaits_word)
            if self.stopping.is_set() or status in (DONE, WRONG):
                return status
            starts = 1 if time.monotonic() - begun > STEADY else starts
            if most_starts is not None and starts >= most_starts:
                return FAILED
            wait = backoff(starts, rng, first=0.25, most=30.0)
            log.warning("a worker died and is started again", status=status, wait=round(wait, 1))
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.stopping.wait(), wait)
                return status

    async def stop(self) -> None:
        """Ask every worker to finish what it is doing; after a while, end those that do not."""
        self.stopping.set()
        until = time.monotonic() + GRACE
        self._signal(signal.SIGTERM)
        while self._processes and time.monotonic() < until:
            await asyncio.sleep(0.05)
        self._signal(signal.SIGKILL)

    def _signal(self, number: signal.Signals) -> None:
        for process in list(self._processes.values()):
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(number)

    async def _run(self, arguments: Sequence[str], *, awaits_word: bool) -> int:
        self._runs += 1
        run = self._runs
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", MODULE, "--dir", str(self.folder), "--parent", str(os.getpid()), *arguments),
            stdin=PIPE if awaits_word else asyncio.subprocess.DEVNULL,
            stdout=PIPE,
            stderr=PIPE,
            limit=LONGEST_LINE,
        )
        self._processes[run] = process
        if self.stopping.is_set():
            self._signal(signal.SIGTERM)
        telling = asyncio.ensure_future(self._tell(process.stdin))
        try:
            await asyncio.gather(self._hear(run, process.stdout), self._overhear(process.stderr))
            return await process.wait()
        except asyncio.CancelledError:
            process.kill()
            await process.wait()
            raise
        finally:
            telling.cancel()
            del self._processes[run]

    async def _tell(self, words: asyncio.StreamWriter | None) -> None:
        if words is None:
            return
        with contextlib.suppress(ConnectionError):
            for event in (self.may_deliver, self.all_read):
                await event.wait()
                words.write(_GO)
                await words.drain()

    async def _hear(self, run: int, lines: asyncio.StreamReader | None) -> None:
        while lines is not None and (text := await lines.readline()):
            with contextlib.suppress(msgspec.DecodeError):
                self.told(run, LINES.decode(text))

    async def _overhear(self, lines: asyncio.StreamReader | None) -> None:
        while lines is not None and (text := await lines.readline()):
            self.said(text.decode("utf-8", "replace").rstrip("\n"))
