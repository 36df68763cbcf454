"""Bulk imports of profiles: the job, what failed of it, and whom it was about."""

from __future__ import annotations

from functools import partial
from typing import Any

from msgspec import json

from orderwire.dialects.doorway import Answer, Call, Document, Endpoint, Reply, Shelves, Unread
from orderwire.dialects.klaviyo.door import ids, jobs
from orderwire.dialects.klaviyo.door.answering import change, read
from orderwire.dialects.klaviyo.door.documents import Resource, many, one, reference
from orderwire.dialects.klaviyo.door.draft import ENCODE, Draft
from orderwire.dialects.klaviyo.door.faults import Fault, Refusal, refuse_if
from orderwire.dialects.klaviyo.door.learning import learn
from orderwire.dialects.klaviyo.door.lists import join, must_exist
from orderwire.dialects.klaviyo.door.lists_api import list_resource
from orderwire.dialects.klaviyo.door.members import Members, document, plain
from orderwire.dialects.klaviyo.door.profiles_out import profile_resource
from orderwire.dialects.klaviyo.door.queries import Offer, asked
from orderwire.dialects.klaviyo.door.who import named, others_with, read_profile, unidentified
from orderwire.model import Identity

KIND = "profile-bulk-import-job"
_MOST = 10_000
_LARGEST = 100_000
_LINKS = ("lists", "profiles", "import-errors")
_WHOM = "profile-bulk-import-job profiles"
"""Collection of whom a job was about: the identifiers of its profiles, by job."""


def take(draft: Draft) -> Answer:
    """POST /api/profile-bulk-import-jobs: entries that cannot be understood fail alone."""
    data, faults = document(draft.call.body, KIND)
    entries = data.part("attributes").part("profiles").every("data", most=_MOST)
    relationships = data.part_if("relationships")
    lists: list[str] = []
    if relationships is not None and (holder := relationships.part_if("lists")) is not None:
        lists = [one.text("id", is_required=True) or "" for one in holder.every("data", is_required=False)]
    refuse_if(faults)
    for list_id in lists:
        must_exist(draft.shelves, list_id, "/data/relationships/lists/data")
    failed: list[jobs.JobFault] = []
    taken: list[Identity] = []
    for place, entry in enumerate(entries):
        fault = _take_one(draft, entry, place, lists, taken)
        if fault is not None:
            failed.append(fault)
    job = jobs.keep(draft, KIND, total=len(entries), faults=failed, lists=tuple(lists))
    draft.keep(Document(collection=_WHOM, key=job.id, body=json.encode(taken)))
    return draft.intake(one(draft.call, jobs.job_resource(draft.call, job, links=_LINKS), status=202))


def _take_one(
    draft: Draft, entry: Members, place: int, lists: list[str], taken: list[Identity]
) -> jobs.JobFault | None:
    """Take in one profile, or say why not."""
    faults: list[Fault] = []
    own = Members(entry.given, f"/data/attributes/profiles/data/{place}", faults)
    profile = read_profile(own)
    if len(ENCODE(entry.given)) > _LARGEST:
        own.blame("A profile may not be larger than 100 KB.")
    if profile.identity.is_empty and not profile.id and not faults:
        faults.append(unidentified(f"{own.at}/attributes"))
    if not faults:
        try:
            identity, known = named(draft, profile, own.at)
        except Refusal as refusal:
            faults.extend(refusal.faults)
        else:
            if others_with(draft, profile.identity, known.person if known else None):
                detail = "A profile already exists with one of these identifiers."
                faults.append(Fault(detail=detail, pointer=own.at, code="duplicate_profile", title="Conflict."))
            else:
                learn(draft, profile, identity, known, raw=ENCODE(entry.given), clears=False)
                for list_id in lists:
                    join(draft, list_id, identity)
                taken.append(identity)
                return None
    first = faults[0]
    draft.set_aside(
        Unread(
            stream="profile-bulk-import-jobs",
            key=profile.identity.external_id or "",
            place=first.pointer,
            problem=f"a profile of an import is refused: {first.code}",
            remedy="Send it again with what its import error names put right.",
            raw=ENCODE(entry.given),
        )
    )
    entry_shown = plain(entry.given)
    return jobs.JobFault(
        detail=first.detail, pointer=first.pointer, code=first.code, title=first.title, entry=entry_shown
    )


def get_errors(call: Call, shelves: Shelves) -> Reply:
    """GET /api/profile-bulk-import-jobs/{id}/import-errors."""
    wanted = asked(call, Offer(size=20, most=100))
    job = jobs.job_at(call, shelves, KIND)
    start = int(wanted.cursor) if wanted.cursor.isdecimal() else 0
    shown: list[Resource] = []
    for place in range(start, min(start + wanted.size, len(job.faults))):
        fault = job.faults[place]
        attributes: dict[str, Any] = {
            "code": fault.code,
            "title": fault.title,
            "detail": fault.detail,
            "source": {"pointer": fault.pointer},
            "original_payload": fault.entry,
        }
        identity = ids.job_id(job.id, str(place))
        link = f"{call.base_url}/api/profile-bulk-import-jobs/{job.id}/import-errors/"
        shown.append({"type": "import-error", "id": identity, "attributes": attributes, "links": {"self": link}})
    following = start + wanted.size
    return many(call, shown, following=str(following) if following < len(job.faults) else "")


def _people(call: Call, shelves: Shelves, *, is_whole: bool) -> Reply:
    wanted = asked(call, Offer(size=20, most=100))
    job = jobs.job_at(call, shelves, KIND)
    kept = shelves.document(_WHOM, job.id)
    identities = json.decode(kept.body, type=list[Identity]) if kept is not None else []
    start = int(wanted.cursor) if wanted.cursor.isdecimal() else 0
    following = start + wanted.size
    found = [shelves.find(identity) for identity in identities[start:following]]
    shown = [
        profile_resource(call, shelves, known) if is_whole else reference("profile", ids.profile_id(known.person))
        for known in found
        if known is not None
    ]
    return many(call, shown, following=str(following) if following < len(identities) else "")


def _lists(call: Call, shelves: Shelves, *, is_whole: bool) -> Reply:
    job = jobs.job_at(call, shelves, KIND)
    shown: list[Resource] = []
    for list_id in job.lists:
        if shelves.document("list", list_id) is None:
            continue
        shown.append(list_resource(call, shelves, list_id) if is_whole else reference("list", list_id))
    return many(call, shown)


def endpoints() -> list[Endpoint]:
    """Bulk imports."""
    path = "/api/profile-bulk-import-jobs"
    own = f"{path}/{{id}}"
    return [
        change("POST", path, take, family="M import jobs"),
        read(path, partial(jobs.get_many, kind=KIND, links=_LINKS), family="M get import jobs"),
        read(own, partial(jobs.get_one, kind=KIND, links=_LINKS), family="M get import job"),
        read(f"{own}/import-errors", get_errors, family="M import errors"),
        read(f"{own}/profiles", partial(_people, is_whole=True), family="M import profiles"),
        read(f"{own}/relationships/profiles", partial(_people, is_whole=False), family="M import profiles"),
        read(f"{own}/lists", partial(_lists, is_whole=True), family="M import lists"),
        read(f"{own}/relationships/lists", partial(_lists, is_whole=False), family="M import lists"),
    ]
