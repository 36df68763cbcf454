"""What to make of Ordergroove's replies: only statuses are to be relied on, its messages may change."""

from __future__ import annotations

from orderwire.dialects.connector import Judgement
from orderwire.dialects.wire import Result, WireReply, WireRequest

_BUSY = frozenset({408, 423, 500, 502, 503, 504})
"""423: another operation holds the same thing at the moment."""


def judge(_request: WireRequest, reply: WireReply) -> Judgement:
    """What to make of a reply before it is read. A 404 is an answer: about one thing, or about a cursor too old."""
    status = reply.status
    wait = _seconds(reply)
    if 200 <= status < 300 or status == 404:
        return Judgement()
    if status == 429:
        return Judgement(result=Result.RATE_LIMITED, retry_after=wait)
    if status in _BUSY:
        return Judgement(result=Result.UNAVAILABLE, reason=f"status {status}", retry_after=wait)
    if status in (401, 403):
        return Judgement(result=Result.UNAUTHORIZED, reason=f"status {status}")
    if 300 <= status < 400:
        return Judgement(
            result=Result.REJECTED, reason="it is at another address (a redirect); write that one as url"
        )
    return Judgement(result=Result.REJECTED, reason=f"status {status}")


def _seconds(reply: WireReply) -> float | None:
    try:
        wait = float(reply.headers.get("retry-after", ""))
    except ValueError:
        return None
    return wait if 0 <= wait < 1e7 else None
