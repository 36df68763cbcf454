"""One fact at one destination: every disposition, and the lane it travels in."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from orderwire.delivery.decide import Context, Settled, decide, lane_of
from orderwire.delivery.settings import DestinationSettings
from orderwire.dialects import registry
from orderwire.dialects.contract import Account, Lane, Statement
from orderwire.ledger.values import ConsentOnFile, DestinationState, Entry, Mark, PersonCard
from orderwire.model import (
    Cart,
    Channel,
    Consent,
    ConsentState,
    Event,
    Fact,
    Identity,
    Kind,
    Order,
    Person,
    Product,
    Record,
)

NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)
ANA = Identity(external_id="7", email="ana@mail.test")
DAY = timedelta(days=1)
STRANGER = PersonCard(person=8, anonymous_ids=("d1",))
PERSON = PersonCard(person=7, email="ana@mail.test", external_ids={"shop": "7"})
ORDER = Order(order_id="1", identity=ANA, currency="EUR", placed_at=NOW, total=100)
CART = Cart(cart_id="c", identity=ANA, currency="EUR", total=100, updated_at=NOW)


def fact_of(record: Record, kind: str, **more: Any) -> Fact:
    given: dict[str, Any] = {
        "seq": 50,
        "key": "key",
        "revision": 0,
        "kind": kind,
        "subject": "order:1",
        "occurred_at": NOW,
        "recorded_at": NOW,
        "source": "shop",
        "is_imported": False,
        "person": 7,
        "body": msgspec.json.encode(record),
    }
    return Fact(**(given | more))


def entry_of(
    record: Record = ORDER, kind: str = "order.placed", *, fact: Mapping[str, Any] = {}, **more: Any
) -> Entry:
    made = fact_of(record, kind, **fact)
    given: dict[str, Any] = {"snapshot": made.body, "newest": 50, "newer_of_kind": 50, "person": PERSON}
    return Entry(fact=made, **(given | more))


def context_of(
    platform: str = "klaviyo", *, state: Mapping[str, Any] = {}, is_loud: bool = False, **settings: Any
) -> Context:
    account = Account(key="k", base_url="https://platform.test")
    return Context(
        dialect=registry.dialect(platform),
        settings=DestinationSettings(name="letters", platform=platform, account=account, **settings),
        state=DestinationState(name="letters", switched_on_at=NOW, switched_on_seq=10, **state),
        now=NOW,
        is_loud=is_loud,
    )


def disposition(entry: Entry, context: Context, marks: Mapping[str, Mark] = {}, **more: Any) -> str:
    """The disposition of a fact that is not sent; the lane of one that is."""
    decision = decide(entry, context, marks, more.pop("represented", {}), **more)
    assert isinstance(decision, Settled | Statement)
    return str(decision.disposition if isinstance(decision, Settled) else decision.lane)


def said_no(
    channel: Channel = Channel.EMAIL, state: ConsentState = ConsentState.UNSUBSCRIBED, seq: int = 5
) -> PersonCard:
    return msgspec.structs.replace(PERSON, consent={channel: ConsentOnFile(state=state, seq=seq)})


CONSENT = Consent(identity=ANA, channel=Channel.EMAIL, state=ConsentState.SUBSCRIBED)
WISH = Event(event_id="w1", name="custom.wishlist", identity=ANA, occurred_at=NOW)
THERE = {"shop/order:1": Mark(subject="shop/order:1", seq=50, occurred_at=NOW)}


@pytest.mark.parametrize(
    ("entry", "context", "marks", "expected"),
    [
        (entry_of(), context_of(), {}, "live"),
        (entry_of(snapshot=b""), context_of(), {}, "erased"),
        (entry_of(), context_of(kinds=frozenset({Kind.CART_UPDATED})), {}, "excluded"),
        (entry_of(), context_of(kinds=frozenset({Kind.ORDER_PLACED})), {}, "live"),
        (entry_of(WISH, kind="custom.wishlist"), context_of(kinds=frozenset({"custom.wishlist"})), {}, "live"),
        (entry_of(WISH, kind="custom.wishlist"), context_of(kinds=frozenset({"custom.quiz"})), {}, "excluded"),
        (entry_of(WISH, kind="custom.wishlist"), context_of(kinds=frozenset({Kind.CUSTOM})), {}, "live"),
        (entry_of(fact={"source": "letters"}), context_of(), {}, "already_there"),
        (entry_of(), context_of(sources=frozenset({"other"})), {}, "excluded"),
        (entry_of(), context_of(since=NOW + timedelta(seconds=1)), {}, "excluded"),
        (entry_of(), context_of(since=NOW), {}, "live"),
        (entry_of(msgspec.structs.replace(ORDER, is_test=True)), context_of(), {}, "excluded"),
        (entry_of(msgspec.structs.replace(ORDER, is_test=True)), context_of(include_test_orders=True), {}, "live"),
        (entry_of(msgspec.structs.replace(ORDER, store="nl")), context_of(stores=frozenset({"de"})), {}, "excluded"),
        (entry_of(msgspec.structs.replace(ORDER, store="de")), context_of(stores=frozenset({"de"})), {}, "live"),
        (entry_of(), context_of(state={"adopted_before": NOW + timedelta(days=1)}), {}, "already_there"),
        (entry_of(), context_of(state={"adopted_before": NOW}), {}, "live"),
        (entry_of(kind="order.updated"), context_of(), {}, "not_expressible"),
        (entry_of(person=None), context_of(), {}, "held"),
        (entry_of(person=STRANGER), context_of(), {}, "held"),
        (entry_of(person=STRANGER), context_of("webhook"), {}, "live"),
        (entry_of(person=STRANGER), context_of(hold_unidentified=timedelta(0)), {}, "excluded"),
        (entry_of(person=None), context_of(hold_unidentified=timedelta(0)), {}, "excluded"),
        (entry_of(person=None, fact={"occurred_at": NOW - 900 * DAY}), context_of(), {}, "held"),
        (entry_of(person=None, fact={"recorded_at": NOW - 30 * DAY}), context_of(), {}, "excluded"),
        (entry_of(person=STRANGER), context_of(kinds=frozenset()), {}, "excluded"),
        (entry_of(person=msgspec.structs.replace(STRANGER, phone="601 123 456")), context_of(), {}, "held"),
        (entry_of(person=msgspec.structs.replace(STRANGER, phone="+420601123456")), context_of(), {}, "live"),
        (entry_of(), context_of("ometria"), THERE, "superseded"),
        (entry_of(newest=51), context_of("ometria"), THERE, "live"),
        (entry_of(), context_of("klaviyo"), THERE, "live"),
        (entry_of(CART, "cart.updated", person=said_no()), context_of(), {}, "withheld"),
        (entry_of(CART, "cart.updated", person=said_no(Channel.SMS)), context_of(), {}, "live"),
        (entry_of(CART, "cart.updated", person=said_no(state=ConsentState.SUPPRESSED)), context_of(), {}, "withheld"),
        (entry_of(CART, "cart.updated", person=said_no(state=ConsentState.NEVER_ASKED)), context_of(), {}, "live"),
        (entry_of(person=said_no()), context_of(), {}, "live"),
        (entry_of(CONSENT, "consent.changed", person=said_no(seq=60)), context_of(), {}, "superseded"),
        (
            entry_of(CONSENT, "consent.changed", person=said_no(state=ConsentState.SUBSCRIBED, seq=50)),
            context_of(),
            {},
            "live",
        ),
    ],
)
def test_each_fact_has_its_disposition(
    entry: Entry, context: Context, marks: Mapping[str, Mark], expected: str
) -> None:
    assert expected == disposition(entry, context, marks)


def test_a_product_needs_nobody_to_be_known() -> None:
    entry = entry_of(Product(product_id="1", title="Cup"), "product.updated", person=None)
    assert "live" == disposition(entry, context_of())


def test_an_old_description_of_a_person_is_superseded_by_a_newer_one() -> None:
    entry = entry_of(Person(identity=ANA), "person.updated", newest=80, newer_of_kind=80)
    assert "superseded" == disposition(entry, context_of())


def test_what_is_on_its_way_counts_as_shown() -> None:
    assert "superseded" == disposition(entry_of(), context_of("ometria"), represented={"shop/order:1": 50})


HOURS = timedelta(hours=1)
TICK = timedelta(microseconds=1)


@pytest.mark.parametrize(
    ("fact", "more", "expected"),
    [
        ({}, {}, Lane.LIVE),
        ({"is_imported": True}, {}, Lane.HISTORY),
        ({"seq": 10}, {}, Lane.HISTORY),
        ({"seq": 11}, {}, Lane.LIVE),
        ({"occurred_at": NOW - 24 * HOURS}, {}, Lane.LIVE),
        ({"occurred_at": NOW - 24 * HOURS - TICK}, {}, Lane.HISTORY),
        ({"kind": "cart.updated", "occurred_at": NOW - HOURS}, {}, Lane.LIVE),
        ({"kind": "cart.updated", "occurred_at": NOW - HOURS - TICK}, {}, Lane.HISTORY),
        ({"kind": "product.viewed", "occurred_at": NOW - 2 * HOURS}, {}, Lane.HISTORY),
        ({"kind": "custom.wish", "occurred_at": NOW - 2 * HOURS}, {}, Lane.LIVE),
        ({"occurred_at": NOW - 3 * HOURS}, {"quiet_after": 2 * HOURS}, Lane.HISTORY),
        ({"kind": "cart.updated", "occurred_at": NOW - 3 * HOURS}, {"quiet_after_browsing": 4 * HOURS}, Lane.LIVE),
        ({"occurred_at": NOW + 48 * HOURS}, {}, Lane.LIVE),
        ({"is_imported": True}, {"is_loud": True}, Lane.LIVE),
        ({"is_approximate": True}, {}, Lane.HISTORY),
        ({"is_approximate": True}, {"is_loud": True}, Lane.HISTORY),
    ],
)
def test_the_lane_is_a_question_of_age_and_origin(
    fact: Mapping[str, Any], more: Mapping[str, Any], expected: Lane
) -> None:
    assert expected is lane_of(
        fact_of(ORDER, fact.get("kind", "order.placed"), **{k: v for k, v in fact.items() if k != "kind"}),
        context_of(**more),
    )


def test_a_fact_pulled_forward_is_quiet_however_new_it_is() -> None:
    assert "history" == disposition(entry_of(), context_of(), quietly=True)


@pytest.mark.parametrize(("is_imported", "is_news"), [(False, True), (True, False)])
def test_only_news_states_a_consent(is_imported: bool, is_news: bool) -> None:
    card = said_no(state=ConsentState.SUBSCRIBED, seq=50)
    entry = entry_of(CONSENT, "consent.changed", fact={"is_imported": is_imported}, person=card)
    decision = decide(entry, context_of(), {}, {})
    assert isinstance(decision, Statement)
    assert is_news is decision.is_consent_news


def test_identifiers_pinned_at_first_sending_are_used_again() -> None:
    """The first spelling of the e-mail, and the number they had then, whatever the ledger knows now."""
    mark = Mark(subject="person:7", seq=3, occurred_at=NOW, email="Ana@Mail.test", phone="+37060000000")
    decision = decide(entry_of(), context_of(), {"person:7": mark}, {})
    assert isinstance(decision, Statement)
    assert decision.recipient is not None
    who = decision.recipient
    assert ("Ana@Mail.test", "+37060000000", "7", True) == (who.email, who.phone, who.external_id, who.is_known_there)


def test_a_pin_alone_does_not_make_a_person_known_there() -> None:
    """The intent was durable, the request was never taken: nothing was said of them yet."""
    mark = Mark(subject="person:7", seq=0, occurred_at=NOW, email="ana@mail.test")
    decision = decide(entry_of(), context_of(), {"person:7": mark}, {})
    assert isinstance(decision, Statement)
    assert decision.recipient is not None
    assert (False, False) == (decision.recipient.is_known_there, decision.recipient.was_stated_there)
