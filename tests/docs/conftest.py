"""What the house rules are checked against: every source file, parsed once."""

import ast
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
sys.path.insert(0, str(ROOT / "scripts"))


@pytest.fixture(scope="session")
def root() -> Path:
    """The repository."""
    return ROOT


@pytest.fixture(scope="session")
def package() -> dict[str, ast.Module]:
    """Every module of the package as a syntax tree, by its path below `src/orderwire`."""
    top = ROOT / "src" / "orderwire"
    return {
        path.relative_to(top).as_posix(): ast.parse(path.read_text(encoding="utf-8"))
        for path in sorted(top.rglob("*.py"))
    }


@pytest.fixture(scope="session")
def python_files() -> dict[str, str]:
    """The text of every Python file of ours, by its path in the repository."""
    return {
        path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8")
        for folder in ("src", "tests", "scripts", "examples", "bench")
        for path in sorted((ROOT / folder).rglob("*.py"))
    }
