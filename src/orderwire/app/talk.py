"""What the program says while it works: to stderr, without personal data, secrets or the values in a traceback."""

from __future__ import annotations

import sys
import traceback
from collections.abc import MutableMapping
from typing import Any, TextIO

import structlog

Event = MutableMapping[str, Any]


def configure(stream: TextIO | None = None) -> None:
    """Send the log to a stream, stderr by default, one line of `name=value` pairs an event."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _frames_only,
            structlog.processors.LogfmtRenderer(key_order=["timestamp", "level", "event"]),
        ],
        logger_factory=structlog.WriteLoggerFactory(stream or sys.stderr),
        cache_logger_on_first_use=False,
    )


def frames_of(error: BaseException) -> str:
    """Where an error came from, innermost first: file, line and function, never its message."""
    frames = traceback.extract_tb(error.__traceback__)
    return " < ".join(f"{frame.filename}:{frame.lineno} {frame.name}" for frame in reversed(frames))


def counted(count: int, noun: str) -> str:
    """How many of a thing: `1 row`, `2,000 rows`."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def _frames_only(_logger: object, _method: str, event: Event) -> Event:
    """Replace a traceback by its frames: a foreign message may hold anything."""
    error = event.pop("exc_info", None)
    if isinstance(error, BaseException):
        event["where"] = frames_of(error)
    return event
