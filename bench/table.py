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
ROLES = ("command", "ingest", "deliver", "estimate")
_SCALE = "{:>10} {:>8} {:>9}  {:>8} {:>8} {:>8} {:>8} {:>8}  {:>8} {:>8} {:>8} {:>8} {:>8}  {}"


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


def scale_lines(runs: Sequence[Figures]) -> list[str]:
    """What an order costs at growing sizes: CPU time of each process for one, and the memory they took at most."""
    heads = ("all", *ROLES)
    lines = [
        _SCALE.format("", "", "", "CPU µs", "an order", *("",) * 3, "peak MB", *("",) * 4, "").rstrip(),
        _SCALE.format("orders", "wall s", "events/s", *heads, *heads, "").rstrip(),
    ]
    for one in runs:
        cpu = [one.cpu, *(sum(used.cpu for used in one.processes if used.role == role) for role in ROLES)]
        peaks = [max((used.peak_mb for used in one.processes if used.role == role), default=0) for role in ROLES]
        remarks = one.note or (f"{one.lost} lost" if one.lost else "")
        lines.append(
            _SCALE.format(
                f"{one.orders:,}",
                f"{one.wall:.1f}",
                f"{one.events_per_second:,.0f}",
                *(f"{seconds / one.orders * 1e6:.1f}" for seconds in cpu),
                one.peak_mb,
                *peaks,
                remarks,
            ).rstrip()
        )
    return lines


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
