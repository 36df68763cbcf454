"""What every client's program is made of: calls by name, what each should answer, and a line of JSON for each."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import Any

HOUSE: dict[str, Any] = json.loads(sys.argv[1])
"""`url` of the server, and `key`, `account` and `public` key for the platform."""


def call(
    name: str, make: Callable[[], Any], show: Callable[[Any], Any] = lambda _answer: None, expected: Any = None
) -> Any:
    """Make a call; it is right when it raises nothing and `show` of its answer is what was expected."""
    try:
        answer = make()
        shown = show(answer)
    except Exception as error:  # noqa: BLE001 - whatever a client raises, its call went wrong
        tell(name, f"{type(error).__name__}: {error}")
        return None
    tell(name, "" if shown == expected else f"expected {expected!r}, got {shown!r}")
    return answer


def refused(name: str, make: Callable[[], Any], show: Callable[[Any], Any], expected: Any) -> None:
    """Make a call that is to be refused; it is right when `show` of the client's error is what was expected."""
    try:
        answer = make()
    except Exception as error:  # noqa: BLE001 - each client has its own errors
        shown = show(error)
        tell(name, "" if shown == expected else f"expected {expected!r}, got {shown!r}: {error}")
    else:
        tell(name, f"was not refused: {answer!r}")


def tell(name: str, wrong: str) -> None:
    """Tell how a call went."""
    sys.stdout.write(json.dumps({"call": name, "wrong": wrong[:600]}) + "\n")
