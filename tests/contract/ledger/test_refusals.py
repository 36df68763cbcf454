"""Records that were not understood: kept once with their bytes, until they are understood or given up."""

from datetime import timedelta
from typing import Any

import pytest
from msgspec import json

from orderwire.errors import InvalidRecord
from orderwire.ledger import Checkpoint, Received, Refusal, Refused
from orderwire.ledger.preparing import sift
from orderwire.ledger.store import StoredLedger
from orderwire.model import ConsentState, Identity, Order, Record
from orderwire.testing.ledgers import ANA, NOW, PLACED, consent, order, person, record

LATER = NOW + timedelta(hours=1)
BEN = Identity(external_id="8000", email="ben@mail.test")


def refusal(key: str = "1001", **fields: Any) -> Refusal:
    """An order that states no currency."""
    given: dict[str, Any] = {
        "stream": "orders", "place": f"orders[{key}].currency", "problem": "is missing", "remedy": "Map it.",
        "raw": json.encode({"row": {"id": key}}),
    }  # fmt: skip
    return Refusal(key=key, **(given | fields))


def refuse(ledger: StoredLedger, *refused: Refusal, is_imported: bool = False, **given: Any) -> int:
    """Record nothing but refusals; gives how many were new."""
    terms: dict[str, Any] = {"source": "shop", "at": NOW} | given
    return ledger.record([], is_imported=is_imported, refused=refused, **terms).newly_refused


def understand(ledger: StoredLedger, one: Record, **named: Any) -> int:
    """Record one record under the source's name for it; gives how many refusals that settled."""
    received = Received(record=one, **({"raw": json.encode(one), "stream": "orders"} | named))
    return ledger.record([received], source="shop", at=LATER, is_imported=False).settled


def keys(ledger: StoredLedger, stream: str = "orders", source: str = "shop") -> list[str]:
    return [one.key for one in ledger.refused(source, stream)]


def test_a_refused_record_comes_back_whole(ledger: StoredLedger) -> None:
    new = refuse(ledger, refusal(is_whole=False), is_imported=True)
    expected = Refused(
        source="shop", stream="orders", key="1001", place="orders[1001].currency", problem="is missing",
        remedy="Map it.", raw=b'{"row":{"id":"1001"}}', is_whole=False, is_imported=True, first_at=NOW, last_at=NOW,
        times=1,
    )  # fmt: skip
    assert (1, [expected]) == (new, list(ledger.refused("shop", "orders")))


def test_it_is_kept_with_its_page_and_the_checkpoint_or_not_at_all(ledger: StoredLedger) -> None:
    spoilt = Received(record=order(placed_at=PLACED.replace(tzinfo=None)))
    checkpoint = Checkpoint(source="shop", stream="orders", position=b"2")
    with pytest.raises(InvalidRecord):
        ledger.record([spoilt], source="shop", at=NOW, is_imported=False, checkpoint=checkpoint, refused=[refusal()])
    undone = keys(ledger), ledger.checkpoints("shop")
    refuse(ledger, refusal(), checkpoint=checkpoint)
    assert (([], {}), ["1001"], {"orders": b"2"}) == (undone, keys(ledger), ledger.checkpoints("shop"))


def test_reading_it_again_adds_nothing_but_a_count(ledger: StoredLedger) -> None:
    refuse(ledger, refusal())
    again = refuse(ledger, refusal(problem="is no currency", raw=b"{}"), at=LATER)
    found = list(ledger.refused("shop", "orders"))
    expected = (0, [(2, NOW, LATER, "is no currency", b"{}")])
    assert expected == (again, [(one.times, one.first_at, one.last_at, one.problem, one.raw) for one in found])


@pytest.mark.parametrize(
    ("second", "expected"),
    [
        (refusal("1002"), 2),
        (refusal(stream="carts"), 2),
        (refusal(""), 2),
        (refusal(place="elsewhere"), 1),
    ],
    ids=["another id", "another stream", "without id", "the same id"],
)
def test_a_record_is_one_by_stream_and_id(ledger: StoredLedger, second: Refusal, expected: int) -> None:
    assert expected == refuse(ledger, refusal(), second)


def test_a_record_without_id_is_one_by_its_bytes(ledger: StoredLedger) -> None:
    new = [refuse(ledger, refusal("", raw=raw)) for raw in (b"1,2", b"1,2,3", b"1,2")]
    assert [1, 1, 0] == new


def test_imported_once_is_imported(ledger: StoredLedger) -> None:
    refuse(ledger, refusal(), is_imported=True)
    refuse(ledger, refusal(), is_imported=False)
    assert [True] == [one.is_imported for one in ledger.refused("shop", "orders")]


def test_what_is_understood_at_last_is_refused_no_more(ledger: StoredLedger) -> None:
    refuse(ledger, refusal(), refusal("1002"))
    settled = understand(ledger, order(), key="1001")
    assert (1, ["1002"]) == (settled, keys(ledger))


def test_the_same_bytes_settle_a_record_without_id(ledger: StoredLedger) -> None:
    refuse(ledger, refusal("", raw=b"1;2"), refusal("", raw=b"3;4"))
    assert (1, 1) == (understand(ledger, order(), raw=b"1;2"), len(keys(ledger)))


@pytest.mark.parametrize(
    "named",
    [{"key": "1001", "stream": "carts"}, {"key": "1002"}, {}],
    ids=["of another stream", "of another id", "of no name"],
)
def test_other_records_settle_nothing(ledger: StoredLedger, named: dict[str, str]) -> None:
    refuse(ledger, refusal())
    assert (0, ["1001"]) == (understand(ledger, order("9"), **named), keys(ledger))


def test_another_source_settles_nothing(ledger: StoredLedger) -> None:
    refuse(ledger, refusal(), source="till")
    assert (0, ["1001"]) == (understand(ledger, order(), key="1001"), keys(ledger, source="till"))


def test_a_record_that_is_refused_beside_one_understood_stays_refused(ledger: StoredLedger) -> None:
    received = [Received(record=order(), stream="orders", key="1001")]
    ledger.record(received, source="shop", at=NOW, is_imported=False, refused=[refusal()])
    assert ["1001"] == keys(ledger)


def test_they_are_counted_by_source_and_stream(ledger: StoredLedger) -> None:
    refuse(ledger, refusal(), refusal("1002"), refusal(stream="carts"))
    refuse(ledger, refusal(), source="till", at=LATER)
    expected = {("shop", "carts"): 1, ("shop", "orders"): 2, ("till", "orders"): 1}
    assert expected == ledger.refused_counts()
    assert {("till", "orders"): 1} == ledger.refused_counts(since=LATER)


def test_many_come_in_the_order_of_their_keys(ledger: StoredLedger) -> None:
    every = [f"{number:04}" for number in range(450)]
    refuse(ledger, *(refusal(key) for key in reversed(every)))
    assert every == keys(ledger)


def test_given_up_is_gone(ledger: StoredLedger) -> None:
    refuse(ledger, refusal(), refusal("1002"))
    dropped = ledger.drop_refused("shop", [("orders", "1002"), ("carts", "1001"), ("orders", "9")])
    assert (1, ["1001"]) == (dropped, keys(ledger))


def test_what_no_database_keeps_as_text_is_told_otherwise(ledger: StoredLedger) -> None:
    refuse(ledger, refusal("a\0b", place="orders[\udcff]", raw=b"\0\xff"))
    found = list(ledger.refused("shop", "orders"))
    assert [("a\\0b", "orders[\\udcff]", b"\0\xff")] == [(one.key, one.place, one.raw) for one in found]


def test_what_the_ledger_itself_cannot_keep_becomes_a_refusal() -> None:
    spoilt = order(placed_at=PLACED.replace(tzinfo=None))
    given = [Received(record=one, raw=b"raw", stream="orders", key="5") for one in (order(), spoilt)]
    kept, refused = sift(given, "shop", NOW)
    expected = Refusal(
        stream="orders", key="5", place="Order", problem="an instant has no time zone", raw=b"raw", identity=ANA
    )
    assert ([given[0]], [expected]) == (kept, refused)


ANAS_PHONE = "+447700900123"
PERSONAL = [
    refusal(identity=ANA, raw=b"{}"),
    refusal(raw=b'{"row":{"mail":"ANA@mail.test"}}'),
    refusal(raw=b'{"row":{"tel":"+44 7700 900-123"}}'),
    refusal(raw=b'{"row":{"customer":70001}}'),
    refusal("", raw=b"1001;70001;Ana"),
]
IMPERSONAL = [
    refusal(identity=BEN, raw=b'{"row":{"mail":"ben@mail.test"}}'),
    refusal(raw=b'{"row":{"customer":170001}}'),
    refusal("70001", raw=b'{"row":{"id":70001}}'),
    refusal(raw=b'{"row":{"tel":"+44 7700 900-124"}}'),
]


@pytest.fixture
def shop(ledger: StoredLedger) -> StoredLedger:
    """Ana's record, and an order of Ben's."""
    named = Identity(external_id="70001", email="Ana@mail.test", phone=ANAS_PHONE)
    record(ledger, person(identity=named), person(identity=ANA), order("2001", identity=BEN))
    return ledger


@pytest.mark.parametrize("given", PERSONAL, ids=["read", "by e-mail", "by phone", "by id", "in a line of a file"])
def test_forgetting_a_person_takes_the_bytes_that_name_them(shop: StoredLedger, given: Refusal) -> None:
    refuse(shop, given)
    shop.forget(1, at=LATER, reason="")
    assert ([], {}) == (keys(shop), shop.refused_counts())


@pytest.mark.parametrize("given", IMPERSONAL, ids=["of another", "a longer number", "its own id", "another phone"])
def test_forgetting_leaves_the_refused_records_of_others(shop: StoredLedger, given: Refusal) -> None:
    refuse(shop, given)
    before = list(shop.refused("shop", "orders"))
    shop.forget(1, at=LATER, reason="")
    assert before == list(shop.refused("shop", "orders"))


def test_an_id_of_another_source_says_nothing(shop: StoredLedger) -> None:
    refuse(shop, refusal(raw=b'{"row":{"customer":70001}}'), source="till")
    shop.forget(1, at=LATER, reason="")
    assert ["1001"] == keys(shop, source="till")


@pytest.mark.parametrize("given", PERSONAL, ids=["read", "by e-mail", "by phone", "by id", "in a line of a file"])
def test_the_next_reading_of_the_source_does_not_bring_them_back(shop: StoredLedger, given: Refusal) -> None:
    refuse(shop, given)
    shop.forget(1, at=LATER, reason="")
    again = refuse(shop, given, at=LATER)
    assert (0, []) == (again, keys(shop))


@pytest.mark.parametrize("given", PERSONAL[:2], ids=["read", "by e-mail"])
def test_what_is_refused_of_the_forgotten_later_keeps_no_bytes(shop: StoredLedger, given: Refusal) -> None:
    shop.forget(1, at=LATER, reason="")
    refuse(shop, given, at=LATER)
    assert ([], {}) == (keys(shop), shop.refused_counts())


def test_a_record_of_the_forgotten_that_is_understood_at_last_leaves_nothing(shop: StoredLedger) -> None:
    refuse(shop, PERSONAL[0])
    shop.forget(1, at=LATER, reason="")
    given = Received(record=order(), raw=b"[]", stream="orders", key="1001")
    receipt = shop.record([given], source="shop", at=LATER, is_imported=False)
    assert (1, 1) == (receipt.erased, receipt.settled)


def test_a_failed_retry_keeps_whom_a_record_names(shop: StoredLedger) -> None:
    refuse(shop, refusal(identity=ANA, raw=b"{}"))
    refuse(shop, refusal(raw=b"{}"), at=LATER)
    shop.forget(1, at=LATER, reason="")
    assert [] == keys(shop)


def test_a_new_opt_in_keeps_new_refusals(shop: StoredLedger) -> None:
    shop.forget(1, at=NOW, reason="")
    record(shop, consent(ConsentState.SUBSCRIBED, LATER), at=LATER)
    refuse(shop, refusal("1009", identity=ANA), at=LATER)
    assert ["1009"] == keys(shop)


def test_a_refusal_is_no_fact(ledger: StoredLedger) -> None:
    refuse(ledger, refusal())
    assert 0 == ledger.head()


def test_orders_are_recorded_beside_refusals(ledger: StoredLedger) -> None:
    given: list[Received] = [Received(record=one, stream="orders", key=one.order_id) for one in _orders()]
    receipt = ledger.record(given, source="shop", at=NOW, is_imported=False, refused=[refusal()])
    assert (2, 1, 0) == (receipt.appended, receipt.newly_refused, receipt.settled)


def _orders() -> list[Order]:
    return [order("2001"), order("2002")]
