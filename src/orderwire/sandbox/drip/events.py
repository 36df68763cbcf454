"""Custom events of the REST API v2. They have no id, so nothing tells a resend from news."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from orderwire.sandbox.drip.people import People
from orderwire.sandbox.drip.records import batched, paged
from orderwire.sandbox.drip.refusals import refused, wrong_structure
from orderwire.sandbox.drip.store import Store, instant_of, is_email
from orderwire.sandbox.kit import Answer

_MOST_CENTS = 2_147_483_647


class Events:
    """What people of one account did, in the sender's own words."""

    def __init__(self, store: Store, people: People, rejected: frozenset[str]) -> None:
        self.store = store
        self.people = people
        self.rejected = rejected

    def record(self, body: Any, now: datetime) -> Answer:
        """`POST events`: exactly one."""
        records = body.get("events") if isinstance(body, dict) else None
        if not isinstance(records, list) or len(records) != 1:
            return wrong_structure()
        if refusal := self._fault(records[0]):
            return refusal
        answer = Answer(204)
        self._take(records[0], now, answer)
        return answer

    def record_batch(self, body: Any, now: datetime) -> Answer:
        """`POST events/batches`: 1 to 1000; one bad record refuses the request."""
        records = batched(body, "events")
        if isinstance(records, Answer):
            return records
        for record in records:
            if refusal := self._fault(record):
                return refusal
        answer = Answer(201, {})
        for record in records:
            self._take(record, now, answer)
        return answer

    def _fault(self, record: Any) -> Answer | None:
        if not isinstance(record, dict):
            return wrong_structure()
        if not record.get("email") and not record.get("id"):
            return refused(422, "presence_error", "Email is required", "email")
        if not isinstance(record.get("id", ""), str):
            return wrong_structure()
        if record.get("email") and (not is_email(record["email"]) or record["email"] in self.rejected):
            return refused(422, "email_error", "Email is invalid", "email")
        if not isinstance(record.get("action"), str) or not record["action"]:
            return refused(422, "presence_error", "Action is required", "action")
        if record["action"] in self.rejected:
            return refused(422, "format_error", "Action is invalid", "action")
        if record.get("occurred_at") is not None and instant_of(record["occurred_at"]) is None:
            return refused(422, "time_error", "Occurred at must be in ISO-8601 format", "occurred_at")
        properties = record.get("properties", {})
        if not isinstance(properties, dict) or not isinstance(record.get("prospect", True), bool):
            return wrong_structure()
        value = properties.get("value", 0)
        if type(value) is not int or value >= _MOST_CENTS:
            return refused(422, "format_error", "Value must be a whole number of cents", "value")
        return None

    def _take(self, record: Mapping[str, Any], now: datetime, answer: Answer) -> None:
        person = self.people.resolve(record, now, answer)
        sent_to = record.get("id") or record.get("email")
        if person is None:
            answer.kept.append({"type": "rejected", "id": sent_to, "reason": "no such person"})
            return
        properties = record.get("properties", {})
        occurred_at = record.get("occurred_at")
        content = json.dumps(properties, sort_keys=True)
        is_repeated = self.store.is_repeated("event", person.ident, record["action"], occurred_at, content)
        said = {
            "action": record["action"],
            "person": person.name,
            "occurred_at": occurred_at,
            "properties": properties,
        }
        self.store.events.append(said)
        answer.kept.append(
            {
                "type": "event",
                "action": record["action"],
                "id": properties.get("event_id") or properties.get("id"),
                "person": sent_to,
                "occurred_at": occurred_at,
                "quiet": False,
                "duplicate": is_repeated,
                "amount": properties.get("value"),
                "properties": properties,
                "status": person.status,
            }
        )
        answer.fired.append({"type": "event", "event": record["action"], "person": person.name})

    def actions(self, query: Mapping[str, str]) -> Answer:
        """`GET event_actions`: the names of all custom events, a page at a time."""
        names = sorted({event["action"] for event in self.store.events})
        page, size = paged(query)
        shown = names[(page - 1) * size : page * size]
        pages = max(1, math.ceil(len(names) / size))
        meta = {"page": page, "count": len(shown), "total_pages": pages, "total_count": len(names)}
        return Answer(200, {"meta": meta, "event_actions": shown})
