"""Every public name is documented."""

import ast
from collections.abc import Iterator

Documented = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


def public(tree: ast.Module) -> Iterator[tuple[str, Documented]]:
    """The module itself, its public classes and functions, and their public methods."""
    yield "the module", tree
    for node in tree.body:
        if not isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) or node.name.startswith("_"):
            continue
        yield node.name, node
        for member in node.body if isinstance(node, ast.ClassDef) else ():
            if isinstance(member, ast.FunctionDef | ast.AsyncFunctionDef) and not member.name.startswith("_"):
                yield f"{node.name}.{member.name}", member


def test_every_public_name_has_a_docstring(package: dict[str, ast.Module]) -> None:
    missing = [
        f"{path}: {name}"
        for path, tree in package.items()
        for name, node in public(tree)
        if not ast.get_docstring(node)
    ]
    assert [] == missing


def test_every_docstring_begins_with_a_whole_sentence(package: dict[str, ast.Module]) -> None:
    unfinished = [
        f"{path}: {name}"
        for path, tree in package.items()
        for name, node in public(tree)
        if not (ast.get_docstring(node) or ".").partition("\n\n")[0].endswith(".")
    ]
    assert [] == unfinished


def test_everything_is_annotated(package: dict[str, ast.Module]) -> None:
    bare = [
        f"{path}:{node.lineno} {node.name}"
        for path, tree in package.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.returns is None
    ]
    assert [] == bare
