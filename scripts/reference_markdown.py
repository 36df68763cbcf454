"""What the generated pages share: tables, pages, and the docstrings under attributes."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterable, Sequence
from itertools import pairwise
from types import ModuleType

NOTICE = "<!-- Written by `make docs` from the code. Edits here are lost. -->"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """A Markdown table; a missing cell shows as a dash."""
    lines = [head, ["---"] * len(head), *rows]
    return ["| " + " | ".join(_cell(cell) for cell in line) + " |" for line in lines] + [""]


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|") or "–"


def page(title: str, *lines: str) -> str:
    """A generated page."""
    return "\n".join([NOTICE, "", f"# {title}", "", *lines]).rstrip() + "\n"


def codes(names: Iterable[str]) -> str:
    """Names as code, with commas between."""
    return ", ".join(f"`{name}`" for name in names)


def attribute_docs(kind: type) -> dict[str, str]:
    """The string under each attribute or member of a class, by name."""
    module = inspect.getmodule(kind)
    assert isinstance(module, ModuleType)  # noqa: S101 - a class of ours always has one
    tree = ast.parse(inspect.getsource(module))
    body = next(node.body for node in tree.body if isinstance(node, ast.ClassDef) and node.name == kind.__name__)
    found = {}
    for attribute, text in pairwise(body):
        match attribute, text:
            case (
                ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)),
                ast.Expr(value=ast.Constant(value=str(about))),
            ):
                found[name] = about
    return found


def first_line(kind: object) -> str:
    """The first sentence of a docstring."""
    return (inspect.getdoc(kind) or "").splitlines()[0]
