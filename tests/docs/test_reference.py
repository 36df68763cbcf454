"""The generated reference says what the code says, and leaves nothing out."""

import inspect
import runpy
from pathlib import Path

import pytest

from orderwire import errors
from orderwire.dialects import contract, registry
from orderwire.dialects.contract import Profile
from orderwire.ledger.values import Disposition
from orderwire.model import Kind


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
