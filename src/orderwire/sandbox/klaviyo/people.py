"""The profile endpoints: create, change, import one or many, read, merge, delete for privacy."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any, Protocol
from uuid import NAMESPACE_URL, uuid5

from orderwire.sandbox.kit import Answer
from orderwire.sandbox.klaviyo.person_queries import FILTERS, PAGING, held
from orderwire.sandbox.klaviyo.person_shapes import (
    ANONYMOUS_UNTIL,
    BULK,
    CREATE,
    DELETION,
    IMPORT,
    MERGE,
    ON_PROFILE,
    PROFILE_BYTES,
    UPDATE,
    identity_faults,
    unidentified,
)
from orderwire.sandbox.klaviyo.profiles import IDENTIFIERS, Profile, Profiles, is_test_address, spelled
from orderwire.sandbox.klaviyo.queries import conditions, sparse
from orderwire.sandbox.klaviyo.refusals import Fault, Refused, conflict, duplicate_fault, not_found, refuse_if
from orderwire.sandbox.klaviyo.world import Ask, Job, Jobs, job_resource, rejected
from orderwire.sandbox.klaviyo.world import document as answered


class Activity(Protocol):
    """What else is held of a profile: its events."""

    def forget(self, profile: Profile) -> None:
        """Remove them."""

    def move(self, source: str, into: str) -> None:
        """Give them to another profile."""


class People:
    """The profile endpoints over the stand-in's profiles."""

    def __init__(self, profiles: Profiles, jobs: Jobs, bad: frozenset[str], activity: Activity) -> None:
        self.profiles = profiles
        self.jobs = jobs
        self.bad = bad
        self.activity = activity
        self.erased = 0

    def create(self, ask: Ask) -> Answer:
        """POST /api/profiles."""
        data = ask.body(CREATE, PROFILE_BYTES)
        attributes = data["attributes"]
        self._check(attributes, ask)
        known = self.profiles.find(attributes) or self.profiles.rival(None, attributes)
        if known is not None:
            raise conflict(known.id)
        return self._keep(self.profiles.create(ask.now), data, ask, 201)

    def update(self, ask: Ask) -> Answer:
        """PATCH /api/profiles/{id}: null clears, absent leaves."""
        profile = self.profiles.get(ask.args[0])
        data = ask.body(UPDATE, PROFILE_BYTES)
        if data["id"] != profile.id:
            raise Refused(400, Fault("The id of the body is not that of the path.", "/data/id"))
        attributes = data["attributes"]
        refuse_if(identity_faults(attributes, "/data/attributes"))
        if rival := self.profiles.rival(profile, attributes):
            raise conflict(rival.id)
        return self._keep(profile, data, ask, 200)

    def upsert(self, ask: Ask) -> Answer:
        """POST /api/profile-import: 201 for a new profile, 200 for a known one."""
        data = ask.body(IMPORT, PROFILE_BYTES)
        attributes = data["attributes"]
        if not data.get("id"):
            self._check(attributes, ask)
        else:
            refuse_if(identity_faults(attributes, "/data/attributes"))
        profile = self.profiles.find(attributes, data.get("id"))
        if data.get("id") and profile is None:
            raise not_found("profile", data["id"])
        if rival := self.profiles.rival(profile, attributes):
            raise conflict(rival.id)
        status = 200 if profile else 201
        return self._keep(profile or self.profiles.create(ask.now), data, ask, status)

    def bulk_import(self, ask: Ask) -> Answer:
        """POST /api/profile-bulk-import-jobs: faults of single profiles are told by the job."""
        data = ask.body(BULK)
        lists = [one["id"] for one in data.get("relationships", {}).get("lists", {}).get("data", [])]
        entries = data["attributes"]["profiles"]["data"]
        job = self.jobs.open("profile-bulk-import-job", len(entries), ask)
        job.lists = lists
        kept = [self._import_one(entry, place, job, ask) for place, entry in enumerate(entries)]
        answer = answered(self._job(job, ask), ask, status=202)
        answer.kept = [one for one in kept if one]
        answer.fired = [
            {"trigger": "list", "list": which, "person": one["person"]}
            for which in lists
            for one in kept
            if one and one["type"] == "person"
        ]
        return answer

    def import_job(self, ask: Ask) -> Answer:
        """GET /api/profile-bulk-import-jobs/{id}."""
        return answered(self._job(self.jobs.get("profile-bulk-import-job", ask.args[0]), ask), ask)

    def import_jobs(self, ask: Ask) -> Answer:
        """GET /api/profile-bulk-import-jobs."""
        jobs = self.jobs.listed("profile-bulk-import-job", ask)
        return answered([self._job(job, ask) for job in jobs], ask, {"self": ask.url, "next": None, "prev": None})

    def import_errors(self, ask: Ask) -> Answer:
        """GET /api/profile-bulk-import-jobs/{id}/import-errors, all on one page."""
        job = self.jobs.get("profile-bulk-import-job", ask.args[0])
        errors = job.errors if job.status(ask.now) == "complete" else []
        return answered(errors, ask, {"self": ask.url, "next": None, "prev": None})

    def import_profiles(self, ask: Ask) -> Answer:
        """GET /api/profile-bulk-import-jobs/{id}/profiles."""
        job = self.jobs.get("profile-bulk-import-job", ask.args[0])
        found = [self.profiles.by_id[one] for one in job.members if one in self.profiles.by_id]
        page = PAGING.page(found, ask.query, ask.url)
        return answered([profile.resource(ask.base) for profile in page.members], ask, page.links)

    def read_many(self, ask: Ask) -> Answer:
        """GET /api/profiles."""
        asked = conditions(ask.query.get("filter", ""), FILTERS)
        found = [
            profile
            for profile in self.profiles.by_id.values()
            if all(one.holds(held(profile, one.field)) for one in asked)
        ]
        page = PAGING.page(found, ask.query, ask.url)
        return answered([self._shown(profile, ask) for profile in page.members], ask, page.links)

    def read_one(self, ask: Ask) -> Answer:
        """GET /api/profiles/{id}."""
        return answered(self._shown(self.profiles.get(ask.args[0]), ask), ask)

    def merge(self, ask: Ask) -> Answer:
        """POST /api/profile-merge: one source into a destination."""
        data = ask.body(MERGE)
        source = self.profiles.get(data["relationships"]["profiles"]["data"][0]["id"])
        into = self.profiles.get(data["id"])
        if source is into:
            raise Refused(
                400, Fault("A profile cannot be merged into itself.", "/data/relationships/profiles/data/0/id")
            )
        self.profiles.merge(source, into, ask.now)
        self.activity.move(source.id, into.id)
        links = {"self": f"{ask.base}/api/profiles/{into.id}/"}
        answer = answered({"type": "profile", "id": into.id, "links": links}, ask, status=201)
        answer.kept = [{"type": "merge", "id": into.id, "person": spelled(into.identifiers), "source": source.id}]
        return answer

    def erase(self, ask: Ask) -> Answer:
        """POST /api/data-privacy-deletion-jobs: exactly one identifier."""
        data = ask.body(DELETION)["attributes"]["profile"]["data"]
        attributes = data["attributes"]
        given = {name: attributes[name] for name in ("email", "phone_number") if attributes.get(name)}
        given |= {"id": data["id"]} if data.get("id") else {}
        if len(given) != 1:
            detail = "Exactly one of these fields is required: id, email, phone_number."
            raise Refused(400, Fault(detail, "/data/attributes/profile/data"))
        refuse_if(identity_faults(attributes, "/data/attributes/profile/data/attributes"))
        (named,) = given.values()
        profile = self.profiles.find(given, given.get("id"))
        if profile is not None:
            self.activity.forget(profile)
            self.profiles.remove(profile)
            self.erased += 1
        return Answer(202, kept=[{"type": "erasure", "id": named, "person": named, "found": profile is not None}])

    def _check(self, attributes: dict[str, Any], ask: Ask) -> None:
        refuse_if(self._faults(attributes, "/data/attributes", ask))

    def _faults(self, attributes: dict[str, Any], at: str, ask: Ask) -> list[Fault]:
        faults: list[Fault] = []
        ON_PROFILE(attributes, at, faults)
        if attributes.get("anonymous_id") is not None and ask.revision >= ANONYMOUS_UNTIL:
            detail = "'anonymous_id' is not a valid field for the resource 'profile'."
            faults.append(Fault(detail, f"{at}/anonymous_id"))
        if not any(attributes.get(name) for name in IDENTIFIERS):
            faults.append(unidentified(at))
        if spelled(attributes) in self.bad:
            faults.append(Fault("This profile is refused.", at))
        return faults or identity_faults(attributes, at)

    def _keep(self, profile: Profile, data: dict[str, Any], ask: Ask, status: int) -> Answer:
        attributes = data["attributes"]
        self.profiles.change(profile, attributes, ask.now, null_clears=True)
        self.profiles.patch(profile, data.get("meta") or {})
        answer = answered(profile.resource(ask.base, extra=_extra(ask)), ask, status=status)
        answer.kept = [_kept(profile, attributes, ask.now, is_new=status == 201)]
        return answer

    def _import_one(self, entry: dict[str, Any], place: int, job: Job, ask: Ask) -> dict[str, Any] | None:
        at = f"/data/attributes/profiles/data/{place}"
        attributes = entry["attributes"]
        profile = self.profiles.find(attributes, entry.get("id"))
        faults = [] if entry.get("id") and profile else self._faults(attributes, f"{at}/attributes", ask)
        if len(json.dumps(attributes, ensure_ascii=False).encode()) > PROFILE_BYTES:
            faults.append(Fault("A profile may not be larger than 100 KB.", at))
        if not faults and (rival := self.profiles.rival(profile, attributes)):
            faults.append(duplicate_fault(f"{at}/attributes", rival.id))
        if faults:
            job.errors.append(_import_error(faults[0], job, entry))
            return rejected(spelled(attributes, entry.get("id")), faults[0].detail)
        if is_test_address(attributes):
            return rejected(spelled(attributes), "test address: accepted and dropped")
        is_new = profile is None
        profile = profile or self.profiles.create(ask.now)
        self.profiles.change(profile, attributes, ask.now)
        self.profiles.patch(profile, entry.get("meta") or {})
        profile.lists |= dict.fromkeys(job.lists, ask.now)
        job.members.append(profile.id)
        return _kept(profile, attributes, ask.now, is_new=is_new)

    def _shown(self, profile: Profile, ask: Ask) -> dict[str, Any]:
        return sparse(profile.resource(ask.base, extra=_extra(ask)), ask.query)

    def _job(self, job: Job, ask: Ask) -> dict[str, Any]:
        def relations(job: Job) -> dict[str, Any]:
            link = f"{ask.base}/api/{job.type}s/{job.id}"
            return {
                "lists": {"data": [{"type": "list", "id": one} for one in job.lists]},
                "profiles": {"links": {"self": f"{link}/relationships/profiles/", "related": f"{link}/profiles/"}},
                "import-errors": {"links": {"related": f"{link}/import-errors/"}},
            }

        return job_resource(job, ask, relations)


def _extra(ask: Ask) -> tuple[str, ...]:
    return tuple(ask.query.get("additional-fields[profile]", "").split(","))


def _kept(profile: Profile, attributes: dict[str, Any], now: datetime, *, is_new: bool) -> dict[str, Any]:
    return {
        "type": "person",
        "id": profile.id,
        "person": spelled(attributes, profile.id),
        "occurred_at": now.isoformat(),
        "quiet": True,
        "duplicate": not is_new,
        "amount": None,
    }


def _import_error(fault: Fault, job: Job, entry: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "import-error",
        "id": uuid5(NAMESPACE_URL, f"{job.id}:{len(job.errors)}").hex,
        "attributes": {
            "code": fault.code,
            "title": fault.title,
            "detail": fault.detail,
            "source": {"pointer": fault.pointer},
            "original_payload": entry,
        },
    }
