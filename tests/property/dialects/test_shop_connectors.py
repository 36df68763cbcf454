"""Whatever a shop says, its connector answers with records or with reasons, never with an exception."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orderwire.dialects.connector import Access, Found, Heard, Hook, Proof, Reading, Stretch
from orderwire.dialects.connector_registry import connector
from orderwire.dialects.wire import WireReply, WireRequest
from orderwire.errors import BadReply, ConfigError, InvalidRecord
from orderwire.testing import golden

NAMES = ("shopify", "woocommerce")
GOLDEN = Path(__file__).parent.parent.parent / "golden"
TOPICS = {
    "woocommerce": (
        "order.updated", "customer.created", "product.updated", "subscription.updated", "product.deleted", "x",
    ),
    "shopify": (
        "orders/updated", "orders/paid", "customers/update", "products/update", "products/delete", "checkouts/update",
        "customers_email_marketing_consent/update", "customers_marketing_consent/update", "customers/redact", "x",
    ),
}  # fmt: skip
CASES = {name: [case["wire"] for _, case in golden.cases(GOLDEN / name)] for name in NAMES}
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(max_size=12)
    | st.sampled_from(["", "0", "-1", "1e400", "NaN", "2024-13-01T00:00:00", "0001-01-01T00:00:00+14:00", "9" * 40]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


def access_of(name: str) -> Access:
    options = {option.name: option.default for option in connector(name).profile.options}
    return Access(source="shop", url="https://shop.test", options={**options, "consent_meta": "newsletter"})


def hook(topic: str, body: bytes) -> Hook:
    headers = {"x-wc-webhook-topic": topic, "x-shopify-topic": topic}
    return Hook(headers=headers, body=body, received_at=datetime(2026, 3, 2, tzinfo=UTC))


def places(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place inside a JSON value."""
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [at, *(place for key, inner in members for place in places(inner, (*at, key)))]


def replaced(value: Any, at: tuple[Any, ...], odd: Any) -> Any:
    if not at:
        return odd
    if isinstance(value, dict):
        return {**value, at[0]: replaced(value[at[0]], at[1:], odd)}
    return [replaced(part, at[1:], odd) if place == at[0] else part for place, part in enumerate(value)]


def answer_with(reading: Reading, reply: WireReply) -> None:
    """Give one reply to everything that a connector asks, for as long as it asks."""
    for _ in range(50):
        reading.send(reply)


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_a_body_with_anything_in_any_place_is_heard(name: str, data: st.DataObject) -> None:
    wire = data.draw(st.sampled_from(CASES[name]))
    odd = replaced(wire, data.draw(st.sampled_from(places(wire))), data.draw(VALUES))
    topic = data.draw(st.sampled_from(TOPICS[name]))
    heard = connector(name).hear(hook(topic, json.dumps(odd).encode()), access_of(name))
    assert isinstance(heard, Heard)
    assert all(msgspec.json.encode(one.record) for one in heard.found)


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=80, deadline=None)
@given(body=st.binary(max_size=60) | VALUES.map(lambda value: json.dumps(value).encode()), data=st.data())
def test_any_bytes_are_heard_and_none_are_genuine_by_chance(name: str, body: bytes, data: st.DataObject) -> None:
    topic = data.draw(st.sampled_from(TOPICS[name]))
    assert isinstance(connector(name).hear(hook(topic, body), access_of(name)), Heard)
    assert connector(name).verify(hook(topic, body), ["secret"]) in (Proof.UNSIGNED, Proof.PING)


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=80, deadline=None)
@given(data=st.data())
def test_kept_bytes_with_anything_in_any_place_are_read_or_refused(name: str, data: st.DataObject) -> None:
    wire = data.draw(st.sampled_from(CASES[name]))
    odd = replaced(wire, data.draw(st.sampled_from(places(wire))), data.draw(VALUES))
    noun = data.draw(st.sampled_from(["people", "products", "orders", "carts", "subscriptions", "consents", "x"]))
    try:
        found = connector(name).reread(noun, json.dumps(odd).encode(), access_of(name))
    except InvalidRecord:
        return
    assert isinstance(found, Found)


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=80, deadline=None)
@given(
    body=st.binary(max_size=60) | VALUES.map(lambda value: json.dumps(value).encode()),
    status=st.sampled_from([200, 201, 301, 400, 401, 403, 404, 408, 423, 429, 430, 500, 501, 503]),
    wait=st.sampled_from(["", "3", "-1", "soon", "1e99", "nan"]),
)
def test_any_reply_is_judged_and_read_or_called_bad(name: str, body: bytes, status: int, wait: str) -> None:
    shop, access = connector(name), access_of(name)
    reply = WireReply(status=status, headers={"retry-after": wait}, body=body)
    judgement = shop.judge(WireRequest(method="GET", path="/"), reply)
    assert 0 <= judgement.rest < 1e6
    assert judgement.retry_after is None or 0 <= judgement.retry_after < 1e9
    for stream in shop.profile.streams:
        reading = shop.read(Stretch(stream=stream.name, since=None, until=datetime(2026, 3, 2, tzinfo=UTC)), access)
        next(reading)
        with pytest.raises((StopIteration, BadReply, ConfigError)):
            answer_with(reading, reply)


@pytest.mark.parametrize("name", NAMES)
def test_ids_beyond_what_a_float_can_hold_stay_exact(name: str) -> None:
    wire = next(one for one in CASES[name] if "line_items" in one) | {"id": 9007199254740993}
    topic = {"shopify": "orders/updated", "woocommerce": "order.updated"}[name]
    [found] = connector(name).hear(hook(topic, json.dumps(wire).encode()), access_of(name)).found
    assert "9007199254740993" == found.key
