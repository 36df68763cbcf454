"""How the door meets a caller: keys, limits, refusals, and what stands on every answer."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from orderwire.dialects.doorway import Call, Refused, Reply, Scope, Spent
from orderwire.dialects.drip.door.door import DOOR
from orderwire.dialects.drip.door.values import instant, plain, scalar

RECEIVED = datetime(2026, 3, 1, 12, tzinfo=UTC)


def a_call(path: str = "/v2/123/subscribers", **given: Any) -> Call:
    return Call(method="GET", path=path, received_at=RECEIVED, request_id="ab" * 16, **given)


def test_rate_headers_name_the_limit_and_what_is_left() -> None:
    spent = [Spent(limit=3600, per=3600.0, remaining=3599, reset=12.0)]
    headers = dict(DOOR.dress(a_call(), Reply(), spent).headers)

    assert ("3600", "3599", 36) == (
        headers["X-RateLimit-Limit"],
        headers["X-RateLimit-Remaining"],
        len(headers["X-Request-Id"]),
    )


def test_a_limit_is_refused_in_a_body_of_its_own() -> None:
    reply = DOOR.refuse(a_call(), Refused.LIMITED, retry_after=61.4)

    body = msgspec.json.decode(reply.body)
    assert (429, "API rate limit exceeded. Please try again in an hour.", {"message", "documentation"}) == (
        reply.status,
        body["message"],
        set(body),
    )
    assert "61" == dict(reply.headers)["Retry-After"]


@pytest.mark.parametrize("why", list(Refused))
@pytest.mark.parametrize("path", ["/v2/1/subscribers", "/v3/1/shopper_activity/order", "/client/track"])
def test_every_refusal_has_a_body_and_a_code(why: Refused, path: str) -> None:
    reply = DOOR.refuse(a_call(path), why)

    assert 400 <= reply.status < 600
    assert msgspec.json.decode(reply.body)


@pytest.mark.parametrize(
    ("path", "account"),
    [
        ("/v2/123/subscribers", "123"),
        ("/v3/123/shopper_activity/order", "123"),
        ("/v2/accounts", ""),
        ("/v2/accounts/123", ""),
        ("/v2/user", ""),
    ],
)
def test_the_account_stands_in_the_path(path: str, account: str) -> None:
    shown = DOOR.presents(a_call(path, headers={"authorization": "Bearer abc"}))

    assert (True, "abc", account) == (shown.is_ours, shown.secret, shown.account)


@pytest.mark.parametrize("headers", [{}, {"authorization": "Klaviyo-API-Key x"}, {"x-api-key": "x"}])
def test_another_platforms_call_is_not_taken_for_ours(headers: dict[str, str]) -> None:
    assert not DOOR.presents(a_call(headers=headers)).is_ours
    assert not DOOR.presents(a_call("/client/events", query=(("company_id", "x"),))).is_ours


def test_a_pages_key_is_the_account() -> None:
    minted = DOOR.mint(bytes(range(32)), is_public=False, account="")
    public = DOOR.mint(bytes(32), is_public=True, account=minted.account)

    assert (32, 7, minted.account, minted.account) == (
        len(minted.secret),
        len(minted.account),
        public.secret,
        public.account,
    )
    shown = DOOR.presents(a_call("/client/track", query=(("drip_account_id", public.secret),)))
    assert (True, public.secret, public.account) == (shown.is_ours, shown.secret, shown.account)


def test_batches_have_a_rate_of_their_own() -> None:
    family = {endpoint.path: endpoint.family for endpoint in DOOR.endpoints}

    assert {"batch"} == {name for path, name in family.items() if path.endswith(("/batch", "/batches"))}
    assert [(3600, 3600.0), (50, 3600.0)] == [
        (window.count, window.per) for name in ("single", "batch") for window in DOOR.families[name]
    ]
    assert {""} == {one.family for one in DOOR.endpoints if one.scope is Scope.BROWSE}


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("2026-02-01T10:00:00Z", "2026-02-01T10:00:00+00:00"),
        ("2026-02-01T10:00:00+02:00", "2026-02-01T08:00:00+00:00"),
        ("2026-02-01T10:00:00+0200", "2026-02-01T08:00:00+00:00"),
        ("2026-02-01T10:00:00.123456Z", "2026-02-01T10:00:00.123456+00:00"),
        ("2026-02-01T10:00:00", "2026-02-01T10:00:00+00:00"),
        ("2026-02-01 10:00:00", "2026-02-01T10:00:00+00:00"),
        ("2026-02-01 10:00:00 UTC", "2026-02-01T10:00:00+00:00"),
        ("2026-02-01 10:00:00 +0200", "2026-02-01T08:00:00+00:00"),
        ("2026-02-01 10:00:00 -02:00", "2026-02-01T12:00:00+00:00"),
        (" 2026-02-01 ", "2026-02-01T00:00:00+00:00"),
        ("2026-02-30", None),
        ("0001-01-01T00:00:00+14:00", None),
        ("9999-12-31T23:59:59-14:00", None),
        ("yesterday", None),
        ("", None),
        (1769940000, None),
        (None, None),
    ],
)
def test_instants_are_read_as_clients_write_them(written: object, meant: str | None) -> None:
    found = instant(written)

    assert meant == (None if found is None else found.isoformat())


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        (b"9007199254740993", 9007199254740993),
        (b"123456789012345678901234567890", "123456789012345678901234567890"),
        (b"0.1", 0.1),
        (b"0.10000000000000000001", "0.10000000000000000001"),
        (b'{"a":[1,2.5]}', '{"a":[1,2.5]}'),
        (b"true", True),
    ],
)
def test_what_a_sender_adds_is_kept_exactly(written: bytes, kept: object) -> None:
    from_wire = msgspec.json.Decoder(float_hook=Decimal).decode(written)

    assert kept == scalar(from_wire)


def test_structures_are_kept_as_they_are() -> None:
    assert {"a": [1, {"b": None}]} == plain({"a": [1, {"b": None}]})
