"""Every golden case of every dialect, both halves from one file."""

from pathlib import Path
from typing import Any

import pytest

from orderwire.dialects import registry
from orderwire.testing import golden

HERE = Path(__file__).parent
CASES = [
    pytest.param(folder.name, case, id=f"{folder.name}-{name}")
    for folder in sorted(path for path in HERE.iterdir() if path.is_dir() and path.name != "__pycache__")
    for name, case in golden.cases(folder)
]


@pytest.mark.parametrize(("name", "case"), [case for case in CASES if "statement" in case.values[1]])
def test_a_fact_is_written_as_its_case_says(name: str, case: dict[str, Any]) -> None:
    expected = {"items": case["items"], "unsaid": case.get("unsaid", []), "withheld": case.get("withheld", "")}
    assert expected == golden.write_case(case, registry.dialect(name))


@pytest.mark.parametrize(("name", "case"), [case for case in CASES if "reply" in case.values[1]])
def test_a_reply_is_read_as_its_case_says(name: str, case: dict[str, Any]) -> None:
    assert case["verdict"] == golden.read_reply(case, registry.dialect(name))
