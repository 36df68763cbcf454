"""Catalogue feeds on disk: made once, made again for news, handed out while a long one is made."""

import json
import threading
import time
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
import structlog

from orderwire.app.feedcheck import check_feed
from orderwire.app.frontdoor.feeds import FeedShelf, Kept
from orderwire.dialects.feed_registry import feed
from orderwire.errors import NotFound
from orderwire.ledger import StoredLedger, open_ledger
from orderwire.testing.ledgers import product, record

FEED = feed("klaviyo.json")


class Shop:
    """A ledger with products and a shelf beside it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ledger: StoredLedger = open_ledger(folder / "orderwire.db")
        self.opened = 0
        self.shelf = FeedShelf(folder, self._open)

    def _open(self) -> StoredLedger:
        self.opened += 1
        return open_ledger(self.folder / "orderwire.db")

    def put(self, *idents: str, source: str = "shop") -> None:
        offered = {"price": Decimal(1), "url": "https://shop.test/1", "image_url": "https://shop.test/1.png"}
        record(self.ledger, *(product(one, **offered) for one in idents), source=source)

    def fetch(self, source: str = "") -> tuple[Kept, list[str]]:
        kept = self.shelf.fetch(FEED, address="https://shop.test/feeds", source=source)
        found = json.loads(self.shelf.place(FEED, kept, source=source).read_bytes())
        return kept, [one["id"] for one in found]


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    with structlog.testing.capture_logs():
        made = Shop(tmp_path)
        yield made
        made.ledger.close()


def test_more_products_than_a_page_are_all_in_it(shop: Shop) -> None:
    shop.put(*(f"{number:04d}" for number in range(1_201)))
    kept, found = shop.fetch()
    assert ([f"{number:04d}" for number in range(1_201)], 1_201, 0) == (found, kept.entries, kept.left_out)


def test_a_source_alone_has_its_own_feed(shop: Shop) -> None:
    shop.put("1", "2")
    shop.put("3", source="other")
    assert (["3", "1", "2"], ["3"], ["1", "2"]) == (shop.fetch()[1], shop.fetch("other")[1], shop.fetch("shop")[1])


def test_many_who_ask_at_once_get_one_that_is_made_once(shop: Shop) -> None:
    shop.put("1")
    found: list[Kept] = []
    threads = [threading.Thread(target=lambda: found.append(shop.fetch()[0])) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (8, 1) == (len(found), len({(one.tag, one.seconds) for one in found}))


def test_one_that_is_long_to_make_is_handed_out_while_the_next_is_made(shop: Shop) -> None:
    shop.put("1")
    shop.fetch()
    described = next(shop.folder.glob("feeds/*.json"))
    described.write_text(json.dumps(json.loads(described.read_text()) | {"seconds": 60.0}))
    shop.put("2")
    old = shop.fetch()[1]
    until = time.monotonic() + 10
    while shop.fetch()[1] == old and time.monotonic() < until:
        time.sleep(0.01)
    assert (["1"], ["1", "2"]) == (old, shop.fetch()[1])


def test_files_that_are_deleted_are_made_again(shop: Shop) -> None:
    shop.put("1")
    first, _ = shop.fetch()
    shop.shelf.place(FEED, first).unlink()
    assert ["1"] == shop.fetch()[1]


def test_old_feeds_do_not_pile_up(shop: Shop) -> None:
    for number in range(5):
        shop.put(str(number))
        shop.fetch()
    names = [path.name for path in (shop.folder / "feeds").iterdir()]
    assert 5 == len(names), names


FINE = {"id": "1", "title": "a", "link": "https://a.test", "image_link": "https://a.test/i", "description": "d"}
ODD = {"$id": "1", "title": " ", "link": "a", "image_link": "https://a.test/i", "description": "d", "price": "?"}
BARE = {f"{name} is missing or blank": 2 for name in ("title", "link", "image_link", "description")}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (json.dumps([FINE]), {}),
        (json.dumps([ODD]), {"title is missing or blank": 1, "link is no address": 1, "price is no price": 1}),
        (json.dumps([{"id": "1"}] * 2), BARE | {"has the id of an earlier entry": 1}),
        (json.dumps([FINE, "?"]), {"is no object": 1}),
        ("[]", {"it has no entry": 0}),
        ("{", {"the file cannot be read after entry 0: it is no list": 0, "it has no entry": 0}),
    ],
    ids=["fine", "odd", "twice", "no object", "empty", "broken"],
)
def test_a_feed_is_checked_entry_by_entry(tmp_path: Path, text: str, expected: dict[str, int]) -> None:
    (tmp_path / "feed.json").write_text(text, encoding="utf-8")
    found = check_feed(tmp_path / "feed.json", wanted="klaviyo.json")
    assert (expected, len(text)) == ({one.problem: one.count for one in found.problems}, found.size)


@pytest.mark.parametrize(("name", "wanted"), [("none.json", "klaviyo.json"), ("feed.json", "none.json")])
def test_what_is_not_there_cannot_be_checked(tmp_path: Path, name: str, wanted: str) -> None:
    (tmp_path / "feed.json").write_text("[]", encoding="utf-8")
    with pytest.raises(NotFound):
        check_feed(tmp_path / name, wanted=wanted)
