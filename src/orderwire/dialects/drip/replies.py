"""What Drip's replies mean.

A 202 or 201 only says that a request is queued: no later answer is documented, so what it carried stays accepted.
Three shapes of refusal exist: `errors` (v2), a single `error` object or text (the gateway's schema check, broken
JSON) and a bare `message` (rate limits, gateway). None of them names an item of a batch.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import DecodeError, json

from orderwire.dialects.contract import Item, Route
from orderwire.dialects.wire import Observed, Result, Verdict, WireReply

_V3 = frozenset({"order", "orders", "cart", "carts", "product", "products", "checkout"})
_DOCUMENTED = {"subscribers": 201, "events": 201, "event": 204, "unsubscribes": 204}
_SAME_PERSON_WAIT = 1.0
_QUOTED = re.compile(r"\"[^\"]*(?:\"|$)|'[^']*(?:'|$)|`[^`]*(?:`|$)")
_ADDRESS = re.compile(r"\S*@\S*")
_NUMBER = re.compile(r"\+?\d[\d .-]{4,}")


def interpret(route: Route, reply: WireReply, items: Sequence[Item]) -> Verdict:
    """What became of a request's items."""
    status = reply.status
    observed = _observed(route, reply.headers)
    body = _decoded(reply.body)
    if 200 <= status < 300:
        return _taken(route, status, body, observed)
    reason = _reason(status, body)
    if status == 429:
        wait = _retry_after(reply.headers, body)
        return Verdict(result=Result.RATE_LIMITED, reason=reason, retry_after=wait, observed=observed)
    return Verdict(result=_refusal(route, status, body, len(items)), reason=reason, observed=observed)


def _taken(route: Route, status: int, body: Any, observed: tuple[Observed, ...]) -> Verdict:
    if route.name == "subscriber":
        # Only the person in the reply proves anything; without it the same is sent again, which overwrites.
        if _holds_subscriber(body):
            return Verdict(result=Result.CONFIRMED, observed=observed)
    elif status == _DOCUMENTED.get(route.name, 202) or (route.name in _V3 and _holds_request_id(body)):
        return Verdict(result=Result.ACCEPTED, observed=observed)
    reason = f"answered {status} without what Drip documents: something in between may have answered"
    return Verdict(result=Result.UNKNOWN, reason=reason, observed=observed)


def _refusal(route: Route, status: int, body: Any, count: int) -> Result:
    if status == 401 or (status == 403 and _code(body) in ("", "authorization_error", "authentication_error")):
        return Result.UNAUTHORIZED
    if status == 404 and route.name not in ("subscriber", "event"):
        # These paths name nothing but the account, so it is the account that is not found.
        return Result.UNAUTHORIZED
    if status in (408, 503) or status < 400:
        return Result.UNAVAILABLE
    if status >= 500:
        return Result.UNKNOWN
    return Result.SPLIT if count > 1 else Result.REJECTED


def _decoded(body: bytes) -> Any:
    try:
        return json.decode(body)
    except (DecodeError, UnicodeDecodeError, RecursionError):
        return None


def _holds_subscriber(body: Any) -> bool:
    found = body.get("subscribers") if isinstance(body, dict) else None
    return isinstance(found, list) and len(found) == 1 and isinstance(found[0], dict)


def _holds_request_id(body: Any) -> bool:
    return isinstance(body, dict) and bool(body.get("request_id") or body.get("request_ids"))


def _errors(body: Any) -> list[dict[str, Any]]:
    found = body.get("errors") if isinstance(body, dict) else None
    return [error for error in found if isinstance(error, dict)] if isinstance(found, list) else []


def _code(body: Any) -> str:
    return next((str(error["code"]) for error in _errors(body) if error.get("code")), "")


def _reason(status: int, body: Any) -> str:
    parts = []
    for error in _errors(body)[:5]:
        named = [str(error[field]) for field in ("code", "attribute") if isinstance(error.get(field), str)]
        parts.append(" ".join(named) or _message(error))
    if not parts and isinstance(body, dict):
        nested = body.get("error")
        parts.append(_message(nested if isinstance(nested, dict) else {"message": nested or body.get("message")}))
    said = "; ".join(part for part in parts if part)
    return f"{status} {_impersonal(said)}".strip()[:240]


def _message(error: Mapping[str, Any]) -> str:
    message = error.get("message")
    return message if isinstance(message, str) else ""


def _impersonal(text: str) -> str:
    """The platform's words without values that it may have quoted from the request."""
    text = text.partition("JSON you submitted")[0] + ("JSON refused" if "JSON you submitted" in text else "")
    for pattern in (_QUOTED, _ADDRESS, _NUMBER):
        text = pattern.sub("…", text)
    return text


def _retry_after(headers: Mapping[str, str], body: Any) -> float | None:
    """Seconds to wait, where the reply says; the limit for one person's parallel calls is over at once."""
    wait = _positive(headers.get("retry-after"))
    if wait is not None:
        return wait
    said = [body, *_errors(body)] if isinstance(body, dict) else []
    if any("same subscriber" in _message(part) for part in said):
        return _SAME_PERSON_WAIT
    return None


def _positive(text: str | None) -> float | None:
    try:
        value = float(text or "")
    except ValueError:
        return None
    return value if math.isfinite(value) and value >= 0 else None


def _observed(route: Route, headers: Mapping[str, str]) -> tuple[Observed, ...]:
    limit, left = _positive(headers.get("x-ratelimit-limit")), _positive(headers.get("x-ratelimit-remaining"))
    if not limit:
        return ()
    remaining = None if left is None else int(left)
    return (Observed(budget=route.budget, limit=int(limit), per=3600.0, remaining=remaining),)
