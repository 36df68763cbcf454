"""Reading back: opt-outs, what the account holds, and the request to forget a person."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from orderwire.dialects.contract import Erasure, Held, ReadBack, Recipient
from orderwire.dialects.ometria.fields import contact_id
from orderwire.dialects.wire import WireReply, WireRequest
from orderwire.model import Channel, Consent, ConsentState, Identity

PAGE = 250
_PATHS = {
    "orders": "/v2/orders?orderby=timestamp&limit={limit}&offset={offset}",
    "products": "/v2/products?includeVariants=true&limit={limit}&offset={offset}",
    "people": "/v2/profiles/?limit={limit}&offset={offset}",
}
_DATES = ("timestamp", "timestamp_unsubscribed", "dt_unsubscribed", "dt_observed", "created_at", "date")
_WORDS = ("channel", "type", "source", "reason", "method")


def check() -> WireRequest:
    """Ask for the lists: a call that needs the key and shows nobody's data."""
    return _get("/v2/lists?mode=active")


def opt_outs(cursor: str) -> WireRequest:
    """Ask for a page of unsubscribes; the cursor is the offset."""
    return _get(f"/v2/unsubscribes?limit={PAGE}&offset={_offset(cursor)}")


def interpret_opt_outs(cursor: str, reply: WireReply) -> ReadBack:
    """Read that page; one that cannot be read is asked for again, for consent is never assumed."""
    rows = _rows(reply)
    if rows is None:
        return ReadBack(next=str(_offset(cursor)))
    consents = tuple(consent for row in rows if (consent := _opt_out(row)) is not None)
    return ReadBack(consents=consents, next=_following(cursor, rows))


def held(what: str, cursor: str) -> WireRequest | None:
    """Ask for a page of orders, products or people; the cursor is the offset."""
    if what not in _PATHS:
        return None
    return _get(_PATHS[what].format(limit=PAGE, offset=_offset(cursor)))


def interpret_held(what: str, cursor: str, reply: WireReply) -> ReadBack:
    """Read that page; one that cannot be read is asked for again."""
    rows = _rows(reply)
    if rows is None:
        return ReadBack(next=str(_offset(cursor)))
    found = tuple(one for row in rows if (one := _held(what, row)) is not None)
    return ReadBack(held=found, next=_following(cursor, rows))


def erase(recipient: Recipient) -> tuple[Erasure, ...]:
    """Ask for a person to be anonymised, by their e-mail: all profiles that have it; nothing without one."""
    if not recipient.email:
        return ()
    request = WireRequest(
        method="POST",
        path="/v2/data-deletion-requests",
        body=msgspec.json.encode({"email": recipient.email, "comment": "requested by the person"}),
        headers=(("Content-Type", "application/json"),),
        budget="erasure",
    )
    return (Erasure(request=request, by=("email",)),)


def _get(path: str) -> WireRequest:
    return WireRequest(method="GET", path=path, budget="api")


def _offset(cursor: str) -> int:
    return int(cursor) if cursor.isascii() and cursor.isdigit() else 0


def _following(cursor: str, rows: list[dict[str, Any]]) -> str | None:
    """The next offset; Ometria names no end, so a page that is not full is the last."""
    return str(_offset(cursor) + len(rows)) if len(rows) >= PAGE else None


def _rows(reply: WireReply) -> list[dict[str, Any]] | None:
    if reply.status != 200:
        return None
    try:
        value = msgspec.json.decode(reply.body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    if isinstance(value, dict):
        value = next((part for part in value.values() if isinstance(part, list)), None)
    return [row for row in value if isinstance(row, dict)] if isinstance(value, list) else None


def _opt_out(row: dict[str, Any]) -> Consent | None:
    identity = Identity(
        external_id=_text(row, "customer_id"),
        email=_text(row, "email") or _text(row, "email_address"),
        phone=_text(row, "phone_number"),
    )
    if identity.is_empty:
        return None
    words = " ".join(_text(row, name) or "" for name in _WORDS).lower()
    is_sms = "sms" in words or "stopword" in words or (identity.email is None and identity.phone is not None)
    return Consent(
        identity=identity,
        channel=Channel.SMS if is_sms else Channel.EMAIL,
        state=ConsentState.UNSUBSCRIBED,
        changed_at=next((when for name in _DATES if (when := _instant(row.get(name))) is not None), None),
        origin=f"ometria: {_text(row, 'type') or _text(row, 'source') or 'unsubscribe'}",
    )


def _held(what: str, row: dict[str, Any]) -> Held | None:
    match what:
        case "orders":
            digest = f"{_text(row, 'status') or ''}|{row.get('grand_total', '')}"
            wire_id, when = _text(row, "id"), _instant(row.get("timestamp"))
        case "products":
            digest, wire_id, when = str(row.get("is_active", "")), _text(row, "id"), None
        case _:
            external_id, email = _text(row, "customer_id"), _text(row, "email")
            wire_id = contact_id(external_id, email) if external_id or email else None
            digest, when = _text(row, "marketing_optin") or "", None
    return Held(kind=what, wire_id=wire_id, occurred_at=when, digest=digest) if wire_id else None


def _text(row: dict[str, Any], name: str) -> str | None:
    value = row.get(name)
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return value if isinstance(value, str) and value else None


def _instant(value: object) -> datetime | None:
    try:
        when = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return when if when and when.tzinfo else None
