"""The contact endpoints: one at a time, in bulk with an answer later, subscribing, opt-outs, reading."""

from __future__ import annotations

import json
import re
import uuid
from datetime import UTC, datetime
from typing import Any

from orderwire.sandbox.kit import Answer, Call
from orderwire.sandbox.yespo import checks
from orderwire.sandbox.yespo.checks import BadItem, Refused
from orderwire.sandbox.yespo.people import FIELDS, Contact, plain
from orderwire.sandbox.yespo.world import Job, World

MAX_CONTACTS = 3000
DEDUPE_ON = frozenset({"email", "sms", "push", "webpush", "email_or_sms", "id", "externalCustomerId", "fieldId"})
_ADDRESS_FIELDS = ("region", "town", "address", "postcode")
_EVENT_KEY = re.compile(r"[A-Za-z0-9]+")


def read_contact(given: Any) -> tuple[dict[str, str | None], dict[int, str], str | None]:
    """A contact's fields, custom fields and external id.

    Raises:
        BadItem: a field breaks its rule.
    """
    if not isinstance(given, dict):
        raise BadItem("contact must be an object")
    channels = checks.channels(given.get("channels"))
    values: dict[str, str | None] = {kind: channels[kind] for kind in ("email", "sms") if kind in channels}
    for field in ("firstName", "lastName"):
        values[field] = checks.name(field, given.get(field))
    for field in ("languageCode", "timeZone"):
        values[field] = checks.text(field, given.get(field))
    address = given.get("address")
    if address is not None and not isinstance(address, dict):
        raise BadItem("address must be an object")
    for field in _ADDRESS_FIELDS:
        values[field] = checks.text(field, (address or {}).get(field))
    fields = given.get("fields") or []
    custom: dict[int, str] = {}
    for one in [fields] if isinstance(fields, dict) else fields:
        if not isinstance(one, dict) or isinstance(one.get("id"), bool) or not isinstance(one.get("id"), int):
            raise BadItem("field id is not valid")
        custom[one["id"]] = checks.text("field value", one.get("value")) or ""
    return values, custom, checks.text("externalCustomerId", given.get("externalCustomerId"))


def save(world: World, call: Call) -> Answer:
    """`POST contact`: one contact created or updated, confirmed at once, without an event."""
    world.refuse_repetition(call)
    given = world.json_object(call)
    contact, action = _save(world, given, source="API")
    answer = Answer(200, {"id": contact.id}, kept=[_kept(world, contact, action)])
    world.field_change(answer, contact)
    return answer


def subscribe(world: World, call: Call) -> Answer:
    """`POST contact/subscribe`: a new address gets the confirmation mail, and an event starts workflows."""
    world.refuse_repetition(call)
    given = world.json_object(call)
    people = world.people
    values, custom, external_id = _read_or_refuse(given.get("contact"))
    contact = people.match(external_id, values.get("email"), values.get("sms"))
    is_new = contact is None
    if contact is None:
        contact = people.create("subscribe", is_confirmed=False)
        people.write(contact, values, external_id)
    else:
        people.write(contact, {name: value for name, value in values.items() if name not in ("email", "sms")})
    contact.custom |= custom
    for group in world.texts(given, "groups"):
        people.groups.setdefault(group, set()).add(contact.id)
    contact.subscriptions = world.texts(given, "subscriptions") or contact.subscriptions
    consent = people.consent(contact.email, is_confirmed=contact.is_confirmed)
    status = {"confirmed": "ALREADY_SUBSCRIBED", "blacklisted": "BLACKLISTED"}.get(consent, "NEED_CONFIRMATION")
    answer = Answer(200, {"id": contact.id, "emailStatus": status, "new": is_new})
    answer.kept = [_kept(world, contact, "subscribe") | {"type": "consent", "status": status, "quiet": False}]
    form = checks.text("formType", given.get("formType"))
    event = ("subscribeFromApi" if is_new else "subscribeUpdateFromApi") + (f"-{form}" if form else "")
    world.fire(answer, event, contact.email or contact.phone)
    if status == "NEED_CONFIRMATION":
        world.fire(answer, "double_opt_in", contact.email)
    return answer


def save_many(world: World, call: Call) -> Answer:
    """`POST contacts`: refusals at once, the rest a little later."""
    given = world.json_object(call)
    contacts = given.get("contacts")
    if not isinstance(contacts, list) or not 1 <= len(contacts) <= MAX_CONTACTS:
        raise Refused(400, f"contacts: from 1 to {MAX_CONTACTS} are required")
    if given.get("dedupeOn") not in DEDUPE_ON:
        raise Refused(400, "dedupeOn is required")
    if given["dedupeOn"] == "fieldId" and not isinstance(given.get("fieldId"), int):
        raise Refused(400, "fieldId is required")
    event = given.get("eventKeyForNewContacts")
    if event is not None and not (isinstance(event, str) and _EVENT_KEY.fullmatch(event)):
        raise Refused(400, "eventKeyForNewContacts: Latin letters and digits only")
    answer = Answer(200, {"id": 0})
    failed, good = [], []
    for one in contacts:
        try:
            values, custom, external_id = read_contact(one)
            world.refuse_marked(values.get("email"), values.get("sms"), external_id)
        except BadItem as error:
            failed.append({"contact": one, "error": str(error)})
            answer.kept.append({"type": "rejected", "id": _first(one), "error": str(error)})
            continue
        good.append((one, values, custom, external_id))
        known = _known(world, one, values, external_id, given["dedupeOn"])
        address = values.get("email") or values.get("sms")
        if known is None and event:
            world.fire(answer, event, address)
        is_confirmed = known is None or known.is_confirmed
        answer.kept.append(
            {
                "type": "person",
                "action": "import",
                "id": external_id or address,
                "person": address,
                "consent": world.people.consent(values.get("email"), is_confirmed=is_confirmed),
                "occurred_at": None,
                "quiet": True,
                "duplicate": False,
                "amount": None,
            }
        )
    job = Job(str(uuid.UUID(int=call.number, version=4)), world.now() + world.async_seconds)
    job.work = lambda: _import(world, good, given)
    world.jobs[job.id] = job
    answer.body["asyncSessionId"] = job.id
    if failed:
        answer.body["failedContacts"] = checks.collapsed(failed, is_on=world.collapses)
    return answer


def unsubscribed(world: World, call: Call, *, is_added: bool) -> Answer:
    """`POST emails/unsubscribed/add|delete`: acts on addresses, whoever has them."""
    emails = world.json_object(call).get("emails")
    if not isinstance(emails, list) or not emails or not all(isinstance(one, str) for one in emails):
        raise Refused(400, "emails are required")
    at = datetime.fromtimestamp(world.now(), UTC).isoformat()
    answer = Answer(200)
    for email in emails:
        address = plain("email", email)
        was_there = address in world.people.unsubscribed
        if is_added:
            world.people.unsubscribed.setdefault(address, at)
        else:
            world.people.unsubscribed.pop(address, None)
        answer.kept.append(
            {
                "type": "consent",
                "action": "unsubscribe" if is_added else "resubscribe",
                "status": "unsubscribed" if is_added else "confirmed",
                "id": email,
                "person": email,
                "occurred_at": None,
                "quiet": True,
                "duplicate": was_there == is_added,
                "amount": None,
            }
        )
    return answer


def update(world: World, call: Call, identity: str) -> Answer:
    """`PUT contact/{id}`: only an update; a deleted contact comes back. The reply is plain text labelled JSON."""
    contact = world.contact(identity, deleted=True)
    given = world.json_object(call)
    values, custom, external_id = _read_or_refuse(given.get("contact", given))
    owner = world.people.by_external(external_id)
    if owner is not None and owner is not contact:
        raise Refused(400, "externalCustomerId belongs to another contact")
    world.people.write(contact, values, external_id)
    contact.custom |= custom
    contact.is_deleted = False
    answer = Answer(200, f"Contact with id='{contact.id}' has been updated".encode())
    answer.kept = [_kept(world, contact, "updated")]
    world.field_change(answer, contact)
    return answer


def delete(world: World, call: Call, identity: str | None = None) -> Answer:
    """`DELETE contact`: hidden, or with `erase=true` forgotten for good."""
    if identity is None:
        found = world.people.by_external(call.query.get("externalCustomerId"))
        if not call.query.get("externalCustomerId"):
            raise Refused(400, "externalCustomerId is required")
        if found is None:
            raise Refused(404, "Contact not found")
        contact = found
    else:
        contact = world.contact(identity, deleted=True)
    erases = call.query.get("erase", "false").lower() == "true"
    kept = _kept(world, contact, "erased" if erases else "deleted") | {"type": "erasure"}
    if erases:
        world.forget(contact)
    else:
        contact.is_deleted = True
    return Answer(200, f"Contact with id='{contact.id}' has been deleted".encode(), kept=[kept])


def _save(world: World, given: Any, *, source: str) -> tuple[Contact, str]:
    values, custom, external_id = _read_or_refuse(given)
    try:
        world.refuse_marked(values.get("email"), values.get("sms"), external_id)
    except BadItem as error:
        raise Refused(400, str(error)) from error
    people = world.people
    identity = given.get("id")
    contact = people.by_id.get(identity) if isinstance(identity, int) else None
    contact = contact or people.match(external_id, values.get("email"), values.get("sms"))
    action = "updated" if contact else "created"
    contact = contact or people.create(source)
    people.write(contact, {name: value for name, value in values.items() if value is not None}, external_id)
    contact.custom |= custom
    return contact, action


def _read_or_refuse(given: Any) -> tuple[dict[str, str | None], dict[int, str], str | None]:
    try:
        return read_contact(given)
    except BadItem as error:
        raise Refused(400, str(error)) from error


def _import(
    world: World,
    good: list[tuple[dict[str, Any], dict[str, str | None], dict[int, str], str | None]],
    given: dict[str, Any],
) -> list[dict[str, Any]]:
    """Write a bulk call: fields that are named or, without `contactFields`, all of them, absent ones emptied."""
    people = world.people
    named = given.get("contactFields") or FIELDS
    listed = given.get("customFieldsIDs") or []
    mapping = []
    for one, values, custom, external_id in good:
        contact = _known(world, one, values, external_id, given["dedupeOn"])
        if contact is not None and contact.is_deleted and not given.get("restoreDeleted"):
            continue
        is_new = contact is None
        contact = contact or people.create("IMPORT")
        contact.is_deleted = False
        written = {name: values.get(name) for name in FIELDS if name in named}
        if is_new:
            written |= {kind: values[kind] for kind in ("email", "sms") if kind in values}
        people.write(contact, written, external_id)
        contact.custom |= {name: value for name, value in custom.items() if name in listed}
        for group in world.texts(given, "groupNames"):
            people.groups.setdefault(group, set()).add(contact.id)
        for group in world.texts(given, "groupNamesExclude"):
            people.groups.get(group, set()).discard(contact.id)
        mapping.append({"dedupeValue": values.get("email") or values.get("sms"), "contactId": contact.id})
    return mapping


def _known(
    world: World, given: dict[str, Any], values: dict[str, str | None], external_id: str | None, dedupe_on: str
) -> Contact | None:
    """The contact that one of a bulk call means; its external id counts before what the call dedupes on."""
    if dedupe_on == "id" and isinstance(given.get("id"), int):
        return world.people.by_id.get(given["id"])
    on = {"email": ("email",), "sms": ("sms",), "email_or_sms": ("email", "sms")}.get(dedupe_on, ())
    if external_id and "email" not in on:
        on = ("email", *on)
    return world.people.match(external_id, values.get("email"), values.get("sms"), on)


def _first(given: Any) -> str | None:
    """How a refused contact is called in the log."""
    text = json.dumps(given)
    found = re.search(r'"value": "([^"]+)"', text)
    return found.group(1) if found else None


def _kept(world: World, contact: Contact, action: str) -> dict[str, Any]:
    address = contact.email or contact.phone or contact.external_id
    return {
        "type": "person",
        "action": action,
        "id": contact.external_id or address,
        "person": address,
        "consent": world.people.consent(contact.email, is_confirmed=contact.is_confirmed),
        "occurred_at": None,
        "quiet": True,
        "duplicate": False,
        "amount": None,
    }
