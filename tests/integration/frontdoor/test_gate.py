"""Who is let in: what pages see of an answer, which door a browser asks, and keys that cannot be read."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from orderwire.app.frontdoor import keys
from orderwire.app.frontdoor.gate import Gate, Passed, Turned
from orderwire.app.frontdoor.keys import KeyRing
from orderwire.dialects import registry
from orderwire.dialects.contract import Window
from orderwire.dialects.doorway import Call, Reply
from orderwire.errors import Busy
from orderwire.ledger import AccessKey, StoredLedger, open_ledger
from orderwire.testing.ledgers import NOW

PAGE = "https://shop.example"


@pytest.fixture
def ledger(tmp_path: Path) -> StoredLedger:
    return open_ledger(tmp_path / "orderwire.db")


def call(
    method: str, path: str, headers: Mapping[str, str] | None = None, *, key: str = "", body: bytes = b""
) -> Call:
    return Call(
        method=method,
        path=path,
        query=(("key", key),) if key else (),
        headers={"origin": PAGE, **(headers or {})},
        body=body,
        received_at=NOW,
        request_id="0" * 32,
    )


def turned(gate: Gate, asked: Call) -> Reply:
    met = gate.meet(asked)
    assert isinstance(met, Turned)
    return met.reply


def seen_by(reply: Reply) -> str | None:
    return dict(reply.headers).get("Access-Control-Allow-Origin")


def test_a_page_sees_why_its_call_was_refused(ledger: StoredLedger) -> None:
    door = registry.door("native")
    made = keys.make(ledger, door, is_public=True, origins=["https://other.example"])
    windows = {"native": {"": (Window(1, 60.0),)}}
    gate = Gate([door], KeyRing(ledger.access_keys), windows=windows)
    open_key = keys.make(ledger, door, name="open", source="open", is_public=True).secret
    huge = bytes(10_000_001)

    told = {
        401: turned(gate, call("POST", "/v1/records", key="ow_pub_unknown")),
        403: turned(gate, call("POST", "/v1/records", key=made.secret)),
        413: turned(gate, call("POST", "/v1/records", key=open_key, body=huge)),
    }
    assert isinstance(gate.meet(call("POST", "/v1/records", key=open_key)), Passed)
    told[429] = turned(gate, call("POST", "/v1/records", key=open_key))

    assert {status: (status, PAGE) for status in told} == {
        status: (reply.status, seen_by(reply)) for status, reply in told.items()
    }


def test_what_is_not_for_pages_stays_closed_to_them(ledger: StoredLedger) -> None:
    gate = Gate([registry.door("native")], KeyRing(ledger.access_keys))

    for method in ("GET", "OPTIONS"):
        assert None is seen_by(turned(gate, call(method, "/v1/facts")))


def test_a_browsers_question_is_answered_by_the_door_that_is_open_to_pages(ledger: StoredLedger) -> None:
    gate = Gate([registry.door(name) for name in registry.DOORS], KeyRing(ledger.access_keys))

    reply = turned(gate, call("OPTIONS", "/api/events", {"access-control-request-method": "POST"}))

    assert (204, "POST, OPTIONS") == (reply.status, dict(reply.headers)["Access-Control-Allow-Methods"])
    assert 403 == turned(gate, call("OPTIONS", "/klaviyo/api/events")).status


def test_while_keys_cannot_be_read_nobody_is_told_that_theirs_is_wrong() -> None:
    def unreadable() -> list[AccessKey]:
        raise Busy("the database cannot be reached; try again")

    gate = Gate([registry.door("native")], KeyRing(unreadable))

    assert 503 == turned(gate, call("POST", "/v1/records", key="ow_pub_any")).status


@pytest.mark.parametrize("given", ["https://shop.example", "https://shop.example/", "HTTPS://Shop.Example"])
def test_a_page_may_be_named_as_people_write_it(ledger: StoredLedger, given: str) -> None:
    door = registry.door("native")
    made = keys.make(ledger, door, is_public=True, origins=[given])
    gate = Gate([door], KeyRing(ledger.access_keys))

    assert isinstance(gate.meet(call("POST", "/v1/records", key=made.secret)), Passed)
    assert 403 == turned(gate, call("POST", "/v1/records", {"origin": "null"}, key=made.secret)).status
