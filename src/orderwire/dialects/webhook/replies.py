"""What a receiver's answer means."""

from __future__ import annotations

from orderwire.dialects.wire import Result, Verdict, WireReply

_LATER = frozenset({408, 409, 421, 423, 425})
"""Answers below 500 after which the same message may succeed."""
_CLOSED = frozenset({401, 403, 410})
"""The receiver does not believe our signature, or wants nothing any more."""


def verdict_of(reply: WireReply) -> Verdict:
    """2xx is taken; 401, 403 and 410 pause the destination; 429 and 5xx wait; all else refuses it for good."""
    status = reply.status
    reason = f"the receiver answers {status}"
    wait = _seconds(reply.headers.get("retry-after", ""))
    if 200 <= status < 300:
        return Verdict(result=Result.CONFIRMED)
    if status == 429:
        return Verdict(result=Result.RATE_LIMITED, retry_after=wait)
    if status in _CLOSED:
        return Verdict(result=Result.UNAUTHORIZED, reason=reason)
    if status in _LATER or status >= 500:
        return Verdict(result=Result.UNAVAILABLE, reason=reason, retry_after=wait)
    return Verdict(result=Result.REJECTED, reason=reason)


def _seconds(text: str) -> float | None:
    return float(text) if text.isascii() and text.isdecimal() and len(text) < 10 else None
