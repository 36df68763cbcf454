"""Replies of our own API."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct, json

from orderwire.dialects.doorway import Reply
from orderwire.dialects.native.door.shapes import Failure, Problem
from orderwire.errors import InvalidRecord


def said(value: Struct | dict[str, object], status: int = 200) -> Reply:
    """A value as JSON."""
    return Reply(status=status, body=json.encode(value))


def failed(status: int, error: str, message: str, problems: Sequence[Problem] = ()) -> Reply:
    """An answer that is no success."""
    return said(Failure(error=error, message=message, problems=tuple(problems)), status)


def problem_of(error: InvalidRecord) -> Problem:
    """What is wrong with a record, without its values."""
    return Problem(place=error.path, problem=error.problem, remedy=error.remedy)
