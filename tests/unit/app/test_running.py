"""What keeps a run going and ends it: reach, narrowing, arguments, the log's discretion."""

import io
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
import structlog

from orderwire import Shop
from orderwire.app import talk
from orderwire.app.refusals import SourceStatus
from orderwire.app.running.reach import Watched
from orderwire.app.running.roles import LINES, Reading, at, narrowed
from orderwire.app.sync import Ending, SyncOutcome
from orderwire.dialects.wire import WireReply, WireRequest
from orderwire.entrypoints.cli.program import exit_of
from orderwire.errors import (
    BadReply,
    Busy,
    ConfigError,
    Conflict,
    LeaseLost,
    NeedsMigration,
    NotFound,
    OrderwireError,
    StoreFull,
    Unauthorized,
    Unavailable,
)

REQUEST = WireRequest(method="GET", path="/")


class Answers:
    """A transport with these answers, one after the other."""

    def __init__(self, *answers: int | Unavailable) -> None:
        self._answers = list(answers)

    async def __aenter__(self) -> "Answers":
        return self

    async def __aexit__(self, *_error: object) -> None:
        return None

    async def send(self, request: WireRequest, base_url: str) -> WireReply:
        answer = self._answers.pop(0)
        if isinstance(answer, Unavailable):
            raise answer
        return WireReply(status=answer)


@pytest.mark.parametrize(
    ("answers", "is_failing"),
    [
        ((200,), False),
        ((503,), True),
        ((503, 429), False),
        ((Unavailable("connect", may_have_arrived=False),), True),
        ((Unavailable("connect", may_have_arrived=False), 401), False),
    ],
    ids=["good", "server error", "asked to wait", "no answer", "refused"],
)
async def test_a_platform_is_out_of_reach_from_its_first_failure_to_its_next_answer(
    answers: tuple[int | Unavailable, ...], is_failing: bool
) -> None:
    watched = Watched(Answers(*answers))
    for answer in answers:
        if isinstance(answer, Unavailable):
            with pytest.raises(Unavailable):
                await watched.send(REQUEST, "")
        else:
            await watched.send(REQUEST, "")
    assert is_failing == (watched.failing_for > 0)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("2024-02-01", datetime(2024, 2, 1, tzinfo=UTC)),
        ("2024-02-01T10:00:00+02:00", datetime(2024, 2, 1, 8, tzinfo=UTC)),
        ("2024-02-01 10:00", datetime(2024, 2, 1, 10, tzinfo=UTC)),
    ],
)
def test_an_instant_without_a_zone_is_utc(given: str, expected: datetime) -> None:
    assert expected == at(given)


@pytest.mark.parametrize(("given", "expected"), [(2020, 2022), (2023, 2023), (None, 2022)])
def test_a_run_narrows_a_destination_and_never_widens_it(shop: Shop, given: int | None, expected: int) -> None:
    first = narrowed(shop, datetime(given, 1, 1, tzinfo=UTC) if given else None)
    second = narrowed(first, datetime(2022, 1, 1, tzinfo=UTC))
    assert datetime(expected, 1, 1, tzinfo=UTC) == second.settings.destinations["drip"].settings.since


@pytest.mark.parametrize(
    ("outcome", "expected"),
    [
        (SyncOutcome(), (False, False)),
        (SyncOutcome(out_of_reach=("shop",)), (True, False)),
        (SyncOutcome(destinations=[Ending(destination="a", new_dead=1)]), (False, True)),
        (SyncOutcome(destinations=[Ending(destination="a", blocked="paused")]), (False, True)),
        (SyncOutcome(destinations=[Ending(destination="a", blocked="x", is_out_of_reach=True)]), (True, True)),
        (SyncOutcome(is_interrupted=True), (False, True)),
        (SyncOutcome(invalid=2, sources=[SourceStatus(source="shop", refused=2, new=1)]), (False, True)),
        (SyncOutcome(invalid=2, sources=[SourceStatus(source="shop", refused=2)]), (False, False)),
        (SyncOutcome(lost_workers=1), (False, True)),
    ],
)
def test_what_a_sync_did_decides_its_exit_status(outcome: SyncOutcome, expected: tuple[bool, bool]) -> None:
    assert expected == (outcome.is_remote_missing, outcome.has_failures)


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (ConfigError("a", "b"), 2),
        (NotFound("a"), 2),
        (Conflict("a"), 2),
        (NeedsMigration("a"), 2),
        (Unavailable("connect", may_have_arrived=False), 3),
        (Unauthorized("a"), 3),
        (BadReply("a"), 3),
        (Busy("a"), 1),
        (LeaseLost("a"), 1),
        (StoreFull("a"), 1),
    ],
    ids=lambda value: type(value).__name__,
)
def test_every_error_means_an_exit_status(error: OrderwireError, expected: int) -> None:
    assert expected == exit_of(error)


def test_a_line_is_read_as_it_was_written() -> None:
    line = b'{"role":"ingest","progress":{"source":"shop","read":3},"is_out_of_reach":true}'
    read = LINES.decode(line)
    assert isinstance(read, Reading)
    assert ("shop", 3, True) == (read.progress.source, read.progress.read, read.is_out_of_reach)


def _failing() -> Callable[[], None]:
    def fail() -> None:
        raise ValueError("the address ana@mail.test is bad")

    return fail


def test_the_log_tells_where_an_error_was_and_not_what_it_said() -> None:
    stream = io.StringIO()
    before = structlog.get_config()
    try:
        talk.configure(stream)
        try:
            _failing()()
        except ValueError as error:
            structlog.get_logger().error("delivery failed", exc_info=error)
    finally:
        structlog.configure(**before)
    said = stream.getvalue()
    assert (True, False) == ("test_running.py" in said, "mail.test" in said)


@pytest.mark.parametrize(("count", "told"), [(0, "0 rows"), (1, "1 row"), (2000, "2,000 rows")])
def test_one_of_a_thing_is_told_as_one(count: int, told: str) -> None:
    assert told == talk.counted(count, "row")
