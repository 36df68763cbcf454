"""The reception log: one JSON line for every request a stand-in received, in the order of reception."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TextIO


class ReceptionLog:
    """An append-only file of what arrived. Lines are flushed to the operating system one by one.

    Shape of a line: `n` (1-based), `at` (platform UNIX seconds), `wall` (real UNIX seconds), `method`, `path`,
    `query`, `body` (text as received, decompressed), `status` (what was answered, 0 when the connection was closed),
    `fault`, `verdict` (`taken`, `refused`, `limited`, `faulted`), `kept` (what the stand-in took from it, a list of
    objects in the stand-in's own shape), `fired` (automations it would have started).
    """

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self.count = 0
        self._file: TextIO | None = None
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            if path.exists():
                with path.open(encoding="utf-8") as lines:
                    self.count = sum(1 for _ in lines)
            self._file = path.open("a", encoding="utf-8", buffering=1)

    def next_number(self) -> int:
        """Number the request that has just arrived."""
        self.count += 1
        return self.count

    def write(self, line: dict[str, Any]) -> None:
        """Append one line."""
        if self._file is not None:
            self._file.write(json.dumps(line, ensure_ascii=False, separators=(",", ":")) + "\n")

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()


def read_log(path: Path) -> Iterator[dict[str, Any]]:
    """Stream the lines of a reception log."""
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)
