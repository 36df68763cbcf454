"""What a platform answers later, or refuses to answer, and what the books make of it; in virtual time."""

import asyncio
import json
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

import pytest

from orderwire.delivery.deliver import Delivery
from orderwire.delivery.settings import DestinationSettings
from orderwire.dialects import registry
from orderwire.dialects.contract import Account, History
from orderwire.dialects.wire import WireReply, WireRequest
from orderwire.ledger import open_ledger
from orderwire.ledger.contract import Ledger
from orderwire.ledger.values import Changes, DestinationState, Disposition, Received, Stream
from orderwire.model import Identity, Order, OrderLine, Person, Product, Record
from orderwire.sandbox.registry import stand_in
from orderwire.testing import virtual

BEGAN = datetime(2025, 1, 1, tzinfo=UTC)
HOST = "https://platform.test"
Change = Callable[[WireRequest, WireReply], WireReply]


def person(number: int) -> Person:
    identity = Identity(external_id=f"c{number}", email=f"c{number}@mail.test")
    return Person(identity=identity, first_name="Ana", updated_at=BEGAN)


PEOPLE = (person(1), person(2))
PRODUCT = Product(
    product_id="P1", title="Cup", url="https://shop.test/p", currency="EUR", price=Decimal(1), updated_at=BEGAN
)


@dataclass
class Altered:
    """A transport whose replies something on the way changes."""

    inner: virtual.InProcess
    change: Change
    sent: list[WireRequest] = field(default_factory=list)

    async def __aenter__(self) -> Self:
        """Nothing to open."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Nothing to close."""

    async def send(self, request: WireRequest, base_url: str) -> WireReply:
        """Send on, and change what comes back."""
        self.sent.append(request)
        return self.change(request, await self.inner.send(request, base_url))


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    opened = open_ledger(str(tmp_path / "ledger.db"))
    yield opened
    opened.close()


def deliver(ledger: Ledger, platform: str, records: tuple[Record, ...], change: Change) -> list[WireRequest]:
    """Deliver records as history until nothing is left to do; returns what was sent."""
    ledger.record([Received(record=record) for record in records], source="shop", at=BEGAN, is_imported=True)
    dialect = registry.dialect(platform)

    async def work() -> list[WireRequest]:
        clock = virtual.VirtualClock()
        transport = Altered(virtual.InProcess({HOST: virtual.exchange_of(stand_in(platform), clock)}), change)
        profile = dialect.profile
        account = Account(
            key="k-1",
            base_url=HOST + urlsplit(profile.base_url).path,
            options={option.name: option.default for option in profile.options},
        )
        state = DestinationState(
            name=platform,
            switched_on_at=clock.now(),
            switched_on_seq=ledger.head(),
            acknowledged=tuple(route.name for route in profile.routes if route.history is History.MAY_FIRE),
        )
        ledger.administer(platform, Changes(state=state, cursors={Stream.LIVE: ledger.head()}))
        delivery = Delivery(
            ledger=ledger,
            dialect=dialect,
            settings=DestinationSettings(name=platform, platform=platform, account=account),
            clock=clock,
            transport=transport,
            holder="test",
            rng=random.Random(1),
            ttl=timedelta(days=30),
        )
        assert delivery.try_lease()
        await asyncio.wait_for(delivery.run(until_idle=True), 3600)
        return transport.sent

    return virtual.run(work)


def once(is_meant: Callable[[WireRequest, WireReply], bool], body: bytes, status: int = 200) -> Change:
    """Another reply to the first request that is meant."""
    done: list[bool] = []

    def change(request: WireRequest, reply: WireReply) -> WireReply:
        if done or not is_meant(request, reply):
            return reply
        done.append(True)
        return WireReply(status=status, headers=reply.headers, body=body)

    return change


def always(is_meant: Callable[[WireRequest, WireReply], bool], status: int) -> Change:
    """A refusal of every request that is meant."""
    return lambda request, reply: WireReply(status=status, body=b"no") if is_meant(request, reply) else reply


def looked_into(change: Change) -> Change:
    """The same, with a list of batches that calls none of them finished well, so that each is asked about."""

    def both(request: WireRequest, reply: WireReply) -> WireReply:
        if not request.path.startswith("/batches?"):
            return change(request, reply)
        body = reply.body.replace(b'"finished"', b'"stopped"')
        return WireReply(status=reply.status, headers=reply.headers, body=body)

    return both


def _tells_of_a_finished_batch(request: WireRequest, reply: WireReply) -> bool:
    return request.path.endswith("/items") and json.loads(reply.body)["status"] == "finished"


STOPPED = json.dumps({"status": "stopped", "errorsCount": 0, "errors": [], "responses": []}).encode()


@pytest.mark.parametrize(
    ("platform", "records", "path", "answer"),
    [
        ("omnisend", PEOPLE, "/items", STOPPED),
        ("omnisend", (PRODUCT,), "/items", STOPPED),
        ("yespo", PEOPLE, "importstatus", b'{"status":"ERROR"}'),
    ],
)
def test_what_a_later_answer_takes_back_is_sent_again(
    ledger: Ledger, platform: str, records: tuple[Record, ...], path: str, answer: bytes
) -> None:
    change = looked_into(once(lambda request, reply: path in request.path, answer))
    deliver(ledger, platform, records, change)
    assert (len(records), ()) == (
        ledger.balance(platform).from_log.get(Disposition.CONFIRMED),
        ledger.balance(platform).faults,
    )


@pytest.mark.parametrize("code", [200, 429])
def test_an_item_taken_back_while_the_rest_of_its_fact_is_on_its_way_is_sent_again_alone(
    ledger: Ledger, code: int
) -> None:
    lines = tuple(OrderLine(line_id=str(number), name="Cup", product_id="P1", total=100) for number in range(160))
    order = Order(
        order_id="1", identity=PEOPLE[0].identity, currency="EUR", placed_at=BEGAN, total=16000, lines=lines
    )
    entry = {"itemID": "1", "responseCode": code, "response": {}}
    failed = {"status": "finished", "errorsCount": 1, "errors": [entry], "responses": []}
    change = looked_into(once(_tells_of_a_finished_batch, json.dumps(failed).encode()))
    sent = deliver(ledger, "omnisend", (order,), change)
    assert ({Disposition.CONFIRMED: 1}, ()) == (
        dict(ledger.balance("omnisend").from_log),
        ledger.balance("omnisend").faults,
    )
    assert 3 == sum(request.path == "/batches" for request in sent)


def test_what_can_never_be_replaced_because_it_was_never_created_is_given_up(ledger: Ledger) -> None:
    def change(request: WireRequest, reply: WireReply) -> WireReply:
        if not _tells_of_a_finished_batch(request, reply):
            return reply
        batch = json.loads(reply.body)
        code = 400 if batch["method"] == "POST" else 404
        entry = {"itemID": "1", "responseCode": code, "response": {}}
        failed = batch | {"errorsCount": 1, "errors": [entry], "responses": []}
        return WireReply(status=200, headers=reply.headers, body=json.dumps(failed).encode())

    deliver(ledger, "omnisend", (PRODUCT,), looked_into(change))
    assert {Disposition.DEAD: 1} == dict(ledger.balance("omnisend").from_log)


def test_opt_outs_of_a_time_too_long_ago_end_the_reading_instead_of_the_delivery(ledger: Ledger) -> None:
    change = always(lambda request, reply: "activity" in request.path and "dateTo=2025-0" in request.path, 400)
    deliver(ledger, "yespo", PEOPLE, change)
    assert {Disposition.CONFIRMED: 2} == dict(ledger.balance("yespo").from_log)
