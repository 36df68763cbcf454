"""Collects the faults of a mapping, each with its place, a suggestion and what to do."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import get_close_matches

from orderwire.errors import ConfigError


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """`Did you mean "total"?` for a near miss, else the list of what there is (if it is short)."""
    known = sorted(set(known))
    lowered = {name.lower(): name for name in known}
    close = get_close_matches(word.lower(), lowered, n=1, cutoff=0.6)
    if close:
        return f'Did you mean "{lowered[close[0]]}"?'
    return f"There are: {', '.join(known)}." if 0 < len(known) <= 40 else ""


class Faults:
    """A growing list of configuration errors below one place, and readers of typed values that add to it."""

    def __init__(self, root: str) -> None:
        self.root = root
        self.found: list[ConfigError] = []

    def add(self, place: str, problem: str, remedy: str = "") -> None:
        """Add one fault; `place` is below the root, "" is the root itself."""
        self.found.append(ConfigError(f"{self.root}.{place}" if place else self.root, problem, remedy))

    def check_keys(self, place: str, table: Mapping[str, object], known: Iterable[str]) -> None:
        """Add a fault for every key of the table that means nothing there."""
        known = tuple(known)
        for key in table:
            if key not in known:
                self.add(_join(place, key), "is not a setting.", did_you_mean(key, known))

    def text(self, place: str, table: Mapping[str, object], key: str) -> str | None:
        """The text under a key; None where it is absent or not a text."""
        value = table.get(key)
        if value is None:
            return None
        if isinstance(value, str) and value.strip():
            return value
        self.add(_join(place, key), "must be a text.")
        return None

    def texts(self, place: str, table: Mapping[str, object], key: str) -> tuple[str, ...]:
        """The list of texts under a key; empty where it is absent or something else."""
        value = table.get(key, [])
        if isinstance(value, list) and all(isinstance(item, str) and item for item in value):
            return tuple(value)
        self.add(_join(place, key), "must be a list of texts.")
        return ()

    def whole(self, place: str, table: Mapping[str, object], key: str, least: int) -> int | None:
        """The whole number under a key; None where it is absent or out of range."""
        value = table.get(key)
        if value is None:
            return None
        if isinstance(value, int) and not isinstance(value, bool) and value >= least:
            return value
        self.add(_join(place, key), f"must be a whole number, {least} or more.")
        return None

    def flag(self, place: str, table: Mapping[str, object], key: str, *, default: bool) -> bool:
        """The true or false under a key."""
        value = table.get(key, default)
        if isinstance(value, bool):
            return value
        self.add(_join(place, key), "must be true or false.")
        return default

    def table(self, place: str, table: Mapping[str, object], key: str) -> Mapping[str, object]:
        """The table under a key; empty where it is absent or something else."""
        value = table.get(key, {})
        if isinstance(value, Mapping):
            return value
        self.add(_join(place, key), "must be a table.")
        return {}


def _join(place: str, key: str) -> str:
    return f"{place}.{key}" if place else key
