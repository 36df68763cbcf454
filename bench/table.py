"""The scoreboard as text."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from statistics import median

from bench.measure import Figures

HEADS = (
    "tool", "orders", "wall s", "orders/s", "events/s", "requests", "429s", "lost", "repeated", "answers lost",
    "inverted", "cpu s", "peak MB", "runs",
)  # fmt: skip
RATIOS_OF = "orderwire"


def lines_of(title: str, runs: Mapping[str, Sequence[Figures]]) -> list[str]:
    """One row of the scoreboard: a line for each tool, and Orderwire's rate as a multiple of the others'."""
    rows = [[title, *HEADS[1:]], *(_cells(tool, figures) for tool, figures in runs.items())]
    widths = [max(len(row[place]) for row in rows) for place in range(len(HEADS))]
    text = [
        "  ".join(
            cell.ljust(width) if not place else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    ]
    text.extend(f"  {tool}: {one.note}" for tool, figures in runs.items() for one in figures if one.note)
    ratios = ratios_of(runs)
    if ratios:
        text.append(f"  {RATIOS_OF}: " + ", ".join(f"{ratio:.2f} × {tool}" for tool, ratio in ratios.items()))
    return text


def ratios_of(runs: Mapping[str, Sequence[Figures]]) -> dict[str, float]:
    """Orderwire's events a second over each other tool's, medians of both."""
    if RATIOS_OF not in runs:
        return {}
    own = _median(runs[RATIOS_OF], lambda one: one.events_per_second)
    return {
        tool: own / rate
        for tool, figures in runs.items()
        if tool != RATIOS_OF and (rate := _median(figures, lambda one: one.events_per_second))
    }


def _cells(tool: str, figures: Sequence[Figures]) -> list[str]:
    def most(read: Callable[[Figures], int]) -> str:
        return f"{max(read(one) for one in figures):,}"

    return [
        f"  {tool}",
        most(lambda one: one.orders),
        f"{_median(figures, lambda one: one.wall):.1f}",
        f"{_median(figures, lambda one: one.orders_per_second):,.0f}",
        f"{_median(figures, lambda one: one.events_per_second):,.0f}",
        most(lambda one: one.tally.requests),
        most(lambda one: one.tally.limited),
        most(lambda one: one.lost),
        most(lambda one: one.tally.repeated),
        most(lambda one: one.tally.lost_answers),
        most(lambda one: one.tally.inverted),
        f"{_median(figures, lambda one: one.cpu):.1f}",
        most(lambda one: one.peak_mb),
        str(len(figures)),
    ]


def _median(figures: Sequence[Figures], read: Callable[[Figures], float]) -> float:
    return median(read(one) for one in figures)
