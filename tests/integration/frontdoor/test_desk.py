"""Keys looked up beside the calls: fresh enough, and nobody waits for a store who needs none."""

import asyncio
import contextlib
import sqlite3
import threading
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import TypeVar

import pytest

from orderwire.app.frontdoor import keys
from orderwire.app.frontdoor.desk import Desk, KeyKeeper
from orderwire.app.frontdoor.keys import FRESH_FOR, LONGEST, KeyRing
from orderwire.dialects import registry
from orderwire.errors import Busy
from orderwire.ledger import StoredLedger, open_ledger

_T = TypeVar("_T")


class Hand:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.at = 1000.0

    def __call__(self) -> float:
        return self.at


class CountingDesk(Desk):
    """A desk that counts what it is asked."""

    asked = 0

    async def ask(self, question: Callable[[StoredLedger], _T]) -> _T:
        self.asked += 1
        return await super().ask(question)


class House:
    """A ring, its keeper, and a key that opens."""

    def __init__(self, folder: Path) -> None:
        self.place = folder / "orderwire.db"
        self.ledger = open_ledger(self.place)
        self.secret = keys.make(self.ledger, registry.door("native"), name="web").secret
        self.goes_on = threading.Event()
        self.goes_on.set()
        self.clock = Hand()
        self.desk = CountingDesk(self._open)
        self.ring = KeyRing(clock=self.clock)
        self.keeper = KeyKeeper(self.ring, self.desk)

    def _open(self) -> StoredLedger:
        assert self.goes_on.wait(30)
        return open_ledger(self.place)

    async def opens(self) -> bool:
        await self.keeper.freshen()
        return self.ring.find("native", self.secret) is not None

    async def close(self) -> None:
        self.goes_on.set()
        await self.keeper.close()
        await self.desk.close()
        self.ledger.close()


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    made = House(tmp_path)
    try:
        yield made
    finally:
        await made.close()


async def until(what: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not what():
            await asyncio.sleep(0.005)


async def test_many_calls_share_a_look(house: House) -> None:
    assert [True] * 50 == list(await asyncio.gather(*(house.opens() for _ in range(50))))
    house.clock.at += FRESH_FOR - 0.01
    assert await house.opens()
    assert 1 == house.desk.asked


async def test_a_revoked_key_opens_no_more_when_the_last_look_is_two_seconds_old(house: House) -> None:
    assert await house.opens()
    keys.revoke(house.ledger, "web")

    assert await house.opens()
    house.clock.at += LONGEST
    assert not await house.opens()


async def test_a_new_key_opens_and_the_calls_between_do_not_wait_for_the_look(house: House) -> None:
    await house.keeper.freshen()
    made = keys.make(house.ledger, registry.door("native"), name="till").secret
    house.clock.at += FRESH_FOR

    await house.keeper.freshen()
    before = house.ring.find("native", made)
    await until(lambda: house.ring.age == 0)

    assert (None, "till") == (before, getattr(house.ring.find("native", made), "name", None))


async def test_while_the_store_cannot_be_asked_keys_open_for_two_seconds_and_then_nobody_knows(house: House) -> None:
    assert await house.opens()
    with contextlib.closing(sqlite3.connect(house.place)) as other:
        other.execute("ALTER TABLE access_key RENAME TO elsewhere")
        house.clock.at += LONGEST - 0.01
        assert await house.opens()
        house.clock.at += 0.01
        with pytest.raises(Busy):
            await house.opens()
        other.execute("ALTER TABLE elsewhere RENAME TO access_key")

    assert await house.opens()


async def test_a_store_that_hangs_stops_nothing_else(house: House) -> None:
    house.goes_on.clear()
    waiting = asyncio.create_task(house.opens())
    await until(lambda: house.desk.asked == 1)

    ticks = 0
    while ticks < 10:
        await asyncio.sleep(0.001)
        ticks += 1
    assert not waiting.done()
    house.goes_on.set()

    assert await waiting


async def test_what_was_known_before_a_look_began_is_as_old_as_its_beginning(house: House) -> None:
    house.goes_on.clear()
    waiting = asyncio.create_task(house.opens())
    await until(lambda: house.desk.asked == 1)
    house.clock.at += LONGEST
    house.goes_on.set()

    with pytest.raises(Busy):
        await waiting
