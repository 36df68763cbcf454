"""What the server counts, for Prometheus."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from orderwire.app.alarms.gauges import Gauges

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_STEPS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Metrics:
    """The counts of one process."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.calls = Counter(
            "orderwire_calls_total",
            "Calls answered.",
            ("door", "endpoint", "status"),
            registry=self.registry,
        )
        self.seconds = Histogram(
            "orderwire_call_seconds",
            "Seconds from the request's head to the reply.",
            ("door",),
            buckets=_STEPS,
            registry=self.registry,
        )
        self.commits = Gauge("orderwire_commits", "Transactions of this process's writer.", registry=self.registry)
        self.waiting = Gauge("orderwire_calls_waiting", "Calls in line for the writer.", registry=self.registry)
        self.readable = Gauge(
            "orderwire_ledger_readable", "Whether the ledger could be asked just now.", registry=self.registry
        )
        self.head = Gauge("orderwire_ledger_head", "The newest sequence number.", registry=self.registry)
        self.backlog = Gauge(
            "orderwire_backlog", "Facts that a destination has not passed.", ("destination",), registry=self.registry
        )
        self.alarms = Gauge("orderwire_alarm", "Alarms that are on.", ("alarm", "about"), registry=self.registry)

    def show(self, seen: Gauges) -> None:
        """Take over what the ledger says; what is no more is not shown any more."""
        self.alarms.clear()
        self.backlog.clear()
        for alarm, about in seen.alarms:
            self.alarms.labels(alarm, about).set(1)
        for destination, count in seen.backlog.items():
            self.backlog.labels(destination).set(count)

    def page(self) -> bytes:
        """Everything counted, in Prometheus's text format."""
        return generate_latest(self.registry)
