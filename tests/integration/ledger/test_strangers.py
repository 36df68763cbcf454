"""Strangers are held, let go and given up the same way in each engine, worker after worker."""

from datetime import timedelta
from typing import Any

from orderwire.model import Event, Identity
from orderwire.testing.stage import Stage, run_coarsely

ANA_THERE = Identity(email="ana@mail.test", anonymous_id="d1")
BEN_THERE = Identity(email="ben@mail.test", anonymous_id="d1")


def held(stage: Stage) -> list[str]:
    found = stage.ledger.exemptions(stage.settings.name)
    return [f"{one.seq} {one.disposition}: {one.reason}" for one in found]


def test_a_device_of_two_people_and_one_of_nobody(place: str) -> None:
    async def story() -> Any:
        with Stage("klaviyo", place) as stage:

            def tells(number: int, identity: Identity) -> None:
                now = stage.clock.now()
                stage.record(Event(event_id=str(number), name="custom.quiz", identity=identity, occurred_at=now))

            stage.switch_on()
            for number, device in enumerate(("d1", "d1", "d2"), start=1):
                tells(number, Identity(anonymous_id=device))
            await stage.deliver()
            before = held(stage)
            for number, identity in enumerate((ANA_THERE, BEN_THERE, Identity(anonymous_id="d1")), start=4):
                tells(number, identity)
            await stage.deliver()
            stage.clock.offset = timedelta(days=31)
            await stage.deliver()
            told: dict[str, list[str]] = {}
            for one in stage.kept("event"):
                told.setdefault(one["person"], []).append(one["id"])
            return before, held(stage), told, stage.faults()

    before, after, told, faults = run_coarsely(story)
    waits = "held: only a device is known of its person"
    assert [f"1 {waits}", f"2 {waits}", f"3 {waits}"] == before
    assert ["3 excluded: never identified"] == after
    assert {"ana@mail.test": ["1", "2", "4"], "ben@mail.test": ["5", "6"]} == told
    assert () == faults
