"""What Ometria answers to a push, and the errors it lists afterwards.

"OK" means queued, not validated: what was wrong shows only in a list of the hundred newest errors. What that list
names `SETTLE` seconds after the push by the platform's own `Date` headers is refused; what it does not
name by then stays accepted, never confirmed, because an error may still come or may have been pushed off the list.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import msgspec

from orderwire.dialects.contract import Item, Resend, Route
from orderwire.dialects.wire import ItemOutcome, JobVerdict, Result, Verdict, WireReply

SETTLE = 5.0
_ADDRESS = re.compile(r"[^\s@<>\"']+@[^\s@<>\"']+")
_QUOTED = re.compile(r"\"[^\"]*\"|'[^']*'|`[^`]*`")
_DIGITS = re.compile(r"\+?\d[\d\s().-]{5,}\d")
_NOTHING_TAKEN = frozenset({404, 405, 410, 503})
"""No such place or no service: nothing of the request was taken, and another address or a later hour will do."""


def interpret(route: Route, reply: WireReply, items: Sequence[Item]) -> Verdict:
    """Read the reply to a push."""
    status = reply.status
    if 200 <= status < 300:
        return _taken(route, reply, items)
    reason = _reason(reply)
    if status == 429:
        return Verdict(
            result=Result.RATE_LIMITED, reason=reason, retry_after=seconds(reply.headers.get("retry-after"))
        )
    if status in (401, 403):
        return Verdict(result=Result.UNAUTHORIZED, reason=reason)
    if status in _NOTHING_TAKEN or 300 <= status < 400:
        wait = seconds(reply.headers.get("retry-after"))
        return Verdict(result=Result.UNAVAILABLE, reason=reason, retry_after=wait)
    if 400 <= status < 500 and status != 408:
        return _refused(items, reason)
    return Verdict(result=Result.UNKNOWN, reason=reason)


def interpret_job(job: str, reply: WireReply, items: Sequence[Item]) -> JobVerdict:
    """Look for our records in the list of newest errors."""
    errors = _listed(reply.body) if reply.status == 200 else None
    if errors is None:
        told = seconds(reply.headers.get("retry-after"))
        return JobVerdict(is_done=False, result=Result.ACCEPTED, ask_again_after=SETTLE if told is None else told)
    request, _, pushed_at = job.partition("@")
    mine = [error for error in errors if str(error.get("request_id")) == request]
    if (wait := _too_soon(pushed_at, reply)) > 0:
        return JobVerdict(is_done=False, result=Result.ACCEPTED, ask_again_after=wait)
    return JobVerdict(is_done=True, result=Result.ACCEPTED, items=_culprits(mine, items))


def request_of(job: str) -> str:
    """Ometria's request id inside a job handle."""
    return job.partition("@")[0]


def seconds(text: str | None) -> float | None:
    """A `Retry-After` in seconds; None for a date or anything else."""
    try:
        value = float(text) if text else None
    except ValueError:
        return None
    return value if value is not None and 0 <= value < 1e6 else None


def clean(text: str) -> str:
    """The platform's words without e-mails, quoted values and long numbers, at most 300 characters."""
    text = _ADDRESS.sub("…", text[:2000])
    return _DIGITS.sub("…", _QUOTED.sub("…", text))[:300]


def _taken(route: Route, reply: WireReply, items: Sequence[Item]) -> Verdict:
    answer = _object(reply.body)
    if answer is None:
        return Verdict(result=Result.UNKNOWN, reason=f"{reply.status} without a readable body")
    if str(answer.get("status", "OK")).upper() == "ERROR":
        return _refused(items, _reason(reply))
    rejected, skipped = _count(answer, "rejected"), _count(answer, "skipped")
    accepted = _count(answer, "accepted") if "accepted" in answer else len(items) - rejected - skipped
    if rejected:
        return _partly(route, rejected, items)
    if accepted + skipped < len(items):
        return Verdict(result=Result.UNKNOWN, reason=f"{accepted} of {len(items)} records are said to be accepted")
    reason = f"{skipped} of {len(items)} records skipped, unnamed" if skipped else ""
    request = answer.get("request_id")
    if not isinstance(request, str) or not request:
        return Verdict(result=Result.ACCEPTED, reason=reason)
    return Verdict(result=Result.ACCEPTED, reason=reason, job=f"{request}@{_date(reply)}")


def _partly(route: Route, rejected: int, items: Sequence[Item]) -> Verdict:
    """Some records were rejected and the reply does not say which: halves find them where a resend is harmless."""
    reason = f"{rejected} of {len(items)} records rejected, unnamed"
    if rejected >= len(items) or route.resend is Resend.OVERWRITES:
        return _refused(items, reason)
    return Verdict(result=Result.UNKNOWN, reason=reason)


def _refused(items: Sequence[Item], reason: str) -> Verdict:
    return Verdict(result=Result.SPLIT if len(items) > 1 else Result.REJECTED, reason=reason)


def _culprits(errors: Sequence[Mapping[str, Any]], items: Sequence[Item]) -> tuple[ItemOutcome, ...]:
    """The records whose ids the errors name; an error that names none of ours refuses them all, visibly."""
    reasons: dict[int, str] = {}
    places_by_id: dict[str, list[int]] = {}
    for place, item in enumerate(items):
        places_by_id.setdefault(item.wire_id, []).append(place)
    for error in errors:
        words = f"{error.get('error_path') or ''}: {error.get('error_message') or 'refused'}".removeprefix(": ")
        places = places_by_id.get(str(error.get("record_id")))
        if places is None and len(items) > 1:
            words = f"one of {len(items)} records, unnamed: {words}"
        for place in places or range(len(items)):
            reasons.setdefault(place, clean(words))
    return tuple(
        ItemOutcome(index=place, result=Result.REJECTED, reason=why) for place, why in sorted(reasons.items())
    )


def _too_soon(pushed_at: str, reply: WireReply) -> float:
    """How many seconds to wait before the list can be believed; 0 when enough passed or nobody tells the time."""
    now = _date(reply)
    if not pushed_at.isdigit() or not now:
        return 0.0
    return max(0.0, SETTLE - (int(now) - int(pushed_at)))


def _date(reply: WireReply) -> str:
    """The reply's own time as UNIX seconds, or nothing."""
    try:
        when = parsedate_to_datetime(reply.headers.get("date", ""))
        aware: datetime = when if when.tzinfo else when.replace(tzinfo=UTC)
        return str(int(aware.timestamp()))
    except (ValueError, TypeError, IndexError, OverflowError):
        return ""


def _reason(reply: WireReply) -> str:
    answer = _object(reply.body) or {}
    told = next(
        (answer[name] for name in ("message", "error_message", "error", "detail", "title") if answer.get(name)), ""
    )
    return clean(f"{reply.status} {told}".strip() if isinstance(told, str) else str(reply.status))


def _count(answer: Mapping[str, Any], name: str) -> int:
    value = answer.get(name, 0)
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0


def _decoded(body: bytes) -> Any:
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def _object(body: bytes) -> dict[str, Any] | None:
    value = _decoded(body)
    return value if isinstance(value, dict) else None


def _listed(body: bytes) -> list[dict[str, Any]] | None:
    value = _decoded(body)
    if isinstance(value, dict):
        value = next((value[name] for name in ("errors", "data") if isinstance(value.get(name), list)), None)
    return [row for row in value if isinstance(row, dict)] if isinstance(value, list) else None
