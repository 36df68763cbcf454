"""Options of the chaos tests: which seeds, how many."""

from collections.abc import Sequence

import pytest


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
def facts_asked(request: pytest.FixtureRequest) -> int | None:
    """The number given with `--facts`."""
    asked: int | None = request.config.getoption("--facts", default=None)
    return asked
