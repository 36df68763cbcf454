"""How a worker tells of its work: lines, at most one a second about each thing."""

from __future__ import annotations

import time

from orderwire.app.running.roles import Line, Told


class Teller:
    """Passes lines on, at most one a second about each thing."""

    def __init__(self, told: Told) -> None:
        self._told = told
        self._told_at: dict[str, float] = {}

    def tell(self, about: str, line: Line, *, is_last: bool = False) -> None:
        """Pass a line on unless one about the same thing went just before; the last one always."""
        now = time.monotonic()
        if is_last or now - self._told_at.get(about, float("-inf")) >= 1.0:
            self._told_at[about] = now
            self._told(line)
