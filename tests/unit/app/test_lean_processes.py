"""A process of a sync holds in memory only what its role needs."""

import subprocess
import sys

import pytest

HEAVY = ("aiohttp", "pyarrow", "sqlalchemy", "psycopg")
LOOK = "; import sys; print(*sorted({name.partition('.')[0] for name in sys.modules}))"
ROLE = "from orderwire.app.running import registry, roles; registry.doing(roles.Role.{})"


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("import orderwire.app.sync", set()),
        (ROLE.format("INGEST"), set()),
        (ROLE.format("INGEST") + "; import orderwire.sources.sql", {"sqlalchemy"}),
        (ROLE.format("DELIVER"), {"aiohttp"}),
        (ROLE.format("ESTIMATE"), set()),
    ],
    ids=["supervisor", "reader", "reader of a database", "deliverer", "estimator"],
)
def test_a_process_loads_no_more_than_its_role_needs(code: str, expected: set[str]) -> None:
    done = subprocess.run([sys.executable, "-c", code + LOOK], capture_output=True, text=True, check=True)
    assert expected == set(done.stdout.split()).intersection(HEAVY)
