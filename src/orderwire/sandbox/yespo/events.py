"""Events: one at a time, which start workflows, and past ones, which are documented never to."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from orderwire.sandbox.kit import Answer, Call
from orderwire.sandbox.yespo import checks, orders
from orderwire.sandbox.yespo.checks import BadItem, Refused
from orderwire.sandbox.yespo.people import Contact
from orderwire.sandbox.yespo.world import World

MAX_EVENT_BYTES = 20_000
MAX_PAST_EVENTS = 500
_IDENTIFIERS: dict[str, str] = {
    **dict.fromkeys(("contactid", "contact_id"), "contactId"),
    "externalcustomerid": "externalCustomerId",
    **dict.fromkeys(("email", "emailaddress", "useremail", "contactemail"), "email"),
    **dict.fromkeys(("phone", "sms", "phonenumber"), "phone"),
    "pushtoken": "pushToken",
}
_PRECEDENCE = ("contactId", "externalCustomerId", "email", "phone", "pushToken")
_STATUS_BY_ORDER_EVENT = {
    "orderCreated": "INITIALIZED",
    "orderUpdated": "IN_PROGRESS",
    "orderDelivered": "DELIVERED",
    "orderCancelled": "CANCELLED",
}


def generate(world: World, call: Call, version: int) -> Answer:
    """`POST event`: an event now; 200 with an empty body."""
    if len(call.body) > MAX_EVENT_BYTES:
        raise Refused(400, f"event is larger than {MAX_EVENT_BYTES} bytes")
    given = world.json_object(call)
    kind, key, params = _read(given, version)
    if key is None:
        raise Refused(400, "keyValue or an identifier in params is required")
    try:
        world.refuse_marked(key, str(params.get("externalOrderId")))
    except BadItem as error:
        raise Refused(400, str(error)) from error
    answer = Answer(200)
    contact = _contact_of(world, params, kind, version)
    is_duplicate = world.is_repeated(kind, key, params)
    _keep(world, answer, kind, key, params, contact, occurred=None, is_duplicate=is_duplicate)
    world.fire(answer, kind, _person(params), id=key, duplicate=is_duplicate)
    _order_of(world, answer, kind, params, contact, version, is_quiet=False, is_duplicate=is_duplicate)
    return answer


def generate_past(world: World, call: Call, version: int) -> Answer:
    """`POST past_events`: each with its own time and its own status; no workflow starts."""
    events = world.json_object(call).get("events")
    if not isinstance(events, list) or not events:
        raise Refused(400, "events are required")
    if len(events) > MAX_PAST_EVENTS:
        raise Refused(400, f"at most {MAX_PAST_EVENTS} events per request")
    read = [_read(event, version, is_past=True) for event in events]
    answer = Answer(200)
    statuses = []
    for event, (kind, key, params) in zip(events, read, strict=True):
        status = _past_status(world, event, kind, str(key), params)
        statuses.append({"status": status})
        if status != "ACCEPTED":
            answer.kept.append({"type": "rejected", "id": key, "metric": kind, "error": status})
            continue
        occurred = event["occurred"]
        contact = _contact_of(world, params, kind, version)
        is_duplicate = world.is_repeated(kind, key, params, occurred)
        _keep(world, answer, kind, str(key), params, contact, occurred=occurred, is_duplicate=is_duplicate)
        world.past_events.append((checks.instant(occurred) or datetime.max.replace(tzinfo=UTC), kind))
        _order_of(world, answer, kind, params, contact, version, is_quiet=True, is_duplicate=is_duplicate)
    good = sum(status["status"] == "ACCEPTED" for status in statuses)
    answer.body = {
        "results": checks.collapsed(statuses, is_on=world.collapses),
        "successCount": good,
        "errorCount": len(statuses) - good,
    }
    return answer


def remove_past(world: World, call: Call) -> Answer:
    """`DELETE past_events`: refused until support has enabled it."""
    if not world.options.get("delete_past_events"):
        raise Refused(403, "Deletion of past events is disabled")
    given = world.json_object(call)
    since, until = checks.instant(given.get("from")), checks.instant(given.get("to"))
    if since is None or until is None or since > until:
        raise Refused(400, "from and to are required")
    left = [one for one in world.past_events if not since <= one[0] <= until]
    kept = {"type": "erasure", "id": None, "person": None, "events": len(world.past_events) - len(left)}
    world.past_events = left
    return Answer(200, kept=[kept])


def _read(given: Any, version: int, *, is_past: bool = False) -> tuple[str, str | None, dict[str, Any]]:
    """Type, key and parameters of an event; the key is derived from an identifier where it may be missing."""
    if not isinstance(given, dict):
        raise Refused(400, "event must be an object")
    kind = checks.key("eventTypeKey", given.get("eventTypeKey"), longest=100, is_required=True)
    key = checks.key("keyValue", given.get("keyValue"), longest=300, is_required=is_past)
    params = _params(given.get("params"), version)
    named = _identifiers(params)
    derived = next((named[one] for one in _PRECEDENCE if one in named), None)
    return str(kind), key or derived, params


def _params(given: Any, version: int) -> dict[str, Any]:
    params: dict[str, Any] = {}
    if given is not None and not isinstance(given, list):
        raise Refused(400, "params must be a list")
    for one in given or []:
        if not isinstance(one, dict) or not isinstance(one.get("name"), str) or not one["name"]:
            raise Refused(400, "params: name is required")
        name, value = one["name"], one.get("value")
        if value is None:
            raise Refused(400, "params: value is required")
        if len(name) > 100:
            raise Refused(400, "params: name is longer than 100 characters")
        if name in params:
            raise Refused(400, "params: names must be unique")
        if version == 1 and not isinstance(value, str):
            raise Refused(400, "params: value must be a string")
        params[name] = value
    return params


def _identifiers(params: dict[str, Any]) -> dict[str, str]:
    """The identifiers among the parameters, by their plain names."""
    found: dict[str, str] = {}
    for name, value in params.items():
        kind = _IDENTIFIERS.get(name.casefold())
        if kind and isinstance(value, str | int) and str(value).strip() not in ("", "null"):
            found.setdefault(kind, str(value).strip())
    return found


def _contact_of(world: World, params: dict[str, Any], kind: str, version: int) -> Contact | None:
    """Whom an event is about. In v2 somebody unknown becomes a contact, but not by an order event."""
    named = _identifiers(params)
    people = world.people
    if named.get("contactId", "").isdigit() and (found := people.by_id.get(int(named["contactId"]))):
        return found
    external_id, email, phone = (named.get(one) for one in ("externalCustomerId", "email", "phone"))
    contact = people.match(external_id, email, phone)
    creates = version > 1 and kind not in _STATUS_BY_ORDER_EVENT and world.has_segmentation(kind)
    if contact is None and creates and (external_id or email or phone):
        contact = people.create("Event")
        people.write(contact, {"email": email, "sms": phone}, external_id)
    return contact


def _keep(
    world: World,
    answer: Answer,
    kind: str,
    key: str,
    params: dict[str, Any],
    contact: Contact | None,
    *,
    occurred: str | None,
    is_duplicate: bool,
) -> None:
    world.event_counts[kind] = world.event_counts.get(kind, 0) + 1
    amount = params.get("totalCost", params.get("value"))
    try:
        total = checks.number("amount", amount)
    except BadItem:
        total = None
    is_confirmed = contact is None or contact.is_confirmed
    answer.kept.append(
        {
            "type": "event",
            "metric": kind,
            "id": key,
            "order": params.get("externalOrderId"),
            "person": _person(params),
            "occurred_at": occurred,
            "quiet": occurred is not None,
            "duplicate": is_duplicate,
            "amount": total,
            "contact": contact.id if contact else None,
            "consent": world.people.consent(contact.email if contact else None, is_confirmed=is_confirmed),
        }
    )


def _past_status(world: World, event: dict[str, Any], kind: str, key: str, params: dict[str, Any]) -> str:
    try:
        world.refuse_marked(key, str(params.get("externalOrderId")))
    except BadItem:
        return "SERVER_ERROR"
    if checks.is_absent(event.get("occurred")):
        return "OCCURRED_DATE_IS_REQUIRED"
    occurred = checks.instant(event["occurred"])
    if occurred is None:
        return "INCORRECT_OCCURRED_DATE_FORMAT"
    now = datetime.fromtimestamp(world.now(), UTC)
    if occurred > now:
        return "OCCURRED_TIME_IN_FUTURE"
    depth = world.options.get("past_depth_days")
    if depth is not None and occurred < now - timedelta(days=float(depth)):
        return "OCCURRED_TIME_TOO_DEPTH"
    return "ACCEPTED" if world.has_segmentation(kind) else "EVENT_SEGMENTATION_DISABLED"


def _order_of(
    world: World,
    answer: Answer,
    kind: str,
    params: dict[str, Any],
    contact: Contact | None,
    version: int,
    *,
    is_quiet: bool,
    is_duplicate: bool,
) -> None:
    """Keep the order that one of the four order events describes.

    Ignored where it says too little, and about somebody who was no contact before.
    """
    status = _STATUS_BY_ORDER_EVENT.get(kind)
    if status is None or not world.has_segmentation(kind):
        return
    if contact is None:
        answer.kept.append({"type": "ignored", "id": params.get("externalOrderId"), "error": "contact not found"})
        return
    held = world.orders.get(str(params.get("externalOrderId")))
    if held is not None and kind in ("orderDelivered", "orderCancelled"):
        held["status"] = status
        held["statuses"][status] = held["statuses"].get(status, 0) + 1
        return
    given = {**params, "status": params.get("status", status)}
    if version == 1 and isinstance(given.get("items"), str):
        try:
            given["items"] = json.loads(given["items"])
        except ValueError:
            given["items"] = None
    try:
        order = orders.read_order(given)
    except BadItem as error:
        answer.kept.append({"type": "ignored", "id": params.get("externalOrderId"), "error": str(error)})
        return
    if held is None and kind in ("orderDelivered", "orderCancelled"):
        answer.kept.append({"type": "ignored", "id": order["externalOrderId"], "error": "the order is unknown"})
        return
    orders.keep(world, answer, order, given, is_quiet=is_quiet, is_duplicate=is_duplicate)


def _person(params: dict[str, Any]) -> str | None:
    named = _identifiers(params)
    return named.get("email") or named.get("phone") or named.get("externalCustomerId") or named.get("contactId")
