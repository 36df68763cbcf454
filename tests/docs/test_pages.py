"""Pages that are written by hand: whole, linked and in shape."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

PARTS = ["Context", "Decision", "Consequences", "Alternatives"]
LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")


def written(root: Path) -> list[Path]:
    """Every Markdown page that is not generated."""
    pages = [*root.glob("*.md"), *root.glob("changes/*.md"), *root.glob("docs/**/*.md")]
    return [page for page in sorted(pages) if page.parent.name != "reference"]


def prose(page: Path) -> Iterator[tuple[int, str]]:
    """Line numbers and lines outside code blocks and tables."""
    is_code = False
    for number, line in enumerate(page.read_text(encoding="utf-8").splitlines(), 1):
        if line.startswith("```"):
            is_code = not is_code
        elif not is_code and not line.startswith("|"):
            yield number, line


def test_every_link_leads_somewhere(root: Path) -> None:
    pages = [*written(root), *root.glob("docs/reference/*.md"), *root.glob("src/**/README.md")]
    lost = [
        f"{page.relative_to(root)}: {target}"
        for page in pages
        for target in LINK.findall(page.read_text(encoding="utf-8"))
        if "://" not in target and not target.startswith("mailto:") and not (page.parent / target).exists()
    ]
    assert [] == lost


def test_every_page_of_the_docs_can_be_reached_from_the_index(root: Path) -> None:
    index = root / "docs" / "index.md"
    linked = {(index.parent / target).resolve() for target in LINK.findall(index.read_text(encoding="utf-8"))}
    unlinked = [
        page.relative_to(root).as_posix()
        for page in sorted((root / "docs").rglob("*.md"))
        if page != index and not linked.intersection({page.resolve(), page.parent.resolve()})
    ]
    assert [] == unlinked


def test_the_docs_have_one_sentence_per_line(root: Path) -> None:
    crowded = [
        f"{page.relative_to(root)}:{number}"
        for page in sorted((root / "docs").rglob("*.md"))
        if page.parent.name != "reference"
        for number, line in prose(page)
        if re.search(r"[a-z)`*][.!?]\*{0,2} [A-Z]", line)
    ]
    assert [] == crowded


def test_every_page_has_one_title(root: Path) -> None:
    titles = {
        page.relative_to(root).as_posix(): sum(line.startswith("# ") for _, line in prose(page))
        for page in (root / "docs").rglob("*.md")
    }
    assert {} == {page: count for page, count in titles.items() if count != 1}


def test_decisions_are_numbered_without_a_gap(root: Path) -> None:
    names = sorted(page.name for page in (root / "docs" / "explanation" / "decisions").glob("*.md"))
    assert [f"{number:04d}" for number in range(1, len(names) + 1)] == [name[:4] for name in names]


def test_a_decision_has_its_four_parts(root: Path) -> None:
    parts = {
        page.name: [line.removeprefix("## ") for _, line in prose(page) if line.startswith("## ")]
        for page in (root / "docs" / "explanation" / "decisions").glob("*.md")
    }
    assert {} == {name: found for name, found in parts.items() if found != PARTS}


def test_a_changelog_fragment_is_named_for_its_sort(root: Path) -> None:
    shape = re.compile(r"[a-z0-9-]+\.(added|changed|fixed|removed|security)\.md")
    names = [page.name for page in (root / "changes").iterdir() if page.name != "README.md"]
    assert [] == [name for name in names if not shape.fullmatch(name)]


def test_make_help_says_what_every_target_does(root: Path) -> None:
    makefile = (root / "Makefile").read_text(encoding="utf-8")
    phony = re.search(r"^\.PHONY: (.*)$", makefile, re.MULTILINE)
    assert phony is not None
    told = subprocess.run(["make", "help"], cwd=root, capture_output=True, text=True, check=True).stdout
    assert phony.group(1).split() == re.findall(r"^  make (\S+) +\S.*\.$", told, re.MULTILINE)


def test_ci_calls_make_test_and_nothing_else(root: Path) -> None:
    script = root / ".ci" / "run"
    commands = [
        line for line in script.read_text(encoding="utf-8").splitlines() if not line.startswith(("#", "set ", "cd "))
    ]
    assert (["export CI=true", "exec make test"], True) == (commands, script.stat().st_mode & 0o111 == 0o111)
