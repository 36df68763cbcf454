"""The platform: a local stand-in without limits, whose reception log says when each order was there."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import msgspec

PROGRAM = (sys.executable, "-c", "from orderwire.entrypoints.cli import main; main()")
PLATFORM = "klaviyo"
METRIC = "Placed Order"
_START = 30.0


class Line(msgspec.Struct):
    """What matters of a line of the reception log."""

    wall: float
    verdict: str
    kept: list[dict[str, Any]]


_LINES = msgspec.json.Decoder(Line)


class Arrivals:
    """What a reception log has told so far."""

    def __init__(self, log: Path) -> None:
        self._log = log
        self._offset = 0
        self.at: dict[int, float] = {}
        """When each order was first there."""
        self.times: Counter[int] = Counter()
        """How often each order was taken."""
        self.requests = 0

    def look(self) -> int:
        """Read what was logged since the last look; returns how many orders are there."""
        with self._log.open("rb") as lines:
            lines.seek(self._offset)
            for text in lines:
                if not text.endswith(b"\n"):
                    break
                self._offset += len(text)
                self._take(_LINES.decode(text))
        return len(self.at)

    def _take(self, line: Line) -> None:
        self.requests += 1
        if line.verdict != "taken":
            return
        for kept in line.kept:
            if kept.get("metric") == METRIC:
                number = int(str(kept["id"]).rpartition(":")[2])
                self.at.setdefault(number, line.wall)
                self.times[number] += 1


class Sink:
    """A running stand-in, and what its log has told so far."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        ready = folder / "ports"
        self.arrivals = Arrivals(folder / f"{PLATFORM}.jsonl")
        with (folder / "sink.log").open("wb") as said:
            self._process = subprocess.Popen(
                [*PROGRAM, "sandbox", PLATFORM, "--no-limits", "--log-dir", str(folder), "--ready-file", str(ready)],
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=said,
                env={**os.environ},
                start_new_session=True,
            )
        until = time.monotonic() + _START
        while not ready.exists():
            if time.monotonic() > until or self._process.poll() is not None:
                self._end()
                raise TimeoutError("the stand-in did not start")
            time.sleep(0.02)
        self.url = f"http://127.0.0.1:{msgspec.json.decode(ready.read_bytes())[PLATFORM]}"

    def __enter__(self) -> Self:
        """Use it."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End it."""
        self._end()

    def fail(self, is_down: bool) -> None:
        """Let the platform answer every request with 503, or work again."""
        body = msgspec.json.encode({"outage": is_down})
        request = urllib.request.Request(f"{self.url}/_sandbox/faults", data=body, method="POST")
        request.add_header("content-type", "application/json")
        urllib.request.urlopen(request, timeout=10).close()

    def _end(self) -> None:
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(15)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
