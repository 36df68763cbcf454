"""A server whose disk is full: nothing is acknowledged that it cannot hold, in any platform's language."""

import base64
import json
import resource
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from orderwire.ledger import FactFilter, open_ledger
from orderwire.model import Kind
from orderwire.testing.served import Answer, Served, key_of, served

PLATFORMS = ("native", "klaviyo", "drip", "omnisend", "yespo", "ometria")
EMAIL = "ana@mail.test"


def basic(user: str, password: str = "") -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}


def order(number: int) -> dict[str, Any]:
    return {
        "order_id": str(number),
        "currency": "EUR",
        "placed_at": "2026-02-01T09:30:00Z",
        "total": 100,
        "identity": {"email": f"p{number}@mail.test"},
    }


class Shop:
    """A front door for every platform, with a key for each."""

    def __init__(self, door: Served, keys: dict[str, dict[str, Any]]) -> None:
        self.door = door
        self.keys = keys

    def tell(self, platform: str) -> Answer:
        """Say something small in a platform's words."""
        key, account = self.keys[platform]["key"], self.keys[platform]["account"]
        event = {"type": "event", "attributes": {"properties": {}, "metric": METRIC, "profile": PROFILE}}
        contact = {"identifiers": [{"type": "email", "id": EMAIL, "channels": {"email": {}}}]}
        path, body, headers = {
            "native": ("/v1/orders", order(1_000_000), {"Authorization": f"Bearer {key}"}),
            "klaviyo": (
                "/api/events",
                {"data": event},
                {"Authorization": f"Klaviyo-API-Key {key}", "revision": "2026-07-15"},
            ),
            "drip": (f"/v2/{account}/subscribers", {"subscribers": [{"email": EMAIL}]}, basic(key)),
            "omnisend": ("/v5/contacts", contact, {"X-API-KEY": key}),
            "yespo": ("/api/v1/contact", {"channels": [{"type": "email", "value": EMAIL}]}, basic("any", key)),
            "ometria": (
                "/v2/push",
                [
                    {
                        "@type": "contact",
                        "id": "1",
                        "@collection": "shop",
                        "email": EMAIL,
                        "marketing_optin": "NOT_SPECIFIED",
                    }
                ],
                {"X-Ometria-Auth": key},
            ),
        }[platform]
        return self.door.send("POST", f"/{platform}{path}", body, headers)

    def tell_order(self, number: int) -> Answer:
        headers = {"Authorization": f"Bearer {self.keys['native']['key']}"}
        return self.door.send("POST", "/native/v1/orders", order(number), headers)

    def limit(self, room: int) -> None:
        """Let no file of the serving processes grow beyond so many bytes: a full disk, for them."""
        for process in self.door.workers():
            resource.prlimit(process, resource.RLIMIT_FSIZE, (room, resource.RLIM_INFINITY))

    def fill(self) -> None:
        """Leave no room beyond what the ledger has already."""
        self.limit((self.door.folder / "orderwire.db-wal").stat().st_size)


METRIC = {"data": {"type": "metric", "attributes": {"name": "Seen"}}}
PROFILE = {"data": {"type": "profile", "attributes": {"email": EMAIL}}}

JSON = "application/json"
SAYS: Mapping[str, Callable[[bytes], Any]] = {
    "native": lambda body: json.loads(body)["error"],
    "klaviyo": lambda body: json.loads(body)["errors"][0]["code"],
    "drip": lambda body: json.loads(body)["errors"],
    "omnisend": json.loads,
    "yespo": bytes.decode,
    "ometria": json.loads,
}
SHAPES: Mapping[str, tuple[int, str, Any]] = {
    "native": (503, JSON, "unavailable"),
    "klaviyo": (503, "application/vnd.api+json", "service_unavailable"),
    "drip": (503, JSON, [{"code": "unavailable_error", "message": "Service Unavailable"}]),
    "omnisend": (503, JSON, {"error": "Service is temporarily unavailable"}),
    "yespo": (500, "text/plain;charset=UTF-8", "Service is temporarily unavailable"),
    "ometria": (503, JSON, {"status": "ERROR", "message": "The service is not available at the moment"}),
}
"""How each says that it takes nothing at the moment, in status, content type and words; Yespo documents only 500."""


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    keys = {platform: key_of(tmp_path, platform) for platform in PLATFORMS}
    with served(tmp_path) as door:
        yield Shop(door, keys)


def placed(folder: Path) -> set[str]:
    with closing(open_ledger(folder / "orderwire.db")) as ledger:
        return {fact.subject for fact in ledger.facts(FactFilter(kinds=(Kind.ORDER_PLACED,)))}


def head(folder: Path) -> int:
    with closing(open_ledger(folder / "orderwire.db")) as ledger:
        return ledger.head()


def test_nothing_is_acknowledged_that_the_disk_cannot_hold(shop: Shop, tmp_path: Path) -> None:
    acknowledged = {f"order:{number}" for number in range(20) if shop.tell_order(number).status == 200}
    before = head(tmp_path)
    shop.fill()
    refused = [shop.tell_order(number).status for number in range(20, 40)]
    answers = {platform: shop.tell(platform) for platform in PLATFORMS}
    kept = placed(tmp_path)

    assert ([503] * 20, 20, acknowledged, before) == (refused, len(acknowledged), kept, head(tmp_path))
    assert SHAPES == {
        platform: (answer.status, answer.headers["content-type"], SAYS[platform](answer.body))
        for platform, answer in answers.items()
    }


def test_a_server_without_room_says_that_it_is_not_ready_until_there_is_some(shop: Shop, tmp_path: Path) -> None:
    ready = [shop.door.get("/readyz").status]
    shop.tell_order(1)
    shop.fill()
    shop.tell_order(2)
    ready += [shop.door.get("/readyz").status for _ in range(2)]
    looked = shop.door.get("/native/openapi.json").status, shop.door.get("/healthz").status
    shop.limit(resource.RLIM_INFINITY)
    until = time.monotonic() + 10
    while shop.door.get("/readyz").status != 200 and time.monotonic() < until:
        time.sleep(0.05)
    ready.append(shop.door.get("/readyz").status)

    assert ([200, 503, 503, 200], (200, 200)) == (ready, looked)
    assert 200 == shop.tell_order(2).status
    assert {"order:1", "order:2"} == placed(tmp_path)
