"""Strangers, devices that are shared, and workers that die: each fact is told once, in order, of whom it is about."""

import asyncio
import random
import tempfile
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import cast

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from msgspec import Struct

from orderwire.delivery.deliver import Delivery
from orderwire.dialects import registry
from orderwire.ledger import Disposition, Ledger
from orderwire.model import Event, Identity
from orderwire.testing.mortal import Fuse, Killed, MortalLedger, MortalWire
from orderwire.testing.stage import Stage, run_coarsely
from orderwire.testing.virtual import START

EMAILS = ("ana@mail.test", "ben@mail.test", "cid@mail.test")
DEVICES = ("d1", "d2")
LONG_AGO = START - timedelta(days=3)


class Browses(Struct, frozen=True):
    """Somebody does something on a device; long ago or now, told by an import or as it happens."""

    device: str
    is_old: bool
    is_imported: bool


class Identified(Struct, frozen=True):
    """Somebody says who they are on a device."""

    device: str
    email: str
    is_imported: bool


class Buys(Struct, frozen=True):
    """Somebody known does something elsewhere."""

    email: str


class Works(Struct, frozen=True):
    """A worker delivers until nothing is left, or until it is killed after so many effects."""

    effects: int | None


Step = Browses | Identified | Buys | Works
STEPS = st.lists(
    st.one_of(
        st.builds(Browses, st.sampled_from(DEVICES), st.booleans(), st.booleans()),
        st.builds(Identified, st.sampled_from(DEVICES), st.sampled_from(EMAILS), st.booleans()),
        st.builds(Buys, st.sampled_from(EMAILS)),
        st.builds(Works, st.none() | st.integers(1, 14)),
    ),
    min_size=4,
    max_size=14,
)


class Story:
    """What is told, and whose each fact is, worked out without a ledger."""

    def __init__(self) -> None:
        self.owners: dict[int, str] = {}
        self.known_by: dict[int, int] = {}
        """The fact that showed whose a fact is."""
        self.waiting: dict[str, list[int]] = {}
        self._owner_by_device: dict[str, str] = {}
        self._count = 0

    def told(self, step: Browses | Identified | Buys, now: datetime) -> tuple[Event, bool]:
        """The record of a step, and whether it is imported."""
        self._count += 1
        match step:
            case Browses(device, is_old, is_imported):
                if device in self._owner_by_device:
                    self.owners[self._count] = self._owner_by_device[device]
                else:
                    self.waiting.setdefault(device, []).append(self._count)
                return self._event(Identity(anonymous_id=device), LONG_AGO if is_old else now), is_imported
            case Identified(device, email, is_imported):
                waited = self.waiting.pop(device, [])
                self.owners.update(dict.fromkeys([*waited, self._count], email))
                self.known_by.update(dict.fromkeys(waited, self._count))
                self._owner_by_device[device] = email
                return self._event(Identity(email=email, anonymous_id=device), now), is_imported
            case Buys(email):
                self.owners[self._count] = email
                return self._event(Identity(email=email), now), False

    def _event(self, identity: Identity, at: datetime) -> Event:
        number = self._count
        return Event(
            event_id=str(number), name="custom.quiz", identity=identity, occurred_at=at, properties={"n": number}
        )


class Outcome(Struct, kw_only=True):
    """What is left of a story."""

    story: Story
    arrived: list[tuple[int, str]]
    """Every fact the platform took, with the person it took it for; repeats that it drops are left out."""
    dispositions: dict[Disposition, int]
    doubtful: set[int]
    """Facts in requests whose outcome was never learned."""
    faults: tuple[str, ...]


async def work(stage: Stage, effects: int | None, number: int) -> None:
    """One worker's life."""
    fuse = Fuse(effects)
    mortal = MortalLedger(stage.ledger, fuse)
    delivery = Delivery(
        ledger=cast("Ledger", mortal),
        dialect=registry.dialect(stage.platform),
        settings=stage.settings,
        clock=stage.clock,
        transport=MortalWire(stage.exchange, fuse, random.Random(number)),
        holder=f"worker-{number}",
        ttl=timedelta(days=30),
        rng=random.Random(number),
    )
    try:
        assert delivery.try_lease()
        await asyncio.wait_for(delivery.run(until_idle=True), 36_000)
    except Killed:
        await asyncio.sleep(0.01)
    finally:
        if mortal.lease is not None:
            stage.ledger.release(mortal.lease)


async def lived(platform: str, place: Path, steps: Sequence[Step]) -> Outcome:
    """Live through the steps; then a last worker delivers what is left."""
    story = Story()
    with Stage(platform, place) as stage:
        stage.switch_on()
        for number, step in enumerate([*steps, Works(None)]):
            if isinstance(step, Works):
                await work(stage, step.effects, number)
            else:
                record, is_imported = story.told(step, stage.clock.now())
                stage.record(record, is_imported=is_imported)
        balance = stage.ledger.balance(stage.settings.name)
        unknown = stage.ledger.exemptions(stage.settings.name, dispositions=[Disposition.UNKNOWN])
        facts = stage.facts()
        return Outcome(
            story=story,
            arrived=[(one["number"], one["person"]) for one in map(numbered, stage.kept("event")) if one["number"]],
            dispositions=dict(balance.from_log),
            doubtful={int(facts[one.seq - 1].subject.removeprefix("event:")) for one in unknown},
            faults=balance.faults,
        )


def numbered(kept: dict[str, object]) -> dict[str, object]:
    """What was kept, with the event's own number; 0 for a repeat that the platform drops."""
    properties = kept.get("properties")
    number = properties["n"] if isinstance(properties, dict) else kept["id"]
    return kept | {"number": 0 if kept["duplicate"] else int(str(number))}


def overtaken(found: Outcome) -> list[tuple[int, int]]:
    """Pairs of facts of one person that came in the wrong order, but for what was known too late."""
    return [
        (late, early)
        for place, (early, person) in enumerate(found.arrived)
        for late, other in found.arrived[place + 1 :]
        if person == other and late < early and found.story.known_by.get(late, late) <= early
    ]


@pytest.mark.parametrize("platform", ["klaviyo", "drip"])
@settings(max_examples=25, deadline=None)
@given(steps=STEPS)
@example(
    [Identified("d2", EMAILS[0], True), Browses("d1", False, False), Works(5), Identified("d1", EMAILS[0], True)]
)
@example(
    [
        Browses("d1", False, False),
        Identified("d2", EMAILS[0], True),
        Browses("d1", False, False),
        Works(5),
        Identified("d1", EMAILS[0], False),
        Works(4),
    ]
)
def test_each_fact_is_told_once_and_of_whom_it_is_about(platform: str, steps: list[Step]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        found = run_coarsely(lambda: lived(platform, Path(folder) / "ledger.db", steps))
    waiting = sum(map(len, found.story.waiting.values()))
    numbers = [number for number, _ in found.arrived]
    assert () == found.faults
    assert len(numbers) == len(set(numbers))
    assert found.story.owners.items() >= dict(found.arrived).items()
    assert set(found.story.owners) - set(numbers) <= found.doubtful
    assert [] == [pair for pair in overtaken(found) if found.doubtful.isdisjoint(pair)]
    assert waiting == found.dispositions.get(Disposition.HELD, 0)
    assert {Disposition.PENDING, Disposition.IN_FLIGHT, Disposition.DEAD}.isdisjoint(found.dispositions)
