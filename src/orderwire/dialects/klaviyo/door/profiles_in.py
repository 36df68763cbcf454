"""Profiles taken in: created, changed, upserted, merged, erased."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from msgspec.structs import replace

from orderwire.dialects.doorway import Answer, Endpoint, Known, Reply, Scope, Shelves, Unread
from orderwire.dialects.klaviyo.door import ids
from orderwire.dialects.klaviyo.door.answering import change
from orderwire.dialects.klaviyo.door.documents import ACCEPTED, one, reference
from orderwire.dialects.klaviyo.door.draft import Draft
from orderwire.dialects.klaviyo.door.faults import Fault, Refusal, not_found, refuse_if
from orderwire.dialects.klaviyo.door.learning import learn
from orderwire.dialects.klaviyo.door.members import Members, document
from orderwire.dialects.klaviyo.door.persons import shown_attributes
from orderwire.dialects.klaviyo.door.profiles_out import profile_resource
from orderwire.dialects.klaviyo.door.who import (
    Profile,
    conflict,
    joined,
    known_by_id,
    named,
    only_known,
    others_with,
    read_identity,
    read_profile,
    unidentified,
)
from orderwire.model import Identity

_LARGEST = 100_000
_AT = "/data/attributes"


def create(draft: Draft) -> Answer:
    """POST /api/profiles."""
    profile = _profile(draft)
    if others := others_with(draft, profile.identity, None):
        raise conflict(others[0])
    learn(draft, profile, profile.identity, None)
    return draft.intake(_shown(draft, profile.identity, status=201))


def update(draft: Draft) -> Answer:
    """PATCH /api/profiles/{id}."""
    identity = draft.call.parameters["id"]
    known = known_by_id(draft, identity)
    if known is None:
        raise not_found("profile", identity)
    data, faults = document(draft.call.body, "profile")
    profile = read_profile(data)
    if profile.id and profile.id != identity:
        data.blame("The id in the body is not the one in the path.", "id")
    refuse_if(faults)
    if others := others_with(draft, profile.identity, known.person):
        raise conflict(others[0])
    learn(draft, profile, joined(known.identity, profile.identity), known)
    return draft.intake(_shown_person(draft, known.person))


def upsert(draft: Draft) -> Answer:
    """POST /api/profile-import."""
    profile = _profile(draft)
    identity, known = named(draft, profile, "/data")
    if others := others_with(draft, profile.identity, known.person if known else None):
        raise conflict(others[0])
    learn(draft, profile, identity, known)
    if known is not None:
        return draft.intake(_shown_person(draft, known.person))
    return draft.intake(_shown(draft, identity, status=201))


def identify(draft: Draft) -> Answer:
    """POST /client/profiles: identifiers of somebody known are left as they are."""
    profile = _profile(draft)
    identity, known = named(draft, profile, "/data")
    learn(draft, profile, only_known(identity, known), known, clears=False)
    return draft.intake(ACCEPTED)


def _profile(draft: Draft) -> Profile:
    """The profile of a body that must name somebody."""
    if len(draft.call.body) > _LARGEST:
        fault = Fault(detail="Payload may not be larger than 100 KB.", code="payload_too_large", title="Too large.")
        raise Refusal(413, fault)
    data, faults = document(draft.call.body, "profile")
    profile = read_profile(data)
    meta = data.part_if("meta")
    if meta is not None and profile.identity.is_empty and (older := meta.part_if("identifiers")) is not None:
        profile = replace(profile, identity=read_identity(older))
    if profile.identity.is_empty and not profile.id and not faults:
        faults.append(unidentified(_AT))
    refuse_if(faults)
    return profile


def _shown(draft: Draft, identity: Identity, *, status: int) -> Callable[[Shelves], Reply]:
    """The profile of somebody new, as the ledger knows them once the call is committed."""
    call = draft.call

    def reply(shelves: Shelves) -> Reply:
        known = shelves.find(identity)
        if known is None:
            # Somebody who was forgotten: nothing is kept of them, and so nothing but the words of the call is shown.
            known = Known(person=0, email=identity.email, phone=identity.phone, external_id=identity.external_id)
            attributes: dict[str, Any] = shown_attributes({})
            shown = profile_resource(call, shelves, known)
            shown["attributes"] = attributes | {"email": identity.email}
            return one(call, shown, status=status)
        return one(call, profile_resource(call, shelves, known), status=status)

    return reply


def _shown_person(draft: Draft, person: int) -> Callable[[Shelves], Reply]:
    call = draft.call

    def reply(shelves: Shelves) -> Reply:
        known = shelves.person(person)
        if known is None:
            raise LookupError("a person is gone in the middle of a call")
        return one(call, profile_resource(call, shelves, known))

    return reply


def merge(draft: Draft) -> Answer:
    """POST /api/profile-merge: asked of whoever runs the shop, since only they may join people."""
    data, faults = document(draft.call.body, "profile-merge")
    destination = data.text("id", is_required=True) or ""
    sources = data.part("relationships").part("profiles").every("data", most=1)
    for source in sources:
        source.kind("profile")
    refuse_if(faults)
    known = _must_exist(draft, destination, "/data/id")
    for source in sources:
        absorbed = _must_exist(draft, source.text("id") or "", f"{source.at}/id")
        if absorbed.person == known.person:
            continue
        draft.set_aside(
            Unread(
                stream="profile-merge",
                key=f"{destination}+{ids.profile_id(absorbed.person)}",
                place="relationships.profiles",
                problem="two profiles are to be merged, which the front door does not do by itself",
                remedy="Give both the same external id or e-mail at the source, and they become one.",
                raw=draft.call.body,
            )
        )
    identity = ids.profile_id(known.person)
    link = f"{draft.call.base_url}/api/profiles/{identity}/"
    return draft.intake(one(draft.call, reference("profile", identity) | {"links": {"self": link}}, status=201))


def _must_exist(draft: Draft, identity: str, pointer: str) -> Known:
    known = known_by_id(draft, identity)
    if known is None:
        detail = f"A profile with id {identity} does not exist."
        raise Refusal(404, Fault(detail=detail, pointer=pointer, code="not_found", title="Not found."))
    return known


def erase(draft: Draft) -> Answer:
    """POST /api/data-privacy-deletion-jobs."""
    data, faults = document(draft.call.body, "data-privacy-deletion-job")
    attributes = data.part("attributes")
    holder = attributes.part_if("profile")
    if holder is not None:
        inner = holder.part("data")
        inner.kind("profile")
        asked = Members(
            {**(inner.mapping("attributes") or {}), **({"id": inner.given["id"]} if "id" in inner else {})},
            f"{inner.at}/attributes",
            faults,
        )
    else:
        asked = attributes
    named_by = [name for name in ("id", "profile_id", "email", "phone_number") if asked.given.get(name)]
    if not faults and len(named_by) != 1:
        asked.blame("Exactly one of these fields is required: id, email, phone_number.")
    identity = read_identity(Members({n: v for n, v in asked.given.items() if n in named_by}, asked.at, faults))
    refuse_if(faults)
    profile_id = asked.text("id") or asked.text("profile_id") or ""
    known = known_by_id(draft, profile_id) if profile_id else draft.find(identity)
    refuse_if(faults)
    if known is None and profile_id:
        raise Refusal(400, Fault(detail=f"A profile with id {profile_id} does not exist.", pointer=asked.at))
    if known is not None:
        draft.forget(known.person)
    return draft.intake(ACCEPTED)


def endpoints() -> list[Endpoint]:
    """Profiles written."""
    by_hand = "kept as a request, which is carried out by hand"
    return [
        change("POST", "/api/profiles", create, family="L create profile"),
        change("PATCH", "/api/profiles/{id}", update, family="L update profile"),
        change("POST", "/api/profile-import", upsert, family="L profile import"),
        change("POST", "/api/profile-merge", merge, family="M merge", note=by_hand),
        change("POST", "/api/data-privacy-deletion-jobs", erase, family="S erase"),
        change("POST", "/client/profiles", identify, family="XL client profiles", scope=Scope.BROWSE),
    ]
