"""The first load of a Shopify shop by bulk operations: the same as page by page, whatever comes between."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from orderwire.dialects.connector import Access, Download, Stretch
from orderwire.dialects.connector_registry import connector
from orderwire.dialects.wire import WireReply
from orderwire.sandbox.kit import FaultPlan
from orderwire.sandbox.shopify import Shopify
from orderwire.sandbox.shopify.bulk import Operation
from orderwire.testing.shopfronts import START, Shopfront

TABLE: dict[str, Any] = {"kind": "shopify", "token": "env:KEY", "knows_newsletter": True, "page": 1}
Opener = Callable[..., Shopfront]


@pytest.fixture
def open_front(tmp_path: Path) -> Iterator[Opener]:
    """Opens shops; each has a folder of its own."""
    opened: list[Shopfront] = []

    def opener(*, is_bulk: bool = True, faults: FaultPlan | None = None, **options: Any) -> Shopfront:
        folder = tmp_path / str(len(opened))
        folder.mkdir()
        terms = {"every": 0, "orders": 120, "customers": 30, **options}
        table = {**TABLE, "options": {"bulk": is_bulk}}
        opened.append(Shopfront(folder, table, options=terms, faults=faults))
        return opened[-1]

    yield opener
    for one in opened:
        one.close()


def shop_of(front: Shopfront) -> Shopify:
    """The shop's API."""
    assert isinstance(front.stand_in, Shopify)
    return front.stand_in


def read_whole(front: Shopfront, *, dies: bool = False) -> int:
    """Sync every half minute for a while; how often the process died."""
    deaths = 0
    for turn in range(60 if dies else 12):
        deaths += front.sync(dies_after=2 + turn % 5 if dies else None) is None
        front.wait(35)
    front.sync()
    return deaths


def downloads(front: Shopfront) -> int:
    """How many parts of files were asked for."""
    return sum("/bulk-files/" in path for caller in front.callers for path in caller.paths)


def test_a_first_load_by_bulk_gives_what_pages_give(open_front: Opener) -> None:
    front, paged = open_front(), open_front(is_bulk=False)
    read_whole(front)
    read_whole(paged)
    assert paged.keys() == front.keys()
    assert paged.orders() == front.orders()
    assert any(len(one.refunds) for one in front.orders().values())
    assert {True} == {fact.is_imported for fact in front.facts()}
    assert (3, {"taken"}) == (len(shop_of(front).operations.made), set(front.exchange.counts))
    assert downloads(front) > 3


def test_a_process_that_dies_again_and_again_goes_on_where_the_file_was_read_to(open_front: Opener) -> None:
    front, paged = open_front(), open_front(is_bulk=False)
    assert read_whole(front, dies=True) > 5
    read_whole(paged)
    assert paged.keys() == front.keys()
    assert paged.orders() == front.orders()


@pytest.mark.parametrize("seed", [1, 2])
def test_faults_lose_nothing_and_double_nothing(open_front: Opener, seed: int) -> None:
    front, paged = open_front(faults=FaultPlan.mixed(seed, 0.1)), open_front(is_bulk=False)
    for _ in range(30):
        front.sync()
        front.wait(35)
    front.plan.change(rates={})
    read_whole(front)
    read_whole(paged)
    assert paged.keys() == front.keys()
    assert len(front.keys()) == len(set(front.keys()))


def test_what_happens_during_a_load_is_news(open_front: Opener) -> None:
    front = open_front(every=20, bulk_takes=600)
    for _ in range(40):
        front.sync()
        front.wait(60)
    merchant = shop_of(front).merchant
    merchant._every = 0.0
    front.wait(300)
    front.sync()
    there = sorted(str(number) for number in merchant.orders)
    placed = [fact for fact in front.facts() if fact.kind == "order.placed"]
    assert there == sorted(fact.subject.partition(":")[2] for fact in placed)
    people, products, orders = shop_of(front).operations.made
    after = {fact.is_imported for fact in placed if fact.occurred_at.timestamp() > orders.done_at - 600}
    assert ({False}, True) == (after, any(fact.is_imported for fact in placed))
    assert people.done_at < products.done_at < orders.done_at
    paid = {fact.subject.partition(":")[2] for fact in front.facts() if fact.kind == "order.paid"}
    assert {str(one.id) for one in merchant.orders.values() if one.paid} == paid


def lost(one: Operation) -> None:
    """One thing less than the shop counted."""
    one.count += 1


def gone(one: Operation) -> None:
    """Another file than the address says."""
    one.file = one.file[:100]


def mixed(one: Operation) -> None:
    """Children that do not stand behind their parents."""
    lines = one.file.splitlines(keepends=True)
    one.file = b"".join(sorted(lines, key=lambda line: "__parentId" in json.loads(line)))


def torn(one: Operation) -> None:
    """A line that is no thing."""
    one.file = b"x" + one.file[1:]


def failed(one: Operation) -> None:
    """An end without a file."""
    one.ends = "FAILED"


@pytest.mark.parametrize("happens", [lost, mixed, torn, failed])
def test_whatever_is_wrong_with_a_file_everything_is_read_page_by_page(
    open_front: Opener, happens: Callable[[Operation], None]
) -> None:
    front, paged = open_front(), open_front(is_bulk=False)
    operations = shop_of(front).operations
    known = 0
    for _ in range(12):
        front.sync()
        for one in operations.made[known:]:
            happens(one)
        known = len(operations.made)
        front.wait(35)
    front.sync()
    read_whole(paged)
    assert known >= 3
    assert paged.keys() == front.keys()
    assert paged.orders() == front.orders()


@pytest.mark.parametrize("why", ["bulk_busy", "bulk_denied"])
def test_a_shop_that_refuses_an_operation_is_read_page_by_page(open_front: Opener, why: str) -> None:
    front, paged = open_front(**{why: True}), open_front(is_bulk=False)
    front.sync()
    paged.sync()
    assert paged.keys() == front.keys()
    assert (0, []) == (downloads(front), shop_of(front).operations.made)


def test_an_operation_that_is_forgotten_is_read_page_by_page(open_front: Opener) -> None:
    front = open_front()
    front.sync()
    shop_of(front).operations.made.clear()
    read_whole(front)
    assert set(map(str, shop_of(front).merchant.orders)) == set(front.orders())


@pytest.mark.parametrize(
    ("url", "is_fetched"),
    [
        ("https://files.test/a.jsonl?signed=1", True),
        ("http://shop.test/a.jsonl", True),
        ("http://files.test/a.jsonl", False),
        ("http://shop.test.files.test/a.jsonl", False),
        ("file:///etc/passwd", False),
    ],
)
def test_a_file_is_fetched_from_a_safe_place_only_and_without_the_token(url: str, is_fetched: bool) -> None:
    shop = connector("shopify")
    access = Access(source="shop", url="http://shop.test", secrets={"token": "t"}, options={"bulk": True})
    stretch = Stretch(stream="people", since=None, until=START, cursor='{"operation":"o"}', is_import=True)
    reading = shop.read(stretch, access)
    next(reading)
    node = {"status": "COMPLETED", "url": url, "objectCount": "1", "fileSize": "10"}
    request = reading.send(WireReply(status=200, body=json.dumps({"data": {"node": node}}).encode()))
    told = (request.origin + request.path, dict(request.headers)) if isinstance(request, Download) else None
    wanted = (url, {"Range": "bytes=0-9", "Accept-Encoding": "identity"})
    assert (wanted if is_fetched else None) == told


def test_one_order_larger_than_a_part_of_the_file_is_read_whole(open_front: Opener) -> None:
    front = open_front(orders=5)
    merchant = shop_of(front).merchant
    order = next(iter(merchant.orders.values()))
    order.lines = [merchant._line() for _ in range(600)]
    read_whole(front)
    assert [str(line.id) for line in order.lines] == [line.line_id for line in front.order(str(order.id)).lines]
    assert {"taken"} == set(front.exchange.counts)


def test_an_empty_shop_ends_at_once(open_front: Opener) -> None:
    front = open_front(orders=0, customers=0)
    shop_of(front).merchant.products.clear()
    shop_of(front).merchant.orders.clear()
    shop_of(front).merchant.customers.clear()
    read_whole(front)
    assert [] == front.facts()
    assert 0 == downloads(front)
