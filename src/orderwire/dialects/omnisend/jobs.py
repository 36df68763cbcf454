"""Batches answer later: what became of each item, by the batch's own list of errors and responses.

An item is found by the request that the list echoes; only where there is no echo does its number count, because the
numbers (text, from 1 in all samples) are known from samples alone. Whatever cannot be assigned makes the unnamed
items unknown rather than confirmed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from orderwire.dialects.contract import Account, Item, Route
from orderwire.dialects.omnisend.fields import ENDPOINT_BY_BATCH_ROUTE, contact_id
from orderwire.dialects.omnisend.replies import BUDGET, contact_fault, item_result, json_of
from orderwire.dialects.wire import ItemOutcome, JobVerdict, Result, WireReply, WireRequest

_ASK_AGAIN = 3.0
_ASK_MUCH_LATER = 60.0
_GONE = frozenset({400, 404, 410, 422})


def follow(route: Route, job: str, account: Account) -> WireRequest:  # noqa: ARG001 - the contract's shape
    """Ask for a batch with its items: one call tells the status and every outcome."""
    return WireRequest(method="GET", path=f"/batches/{quote(job, safe='')}/items", budget=BUDGET)


def interpret_job(route: Route, job: str, reply: WireReply, items: Sequence[Item]) -> JobVerdict:  # noqa: ARG001
    """Read a batch's status. A batch that is not there any more leaves its items unknown."""
    if reply.status in _GONE:
        return JobVerdict(is_done=True, result=Result.UNKNOWN)
    if reply.status != 200:
        is_refusal = 400 <= reply.status < 500
        return JobVerdict(is_done=False, ask_again_after=_ASK_MUCH_LATER if is_refusal else _ASK_AGAIN)
    batch = json_of(reply.body)
    if not isinstance(batch, dict) or batch.get("status") not in ("finished", "stopped"):
        return JobVerdict(is_done=False, ask_again_after=_ASK_AGAIN)
    outcomes, has_strays = _outcomes(route, batch, items)
    told_count = batch.get("errorsCount")
    hides_errors = isinstance(told_count, int) and told_count > len(_entries(batch, "errors"))
    is_complete = batch["status"] == "finished" and not has_strays and not hides_errors
    rest = Result.CONFIRMED if is_complete else Result.UNKNOWN
    exceptions = (outcomes[place] for place in sorted(outcomes) if outcomes[place].result is not rest)
    return JobVerdict(is_done=True, result=rest, items=tuple(exceptions))


def _outcomes(route: Route, batch: dict[str, Any], items: Sequence[Item]) -> tuple[dict[int, ItemOutcome], bool]:
    """The outcome of each item that the batch names, and whether it names something that is none of ours."""
    entries = [*_entries(batch, "responses"), *_entries(batch, "errors")]
    failed = len(entries) - len(_entries(batch, "errors"))
    first = 0 if any(str(entry.get("itemID")) == "0" for entry in entries) else 1
    places_by_wire_id: dict[str, list[int]] = {}
    for index, item in enumerate(items):
        places_by_wire_id.setdefault(item.wire_id, []).append(index)
    outcomes: dict[int, ItemOutcome] = {}
    has_strays = False
    for number, entry in enumerate(entries):
        place = _place(route, entry, first, places_by_wire_id, len(items))
        if place is None:
            has_strays = True
            continue
        result, reason = _result(route, entry, is_error=number >= failed)
        outcomes[place] = ItemOutcome(index=place, result=result, reason=reason)
    return outcomes, has_strays


def _result(route: Route, entry: dict[str, Any], *, is_error: bool) -> tuple[Result, str]:
    code = entry.get("responseCode")
    response = entry.get("response")
    if not isinstance(code, int) or (is_error and 200 <= code < 300):
        return (Result.UNKNOWN, "an error without a code") if is_error else (Result.CONFIRMED, "")
    result, reason = item_result(route, code, response)
    if result is Result.CONFIRMED and ENDPOINT_BY_BATCH_ROUTE.get(route.name) == "contacts":
        reason = contact_fault(entry.get("request"), response)
        return (Result.REJECTED if reason else result), reason
    return result, reason


def _place(
    route: Route, entry: dict[str, Any], first: int, places_by_wire_id: dict[str, list[int]], count: int
) -> int | None:
    """The item's place in the request; None when it cannot be told."""
    number = str(entry.get("itemID"))
    counted = int(number) - first if number.isascii() and number.isdigit() and len(number) < 10 else None
    wire_id = _echoed_id(route, entry.get("request"))
    if wire_id is None:
        return counted if counted is not None and 0 <= counted < count else None
    places = places_by_wire_id.get(wire_id, [])
    if len(places) == 1:
        return places[0]
    return counted if counted in places else None


def _echoed_id(route: Route, request: Any) -> str | None:
    """The wire id of the item that an entry echoes; None without a readable echo."""
    if not isinstance(request, dict):
        return None
    endpoint = ENDPOINT_BY_BATCH_ROUTE.get(route.name)
    if endpoint == "contacts":
        identifiers = request.get("identifiers")
        first = identifiers[0] if isinstance(identifiers, list) and identifiers else None
        name = first.get("id") if isinstance(first, dict) else None
        return contact_id(name) if isinstance(name, str) else None
    name = request.get("eventID" if endpoint == "events" else "id")
    return name if isinstance(name, str) else None


def _entries(batch: dict[str, Any], name: str) -> list[dict[str, Any]]:
    entries = batch.get(name)
    return [entry for entry in entries if isinstance(entry, dict)] if isinstance(entries, list) else []
