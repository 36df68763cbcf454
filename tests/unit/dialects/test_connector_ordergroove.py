"""Ordergroove's API and webhooks, read by hand."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orderwire.dialects.connector import Access, Found, Hook, Piece, Proof, Stamp, Stretch
from orderwire.dialects.connector_registry import connector
from orderwire.dialects.contract import Account, Lane, Recipient, Statement
from orderwire.dialects.registry import dialect
from orderwire.dialects.wire import Result, WireReply, WireRequest
from orderwire.errors import BadReply, ConfigError, InvalidRecord
from orderwire.model import Claim, Subscription, claims_of, content_of

OURS = connector("ordergroove")
GOLDEN = Path(__file__).parents[2] / "golden" / "ordergroove"
NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
BODY = (
    b'{"id":"evt1","type":"order.reminder","created":1700000000,'
    b'"data":{"object":{"type":"order"}},"context":null,"snapshot":{}}'
)
SIGNED = "29bb30b942c6823e4c6411aa2ee5a7b7e0cf9466c89236bb615f433906aedfb5"
SIGNED_WITH_OLD = "7784e59cc1efa43940da6c27005bb7c290bdba447e7a83fa48592c0818c8cdb0"


def access(**options: str | bool) -> Access:
    usual = {option.name: option.default for option in OURS.profile.options}
    return Access(
        source="og", url="https://og.test", secrets={"key": "k"}, options=usual | {"since": "2025-01-01"} | options
    )


def golden(name: str) -> Any:
    return json.loads((GOLDEN / f"{name}.json").read_text())


def read(name: str) -> Subscription:
    case = golden(name)
    record = OURS.reread(case["noun"], msgspec.json.encode(case["wire"]), access()).record
    assert isinstance(record, Subscription)
    return record


def hook(signature: str, *, body: bytes = BODY, at: int = 1_700_000_000, name: str = "ordergroove-signature") -> Hook:
    return Hook(headers={name: signature}, body=body, received_at=datetime.fromtimestamp(at, UTC))


@pytest.mark.parametrize(
    ("signature", "secrets", "expected"),
    [
        pytest.param(f"ts=1700000000,sig={SIGNED}", ["test-key"], Proof.GENUINE, id="by the key"),
        pytest.param(f"ts=1700000000, sig={SIGNED}", ["test-key"], Proof.GENUINE, id="with a blank"),
        pytest.param(f"ts=1700000000,sig={SIGNED.upper()}", ["test-key"], Proof.GENUINE, id="in capitals"),
        pytest.param(
            f"ts=1700000000,sig={SIGNED},sig={SIGNED_WITH_OLD}", ["old-key"], Proof.GENUINE, id="by the old key"
        ),
        pytest.param(
            f"ts=1700000000,sig={SIGNED},sig={SIGNED_WITH_OLD}", ["x", "test-key"], Proof.GENUINE, id="by one of two"
        ),
        pytest.param(f"ts=1700000001,sig={SIGNED}", ["test-key"], Proof.FORGED, id="of another second"),
        pytest.param(f"ts=1700000000,sig={SIGNED}", ["another"], Proof.FORGED, id="by nobody"),
        pytest.param(f"ts=1700000000,sig={SIGNED}", [""], Proof.FORGED, id="no key"),
        pytest.param(f"sig={SIGNED}", ["test-key"], Proof.FORGED, id="without its time"),
        pytest.param("ts=٣,sig=é", ["test-key"], Proof.FORGED, id="in other letters"),
        pytest.param("ts=1700000000", ["test-key"], Proof.UNSIGNED, id="a time alone"),
        pytest.param("", ["test-key"], Proof.UNSIGNED, id="none"),
    ],
)
def test_a_signature_is_worth(signature: str, secrets: list[str], expected: Proof) -> None:
    assert expected is OURS.verify(hook(signature), secrets)


def test_a_signature_of_long_ago_is_stale() -> None:
    signature = f"ts=1700000000,sig={SIGNED}"
    proofs = [OURS.verify(hook(signature, at=1_700_000_000 + late), ["test-key"]) for late in (-299, 299, 301)]
    assert [Proof.GENUINE, Proof.GENUINE, Proof.STALE] == proofs


def test_the_header_is_known_by_its_other_name_and_the_event_by_its_id() -> None:
    heard = hook(f"ts=1700000000,sig={SIGNED}", name="x-ordergroove-signature")
    assert (Proof.GENUINE, "evt1") == (OURS.verify(heard, ["test-key"]), OURS.delivery(heard))
    assert OURS.delivery(hook("", body=b"[]")) == ""


@pytest.mark.parametrize(
    ("kind", "topic", "unread"),
    [
        ("subscription.created", "subscription.create", 0),
        ("subscriber.cancel", "subscriber.cancel", 0),
        ("item.remove", "item.remove", 0),
        ("order.delete", "order.delete", 0),
        ("entitlement.entitlements_granted", "entitlement.entitlements_granted", 0),
        ("workflow.send_communication", "workflow.send_communication", 0),
        ("payment.update", "payment.update", 1),
    ],
)
def test_an_event_is_known_by_its_family(kind: str, topic: str, unread: int) -> None:
    body = msgspec.json.encode({"id": "e", "type": kind, "data": {"object": {"status": 1}}})
    heard = OURS.hear(hook("", body=body), access())
    assert (topic, unread, ()) == (heard.topic, len(heard.unread), heard.found)


def test_a_reminder_by_webhook_is_the_record_that_polling_gives() -> None:
    case = golden("reminder-hook")
    heard = OURS.hear(hook("", body=msgspec.json.encode(case["wire"]), at=1_773_144_005), access())
    assert [content_of(read("reminder-due"))] == [content_of(one.record) for one in heard.found]


def test_what_a_webhook_told_reads_the_same_when_it_is_read_again() -> None:
    case = golden("reminder-hook")
    heard = OURS.hear(hook("", body=msgspec.json.encode(case["wire"]), at=1_773_144_005), access())
    assert [one.record for one in heard.found] == [
        OURS.reread("subscriptions", one.raw, access()).record for one in heard.found
    ]


def test_a_webhooks_own_bytes_can_be_read_again() -> None:
    body = msgspec.json.encode(golden("reminder-hook")["wire"])
    assert read("reminder-due").next_order_id == OURS.reread("subscriptions", body, access()).record.next_order_id  # type: ignore[union-attr]


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda one: (
            st.lists(one)
            | st.dictionaries(
                st.sampled_from(
                    ["id", "type", "data", "object", "snapshot", "status", "items", "public_id", "place"]
                ),
                one,
            )
        ),
    )
)
@settings(max_examples=150, deadline=None)
def test_no_webhook_raises(body: Any) -> None:
    OURS.hear(hook("", body=msgspec.json.encode(body)), access())
    envelope = {"id": "e", "type": "order.reminder", "data": {"object": body}, "snapshot": {"customer": body}}
    OURS.hear(hook("", body=msgspec.json.encode(envelope)), access())


def test_kept_bytes_that_are_something_else_are_refused_by_their_place() -> None:
    with pytest.raises(InvalidRecord, match="subscription"):
        OURS.reread("subscriptions", b"{}", access())
    wire = golden("documented-subscription")["wire"]
    wire["subscription"]["every_period"] = 9
    with pytest.raises(InvalidRecord, match="every_period"):
        OURS.reread("subscriptions", msgspec.json.encode(wire), access())


# What Ometria's two custom events hold, as its connector for Ordergroove sends them.


def sent_to_ometria(record: Subscription, kind: str, **options: bool) -> Mapping[str, Any]:
    ometria = dialect("ometria")
    claim: Claim = next(one for one in claims_of(record, at=NOW) if one.kind == kind)
    account = Account(
        key="k",
        base_url="https://ometria.test",
        options={option.name: option.default for option in ometria.profile.options} | options,
    )
    statement = Statement(
        kind=kind,
        key=f"og/{claim.subject}#{claim.discriminator}",
        subject=claim.subject,
        source="og",
        occurred_at=claim.occurred_at,
        lane=Lane.LIVE,
        snapshot=record,
        detail=claim.detail,
        recipient=Recipient(person=1, email="vera@mail.test", external_id="6419554042026"),
    )
    expression = ometria.write(statement, account)
    assert () == expression.unsaid
    event = msgspec.json.decode(expression.items[0].body)
    event.pop("id")
    return dict(event)


def test_ometria_is_told_of_a_new_subscription() -> None:
    assert {
        "@type": "custom_event",
        "event_type": "Ordergroove_subscription_event",
        "timestamp": "2025-09-29T14:40:34+00:00",
        "identity_account_id": "6419554042026",
        "identity_email": "vera@mail.test",
        "properties": {
            "delivery_frequency": "8 weeks",
            "detail_url": "https://shop.test/p/coffee",
            "image_url": "https://shop.test/i/coffee.png",
            "product_set": ["44931275391146"],
        },
    } == sent_to_ometria(read("documented-subscription"), "subscription.created")


def test_ometria_is_told_of_a_cancelled_subscription_and_why() -> None:
    assert {
        "cancellation_reason": "I have more than I need",
        "delivery_frequency": "1 month",
        "product_set": ["44931275391146", "44931275391100", "44931275391101"],
    } == sent_to_ometria(read("cancelled"), "subscription.cancelled")["properties"]


def test_ometria_is_told_of_an_order_to_come_with_all_that_it_holds() -> None:
    event = sent_to_ometria(read("reminder-due"), "order.upcoming")
    assert "Ordergroove_order_reminder" == event["event_type"]
    assert "2026-03-10T05:00:00+00:00" == event["timestamp"]
    assert {
        "order_id": "5ca68c1e5ed611ee9ee0de51b7f814f0",
        "product_set": ["44931275391100", "44931275391146"],
        "total_value": 33,
    } == event["properties"]


def test_ometria_is_told_how_many_subscriptions_a_person_has() -> None:
    case = golden("person-with-counts")
    record = OURS.reread("people", msgspec.json.encode(case["wire"]), access()).record
    ometria = dialect("ometria")
    account = Account(
        key="k",
        base_url="https://ometria.test",
        options={option.name: option.default for option in ometria.profile.options},
    )
    statement = Statement(
        kind="person.updated",
        key="og/person",
        subject="person:6419554042026",
        source="og",
        occurred_at=NOW,
        lane=Lane.LIVE,
        snapshot=record,
        recipient=Recipient(person=1, email="vera@mail.test", external_id="6419554042026"),
    )
    contact = msgspec.json.decode(ometria.write(statement, account).items[0].body)
    assert {"active_subscriptions": 1, "total_subscription": 2} == contact["properties"]
    assert ("6419554042026", True) == (contact["customer_id"], contact["@merge"])


def test_only_the_record_that_carries_the_reminder_names_the_order() -> None:
    wire = golden("reminder-due")["wire"] | {"is_carrier": False}
    record = OURS.reread("subscriptions", msgspec.json.encode(wire), access()).record
    assert isinstance(record, Subscription)
    assert (None, NOW.replace(day=20, hour=5)) == (record.next_order_id, record.next_order_at)


# Reading lists.


def stretch(stream: str, **given: Any) -> Stretch:
    return Stretch(**{"stream": stream, "since": None, "until": NOW, "limit": 20} | given)


def asked(stretched: Stretch, *replies: Any, **options: str) -> tuple[list[WireRequest], Piece | None]:
    """The requests of a piece, each given the next of these replies; the piece when it comes to its end."""
    reading = OURS.read(stretched, access(**options))
    requests = [next(reading)]
    try:
        for reply in replies:
            body = msgspec.json.encode(reply) if not isinstance(reply, int) else b"{}"
            status = reply if isinstance(reply, int) else 200
            requests.append(reading.send(WireReply(status=status, body=body)))
    except StopIteration as end:
        return requests, end.value
    return requests, None


def test_at_first_those_are_asked_for_who_came_since_that_day() -> None:
    requests, _ = asked(stretch("people"))
    assert "/customers/?created_start=2025-01-01&page_size=20" == requests[0].path


def test_at_first_those_are_asked_for_besides_who_subscribed_since_that_day_and_signed_up_before() -> None:
    _, piece = asked(stretch("people"), {"results": [], "next": None})
    assert piece is not None
    wire = golden("documented-subscription")["wire"]
    subscriptions = {"results": [wire["subscription"]], "next": None}
    told = {}
    for created in ("2024-12-31 10:00:00", "2025-01-01 10:00:00", "2025-01-02 10:00:00"):
        customer = {**wire["customer"], "created": created}
        replies = (subscriptions, customer, subscriptions)
        requests, last = asked(stretch("people", cursor=piece.cursor), *replies)
        assert "/subscriptions/?created_start=2025-01-01&page_size=20" == requests[0].path
        assert last is not None
        assert last.cursor is None
        told[created[:10]] = len(last.found)
    assert {"2024-12-31": 1, "2025-01-01": 1, "2025-01-02": 0} == told


@pytest.mark.parametrize("cursor", ["/customers/?cursor=old", "/subscriptions/?cursor=old"])
def test_of_the_two_first_lists_the_one_begins_anew_whose_cursor_is_not_known_any_more(cursor: str) -> None:
    _, piece = asked(stretch("people", cursor=cursor), 404)
    assert piece is not None
    requests, _ = asked(stretch("people", cursor=piece.cursor))
    assert f"{cursor.partition('?')[0]}?created_start=2025-01-01&page_size=20" == requests[0].path


def test_afterwards_everybody_who_moved_is_asked_for_in_central_time_and_a_margin() -> None:
    requests, _ = asked(stretch("subscriptions", since=datetime(2026, 7, 1, 12, tzinfo=UTC)))
    assert "/subscriptions/?updated_start=2026-07-01T05%3A00%3A00&page_size=20" == requests[0].path


@pytest.mark.parametrize(
    ("cursor", "first", "second"),
    [
        ("", "place_start=2026-03-15&place_end=2026-03-16", "5 "),
        ("5 ", "place_start=2026-03-15&place_end=2026-03-16", "10 "),
        ("10 ", "place_start=2026-03-20&place_end=2026-03-21", None),
    ],
)
def test_each_lead_of_reminders_is_read_in_turn(cursor: str, first: str, second: str | None) -> None:
    stretched = stretch("subscriptions.upcoming", since=NOW - timedelta(hours=1), cursor=cursor)
    requests, piece = asked(stretched, {"results": [], "next": None}, reminder_days="10, 5")
    assert first in requests[0].path
    assert piece is not None
    assert (second if cursor else "10 ") == piece.cursor


def test_the_next_page_is_never_asked_of_another_host() -> None:
    page = {"results": [], "next": "https://elsewhere.test/customers/?cursor=abc"}
    _, piece = asked(stretch("people"), page)
    assert piece is not None
    assert "/customers/?cursor=abc" == piece.cursor


def test_the_next_page_of_another_list_is_refused() -> None:
    with pytest.raises(BadReply, match="another list"):
        asked(stretch("people"), {"results": [], "next": "https://og.test/payments/?cursor=abc"})


def test_a_cursor_that_is_not_known_any_more_begins_anew() -> None:
    _, piece = asked(stretch("people", cursor="/customers/?cursor=old"), 404)
    assert Piece(cursor="") == piece


def test_an_address_without_the_api_is_a_fault_of_the_settings() -> None:
    with pytest.raises(ConfigError, match="no Ordergroove API"):
        asked(stretch("people"), 404)


def test_a_customer_that_is_gone_is_left_out() -> None:
    subscription = golden("documented-subscription")["wire"]["subscription"]
    stretched = stretch("people.subscriptions", since=NOW)
    _, piece = asked(stretched, {"results": [subscription]}, 404, {"results": []})
    assert Piece() == piece


def test_a_subscription_that_cannot_be_understood_is_named_and_the_others_go_on() -> None:
    wire = golden("documented-subscription")["wire"]
    bad = wire["subscription"] | {"public_id": "bad", "created": None}
    _, piece = asked(
        stretch("subscriptions", since=NOW),
        {"results": [wire["subscription"], bad]},
        wire["customer"],
        {"results": [wire["subscription"], bad]},
        {"results": []},
        wire["product"],
    )
    assert piece is not None
    assert ["25e5a2dc5ed611ee9ee0de51b7f814f0"] == [one.key for one in piece.found if isinstance(one, Found)]
    assert [("bad", "subscription.created", "is missing")] == [
        (one.key, one.place, one.problem) for one in piece.unread
    ]


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"since": ""}, "since: is missing"),
        ({"since": "last year"}, 'since: "last year" is no day'),
        ({"time_zone": "Mars/Olympus"}, "time_zone"),
        ({"time_zone": "../etc"}, "time_zone"),
    ],
)
def test_settings_that_cannot_be_are_named(options: dict[str, str], problem: str) -> None:
    with pytest.raises(ConfigError, match=problem):
        asked(stretch("people"), **options)


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (200, Result.ACCEPTED),
        (404, Result.ACCEPTED),
        (423, Result.UNAVAILABLE),
        (429, Result.RATE_LIMITED),
        (503, Result.UNAVAILABLE),
        (401, Result.UNAUTHORIZED),
        (403, Result.UNAUTHORIZED),
        (301, Result.REJECTED),
        (400, Result.REJECTED),
    ],
)
def test_a_status_means(status: int, expected: Result) -> None:
    request = WireRequest(method="GET", path="/customers/")
    assert expected is OURS.judge(request, WireReply(status=status)).result


def test_the_key_goes_in_a_header_of_its_own() -> None:
    request = OURS.authorize(WireRequest(method="GET", path="/customers/"), access(), Stamp(at=NOW, nonce="1"))
    assert ("x-api-key", "k") in request.headers
