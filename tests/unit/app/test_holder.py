"""A lease's holder is gone only when that is certain."""

import os
import signal
import subprocess
import sys

import pytest

from orderwire.app.running.holder import is_gone, own_name

TELL = "from orderwire.app.running.holder import own_name; print(own_name(), flush=True); input()"


def test_this_process_is_there() -> None:
    assert not is_gone(own_name())


def test_a_process_is_there_until_it_was_killed() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", TELL], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        name = process.stdout.readline().strip()
        before = is_gone(name)
        process.send_signal(signal.SIGKILL)
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        unburied = is_gone(name)
    assert (False, True, True) == (before, unburied, is_gone(name))


def test_a_number_given_to_another_process_does_not_bring_its_first_owner_back() -> None:
    name, _, start = own_name().rpartition("-")
    assert is_gone(f"{name}-{int(start) - 1}")


@pytest.mark.parametrize(
    "name",
    ["", "host:1", "host:1:reading", "worker", f"host:999999999#{'0' * 12}-1", own_name().replace("#", "#0")],
    ids=["nobody", "an older name", "a reader", "no name at all", "another boot", "another container"],
)
def test_whoever_cannot_be_looked_up_counts_as_there(name: str) -> None:
    assert not is_gone(name)
