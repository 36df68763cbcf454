"""Catalogue feeds served over HTTP: who may fetch, what is fetched again, and what is made again."""

import base64
import gzip
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from orderwire.testing.commands import PROGRAM
from orderwire.testing.served import Answer, Served, key_of, served

FEEDS = ("klaviyo.json", "klaviyo.xml", "yespo.xml")


class Shop:
    """A front door with a key that writes, one that reads and one that only fetches feeds."""

    def __init__(self, folder: Path, door: Served, keys: dict[str, str]) -> None:
        self.folder = folder
        self.door = door
        self.keys = keys

    def put(self, number: int, **more: Any) -> None:
        product = {"product_id": str(number), "title": f"Mug {number}", "price": "12.50", "currency": "EUR"}
        product |= {"url": f"https://shop.test/{number}", "image_url": f"https://shop.test/{number}.png", **more}
        told = self.door.send("POST", "/native/v1/products", product, self.headers)
        assert 200 == told.status

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.keys['write']}"}

    def fetch(self, name: str = "klaviyo.json", more: str = "", **headers: str) -> Answer:
        said = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.door.get(f"/feeds/{name}?key={self.keys['feed']}{more}", said)

    def made(self) -> dict[str, int]:
        """When each file of feeds was written."""
        return {
            path.name: path.stat().st_mtime_ns for path in (self.folder / "feeds").iterdir() if path.suffix != ".json"
        }


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    keys = {
        "write": key_of(tmp_path, "native", "--name", "w", "--source", "shop")["key"],
        "browse": key_of(tmp_path, "native", "--name", "b", "--browser")["key"],
        "feed": key_of(tmp_path, "native", "--name", "f", "--scope", "feed")["key"],
        "read": key_of(tmp_path, "drip", "--name", "r", "--scope", "read")["key"],
    }
    with served(tmp_path) as door:
        yield Shop(tmp_path, door, keys)


@pytest.mark.parametrize("name", FEEDS)
def test_a_feed_holds_the_products_and_passes_its_own_check(shop: Shop, name: str, tmp_path: Path) -> None:
    for number in range(3):
        shop.put(number)
    shop.put(9, image_url=None)
    answer = shop.fetch(name)
    (tmp_path / name).write_bytes(answer.body)
    checked = subprocess.run(
        [str(PROGRAM), "feed", "check", str(tmp_path / name), "--shape", name, "--json"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (200, str(len(answer.body))) == (answer.status, answer.headers["content-length"])
    assert (0, 3, len(answer.body)) == (
        checked.returncode,
        json.loads(checked.stdout)["entries"],
        json.loads(checked.stdout)["size"],
    )


@pytest.mark.parametrize(
    ("key", "expected"), [("feed", 200), ("read", 200), ("write", 200), ("browse", 403), ("", 401), ("wrong", 403)]
)
def test_a_key_that_may_read_or_fetch_opens_the_feeds(shop: Shop, key: str, expected: int) -> None:
    asked = f"?key={shop.keys.get(key, key)}" if key else ""
    assert expected == shop.door.get(f"/feeds/klaviyo.json{asked}").status


@pytest.mark.parametrize(("password", "expected"), [("feed", 200), ("wrong", 401)])
def test_a_key_may_be_the_password_of_basic_authentication(shop: Shop, password: str, expected: int) -> None:
    token = base64.b64encode(f"anybody:{shop.keys.get(password, password)}".encode()).decode()
    answer = shop.door.get("/feeds/klaviyo.json", {"Authorization": f"Basic {token}"})
    assert expected == answer.status
    assert expected == 200 or answer.headers["www-authenticate"].startswith("Basic")


def test_a_key_for_feeds_opens_nothing_else(shop: Shop) -> None:
    shown = shop.door.get("/native/v1/people", {"Authorization": f"Bearer {shop.keys['feed']}"})
    told = shop.door.send("POST", "/native/v1/products", {}, {"Authorization": f"Bearer {shop.keys['feed']}"})
    assert (403, 403) == (shown.status, told.status)


def test_what_is_known_already_is_not_sent_again(shop: Shop) -> None:
    shop.put(1)
    first = shop.fetch()
    tag, changed = first.headers["etag"], first.headers["last-modified"]
    again = [
        shop.fetch(If_None_Match=tag),
        shop.fetch(If_Modified_Since=changed),
        shop.fetch(If_None_Match='"other"'),
    ]
    assert ([304, 304, 200], b"") == ([one.status for one in again], again[0].body)


def test_it_is_compressed_for_who_asks(shop: Shop) -> None:
    shop.put(1)
    plain, packed = shop.fetch(), shop.fetch(Accept_Encoding="gzip, br")
    assert ("gzip", plain.body) == (packed.headers["content-encoding"], gzip.decompress(packed.body))
    assert plain.headers["etag"] != packed.headers["etag"]
    assert 304 == shop.fetch(If_None_Match=packed.headers["etag"], Accept_Encoding="gzip").status


def test_it_is_made_again_only_when_products_changed(shop: Shop) -> None:
    shop.put(1)
    first, written = shop.fetch(), shop.made()
    order = {
        "order_id": "1",
        "currency": "EUR",
        "placed_at": "2026-02-01T09:30:00Z",
        "total": 100,
        "identity": {"email": "a@mail.test"},
    }
    shop.door.send("POST", "/native/v1/orders", order, shop.headers)
    second, unchanged = shop.fetch(), shop.made()
    shop.put(1, title="Cup")
    third = shop.fetch()
    assert (first.headers["etag"], written) == (second.headers["etag"], unchanged)
    assert (["Mug 1"], ["Cup"]) == (
        [one["title"] for one in json.loads(first.body)],
        [one["title"] for one in json.loads(third.body)],
    )


def test_it_survives_a_restart_of_the_server(shop: Shop, tmp_path: Path) -> None:
    shop.put(1)
    first, written = shop.fetch(), shop.made()
    with served(tmp_path) as door:
        other = Shop(tmp_path, door, shop.keys)
        assert (first.headers["etag"], written) == (other.fetch().headers["etag"], other.made())


def test_it_may_be_narrowed_to_a_source(shop: Shop, tmp_path: Path) -> None:
    shop.put(1)
    found = [shop.fetch(more=f"&source={source}") for source in ("shop", "drip", "nobody")]
    assert ([200, 200, 404], [1, 0]) == (
        [one.status for one in found],
        [len(json.loads(one.body)) for one in found[:2]],
    )


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("HEAD", "klaviyo.json", 200),
        ("POST", "klaviyo.json", 405),
        ("GET", "other.json", 404),
        ("GET", "../orderwire.db", 404),
    ],
)
def test_only_feeds_are_fetched(shop: Shop, method: str, path: str, expected: int) -> None:
    answer = shop.door.send(method, f"/feeds/{path}?key={shop.keys['feed']}")
    assert expected == answer.status
    assert method != "HEAD" or (b"", "5") == (answer.body, answer.headers["content-length"])
