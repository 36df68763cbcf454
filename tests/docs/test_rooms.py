"""House rules that the import contracts cannot hold."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from orderwire.dialects import registry

PURE = {
    "model": {"msgspec", "babel"},
    "identity": {"msgspec", "phonenumbers", "email_validator"},
    "segments": {"msgspec"},
    "dialects": {"msgspec", "phonenumbers"},
    "flows": {"msgspec"},
}
"""The rooms without clock, chance, files or network, and the packages that each may use."""
IMPURE_MODULES = {
    "asyncio",
    "io",
    "logging",
    "multiprocessing",
    "os",
    "pathlib",
    "random",
    "secrets",
    "select",
    "shutil",
    "socket",
    "sqlite3",
    "ssl",
    "subprocess",
    "sys",
    "tempfile",
    "threading",
    "time",
}
IMPURE_CALLS = {"now", "utcnow", "today", "uuid1", "uuid4", "open", "getenv", "urlopen"}
JUNK = {"utils", "util", "helpers", "helper", "common", "misc", "manager", "base", "shared"}


def room_of(path: str) -> str:
    """The room a module belongs to, empty for modules of the package's top."""
    return path.partition("/")[0] if "/" in path else ""


def imported(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Line and full name of every module imported anywhere in a tree."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.lineno, node.module or ""


def called(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Line and last name of every call."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name | ast.Attribute):
            yield node.lineno, node.func.id if isinstance(node.func, ast.Name) else node.func.attr


def in_functions(tree: ast.AST) -> Iterator[ast.AST]:
    """Every node inside a function."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield from (inner for statement in node.body for inner in ast.walk(statement))


def docstrings(tree: ast.AST) -> set[int]:
    """Identities of the strings that document a module, class, function or attribute."""
    return {
        id(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }


def words(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Line and text, in lower case, of every name and every string that is no docstring."""
    documentation = docstrings(tree)
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=text) | ast.Attribute(attr=text) | ast.alias(name=text) | ast.arg(arg=text):
                yield getattr(node, "lineno", 0), text.lower()
            case ast.Constant(value=str(text)) if id(node) not in documentation:
                yield node.lineno, text.lower()


def test_the_import_contracts_hold(root: Path) -> None:
    checked = subprocess.run(
        [Path(sys.executable).parent / "lint-imports", "--no-cache", "--no-logo"],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    )
    assert 0 == checked.returncode, checked.stdout + checked.stderr


def test_every_folder_of_the_package_is_a_package(root: Path) -> None:
    top = root / "src" / "orderwire"
    folders = {path.parent for path in top.rglob("*.py")}
    assert [] == sorted(str(folder.relative_to(top)) for folder in folders if not (folder / "__init__.py").exists())


def test_no_module_is_a_junk_drawer(package: dict[str, ast.Module]) -> None:
    assert [] == [path for path in package if JUNK.intersection(path.removesuffix(".py").split("/"))]


def test_an_init_file_holds_a_docstring_and_exports(package: dict[str, ast.Module]) -> None:
    running = [
        f"{path}:{node.lineno}"
        for path, tree in package.items()
        if path.endswith("__init__.py")
        for node in tree.body[1:]
        if not isinstance(node, ast.Import | ast.ImportFrom)
        and not (isinstance(node, ast.Assign) and [ast.unparse(target) for target in node.targets] == ["__all__"])
    ]
    assert [] == running


def test_only_entrypoints_print(package: dict[str, ast.Module]) -> None:
    printing = [
        f"{path}:{line}"
        for path, tree in package.items()
        if room_of(path) != "entrypoints"
        for line, name in called(tree)
        if name == "print"
    ]
    assert [] == printing


def test_imports_stand_at_the_top_of_the_file(package: dict[str, ast.Module]) -> None:
    inside = [
        f"{path}:{node.lineno}"
        for path, tree in package.items()
        for node in in_functions(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
    ]
    assert [] == inside


def test_modules_are_looked_up_by_name_in_registries_only(package: dict[str, ast.Module]) -> None:
    dynamic = [
        f"{path}:{line}"
        for path, tree in package.items()
        if not path.endswith("registry.py")
        for line, name in called(tree)
        if name in ("import_module", "__import__")
    ]
    assert [] == dynamic


def test_nothing_is_global(package: dict[str, ast.Module]) -> None:
    found = [
        f"{path}:{node.lineno}"
        for path, tree in package.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Global)
    ]
    assert [] == found


@pytest.mark.parametrize(("room", "allowed"), PURE.items())
def test_a_pure_room_uses_few_packages(package: dict[str, ast.Module], room: str, allowed: set[str]) -> None:
    known = allowed | set(sys.stdlib_module_names) | {"orderwire"}
    foreign = [
        f"{path}:{line} {name}"
        for path, tree in package.items()
        if room_of(path) == room
        for line, name in imported(tree)
        if name.partition(".")[0] not in known
    ]
    assert [] == foreign


@pytest.mark.parametrize("room", PURE)
def test_a_pure_room_touches_nothing_outside(package: dict[str, ast.Module], room: str) -> None:
    touching = [
        f"{path}:{line} {name}"
        for path, tree in package.items()
        if room_of(path) == room
        for line, name in (
            *((line, name) for line, name in imported(tree) if name.partition(".")[0] in IMPURE_MODULES),
            *((line, name) for line, name in called(tree) if name in IMPURE_CALLS),
        )
    ]
    assert [] == touching


def test_no_platform_is_named_outside_dialects_and_sandbox(package: dict[str, ast.Module]) -> None:
    named = [
        f"{path}:{line} {text[:40]}"
        for path, tree in package.items()
        if room_of(path) not in ("dialects", "sandbox")
        for line, text in words(tree)
        if any(platform in text for platform in registry.BUILT_IN if platform != "webhook")
    ]
    assert [] == named


def test_a_dialect_folder_has_its_usual_files(root: Path) -> None:
    top = root / "src" / "orderwire" / "dialects"
    expected = {"README.md", "__init__.py", "dialect.py", "replies.py", "write.py"}
    missing = {
        name: sorted(absent)
        for name in registry.BUILT_IN
        if (absent := {file for file in expected if not (top / name / file).exists()})
    }
    assert {} == missing


def test_the_sandbox_has_a_stand_in_for_every_dialect(package: dict[str, ast.Module]) -> None:
    folders = {path.split("/")[1].removesuffix(".py") for path in package if room_of(path) == "sandbox"}
    assert set() == set(registry.BUILT_IN) - folders
