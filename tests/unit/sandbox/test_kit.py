"""The parts every stand-in is built of: windows, faults, reception log, and the server around them."""

import asyncio
import gzip
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from orderwire.sandbox.kit import (
    Answer,
    Call,
    Fault,
    FaultPlan,
    FixedWindows,
    PlatformClock,
    ReceptionLog,
    Spent,
    StandIn,
    read_log,
    serve,
)

KEY = {"X-Key": "right"}


class Shelf(StandIn):
    """A platform that keeps every body it is sent; two requests an hour where `tight`."""

    name = "shelf"

    def __init__(self, clock: PlatformClock, **options: Any) -> None:
        super().__init__(clock, options)
        self.bodies: list[str] = []
        self.hourly = FixedWindows((2, 3600.0))

    def authenticate(self, call: Call) -> Answer | None:
        return None if call.headers.get("x-key") == "right" else Answer(401, {"error": "key"})

    def windows(self, call: Call) -> tuple[str, FixedWindows] | None:
        return ("hourly", self.hourly) if call.path == "/tight" else None

    def limited(self, call: Call, retry_after: float | None) -> Answer:
        return Answer(429, headers={} if retry_after is None else {"Retry-After": f"{retry_after:.0f}"})

    def answer(self, call: Call) -> Answer:
        text = call.body.decode()
        if text == "bad":
            return Answer(400, {"error": "bad"})
        self.bodies.append(text)
        return Answer(202, {"taken": text}, kept=[{"type": "body", "id": text}], fired=[{"name": "welcome"}])

    def decorate(self, call: Call, answer: Answer, spent: Spent | None) -> None:
        if spent:
            answer.headers["X-Remaining"] = str(spent.remaining[0])

    def holdings(self) -> dict[str, Any]:
        return {"bodies": self.bodies}


class Running:
    """A shelf being served, and how to talk to it."""

    def __init__(self, shelf: Shelf, log: ReceptionLog, url: str) -> None:
        self.shelf = shelf
        self.log = log
        self.url = url
        self.web = aiohttp.ClientSession()

    async def post(self, body: bytes | str, path: str = "/", **headers: str) -> tuple[int, dict[str, str], str]:
        """Send a body with the right key; status, headers and text of the reply."""
        async with self.web.post(self.url + path, data=body, headers=KEY | headers) as reply:
            return reply.status, dict(reply.headers), await reply.text()

    async def close_log(self) -> None:
        """Close the reception log."""
        self.log.close()

    def lines(self) -> list[dict[str, Any]]:
        """The reception log so far."""
        assert self.log.path is not None
        return list(read_log(self.log.path))


Start = Callable[..., Awaitable[Running]]


@pytest.fixture
async def start(tmp_path: Path) -> AsyncIterator[Start]:
    """Start a shelf with a fault plan; stopped at the end of the test."""
    stops: list[Callable[[], Awaitable[None]]] = []

    async def begin(plan: FaultPlan | None = None, *, scale: float = 1.0, **options: Any) -> Running:
        shelf = Shelf(PlatformClock(scale), **options)
        log = ReceptionLog(tmp_path / "received.jsonl")
        runner, port = await serve(shelf, log=log, plan=plan or FaultPlan())
        running = Running(shelf, log, f"http://127.0.0.1:{port}")
        stops.extend([running.web.close, runner.cleanup, running.close_log])
        return running

    yield begin
    for stop in stops:
        await stop()


@pytest.mark.parametrize(
    ("windows", "asked_at", "allowed"),
    [
        ([(2, 10.0)], [0, 1, 2], [True, True, False]),
        ([(2, 10.0)], [0, 9, 10, 11, 12], [True, True, True, True, False]),
        ([(2, 10.0), (3, 60.0)], [0, 1, 10, 11, 59, 60], [True, True, True, False, False, True]),
        ([], [0, 0, 0], [True, True, True]),
    ],
)
def test_a_window_allows_its_count_in_each_whole_period(
    windows: list[tuple[int, float]], asked_at: list[float], allowed: list[bool]
) -> None:
    fixed = FixedWindows(*windows)
    assert allowed == [fixed.spend(now).is_allowed for now in asked_at]


def test_a_refused_request_spends_nothing_in_any_window() -> None:
    fixed = FixedWindows((1, 1.0), (10, 60.0))
    spent = [fixed.spend(0.0) for _ in range(5)]
    assert (0, 9) == spent[-1].remaining


def test_a_refusal_tells_how_long_the_fullest_window_lasts() -> None:
    fixed = FixedWindows((1, 1.0), (1, 60.0))
    fixed.spend(5.0)
    assert Spent(False, 55.0, (0, 0), (1.0, 55.0)) == fixed.spend(5.0)


def test_a_heavy_request_spends_its_weight() -> None:
    fixed = FixedWindows((10, 60.0))
    assert [(True, (3,)), (False, (3,)), (True, (0,))] == [
        (spent.is_allowed, spent.remaining)
        for spent in (fixed.spend(0.0, 7), fixed.spend(0.0, 4), fixed.spend(0.0, 3))
    ]


def test_the_same_seed_gives_the_same_faults() -> None:
    first, second = (FaultPlan.mixed(7, 0.5) for _ in range(2))
    assert [first.draw(number) for number in range(500)] == [second.draw(number) for number in range(500)]


def test_another_seed_gives_other_faults() -> None:
    first, second = FaultPlan.mixed(7, 0.5), FaultPlan.mixed(8, 0.5)
    assert [first.draw(number) for number in range(500)] != [second.draw(number) for number in range(500)]


def test_a_request_meets_the_same_fault_whatever_was_drawn_before() -> None:
    plan = FaultPlan.mixed(7, 0.5)
    forward = [plan.draw(number) for number in range(100)]
    assert forward == [plan.draw(number) for number in reversed(range(100))][::-1]


def test_a_mixed_plan_spreads_its_share_over_all_faults_but_slowness() -> None:
    plan = FaultPlan.mixed(1, 0.35)
    drawn = [plan.draw(number) for number in range(20_000)]
    expected = {fault: pytest.approx(0.05, abs=0.01) for fault in Fault if fault not in (Fault.NONE, Fault.SLOW)}
    assert expected | {Fault.NONE: pytest.approx(0.65, abs=0.02)} == {
        fault: drawn.count(fault) / len(drawn) for fault in set(drawn)
    }


def test_a_plan_without_rates_has_no_faults() -> None:
    assert {Fault.NONE} == {FaultPlan().draw(number) for number in range(100)}


def test_an_outage_refuses_every_request() -> None:
    assert {Fault.REFUSED_BEFORE} == {FaultPlan(outage=True).draw(number) for number in range(100)}


def test_a_plan_is_read_from_json() -> None:
    expected = FaultPlan(seed=4, rates={"slow": 0.5}, slow_seconds=2.0)
    assert expected == FaultPlan.parse('{"seed": 4, "rates": {"slow": 0.5}, "slow_seconds": 2.0}')


@pytest.mark.parametrize("text", ['{"speed": 1}', '{"rates": {"meteor": 0.1}}', "nonsense"])
def test_a_plan_that_names_what_there_is_not_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - three different reasons
        FaultPlan.parse(text)


def test_a_log_counts_on_after_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "received.jsonl"
    for _ in range(2):
        log = ReceptionLog(path)
        log.write({"n": log.next_number()})
        log.close()
    assert [{"n": 1}, {"n": 2}] == list(read_log(path))


def test_a_log_line_is_on_file_before_the_next_request(tmp_path: Path) -> None:
    log = ReceptionLog(tmp_path / "received.jsonl")
    log.write({"n": 1, "body": "grüße"})
    seen = list(read_log(tmp_path / "received.jsonl"))
    log.close()
    assert [{"n": 1, "body": "grüße"}] == seen


def test_a_log_without_a_file_only_counts() -> None:
    log = ReceptionLog(None)
    log.write({"n": 1})
    assert [1, 2] == [log.next_number(), log.next_number()]


def test_platform_time_runs_at_its_scale() -> None:
    clock = PlatformClock(scale=1000)
    before = clock.seconds()
    time.sleep(0.02)
    assert (True, 0.005) == (clock.seconds() - before >= 20, clock.real(5))


async def test_a_request_is_taken_answered_and_logged(start: Start) -> None:
    running = await start()
    status, _, text = await running.post("a", "/x%20y?page=2")
    line = running.lines()[0]
    assert (202, {"taken": "a"}) == (status, json.loads(text))
    assert {
        "n": 1,
        "method": "POST",
        "path": "/x%20y",
        "query": {"page": "2"},
        "body": "a",
        "status": 202,
        "fault": "none",
        "verdict": "taken",
        "kept": [{"type": "body", "id": "a"}],
        "fired": [{"name": "welcome"}],
    } == {name: line[name] for name in line if name not in ("at", "wall")}


async def test_a_compressed_body_is_read_as_what_it_was(start: Start) -> None:
    running = await start()
    await running.post(gzip.compress(b"packed"), **{"Content-Encoding": "gzip"})
    assert (["packed"], "packed") == (running.shelf.bodies, running.lines()[0]["body"])


async def test_a_wrong_key_is_refused_before_anything_is_counted(start: Start) -> None:
    running = await start()
    statuses = [(await running.post("a", "/tight", **{"X-Key": "wrong"}))[0] for _ in range(3)]
    statuses.append((await running.post("a", "/tight"))[0])
    assert [401, 401, 401, 202] == statuses


async def test_a_request_the_platform_refuses_keeps_nothing(start: Start) -> None:
    running = await start()
    await running.post("bad")
    line = running.lines()[0]
    assert (400, "refused", []) == (line["status"], line["verdict"], line["kept"])


async def test_a_full_window_answers_429_and_keeps_nothing(start: Start) -> None:
    running = await start()
    replies = [await running.post(body, "/tight") for body in "abc"]
    assert [202, 202, 429] == [status for status, _, _ in replies]
    assert ["1", "0"] == [headers["X-Remaining"] for _, headers, _ in replies[:2]]
    assert 0 < int(replies[2][1]["Retry-After"]) <= 3600
    assert (["a", "b"], "limited") == (running.shelf.bodies, running.lines()[2]["verdict"])


async def test_limits_can_be_switched_off(start: Start) -> None:
    running = await start(limits=False)
    assert [202, 202, 202] == [(await running.post(body, "/tight"))[0] for body in "abc"]


ANSWERED = [
    (Fault.NONE, 202, False, ["a"], "taken"),
    (Fault.LIMITED, 429, True, [], "faulted"),
    (Fault.LIMITED_BARE, 429, False, [], "faulted"),
    (Fault.REFUSED_BEFORE, 503, False, [], "faulted"),
    (Fault.FAILED_AFTER, 500, False, ["a"], "taken"),
]


@pytest.mark.parametrize(("fault", "status", "says_when", "kept", "verdict"), ANSWERED)
async def test_a_fault_with_an_answer_does_what_it_is_called(
    start: Start, fault: Fault, status: int, says_when: bool, kept: list[str], verdict: str
) -> None:
    running = await start(FaultPlan(rates={fault.value: 1.0}))
    answered, headers, _ = await running.post("a")
    line = running.lines()[0]
    assert (status, says_when, kept) == (answered, "Retry-After" in headers, running.shelf.bodies)
    assert (status, fault.value, verdict, kept) == (
        line["status"],
        line["fault"],
        line["verdict"],
        [thing["id"] for thing in line["kept"]],
    )


@pytest.mark.parametrize(
    ("fault", "kept", "verdict"),
    [(Fault.DROPPED_BEFORE, [], "faulted"), (Fault.DROPPED_AFTER, ["a"], "taken")],
)
async def test_a_dropped_connection_gives_no_answer(
    start: Start, fault: Fault, kept: list[str], verdict: str
) -> None:
    running = await start(FaultPlan(rates={fault.value: 1.0}))
    with pytest.raises(aiohttp.ServerDisconnectedError):
        await running.post("a")
    line = running.lines()[0]
    assert (kept, 0, verdict) == (running.shelf.bodies, line["status"], line["verdict"])


async def test_a_truncated_answer_comes_after_taking(start: Start) -> None:
    running = await start(FaultPlan(rates={"truncated": 1.0}))
    with pytest.raises(aiohttp.ClientPayloadError):
        await running.post("a")
    line = running.lines()[0]
    assert (["a"], 202, "taken") == (running.shelf.bodies, line["status"], line["verdict"])


async def test_a_slow_request_is_taken_at_once_and_answered_late(start: Start) -> None:
    running = await start(FaultPlan(rates={"slow": 1.0}, slow_seconds=10.0), scale=100.0)
    began = time.monotonic()
    asking = asyncio.create_task(running.post("a"))
    while not running.shelf.bodies:
        await asyncio.sleep(0.001)
    taken = time.monotonic() - began
    status, _, _ = await asking
    assert (202, True) == (status, time.monotonic() - began >= 0.1 > taken)


async def test_a_plan_with_a_bad_key_answers_as_if_the_right_key_were_wrong(start: Start) -> None:
    running = await start(FaultPlan(bad_key=True))
    status, _, _ = await running.post("a")
    assert (401, [], "refused") == (status, running.shelf.bodies, running.lines()[0]["verdict"])


async def test_the_plan_changes_while_the_stand_in_runs(start: Start) -> None:
    running = await start()
    change = {"outage": True}
    async with running.web.post(f"{running.url}/_sandbox/faults", json=change) as reply:
        assert 200 == reply.status
    assert 503 == (await running.post("a"))[0]


async def test_a_change_of_what_there_is_not_is_refused(start: Start) -> None:
    running = await start()
    async with running.web.post(f"{running.url}/_sandbox/faults", json={"speed": 2}) as reply:
        assert (400, True) == (reply.status, "speed" in (await reply.json())["error"])


async def test_the_state_page_shows_what_is_held(start: Start) -> None:
    running = await start()
    await running.post("a")
    async with running.web.get(f"{running.url}/_sandbox/state.json") as reply:
        state = await reply.json()
    assert ("shelf", 1, {"taken": 1}, {"bodies": ["a"]}) == (
        state["name"],
        state["requests"],
        state["verdicts"],
        state["holdings"],
    )


async def test_the_page_shows_bodies_as_text_never_as_markup(start: Start) -> None:
    running = await start()
    await running.post("<script>alert(1)</script>")
    async with running.web.get(f"{running.url}/_sandbox/") as reply:
        page = await reply.text()
    assert (True, False) == ("&lt;script&gt;" in page, "<script>" in page)


async def test_looking_at_the_stand_in_is_no_reception(start: Start) -> None:
    running = await start()
    async with running.web.get(f"{running.url}/_sandbox/state.json"):
        pass
    assert [] == running.lines()
