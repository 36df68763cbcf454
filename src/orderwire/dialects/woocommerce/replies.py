"""What to make of a reply: WooCommerce answers with its own JSON errors, everything before it with HTML."""

from __future__ import annotations

from collections.abc import Mapping

from orderwire.dialects.connector import Judgement
from orderwire.dialects.shop_json import Misread, Part, decoded
from orderwire.dialects.wire import Result, WireReply, WireRequest

_BUSY = frozenset({408, 425, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524})
_MODSECURITY = 501
"""What a filter before the shop answers to requests it does not like; a documented symptom."""


def judge(_request: WireRequest, reply: WireReply) -> Judgement:
    """What to make of a reply before it is read. A 404 is an answer: about a thing, or about the whole API."""
    status = reply.status
    wait = _seconds(reply.headers)
    if 200 <= status < 300 or status == 404:
        return Judgement()
    if status == 429:
        return Judgement(result=Result.RATE_LIMITED, retry_after=wait)
    if status in _BUSY:
        return Judgement(result=Result.UNAVAILABLE, reason=f"status {status}", retry_after=wait)
    if 300 <= status < 400:
        return Judgement(
            result=Result.REJECTED, reason="it is at another address (a redirect); write that one as url"
        )
    code = error_code(reply.body)
    if status in (401, 403):
        return Judgement(result=Result.UNAUTHORIZED, reason=code or f"status {status}")
    if status == _MODSECURITY:
        return Judgement(result=Result.REJECTED, reason="a filter before the shop (such as ModSecurity) answers 501")
    return Judgement(result=Result.REJECTED, reason=code or f"status {status}")


def error_code(body: bytes) -> str:
    """WooCommerce's name of an error, such as `rest_no_route`; empty where there is none."""
    try:
        code = Part(decoded(body)).text("code") or ""
    except Misread:
        return ""
    return code if code.replace("_", "").replace("-", "").isalnum() and len(code) < 80 else ""


def _seconds(headers: Mapping[str, str]) -> float | None:
    try:
        wait = float(headers.get("retry-after", ""))
    except ValueError:
        return None
    return wait if 0 <= wait < 1e7 else None
