"""What one course came to.

An order is *lost* when the tool acknowledged it and it is not with the platform although nothing more arrives. One
that was turned away is not: whoever sent it knows. *Repeated* are orders that the platform was sent more than once.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from msgspec import Struct

from bench.live.load import Sent
from bench.live.sink import Arrivals


class Figures(Struct, kw_only=True):
    """What one course came to. Delays are milliseconds from sending until the order is in the platform's log."""

    tool: str
    course: str
    offered: float
    """Orders a second that came in; 0 for as many as were answered."""
    sent: int
    acknowledged: int
    lost: int
    repeated: int
    rate: float
    """Orders that arrived for each second from the first that was sent to the last that arrived."""
    acknowledged_rate: float
    ack_p50: float
    ack_p99: float
    p50: float
    p99: float
    most: float
    peak_mb: int
    cpu_ms: float
    """CPU time of all its processes for an order that arrived."""
    requests: int
    late_ms: float
    """By how much an order was sent too late, at most: the measuring side's own delay."""


def figures_of(
    sent: Sent,
    arrivals: Arrivals,
    *,
    tool: str,
    course: str,
    offered: float,
    peak_mb: int,
    cpu: float,
    requests: int,
) -> Figures:
    """Put what was sent beside what arrived; `cpu` are seconds."""
    arrived = [number for number in sent.at if number in arrivals.at]
    began = min(sent.at.values(), default=0.0)
    over = max((arrivals.at[number] for number in arrived), default=began)
    heard = max(sent.acknowledged.values(), default=began)
    delays = sorted(arrivals.at[number] - sent.at[number] for number in arrived if number in sent.acknowledged)
    answers = sorted(at - sent.at[number] for number, at in sent.acknowledged.items())
    return Figures(
        tool=tool,
        course=course,
        offered=offered,
        sent=len(sent.at),
        acknowledged=len(sent.acknowledged),
        lost=sum(number not in arrivals.at for number in sent.acknowledged),
        repeated=sum(arrivals.times[number] > 1 for number in arrived),
        rate=len(arrived) / max(0.001, over - began),
        acknowledged_rate=len(answers) / max(0.001, heard - began),
        ack_p50=quantile(answers, 0.5),
        ack_p99=quantile(answers, 0.99),
        p50=quantile(delays, 0.5),
        p99=quantile(delays, 0.99),
        most=quantile(delays, 1.0),
        peak_mb=peak_mb,
        cpu_ms=1000 * cpu / max(1, len(arrived)),
        requests=requests,
        late_ms=1000 * sent.latest,
    )


def quantile(values: Sequence[float], share: float) -> float:
    """Milliseconds below which this share of sorted seconds lies; 0 for none."""
    return 1000 * values[max(0, math.ceil(len(values) * share) - 1)] if values else 0.0
