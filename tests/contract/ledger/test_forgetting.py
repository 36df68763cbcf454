"""Erasing a person: their bytes go, the numbers stay, and they do not come back by themselves."""

from datetime import timedelta

import pytest
from msgspec import json

from orderwire.errors import NotFound
from orderwire.ledger import Changes, Disposition, FactFilter
from orderwire.ledger.store import StoredLedger
from orderwire.model import ConsentState, Identity, Record
from orderwire.testing.ledgers import (
    ANA,
    NOW,
    PLACED,
    cart,
    consent,
    entries,
    event,
    exempt,
    facts,
    kinds,
    order,
    person,
    record,
)

LATER = NOW + timedelta(days=1)
BEN = Identity(email="ben@mail.test")
GUEST = Identity(email="Ana@mail.test")


@pytest.fixture
def shop(ledger: StoredLedger) -> StoredLedger:
    """Ana's record, consent, order and cart, then an order of Ben's."""
    record(ledger, person(first_name="Ana"), consent(ConsentState.SUBSCRIBED, PLACED))
    record(ledger, order(total=4990), cart(), order("2001", identity=BEN))
    return ledger


def test_forgetting_is_a_fact_about_the_person(shop: StoredLedger) -> None:
    seq = shop.forget(1, at=NOW, reason="asked by letter")
    fact = facts(shop)[-1]
    expected = (6, "person.forgotten", 1, "asked by letter", b"")
    assert expected == (seq, fact.kind, fact.person, fact.detail, fact.body)


def test_sequence_kind_and_day_stay(shop: StoredLedger) -> None:
    before = [(fact.seq, fact.kind, fact.occurred_at.date()) for fact in facts(shop)]
    shop.forget(1, at=NOW, reason="")
    assert before == [(fact.seq, fact.kind, fact.occurred_at.date()) for fact in facts(shop)[:5]]


def test_nothing_personal_is_left_to_read(shop: StoredLedger) -> None:
    shop.administer("letters", Changes(exceptions=[exempt(3, Disposition.DEAD, reason="ana@mail.test is bad")]))
    shop.forget(1, at=NOW, reason="")
    left = json.encode(
        [
            [entry for entry in entries(shop) if entry.fact.person == 1],
            shop.person(1),
            shop.exemptions("letters"),
            [raw.decode() for _, _, raw in shop.raws("shop")],
        ]
    )
    assert [False, False] == [b"ana" in left.lower(), b'"7"' in left]


def test_others_are_left_alone(shop: StoredLedger) -> None:
    ben = entries(shop)[4]
    shop.forget(1, at=NOW, reason="")
    assert (ben, 2) == (entries(shop)[4], shop.find_person("ben@mail.test"))


def test_the_forgotten_are_not_found(shop: StoredLedger) -> None:
    shop.forget(1, at=NOW, reason="")
    assert [None, None, 1] == [shop.find_person(text) for text in ("ana@mail.test", "7", "per_1")]


def test_money_stays_beside_the_blanked_bytes(shop: StoredLedger) -> None:
    shop.forget(1, at=NOW, reason="")
    assert [(3, 4990, "EUR"), (4, 1000, "EUR")] == list(shop.erased_amounts())


@pytest.mark.parametrize(
    "given",
    [
        order(total=5990),
        order("1002"),
        order("1003", identity=GUEST),
        order("1004", identity=Identity(external_id="7")),
        order(identity=Identity()),
        person(),
        cart(total=7),
        event(),
        consent(ConsentState.UNSUBSCRIBED, LATER),
        consent(ConsentState.SUBSCRIBED, PLACED),
        consent(ConsentState.SUBSCRIBED, None),
    ],
    ids=[
        "the order again",
        "another order",
        "an order as guest",
        "an order by id",
        "the order without a name",
        "their record",
        "the cart",
        "a page",
        "a refusal",
        "the old consent",
        "an undated consent",
    ],
)
def test_later_imports_of_the_forgotten_are_dropped_and_counted(shop: StoredLedger, given: Record) -> None:
    head = shop.forget(1, at=NOW, reason="")
    receipt = record(shop, given)
    assert (0, 1, head) == (receipt.appended, receipt.erased, shop.head())


def test_a_new_opt_in_brings_a_new_person(shop: StoredLedger) -> None:
    shop.forget(1, at=NOW, reason="")
    record(shop, consent(ConsentState.SUBSCRIBED, LATER), order("1002", placed_at=LATER))
    expected = (["consent.changed", "order.placed"], 3, 3)
    assert expected == (kinds(shop)[6:], shop.find_person("ana@mail.test"), shop.find_person("7"))


def test_a_tick_at_a_later_checkout_is_a_new_opt_in(shop: StoredLedger) -> None:
    shop.forget(1, at=NOW, reason="")
    record(shop, order("1002", placed_at=LATER, marketing_consent=True))
    assert ["consent.changed", "order.placed"] == kinds(shop)[6:]


def test_what_was_forgotten_stays_so_after_the_new_opt_in(shop: StoredLedger) -> None:
    shop.forget(1, at=NOW, reason="")
    record(shop, consent(ConsentState.SUBSCRIBED, LATER))
    receipt = record(shop, order(total=5990))
    assert (0, 1) == (receipt.appended, receipt.erased)


def test_a_family_phone_does_not_make_the_rest_of_the_family_forgotten(ledger: StoredLedger) -> None:
    phone = "+420601123456"
    record(ledger, order("1", identity=Identity(email="ana@mail.test", phone=phone)))
    ledger.forget(1, at=NOW, reason="")
    receipt = record(ledger, order("2", identity=Identity(email="ben@mail.test", phone=phone)))
    assert (1, 0) == (receipt.appended, receipt.erased)


def test_whoever_was_merged_is_forgotten_too(ledger: StoredLedger) -> None:
    record(
        ledger, order("1", identity=Identity(external_id="7")), order("2", identity=GUEST), order("3", identity=ANA)
    )
    ledger.forget(2, at=NOW, reason="")
    assert [b""] * 4 == [entry.snapshot for entry in entries(ledger)]


def test_an_unnamed_fact_of_the_forgotten_persons_order_is_blanked_too(ledger: StoredLedger) -> None:
    record(ledger, order(identity=Identity(), first_name="Ana"))
    record(ledger, order(first_name="Ana"))
    ledger.forget(1, at=NOW, reason="")
    assert [b"", b"", b""] == [fact.body for fact in ledger.facts(FactFilter())]


def test_raw_bytes_that_became_no_fact_are_blanked_too(shop: StoredLedger) -> None:
    record(shop, order(source_status="packed"))
    shop.forget(1, at=NOW, reason="")
    assert 1 == len(list(shop.raws("shop")))


def test_forgetting_twice_is_forgetting(shop: StoredLedger) -> None:
    shop.forget(1, at=NOW, reason="")
    shop.forget(1, at=NOW, reason="")
    assert ["person.forgotten"] * 2 == kinds(shop)[5:]


def test_only_somebody_can_be_forgotten(ledger: StoredLedger) -> None:
    with pytest.raises(NotFound):
        ledger.forget(1, at=NOW, reason="")
