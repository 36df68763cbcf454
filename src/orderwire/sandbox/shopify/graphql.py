"""As much of GraphQL as a client of the Admin API needs: one query of fields, aliases, arguments and typed fragments.

A thing is a dictionary of its fields; a list behind `first` and `after` is a `Connection`. A field that a thing has
not is an error, as it is there. Costs are counted as they were documented: nothing for a scalar, one point for an
object, two and the cost of so many members for a connection.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

_TOKEN = re.compile(r'\s+|,|(\.\.\.|"(?:[^"\\]|\\.)*"|\$\w+|-?\d+|\w+|[{}()\[\]:!=])')
_WORDS = {"null": None, "true": True, "false": False}


class Unanswerable(Exception):
    """A query that is refused: the code of the error, and its message."""

    def __init__(self, code: str, message: str) -> None:
        self.code = code
        super().__init__(message)


@dataclass
class Field:
    """One field asked for."""

    name: str
    alias: str
    arguments: dict[str, Any] = field(default_factory=dict)
    fields: list[Field] = field(default_factory=list)
    on: str = ""
    """The type that it is asked of only; empty for any."""


@dataclass
class Connection:
    """A list that is given in pages."""

    things: Sequence[Any]


class _Parser:
    def __init__(self, text: str, variables: Mapping[str, Any]) -> None:
        self._tokens = [token for token in _tokens(text) if token]
        self._at = 0
        self._variables = variables

    def query(self) -> list[Field]:
        """The fields of the one query, or of the one mutation."""
        if self._peek() in ("query", "mutation"):
            self._next()
            if self._peek() not in ("{", "("):
                self._next()
            if self._peek() == "(":
                while self._next() != ")":
                    pass
        return self._fields()

    def _fields(self, on: str = "") -> list[Field]:
        self._expect("{")
        found: list[Field] = []
        while self._peek() != "}":
            if self._peek() == "...":
                self._next()
                self._expect("on")
                found += self._fields(self._next())
            else:
                found.append(self._field(on))
        self._next()
        return found

    def _field(self, on: str) -> Field:
        alias = name = self._next()
        if self._peek() == ":":
            self._next()
            name = self._next()
        made = Field(name, alias, on=on)
        if self._peek() == "(":
            self._next()
            while self._peek() != ")":
                key = self._next()
                self._expect(":")
                made.arguments[key] = self._value()
            self._next()
        if self._peek() == "{":
            made.fields = self._fields()
        return made

    def _value(self) -> Any:
        token = self._next()
        if token.startswith("$"):
            return self._variables.get(token[1:])
        if token.startswith('"'):
            return token[1:-1]
        return int(token) if re.fullmatch(r"-?\d+", token) else _WORDS.get(token, token)

    def _peek(self) -> str:
        return self._tokens[self._at] if self._at < len(self._tokens) else ""

    def _next(self) -> str:
        token = self._peek()
        if not token:
            raise Unanswerable("GRAPHQL_PARSE_FAILED", "syntax error, unexpected end of file")
        self._at += 1
        return token

    def _expect(self, token: str) -> None:
        if self._next() != token:
            raise Unanswerable("GRAPHQL_PARSE_FAILED", f"syntax error, expected {token}")


def _tokens(text: str) -> Iterator[str]:
    at = 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise Unanswerable("GRAPHQL_PARSE_FAILED", "syntax error, unexpected character")
        yield match[1] or ""
        at = match.end()


def parsed(text: str, variables: Mapping[str, Any]) -> list[Field]:
    """The fields of a query."""
    return _Parser(text, variables).query()


def cost_of(fields: Sequence[Field], is_connection: frozenset[str]) -> int:
    """What a query is asked to cost before it is known what there is."""
    total = 0
    for one in fields:
        if not one.fields:
            continue
        inner = cost_of(one.fields, is_connection)
        if one.name in ("nodes", "pageInfo"):
            total += inner
        elif one.name in is_connection:
            total += 2 + int(one.arguments.get("first") or 1) * (1 + inner)
        else:
            total += 1 + inner
    return total


def answered(thing: Mapping[str, Any], fields: Sequence[Field]) -> dict[str, Any]:
    """What a thing says to these fields."""
    kind = str(thing.get("__typename", ""))
    found: dict[str, Any] = {}
    for one in fields:
        if one.on and one.on != kind:
            continue
        if one.name not in thing:
            raise Unanswerable("undefinedField", f"Field '{one.name}' doesn't exist on type '{kind}'")
        value = thing[one.name]
        found[one.alias] = _value_of(value(one.arguments) if callable(value) else value, one)
    return found


def _value_of(value: Any, of: Field) -> Any:
    if isinstance(value, Connection):
        return _page(value, of)
    if isinstance(value, list):
        first = of.arguments.get("first")
        return [_value_of(one, of) for one in value[:first]]
    if isinstance(value, Mapping):
        if not of.fields:
            raise Unanswerable("selectionMismatch", f"Field must have selections (field '{of.name}')")
        return answered(value, of.fields)
    return value


def _page(value: Connection, of: Field) -> dict[str, Any]:
    first = of.arguments.get("first")
    if not isinstance(first, int) or not 1 <= first <= 250:
        raise Unanswerable("BAD_REQUEST", "you must provide one of first or last, at most 250")
    start = int(of.arguments.get("after") or 0)
    page = value.things[start : start + first]
    shown: dict[str, Any] = {}
    for one in of.fields:
        if one.name == "nodes":
            shown[one.alias] = [answered(thing, one.fields) for thing in page]
        elif one.name == "pageInfo":
            info = {
                "__typename": "PageInfo",
                "hasNextPage": start + first < len(value.things),
                "endCursor": str(start + len(page)) if page else None,
            }
            shown[one.alias] = answered(info, one.fields)
        else:
            raise Unanswerable("undefinedField", f"Field '{one.name}' doesn't exist on a connection")
    return shown
