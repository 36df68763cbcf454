"""The generated reference says what the code says, and leaves nothing out."""

import ast
import inspect
import json
import runpy
from collections.abc import Iterator
from pathlib import Path

import pytest
from cyclopts import App
from msgspec import Struct

from orderwire import errors
from orderwire.dialects import contract, registry
from orderwire.dialects.contract import Profile
from orderwire.dialects.native import TYPES, schema
from orderwire.entrypoints.cli.program import made_app
from orderwire.ledger.values import Disposition
from orderwire.model import Kind
from orderwire.sources.fields import FIELDS


@pytest.fixture(scope="module")
def pages(root: Path) -> dict[str, str]:
    """The pages as they would be generated now."""
    generated: dict[str, str] = runpy.run_path(str(root / "scripts" / "generate_reference.py"))["pages"]()
    return generated


def profile(name: str) -> Profile:
    """The profile of a dialect."""
    return registry.dialect(name).profile


def test_the_pages_on_disk_are_up_to_date(root: Path, pages: dict[str, str]) -> None:
    folder = root / "docs" / "reference"
    on_disk = {name: (folder / name).read_text(encoding="utf-8") for name in pages if (folder / name).exists()}
    stale = [name for name, text in pages.items() if on_disk.get(name) != text]
    assert [] == stale, "run `make docs`"


@pytest.mark.parametrize("page", ["capabilities.md", "limits.md", "platforms.md"])
@pytest.mark.parametrize("name", registry.BUILT_IN)
def test_every_dialect_is_on_the_page(pages: dict[str, str], name: str, page: str) -> None:
    assert f"\n## {profile(name).title}\n" in pages[page]


@pytest.mark.parametrize("name", registry.BUILT_IN)
def test_a_dialect_states_every_kind(name: str) -> None:
    assert set() == set(Kind) - set(profile(name).capabilities)


@pytest.mark.parametrize("name", registry.BUILT_IN)
def test_what_a_dialect_cannot_say_has_a_reason(name: str) -> None:
    capabilities = profile(name).capabilities
    assert [] == [kind for kind, stated in capabilities.items() if not stated.routes and not stated.note]


@pytest.mark.parametrize("name", registry.BUILT_IN)
def test_what_a_dialect_says_is_named_and_has_routes_that_exist(name: str) -> None:
    routes = {route.name for route in profile(name).routes}
    capabilities = profile(name).capabilities
    assert [] == [
        kind
        for kind, stated in capabilities.items()
        if stated.routes and not (stated.called and routes.issuperset(stated.routes))
    ]


@pytest.mark.parametrize("name", registry.BUILT_IN)
def test_every_route_spends_from_a_budget_that_exists(name: str) -> None:
    budgets = {budget.name for budget in profile(name).budgets}
    assert set() == {route.budget for route in profile(name).routes} - budgets


@pytest.mark.parametrize("name", registry.BUILT_IN)
def test_every_budget_says_where_its_figures_come_from(name: str) -> None:
    assert [] == [budget.name for budget in profile(name).budgets if not budget.source]


def test_every_error_is_on_its_page(pages: dict[str, str]) -> None:
    kinds = [name for name, kind in inspect.getmembers(errors, inspect.isclass) if kind.__module__ == errors.__name__]
    assert [] == [name for name in kinds if f"- `{name}`: " not in pages["errors.md"]]


def test_the_tree_of_errors_is_drawn_whole() -> None:
    drawn = inspect.getdoc(errors) or ""
    kinds = [name for name, kind in inspect.getmembers(errors, inspect.isclass) if kind.__module__ == errors.__name__]
    assert [] == [name for name in kinds if name not in drawn]


@pytest.mark.parametrize("enum", [Disposition, contract.Lane, contract.Resend])
def test_the_glossary_explains(root: Path, enum: type[Disposition | contract.Lane | contract.Resend]) -> None:
    glossary = (root / "docs" / "glossary.md").read_text(encoding="utf-8")
    assert [] == [member.value for member in enum if f"`{member.value}`" not in glossary]


def test_every_kind_is_among_the_words(pages: dict[str, str]) -> None:
    assert [] == [kind for kind in Kind if f"\n| `{kind}` |" not in pages["words.md"]]


def shown(app: App, path: str = "orderwire") -> Iterator[tuple[str, App]]:
    """Every command that help shows, by its words."""
    for name in app:
        if not name.startswith("-") and app[name].show:
            yield f"{path} {name}", app[name]
            yield from shown(app[name], f"{path} {name}")


def test_every_command_is_on_its_page(pages: dict[str, str]) -> None:
    headings = {line.lstrip("# ") for line in pages["cli.md"].splitlines() if line.startswith("##")}
    assert set() == {words for words, _ in shown(made_app())} - headings


def test_every_option_of_every_command_is_on_its_page(pages: dict[str, str]) -> None:
    sections = {part.partition("\n")[0]: part for part in pages["cli.md"].replace("\n### ", "\n## ").split("\n## ")}
    missing = [
        f"{words} {argument.name}"
        for words, command in shown(made_app())
        if command.default_command is not None
        for argument in command.assemble_argument_collection(parse_docstring=True)
        if argument.show and argument.name not in sections[words]
    ]
    assert [] == missing


def keys_read(root: Path) -> set[str]:
    """Every key that the reading of `orderwire.toml` takes out of a table."""
    tree = ast.parse((root / "src" / "orderwire" / "app" / "settings.py").read_text(encoding="utf-8"))
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    taking = [
        call for call in calls if ast.unparse(call.func) in ("reader.take", "reader.span", "_names", "_instant")
    ]
    return {
        argument.value
        for call in taking
        for argument in call.args[:2]
        if isinstance(argument, ast.Constant) and isinstance(argument.value, str)
    }


def test_every_key_that_the_settings_read_is_on_its_page(root: Path, pages: dict[str, str]) -> None:
    page, tables = pages["settings.md"], {"source", "destination", "options", "limits", "server", "alarms"}
    keys = keys_read(root)
    missing = {key for key in keys - tables if f"| `{key}` |" not in page}
    assert (set(), tables) == (missing, keys & tables)


def keys_of_mappings(root: Path) -> set[str]:
    """Every key that reading a mapping knows: the words of its lists of keys."""
    found = set()
    for name in ("parsing.py", "entity_parsing.py"):
        tree = ast.parse((root / "src" / "orderwire" / "sources" / name).read_text(encoding="utf-8"))
        for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
            if ast.unparse(call.func) in ("faults.text", "faults.texts", "faults.flag", "faults.table"):
                found |= {str(word.value) for word in call.args[2:3] if isinstance(word, ast.Constant)}
    return found


def test_every_key_of_a_mapping_is_on_its_page(root: Path, pages: dict[str, str]) -> None:
    told_of_a_status = {"happening", "occurred_at"}
    keys = keys_of_mappings(root)
    missing = {key for key in keys - told_of_a_status if f"| `{key}` |" not in pages["settings.md"]}
    assert (set(), told_of_a_status) == (missing, keys & told_of_a_status)


@pytest.mark.parametrize("path", FIELDS)
def test_every_field_of_a_mapping_is_on_its_page(pages: dict[str, str], path: str) -> None:
    section = pages["settings.md"].partition(f"\n### {path}\n")[2].partition("\n### ")[0]
    assert [] == [name for name in FIELDS[path] if f"`{name}`" not in section]


@pytest.mark.parametrize("name", registry.BUILT_IN)
def test_every_option_and_budget_of_a_dialect_is_among_the_settings(pages: dict[str, str], name: str) -> None:
    known = [*(option.name for option in profile(name).options), *(budget.name for budget in profile(name).budgets)]
    rows = [line for line in pages["settings.md"].splitlines() if line.startswith(f"| {profile(name).title} |")]
    assert [] == [key for key in known if f"`{key}`" not in "".join(rows)]


def test_the_published_schema_is_the_one_that_reads(root: Path) -> None:
    published = (root / "docs" / "reference" / "native-schema.json").read_text(encoding="utf-8")
    assert json.loads(json.dumps(schema())) == json.loads(published)


@pytest.mark.parametrize(("name", "kind"), TYPES.items())
def test_every_field_of_a_record_is_on_its_page(pages: dict[str, str], name: str, kind: type[Struct]) -> None:
    section = pages["native-format.md"].partition(f"\n## {name}\n")[2].partition("\n## ")[0]
    assert [] == [field for field in kind.__struct_fields__ if f"| `{field}` |" not in section]
