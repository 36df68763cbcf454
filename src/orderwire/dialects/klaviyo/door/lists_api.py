"""Lists as their endpoints show and change them."""

from __future__ import annotations

from functools import partial
from typing import Any

from msgspec import json

from orderwire.dialects.doorway import Answer, Call, Document, Endpoint, Known, Reply, Shelves
from orderwire.dialects.klaviyo.door.answering import change, read
from orderwire.dialects.klaviyo.door.documents import (
    NO_CONTENT,
    Resource,
    extra,
    many,
    one,
    reference,
    resource,
    stamp,
)
from orderwire.dialects.klaviyo.door.draft import Draft
from orderwire.dialects.klaviyo.door.faults import Fault, not_found, refuse_if
from orderwire.dialects.klaviyo.door.lists import (
    ALL,
    COLLECTION,
    DOUBLE,
    List,
    drop,
    found,
    join,
    keep,
    leave,
    list_at,
    lists_of,
    members,
    new_id,
    shelf_of,
)
from orderwire.dialects.klaviyo.door.members import Members, decode, document
from orderwire.dialects.klaviyo.door.profiles_out import is_asked_for, person_at, profile_resource
from orderwire.dialects.klaviyo.door.queries import Offer, asked, is_like, is_within
from orderwire.dialects.klaviyo.door.who import known_by_id

_PROCESSES = (DOUBLE, "single_opt_in")
_LINKS = ("profiles", "tags", "flow-triggers")
_MOST_IDS = 1000
_COMPARED = ("greater-than", "greater-or-equal", "less-than", "less-or-equal")
_OFFER = Offer(
    filters={"id": ("any", "equals"), "name": ("any", "equals"), "created": _COMPARED, "updated": _COMPARED},
    sorts=("created", "id", "name", "updated"),
    size=10,
    most=100,
    include=("flow-triggers", "tags"),
)
_MEMBERS = Offer(
    filters={
        "email": ("any", "equals"),
        "phone_number": ("any", "equals"),
        "push_token": ("any", "equals"),
        "_kx": ("equals",),
        "joined_group_at": _COMPARED,
    },
    sorts=("joined_group_at",),
    size=20,
    most=100,
)


def list_resource(call: Call, shelves: Shelves, list_id: str) -> Resource:
    """A list as a resource."""
    said = found(shelves, list_id)
    if said is None:
        raise not_found("list", list_id)
    attributes: dict[str, Any] = {
        "name": said.name,
        "created": stamp(said.created),
        "updated": stamp(said.updated),
        "opt_in_process": said.process,
    }
    if "profile_count" in extra(call, "list"):
        attributes["profile_count"] = shelves.count(shelf_of(list_id))
    return resource(call, "list", list_id, attributes, plural="lists", links=_LINKS)


def get_many(call: Call, shelves: Shelves) -> Reply:
    """GET /api/lists."""
    wanted = asked(call, _OFFER)
    every = [(kept.key, json.decode(kept.body, type=List)) for kept in shelves.documents(COLLECTION, limit=ALL)]
    chosen = [
        (key, said)
        for key, said in every
        if all(key in one.values for one in wanted.of("id"))
        and is_like(said.name, wanted.of("name"))
        and is_within(said.created, wanted.of("created"))
        and is_within(said.updated, wanted.of("updated"))
    ]
    if wanted.sort:
        chosen.sort(
            key=lambda one: one[0] if wanted.sort == "id" else str(getattr(one[1], wanted.sort)),
            reverse=wanted.is_descending,
        )
    start = int(wanted.cursor) if wanted.cursor.isdecimal() else 0
    end = start + wanted.size
    shown = [list_resource(call, shelves, key) for key, _ in chosen[start:end]]
    included: list[Resource] | None = [] if wanted.include else None
    return many(call, shown, following=str(end) if end < len(chosen) else "", included=included)


def get_one(call: Call, shelves: Shelves) -> Reply:
    """GET /api/lists/{id}."""
    included: list[Resource] | None = [] if call.asked("include") else None
    return one(call, list_resource(call, shelves, call.parameters["id"]), included=included)


def _read(draft: Draft) -> tuple[Members, list[Fault], str]:
    data, faults = document(draft.call.body, "list")
    attributes = data.part("attributes")
    attributes.only(("name", "opt_in_process"), "list")
    process = attributes.text("opt_in_process") or ""
    if process and process not in _PROCESSES:
        attributes.blame(f"Must be one of: {', '.join(_PROCESSES)}.", "opt_in_process")
    return attributes, faults, process


def create(draft: Draft) -> Answer:
    """POST /api/lists."""
    attributes, faults, process = _read(draft)
    name = attributes.text("name", is_required=True) or ""
    refuse_if(faults)
    at = draft.call.received_at
    list_id = new_id(draft, name)
    keep(draft, list_id, List(name=name, created=at, updated=at, process=process or "single_opt_in"))
    call = draft.call
    return draft.intake(lambda shelves: one(call, list_resource(call, shelves, list_id), status=201))


def update(draft: Draft) -> Answer:
    """PATCH /api/lists/{id}."""
    before = list_at(draft.call, draft.shelves)
    attributes, faults, process = _read(draft)
    name = attributes.text("name") or before.name
    refuse_if(faults)
    list_id = draft.call.parameters["id"]
    after = List(name=name, created=before.created, updated=draft.call.received_at, process=process or before.process)
    keep(draft, list_id, after)
    call = draft.call
    return draft.intake(lambda shelves: one(call, list_resource(call, shelves, list_id)))


def delete(draft: Draft) -> Answer:
    """DELETE /api/lists/{id}."""
    list_at(draft.call, draft.shelves)
    drop(draft, draft.call.parameters["id"])
    return draft.intake(NO_CONTENT)


def _change_members(draft: Draft, *, is_joining: bool) -> Answer:
    """POST and DELETE /api/lists/{id}/relationships/profiles."""
    list_at(draft.call, draft.shelves)
    faults: list[Fault] = []
    named = Members(decode(draft.call.body), "", faults).every("data", most=_MOST_IDS)
    people: list[Known] = []
    for one_named in named:
        one_named.kind("profile")
        identity = one_named.text("id", is_required=True) or ""
        known = known_by_id(draft, identity)
        if known is None and identity:
            one_named.blame(f"A profile with id {identity} does not exist.", "id")
        elif known is not None:
            people.append(known)
    refuse_if(faults)
    for known in people:
        if is_joining:
            join(draft, draft.call.parameters["id"], known.identity)
        else:
            leave(draft, draft.call.parameters["id"], known.identity)
    return draft.intake(NO_CONTENT)


def get_members(call: Call, shelves: Shelves, *, is_whole: bool = True) -> Reply:
    """GET /api/lists/{id}/profiles and /api/lists/{id}/relationships/profiles."""
    list_at(call, shelves)
    wanted = asked(call, _MEMBERS)
    rank, _, key = wanted.cursor.partition("|")
    about = tuple(one for one in wanted.conditions if one.field in ("email", "phone_number"))
    page: list[Resource] = []
    last: Document | None = None
    is_last_first = wanted.is_descending or not wanted.sort
    listed = members(shelves, call.parameters["id"], (rank, key) if key else None, is_last_first=is_last_first)
    for kept, member, known in listed:
        if not is_within(member.joined_at, wanted.of("joined_group_at")) or not is_asked_for(known, about):
            continue
        if wanted.of("push_token") or wanted.of("_kx"):
            continue
        if len(page) == wanted.size and last is not None:
            return many(call, page, following=f"{last.rank}|{last.key}")
        joined = {"joined_group_at": stamp(member.joined_at)}
        whole = profile_resource(call, shelves, known, **joined)
        page.append(whole if is_whole else reference("profile", whole["id"]))
        last = kept
    return many(call, page)


def _lists_of_profile(call: Call, shelves: Shelves, *, is_whole: bool) -> Reply:
    known = person_at(call, shelves)
    found_ids = lists_of(shelves, known)
    return many(
        call,
        [list_resource(call, shelves, one_id) if is_whole else reference("list", one_id) for one_id in found_ids],
    )


def _nothing(call: Call, shelves: Shelves) -> Reply:
    list_at(call, shelves)
    return many(call, [])


def endpoints() -> list[Endpoint]:
    """Lists and their members."""
    own, people = "/api/lists/{id}", "/api/lists/{id}/relationships/profiles"
    of_profile = "/api/profiles/{id}"
    return [
        read("/api/lists", get_many, family="L lists"),
        change("POST", "/api/lists", create, family="M create list"),
        read(own, get_one, family="L list"),
        change("PATCH", own, update, family="M update list"),
        change("DELETE", own, delete, family="M delete list"),
        read(f"{own}/profiles", get_members, family="L list profiles"),
        read(people, partial(get_members, is_whole=False), family="L list profiles"),
        change("POST", people, partial(_change_members, is_joining=True), family="M join list"),
        change("DELETE", people, partial(_change_members, is_joining=False), family="M leave list"),
        *(
            read(f"{own}/{name}", _nothing, family="M list links", note="always empty")
            for name in ("tags", "relationships/tags", "flow-triggers", "relationships/flow-triggers")
        ),
        read(f"{of_profile}/lists", partial(_lists_of_profile, is_whole=True), family="S"),
        read(f"{of_profile}/relationships/lists", partial(_lists_of_profile, is_whole=False), family="S"),
    ]
