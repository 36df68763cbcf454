"""Whom a record is about, as a function of who holds its identifiers."""

from collections.abc import Mapping

import pytest

from orderwire.identity import Identifier, Match, Profile, identifiers_of, match
from orderwire.model import Identity

PHONE = "+420601123456"
ANA = Profile(person=1, email="ana@mail.test", external_ids={"shop": "7"})
BEN = Profile(person=2, email="ben@mail.test", external_ids={"shop": "8"})
NAMELESS = Profile(person=3, external_ids={"shop": "9"})
GUEST = Profile(person=4, email="guest@mail.test")
CALLER = Profile(person=5, phone=PHONE)
DEVICE = Profile(person=6, anonymous_ids=("d1",))
EVERYBODY = (ANA, BEN, NAMELESS, GUEST, CALLER, DEVICE)


def held() -> Mapping[Identifier, Profile]:
    holders = {}
    for profile in EVERYBODY:
        identity = Identity(
            external_id=profile.external_ids.get("shop"),
            email=profile.email,
            phone=profile.phone,
            anonymous_id=next(iter(profile.anonymous_ids), None),
        )
        holders.update(dict.fromkeys(identifiers_of(identity, "shop").present(), profile))
    return holders


def matched(identity: Identity, source: str = "shop", apart: frozenset[tuple[int, int]] = frozenset()) -> Match:
    found = match(identifiers_of(identity, source), held().get, apart)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("identity", "person", "absorbs"),
    [
        (Identity(external_id="7", email="ana@mail.test"), 1, []),
        (Identity(external_id="7", email="ben@mail.test"), 1, []),
        (Identity(external_id="10", email="ana@mail.test"), 1, []),
        (Identity(external_id="10", email="new@mail.test"), None, []),
        (Identity(external_id="9", email="guest@mail.test"), 3, [4]),
        (Identity(external_id="9", email="ben@mail.test"), 3, []),
        (Identity(phone=PHONE), 5, []),
        (Identity(email="ana@mail.test", phone=PHONE), 1, [5]),
        (Identity(email="new@mail.test", phone=PHONE), 5, []),
        (Identity(anonymous_id="d1"), 6, []),
        (Identity(email="ana@mail.test", anonymous_id="d1"), 1, [6]),
        (Identity(email="new@mail.test", anonymous_id="d1"), 6, []),
    ],
)
def test_precedence_decides(identity: Identity, person: int | None, absorbs: list[int]) -> None:
    found = matched(identity)
    assert (person, absorbs) == (
        found.person and found.person.person,
        [other.person for other in found.absorbs],
    )


def test_an_external_id_of_another_source_may_join_by_email() -> None:
    assert ANA == matched(Identity(external_id="x9", email="ana@mail.test"), source="market").person


def test_people_taken_apart_are_not_joined_again() -> None:
    identity = Identity(external_id="9", email="guest@mail.test")
    assert () == matched(identity, apart=frozenset({(3, 4)})).absorbs


def test_only_identifiers_that_nobody_holds_are_added() -> None:
    identity = Identity(external_id="7", email="new@mail.test", phone=PHONE)
    assert ["new@mail.test"] == [one.value for one in matched(identity).adds]


def test_a_device_moves_to_the_next_person_identified_on_it() -> None:
    shared = {**held(), **dict.fromkeys(identifiers_of(Identity(anonymous_id="d1"), "shop").present(), BEN)}
    found = match(identifiers_of(Identity(email="ana@mail.test", anonymous_id="d1"), "shop"), shared.get)
    assert found is not None
    assert (ANA, ["d1"], ()) == (found.person, [one.value for one in found.moves], found.absorbs)


def test_nothing_to_find_anybody_by_is_no_match() -> None:
    assert None is match(identifiers_of(Identity(), "shop"), held().get)


@pytest.mark.parametrize(
    ("identity", "person", "moves"),
    [
        (Identity(external_id="10", phone=PHONE), 5, []),
        (Identity(external_id="8", phone=PHONE), 2, []),
        (Identity(email="ana@mail.test", phone=PHONE), 1, []),
        (Identity(email="ana@mail.test", phone=PHONE, anonymous_id="d1"), 1, []),
        (Identity(phone=PHONE, anonymous_id="d1"), 5, []),
    ],
)
def test_a_phone_of_nobody_else_goes_with_whoever_is_named_beside_it(
    identity: Identity, person: int, moves: list[str]
) -> None:
    found = matched(identity)
    assert (person, moves) == (found.person and found.person.person, [one.value for one in found.moves])


@pytest.mark.parametrize(
    ("holder", "identity", "is_same"),
    [
        ({"email": "a@mail.test"}, {"email": "b@mail.test"}, False),
        ({"external_id": "1"}, {"external_id": "2"}, False),
        ({"external_id": "1", "email": "a@mail.test"}, {"email": "b@mail.test"}, False),
        ({"external_id": "1", "email": "a@mail.test"}, {"external_id": "2"}, False),
        ({"external_id": "1", "email": "a@mail.test"}, {}, True),
        ({"email": "a@mail.test"}, {"email": " A@Mail.test "}, True),
        ({"email": "a@mail.test"}, {"external_id": "2"}, True),
        ({}, {"email": "b@mail.test"}, True),
    ],
)
def test_a_shared_phone_joins_only_where_nothing_stronger_differs(
    holder: dict[str, str], identity: dict[str, str], is_same: bool
) -> None:
    first = Identity(phone=PHONE, **holder)
    profile = Profile(
        person=1,
        email=first.email,
        phone=PHONE,
        external_ids={"shop": first.external_id} if first.external_id else {},
    )
    known = dict.fromkeys(identifiers_of(first, "shop").present(), profile)
    found = match(identifiers_of(Identity(phone="00420 601 123 456", **identity), "shop"), known.get)
    assert found is not None
    assert (profile if is_same else None) == found.person


def test_a_device_with_a_phone_that_cannot_be_matched_is_still_nobodys() -> None:
    stranger = Profile(person=6, anonymous_ids=("d1",), phone="601 123 456")
    known = dict.fromkeys(identifiers_of(Identity(anonymous_id="d1"), "shop").present(), stranger)
    found = match(identifiers_of(Identity(email="ana@mail.test", anonymous_id="d1"), "shop"), known.get)
    assert found is not None
    assert stranger == found.person
