"""What the front door keeps and looks up, the same in both engines."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from msgspec import json

from orderwire.errors import InvalidRecord, StoreError
from orderwire.ledger import AccessKey, Kept, Page, Received
from orderwire.ledger.store import StoredLedger
from orderwire.model import Channel, Consent, ConsentState, Event, Identity, Person
from orderwire.testing.ledgers import NOW, order, person

Open = Callable[[], StoredLedger]
SOURCE = "shop"
ANA = Identity(external_id="7", email="ana@mail.test")


def event(number: int, at: datetime, *, email: str = "ana@mail.test", name: str = "site.active") -> Received:
    made = Event(event_id=str(number), name=name, identity=Identity(email=email), occurred_at=at)
    return Received(record=made, raw=b'{"n":%d}' % number)


def recorded(ledger: StoredLedger, *received: Received, source: str = SOURCE) -> None:
    ledger.record(received, source=source, at=NOW, is_imported=False)


def keys_of(page: list[Kept]) -> list[str]:
    return [one.key for one in page]


def test_a_document_takes_the_place_of_the_one_before(ledger: StoredLedger) -> None:
    ledger.put_documents(SOURCE, [Kept(collection="lists", key="L1", body=b"1")], at=NOW)
    ledger.put_documents(SOURCE, [Kept(collection="lists", key="L1", body=b"\x00\xff2", rank="z")], at=NOW)

    assert Kept(collection="lists", key="L1", body=b"\x00\xff2", rank="z") == ledger.document(SOURCE, "lists", "L1")
    assert (1, 0) == (ledger.count_documents(SOURCE, "lists"), ledger.count_documents("other", "lists"))
    assert None is ledger.document("other", "lists", "L1")


def test_documents_come_in_pages_by_rank_and_then_by_key_bytewise(ledger: StoredLedger) -> None:
    names = ["b", "a", "B", "é", "_"]
    ledger.put_documents(SOURCE, [Kept(collection="c", key=name, body=b"") for name in names], at=NOW)
    ledger.put_documents(SOURCE, [Kept(collection="c", key="last", body=b"", rank="1")], at=NOW)

    expected = ["B", "_", "a", "b", "é", "last"]
    for is_last_first in (False, True):
        seen: list[str] = []
        after: tuple[str, str] | None = None
        while page := ledger.documents(SOURCE, "c", after=after, limit=2, is_last_first=is_last_first):
            seen += keys_of(page)
            after = (page[-1].rank, page[-1].key)
        assert (expected[::-1] if is_last_first else expected) == seen


def test_a_dropped_document_is_gone(ledger: StoredLedger) -> None:
    ledger.put_documents(SOURCE, [Kept(collection="c", key=name, body=b"") for name in "ab"], at=NOW)
    ledger.drop_documents(SOURCE, [("c", "a"), ("c", "nothing")])

    assert ["b"] == keys_of(ledger.documents(SOURCE, "c"))


def spoiled(ledger: StoredLedger) -> None:
    with ledger.turn():
        ledger.put_documents(SOURCE, [Kept(collection="c", key="b", body=b"")], at=NOW)
        recorded(ledger, Received(record=order("1002")))
        recorded(ledger, Received(record=order("10\x0003")))


def test_what_is_written_in_one_turn_is_there_together_or_not_at_all(open_ledger: Open) -> None:
    ledger, other = open_ledger(), open_ledger()
    with ledger.turn():
        recorded(ledger, Received(record=order()))
        ledger.put_documents(SOURCE, [Kept(collection="c", key="a", body=b"")], at=NOW)
        assert (0, 0) == (other.head(), other.count_documents(SOURCE, "c"))
    assert (1, 1) == (other.head(), other.count_documents(SOURCE, "c"))

    with pytest.raises(InvalidRecord):
        spoiled(ledger)
    assert (1, 1) == (other.head(), other.count_documents(SOURCE, "c"))


def test_a_key_is_found_until_it_is_revoked(open_ledger: Open) -> None:
    ledger, other = open_ledger(), open_ledger()
    made = AccessKey(
        name="k",
        hash="ff",
        platform="p",
        source=SOURCE,
        account="9",
        scopes=("read",),
        origins=("x",),
        created_at=NOW,
    )
    ledger.add_key(made)
    assert [made] == other.access_keys()

    ledger.revoke_key("k", at=NOW + timedelta(days=1))
    ledger.revoke_key("k", at=NOW + timedelta(days=2))
    assert [NOW + timedelta(days=1)] == [one.revoked_at for one in other.access_keys()]


def test_two_keys_never_share_a_name_or_a_secret(ledger: StoredLedger) -> None:
    made = AccessKey(name="k", hash="ff", platform="p", source=SOURCE, created_at=NOW)
    ledger.add_key(made)
    for name, hashed in (("k", "aa"), ("l", "ff")):
        with pytest.raises(StoreError):
            ledger.add_key(AccessKey(name=name, hash=hashed, platform="p", source=SOURCE, created_at=NOW))


def test_a_person_is_held_by_any_of_their_identifiers_the_strongest_first(ledger: StoredLedger) -> None:
    recorded(ledger, Received(record=person()))
    recorded(ledger, Received(record=Person(identity=Identity(email="bo@mail.test", phone="+447911123456"))))

    held = [
        ledger.holder_of(SOURCE, Identity(email=" ANA@mail.test ")),
        ledger.holder_of(SOURCE, Identity(external_id="7", email="bo@mail.test")),
        ledger.holder_of("other", Identity(external_id="7")),
        ledger.holder_of(SOURCE, Identity(phone="+44 7911 123456")),
        ledger.holder_of(SOURCE, Identity()),
    ]
    assert [1, 1, None, 2, None] == held


def test_people_come_in_pages_and_the_joined_only_once(ledger: StoredLedger) -> None:
    for number in range(5):
        recorded(ledger, Received(record=Person(identity=Identity(email=f"p{number}@mail.test"))))
    recorded(ledger, Received(record=Person(identity=Identity(external_id="x", email="p3@mail.test"))))
    recorded(ledger, Received(record=Person(identity=Identity(external_id="x", email="p1@mail.test"))))

    first = ledger.people_page(limit=3)
    rest = ledger.people_page(after=first[-1].person, limit=10)
    everybody = [card.person for card in (*first, *rest)]
    assert sorted(set(everybody)) == everybody
    assert everybody[::-1] == [card.person for card in ledger.people_page(limit=10, is_newest_first=True)]
    assert [ledger.card(number) for number in everybody] == [*first, *rest]


def test_the_newest_description_and_the_instants_of_a_person_are_known(ledger: StoredLedger) -> None:
    recorded(ledger, Received(record=person(first_name="Ana")))
    recorded(ledger, Received(record=person(first_name="Anna")))
    ledger.record([Received(record=order())], source="other", at=NOW + timedelta(days=1), is_imported=False)
    recorded(ledger, Received(record=Person(identity=ANA, first_name="A")), source="other")

    assert "Anna" == json.decode(ledger.described_by(SOURCE, 1), type=Person).first_name
    assert (NOW, NOW + timedelta(days=1)) == ledger.recorded_of(1)
    assert b"" == ledger.described_by("nobody", 1)


def test_snapshots_come_in_pages_by_name_across_sources(ledger: StoredLedger) -> None:
    for source in ("web", "shop"):
        recorded(ledger, *[Received(record=order(str(number))) for number in (10, 9, 100)], source=source)

    names: list[str] = []
    after = ""
    while page := ledger.snapshots("order", after=after, limit=2):
        names += [name for name, _ in page]
        after = page[-1][0]
    expected = [f"{source}/order:{number}" for source in ("shop", "web") for number in ("10", "100", "9")]
    assert expected == names
    assert b"" != ledger.snapshot_of("web/order:9")
    assert b"" == ledger.snapshot_of("web/order:11")


@pytest.mark.parametrize("is_newest_first", [False, True])
def test_facts_come_in_pages_by_the_time_they_occurred(ledger: StoredLedger, is_newest_first: bool) -> None:
    minutes = [5, 3, 3, 9, 1, 3, 7, 7]
    recorded(ledger, *[event(number, NOW + timedelta(minutes=minute)) for number, minute in enumerate(minutes)])
    recorded(ledger, event(99, NOW, email="bo@mail.test", name="custom.Other"))

    seen: list[tuple[datetime, int]] = []
    after: tuple[datetime, int] | None = None
    while True:
        page = ledger.happenings(
            Page(person=1, kinds=("site.",), after=after, is_newest_first=is_newest_first, limit=3)
        )
        if not page:
            break
        seen += [(fact.occurred_at, fact.seq) for fact, _ in page]
        after = seen[-1]
    assert 8 == len(seen)
    assert sorted(seen, reverse=is_newest_first) == seen


def test_facts_are_chosen_by_kind_and_half_open_time_and_bring_their_raw(ledger: StoredLedger) -> None:
    recorded(ledger, *[event(number, NOW + timedelta(hours=number)) for number in range(4)])
    recorded(ledger, event(9, NOW, name="custom.Other"))

    def found(**asked: object) -> list[bytes]:
        return [raw for _, raw in ledger.happenings(Page(**asked))]  # type: ignore[arg-type]

    window = {"since": NOW + timedelta(hours=1), "until": NOW + timedelta(hours=3)}
    assert [b'{"n":1}', b'{"n":2}'] == found(**window)
    assert [b'{"n":2}', b'{"n":1}'] == found(**window, is_newest_first=True)
    assert [b'{"n":9}'] == found(kinds=("custom.",))
    assert [b'{"n":9}'] == found(kinds=("custom.Other", "order.placed"))
    assert [] == found(kinds=("site",))


def test_what_was_kept_about_a_person_is_gone_when_they_are_forgotten(ledger: StoredLedger) -> None:
    recorded(ledger, Received(record=person()))
    recorded(ledger, Received(record=Person(identity=Identity(email="bo@mail.test"))))
    kept = [
        Kept(collection="c", key="hers", body=b"{}", identity=Identity(email="Ana@mail.test")),
        Kept(collection="c", key="names her", body=b'{"who": "ANA@mail.test"}'),
        Kept(collection="c", key="ana@mail.test", body=b"{}"),
        Kept(collection="c", key="his", body=b"{}", identity=Identity(email="bo@mail.test")),
        Kept(collection="c", key="7", body=b'{"count": 7}'),
    ]
    ledger.put_documents(SOURCE, kept, at=NOW)

    ledger.forget(1, at=NOW, reason="asked")

    assert ["7", "his"] == keys_of(ledger.documents(SOURCE, "c"))


def test_nothing_is_kept_anew_about_somebody_forgotten_until_they_come_back(ledger: StoredLedger) -> None:
    recorded(ledger, Received(record=person()))
    ledger.forget(1, at=NOW, reason="asked")
    kept = [
        Kept(collection="c", key="hers", body=b"{}", identity=Identity(email="Ana@mail.test")),
        Kept(collection="c", key="also hers", body=b"{}", identity=Identity(external_id="7")),
        Kept(collection="c", key="names her", body=b'{"who": ["bo@mail.test", "ANA@mail.test"]}'),
        Kept(collection="c", key="list/ana@mail.test", body=b"{}"),
        Kept(collection="c", key="his", body=b'{"who":"bo@mail.test"}', identity=Identity(email="bo@mail.test")),
        Kept(collection="c", key="7", body=b'\xff{"count": 7}'),
    ]

    ledger.put_documents(SOURCE, kept, at=NOW)
    assert ["7", "his"] == keys_of(ledger.documents(SOURCE, "c"))

    again = Consent(
        identity=Identity(email="ana@mail.test", external_id="7"),
        channel=Channel.EMAIL,
        state=ConsentState.SUBSCRIBED,
        changed_at=NOW + timedelta(days=1),
    )
    recorded(ledger, Received(record=again))
    ledger.put_documents(SOURCE, kept, at=NOW)
    assert 6 == ledger.count_documents(SOURCE, "c")


def test_a_person_can_be_forgotten_within_a_turn(ledger: StoredLedger) -> None:
    recorded(ledger, Received(record=person()))
    with ledger.turn():
        ledger.forget(1, at=NOW, reason="asked")
        recorded(ledger, Received(record=order("1002", identity=Identity(email="bo@mail.test"))))

    assert 3 == ledger.head()
    assert None is ledger.holder_of(SOURCE, ANA)
