"""What becomes of records: appended once, states only when different, the newest snapshot known."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from msgspec import json
from msgspec.structs import replace

from orderwire.errors import InvalidRecord
from orderwire.ledger import Checkpoint, FactFilter, Mode, Received
from orderwire.ledger.store import StoredLedger
from orderwire.model import (
    Cart,
    Event,
    Identity,
    Kind,
    Order,
    OrderLine,
    Record,
    Refund,
    RefundKind,
    Shipment,
    Subscription,
)
from orderwire.testing.ledgers import (
    ANA,
    NOW,
    PLACED,
    SOURCE,
    cart,
    entries,
    event,
    facts,
    kinds,
    order,
    person,
    product,
    record,
)

DAY = timedelta(days=1)
PARCEL = Shipment(shipment_id="s1", shipped_at=PLACED + DAY)
REFUND = Refund(refund_id="r1", refunded_at=PLACED + 3 * DAY, amount=500, kind=RefundKind.PARTIAL)
SUBSCRIPTION = Subscription(subscription_id="b1", identity=Identity(email="ana@mail.test"), created_at=PLACED)
EVERY_RECORD = [order(), person(first_name="Ana"), product(), cart(), event(), SUBSCRIPTION]


def shop_day(day: int) -> datetime:
    return PLACED + day * DAY


@pytest.mark.parametrize("given", EVERY_RECORD, ids=lambda given: type(given).__name__)
def test_the_same_record_again_adds_nothing(ledger: StoredLedger, given: Record) -> None:
    first = record(ledger, given)
    again = record(ledger, given)
    assert (1, 1, 0, 1) == (first.appended, first.head, again.appended, again.known)


@pytest.mark.parametrize("given", EVERY_RECORD, ids=lambda given: type(given).__name__)
def test_the_same_record_twice_in_a_batch_is_one(ledger: StoredLedger, given: Record) -> None:
    receipt = record(ledger, given, given)
    assert (1, 1, 1) == (receipt.appended, receipt.known, receipt.head)


def test_an_order_becomes_its_happenings_in_their_order(ledger: StoredLedger) -> None:
    full = order(paid_at=PLACED + timedelta(hours=1), shipments=(PARCEL,), refunds=(REFUND,))
    receipt = record(ledger, full)
    expected = ["order.placed", "order.paid", "order.fulfilled", "order.refunded"]
    assert (expected, 4, 0) == (kinds(ledger), receipt.appended, receipt.known)


def test_facts_of_one_record_share_its_body(ledger: StoredLedger) -> None:
    full = order(paid_at=PLACED + DAY)
    record(ledger, full)
    assert [json.encode(full)] * 2 == [fact.body for fact in facts(ledger)]


def test_a_later_happening_is_all_that_is_new(ledger: StoredLedger) -> None:
    record(ledger, order())
    receipt = record(ledger, order(paid_at=PLACED + DAY))
    assert (["order.placed", "order.paid"], 1, 1) == (kinds(ledger), receipt.appended, receipt.known)


def test_a_snapshot_that_only_brings_a_happening_becomes_the_newest(ledger: StoredLedger) -> None:
    record(ledger, order())
    paid = order(paid_at=PLACED + DAY)
    record(ledger, paid)
    placed = entries(ledger)[0]
    assert (json.encode(paid), 2, 1) == (placed.snapshot, placed.newest, placed.newer_of_kind)


def test_a_changed_order_is_an_update(ledger: StoredLedger) -> None:
    record(ledger, order(updated_at=shop_day(1)))
    receipt = record(ledger, order(total=5990, updated_at=shop_day(2)))
    updated = facts(ledger)[1]
    expected = ("order.updated", shop_day(2), "shop/order:1001#order.updated@2024-03-03T10:00:00+00:00", 1)
    assert expected == (updated.kind, updated.occurred_at, updated.key, receipt.appended)


def test_a_changed_order_without_a_version_is_keyed_by_its_predecessor(ledger: StoredLedger) -> None:
    for total in (1, 2, 1):
        record(ledger, order(total=total))
    expected = ["shop/order:1001#placed", "shop/order:1001#order.updated@1", "shop/order:1001#order.updated@2"]
    assert expected == [fact.key for fact in facts(ledger)]


def test_a_stale_version_loses_and_is_counted(ledger: StoredLedger) -> None:
    newest = order(total=5990, updated_at=shop_day(2))
    record(ledger, newest)
    receipt = record(ledger, order(total=4990, updated_at=shop_day(1)))
    expected = (0, 1, json.encode(newest))
    assert expected == (receipt.appended, receipt.stale, entries(ledger)[0].snapshot)


def test_a_stale_record_still_tells_what_happened(ledger: StoredLedger) -> None:
    newest = order(total=5990, updated_at=shop_day(2))
    record(ledger, newest)
    record(ledger, order(total=4990, paid_at=PLACED, updated_at=shop_day(1)))
    expected = (["order.placed", "order.paid"], [json.encode(newest)] * 2)
    assert expected == (kinds(ledger), [entry.snapshot for entry in entries(ledger)])


@pytest.mark.parametrize(
    "change",
    [
        lambda day: product(title=f"Shirt {day % 2}", updated_at=shop_day(day)),
        lambda day: product(title=f"Shirt {day % 2}"),
        lambda day: person(first_name=f"Ana {day % 2}", updated_at=shop_day(day)),
        lambda day: person(first_name=f"Ana {day % 2}"),
        lambda day: cart(total=1000 + day % 2, updated_at=shop_day(day)),
    ],
    ids=["product with version", "product", "person with version", "person", "cart"],
)
def test_there_and_back_again_is_three_facts(ledger: StoredLedger, change: Any) -> None:
    for day in (1, 2, 3):
        record(ledger, change(day))
    assert 3 == len({fact.key for fact in facts(ledger)})


def test_a_newer_version_of_the_same_content_adds_nothing_but_makes_older_ones_stale(ledger: StoredLedger) -> None:
    record(ledger, product(updated_at=shop_day(1)))
    same = record(ledger, product(updated_at=shop_day(3)))
    late = record(ledger, product(title="Red shirt", updated_at=shop_day(2)))
    assert (0, 1, 1) == (same.appended, same.known, late.stale)


def test_ordinals_count_the_facts_of_a_kind(ledger: StoredLedger) -> None:
    second = Refund(refund_id="r2", refunded_at=shop_day(4), amount=100)
    record(ledger, order(refunds=(REFUND,)))
    record(ledger, order(refunds=(REFUND, second)))
    refunds = [fact for fact in facts(ledger) if fact.kind == Kind.ORDER_REFUNDED]
    assert [(0, "r1"), (1, "r2")] == [(fact.ordinal, fact.detail) for fact in refunds]


def test_a_removed_product_says_so(ledger: StoredLedger) -> None:
    record(ledger, product())
    record(ledger, product(removed_at=shop_day(1)))
    assert ["product.updated", "product.removed"] == kinds(ledger)


def test_a_subscription_carries_its_first_content(ledger: StoredLedger) -> None:
    record(ledger, SUBSCRIPTION)
    record(ledger, Subscription(**{**_fields(SUBSCRIPTION), "interval": "1 month"}))
    assert ["subscription.created", "subscription.updated"] == kinds(ledger)


def test_correcting_appends_a_revision_in_place_of_an_update(ledger: StoredLedger) -> None:
    record(ledger, order())
    receipt = record(ledger, order(total=5990), mode=Mode.CORRECT)
    placed = facts(ledger)
    assert (1, [0, 1], {"shop/order:1001#placed"}) == (
        receipt.appended,
        [fact.revision for fact in placed],
        {fact.key for fact in placed},
    )


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (order(), order(placed_at=PLACED + DAY), ["order.placed"]),
        (order(paid_at=PLACED), order(paid_at=PLACED + DAY), ["order.paid"]),
        (
            order(refunds=(REFUND,)),
            order(refunds=(Refund(refund_id="r1", refunded_at=REFUND.refunded_at, amount=900),)),
            ["order.refunded"],
        ),
        (
            order(shipments=(PARCEL,)),
            order(shipments=(Shipment(shipment_id="s1", shipped_at=PARCEL.shipped_at, carrier="Post"),)),
            ["order.fulfilled"],
        ),
        (order(), order(), []),
        (event(), event(properties={"page": "/"}), ["site.active"]),
    ],
    ids=["content and instant", "instant", "refund", "shipment", "nothing", "event"],
)
def test_correcting_revises_only_what_reads_differently(
    ledger: StoredLedger, before: Order, after: Order, expected: list[str]
) -> None:
    known = record(ledger, before).head
    record(ledger, after, mode=Mode.CORRECT)
    again = record(ledger, after, mode=Mode.CORRECT)
    assert (expected, 0) == (kinds(ledger)[known:], again.appended)


def test_a_revision_is_what_a_reader_of_the_older_one_sees(ledger: StoredLedger) -> None:
    corrected = event(properties={"page": "/"})
    record(ledger, event())
    record(ledger, corrected, mode=Mode.CORRECT)
    older = entries(ledger)[0]
    assert (json.encode(corrected), 2, 2) == (older.snapshot, older.newest, older.newer_of_kind)


def test_what_is_known_is_not_revised_unless_correcting(ledger: StoredLedger) -> None:
    record(ledger, event())
    assert 0 == record(ledger, event(properties={"page": "/"})).appended


def test_two_sources_do_not_share_subjects(ledger: StoredLedger) -> None:
    record(ledger, order(), source="shop")
    receipt = record(ledger, order(), source="market")
    assert (1, ["order:1001", "order:1001"]) == (receipt.appended, [fact.subject for fact in facts(ledger)])


def test_a_fact_says_where_and_when_it_was_recorded(ledger: StoredLedger) -> None:
    precise = datetime(2024, 3, 1, 10, 0, 0, 123456, tzinfo=UTC)
    record(ledger, order(placed_at=precise, approximate=("placed_at",)), is_imported=True)
    fact = facts(ledger)[0]
    assert (precise, NOW, "shop", True, True) == (
        fact.occurred_at,
        fact.recorded_at,
        fact.source,
        fact.is_imported,
        fact.is_approximate,
    )


def test_a_naive_instant_is_refused_and_nothing_is_kept(ledger: StoredLedger) -> None:
    naive = order(order_id="1002", placed_at=datetime(2024, 3, 1, 10))  # noqa: DTZ001
    with pytest.raises(InvalidRecord):
        record(ledger, order(), naive)
    assert 0 == ledger.head()


@pytest.mark.parametrize(
    "given",
    [
        order("10\0001"),
        order(identity=Identity(email="ana\0@mail.test")),
        event(name="custom.\0"),
        order(note="\ud800"),
        order(refunds=(Refund(refund_id="\0", refunded_at=PLACED, amount=1),)),
    ],
    ids=["subject", "identifier", "kind", "half a character", "detail"],
)
def test_what_no_database_keeps_as_text_is_the_records_fault(ledger: StoredLedger, given: Record) -> None:
    with pytest.raises(InvalidRecord):
        ledger.record([Received(record=given)], source="shop", at=NOW, is_imported=False)


def test_a_nul_in_a_text_is_kept(ledger: StoredLedger) -> None:
    given = order(note="a\0b", first_name="A\0na")
    record(ledger, given)
    assert given == json.decode(facts(ledger)[0].body, type=Order)


def test_a_checkpoint_is_committed_with_its_records(ledger: StoredLedger) -> None:
    for position in (b'{"page":1}', b'{"page":2}'):
        ledger.record(
            [Received(record=order())],
            source="shop",
            at=NOW,
            is_imported=True,
            checkpoint=Checkpoint(source="shop", stream="orders", position=position),
        )
    assert {"orders": b'{"page":2}'} == ledger.checkpoints("shop")


def test_nothing_is_a_batch_too(ledger: StoredLedger) -> None:
    receipt = record(ledger)
    assert (0, 0) == (receipt.appended, receipt.head)


def test_raw_bytes_are_kept_once_for_each_reading_that_differs(ledger: StoredLedger) -> None:
    for raw in (b"<order/>", b"<order/>", b"<order note='x'/>"):
        ledger.record([Received(record=order(), raw=raw)], source="shop", at=NOW, is_imported=False)
    assert [b"<order/>", b"<order note='x'/>"] == [raw for _, _, raw in ledger.raws("shop")]


def test_large_records_come_back_whole(ledger: StoredLedger) -> None:
    lines = tuple(
        OrderLine(line_id=str(number), name="Sock “warm” 🧦", quantity=Decimal("1.5"), total=number)
        for number in range(2_000)
    )
    record(ledger, order(lines=lines))
    assert lines == json.decode(facts(ledger)[0].body, type=Order).lines


def test_what_was_recorded_is_there_after_opening_again(open_ledger: Any) -> None:
    record(open_ledger(), order())
    assert ["order.placed"] == kinds(open_ledger())


def _fields(given: Subscription) -> dict[str, Any]:
    return {name: getattr(given, name) for name in given.__struct_fields__}


VAGUE = order(placed_at=PLACED + DAY, approximate=("placed_at",), updated_at=shop_day(2))
EXACT = order(updated_at=shop_day(3))
EXACT_BUT_OLDER = order(updated_at=shop_day(1))


@pytest.mark.parametrize("told", [EXACT, EXACT_BUT_OLDER], ids=["a newer version", "an older version"])
@pytest.mark.parametrize("mode", Mode)
def test_an_exact_instant_takes_the_place_of_an_approximate_one(
    ledger: StoredLedger, told: Order, mode: Mode
) -> None:
    record(ledger, VAGUE)
    receipt = record(ledger, told, mode=mode)
    again = record(ledger, told, mode=mode)
    placed = facts(ledger)
    assert (1, 0, [0, 1], [False, False], [PLACED, PLACED]) == (
        receipt.appended,
        again.appended,
        [fact.revision for fact in placed],
        [fact.is_approximate for fact in placed],
        [fact.occurred_at for fact in placed],
    )


def test_the_log_itself_keeps_what_was_told_first(ledger: StoredLedger) -> None:
    record(ledger, VAGUE)
    record(ledger, EXACT)
    told = [(fact.occurred_at, fact.is_approximate) for fact in ledger.facts(FactFilter())]
    assert [(PLACED + DAY, True), (PLACED, False)] == told


@pytest.mark.parametrize("mode", Mode)
@pytest.mark.parametrize(
    "vague",
    [VAGUE, order(placed_at=PLACED + 2 * DAY, approximate=("placed_at",), updated_at=shop_day(9))],
    ids=["an older version", "a newer version"],
)
def test_an_approximate_instant_never_takes_the_place_of_an_exact_one(
    ledger: StoredLedger, vague: Order, mode: Mode
) -> None:
    record(ledger, EXACT)
    receipt = record(ledger, vague, mode=mode)
    assert (0, [PLACED]) == (receipt.appended, [fact.occurred_at for fact in facts(ledger)])


def test_another_approximate_instant_adds_nothing(ledger: StoredLedger) -> None:
    record(ledger, VAGUE)
    receipt = record(ledger, order(placed_at=PLACED + 2 * DAY, approximate=("placed_at",), updated_at=shop_day(4)))
    assert (0, [PLACED + DAY]) == (receipt.appended, [fact.occurred_at for fact in facts(ledger)])


def test_only_what_was_approximate_comes_again(ledger: StoredLedger) -> None:
    vague = order(paid_at=PLACED + DAY, fulfilled_at=PLACED + DAY, approximate=("paid_at",))
    record(ledger, vague)
    record(ledger, order(paid_at=PLACED, fulfilled_at=PLACED + 2 * DAY))
    told = [(fact.kind, fact.revision, fact.occurred_at) for fact in ledger.facts(FactFilter())][3:]
    assert [("order.paid", 1, PLACED)] == told


def test_an_exact_instant_with_another_content_is_an_update_too(ledger: StoredLedger) -> None:
    record(ledger, VAGUE)
    record(ledger, order(total=5990, updated_at=shop_day(3)))
    last = entries(ledger)[-1]
    assert (["order.placed", "order.placed", "order.updated"], 5990) == (
        kinds(ledger),
        json.decode(last.snapshot, type=Order).total,
    )


def test_an_older_exact_telling_leaves_the_content_alone(ledger: StoredLedger) -> None:
    record(ledger, order(total=5990, placed_at=PLACED + DAY, approximate=("placed_at",), updated_at=shop_day(2)))
    record(ledger, EXACT_BUT_OLDER)
    shown = [json.decode(entry.snapshot, type=Order) for entry in entries(ledger)]
    assert (["order.placed", "order.placed"], {(5990, PLACED, shop_day(2), ())}) == (
        kinds(ledger),
        {(one.total, one.placed_at, one.updated_at, one.approximate) for one in shown},
    )


@pytest.mark.parametrize(
    ("stood_in", "told", "believed"),
    [
        (PLACED + 3 * DAY, PLACED + 2 * DAY, True),
        (PLACED + 3 * DAY, PLACED + 3 * DAY, False),
        (PLACED + 3 * DAY, PLACED + 9 * DAY, False),
        (PLACED, PLACED + 9 * DAY, True),
    ],
    ids=["earlier", "the same", "a later change", "the order's own day had stood in"],
)
def test_an_exact_instant_is_believed_where_it_can_be_the_one(
    ledger: StoredLedger, stood_in: datetime, told: datetime, believed: bool
) -> None:
    record(ledger, order(cancelled_at=stood_in, approximate=("cancelled_at",)))
    receipt = record(ledger, order(cancelled_at=told))
    assert (int(believed), told if believed else stood_in) == (receipt.appended, facts(ledger)[1].occurred_at)


def test_a_cart_told_again_with_a_checkout_of_before_is_no_contradiction(ledger: StoredLedger) -> None:
    begun = Cart(
        cart_id="c1",
        identity=ANA,
        currency="EUR",
        total=100,
        updated_at=PLACED,
        checkout_started_at=PLACED,
    )
    for one in (begun, replace(begun, checkout_started_at=None, total=200)):
        ledger.record([Received(record=one)], source=SOURCE, at=NOW, is_imported=False)

    assert {"cart.updated", "checkout.started"} == {fact.kind for fact in ledger.facts(FactFilter())}


@pytest.mark.parametrize("name", ["order.placed", "person.forgotten", "consent.changed", "custom.", "", "viewed"])
def test_an_event_never_passes_for_another_kind_of_fact(ledger: StoredLedger, name: str) -> None:
    event = Event(event_id="1", name=name, identity=ANA, occurred_at=PLACED)
    with pytest.raises(InvalidRecord, match="name of an event"):
        ledger.record([Received(record=event)], source=SOURCE, at=NOW, is_imported=False)
