"""Moving a shop from platform to platform: what left in one language and came in by its door goes on as it was."""

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from msgspec import json
from msgspec.structs import replace

from orderwire.dialects import registry
from orderwire.ledger import FactFilter, StoredLedger, open_ledger
from orderwire.ledger.values import Received
from orderwire.model import (
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
    RefundKind,
)
from orderwire.testing.migration import move_in, opened
from orderwire.testing.stage import Stage, run_coarsely
from orderwire.testing.virtual import START

PLATFORMS = [name for name in registry.DOORS if name != "native"]
PAST = START - timedelta(days=100)


def who(number: int) -> Identity:
    return Identity(external_id=f"c{number}", email=f"c{number}@mail.test")


def order(number: int) -> Order:
    placed = PAST + timedelta(hours=number)
    lines = tuple(
        OrderLine(
            line_id=f"{number}-{line}",
            product_id=f"p{line}",
            sku=f"S{line}",
            name=f"Cup {line}",
            quantity=Decimal(line),
            unit_price=Decimal("10.05"),
            subtotal=1005 * line,
            total=1005 * line,
            url=f"https://shop.example/p{line}",
            image_url=f"https://shop.example/p{line}.jpg",
        )
        for line in (1, 2)
    )
    made = Order(
        order_id=str(1000 + number),
        identity=who(number % 6),
        currency="GBP",
        placed_at=placed,
        subtotal=3015,
        shipping=495,
        total=3510,
        lines=lines,
    )
    if number % 5 == 1:
        refund = Refund(refund_id=f"R{number}", refunded_at=placed + timedelta(days=5), amount=1005)
        made = replace(made, refunds=(refund,))
    if number % 5 == 2:
        whole = Refund(
            refund_id=f"R{number}", refunded_at=placed + timedelta(days=5), amount=3510, kind=RefundKind.FULL
        )
        made = replace(made, refunds=(whole,))
    if number % 5 == 3:
        return replace(made, cancelled_at=placed + timedelta(days=1))
    return replace(made, paid_at=placed + timedelta(minutes=1), fulfilled_at=placed + timedelta(days=2))


def shop() -> Iterator[Record]:
    for number in range(6):
        yield Person(
            identity=who(number),
            first_name=f"Name{number}",
            last_name="Tester",
            created_at=PAST - timedelta(days=1),
            updated_at=PAST - timedelta(days=1),
        )
        state = ConsentState.SUBSCRIBED if number % 2 else ConsentState.UNSUBSCRIBED
        yield Consent(identity=who(number), channel=Channel.EMAIL, state=state, changed_at=PAST - timedelta(days=1))
    for number in (1, 2):
        yield Product(
            product_id=f"p{number}",
            title=f"Cup {number}",
            price=Decimal("10.05"),
            currency="GBP",
            sku=f"S{number}",
            url=f"https://shop.example/p{number}",
            image_url=f"https://shop.example/p{number}.jpg",
            updated_at=PAST,
        )
    for number in range(20):
        yield order(number)


def filled(folder: Path) -> StoredLedger:
    ledger = open_ledger(folder / "first.db")
    ledger.record(
        [Received(record=one) for one in shop()], source="shop", at=START - timedelta(days=1), is_imported=True
    )
    return ledger


def newest_orders(ledger: StoredLedger) -> dict[str, Order]:
    found = {}
    for _, body in ledger.snapshots("order", limit=1000):
        one = json.decode(body, type=Order)
        found[one.order_id] = one
    return found


def kinds_of(ledger: StoredLedger) -> dict[str, list[str]]:
    told: dict[str, list[str]] = {}
    for fact in ledger.facts(FactFilter()):
        if fact.kind.startswith("order.") and fact.kind != "order.updated":
            told.setdefault(fact.subject, []).append(fact.kind)
    return {subject: sorted(kinds) for subject, kinds in told.items()}


def kept_of(ledger: StoredLedger, lost: set[str]) -> dict[str, list[str]]:
    """The life of each order, without what is lost on the way."""
    return {subject: [kind for kind in kinds if kind not in lost] for subject, kinds in kinds_of(ledger).items()}


def essence(one: Order) -> tuple[Any, ...]:
    """What every platform can be told of an order."""
    lines = sorted((line.product_id, line.quantity, line.unit_price) for line in one.lines)
    return one.currency, one.total, one.placed_at.replace(microsecond=0), lines, (one.identity.email or "").lower()


LOST: dict[str, set[str]] = {
    # An order has one state there, without an instant of its own: those it went through before are gone.
    "ometria": {"order.paid", "order.fulfilled"},
    # An order there is initialised, in progress, delivered or cancelled; parcels and refunds are no states of it.
    "yespo": {"order.fulfilled", "order.refunded"},
}
"""What an order's life loses on the way through a platform."""
SILENT_YES = {"yespo"}
"""Where whoever is not on the list of those who left counts as willing: a yes leaves no trace."""


@pytest.mark.parametrize("platform", PLATFORMS)
def test_orders_people_and_consent_survive_a_platforms_wire(platform: str, tmp_path: Path) -> None:
    first = filled(tmp_path)
    visitor = opened(platform, tmp_path)

    async def act() -> None:
        progress = await move_in(first, visitor)
        assert (0, 0) == (progress.dead, progress.in_doubt)

    run_coarsely(act)

    before, after = newest_orders(first), newest_orders(visitor.ledger)
    assert {number: essence(one) for number, one in before.items()} == {
        number: essence(one) for number, one in after.items()
    }
    lost = LOST.get(platform, set())
    assert kept_of(first, lost) == kept_of(visitor.ledger, lost)
    for number in range(6):
        known = visitor.known(email=f"c{number}@mail.test")
        assert known is not None
        assert (f"Name{number}", "Tester") == (known.first_name, known.last_name)
        said = known.consent.get(Channel.EMAIL)
        if number % 2 and platform in SILENT_YES:
            assert said is None
        else:
            assert said is not None
            assert (ConsentState.SUBSCRIBED if number % 2 else ConsentState.UNSUBSCRIBED) == said.state
    first.close()
    visitor.close()


@pytest.mark.parametrize("there", PLATFORMS)
@pytest.mark.parametrize("here", PLATFORMS)
def test_who_moves_from_one_platform_to_another_finds_the_same_orders(here: str, there: str, tmp_path: Path) -> None:
    first = filled(tmp_path)
    visitor = opened(here, tmp_path)

    async def act() -> None:
        await move_in(first, visitor)
        direct = Stage(there, tmp_path / "first.db")
        moved = Stage(there, visitor.place)
        for stage in (direct, moved):
            stage.switch_on()
            await stage.deliver()
            assert () == stage.faults()
        assert told_of(direct) == told_of(moved)
        assert fired_by(moved) <= fired_by(direct)
        if here not in LOST:
            assert fired_by(direct) == fired_by(moved)
        direct.ledger.close()
        moved.ledger.close()

    run_coarsely(act)
    first.close()
    visitor.close()


def fired_by(stage: Stage) -> Counter[tuple[str, str]]:
    """What automations would have started, and for whom; ids may be others where they hold the source's name."""
    return Counter((str(one.get("trigger", one)), str(one.get("person"))) for one in stage.fired())


def told_of(stage: Stage) -> set[str]:
    """The ids of what the platform took about orders."""
    return {str(one["id"]) for one in stage.kept() if "order" in str(one["type"]).lower()}
