"""The push queue: what is taken at once, what is refused at once, and what is told later as an error."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from orderwire.sandbox.kit import Answer, Call
from orderwire.sandbox.ometria.intake import take
from orderwire.sandbox.ometria.records import RECORD_BYTES, faults
from orderwire.sandbox.ometria.world import World

RECORDS = 100
BACKLOG = 50_000
KEPT_ERRORS = 100
_NOT_VALID = "not a valid value"
_TOO_LARGE = "Payload invalid: Record is too large."


class Push:
    """Takes records into the world; each is seen by readers `latency` seconds later, `rate` of them a second."""

    def __init__(self, world: World, options: Mapping[str, Any]) -> None:
        self.world = world
        self.reject = frozenset(options.get("reject", ()))
        self.types: frozenset[str] | None = frozenset(options["event_types"]) if "event_types" in options else None
        self.latency = float(options.get("latency", 1.0))
        self.rate = float(options.get("rate", 1000.0))
        self.limit = int(options.get("backlog", BACKLOG))
        self.fired: dict[str, int] = {}
        self.rejected: list[str] = []
        self.mixed_requests = 0
        self._errors: deque[tuple[float, dict[str, Any]]] = deque(maxlen=100 * KEPT_ERRORS)
        self._waiting: deque[float] = deque()
        self._ready = 0.0

    def many(self, call: Call) -> Answer:
        """POST /push: an array of up to 100 records; OK means queued, not valid."""
        records = call.json()
        if not isinstance(records, list):
            return error(400, "Payload invalid: expected an array of records")
        if len(records) > RECORDS:
            return error(400, f"Payload invalid: more than {RECORDS} records")
        if self.waiting(call.at) + len(records) > self.limit:
            return error(429, "Too many records are waiting")
        self.mixed_requests += len({one.get("@type") for one in records if isinstance(one, dict)}) > 1
        answer = Answer(200)
        too_large = sum(self._take(record, call, answer) for record in records)
        answer.body = {
            "status": "OK",
            "request_id": _request_id(call),
            "accepted": len(records) - too_large,
            "rejected": too_large,
        }
        return answer

    def one(self, call: Call, given: dict[str, Any]) -> Answer:
        """One record on its own path; a bad one is refused in the answer itself."""
        body = call.json()
        if not isinstance(body, dict):
            return error(400, "Payload invalid: expected an object")
        answer = Answer(200, {"status": "OK", "request_id": _request_id(call), "accepted": 1, "rejected": 0})
        self._take({**body, **given}, call, answer)
        first = answer.kept[0]
        if first["type"] == "rejected":
            answer.status = 400
            answer.body = error(400, f"{first['reason']}: {first['paths'][0]}").body
        return answer

    def errors(self, now: float) -> list[dict[str, Any]]:
        """The 100 most recent errors, newest first."""
        seen = [one for ready, one in self._errors if ready <= now]
        return seen[::-1][:KEPT_ERRORS]

    def waiting(self, now: float) -> int:
        """How many records are queued."""
        while self._waiting and self._waiting[0] <= now:
            self._waiting.popleft()
        return len(self._waiting)

    def _take(self, record: Any, call: Call, answer: Answer) -> bool:
        """Queue one record; returns whether it is refused at once, for its size."""
        if len(json.dumps(record, ensure_ascii=False, separators=(",", ":")).encode()) > RECORD_BYTES:
            self._refuse(record, [("root", _TOO_LARGE)], call.at, call, answer)
            return True
        self._ready = ready = max(call.at + self.latency, self._ready + 1.0 / self.rate)
        self._waiting.append(ready)
        is_known = isinstance(record, dict) and self.world.held(record) is not None
        wrong = [(path, _NOT_VALID) for path in faults(record, is_known=is_known)]
        if not wrong and self._is_unwanted(record):
            wrong = [("root > id", _NOT_VALID)]
        if wrong:
            self._refuse(record, wrong, ready, call, answer)
            return False
        kept, fired = take(self.world, record, now=call.at, visible_at=ready, types=self.types)
        answer.kept.extend(kept)
        answer.fired.extend(fired)
        for one in fired:
            self.fired[one["name"]] = self.fired.get(one["name"], 0) + 1
        return False

    def _is_unwanted(self, record: dict[str, Any]) -> bool:
        names = {record.get(name) for name in ("id", "email", "customer_id", "identity_email")}
        return not names.isdisjoint(self.reject)

    def _refuse(self, record: Any, wrong: list[tuple[str, str]], ready: float, call: Call, answer: Answer) -> None:
        record = record if isinstance(record, dict) else {}
        key = str(record.get("id", ""))
        self.rejected.append(key)
        paths = [path for path, _ in wrong]
        answer.kept.append({"type": "rejected", "id": key, "reason": wrong[0][1], "paths": paths})
        for path, message in wrong:
            found = {
                "error_message": message,
                "error_path": path,
                "record_id": key,
                "record_type": record.get("@type"),
                "request_id": _request_id(call),
                "source": "push",
                "customer_id": record.get("customer_id"),
                "timestamp": stamp(ready),
            }
            self._errors.append((ready, found))


def error(status: int, message: str) -> Answer:
    """A refusal; its exact body is not documented, only that it is JSON."""
    return Answer(status, {"status": "ERROR", "message": message})


def stamp(seconds: float) -> str:
    """Platform seconds as an instant in UTC."""
    return datetime.fromtimestamp(seconds, UTC).isoformat()


def _request_id(call: Call) -> str:
    return str(uuid5(NAMESPACE_URL, f"ometria:{call.number}"))
