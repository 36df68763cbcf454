"""Small records and short calls for whoever tests a ledger or builds on one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from msgspec import json

from orderwire.ledger import (
    Attempt,
    AttemptState,
    DestinationState,
    Entry,
    Exemption,
    Ledger,
    Member,
    Mode,
    Receipt,
    Received,
)
from orderwire.ledger.values import Changes, Disposition, Lease
from orderwire.model import (
    Cart,
    Channel,
    Consent,
    ConsentState,
    Event,
    Fact,
    Identity,
    Order,
    Person,
    Product,
    Record,
)

SOURCE = "shop"
NOW = datetime(2024, 5, 1, 12, tzinfo=UTC)
"""The reading time of records unless another is given."""
PLACED = datetime(2024, 3, 1, 10, tzinfo=UTC)
ANA = Identity(external_id="7", email="ana@mail.test")
TTL = timedelta(minutes=5)


def order(order_id: str = "1001", *, identity: Identity = ANA, **fields: Any) -> Order:
    """A plain order of ana's; anything can be said differently."""
    given: dict[str, Any] = {"currency": "EUR", "placed_at": PLACED, "total": 4990}
    return Order(order_id=order_id, identity=identity, **(given | fields))


def person(*, identity: Identity = ANA, **fields: Any) -> Person:
    """A person's own record."""
    return Person(identity=identity, **fields)


def product(product_id: str = "11", **fields: Any) -> Product:
    """A product."""
    given: dict[str, Any] = {"title": "Blue shirt"}
    return Product(product_id=product_id, **(given | fields))


def cart(cart_id: str = "c1", *, updated_at: datetime = PLACED, identity: Identity = ANA, **fields: Any) -> Cart:
    """A cart."""
    given: dict[str, Any] = {"currency": "EUR", "total": 1000}
    return Cart(cart_id=cart_id, identity=identity, updated_at=updated_at, **(given | fields))


def event(event_id: str = "e1", *, identity: Identity = ANA, **fields: Any) -> Event:
    """A page that was looked at."""
    given: dict[str, Any] = {"name": "site.active", "occurred_at": PLACED}
    return Event(event_id=event_id, identity=identity, **(given | fields))


def consent(state: ConsentState, changed_at: datetime | None = None, *, identity: Identity = ANA) -> Consent:
    """A statement about e-mail."""
    return Consent(identity=identity, channel=Channel.EMAIL, state=state, changed_at=changed_at)


def record(
    ledger: Ledger,
    *records: Record,
    source: str = SOURCE,
    at: datetime = NOW,
    is_imported: bool = False,
    mode: Mode = Mode.NORMAL,
) -> Receipt:
    """Record these, each with its own JSON as raw bytes."""
    received = [Received(record=one, raw=json.encode(one)) for one in records]
    return ledger.record(received, source=source, at=at, is_imported=is_imported, mode=mode)


def entries(ledger: Ledger) -> list[Entry]:
    """The whole log."""
    return ledger.entries(0, limit=1_000)


def facts(ledger: Ledger) -> list[Fact]:
    """The facts of the whole log."""
    return [entry.fact for entry in entries(ledger)]


def kinds(ledger: Ledger) -> list[str]:
    """What the log says happened, in order."""
    return [fact.kind for fact in facts(ledger)]


def switched_on(name: str = "letters", *, seq: int = 0) -> Changes:
    """A destination that begins."""
    return Changes(state=DestinationState(name=name, switched_on_at=NOW, switched_on_seq=seq))


def lease_of(ledger: Ledger, name: str = "letters", holder: str = "worker") -> Lease:
    """The lease of a destination that nobody holds.

    Raises:
        AssertionError: somebody does.
    """
    lease = ledger.acquire(name, holder, ttl=TTL)
    if lease is None:
        raise AssertionError(f"{name} is held")
    return lease


def attempt(number: int, state: AttemptState, *members: int | Member, **fields: Any) -> Attempt:
    """A request that holds these facts."""
    held = tuple(Member(one) if isinstance(one, int) else one for one in members)
    given: dict[str, Any] = {"route": "events", "lane": "history", "opened_at": NOW}
    return Attempt(number=number, state=state, members=held, **(given | fields))


def exempt(seq: int, disposition: Disposition, **fields: Any) -> Exemption:
    """A fact that is not plainly accepted."""
    return Exemption(seq=seq, disposition=disposition, decided_at=NOW, **fields)


@contextmanager
def closing(ledger: Ledger) -> Iterator[Ledger]:
    """A ledger that is closed afterwards."""
    try:
        yield ledger
    finally:
        ledger.close()
