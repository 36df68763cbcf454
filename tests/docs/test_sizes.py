"""Nothing grows until nobody reads it."""

import ast
from collections.abc import Iterator

Function = ast.FunctionDef | ast.AsyncFunctionDef


def functions(files: dict[str, str]) -> Iterator[tuple[str, Function]]:
    """Every function with its place."""
    for path, text in files.items():
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, Function):
                yield f"{path}:{node.lineno} {node.name}", node


def parameter_count(function: Function) -> int:
    """How many parameters a function has, `self` and `cls` not counted."""
    given = function.args
    names = [parameter.arg for parameter in (*given.posonlyargs, *given.args, *given.kwonlyargs)]
    return len([name for name in names if name not in ("self", "cls")])


def most_lines(path: str) -> int:
    """How long a file may be: a test file is a list, and is looked up rather than read."""
    return 900 if path.startswith("tests/") else 500


def test_no_file_is_longer_than_500_lines_and_no_test_file_than_900(python_files: dict[str, str]) -> None:
    counts = {path: text.count("\n") for path, text in python_files.items()}
    assert {} == {path: count for path, count in counts.items() if count > most_lines(path)}


def test_no_file_of_a_dialect_is_longer_than_300_lines(python_files: dict[str, str]) -> None:
    counts = {
        path: text.count("\n")
        for path, text in python_files.items()
        if path.startswith("src/orderwire/dialects/") and path.count("/") > 3
    }
    assert {} == {path: count for path, count in counts.items() if count > 300}


def test_no_function_is_longer_than_60_lines(python_files: dict[str, str]) -> None:
    lengths = {place: (node.end_lineno or 0) - node.lineno + 1 for place, node in functions(python_files)}
    assert {} == {place: length for place, length in lengths.items() if length > 60}


def test_no_function_takes_more_than_eight_parameters(python_files: dict[str, str]) -> None:
    counts = {place: parameter_count(node) for place, node in functions(python_files)}
    assert {} == {place: count for place, count in counts.items() if count > 8}
