"""The page of the front door: every call that each platform's clients may make, and those they may not."""

from __future__ import annotations

from reference_markdown import page, table

from orderwire.dialects import registry
from orderwire.dialects.doorway import Door, Endpoint


def doors_page() -> str:
    """What is offered, door by door, and what is not, with the reason."""
    doors = [registry.door(name) for name in sorted(registry.DOORS)]
    lines = [
        "The calls that `orderwire serve` answers, at these paths and below `/<platform>`.",
        "What is not listed answers as the platform answers an unknown path.",
        "A key with *write* may also make the calls of *browse*, which are open to browsers; a dash needs no key.",
        "",
        *table(
            ["platform", "calls", "not offered"],
            [[door.title, str(len(door.endpoints)), str(len(door.not_offered))] for door in doors],
        ),
    ]
    for door in doors:
        lines += [f"## {door.title}", "", *_rates(door), *_calls(door)]
        if door.not_offered:
            lines += [
                "Not offered:",
                "",
                *table(["call", "why"], [[f"`{one.call}`", one.why] for one in door.not_offered]),
            ]
    return page("What the front door offers", *lines)


def _rates(door: Door) -> list[str]:
    rows = [
        [f"`{name}`", ", ".join(f"{window.count:,} in {window.per:g} s" for window in windows)]
        for name, windows in door.families.items()
        if windows
    ]
    return table(["rate family", "at most"], rows) if rows else []


def _calls(door: Door) -> list[str]:
    ordered = sorted(door.endpoints, key=lambda one: (one.path, one.method))
    return table(["call", "key", "rate family", "note"], [_row(one) for one in ordered])


def _row(endpoint: Endpoint) -> list[str]:
    scope = endpoint.scope.value if endpoint.scope is not None else ""
    family = f"`{endpoint.family}`" if endpoint.family else ""
    return [f"`{endpoint.method} {endpoint.path}`", scope, family, endpoint.note]
