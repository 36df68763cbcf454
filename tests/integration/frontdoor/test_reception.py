"""The staff behind the gate: what becomes of calls when the ledger fails, at the end, and when one of many is bad."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path

import pytest

from orderwire.app.frontdoor import reception as staff
from orderwire.app.frontdoor.clerk import Admitted, Clerk
from orderwire.app.frontdoor.reception import Reception
from orderwire.dialects.doorway import Answer, Call, Endpoint, Intake, Read, Reply, Shelves, Work
from orderwire.dialects.native.door.door import DOOR
from orderwire.errors import Busy
from orderwire.ledger import FactFilter, StoredLedger, open_ledger
from orderwire.testing.ledgers import NOW, order

TAKEN = Reply(status=202)


def call(body: bytes = b"") -> Call:
    return Call(method="POST", path="/x", body=body, received_at=NOW, request_id="0" * 32, source="shop")


def admitted(
    *reads: Read,
    work: Work = Work.CHANGES,
    answer: Callable[[Call, Shelves], Answer] | None = None,
    body: bytes = b"",
) -> Admitted:
    """A call whose endpoint adds these records."""

    def add(_call: Call, _shelves: Shelves) -> Answer:
        return Intake(reply=TAKEN, records=reads)

    endpoint = Endpoint(method="POST", path="/x", answer=answer or add, work=work)
    return Admitted(door=DOOR, endpoint=endpoint, call=call(body))


def good(number: str = "1001") -> Read:
    return Read(record=order(number))


def subjects(ledger: StoredLedger) -> list[str]:
    return [fact.subject for fact in ledger.facts(FactFilter(kinds=("order.placed",)))]


class Opener:
    """Opens a ledger, or fails as often as it is told to."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self.failures = 0

    def __call__(self) -> StoredLedger:
        if self.failures:
            self.failures -= 1
            raise Busy("the database cannot be reached; try again")
        return open_ledger(self.place)


@pytest.fixture
def opener(tmp_path: Path) -> Opener:
    return Opener(tmp_path / "orderwire.db")


@pytest.fixture
async def reception(opener: Opener) -> AsyncIterator[Reception]:
    opened = Reception(opener)
    yield opened
    await opened.close()


async def statuses(reception: Reception, calls: Sequence[Admitted]) -> list[int]:
    async with asyncio.timeout(10):
        return [reply.status for reply in await asyncio.gather(*(reception.serve(one) for one in calls))]


@pytest.mark.parametrize("order_of_both", [(False, True), (True, False)])
def test_of_a_call_with_one_bad_record_nothing_is_kept(tmp_path: Path, order_of_both: tuple[bool, bool]) -> None:
    ledger = open_ledger(tmp_path / "orderwire.db")
    first, second = order_of_both
    mixed = admitted(
        Read(record=order("1001"), is_imported=first), Read(record=order("10\x0002"), is_imported=second)
    )

    replies = Clerk(ledger).write([admitted(good("1")), mixed, admitted(good("2"))])

    assert [202, 400, 202] == [reply.status for reply in replies]
    assert ["order:1", "order:2"] == subjects(ledger)
    ledger.close()


def test_a_reply_that_cannot_be_made_leaves_nothing_behind(tmp_path: Path) -> None:
    ledger = open_ledger(tmp_path / "orderwire.db")

    def broken(_shelves: Shelves) -> Reply:
        raise ZeroDivisionError

    bad = admitted(answer=lambda _call, _shelves: Intake(reply=broken, records=(good("1001"),)))
    with pytest.raises(ZeroDivisionError):
        Clerk(ledger).write([admitted(good("1")), bad])

    assert [] == subjects(ledger)
    ledger.close()


async def test_a_fault_in_one_call_costs_the_others_nothing(reception: Reception, opener: Opener) -> None:
    def broken(_call: Call, _shelves: Shelves) -> Answer:
        raise ZeroDivisionError

    calls = [admitted(good("1")), admitted(answer=broken), admitted(good("2"))]

    assert [202, 500, 202] == await statuses(reception, calls)
    assert ["order:1", "order:2"] == subjects(opener())


@pytest.mark.parametrize("work", [Work.CHANGES, Work.ADDS, Work.READS])
async def test_while_the_ledger_cannot_be_opened_calls_are_told_to_come_again(opener: Opener, work: Work) -> None:
    opener.failures = 1
    reception = Reception(opener)
    look = admitted(work=work, answer=lambda _call, _shelves: TAKEN)
    asked = look if work is Work.READS else admitted(good(), work=work)

    assert [503] == await statuses(reception, [asked])
    assert [202] == await statuses(reception, [asked])
    await reception.close()


async def test_who_comes_after_the_last_reply_is_told_so(opener: Opener) -> None:
    reception = Reception(opener)
    await reception.close()

    assert [503] == await statuses(reception, [admitted(good())])


async def test_what_is_in_line_when_the_doors_close_is_still_written(opener: Opener) -> None:
    reception = Reception(opener)
    waiting = [asyncio.ensure_future(reception.serve(admitted(good(str(number))))) for number in range(50)]
    await asyncio.sleep(0)
    await reception.close()

    assert {202} == {reply.status for reply in await asyncio.gather(*waiting)}
    assert 50 == len(subjects(opener()))


async def test_a_client_that_left_loses_only_its_reply(reception: Reception, opener: Opener) -> None:
    gone = asyncio.ensure_future(reception.serve(admitted(good("1"))))
    await asyncio.sleep(0)
    gone.cancel()

    assert [202] == await statuses(reception, [admitted(good("2"))])
    assert ["order:1", "order:2"] == subjects(opener())
    assert 0 == reception.waiting


async def test_bodies_that_wait_are_bounded_by_their_size(opener: Opener) -> None:
    held = opener()
    reception = Reception(opener)
    huge = bytes(staff.MOST_BYTES // 4)
    with held.turn():
        calls = [asyncio.ensure_future(reception.serve(admitted(good(str(n)), body=huge))) for n in range(6)]
        await asyncio.sleep(0.1)
        early = [one.result().status for one in calls if one.done()]
    held.close()

    assert [503, 503] == early
    assert [202, 202, 202, 202, 503, 503] == [reply.status for reply in await asyncio.gather(*calls)]
    await reception.close()
