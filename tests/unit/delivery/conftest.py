"""Small passages and parcels for the tests of packing and holding."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from orderwire.delivery.parcels import Passage
from orderwire.dialects.contract import History, Item, Lane, Once, Resend, Route, Semantics, Statement
from orderwire.model import Event, Identity

AT = datetime(2026, 1, 5, 12, tzinfo=UTC)


def _route(
    name: str = "events", *, resend: Resend = Resend.DEDUPLICATED, once: Once = Once.ITEM, **more: Any
) -> Route:
    given: dict[str, Any] = {"max_weight": 3, "frame_bytes": 0}
    return Route(
        name=name,
        budget="api",
        resend=resend,
        semantics=Semantics.EVENT,
        history=History.QUIET,
        once=once,
        **(given | more),
    )


def _passage(
    seq: int, *keys: str, lane: Lane = Lane.HISTORY, parts: int = 1, route: str = "events", group: str = ""
) -> Passage:
    snapshot = Event(event_id=str(seq), name="custom.wish", identity=Identity(), occurred_at=AT)
    statement = Statement(
        kind="custom.wish",
        key=f"event:{seq}",
        subject=f"event:{seq}",
        source="shop",
        occurred_at=AT,
        lane=lane,
        snapshot=snapshot,
    )
    items = tuple(
        Item(route=route, wire_id=f"{seq}.{part}", body=b"0123456789", group=group) for part in range(parts)
    )
    return Passage(seq=seq, family=3, statement=statement, items=items, keys=keys or (f"person:{seq}",), newest=seq)


@pytest.fixture
def route() -> Callable[..., Route]:
    """Makes a route that takes three items a request."""
    return _route


@pytest.fixture
def passage() -> Callable[..., Passage]:
    """Makes a passage: its fact's number, then whom and what it is about."""
    return _passage
