"""Custom events of /v3: declared by their first use, and triggered by id or by system name."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from msgspec import json

from orderwire.dialects.doorway import Answer, Call, Reply, Shelves
from orderwire.dialects.omnisend.door import events
from orderwire.dialects.omnisend.door.contacts_show import stamp
from orderwire.dialects.omnisend.door.ids import hex_id
from orderwire.dialects.omnisend.door.orders import identity_in
from orderwire.dialects.omnisend.door.pages import all_documents
from orderwire.dialects.omnisend.door.present import Present
from orderwire.dialects.omnisend.door.refusals import Refusal
from orderwire.dialects.omnisend.door.wire import Fields, decode, plain
from orderwire.dialects.omnisend.shapes import encode
from orderwire.model import Event

EVENT_TYPES = "event_type"
MAX_FIELDS = 100
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_INSTANT = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d.*", re.ASCII)
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


def post(call: Call, shelves: Shelves) -> Answer:
    """Trigger an event by its system name; one that is unknown is made."""
    present = Present(call, shelves)
    fields = Fields.of(decode(call.body))
    if fields.has("eventName") and not fields.has("systemName"):
        return events.post(call, shelves)
    name = fields.id("systemName", required=True) or ""
    fields.finish()
    event_id = hex_id("event", call.source, name)
    at = stamp(call.received_at)
    event_type = present.kept(EVENT_TYPES, event_id) or {
        "eventID": event_id,
        "name": fields.id("name") or name,
        "systemName": name,
        "enabled": True,
        "createdAt": at,
        "updatedAt": at,
        "fields": [],
    }
    trigger(present, event_type, fields, call.body, is_open=True)
    return present.intake(Reply(status=204))


def post_by_id(call: Call, shelves: Shelves) -> Answer:
    """Trigger an event by its id."""
    present = Present(call, shelves)
    trigger(present, held(present, call.parameters.get("id", "")), Fields.of(decode(call.body)), call.body)
    return present.intake(Reply(status=204))


def get(call: Call, shelves: Shelves) -> Answer:
    """One kind of event."""
    return Reply(body=encode(held(Present(call, shelves), call.parameters.get("id", ""))))


def list_types(call: Call, shelves: Shelves) -> Answer:  # noqa: ARG001 - every call has one shape
    """All kinds of events, as a bare list."""
    return Reply(body=encode([json.decode(document.body) for document in all_documents(shelves, EVENT_TYPES)]))


def held(present: Present, event_id: str) -> dict[str, Any]:
    """The kind of event of this id.

    Raises:
        Refusal: there is none.
    """
    found = present.kept(EVENT_TYPES, event_id)
    if not isinstance(found, dict):
        raise Refusal(404, f"Event with '{event_id}' eventID not found")
    return found


def trigger(
    present: Present, event_type: dict[str, Any], fields: Fields, raw: bytes, place: int = 0, *, is_open: bool = False
) -> None:
    """Record one event of a kind. `is_open` adds fields that are new to the kind.

    Raises:
        Refusal: it names nobody, or a field is of another type than before.
    """
    identity = identity_in(present, fields, None)
    said = fields.table("fields") or Fields({}, "fields.", fields.faults)
    if len(said.data) > MAX_FIELDS:
        fields.fault("fields", f"must have at most {MAX_FIELDS} properties", "invalid_length")
    known = {one["systemName"]: one["type"] for one in event_type["fields"]}
    added = []
    for name, value in said.data.items():
        kind = type_of(value)
        if value is None or kind is None:
            continue
        if name not in known:
            added.append({"name": name, "systemName": name, "type": kind, "required": False})
        elif not _fits(kind, known[name]):
            said.fault(name, f"must be of type {known[name]}", "invalid_type")
    fields.finish()
    if is_open and (added or present.kept(EVENT_TYPES, event_type["eventID"]) is None):
        changed = event_type | {"fields": [*event_type["fields"], *added], "updatedAt": stamp(present.at)}
        present.keep(EVENT_TYPES, event_type["eventID"], changed)
    name = str(event_type["name"])
    present.record(
        Event(
            event_id=f"{name}:{present.call.request_id}.{place}",
            name=f"custom.{name}",
            identity=identity,
            occurred_at=present.at,
            properties={key: plain(value) for key, value in said.data.items()},
        ),
        raw,
    )


def type_of(value: Any) -> str | None:
    """The type that a field gets on its first use; None for what no field can be.

    Quirk: `10` and `10.0` are both whole numbers there.
    """
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, int | Decimal):
        return "int" if isinstance(value, int) or value == value.to_integral_value() else "float"
    if not isinstance(value, str):
        return None
    for kind, is_one in _TEXT_TYPES.items():
        if is_one(value):
            return kind
    return "string"


_TEXT_TYPES: Mapping[str, Callable[[str], bool]] = {
    "date": lambda text: bool(_DAY.fullmatch(text)),
    "dateTime": lambda text: bool(_INSTANT.fullmatch(text)),
    "email": lambda text: bool(_EMAIL.fullmatch(text)),
    "url": lambda text: text.startswith(("http://", "https://")),
}


def _fits(kind: str, known: str) -> bool:
    """Whether a value of a type fits a field: any text a text, a whole number a fraction."""
    texts = {"string", *_TEXT_TYPES}
    return kind == known or (known == "float" and kind == "int") or (known == "string" and kind in texts)
