"""Batches: up to a hundred items of one resource, each as its single call would take it, told about later.

Every item is taken when the batch arrives and shown when the batch is finished, a short while later. A bad item
never changes the batch's own status code.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from orderwire.sandbox.omnisend.checks import Checker, plain
from orderwire.sandbox.omnisend.problems import Refused
from orderwire.sandbox.omnisend.state import Outcome, minted

ENDPOINTS = ("contacts", "products", "categories", "events")
MOST_ITEMS = 100
ADVISED_BYTES = 1_000_000


@dataclass
class Batch:
    """One batch and what became of its items. Instants are platform UNIX seconds."""

    batch_id: str
    method: str
    endpoint: str
    origin: str
    created: float
    ready: float
    results: list[dict[str, Any]] = field(default_factory=list)
    total: int = 0
    is_stopped: bool = False

    def status(self, at: float) -> str:
        """How far it is."""
        if at < self.created + (self.ready - self.created) / 4:
            return "pending"
        if at < self.ready:
            return "inProgress"
        return "stopped" if self.is_stopped else "finished"

    def header(self, at: float) -> dict[str, Any]:
        """The batch without its items."""
        status = self.status(at)
        is_over = at >= self.ready
        return {
            "batchID": self.batch_id,
            "method": self.method,
            "endpoint": self.endpoint,
            "origin": self.origin,
            "status": status,
            "createdAt": stamp(self.created),
            "startedAt": None if status == "pending" else stamp(self.created),
            "endedAt": stamp(self.ready) if is_over else None,
            "totalCount": self.total,
            "finishedCount": len(self.results) if is_over else 0,
            "errorsCount": len(self._failed()) if is_over else 0,
        }

    def items(self, at: float) -> dict[str, Any]:
        """The batch with its items, the failed ones apart."""
        is_over = at >= self.ready
        good = [result for result in self.results if result["responseCode"] < 400]
        return self.header(at) | {
            "errors": self._failed() if is_over else [],
            "responses": good if is_over else [],
        }

    def _failed(self) -> list[dict[str, Any]]:
        return [result for result in self.results if result["responseCode"] >= 400]


def check_batch(body: dict[str, Any]) -> list[Any]:
    """Refuse a batch that breaks the contract as a whole; returns its items."""
    check = Checker()
    method = check.choice(body, "method", ("POST", "PUT"), required=True)
    endpoint = check.choice(body, "endpoint", ENDPOINTS, required=True)
    if method == "PUT" and endpoint == "events":
        check.fault("method", "enum", "events can only be posted")
    check.text(body, "origin")
    items = body.get("items")
    if not isinstance(items, list):
        check.fault("items", "required" if items is None else "type", "must be an array")
        items = []
    elif not 1 <= len(items) <= MOST_ITEMS:
        check.fault("items", "items", f"must have 1 to {MOST_ITEMS} items")
    check.finish()
    return items


def run(
    body: dict[str, Any],
    items: list[Any],
    take: Callable[[str, str, Any], Outcome],
    *,
    number: int,
    call: int,
    now: float,
    seconds: float,
    stop_after: int,
) -> tuple[Batch, list[dict[str, Any]], list[dict[str, Any]]]:
    """Take every item; returns the batch with what was kept and what was started.

    Args:
        body: the batch as posted.
        items: its items.
        take: takes one item as the single call would: endpoint, method, item.
        number: which batch of the account it is.
        call: the number of the call, for the problems of refused items.
        now: platform UNIX seconds.
        seconds: how long the batch takes.
        stop_after: how many refused items stop the batch; 0 for never.
    """
    batch = Batch(
        batch_id=minted("batch", number),
        method=body["method"],
        endpoint=body["endpoint"],
        origin=body.get("origin") or "api",
        created=now,
        ready=now + seconds,
        total=len(items),
    )
    kept: list[dict[str, Any]] = []
    fired: list[dict[str, Any]] = []
    errors = 0
    for place, item in enumerate(items):
        try:
            outcome = take(batch.endpoint, batch.method, item)
        except Refused as refused:
            outcome = Outcome(refused.status, refused.body(call))
            kept.append({"type": "rejected", "id": next(iter(wire_ids(item)), ""), "reason": refused.kind})
            errors += 1
        kept.extend(outcome.kept)
        fired.extend(outcome.fired)
        batch.results.append(
            {
                "itemID": str(place + 1),
                "request": plain(item),
                "responseCode": outcome.status,
                "response": outcome.body if outcome.body is not None else {},
                "status": "finished",
            }
        )
        if stop_after and errors >= stop_after:
            batch.is_stopped = True
            break
    return batch, kept, fired


def wire_ids(item: Any) -> list[str]:
    """Everything that an item is called by on the wire, the most particular first."""
    if not isinstance(item, dict):
        return []
    properties, contact, rows = item.get("properties"), item.get("contact"), item.get("identifiers")
    names = [item.get("eventID"), properties.get("orderID") if isinstance(properties, dict) else None]
    names += [item.get("id"), item.get("categoryID")]
    names += [row.get("id") for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
    names += [contact.get("email"), contact.get("phone")] if isinstance(contact, dict) else []
    return [str(name) for name in names if name]


def stamp(seconds: float) -> str:
    """Platform seconds as an instant."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
