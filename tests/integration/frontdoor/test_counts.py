"""Rate windows held against callers, by one process and by several."""

import multiprocessing
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from orderwire.app.frontdoor.counts import _PROBES, Counts, OwnCounts, SharedCounts
from orderwire.app.frontdoor.limits import CallLimits
from orderwire.dialects.contract import Window


class Hand:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.at = 1000.0

    def __call__(self) -> float:
        return self.at


@pytest.fixture
def place(tmp_path: Path) -> Path:
    place = tmp_path / "counts"
    SharedCounts.make(place)
    return place


@pytest.fixture(params=[lambda _: OwnCounts(), SharedCounts], ids=["own", "shared"])
def counts(request: pytest.FixtureRequest, place: Path) -> Counts:
    make: Callable[[Path], Counts] = request.param
    return make(place)


def taken(limits: CallLimits, times: int, windows: tuple[Window, ...], caller: str = "web") -> list[bool]:
    return [limits.spend(caller, "native/write", windows)[1] is None for _ in range(times)]


def test_a_window_lets_so_many_through_and_opens_anew(counts: Counts) -> None:
    clock = Hand()
    limits = CallLimits(counts, clock=clock)
    windows = (Window(2, 1.0), Window(3, 10.0))

    first = taken(limits, 3, windows)
    clock.at += 1.0
    second = taken(limits, 2, windows)
    spent, wait = limits.spend("web", "native/write", windows)
    clock.at += 9.0

    assert [True, True, False, True, False] == first + second
    assert (9.0, [(1, 1.0), (0, 9.0)]) == (wait, [(one.remaining, one.reset) for one in spent])
    assert [True] == taken(limits, 1, windows)


def test_callers_and_families_are_counted_apart(counts: Counts) -> None:
    limits = CallLimits(counts, clock=Hand())
    assert [True, False] == taken(limits, 2, (Window(1, 1.0),))
    assert [True, False] == taken(limits, 2, (Window(1, 1.0),), caller="till")
    assert None is limits.spend("web", "native/read", (Window(1, 1.0),))[1]


def test_several_processes_count_in_the_same_windows(place: Path) -> None:
    clock = Hand()
    one, other = (CallLimits(SharedCounts(place), clock=clock) for _ in range(2))
    assert [True, True] == taken(one, 2, (Window(3, 1.0),))
    assert [True, False] == taken(other, 2, (Window(3, 1.0),))


def count_up(place: Path, times: int) -> None:
    """What a process does, for another to see."""
    limits = CallLimits(SharedCounts(place), clock=Hand())
    for _ in range(times):
        limits.spend("web", "native/write", (Window(1_000_000, 60.0),))


def test_no_call_is_lost_when_processes_count_at_once(place: Path) -> None:
    spawning = multiprocessing.get_context("spawn")
    counting = [spawning.Process(target=count_up, args=(place, 2_000)) for _ in range(2)]
    for process in counting:
        process.start()
    for process in counting:
        process.join(60)

    spent, _ = CallLimits(SharedCounts(place), clock=Hand()).spend("web", "native/write", (Window(1_000_000, 60.0),))
    assert 1_000_000 - 4_001 == spent[0].remaining


def test_what_is_counted_is_for_its_owner_alone_and_names_nobody(place: Path) -> None:
    CallLimits(SharedCounts(place), clock=Hand()).spend("a@mail.test", "native/write", (Window(1, 1.0),))
    assert (0o600, False) == (stat.S_IMODE(place.stat().st_mode), b"mail.test" in place.read_bytes())


def test_a_full_place_forgets_the_window_that_ends_first(place: Path) -> None:
    shared = SharedCounts(place)
    keys = [(f"caller {number}", "family", 60.0) for number in range(200_000)]
    for number, key in enumerate(keys[: _PROBES * 5_000]):
        shared.put(key, 2000.0 + number, 7, moment=1000.0)

    newest = keys[_PROBES * 5_000 - 1]
    assert (7, 0) == (shared.count(newest, 2000.0 + _PROBES * 5_000 - 1), shared.count(keys[0], 2000.0))
