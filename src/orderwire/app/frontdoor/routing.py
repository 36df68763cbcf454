"""From method and path to the endpoints that may be meant."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from urllib.parse import unquote

from msgspec import Struct

from orderwire.dialects.doorway import Door, Endpoint


class Match(Struct, frozen=True):
    """An endpoint whose path fits, and the named parts of the path."""

    door: Door
    endpoint: Endpoint
    parameters: Mapping[str, str]


class _Node:
    """One part of the paths of a door."""

    __slots__ = ("endpoints", "named", "parts")

    def __init__(self) -> None:
        self.parts: dict[str, _Node] = {}
        self.named: _Node | None = None
        self.endpoints: dict[str, tuple[Endpoint, tuple[str, ...]]] = {}


class Routes:
    """All endpoints of one door, found by their path."""

    def __init__(self, door: Door) -> None:
        self.door = door
        self._root = _Node()
        for endpoint in door.endpoints:
            self._add(endpoint)

    def _add(self, endpoint: Endpoint) -> None:
        node = self._root
        names: list[str] = []
        for part in _parts(endpoint.path):
            if part.startswith("{"):
                names.append(part.strip("{}"))
                node.named = node.named or _Node()
                node = node.named
            else:
                node = node.parts.setdefault(part, _Node())
        if endpoint.method in node.endpoints:
            raise ValueError(f"{self.door.name} has {endpoint.method} {endpoint.path} twice")
        node.endpoints[endpoint.method] = (endpoint, tuple(names))

    def methods(self, path: str) -> dict[str, Match]:
        """What this path offers, by method; a part that is written out goes before a named one."""
        found: dict[str, Match] = {}
        for node, values in self._walk(self._root, _parts(path), ()):
            for method, (endpoint, names) in node.endpoints.items():
                if method not in found:
                    found[method] = Match(self.door, endpoint, dict(zip(names, values, strict=True)))
        return found

    def _walk(
        self, node: _Node, parts: Sequence[str], values: tuple[str, ...]
    ) -> Iterator[tuple[_Node, tuple[str, ...]]]:
        if not parts:
            yield node, values
            return
        first, rest = parts[0], parts[1:]
        if first in node.parts:
            yield from self._walk(node.parts[first], rest, values)
        if node.named is not None:
            yield from self._walk(node.named, rest, (*values, unquote(first)))


def _parts(path: str) -> list[str]:
    return [part for part in path.split("/") if part]
