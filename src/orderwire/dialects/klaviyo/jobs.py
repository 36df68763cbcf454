"""Klaviyo's jobs: where to ask about one, and what became of each item in it. A verdict names all that failed.

The job of an import only counts its failures; which profiles they were stands in a list of its own, asked for next.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from msgspec import Struct, json

from orderwire.dialects.contract import Item, Route
from orderwire.dialects.klaviyo.replies import (
    REPEATED,
    UNREADABLE,
    Error,
    errors_in,
    job_in,
    pointed_at,
    retry_after_of,
)
from orderwire.dialects.klaviyo.routes import FRAMES
from orderwire.dialects.wire import ItemOutcome, JobVerdict, Result, WireReply, WireRequest

_ERRORS_OF = " errors of "
"""Stands between the count of failures and the job's id where the list of an import's errors is asked for."""
_ATTRIBUTE = re.compile(r"/attributes/(?!external_id)\w+$")
_ABSENT = re.compile(r"not[ _]found|not exist", re.IGNORECASE)
_GRAVITY = {Result.CONFIRMED: 0, Result.UNAVAILABLE: 1, Result.REJECTED: 2}
"""Which outcome holds for an item whose entries met several."""


class _ImportError(Error):
    original_payload: dict[str, Any] | None = None


class _Row(Struct):
    attributes: _ImportError


class _Page(Struct):
    data: list[_Row]


_PAGE = json.Decoder(_Page)


def follow(route: Route, job: str) -> WireRequest:
    """Ask for a job's status, or for the errors of an import."""
    _, is_listing, ident = job.rpartition(_ERRORS_OF)
    path = f"{FRAMES[route.name].path}/{quote(ident, safe='')}" + ("/import-errors" if is_listing else "")
    budget = "read_profile_jobs" if route.name == "profiles" else "read_catalog"
    return WireRequest(method="GET", path=path, budget=budget)


def interpret(route: Route, handle: str, reply: WireReply, items: Sequence[Item]) -> JobVerdict:
    """What the reply to that question says."""
    if reply.status in (404, 410):
        return _all(Result.UNKNOWN, "the job is no longer known there", items)
    count, is_listing, _ = handle.rpartition(_ERRORS_OF)
    if is_listing:
        return _listed(route, int(count), reply, items)
    job = job_in(reply) if reply.status == 200 else None
    if job is None:
        return _later(reply)
    attributes = job.data.attributes
    failed = attributes.failed_count or 0
    match attributes.status:
        case "complete" if route.name == "profiles" and failed and len(items) > 1:
            return JobVerdict(is_done=False, job=f"{failed}{_ERRORS_OF}{job.data.id}", ask_again_after=0.5)
        case "complete":
            return _finished(route, failed, attributes.errors or (), items)
        case "cancelled":
            return _all(Result.UNKNOWN, "the job was cancelled", items)
        case _:
            return JobVerdict(is_done=False, ask_again_after=2.0)


def _later(reply: WireReply) -> JobVerdict:
    return JobVerdict(is_done=False, ask_again_after=retry_after_of(reply, errors_in(reply)) or 10.0)


def _all(result: Result, reason: str, items: Sequence[Item]) -> JobVerdict:
    """The same for every item, each one named."""
    outcomes = tuple(ItemOutcome(index=index, result=result, reason=reason) for index in range(len(items)))
    return JobVerdict(is_done=True, result=result, items=outcomes)


def _listed(route: Route, failed: int, reply: WireReply, items: Sequence[Item]) -> JobVerdict:
    """The profiles that an import's errors name, by what was sent or else by their place in it."""
    try:
        page = _PAGE.decode(reply.body) if reply.status == 200 else None
    except UNREADABLE:
        page = None
    if page is None:
        return _later(reply)
    place_by_id = {item.wire_id: place for place, item in enumerate(items)}
    named: dict[int, ItemOutcome] = {}
    for row in page.data:
        error = row.attributes
        place = place_by_id.get(_sent_id(error.original_payload), pointed_at(route, error, items))
        if place is not None:
            named.setdefault(place, ItemOutcome(index=place, result=Result.REJECTED, reason=error.reason))
    return _closed(named, failed > len(named), items)


def _sent_id(payload: Mapping[str, Any] | None) -> str:
    """The wire id of a profile as it was sent: its strongest identifier."""
    sent = payload or {}
    within = sent.get("attributes")
    said = within if isinstance(within, dict) else sent
    return str(said.get("email") or said.get("phone_number") or said.get("external_id") or "")


def _finished(route: Route, failed: int, errors: Sequence[Error], items: Sequence[Item]) -> JobVerdict:
    """A finished job, with the errors that it names."""
    named: dict[int, ItemOutcome] = {}
    placed = 0
    for error in errors:
        index = 0 if len(items) == 1 else pointed_at(route, error, items)
        if index is None:
            continue
        placed += 1
        outcome = _failed_entry(route, error, index)
        if index not in named or _GRAVITY[outcome.result] > _GRAVITY[named[index].result]:
            named[index] = outcome
    return _closed(named, failed > placed and not _is_creation(route), items)


def _closed(named: Mapping[int, ItemOutcome], are_some_unnamed: bool, items: Sequence[Item]) -> JobVerdict:
    """The end of a job. Failures that are counted without being named are looked for by splitting."""
    if not are_some_unnamed:
        return JobVerdict(is_done=True, result=Result.CONFIRMED, items=tuple(named[place] for place in sorted(named)))
    result = Result.SPLIT if len(items) > 1 else Result.REJECTED
    unnamed = _all(result, "the job counts failures without naming them", items)
    outcomes = tuple(named.get(outcome.index, outcome) for outcome in unnamed.items)
    return JobVerdict(is_done=True, result=result, items=outcomes)


def _is_creation(route: Route) -> bool:
    """Whether an update of the same entries follows, which judges them in its turn."""
    return route.name in ("catalog_item_create", "catalog_variant_create")


def _failed_entry(route: Route, error: Error, index: int) -> ItemOutcome:
    """What a failed entry means: that depends on what was asked for."""
    if _ABSENT.search(error.text):
        if route.name.endswith("_delete"):
            return ItemOutcome(index=index, result=Result.CONFIRMED, reason="was not there")
        # Its item or its own creation is still on the way in another job.
        return ItemOutcome(index=index, result=Result.UNAVAILABLE, reason=error.reason)
    if _is_creation(route) and (REPEATED.search(error.text) or not _ATTRIBUTE.search(error.pointer)):
        return ItemOutcome(index=index, result=Result.CONFIRMED, reason=f"left to the update: {error.reason}")
    return ItemOutcome(index=index, result=Result.REJECTED, reason=error.reason)
