"""What is read back: opt-outs, contacts and products. Events cannot be read back there."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import msgspec

from orderwire.dialects.contract import Account, Held, ReadBack
from orderwire.dialects.omnisend.fields import contact_id
from orderwire.dialects.omnisend.replies import BUDGET, json_of
from orderwire.dialects.wire import WireReply, WireRequest
from orderwire.model import Channel, Consent, ConsentState, Identity

PEOPLE, PRODUCTS = "people", "products"
_BEGIN = "begin"
"""Stands for the first page once a cursor must be named: an empty one would read as none."""
_CONTACTS_PAGE = 250
_PRODUCTS_PAGE = 100
_CHANNEL_BY_NAME = {"email": Channel.EMAIL, "sms": Channel.SMS, "phone": Channel.SMS}


def check(account: Account) -> WireRequest:  # noqa: ARG001 - the contract's shape
    """Ask whose key it is."""
    return WireRequest(method="GET", path="/brands/current", budget=BUDGET)


def opt_outs(cursor: str, account: Account) -> WireRequest:  # noqa: ARG001 - the contract's shape
    """A page of contacts whose e-mail is unsubscribed; the filter knows no other channel."""
    return _contacts("status=unsubscribed&", cursor)


def interpret_opt_outs(cursor: str, reply: WireReply) -> ReadBack:
    """The opt-outs on a page, text messages of those contacts included; an unreadable page is asked for again."""
    contacts, following = _contacts_page(cursor, reply)
    return ReadBack(consents=tuple(consent for contact in contacts for consent in _opt_outs(contact)), next=following)


def held(what: str, cursor: str, account: Account) -> WireRequest | None:  # noqa: ARG001 - the contract's shape
    """A page of contacts or products."""
    if what == PEOPLE:
        return _contacts("", cursor)
    if what == PRODUCTS:
        offset = int(cursor) if cursor.isascii() and cursor.isdigit() else 0
        return WireRequest(method="GET", path=f"/products?limit={_PRODUCTS_PAGE}&offset={offset}", budget=BUDGET)
    return None


def interpret_held(what: str, cursor: str, reply: WireReply) -> ReadBack:
    """What that page holds, by the same ids as those we send."""
    if what == PEOPLE:
        contacts, following = _contacts_page(cursor, reply)
        people = (
            Held(kind=PEOPLE, wire_id=contact_id(address), occurred_at=_instant(contact.get("createdAt")))
            for contact in contacts
            for _, address in _addresses(contact)
        )
        return ReadBack(held=tuple(people), next=following)
    return _products_page(cursor, reply)


def _contacts(status: str, cursor: str) -> WireRequest:
    after = f"&after={quote(cursor, safe='')}" if cursor not in ("", _BEGIN) else ""
    return WireRequest(method="GET", path=f"/contacts?{status}limit={_CONTACTS_PAGE}{after}", budget=BUDGET)


def _contacts_page(cursor: str, reply: WireReply) -> tuple[list[dict[str, Any]], str | None]:
    body = json_of(reply.body) if reply.status == 200 else None
    contacts = body.get("contacts") if isinstance(body, dict) else None
    if not isinstance(body, dict) or not isinstance(contacts, list):
        return [], cursor or _BEGIN
    paging = body.get("paging")
    cursors = paging.get("cursors") if isinstance(paging, dict) else None
    after = cursors.get("after") if isinstance(cursors, dict) else None
    is_last = isinstance(paging, dict) and paging.get("hasMore") is False
    following = after if isinstance(after, str) and after and after != cursor and not is_last else None
    return [contact for contact in contacts if isinstance(contact, dict)], following


def _products_page(cursor: str, reply: WireReply) -> ReadBack:
    body = json_of(reply.body) if reply.status == 200 else None
    products = body.get("products") if isinstance(body, dict) else None
    if not isinstance(body, dict) or not isinstance(products, list):
        return ReadBack(next=cursor or "0")
    paging = body.get("paging")
    has_more = isinstance(paging, dict) and bool(paging.get("next")) and bool(products)
    offset = int(cursor) if cursor.isascii() and cursor.isdigit() else 0
    return ReadBack(
        held=tuple(
            Held(
                kind=PRODUCTS,
                wire_id=product["id"],
                occurred_at=_instant(product.get("createdAt")),
                digest=str(product.get("status") or ""),
            )
            for product in products
            if isinstance(product, dict) and isinstance(product.get("id"), str)
        ),
        next=str(offset + len(products)) if has_more else None,
    )


def _opt_outs(contact: dict[str, Any]) -> Iterator[Consent]:
    for kind, address in _addresses(contact):
        channel = Channel.EMAIL if kind == "email" else Channel.SMS
        status, since = _status(contact, channel)
        if status == "unsubscribed":
            yield Consent(
                identity=Identity(email=address) if kind == "email" else Identity(phone=address),
                channel=channel,
                state=ConsentState.UNSUBSCRIBED,
                changed_at=since,
                origin="omnisend",
            )


def _addresses(contact: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """The (type, address) pairs of a contact, from its identifiers or, without these, its flat fields."""
    identifiers = [entry for entry in _list(contact.get("identifiers")) if isinstance(entry, dict)]
    if not identifiers:
        identifiers = [{"type": "email", "id": contact.get("email")}]
        phone = contact.get("phone")
        identifiers += [{"type": "phone", "id": one} for one in (_list(phone) or [phone])]
    for entry in identifiers:
        if entry.get("type") in ("email", "phone") and isinstance(entry.get("id"), str) and entry["id"]:
            yield entry["type"], entry["id"]


def _status(contact: dict[str, Any], channel: Channel) -> tuple[str | None, datetime | None]:
    """The status of a channel and its date, from the list of statuses or the identifiers."""
    for entry in _list(contact.get("statuses")):
        if isinstance(entry, dict) and _CHANNEL_BY_NAME.get(str(entry.get("channel"))) is channel:
            return entry.get("status"), _instant(entry.get("statusChangedAt") or entry.get("date"))
    for identifier in _list(contact.get("identifiers")):
        channels = identifier.get("channels") if isinstance(identifier, dict) else None
        entry = channels.get(channel.value) if isinstance(channels, dict) else None
        if isinstance(entry, dict):
            return entry.get("status"), _instant(entry.get("statusChangedAt") or entry.get("statusDate"))
    return None, None


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _instant(value: Any) -> datetime | None:
    """An instant of a reply; one without a zone is taken as UTC."""
    try:
        instant = msgspec.convert(value, datetime)
    except msgspec.ValidationError:
        return None
    return instant.astimezone(UTC) if instant.tzinfo else instant.replace(tzinfo=UTC)
