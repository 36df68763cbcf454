"""Consent stated by jobs: subscribed, unsubscribed, suppressed; and wishes that are no consent.

Never widened: a list that asks for a second confirmation makes of a subscription only a request, and lifting a
suppression restores no permission, because the call does not state one.
"""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Any

from msgspec.structs import replace

from orderwire.dialects.doorway import Answer, Endpoint
from orderwire.dialects.klaviyo.door import jobs
from orderwire.dialects.klaviyo.door.answering import change, read
from orderwire.dialects.klaviyo.door.documents import ACCEPTED, one
from orderwire.dialects.klaviyo.door.draft import ENCODE, Draft
from orderwire.dialects.klaviyo.door.faults import Fault, Refusal, refuse_if
from orderwire.dialects.klaviyo.door.happenings import requested
from orderwire.dialects.klaviyo.door.learning import shown_identity
from orderwire.dialects.klaviyo.door.lists import DOUBLE, found, join, leave, members, must_exist
from orderwire.dialects.klaviyo.door.members import Members, document
from orderwire.dialects.klaviyo.door.said import said_of
from orderwire.dialects.klaviyo.door.who import Profile, known_by_id, read_identity, unidentified
from orderwire.model import Channel, Consent, ConsentState, Identity

SUBSCRIBE = "profile-subscription-bulk-create-job"
UNSUBSCRIBE = "profile-subscription-bulk-delete-job"
_OLD_UNSUBSCRIBE = "profile-unsubscription-bulk-create-job"
SUPPRESS = "profile-suppression-bulk-create-job"
UNSUPPRESS = "profile-suppression-bulk-delete-job"
_OLD_UNSUPPRESS = "profile-unsuppression-bulk-create-job"
YES, NO = "SUBSCRIBED", "UNSUBSCRIBED"
_CHANNELS = {"email": Channel.EMAIL, "sms": Channel.SMS}
_OTHER_CHANNELS = frozenset({"push", "mobile_push", "whatsapp"})
_MOST = 1000
_MOST_LEAVING = 100
_FIELDS = ("email", "phone_number", "subscriptions", "age_gated_date_of_birth", "external_id", "properties")


def subscribe(draft: Draft) -> Answer:
    """POST /api/profile-subscription-bulk-create-jobs."""
    data, faults = document(draft.call.body, SUBSCRIBE)
    attributes = data.part("attributes")
    is_imported = bool(attributes.flag("historical_import"))
    origin = attributes.text("custom_source") or f"klaviyo: {SUBSCRIBE}s"
    list_id = _list_of(draft, data, attributes)
    is_request = _is_confirmed_later(draft, list_id) and not is_imported
    for entry in _entries(attributes, _MOST):
        own, identity = _named(draft, entry)
        for channel, marketing in _stated(own, identity, YES):
            when = _consented_at(draft, marketing, is_imported=is_imported)
            if is_request:
                _request(draft, identity, channel, list_id, origin)
            else:
                state(draft, identity, channel, ConsentState.SUBSCRIBED, when, origin, is_imported=is_imported)
        if list_id and not (is_request or identity.is_empty):
            join(draft, list_id, identity)
    refuse_if(faults)
    return draft.intake(ACCEPTED)


def unsubscribe(draft: Draft) -> Answer:
    """POST /api/profile-subscription-bulk-delete-jobs."""
    data, faults = document(draft.call.body, UNSUBSCRIBE, _OLD_UNSUBSCRIBE)
    attributes = data.part("attributes")
    list_id = _list_of(draft, data, attributes)
    for entry in _entries(attributes, _MOST_LEAVING):
        own, identity = _named(draft, entry)
        for channel, _ in _stated(own, identity, NO):
            origin = f"klaviyo: {UNSUBSCRIBE}s"
            state(draft, identity, channel, ConsentState.UNSUBSCRIBED, draft.at, origin)
        if list_id and not identity.is_empty:
            leave(draft, list_id, identity)
    refuse_if(faults)
    return draft.intake(ACCEPTED)


def state(
    draft: Draft,
    identity: Identity,
    channel: Channel,
    said: ConsentState,
    when: datetime | None,
    origin: str,
    *,
    is_imported: bool = False,
) -> None:
    """Add one statement about permission."""
    consent = Consent(identity=identity, channel=channel, state=said, changed_at=when or draft.at, origin=origin)
    draft.put(consent, ENCODE(consent), is_imported=is_imported)


def _list_of(draft: Draft, data: Members, attributes: Members) -> str:
    """The list that a job names, as a relationship or as in old revisions; empty where it names none."""
    relationships = data.part_if("relationships")
    holder = relationships.part_if("list") if relationships is not None else None
    if holder is not None:
        linked = holder.part("data")
        linked.kind("list")
        list_id = linked.text("id", is_required=True) or ""
        pointer = f"{linked.at}/id"
    else:
        list_id = attributes.text("list_id") or ""
        pointer = f"{attributes.at}/list_id"
    if list_id and not data.faults:
        must_exist(draft.shelves, list_id, pointer)
    return list_id


def _is_confirmed_later(draft: Draft, list_id: str) -> bool:
    known = found(draft.shelves, list_id) if list_id else None
    return known is not None and known.process == DOUBLE


def _entries(attributes: Members, most: int) -> list[Members]:
    """The profiles of a job; old revisions have them flat, under `subscriptions` or by their addresses alone."""
    if "subscriptions" in attributes:
        return attributes.every("subscriptions", most=most)
    if "profiles" not in attributes and ("emails" in attributes or "phone_numbers" in attributes):
        flat = [{"email": one} for one in attributes.texts("emails")]
        flat += [{"phone_number": one} for one in attributes.texts("phone_numbers")]
        return [
            Members(one_flat, f"{attributes.at}/emails/{n}", attributes.faults) for n, one_flat in enumerate(flat)
        ]
    return attributes.part("profiles").every("data", most=most)


def _named(draft: Draft, entry: Members) -> tuple[Members, Identity]:
    """The attributes of an entry and whom it names; everybody needs an address of the channels stated."""
    own = entry
    if "attributes" in entry or "type" in entry:
        entry.kind("profile")
        own = entry.part_if("attributes") or Members({}, f"{entry.at}/attributes", entry.faults)
        own.only(_FIELDS, "profile")
    identity = read_identity(own)
    profile_id = entry.text("id") or own.text("profile_id") or ""
    if profile_id:
        known = known_by_id(draft, profile_id)
        if known is None:
            entry.blame(f"A profile with id {profile_id} does not exist.", "id")
        else:
            shown = shown_identity(known)
            identity = Identity(email=identity.email or shown.email, phone=identity.phone or shown.phone)
    if not (identity.email or identity.phone) and not entry.faults:
        entry.faults.append(unidentified(own.at))
    return own, identity


def _stated(own: Members, identity: Identity, word: str) -> list[tuple[Channel, Members]]:
    """The channels whose marketing an entry speaks of; one that names none speaks of those it has addresses for.

    A job takes its own word alone, and a yes must be said: else one sent to the wrong path would turn a no into it.
    """
    given = own.part_if("subscriptions")
    channels = given if given is not None else own.part_if("channels")
    nothing = Members({}, own.at, own.faults)
    if channels is None:
        return [
            (channel, nothing)
            for channel, address in ((Channel.EMAIL, identity.email), (Channel.SMS, identity.phone))
            if address
        ]
    told: list[tuple[Channel, Members]] = []
    for name, value in channels.given.items():
        channel = _CHANNELS.get(name)
        if channel is None:
            if name not in _OTHER_CHANNELS:
                channels.blame(f"'{name}' is not a valid field for the resource 'subscriptions'.", name)
            continue
        address = identity.email if channel is Channel.EMAIL else identity.phone
        if isinstance(value, list):
            if "MARKETING" in value and address:
                told.append((channel, nothing))
            continue
        marketing = channels.part(name).part_if("marketing")
        if marketing is None:
            continue
        if address is None and not own.faults:
            own.blame("This field is required.", "email" if channel is Channel.EMAIL else "phone_number")
        if (marketing.text("consent", is_required=word == YES) or word) != word:
            marketing.blame(f"Must be one of: {word}.", "consent")
        told.append((channel, marketing))
    return told


def _consented_at(draft: Draft, marketing: Members, *, is_imported: bool) -> datetime | None:
    """When the person chose: demanded of old consent, and not taken for new."""
    given = marketing.raw("consented_at")
    when = marketing.instant("consented_at")
    if given is not None and not is_imported:
        marketing.blame("consented_at is only allowed with historical_import.", "consented_at")
    elif is_imported and given is None:
        marketing.blame("consented_at is required with historical_import.", "consented_at")
    elif when is not None and when > draft.call.received_at:
        marketing.blame("consented_at must be in the past.", "consented_at")
    return when


def _request(draft: Draft, identity: Identity, channel: Channel, list_id: str, origin: str) -> None:
    """Keep a subscription that is no consent before it is confirmed."""
    request(draft, identity, {"channels": [channel.value], "list_id": list_id or None, "source": origin})


def request(draft: Draft, identity: Identity, properties: dict[str, Any]) -> None:
    """Keep a wish to be subscribed as an event."""
    told = {name: value for name, value in properties.items() if value not in (None, [], "")}
    said = said_of(profile=Profile(identity=identity), metric="Subscription Requested", at=draft.at, properties=told)
    key = ",".join(map(str, told.get("channels", ())))
    requested(draft, replace(said, metric=f"Subscription Requested {key} {told.get('list_id', '')}"))


def suppress(draft: Draft, *, kind: str, is_lifting: bool) -> Answer:
    """POST /api/profile-suppression-bulk-create-jobs and -bulk-delete-jobs."""
    data, faults = document(draft.call.body, kind, _OLD_UNSUPPRESS)
    attributes = data.part_if("attributes") or Members({}, "/data/attributes", faults)
    identities: list[Identity] = []
    relationships = data.part_if("relationships")
    holder = relationships.part_if("list") if relationships is not None else None
    if relationships is not None and relationships.part_if("segment") is not None:
        raise Refusal(400, Fault(detail="Segment not found.", pointer="/data/relationships/segment/data/id"))
    if holder is not None:
        list_id = holder.part("data").text("id", is_required=True) or ""
        refuse_if(faults)
        must_exist(draft.shelves, list_id, "/data/relationships/list/data/id")
        identities = [shown_identity(known) for _, _, known in members(draft.shelves, list_id)]
    else:
        for entry in _entries(attributes, _MOST_LEAVING):
            identities.append(_named(draft, entry)[1])
    refuse_if(faults)
    mailable = [identity for identity in identities if identity.email]
    for identity in () if is_lifting else mailable:
        only = Identity(email=identity.email)
        state(draft, only, Channel.EMAIL, ConsentState.SUPPRESSED, draft.at, "klaviyo: USER_SUPPRESSED")
    skipped = len(identities) if is_lifting else len(identities) - len(mailable)
    job = jobs.keep(draft, kind, total=len(identities), skipped=skipped)
    return draft.intake(one(draft.call, jobs.job_resource(draft.call, job), status=202))


def endpoints() -> list[Endpoint]:
    """The jobs that state consent."""
    lifting = "lifts nothing by itself: no permission is stated by it, and none is restored"
    made: list[Endpoint] = [
        change("POST", f"/api/{SUBSCRIBE}s", subscribe, family="L subscribe"),
        change("POST", f"/api/{UNSUBSCRIBE}s", unsubscribe, family="L unsubscribe"),
        change("POST", f"/api/{_OLD_UNSUBSCRIBE}s", unsubscribe, family="L unsubscribe"),
    ]
    for path, kind, is_lifting in (
        (SUPPRESS, SUPPRESS, False),
        (UNSUPPRESS, UNSUPPRESS, True),
        (_OLD_UNSUPPRESS, UNSUPPRESS, True),
    ):
        take = partial(suppress, kind=kind, is_lifting=is_lifting)
        note = lifting if is_lifting else ""
        made += [change("POST", f"/api/{path}s", take, family=f"L {kind}", note=note)]
    for kind in (SUPPRESS, UNSUPPRESS):
        made += [
            read(f"/api/{kind}s", partial(jobs.get_many, kind=kind), family=f"L get {kind}"),
            read(f"/api/{kind}s/{{id}}", partial(jobs.get_one, kind=kind), family=f"L get {kind}"),
        ]
    return made
