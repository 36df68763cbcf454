"""Writes `docs/reference/` from the code: platforms, limits, errors, words, settings, commands, our own JSON.

`--check` writes nothing and fails when a page is stale. A test does the same, so the pages cannot lag behind.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Sequence
from enum import Enum
from pathlib import Path

from reference_cli import cli_page
from reference_doors import doors_page
from reference_markdown import attribute_docs, codes, first_line, page, table
from reference_native import SCHEMA, native_page, schema_file
from reference_settings import settings_page

from orderwire import errors
from orderwire.app.alarms.settings import AlarmKind
from orderwire.dialects import contract, registry, wire
from orderwire.dialects.contract import Budget, Capability, Once, Profile, Route
from orderwire.ledger import values
from orderwire.model import Channel, ConsentState, IdentifierKind, Kind, RefundKind, family_of
from orderwire.model.facts import MARKETING_ONLY

FOLDER = Path(__file__).parent.parent / "docs" / "reference"
WORDS: tuple[tuple[str, str, tuple[type[Enum], ...]], ...] = (
    (
        "Where a fact stands",
        "At each destination every fact has exactly one disposition; an attempt is one try at a request.",
        (values.Disposition, values.AttemptState, wire.Result),
    ),
    (
        "How a fact travels",
        "What a dialect states of its routes, and what delivery decides from it.",
        (contract.Lane, contract.Resend, contract.Semantics, contract.History, contract.Confirmation, values.Stream),
    ),
    ("What needs somebody", "Alarms, as `orderwire status` and `/metrics` name them.", (AlarmKind,)),
    ("People and orders", "What records are made of.", (IdentifierKind, Channel, ConsentState, RefundKind)),
)


def profiles() -> list[Profile]:
    """The profiles of all dialects that can be imported; the rest are named on stderr."""
    found = []
    for name in sorted(registry.BUILT_IN):
        try:
            found.append(registry.dialect(name).profile)
        except (ImportError, AttributeError) as error:
            print(f"left out: {name} ({error})", file=sys.stderr)
    return found


def capabilities(platforms: Sequence[Profile]) -> str:
    """What each platform can be told: one table over all, then one table each."""
    lines = [
        "What each platform calls each kind of fact.",
        "A dash means that it has no documented server route for it: such a fact ends as *not expressible* there.",
        "",
        *table(
            ["fact", *(profile.title for profile in platforms)],
            [[f"`{kind}`", *(_called(profile.capabilities.get(kind)) for profile in platforms)] for kind in Kind],
        ),
        "[The words](words.md) of the tables below: semantics, resend class, history, confirmation.",
        "",
    ]
    for profile in platforms:
        routes = {route.name: route for route in profile.routes}
        lines += [f"## {profile.title}", "", f"Pinned revision: {profile.revision}.", ""]
        lines += table(
            ["fact", "called", "semantics", "routes, history first", "resend", "history", "note"],
            [_capability_row(kind, profile.capabilities.get(kind), routes) for kind in Kind],
        )
    return page("What each platform can be told", *lines)


def _called(capability: Capability | None) -> str:
    if capability is None or not capability.routes:
        return "–"
    return capability.called or "yes"


def _capability_row(kind: Kind, capability: Capability | None, routes: dict[str, Route]) -> list[str]:
    if capability is None:
        return [f"`{kind}`", "–", "–", "–", "–", "–", "not stated by the dialect"]
    used = [routes[name] for name in capability.routes]
    return [
        f"`{kind}`",
        capability.called if used else "–",
        capability.semantics if used else "–",
        codes(capability.routes),
        _each(used, "resend"),
        _each(used, "history"),
        capability.note,
    ]


def _each(routes: Sequence[Route], field: str) -> str:
    """What the routes say, once where they agree, else in their order."""
    said = [str(getattr(route, field)).replace("_", " ") for route in routes]
    return said[0] if len(set(said)) == 1 else ", ".join(said)


def limits(platforms: Sequence[Profile]) -> str:
    """Budgets and routes of each platform."""
    lines = [
        "The figures that delivery starts from; what a platform's replies say is learned and used instead.",
        "All windows of a budget hold at once, for the whole account.",
        "",
    ]
    for profile in platforms:
        lines += [f"## {profile.title}", "", "### Budgets", ""]
        lines += table(["budget", "windows", "at once", "source"], map(_budget_row, profile.budgets))
        lines += ["### Routes", ""]
        lines += table(
            [
                "route",
                "budget",
                "per request",
                "bytes",
                "bytes an item",
                "resend",
                "confirmation",
                "a refusal",
                "note",
            ],
            map(_route_row, profile.routes),
        )
    return page("Limits", *lines)


def _budget_row(budget: Budget) -> list[str]:
    windows = ", ".join(f"{window.count:,} in {window.per:g} s" for window in budget.windows)
    return [f"`{budget.name}`", windows, str(budget.concurrency), budget.source]


def _route_row(route: Route) -> list[str]:
    notes = [] if route.once is Once.ITEM else [f"each {route.once} once per request"]
    return [
        f"`{route.name}`",
        f"`{route.budget}`",
        f"{route.max_weight:,}",
        f"{route.max_bytes:,}",
        f"{route.max_item_bytes:,}" if route.max_item_bytes else "",
        route.resend,
        route.confirmation.replace("_", " "),
        "names the item"
        if route.names_culprit
        else "is split to find it"
        if route.max_weight > 1
        else "is the item's",
        "; ".join([*notes, *([route.note] if route.note else [])]),
    ]


def platforms_page(platforms: Sequence[Profile]) -> str:
    """What a user has to know and may set for each platform."""
    lines = ["What is set for a destination, and what has to be done at the platform itself.", ""]
    for profile in platforms:
        reads = [*(["opt-outs"] if profile.reads_opt_outs else []), *profile.reads_held]
        lines += [f"## {profile.title}", ""]
        lines += table(
            ["question", "answer"],
            [
                ["name in the settings", f"`{profile.name}`"],
                ["address", f"`{profile.base_url}`" if profile.base_url else "your own: `base_url`"],
                ["pinned revision", profile.revision],
                ["retired on", f"{profile.retires_on}" if profile.retires_on else "no rule is stated"],
                ["the key", profile.key_help],
                ["to pause before history is sent", profile.automations_help],
                ["read back", ", ".join(reads) or "nothing"],
                ["identifiers, strongest first", ", ".join(profile.identity_precedence)],
                [
                    "people of whom only a device is known",
                    "told at once" if profile.takes_anonymous else "held until they are identified",
                ],
                ["joining two people who are one", profile.joining or "not offered there"],
                ["erasure of a person", profile.erasure or "not offered there: by hand"],
            ],
        )
        if profile.options:
            lines += ["Options:", ""]
            lines += table(
                ["option", "default", "meaning"],
                [[f"`{option.name}`", f"`{_setting(option.default)}`", option.help] for option in profile.options],
            )
    return page("Platforms", *lines)


def _setting(value: str | bool | int) -> str:
    return str(value).lower() if isinstance(value, bool) else f'"{value}"' if isinstance(value, str) else str(value)


def errors_page() -> str:
    """The tree of errors with what each means."""
    lines = [
        "Every error raised on purpose; the facts of an error are its attributes.",
        "Indentation is inheritance.",
        "",
    ]
    lines += _error_branch(errors.OrderwireError, 0)
    return page("Errors", *lines)


def _error_branch(kind: type[BaseException], depth: int) -> list[str]:
    about = first_line(kind)
    below = [child for child in kind.__subclasses__() if child.__module__ == errors.__name__]
    line = f"{'  ' * depth}- `{kind.__name__}`: {about}"
    return [line, *(row for child in below for row in _error_branch(child, depth + 1))]


def words() -> str:
    """Every closed vocabulary, with what each word means."""
    lines = [
        "Values as they stand in the ledger, in settings and in `--json` output.",
        "The [glossary](../glossary.md) tells how they belong together.",
        "",
    ]
    lines += ["## Kinds of facts", "", inspect.getdoc(Kind) or "", ""]
    lines += table(
        ["kind", "phase of a first contact", "withheld from people who said no"],
        [
            [
                f"`{kind}`",
                family_of(kind).name.lower(),
                "yes" if kind in MARKETING_ONLY else "no",
            ]
            for kind in Kind
        ],
    )
    for title, about, enums in WORDS:
        lines += [f"## {title}", "", about, ""]
        for enum in enums:
            lines += [f"### {enum.__name__}", "", first_line(enum), ""]
            meanings = attribute_docs(enum)
            lines += table(
                ["value", "meaning"], [[f"`{member.value}`", meanings.get(member.name, "")] for member in enum]
            )
    return page("Words", *lines)


def pages() -> dict[str, str]:
    """Every generated page, by file name."""
    platforms = profiles()
    return {
        "capabilities.md": capabilities(platforms),
        "cli.md": cli_page(),
        "errors.md": errors_page(),
        "front-door.md": doors_page(),
        "limits.md": limits(platforms),
        "native-format.md": native_page(),
        SCHEMA: schema_file(),
        "platforms.md": platforms_page(platforms),
        "settings.md": settings_page(platforms),
        "words.md": words(),
    }


def main() -> int:
    """Write the pages, or with `--check` only compare."""
    fresh = pages()
    stale = [name for name, text in fresh.items() if _on_disk(name) != text]
    if "--check" in sys.argv[1:]:
        for name in stale:
            print(f"stale: docs/reference/{name}; run `make docs`", file=sys.stderr)
        return 1 if stale else 0
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name in stale:
        (FOLDER / name).write_text(fresh[name], encoding="utf-8")
    return 0


def _on_disk(name: str) -> str:
    path = FOLDER / name
    return path.read_text(encoding="utf-8") if path.exists() else ""


if __name__ == "__main__":
    raise SystemExit(main())
