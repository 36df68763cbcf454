"""Our own API against its own description: Schemathesis reads `/openapi.json` and tries what follows from it.

Nothing it sends may be a fault, every answer is as described, and what breaks the description is refused. What keeps
it is nearly always taken: a NUL in an id and an instant before the first year are not, which no schema says.
A short run in the whole suite, a long one by `make e2e` (which sets ORDERWIRE_E2E).
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.clients.house import House

EXAMPLES = "50" if "ORDERWIRE_E2E" in os.environ else "3"
SEEDS = ("1", "2") if "ORDERWIRE_E2E" in os.environ else ("1",)
CONFIG = """
[checks.negative_data_rejection]
expected-statuses = ["400", "401", "403", "404", "405", "413", "422"]
"""
"""Too many records are 413, which it does not take for a refusal by itself."""


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    made = House(tmp_path_factory.mktemp("own"), "--only", "native", "--no-limits")
    yield made
    assert (0, False) == (made.stop(), "call failed" in made.said())


@pytest.mark.parametrize("seed", SEEDS)
def test_the_api_keeps_to_its_description(house: House, tmp_path: Path, seed: str) -> None:
    secret, _ = house.quick_key("native", name=f"schemathesis-{seed}")
    config = tmp_path / "schemathesis.toml"
    config.write_text(CONFIG)
    command = [
        str(Path(sys.executable).with_name("schemathesis")),
        *("--config-file", str(config), "--no-color"),
        *("run", f"{house.url}/openapi.json", "--header", f"Authorization: Bearer {secret}"),
        *(
            "--checks",
            "all",
            "--exclude-checks",
            "positive_data_acceptance",
            "--phases",
            "coverage,fuzzing",
            "--max-examples",
            EXAMPLES,
            "--seed",
            seed,
        ),
        *("--suppress-health-check", "all"),
    ]
    ran = subprocess.run(command, check=False, capture_output=True, text=True, timeout=500, cwd=tmp_path)

    assert (0, []) == (ran.returncode, [line for line in ran.stdout.splitlines() if line.startswith("- ")]), (
        ran.stdout
    )
    assert "19 selected / 19 total" in ran.stdout
