"""Options of the chaos tests: which seeds, how many."""

import shutil
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

MEMORY = Path("/dev/shm")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--seed", type=int, default=None, help="replay this seed of a chaos test")
    parser.addoption("--facts", type=int, default=None, help="so long a history beside which news are told")


def pytest_collection_modifyitems(config: pytest.Config, items: Sequence[pytest.Item]) -> None:
    """The long ones run when chaos is asked for by name."""
    if any("chaos" in str(one) for one in config.invocation_params.args):
        return
    for item in items:
        if "chaos" in item.path.parts and item.get_closest_marker("slow"):
            item.add_marker(pytest.mark.skip(reason="long: make chaos"))


@pytest.fixture
def seed_asked(request: pytest.FixtureRequest) -> int | None:
    """The seed given with `--seed`."""
    asked: int | None = request.config.getoption("--seed", default=None)
    return asked


@pytest.fixture
def in_memory(tmp_path: Path) -> Iterator[Path]:
    """A folder in memory where there is one: deaths inside a process ask nothing of a disk but time."""
    if not MEMORY.is_dir():
        yield tmp_path
        return
    place = Path(tempfile.mkdtemp(prefix="orderwire-chaos-", dir=MEMORY))
    yield place
    shutil.rmtree(place, ignore_errors=True)


@pytest.fixture
def facts_asked(request: pytest.FixtureRequest) -> int | None:
    """The number given with `--facts`."""
    asked: int | None = request.config.getoption("--facts", default=None)
    return asked
