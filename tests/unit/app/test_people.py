"""What a person's page explains, and taking two people apart."""

from datetime import timedelta

import pytest

from orderwire import Shop
from orderwire.app import people
from orderwire.errors import NotFound
from orderwire.ledger.values import Changes, Mark
from orderwire.model import Channel, Consent, ConsentState, Identity
from orderwire.testing.ledgers import NOW, PLACED, consent, event, order, record, switched_on

PHONE = "+420601123456"
ANA = Identity(external_id="7", email="ana@mail.test")
GUEST = Identity(email="gus@mail.test")
DEVICE = Identity(anonymous_id="d1")
DAY = timedelta(days=1)


def known_at(shop: Shop, *numbers: int) -> None:
    """The destination was told of these people."""
    shop.ledger.administer("drip", switched_on("drip"))
    marks = [Mark(subject=f"person:{one}", seq=1, occurred_at=NOW, email="gus@mail.test") for one in numbers]
    shop.ledger.administer("drip", Changes(marks=marks))


def joined(shop: Shop) -> None:
    """A guest turns out to be who bought with an account that had no e-mail: person 2 is joined into person 1."""
    record(shop.ledger, order("1", identity=Identity(external_id="7")))
    record(shop.ledger, order("2", identity=GUEST))
    record(shop.ledger, order("3", identity=Identity(external_id="7", email="gus@mail.test")))


def test_an_identifier_is_shown_as_told_as_compared_and_by_what(shop: Shop) -> None:
    record(shop.ledger, order(identity=Identity(email=" Gus@Mail.test ")))
    one = people.show(shop, "gus@mail.test").identifiers[0]
    assert ("Gus@Mail.test", "gus@mail.test", 1, "order.placed from shop", "per_1") == (
        one.value,
        one.matched,
        one.seq,
        one.brought_by,
        one.person,
    )


def test_a_join_names_the_fact_that_showed_it(shop: Shop) -> None:
    joined(shop)
    page = people.show(shop, "per_2")
    why = "fact 3 (order.placed from shop) carries identifiers of both: external id, email"
    assert [("per_2", "per_1", why)] == [(one.person, one.into, one.why) for one in page.joins]


def test_a_join_that_no_fact_tells_of_does_not_name_another(shop: Shop) -> None:
    yes = consent(ConsentState.SUBSCRIBED, PLACED, identity=GUEST)
    record(shop.ledger, event(identity=DEVICE), yes)
    record(
        shop.ledger,
        Consent(
            identity=Identity(email="gus@mail.test", anonymous_id="d1"),
            channel=Channel.EMAIL,
            state=ConsentState.SUBSCRIBED,
            changed_at=PLACED,
        ),
        at=NOW + DAY,
    )
    record(shop.ledger, order(identity=GUEST), at=NOW + 2 * DAY)
    assert ["a record named both, and told nothing new by itself"] == [
        one.why for one in people.show(shop, "gus@mail.test").joins
    ]


@pytest.mark.parametrize(
    ("identities", "notes"),
    [
        ([GUEST], ["a guest: no source has an account of theirs"]),
        ([DEVICE], ["nobody yet: only devices are known; what they did waits to be identified"]),
        (
            [ANA, Identity(external_id="9", email="ana@mail.test")],
            ["2 accounts at shop: they came with one e-mail; 7 is the one used"],
        ),
        (
            [Identity(external_id="7", phone="601 123 456")],
            ["their phone is not in international form: it is kept as given, and nobody is found by it"],
        ),
        (
            [Identity(external_id="8", phone=PHONE), Identity(external_id="7", phone=PHONE)],
            ["their phone is shared: it tells of per_1, and e-mail and external id tell them apart"],
        ),
        ([ANA], []),
    ],
)
def test_what_is_unusual_is_said(shop: Shop, identities: list[Identity], notes: list[str]) -> None:
    for number, identity in enumerate(identities):
        record(shop.ledger, order(str(number), identity=identity))
    last = shop.ledger.entries(0, limit=9)[-1].fact.person
    assert notes == list(people.show(shop, f"per_{last}").notes)


def test_every_statement_that_weighs_is_explained_with_its_evidence(shop: Shop) -> None:
    given = Consent(
        identity=ANA,
        channel=Channel.EMAIL,
        state=ConsentState.SUBSCRIBED,
        changed_at=PLACED,
        origin="form",
        ip_address="192.0.2.1",
        is_double_opt_in=True,
    )
    record(shop.ledger, given)
    record(shop.ledger, consent(ConsentState.UNSUBSCRIBED, PLACED + DAY), source="letters")
    record(shop.ledger, consent(ConsentState.SUPPRESSED, None), source="letters", at=NOW)
    told = [
        (one.state, one.is_in_force, one.why, one.source, one.seq, dict(one.evidence))
        for one in people.show(shop, "ana@mail.test").statements
    ]
    assert [
        ("suppressed", True, "in force", "letters", 3, {}),
        ("unsubscribed", False, "the suppression stands until a newer yes", "letters", 2, {}),
        (
            "subscribed",
            False,
            "older than what is in force",
            "shop",
            1,
            {"address": "192.0.2.1", "double opt-in": "confirmed"},
        ),
    ] == told


def test_a_statement_that_lost_when_it_came_is_there_without_a_fact(shop: Shop) -> None:
    record(shop.ledger, consent(ConsentState.UNSUBSCRIBED, PLACED), consent(ConsentState.SUBSCRIBED, None))
    told = [(one.state, one.seq, one.why) for one in people.show(shop, "ana@mail.test").statements]
    undated = "without a date, so older than any statement with one"
    assert [("unsubscribed", 1, "in force"), ("subscribed", None, undated)] == told


def test_whoever_is_known_twice_at_a_destination_is_named(shop: Shop) -> None:
    joined(shop)
    known_at(shop, 1, 2)
    notes = people.show(shop, "per_1").notes
    assert ("known 2 times at drip, from before they were joined. joining is not offered there",) == notes


@pytest.mark.parametrize(
    ("told_of", "there"),
    [
        ((1, 2), "drip: knew both already; each is told of under their own identifiers from now on"),
        (
            (1,),
            "drip: what was told of both there stays with per_1, for no platform gives facts back; "
            "per_2 is introduced with their next fact",
        ),
        ((), "drip: was told of neither"),
    ],
)
def test_a_separation_tells_first_what_it_changes(shop: Shop, told_of: tuple[int, ...], there: str) -> None:
    joined(shop)
    known_at(shop, *told_of)
    plan = people.plan_separation(shop, "per_2")
    assert ("per_2", "per_1", there) == (plan.person, plan.from_person, plan.changes[-1])


def test_separated_people_have_their_own_facts_and_the_join_stays_on_record(shop: Shop) -> None:
    joined(shop)
    assert "per_1" == people.separate(shop, "per_2")
    page = people.show(shop, "gus@mail.test")
    why = "fact 3 (order.placed from shop) carries identifiers of both: external id, email"
    assert ("per_2", {"order.placed": 1}, [(True, why)]) == (
        page.person,
        page.kinds,
        [(one.separated_at is not None, one.why) for one in page.joins],
    )


@pytest.mark.parametrize("text", ["per_1", "per_9", "gus@mail.test", "2"])
def test_only_a_joined_persons_number_names_a_join(shop: Shop, text: str) -> None:
    joined(shop)
    with pytest.raises(NotFound):
        people.plan_separation(shop, text)
