"""How a running sync is shown on stderr: bars on a terminal, a line every few seconds elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TaskID, TextColumn
from rich.table import Column

from orderwire.app.ingest import IngestProgress
from orderwire.app.running.board import Board, Standing
from orderwire.app.talk import counted
from orderwire.entrypoints.cli.output import say
from orderwire.entrypoints.cli.pages import span

EVERY = 5.0
"""Seconds between two lines about the same thing."""


class Shown(Protocol):
    """Something that shows a sync."""

    def seen(self, board: Board) -> None:
        """Show where everything stands."""
        ...

    def said(self, text: str) -> None:
        """Show what a worker says."""
        ...


@contextmanager
def display() -> Iterator[Shown]:
    """Whatever fits where stderr goes."""
    if not sys.stderr.isatty():
        lines = Lines()
        yield lines
        lines.finish()
        return
    columns = (
        TextColumn("{task.description}", table_column=Column(no_wrap=True, min_width=12)),
        BarColumn(bar_width=16),
        TextColumn("{task.fields[told]}", table_column=Column(no_wrap=True)),
    )
    with Progress(*columns, console=Console(stderr=True)) as progress:
        yield Bars(progress)


class Bars:
    """A bar for each source that is read and each destination that is served."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._tasks: dict[str, TaskID] = {}

    def seen(self, board: Board) -> None:
        """Move the bars."""
        for source in board.sources.values():
            told = _read(source)
            self._move(f"from {source.source}", source.read, source.total_hint, told)
        for one in board.standings():
            self._move(f"to {one.destination}", one.done, one.total, briefly(one))

    def said(self, text: str) -> None:
        """Print above the bars."""
        self._progress.console.print(escape(text), highlight=False)

    def _move(self, name: str, done: int, total: int | None, told: str) -> None:
        if name not in self._tasks:
            self._tasks[name] = self._progress.add_task(name, total=None, told="")
        self._progress.update(self._tasks[name], completed=done, total=total, told=escape(told))


class Lines:
    """A line about each source and destination when something has changed, at most one every few seconds."""

    def __init__(self) -> None:
        self._told: dict[str, tuple[float, str]] = {}
        self._last: dict[str, str] = {}

    def seen(self, board: Board) -> None:
        """Say what has changed."""
        for source in board.sources.values():
            self._tell(f"from {source.source}", _read(source))
        for one in board.standings():
            self._tell(f"to {one.destination}", told_of(one))

    def said(self, text: str) -> None:
        """Pass it on."""
        say(text)

    def finish(self) -> None:
        """Say what was not said yet."""
        for name, text in self._last.items():
            if self._told[name][1] != text:
                say(f"{name}: {text}")

    def _tell(self, name: str, text: str) -> None:
        self._last[name] = text
        at, before = self._told.get(name, (float("-inf"), ""))
        if text != before and time.monotonic() - at >= EVERY:
            self._told[name] = (time.monotonic(), text)
            say(f"{name}: {text}")


def _read(source: IngestProgress) -> str:
    return f"{counted(source.read, 'record')}, {counted(source.appended, 'fact')}"


def briefly(one: Standing) -> str:
    """A destination's standing beside its bar; why it stopped is said at the end."""
    left = span(one.seconds_left) if one.seconds_left is not None and one.done < one.total else ""
    counts = f"{one.done:,}/{one.total:,}  {one.requests:,} req  {one.rate:.1f}/s  {one.refusals:,}×429"
    return f"{counts}  {'stopped' if one.blocked else left or one.phase}"


def told_of(one: Standing) -> str:
    """A destination's standing in words."""
    words = [
        f"{one.done:,}/{counted(one.total, 'fact')}",
        counted(one.requests, "request"),
        f"{one.rate:.1f}/s",
        f"{one.refusals:,} × 429",
    ]
    if one.seconds_left is not None and one.done < one.total:
        words.append(f"{span(one.seconds_left)} left at the account's limits")
    words.append(f"stopped: {one.blocked}" if one.blocked else one.phase)
    return ", ".join(words)
