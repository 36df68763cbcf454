"""The API before 2022, as old plugins and SDKs call it."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from orderwire.dialects.doorway import Reply
from orderwire.dialects.klaviyo.door.door import DOOR
from orderwire.model import Channel, ConsentState, Kind, Order
from orderwire.testing.doors import Visitor

ANA = "ana@mail.test"


@pytest.fixture
def visitor(tmp_path: Path) -> Iterator[Visitor]:
    made = Visitor(tmp_path, DOOR)
    yield made
    made.close()


def tracked(token: str, event: str = "Viewed Product", **more: Any) -> dict[str, Any]:
    told = {
        "token": token,
        "event": event,
        "customer_properties": {"$email": ANA},
        "properties": {"ProductID": "P1?>"},
    }
    return told | more


def packed(value: Any) -> str:
    return base64.b64encode(json.dumps(value).encode()).decode()


Sending = Callable[[Visitor, dict[str, Any]], Reply]
SENDINGS: dict[str, Sending] = {
    "a query, padded": lambda v, said: v.call("GET", "/api/track/", query={"data": packed(said)}),
    "a query, unpadded": lambda v, said: v.call("GET", "/api/track", query={"data": packed(said).rstrip("=")}),
    "a query, plus read as space": lambda v, said: v.call(
        "GET", "/api/track", query={"data": packed(said).replace("+", " ")}
    ),
    "a query, URL-safe": lambda v, said: v.call(
        "GET", "/api/track", query={"data": packed(said).replace("+", "-").replace("/", "_")}
    ),
    "a query, encoded twice": lambda v, said: v.call(
        "GET", "/api/track", query={"data": quote(packed(said), safe="")}
    ),
    "a form of JSON": lambda v, said: v.call("POST", "/api/track", form={"data": json.dumps(said)}),
    "a form of base64": lambda v, said: v.call("POST", "/api/track", form={"data": packed(said)}),
    "a form without its content type": lambda v, said: v.call(
        "POST", "/api/track", body=f"data={quote(json.dumps(said))}"
    ),
    "JSON": lambda v, said: v.call("POST", "/api/track", json=said),
    "JSON in data": lambda v, said: v.call("POST", "/api/track", json={"data": said}),
    "the oldest path": lambda v, said: v.call("GET", "/crm/api/track", query={"data": packed(said)}),
}


@pytest.mark.parametrize("sending", SENDINGS)
def test_an_event_is_taken_in_every_form(visitor: Visitor, sending: str) -> None:
    reply = SENDINGS[sending](visitor, tracked(visitor.public))
    assert (200, b"1", "text/html") == (reply.status, reply.body, reply.content_type)
    assert [Kind.PRODUCT_VIEWED] == visitor.kinds()


@pytest.mark.parametrize(
    "spoilt",
    [
        {"token": ""},
        {"token": "nobody"},
        {"event": None},
        {"customer_properties": {}},
        {"customer_properties": {"$email": "nope"}},
        {"time": "soon"},
        {"properties": {"deep": [[[[[[[[[[[[[1]]]]]]]]]]]]]}},
    ],
)
def test_what_cannot_be_understood_is_answered_with_a_zero(visitor: Visitor, spoilt: dict[str, Any]) -> None:
    reply = visitor.call("GET", "/api/track", query={"data": packed(tracked(visitor.public) | spoilt)})
    assert (200, b"0") == (reply.status, reply.body)
    assert [] == visitor.kinds()


@pytest.mark.parametrize("data", ["", "%%%", "bm90IGpzb24=", "W10="])
def test_what_cannot_be_decoded_is_answered_with_a_zero(visitor: Visitor, data: str) -> None:
    assert b"0" == visitor.call("GET", "/api/track", query={"data": data}).body


@pytest.mark.parametrize(
    "customer",
    [
        {"email": ANA, "id": 17, "$phone_number": "+12025550123", "$first_name": "Ana"},
        {"$email": ANA, "$id": "17", "phone_number": "+12025550123", "first_name": "Ana"},
    ],
)
def test_identifiers_are_known_with_and_without_their_dollar(visitor: Visitor, customer: dict[str, Any]) -> None:
    said = {"token": visitor.secret, "properties": customer | {"$city": "Wien", "pets": ["dog"]}}
    assert b"1" == visitor.call("GET", "/api/identify", query={"data": packed(said)}).body
    known = visitor.known(email=ANA)
    assert known is not None
    assert ("17", "+12025550123", "Ana", "Wien") == (
        known.external_id,
        known.phone,
        known.first_name,
        known.address.city if known.address else None,
    )


@pytest.mark.parametrize(
    ("time", "expected"),
    [
        (1_700_000_000, datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)),
        (1_700_000_000_999, datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)),
        ("1700000000", datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)),
        (1_700_000_000.75, datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)),
        ("2023-11-14T22:13:20", datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)),
        (None, datetime(2026, 3, 1, 12, 0, 1, tzinfo=UTC)),
    ],
)
def test_time_is_read_in_every_form(visitor: Visitor, time: Any, expected: datetime) -> None:
    visitor.call("POST", "/api/track", json=tracked(visitor.public, time=time))
    assert [expected] == [fact.occurred_at for fact in visitor.facts()]


@pytest.mark.parametrize("path", ["/api/track", "/api/track-once"])
def test_an_event_tracked_once_counts_once_ever(visitor: Visitor, path: str) -> None:
    once = {"__track_once__": True} if path == "/api/track" else {}
    for when in (1_700_000_000, 1_700_009_999):
        body = tracked(visitor.public, "Joined", properties=once, time=when)
        assert b"1" == visitor.call("POST", path, json=body).body
    assert ["custom.Joined"] == visitor.kinds()


def test_a_picture_is_given_to_those_who_ask_for_one(visitor: Visitor) -> None:
    reply = visitor.call("GET", "/api/track", query={"data": packed(tracked(visitor.public)), "i": "1", "test": "0"})
    assert (b"GIF89a", "image/gif") == (reply.body[:6], reply.content_type)


def test_orders_come_by_a_servers_token_and_never_by_the_public_one(visitor: Visitor) -> None:
    order = {"$event_id": "1234", "$value": 29.98, "OrderId": "1234"}
    answers = [
        visitor.call("POST", "/api/track", json=tracked(token, "Placed Order", properties=order)).body
        for token in (visitor.public, visitor.secret)
    ]
    assert [b"0", b"1"] == answers
    assert [Kind.ORDER_PLACED] == visitor.kinds()
    found = visitor.shelves.snapshot("order:1234")
    assert isinstance(found, Order)
    assert 2998 == found.total


def test_a_property_about_consent_states_none(visitor: Visitor) -> None:
    said = {"token": visitor.secret, "properties": {"$email": ANA, "$consent": ["email"]}}
    visitor.call("GET", "/api/identify", query={"data": packed(said)})
    known = visitor.known(email=ANA)
    assert known is not None
    assert {} == known.consent


def old(visitor: Visitor, method: str, path: str, **body: Any) -> Any:
    """An old call with its key in the body."""
    reply = visitor.call(method, path, json={"api_key": visitor.secret, **body})
    assert 200 == reply.status, reply.body
    return json.loads(reply.body) if reply.body else None


def test_lists_state_consent_and_members_do_not(visitor: Visitor) -> None:
    own = old(visitor, "POST", "/api/v2/lists", list_name="News")["list_id"]
    subscribed = old(visitor, "POST", f"/api/v2/list/{own}/subscribe", profiles=[{"email": ANA, "pets": 2}])
    added = old(visitor, "POST", f"/api/v2/list/{own}/members", profiles=[{"email": "bo@mail.test"}])
    assert [[ANA], ["bo@mail.test"]] == [[one["email"] for one in each] for each in (subscribed, added)]
    ana, bo = visitor.known(email=ANA), visitor.known(email="bo@mail.test")
    assert ana is not None
    assert bo is not None
    assert ({Channel.EMAIL: ConsentState.SUBSCRIBED}, {}) == (
        {channel: one.state for channel, one in ana.consent.items()},
        bo.consent,
    )
    everybody = old(visitor, "GET", f"/api/v2/group/{own}/members/all")
    assert [ANA, "bo@mail.test"] == [one["email"] for one in everybody["records"]]
    old(visitor, "DELETE", f"/api/v2/list/{own}/subscribe", emails=[ANA])
    ana = visitor.known(email=ANA)
    assert ana is not None
    assert ConsentState.UNSUBSCRIBED is ana.consent[Channel.EMAIL].state


def test_text_messages_need_their_own_word(visitor: Visitor) -> None:
    own = old(visitor, "POST", "/api/v2/lists", list_name="News")["list_id"]
    person = {"email": ANA, "phone_number": "+12025550123"}
    old(visitor, "POST", f"/api/v2/list/{own}/subscribe", profiles=[person])
    known = visitor.known(email=ANA)
    assert known is not None
    assert {Channel.EMAIL} == set(known.consent)
    old(visitor, "POST", f"/api/v2/list/{own}/subscribe", profiles=[person | {"sms_consent": True}])
    known = visitor.known(email=ANA)
    assert known is not None
    assert {Channel.EMAIL, Channel.SMS} == set(known.consent)


def test_a_list_that_asks_a_second_time_answers_with_nobody(visitor: Visitor) -> None:
    key = {"Authorization": f"Klaviyo-API-Key {visitor.secret}"}
    body = {"data": {"type": "list", "attributes": {"name": "News", "opt_in_process": "double_opt_in"}}}
    own = json.loads(visitor.call("POST", "/api/lists", json=body, headers=key).body)["data"]["id"]
    assert [] == old(visitor, "POST", f"/api/v2/list/{own}/subscribe", profiles=[{"email": ANA}])
    assert "custom.Subscription Requested" in visitor.kinds()
    assert Kind.CONSENT_CHANGED not in visitor.kinds()


def test_an_unknown_list_is_named(visitor: Visitor) -> None:
    reply = visitor.call("POST", "/api/v2/list/Zz/members", json={"api_key": visitor.secret, "profiles": []})
    assert (404, "List Zz does not exist.") == (reply.status, json.loads(reply.body)["detail"])


def test_people_are_found_changed_and_excluded(visitor: Visitor) -> None:
    visitor.call("POST", "/api/track", json=tracked(visitor.secret, customer_properties={"email": ANA, "id": "c-1"}))
    who = old(visitor, "GET", "/api/v2/people/search", email=ANA)["id"]
    query = {"api_key": visitor.secret, "$first_name": "Ana", "size": "M"}
    changed = json.loads(visitor.call("PUT", f"/api/v1/person/{who}", query=query).body)
    assert ("Ana", "M", ANA, "c-1") == tuple(changed[name] for name in ("$first_name", "size", "$email", "$id"))
    gone = {"api_key": visitor.secret, "$unset": '["size"]'}
    assert "size" not in json.loads(visitor.call("PUT", f"/api/v1/person/{who}", query=gone).body)
    assert False is old(visitor, "POST", "/api/v1/people/exclusions", email=ANA)["data"]["already_excluded"]
    assert True is old(visitor, "POST", "/api/v1/people/exclusions", email=ANA)["data"]["already_excluded"]
    excluded = old(visitor, "GET", "/api/v1/people/exclusions")
    assert (1, [(ANA, "manually_excluded")]) == (
        excluded["total"],
        [(one["email"], one["reason"]) for one in excluded["data"]],
    )


def test_timelines_are_paged_by_what_was_seen_last(visitor: Visitor) -> None:
    for second in range(5):
        visitor.call("POST", "/api/track", json=tracked(visitor.public, "Rode", time=1_700_000_000 + second))
    seen: list[int] = []
    since = ""
    while True:
        query = {"api_key": visitor.secret, "count": "2", "sort": "asc", "since": since}
        page = json.loads(visitor.call("GET", "/api/v1/metrics/timeline", query=query).body)
        seen += [one["timestamp"] for one in page["data"]]
        if page["next"] is None:
            break
        since = page["next"]
    assert [1_700_000_000 + second for second in range(5)] == seen


@pytest.mark.parametrize("place", ["query", "body", "header", "form"])
def test_an_old_key_opens_wherever_it_stands(visitor: Visitor, place: str) -> None:
    calls: dict[str, dict[str, Any]] = {
        "query": {"query": {"api_key": visitor.secret}},
        "body": {"json": {"api_key": visitor.secret}},
        "header": {"headers": {"api-key": visitor.secret}},
        "form": {"form": {"api_key": visitor.secret}},
    }
    assert 200 == visitor.call("GET", "/api/v2/lists", **calls[place]).status


def test_a_wrong_old_key_is_told_so(visitor: Visitor) -> None:
    reply = visitor.call("GET", "/api/v2/lists", query={"api_key": "pk_wrong"})
    assert (403, "The API key specified is invalid.") == (reply.status, json.loads(reply.body)["message"])
