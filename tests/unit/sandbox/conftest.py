"""Builders of log lines and of reception-log lines for the tests of the checker."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from orderwire.sandbox.checker import Log, read_fact

BASE = datetime(2025, 1, 1, tzinfo=UTC)
Line = dict[str, Any]


class Shop:
    """Writes a log: facts get their sequence numbers in the order in which they are told."""

    def __init__(self) -> None:
        self.lines: list[Line] = []

    def tell(
        self, kind: str, subject: str, body: Line, *, hours: float = 0, person: int | None = 1, **more: Any
    ) -> int:
        """One fact; returns its sequence number."""
        seq = len(self.lines) + 1
        at = (BASE + timedelta(hours=hours)).isoformat()
        line = {
            "seq": seq,
            "key": f"{subject}:{kind}:{seq}",
            "revision": 0,
            "kind": kind,
            "subject": subject,
            "source": "shop",
            "occurred_at": at,
            "recorded_at": at,
            "is_imported": True,
            "detail": None,
            "ordinal": 0,
            "person": None if person is None else f"per_{person}",
            "body": body,
        }
        self.lines.append(line | more)
        return seq

    def order(self, number: str, *kinds: str, hours: float = 0, person: int | None = 1, **more: Any) -> list[int]:
        """Facts of one order, an hour apart."""
        body = self.order_body(number, person)
        return [
            self.tell(f"order.{kind}", f"order:{number}", body, hours=hours + place, person=person, **more)
            for place, kind in enumerate(kinds)
        ]

    def order_body(self, number: str, person: int | None = 1, **more: Any) -> Line:
        """An order of two lines."""
        lines = [{"line_id": "a", "name": "Cup", "quantity": 2}, {"line_id": "b", "name": "Pot"}]
        identity = {} if person is None else who(person)
        body = {"order_id": number, "identity": identity, "currency": "GBP", "total": 3000, "lines": lines}
        return {**body, "placed_at": BASE.isoformat(), **more}

    def consent(self, state: str, *, hours: float = 0, person: int = 1, **more: Any) -> int:
        """A choice for e-mail."""
        subject = f"consent:email:person:c{person}"
        body = {"identity": who(person), "channel": "email", "state": state}
        return self.tell("consent.changed", subject, body, hours=hours, person=person, **more)

    @property
    def log(self) -> Log:
        """The log so far."""
        return Log(read_fact(line) for line in self.lines)


def who(person: int) -> Line:
    """The identifiers of a person."""
    return {"external_id": f"c{person}", "email": f"c{person}@mail.test"}


def received(number: int, *kept: Line, **more: Any) -> Line:
    """One line of a reception log."""
    line: Line = {
        "n": number,
        "at": 1000.0 + number,
        "method": "POST",
        "path": "/api/event-bulk-create-jobs",
        "body": "{}",
        "status": 202,
        "fault": "none",
        "verdict": "taken",
        "kept": list(kept),
        "fired": [],
    }
    return line | more


def event(metric: str, unique_id: str, **more: Any) -> Line:
    """An event as Klaviyo's stand-in keeps it."""
    kept: Line = {"type": "event", "metric": metric, "id": unique_id, "person": "c1@mail.test", "duplicate": False}
    return kept | {"occurred_at": BASE.isoformat(), "quiet": True} | more


def placed(number: str, **more: Any) -> list[Line]:
    """What Klaviyo's stand-in keeps of a placed order of two lines."""
    lines = [event("Ordered Product", f"{number}_{line}", **more) for line in ("a", "b")]
    return [event("Placed Order", number, **more), *lines]


@pytest.fixture
def shop() -> Shop:
    """An empty shop."""
    return Shop()


@pytest.fixture
def platform_line() -> Callable[..., Line]:
    """The builder of reception-log lines."""
    return received


@pytest.fixture
def klaviyo_event() -> Callable[..., Line]:
    """The builder of Klaviyo's events."""
    return event


@pytest.fixture
def klaviyo_placed() -> Callable[..., list[Line]]:
    """The builder of a placed order at Klaviyo."""
    return placed
