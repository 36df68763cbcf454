"""Writes the page about the command line: the live help of every command."""

from __future__ import annotations

import io
from collections.abc import Iterator

from cyclopts import App
from reference_markdown import page, table
from rich.console import Console

from orderwire.entrypoints.cli import program

WIDTH = 140
MEANINGS = {
    program.DONE: "done",
    program.FAILED: "some failed, or a difference was found",
    program.USAGE: "usage, settings, or something that is not there",
    program.REMOTE: "a database or a platform was not reached, or refused the key",
}


def commands(app: App, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The words of every command that help shows, groups before what is in them."""
    for name in app:
        if name.startswith("-") or not app[name].show:
            continue
        words = (*path, name)
        yield words
        yield from commands(app[name], words)


def cli_page() -> str:
    """Every command with its help, and what the exit status means."""
    app = program.made_app()
    app.help_formatter = "plain"
    lines = [
        "Data goes to stdout, talk to stderr; `--json` gives the data as JSON.",
        "A command that cannot be taken back asks on a terminal, and needs `--yes` elsewhere.",
        "Every command that has `--dir` works on the folder that holds `orderwire.toml`.",
        "",
        "## Exit status",
        "",
        *table(
            ["status", "meaning", "errors"],
            [[str(status), meaning, _errors(status)] for status, meaning in MEANINGS.items()],
        ),
        "[Errors](errors.md) tells what each means.",
        "",
    ]
    for words in commands(app):
        lines += [f"{'#' * (1 + len(words))} orderwire {' '.join(words)}", "", "```", _help(app, words), "```", ""]
    return page("Command line", *lines)


def _errors(status: int) -> str:
    return ", ".join(f"`{kind.__name__}`" for kind, given in program.EXITS if given == status)


def _help(app: App, words: tuple[str, ...]) -> str:
    told = io.StringIO()
    app.help_print(list(words), console=Console(file=told, width=WIDTH, color_system=None, force_terminal=False))
    return "\n".join(line.rstrip() for line in told.getvalue().strip().splitlines())
