"""What Omnisend says when it refuses: `{error, fields}` in /v3 and /v5, a problem document in /api."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any
from uuid import UUID

from msgspec import Struct

from orderwire.dialects.doorway import Call, Refused, Reply
from orderwire.dialects.omnisend.shapes import encode
from orderwire.errors import OrderwireError

NO_KEY = "API key or access token not provided"


class Generation(StrEnum):
    """The three generations of the API that are served side by side."""

    V3 = "v3"
    V5 = "v5"
    DATED = "api"
    """Versioned by date, in a header."""


class Fault(Struct, frozen=True, kw_only=True):
    """What is wrong with one field; `path` is dotted, places in lists are numbers."""

    path: str
    message: str
    code: str = "invalid"


class Refusal(OrderwireError):
    """A call, or an item of a batch, that is answered with a fault and adds nothing."""

    def __init__(self, status: int, message: str, *faults: Fault, kind: str = "") -> None:
        self.status = status
        self.message = message
        self.faults = faults
        self.kind = kind
        super().__init__(f"refused with status {status}")


_KINDS: Mapping[int, tuple[str, str]] = {
    400: ("bad-request", "Bad request"),
    401: ("unauthorized", "Unauthorized"),
    403: ("forbidden", "Forbidden"),
    404: ("not-found", "Not found"),
    405: ("method-not-allowed", "Method not allowed"),
    409: ("conflict", "Conflict"),
    410: ("version-retired", "API version retired"),
    413: ("payload-too-large", "Payload too large"),
    422: ("unprocessable", "Unprocessable entity"),
    429: ("rate-limit-exceeded", "Rate limit exceeded"),
    500: ("internal-error", "Internal error"),
    503: ("unavailable", "Service unavailable"),
}

_MEANINGS: Mapping[Refused, tuple[int, str]] = {
    Refused.NO_KEY: (401, NO_KEY),
    Refused.BAD_KEY: (401, "Invalid API key"),
    Refused.FORBIDDEN: (403, "You don't have permission to access this resource"),
    Refused.NOT_FOUND: (404, "Not found"),
    Refused.NOT_ALLOWED: (405, "Method not allowed"),
    Refused.LIMITED: (429, "Too many requests"),
    Refused.TOO_LARGE: (413, "Request body is too large"),
    Refused.NOT_READABLE: (400, "Request body can't be read"),
    Refused.UNAVAILABLE: (503, "Service is temporarily unavailable"),
    Refused.BROKEN: (500, "Internal server error"),
}


def generation_of(path: str) -> Generation:
    """Which generation a path belongs to; the dated one for a path of none."""
    first = path.lstrip("/").partition("/")[0]
    return Generation(first) if first in ("v3", "v5") else Generation.DATED


def invalid(faults: Sequence[Fault]) -> Refusal:
    """The refusal of a body for its fields."""
    return Refusal(400, f"{len(faults)} error(s) found. Check 'fields' array for details.", *faults)


def body_of(call: Call, refusal: Refusal) -> dict[str, Any]:
    """A refusal in the words of the call's generation."""
    if generation_of(call.path) is Generation.DATED:
        return _problem(call, refusal)
    body: dict[str, Any] = {"error": refusal.message}
    if refusal.faults:
        body["fields"] = {"0": [f"{_indexed(fault.path)}: {fault.message}" for fault in refusal.faults]}
    return body


def reply_of(call: Call, refusal: Refusal) -> Reply:
    """The whole answer to a call that is refused."""
    return Reply(status=refusal.status, body=encode(body_of(call, refusal)))


def refuse(call: Call, why: Refused, retry_after: float | None) -> Reply:
    """The answer to a call that the server turns away itself.

    Quirk: a call to /v5 without a key was seen to be answered with 400.
    """
    status, message = _MEANINGS[why]
    if why is Refused.NO_KEY and generation_of(call.path) is Generation.V5:
        status = 400
    body = body_of(call, Refusal(status, message))
    headers: tuple[tuple[str, str], ...] = ()
    if retry_after is not None:
        wait = max(1, -int(-retry_after // 1))
        headers = (("Retry-After", str(wait)),)
        if generation_of(call.path) is Generation.DATED and status == 429:
            body["retryAfter"] = wait
    return Reply(status=status, body=encode(body), headers=headers)


def _problem(call: Call, refusal: Refusal) -> dict[str, Any]:
    name, title = _KINDS.get(refusal.status, ("problem", "Problem"))
    if refusal.faults:
        name, title = "validation-failed", "Validation failed"
    body: dict[str, Any] = {
        "type": f"https://problems.omnisend.com/{refusal.kind or name}",
        "title": title,
        "status": refusal.status,
        "detail": refusal.message if not refusal.faults else "One or more fields are invalid",
        "instance": f"urn:omnisend:request:{_uuid(call.request_id)}",
    }
    if refusal.faults:
        body["errors"] = [
            {"field": fault.path, "code": fault.code, "message": fault.message} for fault in refusal.faults
        ]
    return body


def _indexed(path: str) -> str:
    """`identifiers.0.channels` as the older generations write it: `identifiers[0].channels`."""
    first, *rest = path.split(".")
    return first + "".join(f"[{part}]" if part.isdigit() else f".{part}" for part in rest)


def _uuid(request_id: str) -> str:
    try:
        return str(UUID(hex=request_id))
    except ValueError:
        return str(UUID(int=0))
