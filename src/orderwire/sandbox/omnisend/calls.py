"""The calls of the API, each as a function of the office, the call and the parts of its path."""

# ruff: noqa: ARG001 - every call has the same signature.

from __future__ import annotations

import json
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any
from urllib.parse import unquote

from orderwire.sandbox.kit import Call
from orderwire.sandbox.omnisend import batches, catalog, contacts, pages
from orderwire.sandbox.omnisend.checks import Checker
from orderwire.sandbox.omnisend.office import Office
from orderwire.sandbox.omnisend.problems import Refused, invalid, not_found
from orderwire.sandbox.omnisend.state import Outcome, minted


def route(office: Office, call: Call) -> Outcome:
    """Find the call and carry it out."""
    path = call.path.removeprefix("/api/") if call.path.startswith("/api/") else ""
    methods = []
    for method, pattern, handler in CALLS:
        if match := pattern.fullmatch(path):
            methods.append(method)
            if method == call.method:
                return handler(office, call, *(unquote(part) for part in match.groups()))
    if methods:
        raise Refused(405, "method-not-allowed", f"use {', '.join(methods)}")
    raise not_found("resource")


def _body(call: Call) -> dict[str, Any]:
    try:
        body = json.loads(call.body, parse_float=Decimal)
    except ValueError:
        raise Refused(400, "bad-request", "The body is not JSON") from None
    if not isinstance(body, dict):
        raise Refused(400, "bad-request", "The body must be an object")
    return body


def _address(call: Call) -> str:
    return f"http://{call.headers.get('host', '')}{call.path}"


def _held(rows: dict[str, dict[str, Any]], key: str, what: str) -> dict[str, Any]:
    if key not in rows:
        raise not_found(what)
    return rows[key]


def _list_contacts(office: Office, call: Call) -> Outcome:
    return Outcome(200, pages.contacts_page(list(office.account.contacts.values()), call.query))


def _post_contact(office: Office, call: Call) -> Outcome:
    return office.take("contacts", "POST", _body(call))


def _get_contact(office: Office, call: Call, contact_id: str) -> Outcome:
    return Outcome(200, contacts.resource(contacts.found(office.account, contact_id=contact_id)))


def _patch_contact(office: Office, call: Call, contact_id: str) -> Outcome:
    return contacts.patch(
        office.account, contacts.found(office.account, contact_id=contact_id), _body(call), office.clock.now()
    )


def _patch_by_email(office: Office, call: Call) -> Outcome:
    email = call.query.get("email", "")
    if not email:
        raise invalid([{"field": "email", "code": "required", "message": "is required"}])
    return contacts.patch(
        office.account, contacts.found(office.account, email=email), _body(call), office.clock.now()
    )


def _tag(office: Office, call: Call) -> Outcome:
    body = _body(call)
    check = Checker()
    tags = check.words(body, "tags", least=1, most=100)
    ids, emails, phones = (check.words(body, key, most=250) for key in ("contactIDs", "emails", "phones"))
    segment = check.text(body, "segmentID")
    if not (ids or emails or phones or segment):
        check.fault("contactIDs", "required", "at least one selector is required")
    check.finish()
    chosen = {office.account.contacts.get(contact_id) for contact_id in ids}
    chosen |= {office.account.by_email.get(email) for email in emails}
    chosen |= {office.account.by_phone.get(phone) for phone in phones}
    for contact in chosen:
        if contact is None:
            continue
        kept = [tag for tag in contact.tags if tag not in tags]
        contact.tags = kept + tags if call.method == "POST" else kept
    return Outcome(202)


def _post_event(office: Office, call: Call) -> Outcome:
    return office.take("events", "POST", _body(call))


def _post_batch(office: Office, call: Call) -> Outcome:
    body = _body(call)
    items = batches.check_batch(body)
    office.account.counts["oversized"] += len(call.body) > batches.ADVISED_BYTES
    batch, kept, fired = batches.run(
        body,
        items,
        office.take,
        number=len(office.batches) + 1,
        call=call.number,
        now=call.at,
        seconds=office.batch_seconds,
        stop_after=office.stop_after,
    )
    office.batches[batch.batch_id] = batch
    return Outcome(201, {"batchID": batch.batch_id, "totalCount": batch.total}, kept, fired)


def _list_batches(office: Office, call: Call) -> Outcome:
    check = Checker()
    query = dict(call.query)
    endpoint = check.choice(query, "endpoint", batches.ENDPOINTS, required=True)
    status = check.choice(query, "status", ("pending", "inProgress", "finished", "stopped"))
    check.day(query, "dateFrom")
    check.day(query, "dateTo")
    check.finish()
    headers = [batch.header(call.at) for batch in office.batches.values() if batch.endpoint == endpoint]
    if office.newest_first:
        headers.reverse()
    begin, end = query.get("dateFrom") or "", query.get("dateTo") or "9999-12-31"
    rows = [
        row
        for row in headers
        if (not status or row["status"] == status) and begin <= str(row["createdAt"])[:10] <= end
    ]
    return Outcome(200, pages.by_offset("batches", rows, call.query, _address(call)))


def _get_batch(office: Office, call: Call, batch_id: str) -> Outcome:
    return Outcome(200, _batch(office, batch_id).header(call.at))


def _get_items(office: Office, call: Call, batch_id: str) -> Outcome:
    return Outcome(200, _batch(office, batch_id).items(call.at))


def _batch(office: Office, batch_id: str) -> batches.Batch:
    if (batch := office.batches.get(batch_id)) is None:
        raise not_found("batch")
    return batch


def _list_products(office: Office, call: Call) -> Outcome:
    return Outcome(
        200, pages.by_offset("products", list(office.account.products.values()), call.query, _address(call))
    )


def _post_product(office: Office, call: Call) -> Outcome:
    return office.take("products", "POST", _body(call))


def _get_product(office: Office, call: Call, product_id: str) -> Outcome:
    return Outcome(200, _held(office.account.products, product_id, "product"))


def _put_product(office: Office, call: Call, product_id: str) -> Outcome:
    item = _body(call)
    office.refuse_chosen({"id": product_id} | item)
    return catalog.replace_product(office.account, product_id, item)


def _delete_product(office: Office, call: Call, product_id: str) -> Outcome:
    return catalog.delete_product(office.account, product_id)


def _list_categories(office: Office, call: Call) -> Outcome:
    rows = list(office.account.categories.values())
    return Outcome(200, pages.by_offset("categories", rows, call.query, _address(call)))


def _post_category(office: Office, call: Call) -> Outcome:
    return office.take("categories", "POST", _body(call))


def _get_category(office: Office, call: Call, category: str) -> Outcome:
    return Outcome(200, _held(office.account.categories, category, "category"))


def _patch_category(office: Office, call: Call, category: str) -> Outcome:
    return catalog.retitle_category(office.account, category, _body(call))


def _delete_category(office: Office, call: Call, category: str) -> Outcome:
    return catalog.delete_category(office.account, category)


def _brand(office: Office, call: Call) -> Outcome:
    brand = {"brandID": minted("brand", 1), "name": "Stand-in", "website": "shop.test", "platform": "api"}
    return Outcome(200, brand | {"currency": "EUR", "timezone": "UTC", "version": "", "connected": True})


CALLS: tuple[tuple[str, re.Pattern[str], Callable[..., Outcome]], ...] = tuple(
    (method, re.compile(path), handler)
    for method, path, handler in (
        ("GET", "contacts", _list_contacts),
        ("POST", "contacts", _post_contact),
        ("PATCH", "contacts", _patch_by_email),
        ("POST", "contacts/tags", _tag),
        ("DELETE", "contacts/tags", _tag),
        ("GET", "contacts/([^/]+)", _get_contact),
        ("PATCH", "contacts/([^/]+)", _patch_contact),
        ("POST", "events", _post_event),
        ("GET", "batches", _list_batches),
        ("POST", "batches", _post_batch),
        ("GET", "batches/([^/]+)", _get_batch),
        ("GET", "batches/([^/]+)/items", _get_items),
        ("GET", "products", _list_products),
        ("POST", "products", _post_product),
        ("GET", "products/([^/]+)", _get_product),
        ("PUT", "products/([^/]+)", _put_product),
        ("DELETE", "products/([^/]+)", _delete_product),
        ("GET", "product-categories", _list_categories),
        ("POST", "product-categories", _post_category),
        ("GET", "product-categories/([^/]+)", _get_category),
        ("PATCH", "product-categories/([^/]+)", _patch_category),
        ("DELETE", "product-categories/([^/]+)", _delete_category),
        ("GET", "brands/current", _brand),
    )
)
