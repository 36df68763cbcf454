"""History and news of a small shop, delivered in virtual time to each stand-in and laid before the checker."""

import asyncio
import json
import random
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from urllib.parse import urlsplit

import msgspec
import pytest

from orderwire.delivery.deliver import Delivery
from orderwire.delivery.settings import DestinationSettings
from orderwire.dialects import registry
from orderwire.dialects.contract import Account, History
from orderwire.ledger import open_ledger
from orderwire.ledger.contract import Ledger
from orderwire.ledger.values import (
    AttemptState,
    Changes,
    DestinationState,
    Disposition,
    FactFilter,
    Received,
    Stream,
)
from orderwire.model import (
    Cart,
    Channel,
    Consent,
    ConsentState,
    Identity,
    Order,
    OrderLine,
    Person,
    Product,
    Record,
    Refund,
)
from orderwire.sandbox.checker import PLATFORMS, Checker, Destination, Log, Report, read_facts
from orderwire.sandbox.checker.sabotage import prove
from orderwire.sandbox.kit import FaultPlan, ReceptionLog, read_log
from orderwire.sandbox.kit.server import Exchange
from orderwire.sandbox.registry import stand_in
from orderwire.testing import virtual

PAST = datetime(2025, 1, 1, tzinfo=UTC)
PEOPLE = 12
HOST = "https://platform.test"


def who(person: int) -> Identity:
    return Identity(external_id=f"c{person}", email=f"c{person}@mail.test")


def buyer(number: int) -> Identity:
    """Most orders are of known people, some of guests, a few of nobody."""
    if number % 9:
        return who(number % PEOPLE)
    return Identity(email=f"guest{number}@mail.test") if number % 2 else Identity()


def order(number: int, at: datetime, **more: object) -> Order:
    lines = tuple(
        OrderLine(
            line_id=line, product_id=f"p{line}", name="Cup", unit_price=Decimal("10.00"), subtotal=1000, total=1000
        )
        for line in ("1", "2", "3")
    )
    made = Order(order_id=str(number), identity=buyer(number), currency="GBP", placed_at=at, total=3000, lines=lines)
    return msgspec.structs.replace(made, **more)


def cart(number: int, at: datetime, *, lines: int) -> Cart:
    content = tuple(
        OrderLine(line_id=str(line), product_id=f"p{line}", name="Cup", unit_price=Decimal("10.00"), total=1000)
        for line in range(lines)
    )
    link = f"https://shop.test/cart/{number}"
    return Cart(
        cart_id=f"k{number}",
        identity=who(number),
        currency="GBP",
        total=1000 * lines,
        updated_at=at,
        lines=content,
        url=link,
    )


def product(number: int, at: datetime, price: str) -> Product:
    link = f"https://shop.test/p{number}"
    return Product(
        product_id=f"p{number}",
        title="Cup",
        currency="GBP",
        price=Decimal(price),
        url=link,
        image_url=link,
        updated_at=at,
    )


def consent(person: int, state: ConsentState, at: datetime) -> Consent:
    return Consent(identity=who(person), channel=Channel.EMAIL, state=state, changed_at=at)


def history() -> Iterator[Record]:
    """A year ago: two thirds said yes or no, orders in every state."""
    for person in range(PEOPLE):
        if person % 3 != 2:
            state = ConsentState.UNSUBSCRIBED if person % 3 else ConsentState.SUBSCRIBED
            yield consent(person, state, PAST + timedelta(hours=person))
        yield Person(identity=who(person), first_name="Ana", updated_at=PAST)
    for number in range(4):
        yield product(number, PAST, "10.00")
    for number in range(40):
        at = PAST + timedelta(minutes=97 * number)
        yield order(
            1000 + number,
            at,
            paid_at=at + timedelta(minutes=5),
            fulfilled_at=at + timedelta(days=1) if number % 2 else None,
            delivered_at=at + timedelta(days=4) if number % 4 == 1 else None,
            cancelled_at=at + timedelta(hours=3) if number % 4 == 2 else None,
            refunds=(Refund(refund_id=f"r{number}", refunded_at=at + timedelta(days=6), amount=500),)
            if number % 7 == 0
            else (),
        )
    for number in range(4):
        yield cart(number, PAST + timedelta(hours=number), lines=2)


def news(step: int, now: datetime, orders: dict[int, Order]) -> list[Record]:
    """What the shop sees happen: new orders are paid, shipped, credited, and people change their minds."""
    replace = msgspec.structs.replace
    more: list[Record] = []
    match step:
        case 0:
            orders.update({number: order(number, now) for number in range(2000, 2008)})
            more = [cart(number, now, lines=3) for number in range(6)]
        case 1:
            orders.update({number: replace(one, paid_at=now) for number, one in orders.items()})
            states = (ConsentState.UNSUBSCRIBED, ConsentState.SUBSCRIBED)
            more = [consent(person, states[person % 2], now) for person in range(6)]
        case 2:
            orders.update({number: replace(one, fulfilled_at=now) for number, one in orders.items()})
            more = [product(number, now, "9.50") for number in range(3)]
        case _:
            refunds = (Refund(refund_id="r", refunded_at=now, amount=700),)
            orders.update({number: replace(one, refunds=refunds) for number, one in orders.items()})
            more = [cart(number, now, lines=4) for number in range(6)]
    return [*orders.values(), *more]


def record(ledger: Ledger, records: list[Record], at: datetime, *, is_imported: bool) -> None:
    received = [Received(record=one) for one in records]
    ledger.record(received, source="shop", at=at, is_imported=is_imported)


async def deliver(ledger: Ledger, platform: str, exchange: Exchange, clock: virtual.VirtualClock) -> None:
    """History first, then four rounds of news, each with a worker of its own."""
    dialect = registry.dialect(platform)
    base_url = HOST + urlsplit(dialect.profile.base_url).path
    options = {option.name: option.default for option in dialect.profile.options}
    account = Account(key="k-1", base_url=base_url, account_id="1", options=options)
    may_fire = tuple(route.name for route in dialect.profile.routes if route.history is History.MAY_FIRE)
    head = ledger.head()
    state = DestinationState(
        name=platform, switched_on_at=clock.now(), switched_on_seq=head, acknowledged=may_fire, is_adopted=True
    )
    ledger.administer(platform, Changes(state=state, cursors={Stream.LIVE: head}))
    orders: dict[int, Order] = {}
    for step in range(5):
        delivery = Delivery(
            ledger=ledger,
            dialect=dialect,
            settings=DestinationSettings(name=platform, platform=platform, account=account),
            clock=clock,
            transport=virtual.InProcess({HOST: exchange}),
            holder=f"worker {step}",
            rng=random.Random(1),
            ttl=timedelta(days=30),
        )
        assert delivery.try_lease()
        await delivery.run(until_idle=True)
        await asyncio.sleep(30)
        if step < 4:
            record(ledger, news(step, clock.now(), orders), clock.now(), is_imported=False)


def excused_of(ledger: Ledger, platform: str) -> Counter[int]:
    """Items that the product lists as given up or as in doubt, by fact."""
    excused = Counter(one.seq for one in ledger.exemptions(platform, dispositions=(Disposition.DEAD,), limit=10_000))
    for attempt in ledger.attempts(platform, states=[AttemptState.UNKNOWN]):
        excused.update(member.seq for member in attempt.members)
    return excused


def write_log(ledger: Ledger, path: Path) -> None:
    """The log as JSON lines, each body an object."""
    with path.open("w", encoding="utf-8") as file:
        for fact in ledger.facts(FactFilter()):
            line = msgspec.to_builtins(msgspec.structs.replace(fact, body=b""))
            file.write(json.dumps(line | {"body": json.loads(fact.body)}) + "\n")


def checked(platform: str, folder: Path, plan: FaultPlan) -> tuple[Checker, Path]:
    """Deliver everything to one stand-in; returns the checker over what the product wrote, and the reception log."""
    ledger = open_ledger(str(folder / "ledger.db"))
    reception = folder / f"{platform}.jsonl"

    async def work() -> None:
        clock = virtual.VirtualClock()
        log = ReceptionLog(reception)
        made = stand_in(platform)(virtual.VirtualPlatformClock(clock), {})
        await deliver(ledger, platform, Exchange(made, log, plan), clock)
        log.close()

    try:
        for_page = list(history())
        record(ledger, for_page, PAST, is_imported=True)
        virtual.run(work)
        write_log(ledger, folder / "log.jsonl")
        log = Log(read_facts(folder / "log.jsonl"))
        destination = Destination(name=platform, platform=platform)
        return Checker(log, destination, excused=excused_of(ledger, platform)), reception
    finally:
        ledger.close()


def found(report: Report) -> dict[str, tuple[object, ...]]:
    return {name: finding.examples for name, finding in report.faults.items() if finding.count}


@pytest.mark.parametrize("platform", PLATFORMS)
def test_everything_arrives_once_in_order_and_quietly(platform, tmp_path):
    checker, reception = checked(platform, tmp_path, FaultPlan())
    report = checker.check(lambda: read_log(reception))
    assert found(report) == {}
    assert (report.held, report.excused_count) == (report.expected, 0)
    assert report.expected > 60


@pytest.mark.parametrize("seed", [3, 5])
@pytest.mark.parametrize("platform", PLATFORMS)
def test_faults_on_the_wire_change_nothing_that_is_not_listed(platform, seed, tmp_path):
    checker, reception = checked(platform, tmp_path, FaultPlan.mixed(seed, 0.15))
    report = checker.check(lambda: read_log(reception))
    assert found(report) == {}
    assert report.requests.faulted > 0
    assert report.excused_count <= sum(checker.excused.values())


@pytest.mark.parametrize("platform", PLATFORMS)
def test_a_spoiled_reception_log_is_noticed(platform, tmp_path):
    checker, reception = checked(platform, tmp_path, FaultPlan())
    proofs = prove(checker, lambda: read_log(reception))
    assert [proof.found for proof in proofs] == [{"missing": 1}, {"duplicated": 1}, {"out_of_order": 1}]
