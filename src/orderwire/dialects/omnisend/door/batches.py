"""Batches: many items of one resource, each answered as its single call would be, finished when they are committed.

A batch and what became of its items are one document. The contact that came of an item is not yet known when the
batch is committed, so its outcome names the address, and the contact's id is found when the batch is read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

from msgspec import Raw, json

from orderwire.dialects.doorway import Answer, Call, Document, Reply, Shelves
from orderwire.dialects.omnisend.door import categories, contacts, custom_events, events, orders, products
from orderwire.dialects.omnisend.door.contacts_show import stamp
from orderwire.dialects.omnisend.door.ids import contact_id, hex_id
from orderwire.dialects.omnisend.door.pages import all_documents, by_offset
from orderwire.dialects.omnisend.door.present import Present
from orderwire.dialects.omnisend.door.refusals import Fault, Generation, Refusal, body_of, invalid
from orderwire.dialects.omnisend.door.wire import Fields, decode, elements, parts
from orderwire.dialects.omnisend.shapes import encode
from orderwire.model import Identity

BATCHES = "batch"
_ITEMS = "batch_items"
_MOST: Mapping[Generation, int] = {Generation.V3: 1000, Generation.V5: 1000, Generation.DATED: 100}
ENDPOINTS = ("contacts", "products", "categories", "events")
STATUSES = ("pending", "inProgress", "finished", "stopped")
Taker = Callable[[Present, Any, bytes, int], tuple[int, Any]]


def post(call: Call, shelves: Shelves) -> Answer:
    """Take every item, the good ones for good."""
    present = Present(call, shelves)
    given = parts(call.body)
    fields = Fields({name: decode(part) for name, part in given.items() if name != "items"})
    among = (*ENDPOINTS, "orders") if present.generation is Generation.V3 else ENDPOINTS
    method = fields.choice("method", ("POST", "PUT"), required=True) or ""
    endpoint = fields.choice("endpoint", among, required=True) or ""
    origin, event_id = fields.text("origin"), fields.id("eventID")
    items = elements(given["items"]) if "items" in given else []
    most = _MOST[present.generation]
    if items is None or not 1 <= len(items) <= most:
        fields.fault("items", f"must be an array of 1 to {most} items", "invalid_length")
    fields.finish()
    take = _taker(present, method, endpoint, event_id)
    batch_id = hex_id("batch", present.call.source, call.request_id)
    results = [_result(present, take, item, place) for place, item in enumerate(items or ())]
    failed = sum(result["responseCode"] >= 400 for result in results)
    at = stamp(call.received_at)
    header = {
        "batchID": batch_id,
        "method": method,
        "endpoint": endpoint,
        "origin": origin or "api",
        **({"eventID": event_id} if event_id else {}),
        "status": "finished",
        "createdAt": at,
        "startedAt": at,
        "endedAt": at,
        "totalCount": len(results),
        "finishedCount": len(results),
        "errorsCount": failed,
    }
    present.keep(BATCHES, batch_id, header, rank=at)
    present.keep(_ITEMS, batch_id, encode(results))
    status = 201 if present.generation is Generation.DATED else 200
    return present.intake(Reply(status=status, body=encode({"batchID": batch_id, "totalCount": len(results)})))


def list_batches(call: Call, shelves: Shelves) -> Answer:
    """A page of the batches of one resource, the newest first."""
    endpoint, status = call.asked("endpoint"), call.asked("status")
    since, until = call.asked("dateFrom"), call.asked("dateTo")
    if endpoint not in (*ENDPOINTS, "orders"):
        raise invalid([Fault(path="endpoint", message="query parameter is required", code="required")])
    if status and status not in STATUSES:
        raise invalid([Fault(path="status", message=f"must be one of: {', '.join(STATUSES)}", code="invalid_value")])

    def rows() -> Iterator[dict[str, Any]]:
        for document in all_documents(shelves, BATCHES, is_last_first=True):
            header = json.decode(document.body)
            day = header["createdAt"][:10]
            is_between = (not since or day >= since) and (not until or day <= until)
            if header["endpoint"] == endpoint and is_between and (not status or header["status"] == status):
                yield header

    return by_offset(call, "batches", rows(), lambda header: header)


def get(call: Call, shelves: Shelves) -> Answer:
    """One batch without its items."""
    return Reply(body=_batch(call, shelves).body)


def get_items(call: Call, shelves: Shelves) -> Answer:
    """One batch with what became of each item, the failed ones apart."""
    header = json.decode(_batch(call, shelves).body)
    results = _results(call, shelves)
    errors = [one for one in results if one["responseCode"] >= 400]
    responses = [one for one in results if one["responseCode"] < 400]
    return Reply(body=encode({**header, "errors": errors, "responses": responses}))


def get_item(call: Call, shelves: Shelves) -> Answer:
    """What became of one item."""
    header = json.decode(_batch(call, shelves).body)
    for one in _results(call, shelves):
        if one["itemID"] == call.parameters.get("item"):
            names = ("batchID", "method", "endpoint")
            return Reply(body=encode({name: header[name] for name in names} | one))
    raise Refusal(404, "Batch item not found")


def _batch(call: Call, shelves: Shelves) -> Document:
    found = shelves.document(BATCHES, call.parameters.get("id", ""))
    if found is None:
        raise Refusal(404, "Batch not found")
    return found


def _results(call: Call, shelves: Shelves) -> list[dict[str, Any]]:
    """The outcomes of a batch, each echoing its item as it came."""
    document = shelves.document(_ITEMS, call.parameters.get("id", ""))
    raw = json.decode(document.body, type=list[dict[str, Raw]]) if document else []
    found = []
    for one in raw:
        response = json.decode(one["response"])
        if isinstance(response, dict) and "@contact" in response:
            response = _contact(response["@contact"], call, shelves)
        plain = {name: json.decode(part) for name, part in one.items() if name not in ("request", "response")}
        found.append(plain | {"request": Raw(one["request"]), "response": response})
    return found


def _contact(address: Mapping[str, str], call: Call, shelves: Shelves) -> dict[str, str]:
    """The short reply to a contact, with the id that it has by now."""
    known = shelves.find(Identity(email=address.get("email"), phone=address.get("phone")))
    name = "id" if call.path.startswith("/api") else "contactID"
    return {"email": address.get("email") or "", name: contact_id(known.person) if known else ""}


def _result(present: Present, take: Taker, item: bytes, place: int) -> dict[str, Any]:
    """What became of one item; what it added before it was refused is taken back."""
    mark = present.mark()
    try:
        code, response = take(present, decode(item), item, place)
    except Refusal as refusal:
        present.back_to(mark)
        code, response = refusal.status, body_of(present.call, refusal)
    return {
        "itemID": str(place + 1),
        "request": Raw(item),
        "responseCode": code,
        "response": response,
        "status": "finished",
    }


def _taker(present: Present, method: str, endpoint: str, event_id: str | None) -> Taker:
    """How an item of this kind of batch is taken.

    Raises:
        Refusal: the platform has no such batch.
    """
    if endpoint == "events" and method == "PUT":
        raise invalid([Fault(path="method", message="events can only be created", code="invalid_value")])
    if endpoint == "events" and present.generation is Generation.V3 and event_id:
        event_type = custom_events.held(present, event_id)
        return partial(_trigger, event_type)
    return _TAKERS[endpoint, method]


def _trigger(event_type: dict[str, Any], present: Present, body: Any, raw: bytes, place: int) -> tuple[int, Any]:
    custom_events.trigger(present, event_type, Fields.of(body), raw, place)
    return 204, {}


def _take_event(present: Present, body: Any, raw: bytes, place: int) -> tuple[int, Any]:
    events.take(present, body, raw, place)
    return 202, {}


def _take_contact(present: Present, body: Any, raw: bytes, place: int) -> tuple[int, Any]:  # noqa: ARG001
    identity, is_new = contacts.take(present, body, raw)
    address = {"email": identity.email} if identity.email else {"phone": identity.phone}
    return (201 if is_new and present.generation is Generation.DATED else 200), {"@contact": address}


_TAKERS: Mapping[tuple[str, str], Taker] = {
    ("contacts", "POST"): _take_contact,
    ("contacts", "PUT"): _take_contact,
    ("products", "POST"): lambda present, body, raw, _: products.create(present, body, raw),
    ("products", "PUT"): lambda present, body, raw, _: products.replace_whole(present, body, raw),
    ("categories", "POST"): lambda present, body, _, __: categories.create(present, body),
    ("categories", "PUT"): lambda present, body, _, __: categories.replace_whole(present, body),
    ("events", "POST"): _take_event,
    ("orders", "POST"): lambda present, body, raw, _: (200, orders.write(present, body, raw)),
    ("orders", "PUT"): lambda present, body, raw, _: (200, orders.rewrite(present, body, raw)),
}
