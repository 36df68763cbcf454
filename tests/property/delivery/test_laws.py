"""The laws of delivery, in virtual time, at each platform that they can be seen at."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from orderwire.dialects import registry
from orderwire.dialects.contract import History, Lane
from orderwire.ledger import AttemptState, Disposition, Stream
from orderwire.ledger.values import Changes
from orderwire.model import Cart, Channel, Consent, ConsentState, Identity, Person, Record
from orderwire.sandbox.checker.check import platform as expectations
from orderwire.sandbox.checker.table import Standing
from orderwire.sandbox.kit import FaultPlan
from orderwire.sandbox.registry import PLATFORMS
from orderwire.testing.shops import identity, order_of, small_shop
from orderwire.testing.stage import Stage, coarse, run_coarsely
from orderwire.testing.virtual import START

Story = Callable[[Stage], Awaitable[Any]]
DAY = timedelta(days=1)
LONG_AGO = START - 300 * DAY
MAILABLE = {Standing.YES, Standing.ASKED}


@pytest.fixture(params=sorted(PLATFORMS))
def platform(request: pytest.FixtureRequest) -> str:
    """Each platform in turn."""
    return str(request.param)


@pytest.fixture
def play(tmp_path: Path) -> Callable[..., Any]:
    """Runs a story on a stage of its own in virtual time."""

    def run(platform: str, story: Story, **stage: Any) -> Any:
        async def work() -> Any:
            with Stage(platform, tmp_path / "ledger.db", **stage) as made:
                return await story(made)

        return run_coarsely(work)

    return run


Play = Callable[..., Any]


def person(number: int = 0, **fields: Any) -> Person:
    return Person(identity=identity(number), first_name="Ana", updated_at=LONG_AGO, **fields)


def consent(state: ConsentState, at: datetime = LONG_AGO, number: int = 0) -> Consent:
    return Consent(identity=identity(number), channel=Channel.EMAIL, state=state, changed_at=at, origin="form")


def cart(at: datetime, number: int = 0, cart_id: str = "k1") -> Cart:
    lines = order_of("x", identity(number), at).lines
    return Cart(
        cart_id=cart_id,
        identity=identity(number),
        currency="GBP",
        total=sum(line.total for line in lines),
        lines=lines,
        updated_at=at,
        url="https://shop.test/cart",
    )


def standings(stage: Stage, email: str) -> list[Standing]:
    """What the platform came to hold of an address's permission, each time it heard of it."""
    table = expectations(stage.platform)
    return [
        standing
        for line in stage.log.lines
        if line["verdict"] == "taken"
        for address, standing in table.standings(line)
        if address.lower() == email
    ]


def dispositions(stage: Stage) -> Counter[str]:
    balance = stage.ledger.balance(stage.settings.name)
    return Counter({str(one): count for one, count in balance.from_log.items()})


def numbers_of_orders(stage: Stage) -> set[str]:
    """Ids of orders that the platform took anything of."""
    return {str(one.get("order") or one["id"]) for one in stage.kept() if one["type"] in ("order", "event")}


SEEDED = {"email": "c0@mail.test", "status": "unsubscribed", "changed_at": (START - 10 * DAY).isoformat()}


@pytest.mark.parametrize("status", ["unsubscribed", "suppressed"])
def test_law_8_who_opted_out_at_the_platform_stays_so_after_a_full_history(
    status: str, platform: str, play: Play
) -> None:
    """The shop's tables say yes, from long before; the platform knows better."""

    async def story(stage: Stage) -> tuple[list[Standing], tuple[str, ...]]:
        stage.record(consent(ConsentState.SUBSCRIBED), person(), is_imported=True)
        stage.record(*(order_of(str(1000 + one), identity(0), LONG_AGO) for one in range(3)), is_imported=True)
        stage.switch_on()
        await stage.deliver()
        return standings(stage, "c0@mail.test"), stage.faults()

    held, faults = play(platform, story, options={"people": [SEEDED | {"status": status}]})
    assert set() == MAILABLE.intersection(held)
    assert () == faults


def test_law_8_an_order_of_a_new_person_without_consent_subscribes_nobody(platform: str, play: Play) -> None:
    async def story(stage: Stage) -> list[Standing]:
        stage.switch_on()
        stage.record(order_of("N1", identity(0), stage.clock.now()))
        await stage.deliver()
        stage.record(order_of("N2", identity(0), stage.clock.now()))
        await stage.deliver()
        return standings(stage, "c0@mail.test")

    assert set() == MAILABLE.intersection(play(platform, story))


def test_law_8_carts_of_who_said_no_are_withheld_and_a_later_yes_releases_none(platform: str, play: Play) -> None:
    async def story(stage: Stage) -> tuple[list[str], Counter[str]]:
        stage.switch_on()
        stage.record(consent(ConsentState.UNSUBSCRIBED, START), person(), cart(START))
        await stage.deliver()
        stage.record(consent(ConsentState.SUBSCRIBED, stage.clock.now()))
        await stage.deliver()
        told = [one["type"] for one in stage.kept() if one["type"] == "cart" or "art" in str(one.get("metric"))]
        return told, dispositions(stage)

    told, found = play(platform, story)
    assert ([], 1) == (told, found["withheld"])


def test_law_8_yes_then_no_ends_in_no(platform: str, play: Play) -> None:
    async def story(stage: Stage) -> list[Standing]:
        stage.switch_on()
        stage.record(person(), consent(ConsentState.SUBSCRIBED, START))
        await stage.deliver()
        await asyncio.sleep(60)
        stage.record(consent(ConsentState.UNSUBSCRIBED, stage.clock.now()))
        await stage.deliver()
        return standings(stage, "c0@mail.test")

    assert play(platform, story)[-1] not in MAILABLE


def test_law_7_history_starts_no_automation_where_a_quiet_way_is_documented(platform: str, play: Play) -> None:
    """What fires all the same must be on a route that was declared to, and acknowledged."""
    profile = registry.dialect(platform).profile
    may_fire = {route.name for route in profile.routes if route.history is History.MAY_FIRE}

    async def story(stage: Stage) -> tuple[int, set[str]]:
        stage.record(*small_shop(3, start=START, orders=12, people=5).history, is_imported=True)
        stage.switch_on()
        await stage.deliver()
        routes = {one.route for one in stage.ledger.attempts(stage.settings.name)}
        return len(stage.fired()), routes

    fired, routes = play(platform, story)
    assert fired == 0 or routes & may_fire


def test_law_7_nothing_that_may_fire_is_sent_before_it_is_acknowledged(platform: str, play: Play) -> None:
    async def story(stage: Stage) -> tuple[int, set[str], int, str]:
        stage.record(*small_shop(3, start=START, orders=8, people=4).history, is_imported=True)
        stage.switch_on()
        stage.ledger.administer(
            stage.settings.name,
            Changes(state=replace(held(stage), acknowledged=())),
        )
        progress = await stage.deliver()
        routes = {one.route for one in stage.ledger.attempts(stage.settings.name)}
        return len(stage.fired()), routes, dispositions(stage)["pending"], progress.blocked

    profile = registry.dialect(platform).profile
    loud = {route.name for route in profile.routes if route.history is History.MAY_FIRE}
    fired, routes, pending, blocked = play(platform, story)
    assert (0, set()) == (fired, routes & loud)
    assert pending > 0
    assert "acknowledge" in blocked


def held(stage: Stage) -> Any:
    state = stage.ledger.destination(stage.settings.name)
    assert state is not None
    return state


def test_law_5_facts_of_one_person_arrive_in_their_order(platform: str, play: Play) -> None:
    """Twelve orders placed one after the other, history and news, each under its own number."""

    async def story(stage: Stage) -> list[str]:
        for one in range(6):
            stage.record(order_of(f"A{one}", identity(0), LONG_AGO + one * DAY), is_imported=True)
        stage.switch_on()
        for one in range(6):
            stage.record(order_of(f"B{one}", identity(0), START))
        await stage.deliver()
        seen: dict[str, None] = {}
        for one in stage.kept():
            number = str(one.get("order") or one["id"])
            if number[:1] in "AB" and one["type"] in ("order", "event"):
                seen.setdefault(number[:2])
        return list(seen)

    expected = [f"A{one}" for one in range(6)] + [f"B{one}" for one in range(6)]
    assert expected == play(platform, story, plan=FaultPlan.mixed(5, 0.2), on_unknown="resend")


def test_law_5_news_of_a_person_take_their_history_along_quietly(platform: str, play: Play) -> None:
    """A long history is on its way when one of its people orders again: their own old orders go first."""

    async def story(stage: Stage) -> tuple[list[str], set[str]]:
        orders = [order_of(f"H{one}", identity(one), LONG_AGO + one * DAY) for one in range(40)]
        stage.record(*(person(one) for one in range(40)), *orders, is_imported=True)
        stage.switch_on()
        stage.record(order_of("N0", identity(39), START))
        await stage.deliver()
        order = [str(one.get("order") or one["id"]) for one in stage.kept() if one["type"] in ("order", "event")]
        mine = [number for number in dict.fromkeys(order) if number in ("H39", "N0")]
        lanes = {
            attempt.lane
            for attempt in stage.ledger.attempts(stage.settings.name)
            for member in attempt.members
            if stage.facts()[member.seq - 1].subject == "order:H39"
        }
        return mine, lanes

    mine, lanes = play(platform, story)
    assert ["H39", "N0"] == mine
    assert {Lane.HISTORY.value} == lanes


def test_law_5_history_that_was_written_between_news_goes_before_its_persons_news(platform: str, play: Play) -> None:
    """All of it is read at once: news of somebody else, then an old order of a person, then their new one."""

    async def story(stage: Stage) -> list[str]:
        stage.switch_on()
        await stage.deliver()
        stage.record(order_of("N0", identity(1), stage.clock.now()))
        stage.record(order_of("H0", identity(0), LONG_AGO), is_imported=True)
        stage.record(order_of("N1", identity(0), stage.clock.now()))
        await stage.deliver()
        order = [str(one.get("order") or one["id"]) for one in stage.kept() if one["type"] in ("order", "event")]
        return [number for number in dict.fromkeys(order) if number in ("H0", "N1")]

    assert ["H0", "N1"] == play(platform, story)


def test_law_6_a_lost_answer_is_followed_by_what_the_route_declares(platform: str, play: Play) -> None:
    """Every tenth answer is lost. Doubles appear only for facts that the books list as in doubt."""

    async def story(stage: Stage) -> tuple[set[int], set[str], set[str]]:
        stage.switch_on()
        for one in range(30):
            stage.record(order_of(f"N{one}", identity(one), stage.clock.now()))
        await stage.deliver()
        unknown = list(stage.ledger.attempts(stage.settings.name, states=[AttemptState.UNKNOWN]))
        doubtful = {member.seq for attempt in unknown for member in attempt.members}
        routes = {route.name for route in registry.dialect(stage.platform).profile.routes}
        doubtful_routes = {attempt.route for attempt in unknown}
        doubled = {
            str(one.get("order") or one["id"])
            for one in stage.kept()
            if one["duplicate"] and one["type"] == "order" and one in [*stage_fired_twice(stage)]
        }
        named = {stage.facts()[seq - 1].subject.removeprefix("order:") for seq in doubtful}
        assert routes >= doubtful_routes
        return doubtful, doubled, named

    plan = FaultPlan(seed=4, rates={"failed_after": 0.05, "dropped_after": 0.05})
    _, doubled, named = play(platform, story, plan=plan)
    assert doubled <= named


def stage_fired_twice(stage: Stage) -> Iterable[dict[str, Any]]:
    """What was kept by requests that started automations for a thing already there."""
    return [
        one
        for line in stage.log.lines
        for one in line["kept"]
        if one["duplicate"] and any(fired.get("id") == one["id"] for fired in line["fired"])
    ]


@pytest.mark.parametrize("policy", ["ask", "resend"])
def test_law_6_the_policy_decides_about_what_is_in_doubt(policy: str, play: Play) -> None:
    """At a platform where an order fires automations again, all answers of the first second are lost."""

    async def story(stage: Stage) -> tuple[int, int]:
        stage.switch_on()
        stage.record(order_of("N0", identity(0), START))
        stage.plan.change(rates={"failed_after": 1.0})
        asyncio.get_running_loop().call_later(0.3, lambda: stage.plan.change(rates={}))
        await stage.deliver()
        return sum(one["type"] == "order" for one in stage.kept()), dispositions(stage)["unknown"]

    sent, unknown = play("drip", story, on_unknown=policy, kinds=frozenset({"order.placed"}))
    assert ((1, 1) if policy == "ask" else (2, 0)) == (sent, unknown)


def test_law_11_a_poison_record_blocks_nobody(platform: str, play: Play) -> None:
    """One order of two hundred is refused for good: all others arrive, and it is a dead letter with a reason."""

    async def story(stage: Stage) -> tuple[set[str], list[str], tuple[str, ...]]:
        orders = [order_of(f"A{one}", identity(one), LONG_AGO) for one in range(200)]
        stage.record(*orders, is_imported=True)
        stage.switch_on()
        asyncio.get_running_loop().call_later(1800.0, coarse, 20.0)
        await stage.deliver()
        dead = stage.ledger.exemptions(stage.settings.name, dispositions=[Disposition.DEAD])
        reasons = [one.reason for one in dead]
        return numbers_of_orders(stage), reasons, stage.faults()

    bad = "c77@mail.test" if platform == "omnisend" else "A77"
    arrived, reasons, faults = play(platform, story, options={"reject": [bad, "c77", "c77@mail.test"]})
    assert {f"A{one}" for one in range(200) if one != 77} <= arrived
    assert all(reasons)
    assert reasons
    assert () == faults


def test_law_9_a_platform_that_was_down_for_a_week_gets_everything_once_and_old_things_quietly(
    platform: str, play: Play
) -> None:
    async def story(stage: Stage) -> tuple[set[str], dict[str, str], Counter[str], tuple[str, ...]]:
        stage.switch_on()
        stage.plan.change(outage=True)
        delivering = asyncio.ensure_future(stage.deliver(seconds=9 * 86400))
        for one in range(7):
            stage.record(order_of(f"A{one}", identity(one), stage.clock.now()))
            coarse(300.0)
            await asyncio.sleep(86400)
        coarse(0.0)
        stage.plan.change(outage=False)
        stage.record(order_of("A7", identity(7), stage.clock.now()))
        await asyncio.sleep(1200)
        coarse(300.0)
        await delivering
        lane = {
            stage.facts()[member.seq - 1].subject: attempt.lane
            for attempt in stage.ledger.attempts(stage.settings.name)
            if attempt.state in (AttemptState.ACCEPTED, AttemptState.CONFIRMED)
            for member in attempt.members
        }
        return numbers_of_orders(stage), lane, dispositions(stage), stage.faults()

    arrived, lane, found, faults = play(platform, story)
    assert {f"A{one}" for one in range(8)} <= arrived
    assert (0, ()) == (found["pending"] + found["dead"], faults)
    assert ("history", "live") == (lane["order:A0"], lane["order:A7"])


def test_law_11_a_refused_key_pauses_the_destination_and_loses_nothing(platform: str, play: Play) -> None:
    async def story(stage: Stage) -> tuple[str, int, set[str]]:
        stage.switch_on()
        stage.record(order_of("A0", identity(0), START))
        stage.plan.change(bad_key=True)
        progress = await stage.deliver()
        requests = len(stage.log.lines)
        await stage.deliver()
        more = len(stage.log.lines) - requests
        stage.plan.change(bad_key=False)
        stage.ledger.administer(stage.settings.name, Changes(state=replace(held(stage), paused_reason="")))
        await stage.deliver()
        return progress.blocked, more, numbers_of_orders(stage)

    blocked, more, arrived = play(platform, story)
    assert "key is refused" in blocked
    assert 0 == more
    assert "A0" in arrived


def test_law_11_a_sick_neighbour_costs_the_others_nothing(tmp_path: Path) -> None:
    """The virtual moments at which a healthy destination's requests arrive, with a dead neighbour and without."""

    async def moments(folder: Path, *, neighbour: bool) -> list[tuple[float, str]]:
        folder.mkdir()
        with Stage("klaviyo", folder / "l.db", name="well") as well:
            well.record(*small_shop(5, start=START, orders=40, people=9).history, is_imported=True)
            well.switch_on()
            working = [asyncio.ensure_future(well.deliver())]
            if neighbour:
                with Stage("drip", folder / "l.db", name="sick", plan=FaultPlan(outage=True)) as sick:
                    sick.switch_on()
                    working.append(asyncio.ensure_future(sick.deliver(seconds=900)))
                    await asyncio.gather(*working)
                    assert len(sick.log.lines) > 3
            else:
                await asyncio.gather(*working)
            return sorted((round(line["at"], 6), line["path"]) for line in well.log.lines)

    alone = run_coarsely(lambda: moments(tmp_path / "alone", neighbour=False))
    beside = run_coarsely(lambda: moments(tmp_path / "beside", neighbour=True))
    assert alone == beside


def test_law_10_jobs_are_followed_to_their_end_after_a_restart(play: Play) -> None:
    async def story(stage: Stage) -> tuple[int, int, Counter[str]]:
        stage.record(*(person(one) for one in range(5)), is_imported=True)
        stage.switch_on()
        await stage.deliver(seconds=3)
        waiting = len(list(stage.ledger.attempts(stage.settings.name, with_job=True)))
        await asyncio.sleep(120)
        await stage.deliver()
        return waiting, len(list(stage.ledger.attempts(stage.settings.name, with_job=True))), dispositions(stage)

    waiting, left, found = play("klaviyo", story, options={"job_seconds": 60.0}, kinds=frozenset({"person.updated"}))
    assert (1, 0, Counter({"confirmed": 5})) == (waiting, left, found)


def test_law_4_pushing_a_cursor_by_hand_is_found(platform: str, play: Play) -> None:
    async def story(stage: Stage) -> tuple[tuple[str, ...], tuple[str, ...]]:
        stage.record(order_of("A0", identity(0), LONG_AGO), is_imported=True)
        stage.switch_on()
        await stage.deliver()
        before = stage.faults()
        stage.record(order_of("A1", identity(0), START))
        name = stage.settings.name
        stage.ledger.administer(name, Changes(cursors={Stream.ACTIVITY: stage.ledger.head()}))
        return before, stage.faults()

    before, after = play(platform, story)
    assert () == before
    assert after


def test_law_3_the_same_fact_has_the_same_wire_id_whenever_it_is_sent(platform: str, tmp_path: Path) -> None:
    async def wire_ids(folder: Path, wait: float) -> set[tuple[str, ...]]:
        folder.mkdir()
        with Stage(platform, folder / "l.db") as stage:
            await asyncio.sleep(wait)
            stage.record(order_of("A0", identity(0), LONG_AGO), is_imported=True)
            stage.switch_on()
            await stage.deliver()
            return {attempt.wire_ids for attempt in stage.ledger.attempts(stage.settings.name)}

    assert run_coarsely(lambda: wire_ids(tmp_path / "a", 0.0)) == run_coarsely(lambda: wire_ids(tmp_path / "b", 9e5))


def test_law_3_the_first_spelling_of_an_address_is_used_for_ever(platform: str, play: Play) -> None:
    async def story(stage: Stage) -> set[str]:
        stage.switch_on()
        stage.record(order_of("A0", Identity(external_id="c0", email="Ana@Mail.test"), START))
        await stage.deliver()
        stage.record(order_of("A1", Identity(external_id="c0", email="ana@mail.test"), stage.clock.now()))
        await stage.deliver()
        told = b"".join(line["body"].encode() for line in stage.log.lines if line["method"] == "POST")
        return {one for one in ("Ana@Mail.test", "ana@mail.test") if one.encode() in told}

    assert {"Ana@Mail.test"} == play(platform, story)


def test_law_14_nothing_is_sent_about_somebody_who_was_forgotten(platform: str, play: Play) -> None:
    async def story(stage: Stage) -> tuple[list[str], tuple[str, ...]]:
        stage.switch_on()
        records: list[Record] = [person(), order_of("A0", identity(0), START)]
        stage.record(*records)
        number = stage.ledger.find_person("c0@mail.test")
        assert number is not None
        stage.ledger.forget(number, at=stage.clock.now(), reason="asked")
        await stage.deliver()
        told = [line["path"] for line in stage.log.lines if "c0@mail.test" in line["body"]]
        return told, stage.faults()

    assert ([], ()) == play(platform, story)
