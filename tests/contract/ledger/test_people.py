"""One person per person."""

from datetime import timedelta

import pytest

from orderwire.errors import NotFound
from orderwire.ledger import FactFilter
from orderwire.ledger.store import StoredLedger
from orderwire.model import Address, Channel, ConsentState, Identity, Record
from orderwire.testing.ledgers import NOW, PLACED, cart, consent, entries, event, order, person, record

ID_ONLY = Identity(external_id="7")
EMAIL_ONLY = Identity(email="ana@mail.test")
BOTH = Identity(external_id="7", email="ana@mail.test")
DEVICE = Identity(anonymous_id="d1")
PHONE = "+420601123456"


def people(ledger: StoredLedger) -> list[int | None]:
    """The person of each fact, as read now."""
    return [entry.fact.person for entry in entries(ledger)]


@pytest.mark.parametrize(
    ("identities", "expected"),
    [
        ([BOTH, BOTH], [1, 1]),
        ([BOTH, EMAIL_ONLY], [1, 1]),
        ([EMAIL_ONLY, Identity(email=" ANA@Mail.Test ")], [1, 1]),
        ([EMAIL_ONLY, Identity(email="ben@mail.test")], [1, 2]),
        ([EMAIL_ONLY, BOTH, ID_ONLY], [1, 1, 1]),
        ([BOTH, Identity(external_id="8", email="ana@mail.test")], [1, 1]),
        ([BOTH, Identity(external_id="7", email="new@mail.test"), Identity(email="new@mail.test")], [1, 1, 1]),
        ([BOTH, Identity(email="ben@mail.test"), Identity(external_id="7", email="ben@mail.test")], [1, 2, 1]),
        ([Identity(email="n/a"), Identity(email="n/a")], [None, None]),
        ([Identity(email=""), Identity(external_id=" ")], [None, None]),
        ([Identity(phone=PHONE), Identity(phone="00420 601 123 456")], [1, 1]),
        ([Identity(phone="601123456"), Identity(phone="601123456")], [None, None]),
        ([Identity(email="ana@mail.test", phone=PHONE), Identity(email="ben@mail.test", phone=PHONE)], [1, 2]),
        ([Identity(external_id="7", phone=PHONE), Identity(external_id="8", phone=PHONE)], [1, 2]),
        ([Identity(email="ana@mail.test", phone=PHONE), Identity(phone=PHONE)], [1, 1]),
        ([DEVICE, DEVICE], [1, 1]),
    ],
)
def test_records_are_about_whom_their_identifiers_say(
    ledger: StoredLedger, identities: list[Identity], expected: list[int | None]
) -> None:
    for number, identity in enumerate(identities):
        record(ledger, order(str(number), identity=identity))
    assert expected == people(ledger)


@pytest.mark.parametrize("together", [True, False], ids=["in one batch", "one by one"])
@pytest.mark.parametrize(
    ("first", "second", "third"),
    [
        (ID_ONLY, EMAIL_ONLY, BOTH),
        (Identity(phone=PHONE), EMAIL_ONLY, Identity(email="ana@mail.test", phone=PHONE)),
        (DEVICE, EMAIL_ONLY, Identity(email="ana@mail.test", anonymous_id="d1")),
    ],
    ids=["external id and e-mail", "phone and e-mail", "device and e-mail"],
)
def test_people_who_turn_out_to_be_one_are_read_as_one(
    ledger: StoredLedger, first: Identity, second: Identity, third: Identity, together: bool
) -> None:
    records = [order(str(number), identity=identity) for number, identity in enumerate((first, second, third))]
    for batch in [records] if together else [[one] for one in records]:
        record(ledger, *batch)
    seen = people(ledger)
    survivor = seen[2]
    assert [survivor] * 3 == seen


def test_a_merged_person_has_the_identifiers_of_both(ledger: StoredLedger) -> None:
    record(ledger, order("1", identity=ID_ONLY), order("2", identity=EMAIL_ONLY), order("3", identity=BOTH))
    card = entries(ledger)[1].person
    assert card is not None
    assert (1, "ana@mail.test", {"shop": "7"}) == (card.person, card.email, card.external_ids)


def test_a_chain_of_merges_is_followed_to_its_end(ledger: StoredLedger) -> None:
    phone = Identity(phone=PHONE)
    record(ledger, order("1", identity=ID_ONLY))
    record(ledger, order("2", identity=phone))
    record(ledger, order("3", identity=EMAIL_ONLY))
    record(ledger, order("4", identity=Identity(email="ana@mail.test", phone=PHONE)))
    record(ledger, order("5", identity=BOTH))
    record(ledger, order("6", identity=phone))
    assert [1] * 6 == people(ledger)


def test_earlier_facts_of_a_person_include_those_of_the_merged(ledger: StoredLedger) -> None:
    record(ledger, order("1", identity=ID_ONLY), order("2", identity=EMAIL_ONLY), order("3", identity=BOTH))
    assert [1, 2] == [seq for seq, _ in ledger.earlier_of(persons=[1], subjects=[], before=3)]


def test_another_persons_email_on_an_order_stays_theirs(ledger: StoredLedger) -> None:
    ben = Identity(external_id="8", email="ben@mail.test")
    record(ledger, order("1", identity=ID_ONLY), order("2", identity=ben))
    record(ledger, order("3", identity=Identity(external_id="7", email="ben@mail.test")))
    record(ledger, order("4", identity=Identity(email="ben@mail.test")))
    assert [1, 2, 1, 2] == people(ledger)


def test_a_device_belongs_to_the_first_person_identified_on_it_until_the_next(ledger: StoredLedger) -> None:
    for number, identity in enumerate(
        (
            DEVICE,
            Identity(email="ana@mail.test", anonymous_id="d1"),
            DEVICE,
            Identity(email="ben@mail.test", anonymous_id="d1"),
            DEVICE,
        )
    ):
        record(ledger, event(f"e{number}", identity=identity))
    cards = [entry.person.email for entry in entries(ledger) if entry.person]
    assert ["ana@mail.test"] * 3 + ["ben@mail.test"] * 2 == cards


def test_an_email_is_shown_as_it_was_spelled_first(ledger: StoredLedger) -> None:
    record(ledger, order("1", identity=Identity(email=" Ana@Mail.test")))
    record(ledger, person(identity=Identity(email="ana@mail.test")))
    assert "Ana@Mail.test" == ledger.person(1).card.email


def test_a_new_email_in_a_persons_own_record_is_shown(ledger: StoredLedger) -> None:
    record(ledger, person(identity=BOTH))
    record(ledger, person(identity=Identity(external_id="7", email="ana@new.test")))
    assert ("ana@new.test", 1, 1) == (
        ledger.person(1).card.email,
        ledger.find_person("ana@new.test"),
        ledger.find_person("ana@mail.test"),
    )


def test_a_new_email_on_an_order_is_not_shown_in_place_of_the_known(ledger: StoredLedger) -> None:
    record(ledger, order("1", identity=BOTH), order("2", identity=Identity(external_id="7", email="gift@mail.test")))
    assert "ana@mail.test" == ledger.person(1).card.email


@pytest.mark.parametrize(
    ("records", "expected"),
    [
        ([order(first_name="Ana", last_name="Lind")], ("Ana", "Lind")),
        ([order(first_name="Ana"), order("2", first_name="Anna")], ("Ana", None)),
        ([order(first_name="Anna"), person(first_name="Ana", last_name="Lind")], ("Ana", "Lind")),
        ([person(first_name="Ana", last_name="Lind"), person(first_name="Anna")], ("Anna", "Lind")),
        ([person(first_name="Ana"), order(first_name="Anna", last_name="L.")], ("Ana", None)),
        ([cart(), event()], (None, None)),
    ],
)
def test_a_person_is_named_by_their_own_record_first(
    ledger: StoredLedger, records: list[Record], expected: tuple[str | None, str | None]
) -> None:
    record(ledger, *records)
    card = ledger.person(1).card
    assert expected == (card.first_name, card.last_name)


def test_a_person_lives_where_their_first_order_was_billed(ledger: StoredLedger) -> None:
    home = Address(city="Brno", country_code="CZ")
    record(ledger, order(billing_address=home))
    assert home == ledger.person(1).card.address


def test_a_phone_that_cannot_be_matched_is_kept_as_given(ledger: StoredLedger) -> None:
    record(ledger, order(identity=Identity(email="ana@mail.test", phone="601 123 456")))
    assert "601 123 456" == ledger.person(1).card.phone


@pytest.mark.parametrize("text", ["per_1", "ANA@mail.test", "+420 601 123 456", "7", " 7 "])
def test_a_person_is_found_by_anything_known_of_them(ledger: StoredLedger, text: str) -> None:
    record(ledger, order(identity=Identity(external_id="7", email="ana@mail.test", phone=PHONE)))
    assert 1 == ledger.find_person(text)


@pytest.mark.parametrize("text", ["per_2", "ben@mail.test", "+420601000000", "8", "", "per_x"])
def test_nobody_is_found_by_what_is_unknown(ledger: StoredLedger, text: str) -> None:
    record(ledger, order())
    assert None is ledger.find_person(text)


def test_a_merged_person_is_found_as_the_survivor(ledger: StoredLedger) -> None:
    record(ledger, order("1", identity=ID_ONLY), order("2", identity=EMAIL_ONLY), order("3", identity=BOTH))
    assert [1, 1] == [ledger.find_person("per_2"), ledger.find_person("ana@mail.test")]


def test_the_log_of_a_person_is_that_of_everybody_they_are_one_with(ledger: StoredLedger) -> None:
    record(ledger, order("1", identity=ID_ONLY), order("2", identity=EMAIL_ONLY), order("3", identity=BOTH))
    assert [[1, 2, 3]] * 2 == [[fact.seq for fact in ledger.facts(FactFilter(person=number))] for number in (1, 2)]


def test_a_person_of_many_devices_shows_some_and_is_known_on_all(ledger: StoredLedger) -> None:
    for number in range(25):
        record(ledger, event(f"e{number}", identity=Identity(email="ana@mail.test", anonymous_id=f"d{number}")))
    record(ledger, event("last", identity=Identity(anonymous_id="d24")))
    assert (20, {1}) == (len(ledger.person(1).card.anonymous_ids), set(people(ledger)))


def test_a_report_tells_where_everything_came_from(ledger: StoredLedger) -> None:
    record(ledger, order("1", identity=ID_ONLY), order("2", identity=EMAIL_ONLY))
    record(ledger, consent(ConsentState.SUBSCRIBED, PLACED, identity=BOTH))
    report = ledger.person(2)
    assert (
        (("external_id", "7", "shop", 1), ("email", "ana@mail.test", "", 2)),
        [1, 2, 3],
        [3],
        (2,),
    ) == (
        tuple((one.kind, one.value, one.source, one.seq) for one in report.identifiers),
        [fact.seq for fact in report.facts],
        [fact.seq for fact in report.consent_history],
        report.merged,
    )


def test_nobody_is_no_report(ledger: StoredLedger) -> None:
    with pytest.raises(NotFound):
        ledger.person(1)


def test_separated_people_are_as_before_and_stay_apart(ledger: StoredLedger) -> None:
    record(ledger, order("1", identity=ID_ONLY))
    record(ledger, order("2", identity=EMAIL_ONLY), consent(ConsentState.SUBSCRIBED, PLACED, identity=EMAIL_ONLY))
    before = [ledger.person(number).card for number in (1, 2)]
    record(ledger, order("3", identity=BOTH))
    assert 1 == ledger.separate(2, at=NOW)
    record(ledger, order("4", identity=BOTH))
    after = [ledger.person(number).card for number in (1, 2)]
    assert (before, [1, 2, 2, 1, 1]) == (after, people(ledger))


def test_a_branch_of_merges_is_taken_off_whole(ledger: StoredLedger) -> None:
    record(ledger, order("1", identity=ID_ONLY))
    record(ledger, order("2", identity=Identity(phone=PHONE)))
    record(ledger, order("3", identity=EMAIL_ONLY))
    record(ledger, order("4", identity=Identity(email="ana@mail.test", phone=PHONE)))
    record(ledger, order("5", identity=BOTH))
    ledger.separate(3, at=NOW)
    cards = [ledger.person(number).card for number in (1, 3)]
    assert ([1, 3, 3, 3, 1], None, PHONE) == (people(ledger), cards[0].phone, cards[1].phone)


def test_only_the_merged_can_be_separated(ledger: StoredLedger) -> None:
    record(ledger, order())
    with pytest.raises(NotFound):
        ledger.separate(1, at=NOW)


def test_a_merge_weighs_the_consent_of_both(ledger: StoredLedger) -> None:
    record(ledger, consent(ConsentState.SUBSCRIBED, PLACED, identity=ID_ONLY))
    record(ledger, consent(ConsentState.UNSUBSCRIBED, PLACED + timedelta(days=1), identity=EMAIL_ONLY))
    record(ledger, order(identity=BOTH))
    assert ConsentState.UNSUBSCRIBED == ledger.person(1).card.consent[Channel.EMAIL].state
