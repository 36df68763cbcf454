"""Klaviyo's replies: what became of a request, and of each item in it.

A refusal refuses the whole request; its JSON pointer often names the entry. Then the others were not taken either:
the result stays *split*, with the culprits named.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from math import isfinite

from msgspec import DecodeError, Struct, json

from orderwire.dialects.contract import Confirmation, Item, Route
from orderwire.dialects.klaviyo.fields import entry_count
from orderwire.dialects.wire import ItemOutcome, Observed, Result, Verdict, WireReply

UNREADABLE = (DecodeError, UnicodeDecodeError, RecursionError)
"""What decoding a body that is not the promised document raises."""
_MAX_REASON = 300
_PLACE = re.compile(r"/data/(\d{1,6})(?:/|$)")
_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_WINDOW = re.compile(r"(\d{1,9});w=(\d{1,9})")
_PERSONAL = re.compile(r"\S+@\S+|\"[^\"]*\"|'[^']*'|`[^`]*`|\+?\d{7,}")
REPEATED = re.compile(r"duplicate|repeated|already", re.IGNORECASE)


class _Source(Struct):
    pointer: str | None = None
    parameter: str | None = None


class Error(Struct):
    """One error, as refusals and jobs tell it."""

    code: str | None = None
    title: str | None = None
    detail: str | None = None
    source: _Source | None = None

    @property
    def pointer(self) -> str:
        """The place in the request that it speaks of; empty where it names none."""
        return (self.source.pointer or self.source.parameter or "") if self.source else ""

    @property
    def text(self) -> str:
        """Its words."""
        return f"{self.code or ''} {self.title or ''} {self.detail or ''}"

    @property
    def reason(self) -> str:
        """Its words and place with personal data left out."""
        place = f" at {self.pointer}" if self.pointer else ""
        return _PERSONAL.sub("…", f"{self.text.strip()}{place}")[:_MAX_REASON]


class _Errors(Struct):
    errors: list[Error]


class _JobAttributes(Struct):
    status: str
    failed_count: int | None = None
    errors: list[Error] | None = None


class _JobData(Struct):
    id: str
    attributes: _JobAttributes


class _Job(Struct):
    data: _JobData


_ERRORS = json.Decoder(_Errors)
_JOB = json.Decoder(_Job)


def interpret(route: Route, reply: WireReply, items: Sequence[Item]) -> Verdict:
    """What became of an assembled request."""
    if 200 <= reply.status < 300:
        return _taken(route, reply)
    errors = errors_in(reply)
    reason = f"{reply.status} {errors[0].reason if errors else ''}".strip()
    match reply.status:
        case 429:
            return Verdict(result=Result.RATE_LIMITED, reason=reason, retry_after=retry_after_of(reply, errors))
        case 401:
            return Verdict(result=Result.UNAUTHORIZED, reason=reason)
        case 403 if errors:
            return Verdict(result=Result.UNAUTHORIZED, reason=reason)
        case 403:
            # The network before the API answers some callers with a challenge page; the key is not at fault.
            return Verdict(result=Result.UNAVAILABLE, reason="403 without a JSON:API error")
        case 404 | 410 if not errors or reply.status == 410:
            return Verdict(result=Result.UNAUTHORIZED, reason=f"{reply.status} this API revision is not served here")
        case 408:
            return Verdict(result=Result.UNKNOWN, reason=reason)
        case 503:
            return Verdict(result=Result.UNAVAILABLE, reason=reason, retry_after=retry_after_of(reply, errors))
        case status if status >= 500:
            return Verdict(result=Result.UNKNOWN, reason=reason)
        case status if status < 400:
            return Verdict(result=Result.UNAVAILABLE, reason=f"{status} is no answer of the API")
        case _:
            return _refused(route, reason, errors, items)


def _taken(route: Route, reply: WireReply) -> Verdict:
    observed = _observed(route, reply)
    match route.confirmation:
        case Confirmation.BY_JOB:
            job = job_in(reply)
            if job is None:
                return Verdict(
                    result=Result.UNKNOWN, reason="taken, but the job's id did not arrive", observed=observed
                )
            return Verdict(result=Result.ACCEPTED, job=job.data.id, observed=observed)
        case Confirmation.IN_REPLY:
            if reply.status in (200, 201):
                return Verdict(result=Result.CONFIRMED, observed=observed)
        case _:
            if reply.status == 202:
                return Verdict(result=Result.ACCEPTED, observed=observed)
    return Verdict(
        result=Result.UNKNOWN, reason=f"{reply.status} is not how this endpoint answers", observed=observed
    )


def _refused(route: Route, reason: str, errors: Sequence[Error], items: Sequence[Item]) -> Verdict:
    if any(error.pointer.startswith("/data/relationships/list") for error in errors):
        return Verdict(result=Result.UNAUTHORIZED, reason=f"{reason}; check the option list_id")
    if route.budget in ("event", "events") and any(_is_repeat(error) for error in errors):
        # Stored before: one text of the platform says that a repeated unique_id fails the request that holds it.
        result = Result.SPLIT if len(items) > 1 else Result.ACCEPTED
        return Verdict(result=result, reason=reason)
    if len(items) <= 1:
        return Verdict(result=Result.REJECTED, reason=reason)
    return Verdict(result=Result.SPLIT, reason=reason, items=_culprits(route, errors, items))


def _is_repeat(error: Error) -> bool:
    return "unique_id" in error.text + error.pointer and REPEATED.search(error.text) is not None


def _culprits(route: Route, errors: Sequence[Error], items: Sequence[Item]) -> tuple[ItemOutcome, ...]:
    named: dict[int, ItemOutcome] = {}
    for error in errors:
        index = pointed_at(route, error, items)
        if index is not None:
            named.setdefault(index, ItemOutcome(index=index, result=Result.REJECTED, reason=error.reason))
    return tuple(named[index] for index in sorted(named))


def pointed_at(route: Route, error: Error, items: Sequence[Item]) -> int | None:
    """The item whose entry a pointer names; an item of the catalog may hold several entries."""
    found = _PLACE.search(error.pointer)
    if found is None:
        return None
    place = int(found[1])
    if not route.name.startswith("catalog_"):
        return place if place < len(items) else None
    for index, item in enumerate(items):
        held = entry_count(item.wire_id)
        if place < held:
            return index
        place -= held
    return None


def errors_in(reply: WireReply) -> list[Error]:
    """The errors of a refusal; none where it is no document of the API."""
    try:
        return _ERRORS.decode(reply.body).errors
    except UNREADABLE:
        return []


def job_in(reply: WireReply) -> _Job | None:
    """The job in a reply; None where there is none."""
    try:
        job = _JOB.decode(reply.body)
    except UNREADABLE:
        return None
    return job if job.data.id else None


def retry_after_of(reply: WireReply, errors: Sequence[Error]) -> float | None:
    """Seconds to wait, from the header or else from the sentence in the body."""
    header = reply.headers.get("retry-after", "").strip()
    if _NUMBER.fullmatch(header) and isfinite(float(header)):
        return float(header)
    if errors and errors[0].code == "throttled" and (found := _NUMBER.search(errors[0].detail or "")):
        return min(float(found[0]), 3600.0)
    return None


def _observed(route: Route, reply: WireReply) -> tuple[Observed, ...]:
    """The windows that the headers state; what remains is said of the window that is nearest to its end."""
    stated = reply.headers.get("ratelimit-limit", "")
    windows = [(int(count), int(per)) for count, per in _WINDOW.findall(stated) if int(count) and int(per)]
    nearest = stated.partition(",")[0].strip()
    remaining = reply.headers.get("ratelimit-remaining", "").strip()
    reset = reply.headers.get("ratelimit-reset", "").strip()
    return tuple(
        Observed(
            budget=route.budget,
            limit=count,
            per=float(per),
            remaining=int(remaining) if str(count) == nearest and _is_count(remaining) else None,
            reset=float(reset) if str(count) == nearest and _is_count(reset) else None,
        )
        for count, per in windows
    )


def _is_count(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 10
