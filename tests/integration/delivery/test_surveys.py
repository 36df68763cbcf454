"""How few questions it takes to learn what became of many batches; in virtual time."""

import asyncio
import json
import math
import random
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pytest

from orderwire.delivery.deliver import Delivery
from orderwire.delivery.settings import DestinationSettings
from orderwire.dialects import registry
from orderwire.dialects.contract import Account, History
from orderwire.dialects.wire import WireReply, WireRequest
from orderwire.ledger import open_ledger
from orderwire.ledger.contract import Ledger
from orderwire.ledger.values import Changes, DestinationState, Disposition, Received, Stream
from orderwire.model import Identity, Order, OrderLine, Person
from orderwire.sandbox.registry import stand_in
from orderwire.testing import virtual

BEGAN = datetime(2025, 1, 1, tzinfo=UTC)
HOST = "https://platform.test"
LINES = 49
"""An order and its lines are fifty items: two orders are a batch."""


def order(number: int) -> Order:
    lines = tuple(OrderLine(line_id=str(line), name="Cup", product_id="P1", total=100) for line in range(LINES))
    return Order(
        order_id=str(number),
        identity=Identity(email=f"c{number}@mail.test"),
        currency="EUR",
        placed_at=BEGAN,
        total=100 * LINES,
        lines=lines,
    )


@dataclass
class Counted:
    """A transport that counts what is sent, and may answer for the list of batches."""

    inner: virtual.InProcess
    listing: WireReply | None = None
    listed_after: float = math.inf
    """When the list can be read again, in seconds since the beginning."""
    sent: Counter[str] = field(default_factory=Counter)
    posted_at: float = 0.0
    """When the last batch was sent, in seconds since the beginning."""

    async def __aenter__(self) -> Self:
        """Nothing to open."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Nothing to close."""

    async def send(self, request: WireRequest, base_url: str) -> WireReply:
        """Send on and count."""
        path = request.path.partition("?")[0]
        is_question = request.method == "GET" and path.startswith("/batches")
        what = ("list" if path == "/batches" else "look") if is_question else "post" if request.body else "other"
        self.sent[what] += 1
        if what == "post":
            self.posted_at = asyncio.get_running_loop().time()
        reply = await self.inner.send(request, base_url)
        is_hidden = what == "list" and asyncio.get_running_loop().time() < self.listed_after
        return self.listing if is_hidden and self.listing is not None else reply


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    opened = open_ledger(str(tmp_path / "ledger.db"))
    yield opened
    opened.close()


def deliver(
    ledger: Ledger,
    *,
    budget: tuple[int, float] = (400, 60.0),
    options: Mapping[str, Any] | None = None,
    listing: WireReply | None = None,
    listed_after: float = math.inf,
) -> tuple[Counter[str], float]:
    """Deliver the ledger to Omnisend to its end; what was sent, and when the last batch was, in seconds."""
    dialect = registry.dialect("omnisend")

    async def work() -> tuple[Counter[str], float]:
        clock = virtual.VirtualClock()
        exchange = virtual.exchange_of(stand_in("omnisend"), clock, options=options)
        transport = Counted(virtual.InProcess({HOST: exchange}), listing, listed_after)
        profile = dialect.profile
        state = DestinationState(
            name="omnisend",
            switched_on_at=clock.now(),
            switched_on_seq=ledger.head(),
            acknowledged=tuple(route.name for route in profile.routes if route.history is History.MAY_FIRE),
        )
        ledger.administer("omnisend", Changes(state=state, cursors={Stream.LIVE: ledger.head()}))
        account = Account(
            key="k-1", base_url=HOST + "/api", options={option.name: option.default for option in profile.options}
        )
        delivery = Delivery(
            ledger=ledger,
            dialect=dialect,
            settings=DestinationSettings(
                name="omnisend", platform="omnisend", account=account, budgets={"account": (budget,)}
            ),
            clock=clock,
            transport=transport,
            holder="test",
            rng=random.Random(1),
            ttl=timedelta(days=30),
        )
        assert delivery.try_lease()
        await asyncio.wait_for(delivery.run(until_idle=True), 7200)
        return transport.sent, transport.posted_at

    return virtual.run(work)


def record(ledger: Ledger, *records: Order | Person) -> None:
    ledger.record([Received(record=one) for one in records], source="shop", at=BEGAN, is_imported=True)


@pytest.mark.parametrize("newest_first", [False, True])
def test_batches_without_errors_are_confirmed_by_a_few_lists(ledger: Ledger, newest_first: bool) -> None:
    record(ledger, *map(order, range(200)))
    sent, _ = deliver(ledger, options={"newest_first": newest_first})
    assert {Disposition.CONFIRMED: 200} == dict(ledger.balance("omnisend").from_log)
    assert (100, 0) == (sent["post"], sent["look"])
    assert sent["list"] <= 4


def test_a_list_of_several_pages_is_read_on_from_where_batches_are_still_open(ledger: Ledger) -> None:
    record(ledger, *map(order, range(600)))
    sent, _ = deliver(ledger, options={"batch_seconds": 40.0})
    assert {Disposition.CONFIRMED: 600} == dict(ledger.balance("omnisend").from_log)
    assert (300, 0) == (sent["post"], sent["look"])
    assert sent["list"] <= 30


def test_only_what_failed_is_looked_into(ledger: Ledger) -> None:
    record(ledger, *map(order, range(40)))
    sent, _ = deliver(ledger, options={"reject": ["7"]})
    assert {Disposition.CONFIRMED: 39, Disposition.DEAD: 1} == dict(ledger.balance("omnisend").from_log)
    assert (20, 1) == (sent["post"], sent["look"])


@pytest.mark.parametrize(
    "listing",
    [
        WireReply(status=403, body=b"{}"),
        WireReply(status=200, body=b"[]"),
        WireReply(status=200, body=json.dumps({"batches": [], "paging": {"next": None}}).encode()),
    ],
)
def test_batches_that_no_list_names_are_followed_one_by_one(ledger: Ledger, listing: WireReply) -> None:
    record(ledger, *map(order, range(20)))
    sent, _ = deliver(ledger, listing=listing)
    assert {Disposition.CONFIRMED: 20} == dict(ledger.balance("omnisend").from_log)
    assert (10, 10) == (sent["post"], sent["look"])


def test_a_list_that_can_be_read_again_is_used_again(ledger: Ledger) -> None:
    record(ledger, *map(order, range(600)))
    listing = WireReply(status=403, body=b"{}")
    sent, _ = deliver(ledger, budget=(20, 50.0), listing=listing, listed_after=60.0)
    assert {Disposition.CONFIRMED: 600} == dict(ledger.balance("omnisend").from_log)
    assert 300 == sent["post"]
    assert sent["look"] < 30


def test_questions_about_single_batches_do_not_keep_history_waiting(ledger: Ledger) -> None:
    """Of 50 requests in ten seconds, one is kept free for news: that alone is what the posts would take."""
    record(ledger, *map(order, range(600)))
    sent, posted_at = deliver(ledger, budget=(50, 10.0), listing=WireReply(status=403, body=b"{}"))
    assert (300, 300) == (sent["post"], sent["look"])
    assert posted_at < 1.05 * 10.0 * sent["post"] / 49
