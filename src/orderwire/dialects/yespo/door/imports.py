"""Contacts in bulk: refused ones named at once, the rest written when the call is answered, and how it went."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
from msgspec import Struct, structs

from orderwire.dialects.doorway import Answer, Call, Document, Intake, Read, Shelves
from orderwire.dialects.yespo.door.answers import answering, collapsed, shown
from orderwire.dialects.yespo.door.contacts import documents_of
from orderwire.dialects.yespo.door.desk import Desk, contact_id, deletion_of
from orderwire.dialects.yespo.door.read_contacts import FIELDS, Sent, find_contact, read_contact, written
from orderwire.dialects.yespo.door.values import Fields, Refusal, Unfit, decoded, fields, items, listed, parts, text
from orderwire.model import Event, Identity, Person

MOST_CONTACTS = 3000
_IMPORTS = "imports"
_DEDUPE_ON = frozenset({"email", "sms", "push", "webpush", "email_or_sms", "id", "externalCustomerId", "fieldId"})
_EVENT_KEY = re.compile(r"[A-Za-z0-9]+", re.ASCII)
_KEPT_FOR = timedelta(days=7)


class _Session(Struct):
    """What is remembered of a bulk call: when it was, and by what each contact was found."""

    at: datetime
    found_by: list[tuple[str, str]]


class _Orders(Struct, frozen=True, kw_only=True):
    """What a bulk call says about all its contacts."""

    dedupe_on: str
    fields: frozenset[str]
    custom: frozenset[int]
    joins: tuple[str, ...]
    leaves: tuple[str, ...]
    restores: bool
    event: str | None


@answering
def save_contacts(call: Call, shelves: Shelves) -> Answer:
    """`POST contacts`: every field that is named is written, and blanked where a contact does not carry it."""
    sent_parts = parts(call.body)
    raws = items(sent_parts.get("contacts"), "contacts", MOST_CONTACTS)
    orders = _orders(fields(msgspec.json.encode({k: v for k, v in sent_parts.items() if k != "contacts"})))
    desk = Desk(call, shelves)
    records: list[Read] = []
    failed: list[dict[str, Any]] = []
    taken: list[Sent] = []
    back: list[tuple[str, str]] = []
    session = _Session(call.received_at, [])
    for raw in raws:
        try:
            sent = _read(raw)
            known, before = find_contact(sent, desk, orders.dedupe_on)
            is_deleted = known is not None and desk.is_deleted(known)
            person = _written(before, sent, orders, call)
        except Unfit as unfit:
            failed.append(_failed(raw, str(unfit)))
            continue
        if is_deleted and not orders.restores:
            continue
        if is_deleted and known is not None:
            back.append(deletion_of(known))
        taken.append(sent)
        desk.said(person)
        records.append(Read(record=person, raw=raw))
        if before.identity.is_empty and orders.event:
            records.append(Read(record=_event(orders.event, person.identity, call), raw=raw))
        session.found_by.append(_found_by(person.identity, orders.dedupe_on))
    name = str(UUID(hex=call.request_id))
    reply: dict[str, Any] = {"id": 0, "asyncSessionId": name}
    if failed:
        reply["failedContacts"] = collapsed(failed)
    kept = Document(
        collection=_IMPORTS, key=name, body=msgspec.json.encode(session), rank=call.received_at.isoformat()
    )
    return Intake(
        reply=shown(reply),
        records=tuple(records),
        documents=(*documents_of(taken, orders.joins), kept),
        removed=(*back, *_outdated(call, shelves)),
    )


@answering
def show_import(call: Call, shelves: Shelves) -> Answer:
    """`GET importstatus/{session}`: an import is finished when its call was answered."""
    name = call.parameters["session"]
    document = shelves.document(_IMPORTS, name)
    if document is None:
        raise Refusal(404, "Import session not found")
    session = msgspec.json.decode(document.body, type=_Session)
    mapping = []
    for kind, value in session.found_by:
        known = shelves.find(Identity(**{kind: value})) if kind else None
        if known is not None:
            shown_value = value.lstrip("+") if kind == "phone" else value
            mapping.append({"dedupeValue": shown_value, "contactId": contact_id(known.person)})
    return shown({"status": "FINISHED", "timestamp": session.at.isoformat(), "mapping": collapsed(mapping)})


def _written(before: Person, sent: Sent, orders: _Orders, call: Call) -> Person:
    """The person with one contact of the call; somebody new is told with all that it carries."""
    is_new = before.identity.is_empty
    person = written(
        before,
        sent,
        fields=orders.fields | sent.texts.keys() if is_new else orders.fields,
        custom=orders.custom,
        joins=(*orders.joins, *sent.groups),
        leaves=orders.leaves,
    )
    return structs.replace(person, updated_at=call.received_at)


def _orders(given: Fields) -> _Orders:
    """What a bulk call asks for; without `dedupeOn` contacts are found by their address, as older clients expect."""
    dedupe_on = text(given.get("dedupeOn"), "dedupeOn") or "email_or_sms"
    if dedupe_on not in _DEDUPE_ON:
        raise Refusal(400, "dedupeOn has a wrong format")
    if dedupe_on == "fieldId" and given.get("fieldId") is None:
        raise Refusal(400, "fieldId is required")
    event = text(given.get("eventKeyForNewContacts"), "eventKeyForNewContacts")
    if event is not None and not _EVENT_KEY.fullmatch(event):
        raise Refusal(400, "eventKeyForNewContacts has a wrong format")
    named = [one for one in listed(given.get("contactFields")) if isinstance(one, str)]
    numbers = [text(one, "customFieldsIDs") or "" for one in listed(given.get("customFieldsIDs"))]
    if any(not (one.isascii() and one.isdigit() and len(one) < 20) for one in numbers):
        raise Refusal(400, "customFieldsIDs has a wrong format")
    return _Orders(
        dedupe_on=dedupe_on,
        fields=frozenset(named) or FIELDS,
        custom=frozenset(int(one) for one in numbers),
        joins=_names(given, "groupNames"),
        leaves=_names(given, "groupNamesExclude"),
        restores=given.get("restoreDeleted") in (True, "true"),
        event=event,
    )


def _names(given: Fields, name: str) -> tuple[str, ...]:
    return tuple(found for one in listed(given.get(name)) if (found := text(one, name)))


def _read(raw: bytes) -> Sent:
    try:
        return read_contact(decoded(raw))
    except Refusal as refusal:
        raise Unfit("contact has a wrong format") from refusal


def _failed(raw: bytes, error: str) -> dict[str, Any]:
    """A refused contact as it was sent, with the reason beside its fields."""
    try:
        return {**parts(raw), "error": error}
    except Refusal:
        return {"error": error}


def _event(name: str, identity: Identity, call: Call) -> Event:
    """The event that a new contact was to cause."""
    who = identity.external_id or identity.email or identity.phone or ""
    return Event(
        event_id=f"{call.request_id}:{who}",
        name=f"custom.{name}",
        identity=identity,
        occurred_at=call.received_at,
    )


def _found_by(identity: Identity, dedupe_on: str) -> tuple[str, str]:
    """An identifier that leads to a contact again, rather the one that the call dedupes on."""
    by = {"external_id": identity.external_id, "email": identity.email, "phone": identity.phone}
    first = {"sms": "phone", "externalCustomerId": "external_id"}.get(dedupe_on, "email")
    for kind in (first, "email", "external_id", "phone"):
        if value := by[kind]:
            return kind, value
    return "", ""


def _outdated(call: Call, shelves: Shelves) -> Iterable[tuple[str, str]]:
    """Imports that nobody asks about any more, a few at a time."""
    oldest = shelves.documents(_IMPORTS, limit=10)
    limit = (call.received_at - _KEPT_FOR).isoformat()
    return [(_IMPORTS, document.key) for document in oldest if document.rank < limit]
