"""Our own API, call by call."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from orderwire.dialects.doorway import Reply
from orderwire.dialects.native.door.door import DOOR
from orderwire.testing.doors import Visitor

ORDER: dict[str, Any] = {
    "order_id": "1001",
    "currency": "GBP",
    "placed_at": "2026-02-01T09:30:00Z",
    "total": 2550,
    "identity": {"email": "a@mail.test"},
    "lines": [{"line_id": "1", "name": "Lantern", "quantity": 6, "unit_price": "4.25", "total": 2550}],
}


class Client:
    """Calls with the key of everything."""

    def __init__(self, folder: Path) -> None:
        self.visitor = Visitor(folder, DOOR)

    def __call__(self, method: str, path: str, **given: Any) -> Reply:
        headers = {"Authorization": f"Bearer {given.pop('key', self.visitor.secret)}"}
        return self.visitor.call(method, path, headers=headers, **given)

    def get(self, path: str, **query: str) -> Any:
        reply = self("GET", path, query=query)
        assert 200 == reply.status
        return msgspec.json.decode(reply.body)


@pytest.fixture
def client(tmp_path: Path) -> Iterator[Client]:
    made = Client(tmp_path)
    yield made
    made.visitor.close()


def failure(reply: Reply) -> tuple[int, str]:
    return reply.status, msgspec.json.decode(reply.body)["error"]


def test_an_order_becomes_facts_and_is_told_again(client: Client) -> None:
    reply = client("POST", "/v1/orders", json=ORDER)

    assert (200, {"accepted": 1, "refused": []}) == (reply.status, msgspec.json.decode(reply.body))
    assert ["order.placed"] == client.visitor.kinds()
    shown = client.get("/v1/orders/1001")
    assert ("native", 2550, "1") == (
        shown["source"],
        shown["record"]["total"],
        shown["record"]["lines"][0]["line_id"],
    )
    [person] = client.get("/v1/people", email="A@mail.test ")["people"]
    assert ("per_1", "a@mail.test") == (person["id"], person["email"])
    [fact] = client.get("/v1/facts", person="per_1")["facts"]
    assert ("order.placed", "order:1001", "per_1") == (fact["kind"], fact["subject"], fact["person"])


def test_the_same_order_again_adds_nothing(client: Client) -> None:
    for _ in range(3):
        assert 200 == client("POST", "/v1/orders", json=ORDER).status

    assert ["order.placed"] == client.visitor.kinds()


def test_a_batch_keeps_what_can_be_understood_and_names_the_rest(client: Client) -> None:
    batch = {"records": [{"type": "order", **ORDER}, {"type": "order", **ORDER, "totl": 1}, {"type": "thing"}]}

    reply = client("POST", "/v1/records", json=batch)

    said = msgspec.json.decode(reply.body)
    assert (200, 1) == (reply.status, said["accepted"])
    assert ["records[1].totl", "records[2].type"] == [one["place"] for one in said["refused"]]
    assert 'Did you mean "total"?' == said["refused"][0]["remedy"]
    assert ["order.placed"] == client.visitor.kinds()


def test_what_is_called_historical_is_imported(client: Client) -> None:
    client("POST", "/v1/orders", json=ORDER, query={"historical": "true"})

    assert [True] == [fact.is_imported for fact in client.visitor.facts()]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b"[]", 400),
        (b'{"records": 3}', 400),
        (b'{"records": [{"type": "order"}]}', 422),
        (b'{"records": [{"type": "order", "order_id": "\\ud800"}]}', 400),
        (b"[" * 100_000, 400),
        (b'{"records": [' + b"[" * 5_000 + b"]" * 5_000 + b"]}", 400),
        (b'{"records": [{"type": "person", "identity": {"email": "a@mail.test"}, "properties": {"x": NaN}}]}', 400),
        (b"\xff\xfe", 400),
    ],
)
def test_a_body_that_is_no_batch_is_refused_and_nothing_is_kept(client: Client, body: bytes, status: int) -> None:
    assert (status, "invalid") == failure(client("POST", "/v1/records", body=body))
    assert [] == client.visitor.kinds()


def test_a_text_that_no_database_keeps_is_refused(client: Client) -> None:
    assert (422, "invalid") == failure(client("POST", "/v1/orders", json={**ORDER, "order_id": "10\x0001"}))


@pytest.mark.parametrize(
    ("method", "path", "key", "expected"),
    [
        ("POST", "/v1/orders", "", (401, "unauthorized")),
        ("POST", "/v1/orders", "ow_key_wrong", (401, "unauthorized")),
        ("GET", "/v1/nothing", None, (404, "not_found")),
        ("DELETE", "/v1/orders", None, (405, "not_allowed")),
        ("GET", "/v1/orders/1", None, (404, "not_found")),
        ("GET", "/v1/people/per_99", None, (404, "not_found")),
        ("GET", "/v1/people/7", None, (404, "not_found")),
    ],
)
def test_what_is_not_there_or_not_allowed_says_so(
    client: Client, method: str, path: str, key: str | None, expected: tuple[int, str]
) -> None:
    given = {} if key is None else {"key": key}
    assert expected == failure(client(method, path, **given))


def test_a_browser_key_adds_browsing_and_nothing_else(client: Client) -> None:
    viewed = {
        "event_id": "v1",
        "name": "product.viewed",
        "identity": {"anonymous_id": "device-1"},
        "occurred_at": "2026-02-01T09:30:00Z",
    }
    consent = {"identity": {"email": "a@mail.test"}, "channel": "email", "state": "subscribed"}
    key = client.visitor.public

    assert 200 == client("POST", "/v1/events", json=viewed, key=key).status
    assert (403, "forbidden") == failure(client("POST", "/v1/orders", json=ORDER, key=key))
    assert (403, "forbidden") == failure(client("POST", "/v1/consents", json=consent, key=key))
    assert (403, "forbidden") == failure(
        client("POST", "/v1/records", json={"records": [{"type": "order", **ORDER}]}, key=key)
    )
    assert (403, "forbidden") == failure(client("GET", "/v1/people", key=key))
    assert ["product.viewed"] == client.visitor.kinds()


def test_of_a_browsers_mixed_batch_only_browsing_is_kept(client: Client) -> None:
    viewed = {"type": "event", "event_id": "v1", "name": "product.viewed", "identity": {"anonymous_id": "d"}}
    viewed |= {"occurred_at": "2026-02-01T09:30:00Z"}
    batch = {"records": [viewed, {"type": "order", **ORDER}]}

    reply = client("POST", "/v1/records", json=batch, key=client.visitor.public)

    said = msgspec.json.decode(reply.body)
    assert (200, 1, ["records[1]"]) == (reply.status, said["accepted"], [one["place"] for one in said["refused"]])
    assert ["product.viewed"] == client.visitor.kinds()


def test_a_browser_key_may_stand_in_the_address_and_another_may_not(client: Client) -> None:
    event = {"type": "event", "event_id": "v1", "name": "site.active", "identity": {"anonymous_id": "d"}}
    viewed = {"records": [event | {"occurred_at": "2026-02-01T09:30:00Z"}]}
    visitor = client.visitor

    assert 200 == visitor.call("POST", "/v1/records", json=viewed, query={"key": visitor.public}).status
    assert 401 == visitor.call("POST", "/v1/records", json=viewed, query={"key": visitor.secret}).status


def test_pages_of_facts_follow_each_other_without_gap_or_repeat(client: Client) -> None:
    for number in range(25):
        minute = number if number % 2 else 60 - number
        event = {
            "event_id": str(number),
            "name": "site.active",
            "identity": {"email": f"p{number % 3}@mail.test"},
            "occurred_at": f"2026-02-01T09:{minute % 60:02}:00Z",
        }
        client("POST", "/v1/events", json=event)

    for order in ("oldest", "newest"):
        seen: list[tuple[str, int]] = []
        cursor = ""
        while True:
            query = {"limit": "7", "order": order} | ({"after": cursor} if cursor else {})
            page = client.get("/v1/facts", **query)
            seen += [(fact["occurred_at"], fact["seq"]) for fact in page["facts"]]
            cursor = page["next"]
            if cursor is None:
                break
        assert 25 == len(set(seen)) == len(seen)
        assert sorted(seen, reverse=order == "newest") == seen


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("limit", "0"),
        ("limit", "x"),
        ("limit", "9" * 40),
        ("since", "yesterday"),
        ("since", "2026-01-01"),
        ("after", "7"),
        ("after", f"{10**40}.1"),
        ("person", "7"),
    ],
)
def test_a_query_that_makes_no_sense_is_refused_by_name(client: Client, name: str, value: str) -> None:
    reply = client("GET", "/v1/facts", query={name: value})

    assert (400, name) == (reply.status, msgspec.json.decode(reply.body)["problems"][0]["place"])


def test_a_revoked_key_opens_nothing(tmp_path: Path) -> None:
    client = Client(tmp_path)
    client.visitor.revoke()

    assert (401, "unauthorized") == failure(client("POST", "/v1/orders", json=ORDER))
    client.visitor.close()


def test_the_description_lists_every_call(client: Client) -> None:
    described = msgspec.json.decode(client.visitor.call("GET", "/openapi.json").body)

    listed = {(method.upper(), path) for path, methods in described["paths"].items() for method in methods}
    assert {(one.method, one.path) for one in DOOR.endpoints if one.path != "/openapi.json"} == listed
