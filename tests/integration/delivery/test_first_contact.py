"""Whoever is told of for the first time is introduced once, however much there is to tell; in virtual time."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from orderwire.ledger.values import Disposition
from orderwire.model import Identity, Order
from orderwire.testing import virtual
from orderwire.testing.stage import Stage

PAST = datetime(2025, 1, 1, tzinfo=UTC)


def bought(number: int, guest: int, at: datetime) -> Order:
    """An order of a guest that was paid and delivered."""
    return Order(
        order_id=str(number),
        identity=Identity(email=f"guest{guest}@mail.test"),
        currency="EUR",
        total=1000,
        placed_at=at,
        paid_at=at + timedelta(minutes=1),
        delivered_at=at + timedelta(minutes=2),
    )


def delivered(place: Path, *orders: Order, is_imported: bool, **options: Any) -> tuple[Counter[str], dict[str, int]]:
    """Deliver orders to Yespo; how often each address was called, and what the books say."""

    async def work() -> tuple[Counter[str], dict[str, int]]:
        with Stage("yespo", place / "ledger.db", options=options) as stage:
            if not is_imported:
                stage.switch_on()
            stage.record(*orders, is_imported=is_imported)
            if is_imported:
                stage.switch_on()
            await stage.deliver()
            assert stage.faults() == ()
            calls = Counter(line["path"] for line in stage.log.lines if line["method"] == "POST")
            return calls, {str(one): count for one, count in stage.ledger.balance("yespo").from_log.items()}

    return virtual.run(work)


def test_a_guest_of_the_past_is_made_a_contact_once(tmp_path: Path) -> None:
    orders = [bought(number, number % 4, PAST + timedelta(hours=number)) for number in range(12)]
    calls, books = delivered(tmp_path, *orders, is_imported=True)
    assert {Disposition.ACCEPTED: 36} == books
    assert 4 == calls["/api/v1/contact"]
    assert 1 == calls["/api/v1/emails/unsubscribed/add"]


def test_news_of_a_guest_are_told_after_one_introduction(tmp_path: Path) -> None:
    orders = [bought(number, 1, virtual.START) for number in range(3)]
    calls, books = delivered(tmp_path, *orders, is_imported=False)
    assert {Disposition.CONFIRMED: 9} == books
    assert 1 == calls["/api/v1/emails/unsubscribed/add"]


def test_whoever_was_not_taken_is_introduced_again_by_each_fact_until_one_is(tmp_path: Path) -> None:
    orders = [bought(number, 1, virtual.START) for number in (1, 2)]
    calls, books = delivered(tmp_path, *orders, is_imported=False, reject=["1"])
    assert {Disposition.DEAD: 3, Disposition.CONFIRMED: 3} == books
    assert 4 == calls["/api/v1/emails/unsubscribed/add"]
