"""Jobs as documents: they are done when their call is committed, and say so whenever they are asked for."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from msgspec import Struct, json

from orderwire.dialects.doorway import Call, Document, Reply, Shelves
from orderwire.dialects.klaviyo.door import ids
from orderwire.dialects.klaviyo.door.documents import Resource, many, one, resource, stamp, stamp_if
from orderwire.dialects.klaviyo.door.draft import Draft
from orderwire.dialects.klaviyo.door.faults import not_found
from orderwire.dialects.klaviyo.door.queries import Offer, asked, is_like, is_within

_KEPT_FOR = timedelta(days=7)
OFFER = Offer(
    filters={
        "status": ("equals", "any"),
        "created_at": ("greater-than", "greater-or-equal", "less-than", "less-or-equal"),
        "list_id": ("equals",),
        "segment_id": ("equals",),
    },
    sorts=("created_at",),
    size=20,
    most=100,
    include=("lists", "items", "variants", "categories"),
)


class JobFault(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What was wrong with one entry of a job, and the entry."""

    detail: str
    pointer: str
    code: str = "invalid"
    title: str = "Invalid input."
    entry: Any = None


class Job(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What became of a job."""

    kind: str
    id: str
    created_at: datetime
    total: int
    faults: tuple[JobFault, ...] = ()
    lists: tuple[str, ...] = ()
    members: tuple[str, ...] = ()
    """What it was about: keys of documents or ids of catalog entries."""
    skipped: int = 0


def keep(draft: Draft, kind: str, *, total: int, faults: Sequence[JobFault] = (), **more: Any) -> Job:
    """Keep a job that this call made."""
    job = Job(
        kind=kind,
        id=ids.job_id(draft.call.request_id, kind),
        created_at=draft.call.received_at,
        total=total,
        faults=tuple(faults),
        **more,
    )
    draft.keep(Document(collection=kind, key=job.id, body=json.encode(job), rank=stamp(job.created_at)))
    return job


def job_at(call: Call, shelves: Shelves, kind: str) -> Job:
    """The job whose id stands in the path.

    Raises:
        Refusal: there is no such job.
    """
    identity = call.parameters["id"]
    document = shelves.document(kind, identity)
    if document is None:
        raise not_found("job", identity)
    return json.decode(document.body, type=Job)


def job_resource(call: Call, job: Job, *, links: Sequence[str] = ()) -> Resource:
    """A job as a resource."""
    attributes: dict[str, Any] = {
        "status": "complete",
        "created_at": stamp(job.created_at),
        "total_count": job.total,
        "completed_count": job.total - len(job.faults) - job.skipped,
        "completed_at": stamp_if(job.created_at),
    }
    if "suppression" in job.kind:
        attributes["skipped_count"] = job.skipped
    else:
        attributes |= {"failed_count": len(job.faults), "expires_at": stamp(job.created_at + _KEPT_FOR)}
    if job.kind.startswith("profile-bulk-import"):
        attributes["started_at"] = stamp(job.created_at)
    if job.kind.startswith("catalog-"):
        attributes["errors"] = [
            {
                "id": ids.job_id(job.id, str(place)),
                "code": fault.code,
                "title": fault.title,
                "detail": fault.detail,
                "source": {"pointer": fault.pointer},
            }
            for place, fault in enumerate(job.faults)
        ]
    return resource(call, job.kind, job.id, attributes, plural=f"{job.kind}s", links=links)


def get_one(call: Call, shelves: Shelves, kind: str, links: Sequence[str] = ()) -> Reply:
    """A job."""
    included: list[Resource] | None = [] if call.asked("include") else None
    return one(call, job_resource(call, job_at(call, shelves, kind), links=links), included=included)


def get_many(call: Call, shelves: Shelves, kind: str, links: Sequence[str] = ()) -> Reply:
    """A page of jobs, the newest first."""
    wanted = asked(call, OFFER)
    is_last_first = wanted.is_descending or not wanted.sort
    rank, _, key = wanted.cursor.partition("|")
    after = (rank, key) if key else None
    page: list[Resource] = []
    last: Document | None = None
    while found := shelves.documents(kind, after=after, limit=wanted.size + 1, is_last_first=is_last_first):
        for document in found:
            job = json.decode(document.body, type=Job)
            if not (is_like("complete", wanted.of("status")) and is_within(job.created_at, wanted.of("created_at"))):
                continue
            if len(page) == wanted.size and last is not None:
                return many(call, page, following=f"{last.rank}|{last.key}")
            page.append(job_resource(call, job, links=links))
            last = document
        after = (found[-1].rank, found[-1].key)
    return many(call, page)
