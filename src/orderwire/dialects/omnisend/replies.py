"""What the replies say: single calls and the acceptance of batches."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from orderwire.dialects.contract import Item, Route
from orderwire.dialects.omnisend.fields import (
    CONTACT,
    ENDPOINT_BY_BATCH_ROUTE,
    EVENT,
    PRODUCT_CREATE,
    PRODUCT_REPLACE,
    PRODUCT_WITHDRAW,
    PRODUCTS_BATCH,
)
from orderwire.dialects.wire import Observed, Result, Verdict, WireReply, WireRequest

BUDGET = "account"
MINUTE = 60.0
THERE_ALREADY = "409: there already, the replacement that follows overwrites it"
OUTDATED = "status: a newer `nonSubscribed` there stands, the yes was not taken"
DROPPED = "identifier: belongs to another contact there and was not taken"

_REFUSALS: Mapping[int, tuple[Result, str]] = {
    401: (Result.UNAUTHORIZED, "the key is refused"),
    403: (Result.UNAUTHORIZED, "the key lacks a right, or is blocked after too many errors"),
    404: (Result.UNAVAILABLE, "no such path: check the base URL"),
    408: (Result.UNAVAILABLE, "the request did not arrive whole"),
    410: (Result.UNAUTHORIZED, "this API version is retired: a newer Orderwire is needed"),
    429: (Result.RATE_LIMITED, "rate limited"),
    503: (Result.UNAVAILABLE, "unavailable"),
}
_MEANINGS_BY_ROUTE: Mapping[tuple[str, int], tuple[Result, str]] = {
    (PRODUCT_CREATE, 409): (Result.CONFIRMED, THERE_ALREADY),
    (PRODUCT_REPLACE, 404): (
        Result.REJECTED,
        "404: the product is not there any more; a replay as history creates it again",
    ),
    (PRODUCT_WITHDRAW, 404): (Result.CONFIRMED, "404: not there, so nothing to withdraw"),
}
_ITEM_MEANINGS: Mapping[tuple[str, int], tuple[Result, str]] = {
    (PRODUCTS_BATCH, 409): (Result.CONFIRMED, THERE_ALREADY),
    (PRODUCTS_BATCH, 404): (Result.UNAVAILABLE, "404: its creation is not finished yet"),
}
_RETRIED_ITEM_CODES = frozenset({401, 403, 408, 429, 503})
_NEITHER_TAKEN_NOR_REFUSED = range(300, 400)
_LONGEST_REASON = 200
_PERSONAL = re.compile(r"""'[^']*'|"[^"]*"|`[^`]*`|\S*@\S*|\+?\d[\d \-()]{5,}\d""")


def interpret(route: Route, request: WireRequest, reply: WireReply, items: Sequence[Item]) -> Verdict:
    """Read the reply to an assembled request."""
    body = json_of(reply.body)
    observed = _observed(reply)
    if 200 <= reply.status < 300:
        return _taken(route, request, body, observed)
    result, reason = _refusal(route, reply.status, body, is_batch=len(items) > 1)
    wait = _retry_after(reply, body) if result in (Result.RATE_LIMITED, Result.UNAVAILABLE) else None
    return Verdict(result=result, reason=reason, retry_after=wait, observed=observed)


def item_result(route: Route, code: int, response: Any) -> tuple[Result, str]:
    """What became of one item of a batch, by the code its single call would have had."""
    if 200 <= code < 300:
        return Result.CONFIRMED, ""
    if (route.name, code) in _ITEM_MEANINGS:
        return _ITEM_MEANINGS[route.name, code]
    if code in _RETRIED_ITEM_CODES:
        return Result.UNAVAILABLE, reason_of(code, response)
    if 400 <= code < 500:
        return Result.REJECTED, reason_of(code, response)
    return Result.UNKNOWN, reason_of(code, response)


def json_of(body: bytes) -> Any:
    """A reply's JSON; None where it is none or cut off."""
    try:
        return msgspec.json.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None


def reason_of(status: int, body: Any) -> str:
    """The platform's own words, without what may be a person's: quoted values, addresses, phone numbers."""
    if not isinstance(body, dict):
        return str(status)
    words = [text for name in ("title", "error", "detail") if isinstance(text := body.get(name), str) and text]
    errors = body.get("errors")
    words += [
        " ".join(str(error[name]) for name in ("field", "code", "message") if error.get(name))
        for error in (errors if isinstance(errors, list) else ())
        if isinstance(error, dict)
    ]
    fields = body.get("fields")
    for problems in fields.values() if isinstance(fields, dict) else ():
        words += [str(problem) for problem in (problems if isinstance(problems, list) else (problems,))]
    text = "; ".join(dict.fromkeys(_PERSONAL.sub("…", word) for word in words))
    return f"{status}: {text}"[:_LONGEST_REASON] if text else str(status)


def contact_fault(request: Any, response: Any) -> str:
    """What a contact's reply shows not to have been taken though it reports success; empty where nothing is missing.

    A clashing identifier is dropped without an error, and a yes loses silently to a `nonSubscribed` with a newer
    date, such as that of a contact that an event has just created. A yes that loses to a newer no is no fault.
    """
    kept = response.get("identifiers") if isinstance(response, dict) else None
    sent = request.get("identifiers") if isinstance(request, dict) else None
    if not (isinstance(kept, list) and kept and isinstance(sent, list)):
        return ""
    statuses_by_name = {_plain(identifier): _statuses(identifier) for identifier in kept}
    for identifier in sent:
        there = statuses_by_name.get(_plain(identifier))
        if there is None:
            return DROPPED
        stated = _statuses(identifier)
        if any(stated[name] == "subscribed" and there.get(name) == "nonSubscribed" for name in stated):
            return OUTDATED
    return ""


def _taken(route: Route, request: WireRequest, body: Any, observed: tuple[Observed, ...]) -> Verdict:
    if route.name in ENDPOINT_BY_BATCH_ROUTE:
        job = body.get("batchID") if isinstance(body, dict) else None
        if not (isinstance(job, str) and job):
            return Verdict(result=Result.UNKNOWN, reason="taken, but without a batch to follow", observed=observed)
        return Verdict(result=Result.ACCEPTED, job=job, observed=observed)
    if route.name == EVENT:
        return Verdict(result=Result.ACCEPTED, observed=observed)
    if route.name == CONTACT and (fault := contact_fault(json_of(request.body), body)):
        return Verdict(result=Result.REJECTED, reason=fault, observed=observed)
    return Verdict(result=Result.CONFIRMED, observed=observed)


def _refusal(route: Route, status: int, body: Any, *, is_batch: bool) -> tuple[Result, str]:
    if (route.name, status) in _MEANINGS_BY_ROUTE:
        return _MEANINGS_BY_ROUTE[route.name, status]
    if status in _REFUSALS:
        result, meaning = _REFUSALS[status]
        return result, f"{reason_of(status, body)} ({meaning})"
    reason = reason_of(status, body)
    if 400 <= status < 500:
        if _says_no_key(body):
            return Result.UNAUTHORIZED, reason
        return (Result.SPLIT if is_batch else Result.REJECTED), reason
    if status in _NEITHER_TAKEN_NOR_REFUSED:
        return Result.UNAVAILABLE, f"{reason} (moved: check the base URL)"
    return Result.UNKNOWN, reason


def _says_no_key(body: Any) -> bool:
    """Whether a 400 is really about the credentials, as was seen on the platform's older family."""
    text = (
        " ".join(str(body.get(name, "")) for name in ("error", "title", "detail")) if isinstance(body, dict) else ""
    )
    return "api key or access token" in text.lower()


def _retry_after(reply: WireReply, body: Any) -> float | None:
    told = (
        reply.headers.get("retry-after"),
        body.get("retryAfter") if isinstance(body, dict) else None,
        reply.headers.get("x-rate-limit-reset"),
    )
    return next((wait for wait in map(_seconds, told) if wait is not None), None)


def _observed(reply: WireReply) -> tuple[Observed, ...]:
    limit = _seconds(reply.headers.get("x-rate-limit-limit"))
    if not limit:
        return ()
    remaining = _seconds(reply.headers.get("x-rate-limit-remaining"))
    return (
        Observed(
            budget=BUDGET,
            limit=int(limit),
            per=MINUTE,
            remaining=None if remaining is None else int(remaining),
            reset=_seconds(reply.headers.get("x-rate-limit-reset")),
        ),
    )


def _seconds(value: Any) -> float | None:
    """A non-negative finite number, given as number or text; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) and number >= 0 else None


def _plain(identifier: Any) -> tuple[str, str]:
    """An identifier as it compares: phones by their digits, e-mails without case."""
    if not isinstance(identifier, dict):
        return "", ""
    kind, name = str(identifier.get("type")), str(identifier.get("id"))
    return kind, re.sub(r"\D", "", name) if kind == "phone" else name.strip().lower()


def _statuses(identifier: Any) -> dict[str, Any]:
    """The status of each channel of an identifier."""
    channels = identifier.get("channels") if isinstance(identifier, dict) else None
    if not isinstance(channels, dict):
        return {}
    return {name: entry.get("status") for name, entry in channels.items() if isinstance(entry, dict)}
