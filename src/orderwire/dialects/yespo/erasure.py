"""Forgetting a person: the contact with the shop's id of them, and those found by their addresses.

Several contacts may have one address, each with another id of the shop. A contact found by an address is theirs when
it has no such id, or the person's own.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from msgspec import DecodeError, json

from orderwire.dialects.contract import Erasure, Recipient
from orderwire.dialects.wire import WireReply, WireRequest
from orderwire.dialects.yespo.fields import phone_digits


def erase(recipient: Recipient) -> tuple[Erasure, ...]:
    """An erasure by the shop's id, and searches by e-mail and by phone."""
    calls = []
    if recipient.external_id:
        query = urlencode({"externalCustomerId": recipient.external_id, "erase": "true"})
        calls.append(_erasure(f"/v1/contact?{query}", ("external_id",)))
    if recipient.email:
        calls.append(_search("email", recipient.email, "email"))
    if digits := phone_digits(recipient.phone):
        calls.append(_search("sms", digits, "phone"))
    return tuple(calls)


def erase_found(recipient: Recipient, search: Erasure, reply: WireReply) -> tuple[Erasure, ...] | None:
    """Erasures of the contacts in a page, by the platform's ids of them."""
    rows = _rows(reply.body)
    if rows is None:
        return None
    return tuple(
        _erasure(f"/v1/contact/{row['id']}?erase=true", search.by)
        for row in rows
        if isinstance(row.get("id"), int) and str(row.get("externalCustomerId") or "") in ("", recipient.external_id)
    )


def _erasure(path: str, by: tuple[str, ...]) -> Erasure:
    return Erasure(request=WireRequest(method="DELETE", path=path, budget="default"), by=by)


def _search(field: str, value: str, by: str) -> Erasure:
    path = f"/v1/contacts?{urlencode({field: value})}"
    return Erasure(request=WireRequest(method="GET", path=path, budget="contacts_read"), by=(by,), is_search=True)


def _rows(body: bytes) -> list[dict[str, Any]] | None:
    """The contacts in a page; an empty body is an empty page, one contact may stand alone."""
    if body.strip() in (b"", b"null"):
        return []
    try:
        found = json.decode(body)
    except (DecodeError, UnicodeDecodeError, RecursionError):
        return None
    rows = found if isinstance(found, list) else [found]
    return rows if all(isinstance(row, dict) for row in rows) else None
