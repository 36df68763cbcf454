"""What to make of a reply. GraphQL says no with status 200: throttled, too costly at once, not allowed."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from orderwire.dialects.connector import Download, Judgement
from orderwire.dialects.shop_json import Misread, decoded
from orderwire.dialects.shopify.bulk import RUNNING, begins
from orderwire.dialects.wire import Result, WireReply, WireRequest

_BUSY = frozenset({408, 500, 502, 503, 504, 520, 521, 522, 523, 524})
_CODES: Mapping[str, Result] = {
    "THROTTLED": Result.RATE_LIMITED,
    "MAX_COST_EXCEEDED": Result.SPLIT,
    "INTERNAL_SERVER_ERROR": Result.UNAVAILABLE,
    "TIMEOUT": Result.UNAVAILABLE,
    "ACCESS_DENIED": Result.UNAUTHORIZED,
    "SHOP_INACTIVE": Result.REJECTED,
}
_CLOSED = {402: "the shop is frozen: it has not paid", 423: "the shop is locked", 404: "no such shop or API version"}
_LONGEST_REST = 20.0
_WHILE_RUNNING = 30.0
"""How long a bulk operation is left alone before it is asked for again: longer than a pass is held open."""


def judge(request: WireRequest, reply: WireReply) -> Judgement:
    """What to make of a reply before it is read. Whether a file is still there is seen when it is read."""
    status = reply.status
    if isinstance(request, Download) and status not in (429, *_BUSY):
        return Judgement()
    if status in (429, 430):
        return Judgement(result=Result.RATE_LIMITED, retry_after=_seconds(reply.headers.get("retry-after", "")))
    if status in (401, 403):
        return Judgement(result=Result.UNAUTHORIZED, reason=f"status {status}")
    if status in _BUSY:
        wait = _seconds(reply.headers.get("retry-after", ""))
        return Judgement(result=Result.UNAVAILABLE, reason=f"status {status}", retry_after=wait)
    if status != 200:
        return Judgement(result=Result.REJECTED, reason=_CLOSED.get(status, f"status {status}"))
    try:
        body = decoded(reply.body)
    except Misread:
        return Judgement(result=Result.UNAVAILABLE, reason="no JSON")
    judged = _answered(body)
    if begins(request) and judged.result in (Result.UNAUTHORIZED, Result.REJECTED):
        return Judgement(rest=judged.rest)
    return judged


def _answered(body: Any) -> Judgement:
    if not isinstance(body, dict):
        return Judgement(result=Result.UNAVAILABLE, reason="no object")
    missing, restore, left, cost = _throttle(body)
    errors = body.get("errors")
    if not errors:
        rest = min(missing / restore, _LONGEST_REST) if restore else 0.0
        return Judgement(rest=max(rest, _WHILE_RUNNING) if _is_running(body) else rest)
    if not isinstance(errors, list):
        return Judgement(result=Result.UNAUTHORIZED, reason="the token is refused")
    codes = [code for one in errors if (code := _code(one))]
    result = next((_CODES[code] for code in codes if code in _CODES), Result.REJECTED)
    if result is Result.RATE_LIMITED:
        wait = max(cost - left, 1.0) / restore if restore else None
        return Judgement(result=result, retry_after=wait)
    return Judgement(result=result, reason=_reason(codes, errors))


def _is_running(body: Mapping[str, Any]) -> bool:
    """Whether this is about a bulk operation that is not done yet."""
    data = body.get("data")
    node = data.get("node") if isinstance(data, dict) else None
    return isinstance(node, dict) and node.get("status") in RUNNING


def _throttle(body: Mapping[str, Any]) -> tuple[float, float, float, float]:
    """How many points are missing for another question like this, how fast they come back, how many are left."""
    value: Any = body
    for name in ("extensions", "cost"):
        value = value.get(name) if isinstance(value, dict) else None
    status = value.get("throttleStatus") if isinstance(value, dict) else None
    if not isinstance(value, dict) or not isinstance(status, dict):
        return 0.0, 0.0, 0.0, 0.0
    cost, left = _number(value.get("requestedQueryCost")), _number(status.get("currentlyAvailable"))
    return max(cost - left, 0.0), _number(status.get("restoreRate")), left, cost


def _number(value: Any) -> float:
    return float(value) if isinstance(value, int | Decimal) and not isinstance(value, bool) and value < 10**9 else 0.0


def _code(error: Any) -> str:
    extensions = error.get("extensions") if isinstance(error, dict) else None
    code = extensions.get("code") if isinstance(extensions, dict) else None
    return code.upper() if isinstance(code, str) and code.replace("_", "").isalnum() and len(code) < 60 else ""


def _reason(codes: list[str], errors: list[Any]) -> str:
    """The codes, and the fields that are not allowed; the message itself may hold anything."""
    paths = {
        ".".join(str(step) for step in one["path"] if isinstance(step, str))
        for one in errors
        if isinstance(one, dict) and isinstance(one.get("path"), list)
    }
    return ", ".join([*dict.fromkeys(codes), *(f"at {path}" for path in sorted(paths) if path)]) or "an error"


def _seconds(text: str) -> float | None:
    try:
        wait = float(text)
    except ValueError:
        return None
    return wait if 0 <= wait < 1e7 else None
