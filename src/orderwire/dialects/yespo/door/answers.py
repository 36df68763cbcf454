"""How the platform answers: JSON, nothing at all, or plain text, which errors always are."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeAlias

import msgspec

from orderwire.dialects.doorway import Answer, Call, Reply, Shelves
from orderwire.dialects.yespo.door.values import Refusal, Unfit

Answerer: TypeAlias = Callable[[Call, Shelves], Answer]

_JSON = "application/json;charset=UTF-8"
_TEXT = "text/plain;charset=UTF-8"
_ENCODER = msgspec.json.Encoder(decimal_format="number")

NOTHING = Reply(content_type=_JSON)
"""What a call with no news answers: 200 without a body, which some clients take for the only success."""


def shown(value: Any, *, status: int = 200, headers: tuple[tuple[str, str], ...] = ()) -> Reply:
    """A JSON answer."""
    return Reply(status=status, body=_ENCODER.encode(value), content_type=_JSON, headers=headers)


def said(text: str) -> Reply:
    """A success in words: the platform labels them JSON, though they are none."""
    return Reply(body=text.encode(), content_type=_JSON)


def refused(status: int, text: str) -> Reply:
    """An error: plain text, never JSON."""
    return Reply(status=status, body=text.encode("utf-8", "replace"), content_type=_TEXT)


def collapsed(values: list[Any]) -> Any:
    """A list as the service writes it: one element alone stands without its list."""
    return values[0] if len(values) == 1 else values


def answering(function: Answerer) -> Answerer:
    """The same, with a refusal as the answer it is."""

    @wraps(function)
    def answer(call: Call, shelves: Shelves) -> Answer:
        try:
            return function(call, shelves)
        except Refusal as refusal:
            return refused(refusal.status, refusal.text)
        except Unfit as unfit:
            return refused(400, str(unfit))

    return answer
