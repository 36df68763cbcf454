"""Magento's API and webhooks, read by hand."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orderwire.dialects.connector import Access, Found, Gone, Hook, Piece, Proof, Stamp, Stretch
from orderwire.dialects.connector_registry import connector
from orderwire.dialects.magento.oauth import base_string
from orderwire.dialects.wire import Result, WireReply, WireRequest
from orderwire.errors import BadReply, ConfigError, InvalidRecord
from orderwire.model import Order, RefundKind
from orderwire.sandbox.magento.signing import public_key, signature

OURS = connector("magento")
GOLDEN = Path(__file__).parents[2] / "golden" / "magento"
NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)


def access(**options: str | bool) -> Access:
    usual = {option.name: option.default for option in OURS.profile.options}
    return Access(source="shop", url="https://shop.test", secrets={"token": "t"}, options=usual | options)


def wire(name: str) -> Any:
    return json.loads((GOLDEN / f"{name}.json").read_text())["wire"]


def order(kept: Any, **options: str | bool) -> Order:
    record = OURS.reread("orders", msgspec.json.encode(kept), access(**options)).record
    assert isinstance(record, Order)
    return record


def stretch(stream: str, **given: Any) -> Stretch:
    return Stretch(**{"stream": stream, "since": None, "until": NOW, "limit": 2} | given)


def asked(stretched: Stretch, *replies: Any, **options: str | bool) -> tuple[list[WireRequest], Piece | None]:
    """The requests of a piece, each given the next of these replies; the piece when it comes to its end."""
    reading = OURS.read(stretched, access(**options))
    requests = [next(reading)]
    try:
        for reply in replies:
            status = reply if isinstance(reply, int) else 200
            requests.append(reading.send(WireReply(status=status, body=msgspec.json.encode(reply))))
    except StopIteration as end:
        return requests, end.value
    return requests, None


def query(request: WireRequest) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(request.path).query))


def account(number: int) -> dict[str, Any]:
    return {"id": number, "email": f"c{number}@mail.test", "updated_at": "2026-03-01 00:00:00"}


def listed(*things: Any, total: int) -> dict[str, Any]:
    return {"items": list(things), "total_count": total}


def test_a_list_is_asked_for_by_what_moved_and_sorted_by_its_key() -> None:
    requests, _ = asked(stretch("people", since=NOW))
    assert "/rest/all/V1/customers/search" == urlsplit(requests[0].path).path
    assert {
        "searchCriteria[filter_groups][0][filters][0][field]": "updated_at",
        "searchCriteria[filter_groups][0][filters][0][value]": "2026-03-10 12:00:00",
        "searchCriteria[filter_groups][0][filters][0][condition_type]": "gteq",
        "searchCriteria[sortOrders][0][field]": "entity_id",
        "searchCriteria[sortOrders][0][direction]": "ASC",
        "searchCriteria[pageSize]": "2",
        "searchCriteria[currentPage]": "1",
    } == query(requests[0])


QUERY = (
    "searchCriteria%5Bfilter_groups%5D%5B0%5D%5Bfilters%5D%5B0%5D%5Bfield%5D=updated_at"
    "&searchCriteria%5Bfilter_groups%5D%5B0%5D%5Bfilters%5D%5B0%5D%5Bvalue%5D=2026-03-10+12%3A00%3A00"
    "&searchCriteria%5Bfilter_groups%5D%5B0%5D%5Bfilters%5D%5B0%5D%5Bcondition_type%5D=gteq"
    "&searchCriteria%5BpageSize%5D=100"
)
INTEGRATION = {"consumer_key": "consumer key", "consumer_secret": "s/1&", "token": "token+1", "token_secret": "s=2"}
STAMP = Stamp(at=NOW, nonce="00112233445566778899aabbccddeeff")


def headers(url: str, path: str, secrets: dict[str, str], stamp: Stamp = STAMP) -> dict[str, str]:
    shop = Access(source="shop", url=url, secrets=secrets)
    return dict(OURS.authorize(WireRequest(method="GET", path=path), shop, stamp).headers)


@pytest.mark.parametrize(
    ("url", "path", "signed"),
    [
        ("https://Shop.test:443/a", f"/rest/all/V1/orders?{QUERY}", "EFYUQ0FpcCbeW6Rgnr7QqC7qrx3UBiQB1RVezvd1zYU%3D"),
        ("http://shop.test:8080", "/rest/V1/orders", "ug0feQ62hl9y7xBm7xoStSFusmWCHaNRG7JGFhp2xKQ%3D"),
    ],
)
def test_a_call_is_signed_as_another_implementation_signs_it(url: str, path: str, signed: str) -> None:
    said = headers(url, path, INTEGRATION)["Authorization"]
    assert (
        'OAuth oauth_consumer_key="consumer%20key", oauth_nonce="00112233445566778899aabbccddeeff", '
        'oauth_signature_method="HMAC-SHA256", oauth_timestamp="1773144000", oauth_token="token%2B1", '
        f'oauth_version="1.0", oauth_signature="{signed}"'
    ) == said


def test_what_is_signed_is_the_example_of_the_standard() -> None:
    address = "http://EXAMPLE.COM:80/request?b5=%3D%253D&a3=a&c%40=&a2=r%20b"
    stated = [("b5", "=%3D"), ("a3", "a"), ("c@", ""), ("a2", "r b"), ("c2", ""), ("a3", "2 q")]
    said = [
        ("oauth_consumer_key", "9djdj82h48djs9d2"),
        ("oauth_token", "kkk9d7dh3k39sjv7"),
        ("oauth_signature_method", "HMAC-SHA1"),
        ("oauth_timestamp", "137131201"),
        ("oauth_nonce", "7d8f3e4a"),
    ]
    assert (
        "POST&http%3A%2F%2Fexample.com%2Frequest&a2%3Dr%2520b%26a3%3D2%2520q%26a3%3Da%26b5%3D%253D%25253D%26c%2540%3D"
        "%26c2%3D%26oauth_consumer_key%3D9djdj82h48djs9d2%26oauth_nonce%3D7d8f3e4a%26oauth_signature_method%3DHMAC-SH"
        "A1%26oauth_timestamp%3D137131201%26oauth_token%3Dkkk9d7dh3k39sjv7"
    ) == base_string("post", address, [*stated, *said])


def test_no_secret_stands_in_a_signed_call() -> None:
    said = str(headers("https://shop.test", "/rest/V1/orders", INTEGRATION))
    assert [] == [name for name in ("consumer_secret", "token_secret") if INTEGRATION[name] in said]


@pytest.mark.parametrize(
    ("message", "said"),
    [
        ("The signature is invalid. Verify and try again.", "both secrets of one integration"),
        ("Incorrect timestamp value in the oauth_timestamp parameter", "ahead of the shop's"),
        ("The consumer isn't authorized to access %resources.", "the token is not taken"),
    ],
)
def test_a_refused_call_says_what_to_look_at(message: str, said: str) -> None:
    reply = WireReply(status=401, body=msgspec.json.encode({"message": message}))
    judged = OURS.judge(WireRequest(method="GET", path="/"), reply)
    assert Result.UNAUTHORIZED is judged.result
    assert said in judged.reason


def test_brackets_are_escaped() -> None:
    requests, _ = asked(stretch("people", since=NOW))
    assert "[" not in requests[0].path


def test_the_next_page_is_what_lies_behind_the_last_key() -> None:
    _, piece = asked(stretch("people"), listed(account(3), account(8), total=5))
    assert piece is not None
    assert ("8", 5) == (piece.cursor, piece.total)
    requests, piece = asked(stretch("people", cursor="8"), listed(account(9), total=1))
    assert {
        "searchCriteria[filter_groups][0][filters][0][field]": "entity_id",
        "searchCriteria[filter_groups][0][filters][0][value]": "8",
        "searchCriteria[filter_groups][0][filters][0][condition_type]": "gt",
    }.items() <= query(requests[0]).items()
    assert piece is not None
    assert piece.cursor is None


@pytest.mark.parametrize(
    ("items", "total", "cursor"),
    [
        pytest.param([3, 8], 2, "8", id="a full page may not be the last"),
        pytest.param([3], 1, None, id="the last"),
        pytest.param([3], 9, "3", id="a page that the shop made smaller"),
        pytest.param([], 0, None, id="nothing"),
    ],
)
def test_a_list_ends_where_nothing_is_left(items: list[int], total: int, cursor: str | None) -> None:
    _, piece = asked(stretch("people"), listed(*map(account, items), total=total))
    assert piece is not None
    assert cursor == piece.cursor


def test_an_older_version_that_gives_the_last_page_again_ends_the_list() -> None:
    _, piece = asked(stretch("people", cursor="8"), listed(account(3), account(8), total=2))
    assert Piece(total=2) == piece


def test_a_page_that_hides_what_it_counts_is_not_taken_for_the_end() -> None:
    with pytest.raises(BadReply, match="there is more, and gives nothing"):
        asked(stretch("people"), listed(total=4))


def test_the_api_must_be_there() -> None:
    with pytest.raises(ConfigError, match="no /orders of Magento's API"):
        asked(stretch("orders"), 404)


def test_an_order_comes_with_everything_that_is_kept_beside_it() -> None:
    kept = wire("documented-order")
    requests, piece = asked(
        stretch("orders"),
        listed(kept["order"], total=1),
        listed(*kept["invoices"], total=1),
        listed(*kept["shipments"], total=1),
        listed(total=0),
    )
    asked_for = [urlsplit(one.path).path.rpartition("/")[2] for one in requests]
    assert ["orders", "invoices", "shipments", "creditmemos"] == asked_for
    assert {"order_id", "3", "in"} <= set(query(requests[1]).values())
    assert piece is not None
    assert [order(kept)] == [one.record for one in piece.found]


def test_a_refund_is_read_by_its_own_clock_and_gives_its_whole_order() -> None:
    kept = wire("refunds-while-processing")
    memos = listed(*kept["creditmemos"], total=4)
    requests, piece = asked(
        stretch("orders.creditmemos", since=NOW, limit=50),
        memos,
        listed(kept["order"], total=1),
        listed(*kept["invoices"], total=3),
        listed(total=0),
        memos,
    )
    assert [order(kept)] == [one.record for one in (piece or Piece()).found]
    assert "46" == query(requests[1])["searchCriteria[filter_groups][0][filters][0][value]"]


def test_money_that_went_back_is_told_apart_from_pieces() -> None:
    kinds = [(one.kind, one.amount) for one in order(wire("refunds-while-processing")).refunds]
    assert [(RefundKind.PARTIAL, 1800), (RefundKind.MONEY_ONLY, 200)] == kinds


def test_an_order_is_paid_when_its_invoices_cover_it() -> None:
    kept = wire("refunds-while-processing")
    assert datetime(2026, 2, 19, 9, tzinfo=UTC) == order(kept).paid_at
    kept["order"]["total_due"] = 22
    assert order(kept | {"invoices": kept["invoices"][:2]}).paid_at is None


def test_a_cancellation_is_dated_by_the_history_where_it_tells() -> None:
    kept = wire("cancelled-with-tax")
    told = {"status": "canceled", "created_at": "2026-02-17 17:00:00", "entity_name": "order", "comment": None}
    kept["order"]["status_histories"] = [told]
    record = order(kept)
    assert (datetime(2026, 2, 17, 17, tzinfo=UTC), ()) == (record.cancelled_at, record.approximate)


def test_a_cancellation_seen_as_a_change_is_not_approximate() -> None:
    kept = wire("cancelled-with-tax")
    replies = (listed(kept["order"], total=1), listed(total=0), listed(total=0), listed(total=0))
    _, piece = asked(stretch("orders", since=NOW), *replies)
    assert [()] == [one.record.approximate for one in (piece or Piece()).found if isinstance(one.record, Order)]


def test_a_fixed_price_bundle_has_its_own_money_and_a_dynamic_one_its_parts() -> None:
    kept = wire("documented-order")
    assert [1999, 1800, 6600, 5200] == [line.total for line in order(kept).lines]
    kept["order"]["items"][2] |= {"row_total": 61, "row_total_incl_tax": 61}
    assert [1999, 1800, 6100, 5200] == [line.total for line in order(kept).lines]


def test_a_child_without_its_parent_stands_for_itself() -> None:
    kept = wire("documented-order")
    kept["order"]["items"] = kept["order"]["items"][-1:]
    assert ["11"] == [line.line_id for line in order(kept).lines]


def test_a_hidden_child_is_no_product_of_its_own() -> None:
    kept = wire("documented-product")
    first = listed(kept["product"], *kept["children"], total=3)
    _, piece = asked(stretch("products", limit=50), first, listed(*kept["children"], total=2))
    assert ["67"] == [one.key for one in (piece or Piece()).found]


@pytest.mark.parametrize(("has_list", "types"), [(False, ["Person", "Consent"]), (True, ["Person"])])
def test_an_account_tells_of_the_newsletter_unless_a_list_does(has_list: bool, types: list[str]) -> None:
    customer = wire("documented-customer")
    _, piece = asked(stretch("people"), listed(customer, total=1), newsletter=has_list)
    assert types == [type(one.record).__name__ for one in (piece or Piece()).found]


def test_what_cannot_be_understood_is_named_without_its_value() -> None:
    kept = wire("documented-order")
    kept["order"]["created_at"] = "yesterday evening"
    replies = (listed(kept["order"], total=1), listed(total=0), listed(total=0), listed(total=0))
    _, piece = asked(stretch("orders"), *replies)
    assert [("3", "order.created_at", "is not a point in time")] == [
        (one.key, one.place, one.problem) for one in (piece or Piece()).unread
    ]
    with pytest.raises(InvalidRecord) as refused:
        OURS.reread("orders", msgspec.json.encode(kept), access())
    assert "yesterday" not in str(refused.value)


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (200, b"{}", Result.ACCEPTED),
        (404, b"{}", Result.ACCEPTED),
        (401, b"{}", Result.UNAUTHORIZED),
        (400, b'{"message":"Maximum SearchCriteria pageSize is 300"}', Result.SPLIT),
        (400, b'{"message":"Maximum SearchCriteria pageSize is %1","parameters":[300]}', Result.SPLIT),
        (400, b'{"message":"Invalid attribute name"}', Result.REJECTED),
        (400, b"<html>", Result.REJECTED),
        (302, b"", Result.REJECTED),
        (429, b"", Result.RATE_LIMITED),
        (503, b"<html>maintenance", Result.UNAVAILABLE),
    ],
)
def test_a_reply_means(status: int, body: bytes, expected: Result) -> None:
    request = WireRequest(method="GET", path="/rest/all/V1/orders")
    assert expected is OURS.judge(request, WireReply(status=status, body=body)).result


DELETED = b'{"subject":[],"eventName":"catalog_product_delete_after","data":{"product":{"entity_id":"12"}}}'
FULL = b'{"eventName":"sales_order_save_after","data":{"order":{"entity_id":"3"}}}'


def hook(body: bytes, signed: str) -> Hook:
    return Hook(headers={"x-adobe-commerce-webhook-signature": signed}, body=body, received_at=NOW)


@pytest.mark.parametrize(
    ("signed", "secrets", "expected"),
    [
        pytest.param(signature(DELETED), [public_key()], Proof.GENUINE, id="by the shop"),
        pytest.param(signature(DELETED), ["no key", public_key()], Proof.GENUINE, id="by one of two"),
        pytest.param(signature(FULL), [public_key()], Proof.FORGED, id="another body's"),
        pytest.param(signature(DELETED), ["no key"], Proof.FORGED, id="no key"),
        pytest.param(signature(DELETED)[:-8], [public_key()], Proof.FORGED, id="cut off"),
        pytest.param("AAAA" + signature(DELETED), [public_key()], Proof.FORGED, id="with more before it"),
        pytest.param("###", [public_key()], Proof.FORGED, id="no Base64"),
        pytest.param("", [public_key()], Proof.UNSIGNED, id="none"),
    ],
)
def test_a_signature_is_worth(signed: str, secrets: list[str], expected: Proof) -> None:
    assert expected is OURS.verify(hook(DELETED, signed), secrets)


@pytest.mark.parametrize("kept", [b"", b"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----", b"\x30\x82"])
def test_what_is_no_key_proves_nothing(kept: bytes) -> None:
    assert Proof.FORGED is OURS.verify(hook(DELETED, signature(DELETED)), [kept.decode("latin-1")])


def test_a_deleted_product_is_gone_and_an_order_is_left_to_polling() -> None:
    assert (Gone(subject="product:12"),) == OURS.hear(hook(DELETED, ""), access()).gone
    heard = OURS.hear(hook(FULL, ""), access())
    assert ("sales_order_save_after", (), ()) == (heard.topic, heard.found, heard.unread)
    assert 1 == len(OURS.hear(hook(b'{"eventName":"weather"}', ""), access()).unread)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda one: st.lists(one) | st.dictionaries(st.text(), one),
)
NAMES = sorted({*wire("documented-order")["order"], *wire("documented-order")["order"]["items"][0]})


@given(st.binary())
@settings(max_examples=100, deadline=None)
def test_no_webhook_raises(body: bytes) -> None:
    OURS.hear(hook(body, ""), access())


@given(name=st.sampled_from(NAMES), value=JSON)
@settings(max_examples=200, deadline=None)
def test_an_order_is_read_or_refused_whatever_a_field_holds(name: str, value: Any) -> None:
    kept = wire("documented-order")
    target = kept["order"] if name in kept["order"] else kept["order"]["items"][0]
    target[name] = value
    try:
        told = OURS.reread("orders", msgspec.json.encode(kept), access())
    except InvalidRecord:
        return
    assert isinstance(told, Found)


def test_the_token_is_a_bearer_and_the_store_view_is_in_the_address() -> None:
    requests, _ = asked(stretch("orders"), store_view="de")
    request = OURS.authorize(requests[0], access(), STAMP)
    assert "/rest/de/V1/orders" == urlsplit(request.path).path
    assert ("Authorization", "Bearer t") in request.headers
