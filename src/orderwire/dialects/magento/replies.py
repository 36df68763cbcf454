"""What to make of a reply: Magento answers with its own JSON errors, everything before it with HTML."""

from __future__ import annotations

from collections.abc import Mapping

from orderwire.dialects.connector import Judgement
from orderwire.dialects.shop_json import Misread, Part, decoded
from orderwire.dialects.wire import Result, WireReply, WireRequest

_BUSY = frozenset({408, 425, 500, 502, 503, 504, 520, 521, 522, 523, 524})
_TOO_MANY = "Maximum SearchCriteria pageSize is"
"""How a shop with input limits refuses a page that is too large."""
_UNAUTHORIZED = "the token is not taken, or may not read this"
_UNSIGNED: Mapping[str, str] = {
    "The signature is invalid": "the signature is not taken; are key, token and both secrets of one integration?",
    "Incorrect timestamp value": "the clock here is more than ten minutes ahead of the shop's",
}
"""What is said of a signature, in English; the shop may speak another language."""


def judge(_request: WireRequest, reply: WireReply) -> Judgement:
    """What to make of a reply before it is read. A 404 is an answer: about a thing, or about the whole API."""
    status = reply.status
    wait = _seconds(reply)
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
    message = _message(reply)
    if status == 401:
        reason = next((ours for theirs, ours in _UNSIGNED.items() if message.startswith(theirs)), _UNAUTHORIZED)
        return Judgement(result=Result.UNAUTHORIZED, reason=reason)
    if status == 403:
        return Judgement(result=Result.UNAUTHORIZED, reason="status 403, of the shop or of a filter before it")
    if message.startswith(_TOO_MANY):
        return Judgement(result=Result.SPLIT, reason="the shop gives smaller pages only")
    return Judgement(result=Result.REJECTED, reason=f"status {status}")


def _message(reply: WireReply) -> str:
    try:
        return Part(decoded(reply.body)).text("message") or ""
    except Misread:
        return ""


def _seconds(reply: WireReply) -> float | None:
    try:
        wait = float(reply.headers.get("retry-after", ""))
    except ValueError:
        return None
    return wait if 0 <= wait < 1e7 else None
