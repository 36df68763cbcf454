"""What every part of the stand-in shares: one call, asynchronous jobs, and time as Klaviyo writes it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from orderwire.sandbox.kit import Answer, Call
from orderwire.sandbox.klaviyo.refusals import Fault, Refused, not_found, refuse_if
from orderwire.sandbox.klaviyo.shapes import Check

MAX_BODY_BYTES = 5_000_000
_MEDIA = ("application/vnd.api+json", "application/json")


@dataclass(frozen=True)
class Ask:
    """One call that was let through, with its path arguments decoded."""

    call: Call
    revision: str
    args: tuple[str, ...]
    now: datetime

    @property
    def base(self) -> str:
        """The address the caller reached us by, for links."""
        return f"http://{self.call.headers.get('host', 'localhost')}"

    @property
    def url(self) -> str:
        """The address of the collection asked for, without its query."""
        return self.base + self.call.path.rstrip("/")

    @property
    def query(self) -> Mapping[str, str]:
        """The decoded query."""
        return self.call.query

    def body(self, shape: Check, most: int = MAX_BODY_BYTES) -> Any:
        """The checked document.

        Raises:
            Refused: 413 too large, 415 another media type, 400 no JSON or another shape.
        """
        value = self.raw(most)
        faults: list[Fault] = []
        shape(value, "", faults)
        refuse_if(faults)
        return value["data"]

    def raw(self, most: int = MAX_BODY_BYTES) -> Any:
        """The document as JSON, unchecked but for size and media type."""
        if len(self.call.body) > most:
            raise Refused(
                413, Fault("The payload is too large.", code="request_too_large", title="Payload Too Large.")
            )
        media = self.call.headers.get("content-type", "").split(";")[0].strip().lower()
        if media not in _MEDIA:
            detail = f"Unsupported media type '{media}' in request."
            raise Refused(415, Fault(detail, code="unsupported_media_type", title="Unsupported media type."))
        try:
            return json.loads(self.call.body, parse_constant=_no_constant)
        except ValueError:
            raise Refused(400, Fault("The request body is not valid JSON.", code="parse_error")) from None


def _no_constant(name: str) -> Any:
    raise ValueError(name)


def stamp(when: datetime) -> str:
    """An instant as profiles, lists and jobs show it: microseconds and `+00:00`."""
    return when.astimezone(UTC).isoformat(timespec="microseconds")


def document(data: Any, ask: Ask, links: Mapping[str, str | None] | None = None, status: int = 200) -> Answer:
    """A JSON:API answer."""
    body = {"data": data, "links": dict(links) if links is not None else {"self": ask.url}}
    return Answer(status, body, content_type="application/vnd.api+json")


@dataclass
class Job:
    """One asynchronous job. Its work is decided when it is accepted and shown when `seconds` have passed.

    `total` counts what was asked, `errors` what failed; Klaviyo has no "failed" state.
    """

    id: str
    type: str
    created: datetime
    total: int
    seconds: float
    errors: list[dict[str, Any]] = field(default_factory=list)
    members: list[str] = field(default_factory=list)
    lists: list[str] = field(default_factory=list)
    skipped: int = 0

    def status(self, now: datetime) -> str:
        """`queued`, `processing` or `complete`."""
        age = (now - self.created).total_seconds()
        if age >= self.seconds:
            return "complete"
        return "queued" if age < self.seconds / 4 else "processing"

    def attributes(self, now: datetime) -> dict[str, Any]:
        """The counts as they stand now."""
        status = self.status(now)
        done = status == "complete"
        finished = datetime.fromtimestamp(self.created.timestamp() + self.seconds, UTC)
        shown: dict[str, Any] = {
            "status": status,
            "created_at": stamp(self.created),
            "total_count": self.total,
            "completed_count": self.total - len(self.errors) - self.skipped if done else 0,
            "completed_at": stamp(finished) if done else None,
        }
        if "suppression" in self.type:
            return shown | {"skipped_count": self.skipped if done else 0}
        expires = datetime.fromtimestamp(self.created.timestamp() + 7 * 86_400, UTC)
        shown |= {"failed_count": len(self.errors) if done else 0, "expires_at": stamp(expires)}
        if self.type == "profile-bulk-import-job":
            return shown | {"started_at": stamp(self.created)}
        return shown | {"errors": self.errors if done else []}


class Jobs:
    """All jobs of all types, by id."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._by_id: dict[str, Job] = {}

    def open(self, kind: str, total: int, ask: Ask) -> Job:
        """Accept a job of this type."""
        identity = uuid5(NAMESPACE_URL, f"{kind}:{len(self._by_id)}").hex
        job = Job(identity, kind, ask.now, total, self.seconds)
        self._by_id[identity] = job
        return job

    def get(self, kind: str, identity: str) -> Job:
        """The job of this type and id.

        Raises:
            Refused: 404 when there is none.
        """
        job = self._by_id.get(identity)
        if job is None or job.type != kind:
            raise not_found(kind, identity)
        return job

    def running(self, kind: str, now: datetime) -> int:
        """How many jobs of a type are not complete."""
        recent = reversed(self._by_id.values())
        count = 0
        for job in recent:
            if (now - job.created).total_seconds() >= self.seconds:
                break
            count += job.type == kind
        return count

    def listed(self, kind: str, ask: Ask) -> list[Job]:
        """The jobs of a type, the newest first, narrowed by a `filter` on status."""
        asked = ask.query.get("filter", "")
        jobs = [job for job in reversed(self._by_id.values()) if job.type == kind]
        return [job for job in jobs if not asked or f'"{job.status(ask.now)}"' in asked]


def job_resource(job: Job, ask: Ask, relations: Callable[[Job], dict[str, Any]] | None = None) -> dict[str, Any]:
    """A job as a resource."""
    shown = {
        "type": job.type,
        "id": job.id,
        "attributes": job.attributes(ask.now),
        "links": {"self": f"{ask.base}/api/{job.type}s/{job.id}/"},
    }
    return shown | ({"relationships": relations(job)} if relations else {})


def rejected(identity: str, reason: str) -> dict[str, Any]:
    """The reception log's entry for an item that was refused while its request was taken."""
    return {"type": "rejected", "id": identity, "reason": reason}
