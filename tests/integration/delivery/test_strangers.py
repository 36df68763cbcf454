"""What is known of a device only waits until it is known whose it is; at every platform, in virtual time."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from orderwire.delivery.planning import Planner
from orderwire.dialects import registry
from orderwire.ledger import Disposition, Stream
from orderwire.ledger.values import Changes
from orderwire.model import Channel, Consent, ConsentState, Event, Identity, Person, Record
from orderwire.testing.ledgers import cart
from orderwire.testing.stage import Stage, run_coarsely
from orderwire.testing.virtual import START

PLATFORMS = ("drip", "klaviyo", "ometria", "omnisend", "yespo")
DEVICE = Identity(anonymous_id="d1")
ANA = Identity(email="ana@mail.test")
ANA_THERE = Identity(email="ana@mail.test", anonymous_id="d1")
BEN_THERE = Identity(email="ben@mail.test", anonymous_id="d1")
LONG_AGO = START - timedelta(days=2)
HELD = "held: only a device is known of its person"


@pytest.fixture(params=PLATFORMS)
def platform(request: pytest.FixtureRequest) -> str:
    """Each platform in turn."""
    return str(request.param)


@pytest.fixture
def play(tmp_path: Path) -> Callable[..., Any]:
    """Runs a story on a stage whose destination is switched on, in virtual time."""

    def run(platform: str, story: Callable[[Stage], Awaitable[Any]], **stage: Any) -> Any:
        async def work() -> Any:
            with Stage(platform, tmp_path / "ledger.db", **stage) as made:
                made.switch_on()
                told = await story(made)
                assert () == made.faults()
                return told

        return run_coarsely(work)

    return run


Play = Callable[..., Any]


def quiz(number: int, identity: Identity, at: Any = START) -> Event:
    return Event(event_id=f"q{number}", name="custom.quiz", identity=identity, occurred_at=at)


def standing(stage: Stage) -> list[str]:
    """What the books say of each fact that is not plainly accepted."""
    found = stage.ledger.exemptions(stage.settings.name)
    return [f"{one.disposition}: {one.reason}" for one in found]


def told(stage: Stage) -> list[tuple[int, str]]:
    """The facts that the platform took, in order, each with the lane it took."""
    taken = [one for one in stage.ledger.attempts(stage.settings.name) if str(one.state) in ("accepted", "confirmed")]
    last = {member.seq: one.lane for one in taken for member in one.members}
    order: dict[int, None] = {}
    for one in taken:
        for member in one.members:
            if member.part == member.parts - 1:
                order.setdefault(member.seq)
    return [(seq, last[seq]) for seq in order]


def test_what_a_stranger_does_is_held(platform: str, play: Play) -> None:
    async def story(stage: Stage) -> Any:
        stage.record(quiz(1, DEVICE), quiz(2, DEVICE, LONG_AGO))
        await stage.deliver()
        return standing(stage), len(list(stage.kept()))

    assert ([HELD, HELD], 0) == play(platform, story)


def test_it_goes_before_the_news_of_whoever_it_was_and_quietly_when_it_is_old(platform: str, play: Play) -> None:
    async def story(stage: Stage) -> Any:
        stage.record(quiz(1, DEVICE, LONG_AGO), quiz(2, DEVICE))
        await stage.deliver()
        stage.record(quiz(3, ANA_THERE, stage.clock.now()))
        await stage.deliver()
        return told(stage), standing(stage)

    assert ([(1, "history"), (2, "live"), (3, "live")], []) == play(platform, story)


def test_the_next_person_on_the_device_gets_nothing_of_the_first(platform: str, play: Play) -> None:
    async def story(stage: Stage) -> Any:
        stage.record(quiz(1, DEVICE))
        await stage.deliver()
        stage.record(quiz(2, ANA_THERE, stage.clock.now()), quiz(3, BEN_THERE, stage.clock.now()))
        stage.record(quiz(4, DEVICE, stage.clock.now()))
        await stage.deliver()
        cards = [entry.person for entry in stage.ledger.entries(0, limit=10)]
        return [card.email for card in cards if card], sorted(told(stage))

    emails = ["ana@mail.test", "ana@mail.test", "ben@mail.test", "ben@mail.test"]
    assert (emails, [(seq, "live") for seq in (1, 2, 3, 4)]) == play(platform, story)


def test_whoever_is_never_identified_is_given_up_and_counted(platform: str, play: Play) -> None:
    async def story(stage: Stage) -> Any:
        stage.record(quiz(1, DEVICE))
        await stage.deliver()
        stage.clock.offset = timedelta(days=29)
        await stage.deliver()
        before = standing(stage)
        stage.clock.offset = timedelta(days=30)
        await stage.deliver()
        stage.record(quiz(2, ANA_THERE, stage.clock.now()))
        await stage.deliver()
        return before, standing(stage), told(stage)

    expected = ([HELD], ["excluded: never identified"], [(2, "live")])
    assert expected == play(platform, story)


def test_the_wait_is_a_setting_and_a_running_delivery_ends_it(play: Play) -> None:
    async def story(stage: Stage) -> Any:
        stage.record(quiz(1, DEVICE))
        await stage.deliver(seconds=200)
        first = standing(stage)
        await stage.deliver(seconds=200)
        return first, standing(stage)

    found = play("klaviyo", story, hold_unidentified=timedelta(minutes=5))
    assert ([HELD], ["excluded: never identified"]) == found


def test_a_replay_sends_quietly_what_was_given_up_too_early(platform: str, play: Play) -> None:
    async def story(stage: Stage) -> Any:
        stage.record(quiz(1, DEVICE))
        await stage.deliver()
        stage.clock.offset = timedelta(days=31)
        await stage.deliver()
        stage.record(quiz(2, ANA_THERE, stage.clock.now()))
        await stage.deliver()
        back = {stream: 0 for stream in Stream if stream is not Stream.LIVE}
        stage.ledger.administer(stage.settings.name, Changes(cursors=back, cleared=[1]))
        await stage.deliver()
        return told(stage)

    assert [(2, "live"), (1, "history")] == play(platform, story)


def test_consent_is_asked_when_it_is_let_go(platform: str, play: Play) -> None:
    """A cart of nobody's turns out to belong to somebody who wants no messages; a later yes does not release it."""

    async def story(stage: Stage) -> Any:
        stage.record(cart(identity=DEVICE, updated_at=START))
        await stage.deliver()
        stage.record(
            Consent(identity=ANA, channel=Channel.EMAIL, state=ConsentState.UNSUBSCRIBED, changed_at=START),
            quiz(1, ANA_THERE, stage.clock.now()),
        )
        await stage.deliver()
        yes = stage.clock.now() + timedelta(minutes=1)
        stage.record(Consent(identity=ANA, channel=Channel.EMAIL, state=ConsentState.SUBSCRIBED, changed_at=yes))
        await stage.deliver()
        return standing(stage)[:1]

    assert ["withheld: consent for e-mail: unsubscribed"] == play(platform, story)


def test_a_cart_of_nobody_is_let_go_when_the_cart_names_somebody(play: Play) -> None:
    async def story(stage: Stage) -> Any:
        stage.record(cart(identity=Identity(), updated_at=START))
        await stage.deliver()
        before = standing(stage)
        stage.record(cart(identity=ANA, updated_at=START + timedelta(seconds=1), total=2000))
        await stage.deliver()
        return before, [seq for seq, _ in told(stage)], standing(stage)

    assert (["held: nobody is identified by it"], [1, 2], []) == play("webhook", story)


def test_an_identification_that_appends_nothing_is_found_by_looking(platform: str, play: Play) -> None:
    """A consent that is known already names the device: no fact tells of it."""
    yes = {"channel": Channel.EMAIL, "state": ConsentState.SUBSCRIBED, "changed_at": START}

    async def story(stage: Stage) -> Any:
        stage.record(quiz(1, ANA), Consent(identity=ANA, **yes), quiz(2, DEVICE))
        await stage.deliver()
        head = stage.ledger.head()
        stage.record(Consent(identity=ANA_THERE, **yes))
        assert head == stage.ledger.head()
        await stage.deliver()
        return 3 in dict(told(stage)), [one for one in standing(stage) if one == HELD]

    assert (True, []) == play(platform, story)


def test_old_strangers_of_an_import_follow_the_phases(platform: str, play: Play) -> None:
    """Browsing and who it was come with separate readings of the tables: all of it is history."""

    async def story(stage: Stage) -> Any:
        stage.record(quiz(1, DEVICE, LONG_AGO), is_imported=True)
        await stage.deliver()
        records: list[Record] = [Person(identity=ANA_THERE, updated_at=LONG_AGO), quiz(2, ANA, LONG_AGO)]
        stage.record(*records, is_imported=True)
        await stage.deliver()
        return [(seq, lane) for seq, lane in told(stage) if seq != 2], standing(stage).count(HELD)

    assert ([(1, "history"), (3, "history")], 0) == play(platform, story)


def test_a_plan_counts_what_is_let_go(platform: str, play: Play) -> None:
    async def story(stage: Stage) -> Any:
        stage.record(quiz(1, DEVICE), quiz(2, DEVICE))
        await stage.deliver()
        stage.record(Person(identity=ANA_THERE, updated_at=LONG_AGO), is_imported=True)
        made = registry.dialect(platform)
        plan = Planner(ledger=stage.ledger, dialect=made, settings=stage.settings, now=stage.clock.now()).plan()
        await stage.deliver()
        return plan.facts.get("custom.quiz"), len([seq for seq, _ in told(stage) if seq < 3])

    assert (2, 2) == play(platform, story)


def test_a_receiver_of_our_own_is_told_at_once(play: Play) -> None:
    async def story(stage: Stage) -> Any:
        stage.record(quiz(1, DEVICE))
        await stage.deliver()
        return dict(stage.ledger.balance(stage.settings.name).from_log)

    assert {Disposition.CONFIRMED: 1} == play("webhook", story)
