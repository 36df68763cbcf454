"""Events taken in: one at a time, many at once, for servers and for browsers."""

from __future__ import annotations

from typing import Any

from orderwire.dialects.doorway import Answer, Endpoint, Scope
from orderwire.dialects.klaviyo.door.answering import change
from orderwire.dialects.klaviyo.door.documents import ACCEPTED
from orderwire.dialects.klaviyo.door.draft import Draft
from orderwire.dialects.klaviyo.door.faults import FORBIDDEN, Refusal, refuse_if
from orderwire.dialects.klaviyo.door.happenings import is_for_servers, take
from orderwire.dialects.klaviyo.door.learning import learn
from orderwire.dialects.klaviyo.door.members import Members, document
from orderwire.dialects.klaviyo.door.persons import NO_PATCH
from orderwire.dialects.klaviyo.door.said import Said, read_event
from orderwire.dialects.klaviyo.door.who import (
    Profile,
    named,
    only_known,
    read_flat,
    read_profile,
    unidentified,
)
from orderwire.model import Identity

_MOST_EVENTS = 1000


def create(draft: Draft) -> Answer:
    """POST /api/events, /client/events."""
    data, faults = document(draft.call.body, "event")
    attributes = data.part("attributes")
    profile = event_profile(attributes)
    identity = _identity(draft, attributes, profile)
    said = read_event(attributes, profile, identity, at=draft.at, is_imported=False)
    refuse_if(faults)
    add(draft, profile, identity, [said])
    return draft.intake(ACCEPTED)


def create_many(draft: Draft) -> Answer:
    """POST /api/event-bulk-create-jobs."""
    data, faults = document(draft.call.body, "event-bulk-create-job")
    listed = data.part("attributes").part("events-bulk-create")
    found: list[tuple[Profile, Identity, list[Said]]] = []
    count = 0
    for entry in listed.every("data", most=_MOST_EVENTS):
        entry.kind("event-bulk-create")
        read = _entry(draft, entry.part("attributes"))
        found.append(read)
        count += len(read[2])
    if count > _MOST_EVENTS:
        listed.blame(f"A job may not hold more than {_MOST_EVENTS} events.", "data")
    refuse_if(faults)
    for profile, identity, events in found:
        add(draft, profile, identity, events)
    return draft.intake(ACCEPTED)


def create_many_of_one(draft: Draft) -> Answer:
    """POST /client/event-bulk-create."""
    data, faults = document(draft.call.body, "event-bulk-create")
    profile, identity, events = _entry(draft, data.part("attributes"))
    refuse_if(faults)
    add(draft, profile, identity, events)
    return draft.intake(ACCEPTED)


def event_profile(attributes: Members) -> Profile:
    """The profile of an event, nested as since 2023 or flat as before."""
    raw: Any = attributes.given.get("profile", attributes.given.get("customer_properties"))
    if isinstance(raw, dict) and "data" not in raw:
        return read_flat(raw)
    holder = attributes.part("profile")
    return read_profile(holder.part("data"), is_lenient=True) if not holder.faults else Profile(identity=Identity())


def _entry(draft: Draft, attributes: Members) -> tuple[Profile, Identity, list[Said]]:
    """A profile and its events."""
    profile = event_profile(attributes)
    is_imported = bool(attributes.flag("backfill"))
    events: list[Said] = []
    identity = _identity(draft, attributes, profile)
    for one in attributes.part("events").every("data", most=_MOST_EVENTS):
        one.kind("event")
        inner = one.part("attributes")
        events.append(read_event(inner, profile, identity, at=draft.at, is_imported=is_imported))
    return profile, identity, events


def _identity(draft: Draft, holder: Members, profile: Profile) -> Identity:
    """The identifiers of the person that events are of; a browser leaves those of somebody known as they are."""
    pointer = f"{holder.at}/profile/data"
    try:
        identity, known = named(draft, profile, pointer)
    except Refusal as refusal:
        holder.faults.extend(refusal.faults)
        return Identity()
    if identity.is_empty and not any(fault.pointer.startswith(pointer) for fault in holder.faults):
        holder.faults.append(unidentified(f"{pointer}/attributes"))
    return only_known(identity, known) if draft.call.is_public else identity


def add(draft: Draft, profile: Profile, identity: Identity, events: list[Said]) -> None:
    """Add what the profile of events says, and then the events.

    Raises:
        Refusal: a key that everybody sees tells of what only servers may tell of.
    """
    if draft.call.is_public and any(is_for_servers(said.metric) for said in events):
        raise Refusal(403, FORBIDDEN)
    if profile.given or profile.patch != NO_PATCH:
        is_imported = bool(events) and all(said.is_imported for said in events)
        known = draft.find(identity)
        learn(draft, profile, identity, known, is_imported=is_imported, is_stated=False, clears=False)
    for said in events:
        take(draft, said)


def endpoints() -> list[Endpoint]:
    """Events for servers and for browsers."""
    return [
        change("POST", "/api/events", create, family="XL events"),
        change("POST", "/api/event-bulk-create-jobs", create_many, family="M event jobs"),
        change("POST", "/client/events", create, family="XL client events", scope=Scope.BROWSE),
        change("POST", "/client/event-bulk-create", create_many_of_one, family="M client bulk", scope=Scope.BROWSE),
    ]
