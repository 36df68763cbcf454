"""What each record claims, with nothing remembered."""

from datetime import UTC, datetime
from typing import Any

import pytest

from orderwire.model import (
    Cart,
    Channel,
    Claim,
    Consent,
    ConsentState,
    Event,
    Family,
    Identity,
    Kind,
    Order,
    Person,
    Product,
    Record,
    Refund,
    Shipment,
    Subscription,
    claims_of,
    family_of,
    identity_of,
    kind_of,
)
from orderwire.model.facts import person_subject

ANA = Identity(external_id="7", email="Ana@mail.test")
NOW = datetime(2026, 3, 31, tzinfo=UTC)


def on(day: int) -> datetime:
    """Noon of a day in March."""
    return datetime(2026, 3, day, 12, tzinfo=UTC)


def stamp(day: int) -> int:
    """The same instant as UNIX seconds."""
    return int(on(day).timestamp())


def order(**fields: Any) -> Order:
    """An order placed on the first."""
    return Order(order_id="1001", identity=ANA, currency="EUR", placed_at=on(1), total=1999, **fields)


def brief(record: Record) -> list[tuple[str, str | None, datetime]]:
    """Kind, discriminator and instant of each claim."""
    return [(claim.kind, claim.discriminator, claim.occurred_at) for claim in claims_of(record, at=NOW)]


def test_a_bare_order_was_placed_and_has_content() -> None:
    assert (
        Claim(kind=Kind.ORDER_PLACED, subject="order:1001", occurred_at=on(1), discriminator="placed"),
        Claim(kind=Kind.ORDER_UPDATED, subject="order:1001", occurred_at=on(1)),
    ) == claims_of(order(), at=NOW)


ORDERS: list[tuple[str, dict[str, Any], list[tuple[str, str, datetime]]]] = [
    ("paid", {"paid_at": on(2)}, [("order.paid", "paid", on(2))]),
    ("fulfilled as a whole", {"fulfilled_at": on(3)}, [("order.fulfilled", "fulfilled", on(3))]),
    ("delivered as a whole", {"delivered_at": on(4)}, [("order.delivered", "delivered", on(4))]),
    (
        "shipped in parcels, which say it better than the order does",
        {
            "fulfilled_at": on(3),
            "delivered_at": on(9),
            "shipments": (
                Shipment(shipment_id="S2", shipped_at=on(5)),
                Shipment(shipment_id="S1", shipped_at=on(3), delivered_at=on(4)),
            ),
        },
        [
            ("order.fulfilled", "fulfilled:S1", on(3)),
            ("order.delivered", "delivered:S1", on(4)),
            ("order.fulfilled", "fulfilled:S2", on(5)),
        ],
    ),
    (
        "parcels on their way, the order known as delivered",
        {"delivered_at": on(9), "shipments": (Shipment(shipment_id="S1", shipped_at=on(3)),)},
        [("order.fulfilled", "fulfilled:S1", on(3)), ("order.delivered", "delivered", on(9))],
    ),
    (
        "refunded twice",
        {
            "refunds": (
                Refund(refund_id="R2", refunded_at=on(8), amount=100),
                Refund(refund_id="R1", refunded_at=on(6), amount=500),
            )
        },
        [("order.refunded", "refunded:R1", on(6)), ("order.refunded", "refunded:R2", on(8))],
    ),
    ("cancelled", {"cancelled_at": on(2)}, [("order.cancelled", "cancelled", on(2))]),
    (
        "cancelled before it was marked as paid",
        {"cancelled_at": on(2), "paid_at": on(5)},
        [("order.cancelled", "cancelled", on(2)), ("order.paid", "paid", on(5))],
    ),
]


@pytest.mark.parametrize(("fields", "later"), [pytest.param(*rest, id=name) for name, *rest in ORDERS])
def test_an_orders_happenings_are_claimed_oldest_first(
    fields: dict[str, Any], later: list[tuple[str, str, datetime]]
) -> None:
    expected = [("order.placed", "placed", on(1)), *later, ("order.updated", None, on(1))]
    assert expected == brief(order(**fields))


def test_a_refund_and_a_parcel_are_named_in_the_detail() -> None:
    record = order(
        refunds=(Refund(refund_id="R1", refunded_at=on(6), amount=500),),
        shipments=(Shipment(shipment_id="S1", shipped_at=on(3)),),
    )
    assert [None, "S1", "R1", None] == [claim.detail for claim in claims_of(record, at=NOW)]


def test_every_claim_of_an_order_carries_the_sources_version() -> None:
    record = order(paid_at=on(2), updated_at=on(9))
    assert [on(9), on(9), on(9)] == [claim.version for claim in claims_of(record, at=NOW)]


def test_only_the_named_instants_are_approximate() -> None:
    record = order(paid_at=on(2), cancelled_at=on(3), approximate=("cancelled_at",))
    marked = {claim.kind: claim.is_approximate for claim in claims_of(record, at=NOW)}
    assert {"order.placed": False, "order.paid": False, "order.cancelled": True, "order.updated": False} == marked


def test_a_happenings_key_does_not_depend_on_when_it_is_read() -> None:
    record = order(paid_at=on(2))
    assert claims_of(record, at=on(20)) == claims_of(record, at=NOW)


CART: dict[str, Any] = {"cart_id": "C1", "identity": ANA, "currency": "EUR", "total": 0, "updated_at": on(2)}
SUBSCRIPTION: dict[str, Any] = {"subscription_id": "U1", "identity": ANA, "created_at": on(1)}
RECORDS: list[tuple[str, Record, list[tuple[str, str | None, datetime]]]] = [
    ("a person with a version", Person(identity=ANA, updated_at=on(2)), [("person.updated", None, on(2))]),
    ("a person with a birth", Person(identity=ANA, created_at=on(1)), [("person.updated", None, on(1))]),
    ("a person without instants", Person(identity=ANA), [("person.updated", None, NOW)]),
    (
        "a consent with its time",
        Consent(identity=ANA, channel=Channel.EMAIL, state=ConsentState.SUBSCRIBED, changed_at=on(3)),
        [("consent.changed", None, on(3))],
    ),
    (
        "a consent of today",
        Consent(identity=ANA, channel=Channel.SMS, state=ConsentState.NEVER_ASKED),
        [("consent.changed", None, NOW)],
    ),
    ("a product", Product(product_id="P1", title="Cup", updated_at=on(4)), [("product.updated", None, on(4))]),
    (
        "a removed product",
        Product(product_id="P1", title="Cup", updated_at=on(4), removed_at=on(5)),
        [("product.removed", None, on(5))],
    ),
    ("a cart", Cart(**CART), [("cart.updated", None, on(2))]),
    (
        "a cart taken to checkout and left",
        Cart(**CART, checkout_started_at=on(3), abandoned_at=on(4)),
        [
            ("cart.updated", None, on(2)),
            ("checkout.started", f"checkout:{stamp(3)}", on(3)),
            ("cart.abandoned", f"abandoned:{stamp(4)}", on(4)),
        ],
    ),
    (
        "a subscription",
        Subscription(**SUBSCRIPTION),
        [("subscription.created", "created", on(1)), ("subscription.updated", None, on(1))],
    ),
    (
        "a cancelled subscription",
        Subscription(**SUBSCRIPTION, cancelled_at=on(6), updated_at=on(7)),
        [
            ("subscription.created", "created", on(1)),
            ("subscription.cancelled", f"cancelled:{stamp(6)}", on(6)),
            ("subscription.updated", None, on(7)),
        ],
    ),
    (
        "a subscription with an order ahead",
        Subscription(**SUBSCRIPTION, next_order_id="N1", next_order_at=on(30), updated_at=on(7)),
        [
            ("subscription.created", "created", on(1)),
            ("subscription.updated", None, on(7)),
            ("order.upcoming", "upcoming:N1", on(7)),
        ],
    ),
    (
        "an event",
        Event(event_id="E1", name="custom.wishlist", identity=ANA, occurred_at=on(5)),
        [("custom.wishlist", "happened", on(5))],
    ),
]


@pytest.mark.parametrize(("record", "expected"), [pytest.param(*rest, id=name) for name, *rest in RECORDS])
def test_a_record_claims_what_it_says(record: Record, expected: list[tuple[str, str | None, datetime]]) -> None:
    assert expected == brief(record)


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        (order(), "order:1001"),
        (Person(identity=ANA), "person:7"),
        (Consent(identity=ANA, channel=Channel.SMS, state=ConsentState.SUBSCRIBED), "consent:sms:person:7"),
        (Product(product_id="P1", title="Cup"), "product:P1"),
        (Cart(**CART), "cart:C1"),
        (Subscription(**SUBSCRIPTION), "subscription:U1"),
        (Event(event_id="E1", name="site.active", identity=ANA, occurred_at=on(5)), "event:E1"),
    ],
)
def test_all_claims_of_a_record_are_about_one_subject(record: Record, expected: str) -> None:
    assert {expected} == {claim.subject for claim in claims_of(record, at=NOW)}


@pytest.mark.parametrize(
    ("identity", "expected"),
    [
        (Identity(external_id="7", email="ana@mail.test"), "person:7"),
        (Identity(email=" Ana@Mail.test ", phone="+4912345"), "person:ana@mail.test"),
        (Identity(phone="+4912345", anonymous_id="x"), "person:+4912345"),
        (Identity(anonymous_id="x"), "person:x"),
    ],
)
def test_a_person_goes_by_the_strongest_identifier(identity: Identity, expected: str) -> None:
    assert expected == person_subject(identity)


@pytest.mark.parametrize(
    ("kind", "family"),
    [
        ("person.updated", Family.PEOPLE),
        ("person.forgotten", Family.PEOPLE),
        ("consent.changed", Family.PEOPLE),
        ("product.removed", Family.PRODUCTS),
        ("order.placed", Family.ACTIVITY),
        ("custom.wishlist", Family.ACTIVITY),
    ],
)
def test_a_kind_belongs_to_one_phase(kind: str, family: Family) -> None:
    assert family == family_of(kind)


def test_every_custom_event_is_listed_as_one_kind() -> None:
    assert (Kind.CUSTOM, Kind.SITE_ACTIVE) == (kind_of("custom.wishlist"), kind_of("site.active"))


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(ValueError, match=r"order\.lost"):
        kind_of("order.lost")


def test_only_a_product_is_about_nobody() -> None:
    assert (ANA, None) == (identity_of(order()), identity_of(Product(product_id="P1", title="Cup")))


def test_an_identity_without_identifiers_is_empty() -> None:
    assert (True, False) == (Identity().is_empty, Identity(anonymous_id="x").is_empty)
