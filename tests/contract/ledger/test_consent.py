"""What people said about messages: newer wins, a refusal wins a tie, nothing is widened by chance."""

from datetime import datetime, timedelta

import pytest
from msgspec import json

from orderwire.ledger.store import StoredLedger
from orderwire.model import Channel, Consent, ConsentState, Identity
from orderwire.testing.ledgers import ANA, PLACED, consent, entries, facts, kinds, order, record

YES = ConsentState.SUBSCRIBED
NO = ConsentState.UNSUBSCRIBED
BLOCKED = ConsentState.SUPPRESSED
BLANK = ConsentState.NEVER_ASKED
Said = tuple[ConsentState, int | None]


def day(number: int | None) -> datetime | None:
    return None if number is None else PLACED + timedelta(days=number)


@pytest.mark.parametrize(
    ("said", "in_force", "appended"),
    [
        ([(YES, 1)], (YES, 1), 1),
        ([(YES, 1), (YES, 1)], (YES, 1), 1),
        ([(YES, 1), (YES, 2)], (YES, 2), 2),
        ([(YES, 1), (NO, 2), (YES, 3)], (YES, 3), 3),
        ([(NO, 2), (YES, 1)], (NO, 2), 1),
        ([(YES, 1), (NO, 1)], (NO, 1), 2),
        ([(NO, 1), (YES, 1)], (NO, 1), 1),
        ([(BLOCKED, 1), (YES, 1)], (BLOCKED, 1), 1),
        ([(BLOCKED, 1), (NO, 2)], (BLOCKED, 1), 2),
        ([(BLOCKED, 2), (NO, 1)], (BLOCKED, 2), 2),
        ([(BLOCKED, 1), (YES, 2)], (YES, 2), 2),
        ([(BLOCKED, 1), (NO, 3), (YES, 2)], (NO, 3), 2),
        ([(YES, 1), (BLOCKED, 1)], (BLOCKED, 1), 2),
        ([(YES, 2), (BLOCKED, 1)], (YES, 2), 1),
        ([(NO, None), (YES, None)], (NO, None), 1),
        ([(YES, None), (NO, None)], (NO, None), 2),
        ([(YES, None), (NO, None), (YES, None)], (NO, None), 2),
        ([(NO, 1), (YES, None)], (NO, 1), 1),
        ([(YES, 1), (NO, None)], (NO, None), 2),
        ([(YES, 1), (BLOCKED, None), (BLOCKED, None)], (BLOCKED, None), 2),
        ([(NO, None), (YES, 1)], (NO, None), 1),
        ([(NO, None), (YES, 10_000)], (YES, 10_000), 2),
        ([(NO, None), (YES, 10_000), (NO, None)], (YES, 10_000), 2),
        ([(YES, None), (YES, 1)], (YES, 1), 2),
        ([(BLANK, 1)], (BLANK, 1), 1),
        ([(BLANK, None), (YES, None)], (YES, None), 2),
        ([(YES, 1), (BLANK, 2)], (BLANK, 2), 2),
        ([(YES, 1), (BLANK, None)], (YES, 1), 1),
        ([(NO, 1), (BLANK, 2)], (NO, 1), 1),
        ([(NO, 1), (BLANK, 2), (YES, 3)], (YES, 3), 2),
    ],
)
def test_the_statement_in_force(ledger: StoredLedger, said: list[Said], in_force: Said, appended: int) -> None:
    for state, when in said:
        record(ledger, consent(state, day(when)))
    standing = ledger.person(1).card.consent[Channel.EMAIL]
    assert ((in_force[0], day(in_force[1])), appended) == ((standing.state, standing.changed_at), ledger.head())


def test_every_claim_that_adds_nothing_is_counted(ledger: StoredLedger) -> None:
    record(ledger, consent(NO, day(2)))
    again, late = record(ledger, consent(NO, day(2))), record(ledger, consent(YES, day(1)))
    assert ((1, 0), (0, 1)) == ((again.known, again.stale), (late.known, late.stale))


def test_the_fact_in_force_and_its_evidence_are_on_the_card(ledger: StoredLedger) -> None:
    record(ledger, consent(YES, day(1)), source="shop")
    refusal = Consent(identity=ANA, channel=Channel.EMAIL, state=NO, changed_at=day(2), origin="mail footer")
    record(ledger, refusal, source="shop")
    standing = ledger.person(1).card.consent[Channel.EMAIL]
    assert (2, "shop", "mail footer") == (standing.seq, standing.source, standing.origin)


def test_channels_are_apart(ledger: StoredLedger) -> None:
    record(ledger, consent(NO, day(2)))
    record(ledger, Consent(identity=ANA, channel=Channel.SMS, state=YES, changed_at=day(1)))
    states = {channel: standing.state for channel, standing in ledger.person(1).card.consent.items()}
    assert {Channel.EMAIL: NO, Channel.SMS: YES} == states


def test_a_statement_from_another_source_is_weighed_with_the_first(ledger: StoredLedger) -> None:
    guest = Identity(email="ana@mail.test")
    record(ledger, consent(NO, day(2)), source="shop")
    receipt = record(ledger, consent(YES, day(1), identity=guest), source="letters")
    assert (0, 1) == (receipt.appended, receipt.stale)


def test_undated_changes_are_keyed_by_their_predecessor(ledger: StoredLedger) -> None:
    record(ledger, consent(YES), consent(NO))
    expected = ["shop/consent:email:person:7#consent.changed@0", "shop/consent:email:person:7#consent.changed@1"]
    assert expected == [fact.key for fact in facts(ledger)]


def test_a_tick_at_the_checkout_is_a_consent_before_the_order(ledger: StoredLedger) -> None:
    record(ledger, order(marketing_consent=True))
    stated = json.decode(facts(ledger)[0].body, type=Consent)
    expected = (["consent.changed", "order.placed"], YES, PLACED, "checkout")
    assert expected == (kinds(ledger), stated.state, stated.changed_at, stated.origin)


@pytest.mark.parametrize("ticked", [False, None])
def test_a_box_left_empty_says_nothing(ledger: StoredLedger, ticked: bool | None) -> None:
    record(ledger, order(marketing_consent=ticked))
    assert ["order.placed"] == kinds(ledger)


def test_a_tick_without_an_email_says_nothing(ledger: StoredLedger) -> None:
    record(ledger, order(marketing_consent=True, identity=Identity(external_id="7")))
    assert ["order.placed"] == kinds(ledger)


def test_an_old_tick_does_not_outweigh_a_later_refusal(ledger: StoredLedger) -> None:
    record(ledger, consent(NO, day(1)))
    receipt = record(ledger, order(marketing_consent=True))
    assert (1, 1, NO) == (receipt.appended, receipt.stale, ledger.person(1).card.consent[Channel.EMAIL].state)


def test_a_consent_of_nobody_is_counted_and_adds_nothing(ledger: StoredLedger) -> None:
    receipt = record(ledger, consent(YES, day(1), identity=Identity()))
    assert (0, 1) == (receipt.appended, receipt.unidentified)


def test_entries_carry_the_consent_of_now(ledger: StoredLedger) -> None:
    record(ledger, order(), consent(YES, day(1)), consent(NO, day(2)))
    cards = [entry.person for entry in entries(ledger)]
    assert [NO] * 3 == [card.consent[Channel.EMAIL].state for card in cards if card]
