"""Webhooks of shops through the front door: genuine ones are recorded, and nothing else has any effect."""

import json
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from orderwire.app.frontdoor.hooks import DELIVERIES
from orderwire.errors import ConfigError
from orderwire.sandbox.shopify.stand_in import signature as shopify_signature
from orderwire.sandbox.trading.merchant import Merchant
from orderwire.sandbox.trading.sending import Delivery
from orderwire.sandbox.woocommerce.stand_in import signature as woo_signature
from orderwire.testing.shopfronts import Shopfront

Opener = Callable[..., Shopfront]
HOOKED = {"hooks_to": "https://orderwire.test/hooks/shop", "hook_secret": "hook-secret"}
SIGNATURES = {
    "woocommerce": ("X-WC-Webhook-Signature", woo_signature),
    "shopify": ("X-Shopify-Hmac-Sha256", shopify_signature),
}


def hooked(open_front: Opener, kind: str, **options: Any) -> Shopfront:
    return open_front(kind, options={"every": 0, **HOOKED, **options})


def merchant_of(front: Shopfront) -> Merchant:
    found = front.stand_in.merchant  # type: ignore[attr-defined]
    assert isinstance(found, Merchant)
    return found


def sent(front: Shopfront) -> list[Delivery]:
    found: list[Delivery] = front.stand_in.deliveries()  # type: ignore[attr-defined]
    return found


def signed_anew(kind: str, delivery: Delivery, *, secret: str = "hook-secret", **changes: Any) -> Delivery:
    """The same delivery with another body or secret, signed; under an id of its own."""
    body = json.dumps(json.loads(delivery.body) | changes).encode() if changes else delivery.body
    name, sign = SIGNATURES[kind]
    ids = {"X-WC-Webhook-Delivery-ID": f"other-{len(body)}", "X-Shopify-Event-Id": f"other-{len(body)}"}
    return Delivery(delivery.hook, delivery.url, {**delivery.headers, **ids, name: sign(secret, body)}, body)


def an_order(front: Shopfront) -> Delivery:
    """What is sent when somebody orders."""
    merchant_of(front).place(front.clock.now())
    return next(one for one in sent(front) if "placed" not in one.hook)


def test_an_order_is_recorded_as_news_before_it_is_acknowledged(kind: str, open_front: Opener) -> None:
    front = hooked(open_front, kind)
    delivery = an_order(front)
    reply = front.hear(delivery.headers, delivery.body)
    placed = [fact for fact in front.facts() if fact.kind == "order.placed"]
    assert (200, 1, False) == (reply.status, len(placed), placed[0].is_imported)


def test_what_a_webhook_told_is_nothing_new_to_the_next_reading(kind: str, open_front: Opener) -> None:
    front = hooked(open_front, kind, every=20)
    front.sync()
    for _ in range(20):
        front.wait(60)
        for delivery in sent(front):
            assert 200 == front.hear(delivery.headers, delivery.body).status
    told = Counter(front.kinds())
    merchant_of(front)._every = 0.0
    front.wait(300)
    front.sync()
    left_to_polling = {"order.refunded", "product.updated"} if kind == "woocommerce" else {"order.paid"}
    more = Counter(front.kinds()) - told
    assert left_to_polling >= set(more)
    assert told["order.placed"] > 130


@pytest.mark.parametrize("secret", ["hook-secret", "old-hook-secret"])
def test_during_a_rotation_either_secret_is_good(kind: str, open_front: Opener, secret: str) -> None:
    front = hooked(open_front, kind)
    delivery = signed_anew(kind, an_order(front), secret=secret)
    assert 200 == front.hear(delivery.headers, delivery.body).status
    assert 1 == front.kinds().count("order.placed")


@pytest.mark.parametrize("case", ["wrong secret", "changed body", "more space", "no signature", "empty signature"])
def test_what_is_not_genuine_is_refused_and_leaves_no_trace(kind: str, open_front: Opener, case: str) -> None:
    front = hooked(open_front, kind)
    delivery = an_order(front)
    name, _ = SIGNATURES[kind]
    headers, body = dict(delivery.headers), delivery.body
    match case:
        case "wrong secret":
            headers = signed_anew(kind, delivery, secret="another").headers
        case "changed body":
            body = body.replace(b"mail.test", b"evil.test")
        case "more space":
            body = body.replace(b":", b": ", 1)
        case "no signature":
            del headers[name]
        case _:
            headers[name] = ""
    assert 401 == front.hear(headers, body).status
    assert ([], 0, {}) == (
        front.facts(),
        front.ledger.count_documents("shop", DELIVERIES),
        front.ledger.refused_counts(),
    )


def test_a_webhook_for_no_source_finds_nobody(kind: str, open_front: Opener) -> None:
    front = hooked(open_front, kind)
    delivery = an_order(front)
    assert 404 == front.hear(delivery.headers, delivery.body, source="another").status


def test_a_delivery_that_comes_again_has_no_effect(kind: str, open_front: Opener) -> None:
    front = hooked(open_front, kind)
    delivery = an_order(front)
    replies = [front.hear(delivery.headers, delivery.body).status for _ in range(4)]
    assert ([200] * 4, 1) == (replies, front.kinds().count("order.placed"))
    assert 1 == front.ledger.count_documents("shop", DELIVERIES)


def test_ids_of_deliveries_are_forgotten_after_a_while(kind: str, open_front: Opener) -> None:
    front = hooked(open_front, kind)
    for _ in range(3):
        delivery = an_order(front)
        front.hear(delivery.headers, delivery.body)
    front.clock.at += timedelta(days=9)
    delivery = an_order(front)
    front.hear(delivery.headers, delivery.body)
    assert 1 == front.ledger.count_documents("shop", DELIVERIES)


def test_an_older_state_that_comes_late_loses(kind: str, open_front: Opener) -> None:
    front = hooked(open_front, kind)
    delivery = an_order(front)
    order_id = str(json.loads(delivery.body)["id"])
    older = {"woocommerce": ("customer_note", "date_modified_gmt"), "shopify": ("note", "updated_at")}[kind]
    late = signed_anew(kind, delivery, **{older[0]: "first", older[1]: "2026-03-02T08:00:00+00:00"})
    new = signed_anew(kind, delivery, **{older[0]: "second", older[1]: "2026-03-02T10:00:00+00:00"})
    for one in (new, late):
        assert 200 == front.hear(one.headers, one.body).status
    assert "second" == front.order(order_id).note


def test_a_payment_that_arrives_before_its_order_is_no_trouble(open_front: Opener) -> None:
    front = hooked(open_front, "shopify")
    merchant = merchant_of(front)
    merchant.place(front.clock.now())
    created = sent(front)
    front.wait(5)
    order = max(merchant.orders.values(), key=lambda one: one.id)
    order.paid = order.modified = front.clock.now()
    merchant.note(front.clock.now(), "order", "paid", order.id)
    for delivery in [*reversed(sent(front)), *created]:
        assert 200 == front.hear(delivery.headers, delivery.body).status
    assert ["order.placed", "order.paid"] == [fact.kind for fact in front.facts() if fact.kind.startswith("order.")]
    assert order.paid == front.order(str(order.id)).paid_at


def test_what_a_webhook_leaves_out_stays_as_it_is_known(kind: str, open_front: Opener) -> None:
    front = hooked(open_front, kind, quiet=1)
    front.sync()
    merchant = merchant_of(front)
    order = next(one for one in merchant.orders.values() if one.refunds and one.shipped)
    before = front.order(str(order.id))
    order.email, order.modified = "other@mail.test", front.clock.now()
    merchant.note(front.clock.now(), "order", "edited", order.id)
    for delivery in sent(front):
        front.hear(delivery.headers, delivery.body)
    after = front.order(str(order.id))
    assert "other@mail.test" == after.identity.email
    assert (before.refunds, before.paid_at, before.shipments) == (after.refunds, after.paid_at, after.shipments)


def test_a_body_that_cannot_be_understood_is_kept_and_acknowledged(kind: str, open_front: Opener) -> None:
    front = hooked(open_front, kind)
    delivery = signed_anew(kind, an_order(front), total="lots", total_price_set=7, line_items="none", currency=None)
    assert 200 == front.hear(delivery.headers, delivery.body).status
    assert ([], {("shop", "orders"): 1}) == (front.facts(), front.ledger.refused_counts())


def test_an_id_that_no_database_keeps_is_a_refused_record_and_not_an_error(kind: str, open_front: Opener) -> None:
    front = hooked(open_front, kind)
    delivery = signed_anew(kind, an_order(front), id="1\u00002")
    assert 200 == front.hear(delivery.headers, delivery.body).status
    assert [] == front.facts()
    assert 1 == sum(front.ledger.refused_counts().values())


def test_unknown_topics_are_kept_once_each(kind: str, open_front: Opener) -> None:
    front = hooked(open_front, kind)
    delivery = an_order(front)
    for number in range(3):
        other = signed_anew(kind, delivery, more="x" * number)
        headers = {**other.headers, "X-WC-Webhook-Topic": "action.own", "X-Shopify-Topic": "themes/own"}
        assert 200 == front.hear(headers, other.body).status
    assert ([], {("shop", "webhooks"): 1}) == (front.facts(), front.ledger.refused_counts())


def test_the_ping_of_a_new_webhook_is_answered_without_a_signature(open_front: Opener) -> None:
    front = hooked(open_front, "woocommerce")
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    assert 200 == front.hear(headers, b"webhook_id=12").status
    assert 401 == front.hear(headers, b"webhook_id=12&order=1").status
    assert [] == front.facts()


def test_a_removed_product_is_told_with_all_that_is_known_of_it(kind: str, open_front: Opener) -> None:
    front = hooked(open_front, kind)
    front.sync()
    number = next(iter(merchant_of(front).products))
    gone = signed_anew(kind, an_order(front), id=number)
    headers = {**gone.headers, "X-WC-Webhook-Topic": "product.deleted", "X-Shopify-Topic": "products/delete"}
    front.hear(headers, gone.body)
    assert [f"product:{number}"] == [fact.subject for fact in front.facts() if fact.kind == "product.removed"]


@pytest.mark.parametrize("topic", ["customers/redact", "customers/data_request", "shop/redact"])
def test_a_request_of_privacy_waits_for_a_person(open_front: Opener, topic: str) -> None:
    front = hooked(open_front, "shopify")
    delivery = signed_anew("shopify", an_order(front), customer={"id": 1})
    assert 200 == front.hear({**delivery.headers, "X-Shopify-Topic": topic}, delivery.body).status
    assert {("shop", "privacy"): 1} == front.ledger.refused_counts()


def test_header_names_without_the_x_are_understood(open_front: Opener) -> None:
    front = hooked(open_front, "shopify")
    delivery = an_order(front)
    headers = {name.removeprefix("X-"): value for name, value in delivery.headers.items()}
    assert 200 == front.hear(headers, delivery.body).status
    assert 1 == front.kinds().count("order.placed")


def test_a_secret_that_cannot_be_found_keeps_the_door_shut(kind: str, open_front: Opener) -> None:
    front = open_front(kind, table={"webhook_secrets": ["env:NOT_THERE"]})
    with pytest.raises(ConfigError, match="NOT_THERE"):
        front.hear({}, b"{}")
