"""The live courses as text, and as the ratios of one tool to another."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from statistics import median

from bench.live.figures import Figures

HEADS = (
    "tool", "offered/s", "sent", "acknowledged", "lost", "repeated", "there/s", "acks/s", "ack p99 ms", "p50 ms",
    "p99 ms", "max ms", "peak MB", "CPU ms", "requests", "runs",
)  # fmt: skip
OWN = "orderwire"
WANTED_MS = 500.0
"""What 99 of 100 orders that come in at a rate should need at most."""


def lines_of(course: str, runs: Mapping[str, Sequence[Figures]]) -> list[str]:
    """One course: a line for each tool."""
    rows = [[course, *HEADS[1:]], *(_cells(tool, figures) for tool, figures in runs.items())]
    widths = [max(len(row[place]) for row in rows) for place in range(len(HEADS))]
    return [
        "  ".join(
            cell.ljust(width) if not place else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    ]


def ratios_of(runs: Mapping[str, Sequence[Figures]]) -> dict[str, float]:
    """Orderwire's orders a second at the platform over each other tool's, medians of both."""
    if OWN not in runs:
        return {}
    own = _median(runs[OWN], lambda one: one.rate)
    return {
        tool: own / rate
        for tool, figures in runs.items()
        if tool != OWN and (rate := _median(figures, lambda one: one.rate))
    }


def _cells(tool: str, figures: Sequence[Figures]) -> list[str]:
    def total(read: Callable[[Figures], int]) -> str:
        return f"{sum(read(one) for one in figures):,}"

    def middle(read: Callable[[Figures], float], digits: int = 0) -> str:
        return f"{_median(figures, read):,.{digits}f}"

    return [
        f"  {tool}",
        middle(lambda one: one.offered),
        total(lambda one: one.sent),
        total(lambda one: one.acknowledged),
        total(lambda one: one.lost),
        total(lambda one: one.repeated),
        middle(lambda one: one.rate),
        middle(lambda one: one.acknowledged_rate),
        middle(lambda one: one.ack_p99),
        middle(lambda one: one.p50),
        middle(lambda one: one.p99),
        f"{max(one.most for one in figures):,.0f}",
        f"{max(one.peak_mb for one in figures):,}",
        middle(lambda one: one.cpu_ms, 1),
        total(lambda one: one.requests),
        str(len(figures)),
    ]


def _median(figures: Sequence[Figures], read: Callable[[Figures], float]) -> float:
    return median(read(one) for one in figures)
