"""The example shop: real orders through its own mapping, and what trading changes."""

import importlib
import sys
import tomllib
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from orderwire.model import Cart, Consent, ConsentState, Order, Person, Product
from orderwire.sources import Decoded, Page, parse
from orderwire.sources.sql import SqlSource
from orderwire.sources.suggest import suggest

EXAMPLE = Path(__file__).parents[3] / "examples" / "online-retail"
NOW = datetime(2024, 7, 1, 12, 0, tzinfo=UTC)
MODULES = ("invoices", "tables", "credits", "shop", "trade")


@pytest.fixture(scope="module")
def example() -> Iterator[dict[str, ModuleType]]:
    """The example's modules, as its own scripts import them."""
    sys.path.insert(0, str(EXAMPLE))
    try:
        yield {name: importlib.import_module(name) for name in MODULES}
    finally:
        sys.path.remove(str(EXAMPLE))
        for name in MODULES:
            sys.modules.pop(name, None)


@pytest.fixture(scope="module")
def built(example: dict[str, ModuleType], tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Counter[str]]:
    """The shop's database, and what building it counted."""
    path = tmp_path_factory.mktemp("shop") / "shop.db"
    return path, example["shop"].build(f"sqlite:///{path}")


@pytest.fixture
def shop(built: tuple[Path, Counter[str]], tmp_path: Path) -> Path:
    """The test's own copy of the shop."""
    copy = tmp_path / "shop.db"
    copy.write_bytes(built[0].read_bytes())
    return copy


def source(path: Path) -> SqlSource:
    table: dict[str, Any] = tomllib.loads((EXAMPLE / "orderwire.toml").read_text(encoding="utf-8"))["source"]["shop"]
    return SqlSource(parse("shop", {**table, "url": str(path)}))


def read(path: Path, positions: dict[str, bytes], now: datetime = NOW) -> list[Page]:
    reading = source(path)
    pages = list(reading.pages(positions, now=now))
    reading.close()
    positions.update({page.stream: page.position for page in pages})
    return pages


def decoded(pages: list[Page]) -> list[Decoded]:
    return [each for page in pages for each in page.records]


def test_the_extract_is_small_and_has_the_traps(example: dict[str, ModuleType]) -> None:
    assert (EXAMPLE / "extract.csv.gz").stat().st_size < 1_500_000
    invoices = example["invoices"].read().invoices
    numbers = {invoice.number for invoice in invoices}
    assert {"581483", "C581484", "541431", "C541433"} <= numbers
    assert 2300 < len(invoices) < 3000
    assert any(len({line.sku for line in invoice.lines}) < len(invoice.lines) for invoice in invoices)


def test_everything_in_the_shop_is_understood_and_adds_up(shop: Path, built: tuple[Path, Counter[str]]) -> None:
    pages = read(shop, {})
    found = Counter(type(each.record) for each in decoded(pages))
    counts = built[1]
    expected = {
        Consent: counts["newsletter"],
        Person: counts["customers"],
        Product: counts["products"],
        Order: counts["orders"],
        Cart: counts["carts"],
    }
    assert (expected, 0, 0) == (
        found,
        sum(len(page.problems) for page in pages),
        sum(page.mismatch_count for page in pages),
    )


def test_lines_and_credits_are_all_there(shop: Path, built: tuple[Path, Counter[str]]) -> None:
    orders = [each.record for each in decoded(read(shop, {})) if isinstance(each.record, Order)]
    counts = built[1]
    assert (counts["order_lines"], counts["credit_notes"], counts["credit_note_lines"]) == (
        sum(len(order.lines) for order in orders),
        sum(len(order.refunds) for order in orders),
        sum(len(refund.lines) for order in orders for refund in order.refunds),
    )
    assert [] == [order.order_id for order in orders if order.refunded > order.total]


def test_the_largest_order_is_cancelled_minutes_later(shop: Path) -> None:
    (order,) = [
        each.record
        for each in decoded(read(shop, {}))
        if isinstance(each.record, Order) and each.record.order_id == "541431"
    ]
    assert (7718360, "void") == (order.total, order.source_status)
    assert order.cancelled_at is not None
    assert timedelta(minutes=16) == order.cancelled_at - order.placed_at


def test_some_guests_leave_no_identity_and_nobody_is_subscribed_without_saying_so(shop: Path) -> None:
    records = [each.record for each in decoded(read(shop, {}))]
    orders = [record for record in records if isinstance(record, Order)]
    assert 0 < sum(order.identity.is_empty for order in orders) < len(orders) / 10
    states = Counter(record.state for record in records if isinstance(record, Consent))
    assert {ConsentState.SUBSCRIBED, ConsentState.UNSUBSCRIBED} == set(states)


def test_the_same_arguments_build_the_same_shop(example: dict[str, ModuleType], tmp_path: Path, shop: Path) -> None:
    example["shop"].build(f"sqlite:///{tmp_path / 'again.db'}")
    first, second = ([each.raw for each in decoded(read(path, {}))] for path in (shop, tmp_path / "again.db"))
    assert first == second


def test_trading_is_seen_as_news_and_nothing_is_missed(example: dict[str, ModuleType], shop: Path) -> None:
    positions: dict[str, bytes] = {}
    read(shop, positions)
    trade = example["trade"].Trade(f"sqlite:///{shop}")
    done: Counter[str] = Counter()
    seen: list[Decoded] = []
    now = NOW
    for _ in range(12):
        now += timedelta(minutes=20)
        done += trade.step(now)
        pages = read(shop, positions, now + timedelta(minutes=5))
        assert {False} == {page.is_import for page in pages}
        assert [] == [problem for page in pages for problem in page.problems]
        seen += decoded(pages)
    trade.close()
    orders = {each.record.order_id: each.record for each in seen if isinstance(each.record, Order)}
    placed = [order for order in orders.values() if order.placed_at > NOW]
    refunds = [refund for order in orders.values() for refund in order.refunds if refund.refunded_at > NOW]
    assert (done["placed"], done["credited"]) == (len(placed), len(refunds))
    assert done["paid"] == len([order for order in orders.values() if order.paid_at and order.paid_at > NOW])
    assert min(done["credited"], done["paid"], done["newsletter on"] + done["newsletter off"]) > 0


def test_the_same_seed_trades_the_same(example: dict[str, ModuleType], shop: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.db"
    other.write_bytes(shop.read_bytes())
    raws = []
    for path in (shop, other):
        trade = example["trade"].Trade(f"sqlite:///{path}")
        for step in range(3):
            trade.step(NOW + timedelta(minutes=step))
        trade.close()
        raws.append([each.raw for each in decoded(read(path, {}, NOW + timedelta(days=1)))])
    assert raws[0] == raws[1]


def test_a_mapping_suggested_for_the_shop_reads_all_its_orders(shop: Path, built: tuple[Path, Counter[str]]) -> None:
    table = tomllib.loads(suggest(str(shop)))["source"]["shop"]
    reading = SqlSource(parse("shop", table))
    orders = [each for page in reading.pages({}, now=NOW) for each in page.records if isinstance(each.record, Order)]
    reading.close()
    assert built[1]["orders"] == len(orders)
