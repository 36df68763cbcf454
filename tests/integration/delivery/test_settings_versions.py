"""Dispositions are stored with the version of the settings that was in force; in virtual time."""

from pathlib import Path

from msgspec.structs import replace

from orderwire.testing import virtual
from orderwire.testing.shops import identity, order_of
from orderwire.testing.stage import Stage


def test_a_change_of_what_a_destination_gets_has_a_version_of_its_own_from_then_on(tmp_path: Path) -> None:
    async def work() -> tuple[dict[str, int], int]:
        with Stage("drip", tmp_path / "ledger.db", kinds=frozenset({"person.updated"})) as stage:
            stage.switch_on()
            for number, kinds in enumerate(("person.updated", "person.updated", "cart.updated")):
                stage.settings = replace(stage.settings, kinds=frozenset({kinds}))
                stage.record(order_of(str(number), identity(number), stage.clock.now()))
                await stage.deliver()
            subject = {fact.seq: fact.subject for fact in stage.facts()}
            excluded = stage.ledger.exemptions("drip")
            state = stage.ledger.destination("drip")
            assert state is not None
            return {subject[one.seq]: one.settings_version for one in excluded}, state.settings_version

    versions, last = virtual.run(work)
    assert ({"order:0": 1, "order:1": 1, "order:2": 2}, 2) == (versions, last)
