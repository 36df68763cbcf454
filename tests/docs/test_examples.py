"""What the pages tell people to type works as it stands there."""

import re
import shlex
import sqlite3
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from cyclopts import CycloptsError

from orderwire.app.checkup import check_settings
from orderwire.app.settings import FILE, load
from orderwire.entrypoints.cli.program import made_app
from orderwire.sources import parse
from orderwire.sources.fields import ENTITIES
from orderwire.testing.commands import stand_ins

ROOT = Path(__file__).parent.parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
TUTORIAL = ROOT / "docs" / "tutorial" / "first-sync.md"
LIBRARY = ROOT / "docs" / "howto" / "use-as-a-library.md"


def blocks(page: Path, language: str) -> list[str]:
    """The code blocks of a page in one language; "" for those without."""
    return [text for said, text in BLOCK.findall(page.read_text(encoding="utf-8")) if said == language]


def settings_blocks() -> Iterator[Any]:
    """Every block of settings on a page of ours, apart from those for other programs."""
    for page in PAGES:
        for number, text in enumerate(blocks(page, "toml"), 1):
            if "[project." not in text:
                yield pytest.param(page, text, id=f"{page.stem}-{number}")


def commands() -> Iterator[Any]:
    """Every command line of ours on a page."""
    for page in PAGES:
        for text in blocks(page, ""):
            for line in text.splitlines():
                if found := re.match(r"(?:\$ )?(?:\.venv/bin/)?orderwire (.*)", line):
                    yield pytest.param(found[1], id=f"{page.stem}: {found[1]}")


def completed(whole: Mapping[str, Any], part: Mapping[str, Any]) -> dict[str, Any]:
    """A source as a page shows a part of it, with the page's first whole one around it, and something to read."""
    is_mapped = {"kind": "sql", **whole, **part}["kind"] in ("sql", "files")
    people = {} if not is_mapped or set(ENTITIES) & {*whole, *part} else {"people": {"table": "people", "id": "id"}}
    return {**people, **whole, **part}


@pytest.mark.parametrize(("page", "text"), [*settings_blocks()])
def test_settings_on_a_page_are_read(page: Path, text: str, tmp_path: Path) -> None:
    (tmp_path / FILE).write_text(text, encoding="utf-8")
    load(tmp_path)
    whole = next((found for one in blocks(page, "toml") if (found := tomllib.loads(one)).get("source")), {})
    for name, table in tomllib.loads(text).get("source", {}).items():
        parse(name, completed(whole.get("source", {}).get(name, {}), table))


@pytest.mark.parametrize("line", [*commands()])
def test_a_command_on_a_page_is_one(line: str) -> None:
    words = shlex.split(line.partition(" > ")[0], comments=True)
    try:
        made_app().parse_args(words, print_error=False, exit_on_error=False)
    except CycloptsError as error:
        pytest.fail(str(error))


def tutorial_folder(folder: Path) -> None:
    """The shop and the mapping of the tutorial."""
    with sqlite3.connect(folder / "shop.db") as shop:
        shop.executescript(blocks(TUTORIAL, "sql")[0])
    shop.close()
    mapping = next(text for text in blocks(TUTORIAL, "toml") if "[source.shop]" in text)
    (folder / FILE).write_text(mapping, encoding="utf-8")


def test_the_mapping_of_the_tutorial_fits_its_shop(tmp_path: Path) -> None:
    tutorial_folder(tmp_path)
    (found,) = check_settings(tmp_path).sources
    statuses = [(one.status, one.happening) for entity in found.entities for one in entity.statuses]
    assert ((), [("done", "delivered"), ("open", "placed"), ("sent", "fulfilled"), ("void", "cancelled")]) == (
        found.faults,
        statuses,
    )


def test_the_examples_of_the_library_run(tmp_path: Path) -> None:
    with stand_ins(tmp_path, "klaviyo") as ports:
        settings = f'[destination.klaviyo]\nkey = "env:SHOP_KEY"\nbase_url = "http://127.0.0.1:{ports["klaviyo"]}"\n'
        (tmp_path / FILE).write_text(f"{settings}time_scale = 600.0\n", encoding="utf-8")
        done = subprocess.run(
            [sys.executable, "-W", "error", "-c", "\n".join(blocks(LIBRARY, "python"))],
            cwd=tmp_path,
            env={"SHOP_KEY": "k-1"},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
    assert (0, "") == (done.returncode, done.stderr)
    assert "1 new facts, the log ends at 1" in done.stdout
    assert "{<Disposition.ACCEPTED: 'accepted'>: 1}" in done.stdout
