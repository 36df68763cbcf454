"""What must not stand anywhere in the repository."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

SUFFIXES = {".py", ".md", ".toml", ".sh", ".sql", ".json", ".lock", ".in", ".txt", ".cfg", ".yml", ".yaml", ".html"}
NAMES = {"Makefile", "NOTICE", "run", ".importlinter", ".gitignore"}
SKIPPED = {"demo", "build", "dist", "__pycache__"}


def texts(root: Path) -> Iterator[tuple[str, str]]:
    """Every text file of ours, by its path; hidden folders other than `.ci` are tools' own."""
    for path in sorted(root.rglob("*")):
        parts = path.relative_to(root).parts
        is_hidden = any(part.startswith(".") and part != ".ci" for part in parts[:-1])
        if is_hidden or SKIPPED.intersection(parts) or not path.is_file():
            continue
        if path.suffix in SUFFIXES or path.name in NAMES:
            yield "/".join(parts), path.read_text(encoding="utf-8")


def places(root: Path, pattern: str) -> list[str]:
    """Where a pattern occurs, apart from this file."""
    wanted = re.compile(pattern)
    return [
        f"{path}:{number}"
        for path, text in texts(root)
        if path != "tests/docs/test_words.py"
        for number, line in enumerate(text.splitlines(), 1)
        if wanted.search(line)
    ]


@pytest.mark.parametrize(
    "pattern",
    [
        pytest.param(r"\bpypi\.|pythonhosted|npmjs\.|crates\.io|proxy\.golang|-index-url", id="a package registry"),
        pytest.param(r"/(?:work|root|farm)/|/home/\w|\.\./shared", id="a path of one machine"),
        pytest.param(r"\b(TODO|FIXME|XXX|HACK)\b", id="unfinished business"),
        pytest.param(r"^(<{7}|>{7}) ", id="an unfinished merge"),
        pytest.param(r"(?i)-----BEGIN [A-Z ]*PRIVATE KEY|\bsk_live_|\bpk_[0-9a-f]{34}", id="a secret"),
    ],
)
def test_nothing_names(root: Path, pattern: str) -> None:
    assert [] == places(root, pattern)


def test_no_comment_is_a_banner(python_files: dict[str, str]) -> None:
    banner = re.compile(r"^\s*#\s*([-=#*~]{3,}|.*[-=#*~]{4,}\s*$)")
    found = [
        f"{path}:{number}"
        for path, text in python_files.items()
        for number, line in enumerate(text.splitlines(), 1)
        if banner.match(line)
    ]
    assert [] == found


def test_every_example_address_is_reserved_or_ours(python_files: dict[str, str]) -> None:
    address = re.compile(r"[\w.+-]+@([\w-]+(?:\.[\w-]+)*\.[a-z]{2,})", re.IGNORECASE)
    reserved = re.compile(r"(^|\.)(test|example|invalid|localhost|example\.(com|net|org))$", re.IGNORECASE)
    found = [
        f"{path}: {match.group(0)}"
        for path, text in python_files.items()
        for match in address.finditer(text)
        if not reserved.search(match.group(1))
    ]
    assert [] == found
