"""How the platform answers: always JSON, also when it refuses."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeAlias

import msgspec

from orderwire.dialects.doorway import Answer, Call, Reply, Shelves
from orderwire.dialects.ometria.door.values import Refusal, Unfit

Answerer: TypeAlias = Callable[[Call, Shelves], Answer]
_ENCODER = msgspec.json.Encoder(decimal_format="number")


def shown(value: Any, *, status: int = 200) -> Reply:
    """A JSON answer."""
    return Reply(status=status, body=_ENCODER.encode(value))


def failed(status: int, message: str) -> Reply:
    """A refusal. Its exact body is not documented, only that it is JSON: clients decode it without a look before."""
    return shown({"status": "ERROR", "message": message}, status=status)


def answering(function: Answerer) -> Answerer:
    """The same, with a refusal as the answer it is."""

    @wraps(function)
    def answer(call: Call, shelves: Shelves) -> Answer:
        try:
            return function(call, shelves)
        except Refusal as refusal:
            return failed(refusal.status, refusal.message)
        except Unfit as unfit:
            return failed(400, f"Payload invalid: {unfit.path}: not a valid value")

    return answer
