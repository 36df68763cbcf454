"""Orders: taken one by one out of a bulk call, kept by their external id, each starting its status's workflows.

Nothing is documented that would keep an old or an unchanged order from starting them, so every accepted order does.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from orderwire.sandbox.kit import Answer, Call
from orderwire.sandbox.yespo import checks
from orderwire.sandbox.yespo.checks import BadItem, Refused
from orderwire.sandbox.yespo.people import Contact
from orderwire.sandbox.yespo.world import Job, World

MAX_ORDERS = 1000
STATUSES = frozenset({"INITIALIZED", "IN_PROGRESS", "DELIVERED", "CANCELLED", "ABANDONED_SHOPPING_CART"})
_TEXTS = (
    *("externalOrderId", "externalCustomerId", "email", "phone", "firstName", "lastName", "restoreUrl"),
    *("statusDescription", "storeId", "source", "deliveryMethod", "paymentMethod", "deliveryAddress", "currency"),
)
_NUMBERS = ("totalCost", "shipping", "discount", "taxes")
_ITEM_TEXTS = ("externalItemId", "name", "url", "imageUrl", "category", "description")
_SUCCESS_BODIES: dict[str, Any] = {"empty": None, "object": {}, "list": {"failedOrders": []}}
_LONGEST_RANGE = timedelta(hours=24)


def insert(world: World, call: Call) -> Answer:
    """`POST orders`: 200 whenever the batch was worked through; the body lists the rejects only."""
    orders = world.json_object(call).get("orders")
    if not isinstance(orders, list) or not orders:
        raise Refused(400, "orders are required")
    if len(orders) > MAX_ORDERS:
        raise Refused(400, f"at most {MAX_ORDERS} orders per request")
    answer = Answer(200, _SUCCESS_BODIES[str(world.options.get("success_body", "empty"))])
    failed = []
    for given in orders:
        try:
            order = read_order(given)
            world.refuse_marked(order["externalOrderId"], order["email"])
        except BadItem as error:
            failed.append({"order": given, "error": str(error)})
            identity = given.get("externalOrderId") if isinstance(given, dict) else None
            answer.kept.append({"type": "rejected", "id": identity, "error": str(error)})
            continue
        take(world, answer, order, given)
    if failed:
        answer.body = {"failedOrders": checks.collapsed(failed, is_on=world.collapses)}
    return answer


def read_order(given: Any) -> dict[str, Any]:
    """An order with its fields in their types.

    Raises:
        BadItem: a required field is empty or has a wrong format, or nobody can be found by it.
    """
    if not isinstance(given, dict):
        raise BadItem("order must be an object")
    order: dict[str, Any] = {field: checks.text(field, given.get(field)) for field in _TEXTS}
    order |= {field: checks.number(field, given.get(field)) for field in _NUMBERS}
    for field in ("externalOrderId", "totalCost", "currency"):
        if order[field] is None:
            raise BadItem(f"{field} is empty")
    if given.get("status") not in STATUSES:
        raise BadItem("status has a wrong format")
    if checks.is_absent(given.get("date")):
        raise BadItem("date is empty")
    if checks.instant(given["date"]) is None:
        raise BadItem("date has a wrong format")
    if not (order["currency"].isalpha() and order["currency"].isupper() and len(order["currency"]) == 3):
        raise BadItem("currency has a wrong format")
    if not (order["externalCustomerId"] or order["email"] or order["phone"]):
        raise BadItem("externalCustomerId, email and phone are empty")
    if order["email"] and not checks.is_email(order["email"]):
        raise BadItem("email has a wrong format")
    info = given.get("additionalInfo")
    if info is not None and not (isinstance(info, dict) and all(isinstance(one, str) for one in info.values())):
        raise BadItem("additionalInfo has a wrong format")
    return order | {
        "status": given["status"],
        "date": given["date"],
        "additionalInfo": info,
        "items": _items(given.get("items")),
    }


def take(world: World, answer: Answer, order: dict[str, Any], given: dict[str, Any]) -> None:
    """Keep an order of a bulk call and start what its status starts; a status sent twice starts it twice."""
    status = order["status"]
    held = world.orders.get(order["externalOrderId"])
    is_duplicate = held is not None and status in held["statuses"]
    world.duplicate_count += is_duplicate
    keep(world, answer, order, given, is_quiet=False, is_duplicate=is_duplicate)
    event = f"order{status}"
    world.event_counts[event] = world.event_counts.get(event, 0) + 1
    world.fire(answer, event, answer.kept[-1]["person"], id=order["externalOrderId"], duplicate=is_duplicate)


def keep(
    world: World, answer: Answer, order: dict[str, Any], given: dict[str, Any], *, is_quiet: bool, is_duplicate: bool
) -> None:
    """Keep an order by its id, sent fields over those of before, and find or make its contact."""
    identity, status = order["externalOrderId"], order["status"]
    contact, is_new = _contact_of(world, order)
    held = world.orders.setdefault(identity, {"items": [], "statuses": {}, "contact": contact.id})
    held["statuses"][status] = held["statuses"].get(status, 0) + 1
    held |= {name: value for name, value in order.items() if name in given}
    person = order["email"] or order["phone"] or order["externalCustomerId"]
    consent = world.people.consent(contact.email, is_confirmed=contact.is_confirmed)
    answer.kept.append(
        {
            "type": "order",
            "status": status,
            "id": identity,
            "person": person,
            "occurred_at": order["date"],
            "quiet": is_quiet,
            "duplicate": is_duplicate,
            "amount": order["totalCost"],
            "currency": order["currency"],
            "line_count": len(order["items"]),
            "contact": contact.id,
            "creates_contact": is_new,
            "consent": consent,
        }
    )


def remove(world: World, call: Call) -> Answer:
    """`DELETE orders`: by external id or by a span of their own time, a little later.

    Where the parameters travel is not documented: query and body are both read.
    """
    given: dict[str, Any] = dict(call.query)
    if call.body:
        given |= world.json_object(call)
    identity = checks.text("externalOrderId", given.get("externalOrderId"))
    if identity is None:
        since, until = checks.instant(given.get("from")), checks.instant(given.get("to"))
        if since is None or until is None:
            raise Refused(400, "externalOrderId or from and to are required")
        if not since < until:
            raise Refused(400, "from must be before to")
        if until - since > _LONGEST_RANGE:
            raise Refused(400, "the range must not exceed 24 hours")
        gone = [one for one, order in world.orders.items() if _is_within(order, since, until)]
    else:
        gone = [identity]
    job = Job(f"delete-{call.number}", world.now() + world.async_seconds)
    job.work = lambda: [world.orders.pop(one) for one in gone if one in world.orders]
    world.jobs[job.id] = job
    kept = {"type": "erasure", "id": identity, "person": None, "orders": len(gone)}
    return Answer(200, kept=[kept])


def holdings(world: World) -> dict[str, Any]:
    """Every order: what it is now, and how often each of its statuses was sent."""
    return {
        identity: {
            "status": order["status"],
            "statuses": order["statuses"],
            "amount": order["totalCost"],
            "currency": order["currency"],
            "date": order["date"],
            "contact": order["contact"],
            "line_count": len(order["items"]),
        }
        for identity, order in world.orders.items()
    }


def _items(given: Any) -> list[dict[str, Any]]:
    items = given if given is not None else []
    if not isinstance(items, list):
        raise BadItem("items has a wrong format")
    read = []
    for item in items:
        if not isinstance(item, dict):
            raise BadItem("items has a wrong format")
        one: dict[str, Any] = {field: checks.text(f"items.{field}", item.get(field)) for field in _ITEM_TEXTS}
        one |= {field: checks.number(f"items.{field}", item.get(field)) for field in ("quantity", "cost")}
        for field in ("externalItemId", "quantity"):
            if one[field] is None:
                raise BadItem(f"items.{field} is empty")
        read.append(one)
    return read


def _contact_of(world: World, order: dict[str, Any]) -> tuple[Contact, bool]:
    """The contact of an order. One that exists is never changed, but gets an external id it had not."""
    people = world.people
    external_id = order["externalCustomerId"]
    contact = people.match(external_id, order["email"], order["phone"], on=("sms", "email"))
    if contact is not None:
        if external_id and contact.external_id is None:
            people.write(contact, {}, external_id)
        return contact, False
    contact = people.create("ORDER")
    values = {"email": order["email"], "sms": order["phone"]}
    people.write(contact, {**values, "firstName": order["firstName"], "lastName": order["lastName"]}, external_id)
    return contact, True


def _is_within(order: dict[str, Any], since: datetime, until: datetime) -> bool:
    at = checks.instant(order["date"])
    return at is not None and since <= at <= until
