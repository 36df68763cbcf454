"""The rows of the scoreboard: who is asked what."""

from __future__ import annotations

from dataclasses import dataclass

from bench.measure import Trial
from bench.reception import Faults
from bench.tools import DLT, DRT, ORDERWIRE, SDK, SEGMENT, Tool

ALL = "all_events"
PLACED = "placed_orders"
LIMITS: dict[str, list[tuple[int, float]]] = {"events": [(10, 1), (150, 60)], "event": [(350, 1), (3500, 60)]}
"""The platform's documented windows, of its bulk and its single endpoint."""


@dataclass(frozen=True)
class Entrant:
    """A tool in a row, the events it is to tell, and the share of the row's orders that it is given."""

    tool: Tool
    view: str = ALL
    share: float = 1.0


@dataclass(frozen=True, kw_only=True)
class Row:
    """One row.

    Args:
        name: how it is called on the command line.
        title: in the table.
        orders: at full size, and with `--quick`.
        repeats: how often each entrant runs at full size; they take turns.
    """

    name: str
    title: str
    orders: tuple[int, int]
    trial: Trial
    entrants: tuple[Entrant, ...]
    repeats: int = 1
    is_limited: bool = False


_ONE_BY_ONE = 0.05
"""Those who send one event a request are given a twentieth of the orders: their rate does not depend on it."""

ROWS = (
    Row(
        name="free",
        title="1 backfill, nothing limited",
        orders=(100_000, 10_000),
        trial=Trial(faults=Faults()),
        entrants=(
            Entrant(ORDERWIRE),
            Entrant(DLT),
            Entrant(DRT, share=_ONE_BY_ONE),
            Entrant(SDK, share=_ONE_BY_ONE),
            Entrant(SEGMENT),
        ),
        repeats=3,
    ),
    Row(
        name="placed",
        title="1b peers tell Placed Order only",
        orders=(100_000, 10_000),
        trial=Trial(faults=Faults()),
        entrants=(Entrant(DLT, view=PLACED), Entrant(DRT, view=PLACED, share=_ONE_BY_ONE)),
    ),
    Row(
        name="bulk",
        title="2 bulk limited (10/s, 150/min)",
        orders=(100_000, 10_000),
        trial=Trial(faults=Faults(limits=LIMITS)),
        entrants=(Entrant(ORDERWIRE), Entrant(DLT)),
        is_limited=True,
    ),
    Row(
        name="single",
        title="3 ten thousand orders, all limits",
        orders=(10_000, 1_000),
        trial=Trial(faults=Faults(limits=LIMITS)),
        entrants=(Entrant(ORDERWIRE), Entrant(DLT), Entrant(DRT, view=PLACED), Entrant(SDK, view=PLACED)),
        is_limited=True,
    ),
    Row(
        name="chaos",
        title="4 5 % refused, 2 % answers lost",
        orders=(100_000, 10_000),
        trial=Trial(faults=Faults(refused=0.05, lost=0.02)),
        entrants=(Entrant(ORDERWIRE), Entrant(DLT)),
    ),
    Row(
        name="kill",
        title="5 kill -9 at a third, resumed",
        orders=(100_000, 10_000),
        trial=Trial(faults=Faults(), kill_at=1 / 3),
        entrants=(Entrant(ORDERWIRE), Entrant(DLT), Entrant(DRT, share=_ONE_BY_ONE)),
    ),
    Row(
        name="down",
        title="6 target silent for 10 s at a third",
        orders=(100_000, 10_000),
        trial=Trial(faults=Faults(outage=10.0), silent_at=1 / 3),
        entrants=(
            Entrant(ORDERWIRE),
            Entrant(DLT),
            Entrant(DRT, share=_ONE_BY_ONE),
            Entrant(SDK, share=_ONE_BY_ONE),
        ),
    ),
)

SIZES = (10_000, 100_000, 1_000_000)
"""Numbers of orders at which the cost of one is shown."""
SCALE = Row(
    name="scale",
    title="growing sizes",
    orders=(SIZES[-1], SIZES[0]),
    trial=Trial(faults=Faults(), most=3600.0),
    entrants=(Entrant(ORDERWIRE),),
)
"""Orderwire alone, nothing limited."""
