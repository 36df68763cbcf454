"""The calls of Drip's browser tag: answered as scripts, open to a key that everybody sees.

A page can say who its visitor is and what they do, and nothing else: what it says of a person fills what is not
known, and never permission or another's description.
"""

from __future__ import annotations

import re
from typing import Any

from msgspec.structs import replace

from orderwire.dialects.doorway import Answer, Call, Intake, Read, Shelves
from orderwire.dialects.drip.door.consent import named
from orderwire.dialects.drip.door.events import event_of
from orderwire.dialects.drip.door.faults import scripted
from orderwire.dialects.drip.door.turn import Met, Turn
from orderwire.dialects.drip.door.values import digest, instant, is_email
from orderwire.model import Event, Identity, Kind, Person

_VISITOR = re.compile(r"[0-9a-zA-Z-]{8,64}", re.ASCII)
_MOST_TEXT = 2000
_RESERVED = frozenset(
    {"callback", "drip_account_id", "visitor_uuid", "subscriber_id", "url", "referrer", "domain"}
    | {"time_zone", "page_title", "enable_third_party_cookies", "success_callback", "_action"}
    | {"occurred_at"}
)
_NO_FIELD = _RESERVED | frozenset(
    {"email", "new_email", "user_id", "tags", "remove_tags", "prospect", "eu_consent", "eu_consent_message"}
    | {"status", "initial_status", "drip_unknown_status", "success", "failure"}
)
_WRAPPED = re.compile(r"(?:fields|properties)\[([^\]]+)\]")
_NAMES = ("first_name", "last_name")
_VIEWED = frozenset({"viewed a product"})


def config(call: Call, _shelves: Shelves) -> Answer:
    """`config`: an account without forms, campaigns and triggers."""
    body: dict[str, Any] = {"success": True, "forms": [], "campaigns": [], "goals": [], "url_triggers": []}
    body |= {"lead_settings": {}, "product_triggers": [], "domain": call.asked("domain") or None}
    body |= {
        "enable_third_party_cookies": False,
        "enable_session_tracking": False,
        "eu_consent_check_timezone": False,
    }
    return scripted(call, body)


def visit(call: Call, _shelves: Shelves) -> Answer:
    """`events/visit`: a new visitor gets an id."""
    visitor = _visitor(call) or digest(call.request_id)
    given: dict[str, object] = {name: value for name in ("url", "referrer") if (value := _asked(call, name))}
    event = Event(
        event_id=digest("visit", call.request_id),
        name=Kind.SITE_ACTIVE,
        identity=Identity(anonymous_id=visitor),
        occurred_at=call.received_at,
        properties=given,
    )
    return _kept(call, visitor, event)


def track(call: Call, _shelves: Shelves) -> Answer:
    """`track`: something a visitor did."""
    visitor, action = _visitor(call), _asked(call, "_action").strip()
    if not visitor or not action:
        return scripted(call, {"success": False, "error": "Visitor and action are required"})
    properties = _given(call, _RESERVED)
    if url := _asked(call, "url"):
        properties.setdefault("page_url", url)
    kind = Kind.PRODUCT_VIEWED if action.lower() in _VIEWED else None
    event = event_of(
        Identity(anonymous_id=visitor),
        action,
        instant(_asked(call, "occurred_at")),
        properties,
        received_at=call.received_at,
        place=0,
        kind=kind,
        may_name_itself=False,
    )
    return _kept(call, visitor, event)


def identify(call: Call, shelves: Shelves) -> Answer:
    """`identify`: whose browser it is."""
    fields = _given(call, frozenset())
    email = str(fields.get("email", "")).strip()
    visitor = _visitor(call) or digest(call.request_id)
    turn = Turn(call, shelves)
    if email and not is_email(email):
        return scripted(call, {"success": False, "error": "Email is invalid", "visitor_uuid": visitor})
    met = turn.meet(Identity(email=email)) if email else turn.find(_asked(call, "subscriber_id"))
    if met is None:
        return scripted(call, {"success": True, "visitor_uuid": visitor, "anonymous": True})
    turn.add(_identified(met, visitor, _given(call, _NO_FIELD)))
    return turn.intake(scripted(call, {"success": True, "visitor_uuid": visitor, "anonymous": False}))


def _identified(met: Met, visitor: str, fields: dict[str, Any]) -> Person:
    """The person with this browser; fields fill only what nobody has told."""
    before = met.person or Person(identity=met.identity)
    names = {name: fields.pop(name, None) for name in _NAMES}
    filled = {name: value for name, value in names.items() if value and getattr(before, name) is None}
    is_described = met.known is not None
    properties = before.properties if is_described else {**fields, **before.properties}
    if is_described:
        filled = {}
    identity = named(before.identity, email=met.identity.email or "", visitor=visitor)
    return replace(before, identity=identity, properties=properties, **filled)


def _kept(call: Call, visitor: str, event: Event) -> Intake:
    return Intake(
        reply=scripted(call, {"success": True, "visitor_uuid": visitor, "anonymous": True}),
        records=(Read(record=event),),
    )


def _visitor(call: Call) -> str:
    given = call.asked("visitor_uuid")
    return given if _VISITOR.fullmatch(given) else ""


def _asked(call: Call, name: str) -> str:
    return call.asked(name).replace("\0", "")[:_MOST_TEXT]


def _given(call: Call, reserved: frozenset[str]) -> dict[str, Any]:
    """What the page says beside the protocol's own words; `fields[x]` and `properties[x]` are x."""
    found: dict[str, Any] = {}
    for name, value in call.query:
        wrapped = _WRAPPED.fullmatch(name)
        plain = (wrapped.group(1) if wrapped else name).replace("\0", "")
        if plain and plain not in reserved and len(plain) <= 100:
            found[plain] = value.replace("\0", "")[:_MOST_TEXT]
    return found
