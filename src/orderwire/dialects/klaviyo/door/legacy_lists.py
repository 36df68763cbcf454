"""The old v2 calls for lists: names, subscriptions with consent, membership without."""

from __future__ import annotations

from typing import Any

from msgspec import json

from orderwire.dialects.doorway import Answer, Call, Endpoint, Known, Reply, Shelves
from orderwire.dialects.klaviyo.door import ids, lists
from orderwire.dialects.klaviyo.door.consents import request, state
from orderwire.dialects.klaviyo.door.documents import stamp
from orderwire.dialects.klaviyo.door.draft import Draft
from orderwire.dialects.klaviyo.door.faults import Refusal, missing
from orderwire.dialects.klaviyo.door.learning import learn
from orderwire.dialects.klaviyo.door.legacy import DONE, brief, look, told, write, wrong
from orderwire.dialects.klaviyo.door.members import words
from orderwire.dialects.klaviyo.door.payloads import fields_of, objects_of, texts_of
from orderwire.dialects.klaviyo.door.profiles_out import suppressions
from orderwire.dialects.klaviyo.door.said import instant_said
from orderwire.dialects.klaviyo.door.who import Profile, read_flat
from orderwire.model import Channel, ConsentState, Identity

_PAGE = 1000
_MOST = 1000
_CONTROLS = frozenset({"sms_consent", "$consent", "$consent_timestamp", "$consent_method", "$consent_version"})


def _list(call: Call, shelves: Shelves) -> lists.List:
    found = lists.found(shelves, call.parameters["id"])
    if found is None:
        raise Refusal(404, missing(f"List {call.parameters['id']} does not exist."))
    return found


def get_lists(call: Call, shelves: Shelves) -> Reply:  # noqa: ARG001 - asks for nothing in particular
    """GET /api/v2/lists."""
    every = [
        (kept.key, json.decode(kept.body, type=lists.List))
        for kept in shelves.documents(lists.COLLECTION, limit=lists.ALL)
    ]
    return told([{"list_id": key, "list_name": said.name} for key, said in every])


def create(draft: Draft) -> Answer:
    """POST /api/v2/lists."""
    name = fields_of(draft.call).get("list_name")
    if not isinstance(name, str) or not name.strip():
        return wrong(400, "list_name is a required parameter.")
    list_id = lists.new_id(draft, name)
    at = draft.call.received_at
    lists.keep(draft, list_id, lists.List(name=name, created=at, updated=at))
    return draft.intake(told({"list_id": list_id}))


def get_list(call: Call, shelves: Shelves) -> Reply:
    """GET /api/v2/list/{id}."""
    found = _list(call, shelves)
    return told(
        {
            "list_name": found.name,
            "folder_name": None,
            "created": stamp(found.created),
            "updated": stamp(found.updated),
        }
    )


def rename(draft: Draft) -> Answer:
    """PUT /api/v2/list/{id}."""
    found = _list(draft.call, draft.shelves)
    name = fields_of(draft.call).get("list_name")
    if not isinstance(name, str) or not name.strip():
        return wrong(400, "list_name is a required parameter.")
    at = draft.call.received_at
    said = lists.List(name=name, created=found.created, updated=at, process=found.process)
    lists.keep(draft, draft.call.parameters["id"], said)
    return draft.intake(DONE)


def delete(draft: Draft) -> Answer:
    """DELETE /api/v2/list/{id}."""
    _list(draft.call, draft.shelves)
    lists.drop(draft, draft.call.parameters["id"])
    return draft.intake(DONE)


def _profiles(draft: Draft) -> list[tuple[dict[str, Any], Profile]]:
    """The profiles of a call, those that name nobody left out."""
    given = objects_of(fields_of(draft.call).get("profiles"))[:_MOST]
    pairs = [
        (flat, read_flat({name: value for name, value in flat.items() if name not in _CONTROLS})) for flat in given
    ]
    return [(flat, profile) for flat, profile in pairs if not profile.identity.is_empty]


def subscribe(draft: Draft) -> Answer:
    """POST /api/v2/list/{id}/subscribe: states consent, but for a list that asks a second time."""
    found = _list(draft.call, draft.shelves)
    list_id = draft.call.parameters["id"]
    profiles = _profiles(draft)
    if not profiles:
        return wrong(400, "profiles is a required parameter.")
    for flat, profile in profiles:
        learn(draft, profile, profile.identity, draft.find(profile.identity), clears=False)
        channels = _channels(flat, profile.identity)
        origin = str(flat.get("$consent_method") or flat.get("$source") or "klaviyo: list subscribe")[:100]
        if found.process == lists.DOUBLE:
            named = [channel.value for channel in channels]
            request(draft, profile.identity, {"channels": named, "list_id": list_id, "source": origin})
            continue
        when = instant_said(flat.get("$consent_timestamp"))
        when = min(when, draft.at) if when is not None else draft.at
        for channel in channels:
            state(draft, profile.identity, channel, ConsentState.SUBSCRIBED, when, origin)
        lists.join(draft, list_id, profile.identity)
    if found.process == lists.DOUBLE:
        return draft.intake(told([]))
    return draft.intake(lambda shelves: _briefly(shelves, [profile.identity for _, profile in profiles]))


def _channels(flat: dict[str, Any], identity: Identity) -> list[Channel]:
    """The channels that a subscription states: e-mail by its address, text messages only by their own word."""
    named = flat.get("$consent")
    allowed = texts_of(named) if named is not None else ["email", "sms"]
    found: list[Channel] = []
    if identity.email and "email" in allowed:
        found.append(Channel.EMAIL)
    if identity.phone and (flat.get("sms_consent") in (True, "true", "True") or (named and "sms" in allowed)):
        found.append(Channel.SMS)
    return found


def _briefly(shelves: Shelves, identities: list[Identity]) -> Reply:
    found = {known.person: known for one in identities if (known := shelves.find(one)) is not None}
    return told([brief(known) for known in found.values()])


def _addressed(call: Call) -> list[Identity]:
    fields = fields_of(call)
    emails = [Identity(email=one) for one in texts_of(fields.get("emails", fields.get("email")))]
    phones = [Identity(phone=one) for one in texts_of(fields.get("phone_numbers", fields.get("phone_number")))]
    return (emails + phones)[:_MOST]


def unsubscribe(draft: Draft) -> Answer:
    """DELETE /api/v2/list/{id}/subscribe."""
    _list(draft.call, draft.shelves)
    for identity in _addressed(draft.call):
        channel = Channel.EMAIL if identity.email else Channel.SMS
        state(draft, identity, channel, ConsentState.UNSUBSCRIBED, draft.at, "klaviyo: list unsubscribe")
        lists.leave(draft, draft.call.parameters["id"], identity)
    return draft.intake(DONE)


def add_members(draft: Draft) -> Answer:
    """POST /api/v2/list/{id}/members: on the list, with no word about consent."""
    _list(draft.call, draft.shelves)
    profiles = _profiles(draft)
    if not profiles:
        return wrong(400, "profiles is a required parameter.")
    for _, profile in profiles:
        learn(draft, profile, profile.identity, draft.find(profile.identity), clears=False)
        lists.join(draft, draft.call.parameters["id"], profile.identity)
    return draft.intake(lambda shelves: _briefly(shelves, [profile.identity for _, profile in profiles]))


def remove_members(draft: Draft) -> Answer:
    """DELETE /api/v2/list/{id}/members."""
    _list(draft.call, draft.shelves)
    for identity in _addressed(draft.call):
        lists.leave(draft, draft.call.parameters["id"], identity)
    return draft.intake(DONE)


def find_members(call: Call, shelves: Shelves) -> Reply:
    """Which of the people that a call names are on the list."""
    _list(call, shelves)
    found = [known for one in _addressed(call) if (known := shelves.find(one)) is not None]
    on_it = [known for known in found if lists.is_member(shelves, call.parameters["id"], known)]
    return told([brief(known) for known in on_it])


def get_everybody(call: Call, shelves: Shelves) -> Reply:
    """GET /api/v2/group/{id}/members/all."""
    _list(call, shelves)
    rank, _, key = (words(fields_of(call).get("marker")) or "").partition("|")
    after = (rank, key) if key else None
    records: list[dict[str, Any]] = []
    marker = ""
    for kept, _, known in lists.members(shelves, call.parameters["id"], after):
        if len(records) == _PAGE:
            return told({"records": records, "marker": marker})
        records.append(brief(known))
        marker = f"{kept.rank}|{kept.key}"
    return told({"records": records})


def get_exclusions(call: Call, shelves: Shelves) -> Reply:
    """GET /api/v2/list/{id}/exclusions/all: those of the list who are not to be mailed."""
    _list(call, shelves)
    records = [
        shown for _, _, known in lists.members(shelves, call.parameters["id"]) for shown in exclusion_of(known)
    ]
    return told({"records": records})


def exclusion_of(known: Known) -> list[dict[str, Any]]:
    """Why somebody is not to be mailed, as old calls say it."""
    standing = known.consent.get(Channel.EMAIL)
    names = {"UNSUBSCRIBE": "unsubscribed", "HARD_BOUNCE": "bounced", "INVALID_EMAIL": "invalid_email"}
    usual = known.updated_at or known.created_at
    if usual is None or not known.email:
        return []
    return [
        {
            "object": "exclusion",
            "id": ids.profile_id(known.person),
            "email": known.email,
            "reason": names.get(one["reason"], "manually_excluded"),
            "timestamp": one["timestamp"],
        }
        for one in suppressions(standing, usual)
    ]


def endpoints() -> list[Endpoint]:
    """The old calls for lists."""
    own = "/api/v2/list/{id}"
    return [
        look("/api/v2/lists", get_lists),
        write("POST", "/api/v2/lists", create),
        look(own, get_list),
        write("PUT", own, rename),
        write("DELETE", own, delete),
        write("POST", f"{own}/subscribe", subscribe),
        write("DELETE", f"{own}/subscribe", unsubscribe),
        look(f"{own}/subscribe", find_members),
        write("POST", f"{own}/members", add_members),
        write("DELETE", f"{own}/members", remove_members),
        look(f"{own}/members", find_members),
        look(f"{own}/get-members", find_members, method="POST"),
        look(f"{own}/get-list-subscriptions", find_members, method="POST"),
        look("/api/v2/group/{id}/members/all", get_everybody),
        look(f"{own}/exclusions/all", get_exclusions),
    ]
