"""What is known of a person, and two of them as one."""

from datetime import UTC, datetime

import pytest
from msgspec import json

from orderwire.identity import Profile, Standing, described, join, named_by
from orderwire.ledger import PersonCard
from orderwire.model import Address, Channel, ConsentState, Identity, Order, Person, Product, Record

WHEN = datetime(2024, 3, 1, tzinfo=UTC)
HOME = Address(city="Brno")
NO = Standing(state=ConsentState.UNSUBSCRIBED, changed_at=WHEN, source="shop", origin="footer", seq=3)
YES = Standing(state=ConsentState.SUBSCRIBED, source="shop", seq=1)
FULL = Profile(
    person=1,
    email="ana@mail.test",
    phone="+420601123456",
    external_ids={"shop": "7"},
    anonymous_ids=("d1",),
    first_name="Ana",
    last_name="Lind",
    language="cs",
    address=HOME,
    consent={Channel.EMAIL: NO},
    outweighed={Channel.EMAIL: (YES,)},
)


def test_a_stored_profile_reads_as_a_card() -> None:
    card = json.decode(json.encode(FULL), type=PersonCard)
    shown = {name: json.encode(getattr(card, name)) for name in PersonCard.__struct_fields__}
    assert shown == {name: json.encode(getattr(FULL, name)) for name in PersonCard.__struct_fields__}


def test_a_profile_comes_back_whole() -> None:
    assert FULL == json.decode(json.encode(FULL), type=Profile)


def test_a_person_silent_about_something_leaves_it() -> None:
    said = described(FULL, Person(identity=Identity(), first_name="Anna"))
    assert ("Anna", "Lind", "cs", HOME) == (said.first_name, said.last_name, said.language, said.address)


@pytest.mark.parametrize("record", [Person(identity=Identity(), first_name="X"), Product(product_id="1", title="X")])
def test_only_orders_name_in_passing(record: Record) -> None:
    assert FULL is named_by(FULL, record)


def test_an_order_names_who_has_no_name() -> None:
    order = Order(
        order_id="1",
        identity=Identity(),
        currency="EUR",
        placed_at=WHEN,
        total=0,
        first_name="Ana",
        shipping_address=HOME,
    )
    assert Profile(person=2, first_name="Ana", address=HOME) == named_by(Profile(person=2), order)


def test_a_joined_person_keeps_their_own_and_takes_what_they_lack() -> None:
    other = Profile(
        person=2, email="b@mail.test", external_ids={"market": "x"}, last_name="L.", anonymous_ids=("d2",)
    )
    joined = join(Profile(person=1, first_name="Ana", external_ids={"shop": "7"}, anonymous_ids=("d1",)), other)
    expected = Profile(
        person=1,
        email="b@mail.test",
        external_ids={"market": "x", "shop": "7"},
        anonymous_ids=("d1", "d2"),
        first_name="Ana",
        last_name="L.",
        merged=(2,),
    )
    assert expected == joined


def test_a_join_weighs_every_statement_of_both() -> None:
    joined = join(Profile(person=2, consent={Channel.EMAIL: YES}), FULL)
    assert (NO, (YES,)) == (joined.consent[Channel.EMAIL], joined.outweighed[Channel.EMAIL])
