"""Batches answer later: what became of each item, by the batch's own list of errors and responses.

An item is found by the request that the list echoes; only where there is no echo does its number count, because the
numbers (text, from 1 in all samples) are known from samples alone. Whatever cannot be assigned makes the unnamed
items unknown rather than confirmed.

One page of the list of batches tells of up to 250 of them what is over and how much of it failed. That is enough for
events and products. A batch of contacts is looked into even where nothing failed: an identifier that belongs to
somebody else, or a yes that was not taken, shows only in the contact that came of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote, urlencode

from orderwire.dialects.contract import Account, Item, Route
from orderwire.dialects.omnisend.fields import CONTACTS_BATCH, ENDPOINT_BY_BATCH_ROUTE, contact_id
from orderwire.dialects.omnisend.replies import BUDGET, contact_fault, item_result, json_of
from orderwire.dialects.wire import ItemOutcome, JobVerdict, Result, Survey, WireReply, WireRequest

ASK_AGAIN = 3.0
"""Platform seconds before a batch is asked about, and again."""
_ASK_MUCH_LATER = 60.0
_LISTED = 250
_DAY = timedelta(days=1)
"""In which zone the list counts its days is not documented."""
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
        return JobVerdict(is_done=False, ask_again_after=_ASK_MUCH_LATER if is_refusal else ASK_AGAIN)
    batch = json_of(reply.body)
    if not isinstance(batch, dict) or batch.get("status") not in ("finished", "stopped"):
        return JobVerdict(is_done=False, ask_again_after=ASK_AGAIN)
    outcomes, has_strays = _outcomes(route, batch, items)
    told_count = batch.get("errorsCount")
    hides_errors = isinstance(told_count, int) and told_count > len(_entries(batch, "errors"))
    is_complete = batch["status"] == "finished" and not has_strays and not hides_errors
    rest = Result.CONFIRMED if is_complete else Result.UNKNOWN
    exceptions = (outcomes[place] for place in sorted(outcomes) if outcomes[place].result is not rest)
    return JobVerdict(is_done=True, result=rest, items=tuple(exceptions))


def survey(route: Route, cursor: str, since: datetime) -> WireRequest | None:
    """Ask for a page of the batches of one resource, in whatever order the platform lists them."""
    endpoint = ENDPOINT_BY_BATCH_ROUTE.get(route.name)
    if endpoint is None:
        return None
    query = {"endpoint": endpoint, "dateFrom": (since - _DAY).date().isoformat(), "limit": _LISTED}
    return WireRequest(method="GET", path=f"/batches?{urlencode(query | {'offset': _offset(cursor)})}", budget=BUDGET)


def interpret_survey(route: Route, cursor: str, reply: WireReply) -> Survey | None:
    """Read which batches are over, and of which of them nothing failed."""
    body = json_of(reply.body) if reply.status == 200 else None
    if not isinstance(body, dict) or not isinstance(body.get("batches"), list):
        return None
    done_well: list[str] = []
    look_closer: list[str] = []
    under_way: list[str] = []
    for batch in _entries(body, "batches"):
        if not isinstance(name := batch.get("batchID"), str):
            continue
        if batch.get("status") not in ("finished", "stopped"):
            under_way.append(name)
        elif route.name != CONTACTS_BATCH and _is_whole(batch):
            done_well.append(name)
        else:
            look_closer.append(name)
    paging = body.get("paging")
    has_more = isinstance(paging, dict) and bool(paging.get("next")) and bool(body["batches"])
    return Survey(
        done_well=tuple(done_well),
        look_closer=tuple(look_closer),
        under_way=tuple(under_way),
        next=str(_offset(cursor) + len(body["batches"])) if has_more else None,
    )


def _is_whole(batch: dict[str, Any]) -> bool:
    """Whether a batch says that it went through all its items, and that none failed."""
    counts = [batch.get(name) for name in ("totalCount", "finishedCount", "errorsCount")]
    if batch["status"] != "finished" or not all(type(count) is int for count in counts):
        return False
    total, finished, failed = counts
    return failed == 0 and finished == total


def _offset(cursor: str) -> int:
    return int(cursor) if cursor.isascii() and cursor.isdigit() else 0


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
