"""Outgoing webhooks: facts as signed messages, once each, and what becomes of answers that are no success."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from orderwire.ledger import Disposition
from orderwire.model import Channel, Consent, ConsentState, Event, Identity, Order
from orderwire.sandbox.kit import FaultPlan
from orderwire.sandbox.kit.faults import Fault
from orderwire.testing.stage import Stage, run_coarsely
from orderwire.testing.virtual import START

ANA = Identity(external_id="7", email="ana@mail.test")


def order(number: int) -> Order:
    return Order(
        order_id=str(number), identity=ANA, currency="EUR", placed_at=START - timedelta(seconds=5), total=100
    )


def sent(stage: Stage) -> list[dict[str, Any]]:
    return list(stage.kept())


def test_every_fact_is_one_signed_message_in_order(tmp_path: Path) -> None:
    async def act() -> None:
        with Stage("webhook", tmp_path / "l.db") as stage:
            stage.switch_on()
            stage.record(order(1), order(2))
            await stage.deliver()

            assert ["order:1", "order:2"] == [one["subject"] for one in sent(stage)]
            first = sent(stage)[0]
            assert ("order.placed", False, "ana@mail.test", 100) == (
                first["type"],
                first["is_historical"],
                first["person"]["email"],
                first["record"]["total"],
            )
            assert () == stage.faults()

    run_coarsely(act)


def test_what_is_no_news_is_posted_only_when_asked_and_says_so(tmp_path: Path) -> None:
    async def act() -> None:
        for asked, expected in ((False, []), (True, [True])):
            with Stage("webhook", tmp_path / f"{asked}.db") as stage:
                options = {**stage.settings.account.options, "history": asked}
                stage.settings = _with_options(stage, options)
                stage.record(order(1), is_imported=True)
                stage.switch_on()
                await stage.deliver()

                assert expected == [one["is_historical"] for one in sent(stage)]
                assert () == stage.faults()

    run_coarsely(act)


def test_lost_answers_and_broken_lines_double_nothing(tmp_path: Path) -> None:
    async def act() -> None:
        rates = {Fault.DROPPED_AFTER: 0.2, Fault.DROPPED_BEFORE: 0.1, Fault.FAILED_AFTER: 0.1}
        with Stage("webhook", tmp_path / "l.db", plan=FaultPlan(rates=rates, seed=3)) as stage:
            stage.switch_on()
            stage.record(*[order(number) for number in range(60)])
            await stage.deliver()

            assert [f"order:{number}" for number in range(60)] == sorted(
                (one["subject"] for one in sent(stage)), key=lambda name: int(name[6:])
            )
            assert () == stage.faults()

    run_coarsely(act)


def test_browsing_of_somebody_who_left_is_told_to_the_shop_itself(tmp_path: Path) -> None:
    async def act() -> None:
        with Stage("webhook", tmp_path / "l.db") as stage:
            stage.switch_on()
            now = stage.clock.now()
            left = Consent(identity=ANA, channel=Channel.EMAIL, state=ConsentState.UNSUBSCRIBED, changed_at=now)
            seen = Event(event_id="1", name="site.active", identity=ANA, occurred_at=now)
            stage.record(left, seen)
            await stage.deliver()

            assert ["consent.changed", "site.active"] == [one["type"] for one in sent(stage)]
            assert [{"email": "unsubscribed"}] * 2 == [one["person"]["consent"] for one in sent(stage)]

    run_coarsely(act)


@pytest.mark.parametrize("secret", ["other", "whsec_b3RoZXI="])
def test_a_receiver_that_does_not_believe_the_signature_pauses_the_destination(tmp_path: Path, secret: str) -> None:
    async def act() -> None:
        with Stage("webhook", tmp_path / "l.db", options={"secret": secret}) as stage:
            stage.switch_on()
            stage.record(order(1))
            progress = await stage.deliver(seconds=60)

            assert "401" in progress.blocked
            assert [] == sent(stage)
            state = stage.ledger.destination("webhook")
            assert state is not None
            assert "401" in state.paused_reason

    run_coarsely(act)


def test_a_message_that_is_refused_for_good_is_a_dead_letter_and_the_rest_goes_on(tmp_path: Path) -> None:
    async def act() -> None:
        with Stage("webhook", tmp_path / "l.db", options={"refuse": ["order:1"]}) as stage:
            stage.switch_on()
            stage.record(order(1), order(2))
            await stage.deliver()

            dead = stage.ledger.exemptions("webhook", dispositions=[Disposition.DEAD])
            assert ["the receiver answers 400"] == [one.reason for one in dead]
            assert ["order:2"] == [one["subject"] for one in sent(stage)]

    run_coarsely(act)


def _with_options(stage: Stage, options: dict[str, Any]) -> Any:
    return replace(stage.settings, account=replace(stage.settings.account, options=options))
