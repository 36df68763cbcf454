"""The worker process: does what the supervisor of `orderwire sync` tells it, one JSON line of progress a second."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import msgspec
import structlog
from cyclopts import App, Parameter

from orderwire.app import talk
from orderwire.app.running.process import work as do
from orderwire.app.running.roles import PATIENCE, Job, Line, Role, Terms, at
from orderwire.errors import ConfigError, OrderwireError

log = structlog.get_logger()
FAILED, WRONG = 1, 2
Flag = Annotated[bool, Parameter(negative="")]


@dataclass(frozen=True, kw_only=True)
class Told:
    """What a worker process is told on its command line.

    Args:
        role: what this process does.
        destinations: names it may serve, with commas between; all by default.
        share: how many of them it takes at first.
        until_idle: end when nothing is left to do.
        history_only: leave out what is news.
        since: exclude facts that occurred earlier.
        most: send at most so many facts to each destination.
        patience: seconds that a platform may give no answer before it is given up, with `--until-idle`.
        parent: end when this process is gone.
        while_reading: sources are still read; a line on standard input lets it begin, a second says all was read.
    """

    role: Role
    destinations: str = ""
    share: int | None = None
    until_idle: Flag = False
    history_only: Flag = False
    since: str = ""
    most: int | None = None
    patience: float = PATIENCE.total_seconds()
    parent: int | None = None
    while_reading: Flag = False

    def job(self) -> Job:
        """The same as `app` takes it."""
        return Job(
            role=self.role,
            destinations=tuple(name for name in self.destinations.split(",") if name),
            share=self.share,
            since=at(self.since) if self.since else None,
            parent=self.parent,
            while_reading=self.while_reading,
            terms=Terms(
                until_idle=self.until_idle,
                with_live=not self.history_only,
                most=self.most,
                patience=timedelta(seconds=self.patience),
            ),
        )


def work(
    *, told: Annotated[Told, Parameter(name="*")], folder: Annotated[Path, Parameter(name="--dir")] = Path()
) -> int:
    """Read the sources or deliver as one process of a sync; prints progress as JSON lines."""
    talk.configure()
    log.info("worker started", role=told.role.value, pid=os.getpid(), destinations=told.destinations or "any")
    try:
        do(folder, told.job(), _print)
    except OrderwireError as error:
        print(error, file=sys.stderr)
        return WRONG if isinstance(error, ConfigError) else FAILED
    return 0


def _print(line: Line) -> None:
    """Print a line at once; with nobody left to read it, work goes on until the missing parent is noticed."""
    try:
        print(msgspec.json.encode(line).decode(), flush=True)
    except BrokenPipeError:
        return


def main() -> None:
    """Run as a process."""
    app = App(name="orderwire-worker", help_flags=(), version_flags=())
    app.default(work)
    sys.exit(app(result_action="return_value"))


if __name__ == "__main__":
    main()
