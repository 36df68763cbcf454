"""What a plan counts against what a delivery of the same history then sends; in virtual time, to each stand-in."""

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from orderwire.delivery.planning import DestinationPlan, Planner
from orderwire.dialects import registry
from orderwire.ledger.values import AttemptState
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
from orderwire.sandbox.checker import PLATFORMS
from orderwire.testing import virtual
from orderwire.testing.stage import Stage

PAST = datetime(2025, 1, 1, tzinfo=UTC)
PEOPLE, PRODUCTS, ORDERS = 150, 30, 600
TOLERANCE = 0.05
"""Share of the requests by which plan and delivery may differ; and by two requests where there are few."""


def who(person: int) -> Identity:
    return Identity(external_id=f"c{person}", email=f"c{person}@mail.test")


def order(number: int) -> Order:
    """Every second order is of one of ten good customers, every ninth of a guest."""
    at = PAST + timedelta(minutes=13 * number)
    buyer = who(number % 10 if number % 2 else number % PEOPLE)
    lines = tuple(
        OrderLine(
            line_id=line,
            product_id=f"p{number % PRODUCTS}",
            name="Cup",
            unit_price=Decimal("10.00"),
            subtotal=1000,
            total=1000,
        )
        for line in ("1", "2")
    )
    return Order(
        order_id=str(number),
        identity=buyer if number % 9 else Identity(email=f"guest{number % 40}@mail.test"),
        currency="EUR",
        total=2000,
        placed_at=at,
        paid_at=at + timedelta(minutes=5),
        fulfilled_at=at + timedelta(days=1) if number % 2 else None,
        delivered_at=at + timedelta(days=4) if number % 4 == 1 else None,
        cancelled_at=at + timedelta(hours=3) if number % 4 == 2 else None,
        refunds=(Refund(refund_id=f"r{number}", refunded_at=at + timedelta(days=6), amount=500),)
        if number % 7 == 0
        else (),
        lines=lines,
    )


def history() -> Iterator[Record]:
    for person in range(PEOPLE):
        if person % 3:
            state = ConsentState.UNSUBSCRIBED if person % 3 == 1 else ConsentState.SUBSCRIBED
            yield Consent(identity=who(person), channel=Channel.EMAIL, state=state, changed_at=PAST)
        yield Person(identity=who(person), first_name="Ana", updated_at=PAST)
    for number in range(PRODUCTS):
        link = f"https://shop.test/p{number}"
        yield Product(
            product_id=f"p{number}",
            title="Cup",
            currency="EUR",
            price=Decimal("10.00"),
            url=link,
            image_url=link,
            updated_at=PAST,
        )
    for number in range(ORDERS):
        yield order(number)
    for number in range(20):
        line = OrderLine(line_id="1", product_id="p1", name="Cup", unit_price=Decimal("10.00"), total=1000)
        yield Cart(
            cart_id=f"k{number}",
            identity=who(number),
            currency="EUR",
            total=1000,
            updated_at=PAST + timedelta(hours=number),
            lines=(line,),
            url=f"https://shop.test/cart/{number}",
        )


def planned_and_sent(platform: str, place: Path) -> tuple[DestinationPlan, Mapping[str, int], int]:
    """The plan, the requests that the delivery kept in its books by route, and those that the stand-in received."""

    async def work() -> tuple[DestinationPlan, Mapping[str, int], int]:
        with Stage(platform, place / "ledger.db") as stage:
            stage.record(*history(), is_imported=True)
            stage.switch_on()
            plan = Planner(
                ledger=stage.ledger,
                dialect=registry.dialect(platform),
                settings=stage.settings,
                now=stage.clock.now(),
            ).plan()
            progress = await stage.deliver()
            assert stage.faults() == ()
            attempts = list(stage.ledger.attempts(platform))
            assert {one.state for one in attempts} <= {AttemptState.ACCEPTED, AttemptState.CONFIRMED}
            assert progress.requests == len(attempts) + progress.refusals
            limited = sum(line["verdict"] == "limited" for line in stage.log.lines)
            reading = sum(_is_reading(line) for line in stage.log.lines)
            return plan, Counter(one.route for one in attempts), len(stage.log.lines) - limited - reading

    return virtual.run(work)


def _is_reading(line: Mapping[str, object]) -> bool:
    return line["method"] == "GET"


@pytest.mark.parametrize("platform", PLATFORMS)
def test_a_plan_counts_the_requests_that_a_delivery_needs(platform: str, tmp_path: Path) -> None:
    plan, by_route, received = planned_and_sent(platform, tmp_path)
    planned = sum(plan.requests.values())
    assert abs(planned - received) <= max(2, TOLERANCE * received), (dict(plan.requests), dict(by_route))
    assert set(plan.requests) == set(by_route)
