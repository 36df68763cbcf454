"""Recording, whatever is recorded and however it is cut into batches."""

from collections.abc import Sequence
from contextlib import closing
from datetime import timedelta
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from orderwire.identity import Profile, join
from orderwire.ledger.sqlite import open_ledger
from orderwire.ledger.store import StoredLedger
from orderwire.model import Channel, ConsentState, Identity, Record
from orderwire.testing.ledgers import (
    NOW,
    PLACED,
    cart,
    consent,
    entries,
    event,
    facts,
    order,
    person,
    product,
    record,
)

MEMORY = Path(":memory:")
DAYS = st.integers(0, 4).map(lambda day: PLACED + timedelta(days=day))
IDENTITIES = st.builds(
    Identity,
    external_id=st.none() | st.sampled_from(["7", "8"]),
    email=st.none() | st.sampled_from(["ana@mail.test", "ben@mail.test", "cid@mail.test"]),
    phone=st.none() | st.sampled_from(["+420601123456", "+420601123457"]),
    anonymous_id=st.none() | st.sampled_from(["d1", "d2"]),
)
STATES = st.sampled_from(ConsentState)
NAMES = st.none() | st.sampled_from(["Ana", "Ben"])
RECORDS: st.SearchStrategy[Record] = st.one_of(
    st.builds(
        order,
        st.sampled_from(["1", "2", "3"]),
        identity=IDENTITIES,
        total=st.integers(1, 2),
        placed_at=DAYS,
        approximate=st.sampled_from([(), ("placed_at",), ("placed_at", "paid_at")]),
        paid_at=st.none() | DAYS,
        updated_at=st.none() | DAYS,
        marketing_consent=st.none() | st.booleans(),
    ),
    st.builds(person, identity=IDENTITIES, first_name=NAMES, updated_at=st.none() | DAYS),
    st.builds(consent, STATES, st.none() | DAYS, identity=IDENTITIES),
    st.builds(product, st.sampled_from(["11", "12"]), title=st.sampled_from(["A", "B"]), updated_at=st.none() | DAYS),
    st.builds(cart, st.sampled_from(["c1", "c2"]), identity=IDENTITIES, updated_at=DAYS, total=st.integers(1, 2)),
    st.builds(event, st.sampled_from(["e1", "e2"]), identity=IDENTITIES),
)
SOME = st.lists(RECORDS, max_size=8)
KNOWN = st.sampled_from(
    [
        Identity(external_id="7", email="ana@mail.test"),
        Identity(external_id="8", email="ben@mail.test"),
    ]
)
STATEMENTS: st.SearchStrategy[list[Record]] = st.lists(
    st.one_of(
        st.builds(consent, STATES, st.none() | DAYS, identity=KNOWN),
        st.builds(order, st.uuids().map(str), identity=KNOWN, placed_at=DAYS, marketing_consent=st.just(True)),
    ),
    max_size=8,
)
PROFILES = st.builds(
    Profile,
    person=st.integers(1, 9),
    email=st.none() | st.sampled_from(["ana@mail.test", "ben@mail.test"]),
    external_ids=st.dictionaries(st.sampled_from(["shop", "market"]), st.sampled_from(["7", "8"])),
    anonymous_ids=st.lists(st.sampled_from(["d1", "d2", "d3"]), unique=True).map(tuple),
    first_name=NAMES,
)


def recorded(batches: Sequence[Sequence[Record]]) -> StoredLedger:
    ledger = open_ledger(MEMORY)
    for batch in batches:
        record(ledger, *batch)
    return ledger


def states(ledger: StoredLedger) -> list[tuple[int, Channel, ConsentState]]:
    """Every consent in force, of people as they are read now."""
    cards = {entry.person.person: entry.person for entry in entries(ledger) if entry.person}
    return sorted(
        (number, channel, standing.state)
        for number, card in cards.items()
        for channel, standing in card.consent.items()
    )


@settings(max_examples=60, deadline=None)
@given(SOME)
def test_a_record_recorded_again_at_once_adds_nothing(records: list[Record]) -> None:
    with closing(open_ledger(MEMORY)) as ledger:
        for one in records:
            record(ledger, one)
            assert 0 == record(ledger, one).appended


@settings(max_examples=60, deadline=None)
@given(SOME, st.integers(1, 4))
def test_batches_may_be_cut_anywhere(records: list[Record], size: int) -> None:
    cut = [records[place : place + size] for place in range(0, len(records), size)]
    with closing(recorded([records])) as whole, closing(recorded(cut)) as pieces:
        assert facts(whole) == facts(pieces)


@settings(max_examples=60, deadline=None)
@given(SOME)
def test_sequence_numbers_have_no_gaps_and_keys_no_doubles(records: list[Record]) -> None:
    with closing(recorded([records])) as ledger:
        log = facts(ledger)
        keys = {(fact.key, fact.revision) for fact in log}
        assert (list(range(1, len(log) + 1)), len(log)) == ([fact.seq for fact in log], len(keys))


@settings(max_examples=60, deadline=None)
@given(STATEMENTS.flatmap(lambda said: st.tuples(st.just(said), st.permutations(said))))
def test_no_replay_of_the_past_widens_a_consent(orders: tuple[list[Record], list[Record]]) -> None:
    first, replayed = orders
    with closing(recorded([first])) as ledger:
        before = states(ledger)
        record(ledger, *replayed)
        record(ledger, *reversed(replayed))
        assert before == states(ledger)


@settings(max_examples=60, deadline=None)
@given(SOME)
def test_taking_every_join_apart_gives_everybody_back(records: list[Record]) -> None:
    with closing(recorded([records])) as ledger:
        people = [number for number in range(1, 30) if ledger.find_person(f"per_{number}") is not None]
        for number in people:
            while ledger.find_person(f"per_{number}") != number:
                ledger.separate(number, at=NOW)
        seen = [entry.fact.person for entry in entries(ledger)]
        assert (people, set()) == ([ledger.find_person(f"per_{n}") for n in people], {*seen} - {*people, None})


@given(PROFILES, PROFILES)
def test_a_join_holds_after_the_first_time(one: Profile, other: Profile) -> None:
    joined = join(one, other)
    assert joined == join(joined, other)


@given(PROFILES, PROFILES, PROFILES)
def test_joins_may_be_made_in_any_grouping(one: Profile, two: Profile, three: Profile) -> None:
    assert join(join(one, two), three) == join(one, join(two, three))


PEOPLE = ["ana@mail.test", "Ben@Mail.test", "cid@mail.test"]
SHARED = st.builds(
    Identity,
    email=st.sampled_from([*PEOPLE, " ANA@mail.test ", "ben@mail.test"]),
    phone=st.none() | st.sampled_from(["+420601123456", "00420 601 123 456", "+420601123457"]),
    anonymous_id=st.none() | st.sampled_from(["d1", "d2"]),
)
ALONE = st.builds(Identity, phone=st.sampled_from(["+420601123456"])) | st.builds(
    Identity, anonymous_id=st.sampled_from(["d1", "d2"])
)


@settings(max_examples=60, deadline=None)
@given(st.lists(SHARED | ALONE, max_size=10))
def test_people_of_different_addresses_are_never_one_however_much_they_share(identities: list[Identity]) -> None:
    with closing(recorded([[event(str(place), identity=one)] for place, one in enumerate(identities)])) as ledger:
        people: dict[str, set[int | None]] = {}
        for entry, identity in zip(entries(ledger), identities, strict=True):
            if identity.email:
                people.setdefault(identity.email.strip().lower(), set()).add(entry.fact.person)
        numbers = [number for found in people.values() for number in found]
        assert ([1] * len(people), len(people)) == ([len(found) for found in people.values()], len(set(numbers)))
