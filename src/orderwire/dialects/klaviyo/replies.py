"""Klaviyo's replies: what became of a request, of each item in it, and of a job.

A refusal refuses the whole request; its JSON pointer often names the entry. Then the others were not taken either:
the result stays *split*, with the culprits named. The verdict of a job names every item that is not confirmed.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from math import isfinite

from msgspec import DecodeError, Struct, json

from orderwire.dialects.contract import Confirmation, Item, Route
from orderwire.dialects.klaviyo.fields import entry_count
from orderwire.dialects.wire import ItemOutcome, JobVerdict, Observed, Result, Verdict, WireReply

UNREADABLE = (DecodeError, UnicodeDecodeError, RecursionError)
"""What decoding a body that is not the promised document raises."""
_MAX_REASON = 300
_PLACE = re.compile(r"/data/(\d{1,6})(?:/|$)")
_ATTRIBUTE = re.compile(r"/attributes/(?!external_id)\w+$")
_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_WINDOW = re.compile(r"(\d{1,9});w=(\d{1,9})")
_PERSONAL = re.compile(r"\S+@\S+|\"[^\"]*\"|'[^']*'|`[^`]*`|\+?\d{7,}")
_REPEATED = re.compile(r"duplicate|repeated|already", re.IGNORECASE)
_GRAVITY = {Result.CONFIRMED: 0, Result.UNAVAILABLE: 1, Result.REJECTED: 2}
"""Which outcome holds for an item whose entries met several."""
_ABSENT = re.compile(r"not[ _]found|not exist", re.IGNORECASE)


class _Source(Struct):
    pointer: str | None = None
    parameter: str | None = None


class _Error(Struct):
    code: str | None = None
    title: str | None = None
    detail: str | None = None
    source: _Source | None = None

    @property
    def pointer(self) -> str:
        return (self.source.pointer or self.source.parameter or "") if self.source else ""

    @property
    def text(self) -> str:
        return f"{self.code or ''} {self.title or ''} {self.detail or ''}"

    @property
    def reason(self) -> str:
        place = f" at {self.pointer}" if self.pointer else ""
        return _PERSONAL.sub("…", f"{self.text.strip()}{place}")[:_MAX_REASON]


class _Errors(Struct):
    errors: list[_Error]


class _JobAttributes(Struct):
    status: str
    failed_count: int | None = None
    errors: list[_Error] | None = None


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
    errors = _errors(reply)
    reason = f"{reply.status} {errors[0].reason if errors else ''}".strip()
    match reply.status:
        case 429:
            return Verdict(result=Result.RATE_LIMITED, reason=reason, retry_after=_retry_after(reply, errors))
        case 401:
            return Verdict(result=Result.UNAUTHORIZED, reason=reason)
        case 403 if errors:
            return Verdict(result=Result.UNAUTHORIZED, reason=reason)
        case 403:
            # The network before the API answers some callers with a challenge page; the key is not at fault.
            return Verdict(result=Result.UNAVAILABLE, reason="403 without a JSON:API error")
        case 404 | 410 if not errors or reply.status == 410:
            return Verdict(result=Result.UNAUTHORIZED, reason=f"{reply.status} this API revision is not served here")
        case 503:
            return Verdict(result=Result.UNAVAILABLE, reason=reason, retry_after=_retry_after(reply, errors))
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
            job = _job(reply)
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


def _refused(route: Route, reason: str, errors: Sequence[_Error], items: Sequence[Item]) -> Verdict:
    if any(error.pointer.startswith("/data/relationships/list") for error in errors):
        return Verdict(result=Result.UNAUTHORIZED, reason=f"{reason}; check the option list_id")
    if route.budget in ("event", "events") and any(_is_repeat(error) for error in errors):
        # Stored before: one text of the platform says that a repeated unique_id fails the request that holds it.
        result = Result.SPLIT if len(items) > 1 else Result.ACCEPTED
        return Verdict(result=result, reason=reason)
    if len(items) <= 1:
        return Verdict(result=Result.REJECTED, reason=reason)
    return Verdict(result=Result.SPLIT, reason=reason, items=_culprits(route, errors, items))


def _is_repeat(error: _Error) -> bool:
    return "unique_id" in error.text + error.pointer and _REPEATED.search(error.text) is not None


def _culprits(route: Route, errors: Sequence[_Error], items: Sequence[Item]) -> tuple[ItemOutcome, ...]:
    named: dict[int, ItemOutcome] = {}
    for error in errors:
        index = _pointed_at(route, error, items)
        if index is not None:
            named.setdefault(index, ItemOutcome(index=index, result=Result.REJECTED, reason=error.reason))
    return tuple(named[index] for index in sorted(named))


def _pointed_at(route: Route, error: _Error, items: Sequence[Item]) -> int | None:
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


def interpret_job(route: Route, reply: WireReply, items: Sequence[Item]) -> JobVerdict:
    """What a job's status reply says."""
    if reply.status in (404, 410):
        return _all(Result.UNKNOWN, "the job is no longer known there", items)
    job = _job(reply) if reply.status == 200 else None
    if job is None:
        return JobVerdict(is_done=False, ask_again_after=_retry_after(reply, _errors(reply)) or 10.0)
    attributes = job.data.attributes
    match attributes.status:
        case "complete":
            return _finished(route, attributes, items)
        case "cancelled":
            return _all(Result.UNKNOWN, "the job was cancelled", items)
        case _:
            return JobVerdict(is_done=False, ask_again_after=2.0)


def _all(result: Result, reason: str, items: Sequence[Item]) -> JobVerdict:
    """The same for every item, each one named."""
    outcomes = tuple(ItemOutcome(index=index, result=result, reason=reason) for index in range(len(items)))
    return JobVerdict(is_done=True, result=result, items=outcomes)


def _finished(route: Route, attributes: _JobAttributes, items: Sequence[Item]) -> JobVerdict:
    """A finished job. Failures that it counts without naming the entry are looked for by splitting."""
    named: dict[int, ItemOutcome] = {}
    placed = 0
    for error in attributes.errors or ():
        index = 0 if len(items) == 1 else _pointed_at(route, error, items)
        if index is None:
            continue
        placed += 1
        outcome = _failed_entry(route, error, index)
        if index not in named or _GRAVITY[outcome.result] > _GRAVITY[named[index].result]:
            named[index] = outcome
    if (attributes.failed_count or 0) > placed and not _is_creation(route):
        unnamed = _all(
            Result.SPLIT if len(items) > 1 else Result.REJECTED, "the job counts failures without naming them", items
        )
        outcomes = tuple(named.get(outcome.index, outcome) for outcome in unnamed.items)
        return JobVerdict(is_done=True, result=unnamed.result, items=outcomes)
    return JobVerdict(is_done=True, result=Result.CONFIRMED, items=tuple(named[index] for index in sorted(named)))


def _is_creation(route: Route) -> bool:
    """Whether an update of the same entries follows, which judges them in its turn."""
    return route.name in ("catalog_item_create", "catalog_variant_create")


def _failed_entry(route: Route, error: _Error, index: int) -> ItemOutcome:
    """What a failed entry means: that depends on what was asked for."""
    if _ABSENT.search(error.text):
        if route.name.endswith("_delete"):
            return ItemOutcome(index=index, result=Result.CONFIRMED, reason="was not there")
        # Its item or its own creation is still on the way in another job.
        return ItemOutcome(index=index, result=Result.UNAVAILABLE, reason=error.reason)
    if _is_creation(route) and (_REPEATED.search(error.text) or not _ATTRIBUTE.search(error.pointer)):
        return ItemOutcome(index=index, result=Result.CONFIRMED, reason=f"left to the update: {error.reason}")
    return ItemOutcome(index=index, result=Result.REJECTED, reason=error.reason)


def _errors(reply: WireReply) -> list[_Error]:
    try:
        return _ERRORS.decode(reply.body).errors
    except UNREADABLE:
        return []


def _job(reply: WireReply) -> _Job | None:
    try:
        job = _JOB.decode(reply.body)
    except UNREADABLE:
        return None
    return job if job.data.id else None


def _retry_after(reply: WireReply, errors: Sequence[_Error]) -> float | None:
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
