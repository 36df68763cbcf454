"""What is read back from Yespo: opt-outs from the contacts' activity, and the contacts it holds.

Activity is asked for between two dates at most three months apart, window after window into the past. Nothing here
knows the time, so the first step is a harmless call whose `Date` header tells it; the cursor then carries both dates,
how many windows lie behind, the status that is being read and the offset the last page ended at.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TypeVar
from urllib.parse import urlencode

import msgspec
from msgspec import Struct

from orderwire.dialects.contract import Held, ReadBack
from orderwire.dialects.wire import WireReply, WireRequest
from orderwire.dialects.yespo.people import address_id
from orderwire.errors import BadReply
from orderwire.model import Channel, Consent, ConsentState, Identity

ACTIVITY_ROWS = 25_000
HELD_ROWS = 500
_SPAN = timedelta(days=89)
_WINDOWS = 8
"""About two years: how long activity is kept is not documented."""
_STATUSES = ("UNSUBSCRIBED", "SPAM", "UNDELIVERED")
_GONE = ("5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1")
"""Enhanced mail status codes (RFC 3463, RFC 7505) of an address that will never take mail."""

_T = TypeVar("_T")


class _Cursor(Struct, omit_defaults=True):
    """Where the reading of opt-outs stands."""

    since: str
    until: str
    status: str
    offset: str = ""
    window: int = 0
    """How many newer windows were read before."""


class _Activity(Struct, rename="camel"):
    activity_status: str = ""
    activity_date_time: str = ""
    media_type: str = ""
    email: str | None = None
    sms: str | None = None
    hard_bounce: bool | None = None
    status_description: str | None = None
    offset: str | None = None


class _Channel(Struct):
    type: str = ""
    value: str | int | None = None


class _Contact(Struct, rename="camel"):
    channels: list[_Channel] | _Channel | None = None
    external_customer_id: str | int | None = None


def check() -> WireRequest:
    """Ask whose account this is."""
    return WireRequest(method="GET", path="/v1/account/info", budget="default")


def ask_opt_outs(cursor: str) -> WireRequest:
    """Ask for a page of activity, or first for the platform's date."""
    if not cursor:
        return check()
    at = msgspec.json.decode(cursor.encode(), type=_Cursor)
    query = {"dateFrom": at.since, "dateTo": at.until, "activityStatus": at.status, "maxrows": str(ACTIVITY_ROWS)}
    if at.offset:
        query["offset"] = at.offset
    return WireRequest(
        method="GET", path=f"/v2/contacts/activity?{urlencode(query)}", budget="activity", timeout=120.0
    )


def read_opt_outs(cursor: str, reply: WireReply) -> ReadBack:
    """Read that page.

    Raises:
        BadReply: it cannot be read; taken for an empty page, it would lose somebody's no.
    """
    if not cursor:
        return ReadBack(next=_first_cursor(reply))
    at = msgspec.json.decode(cursor.encode(), type=_Cursor)
    if at.window and reply.status == 400:
        return ReadBack()
    activities = _rows(reply, _Activity)
    consents = tuple(consent for row in activities if (consent := _opt_out(row)))
    return ReadBack(consents=consents, next=_next_cursor(at, activities))


def _first_cursor(reply: WireReply) -> str:
    try:
        now = parsedate_to_datetime(reply.headers.get("date", "")).astimezone(UTC)
    except (TypeError, ValueError, OverflowError) as error:
        raise BadReply("the reply has no readable Date header, which opt-outs are read by") from error
    return _text(_Cursor(_local(now - _SPAN), _local(now + timedelta(hours=14)), _STATUSES[0]))


def _next_cursor(at: _Cursor, activities: list[_Activity]) -> str | None:
    if len(activities) >= ACTIVITY_ROWS:
        offset = activities[-1].offset
        if not offset or offset == at.offset:
            raise BadReply("a full page of activity does not say where the next one begins")
        return _text(_Cursor(at.since, at.until, at.status, offset, at.window))
    place = _STATUSES.index(at.status) + 1
    if place < len(_STATUSES):
        return _text(_Cursor(at.since, at.until, _STATUSES[place], window=at.window))
    if at.window + 1 == _WINDOWS:
        return None
    earlier = _local(datetime.fromisoformat(at.since) - _SPAN)
    return _text(_Cursor(earlier, at.since, _STATUSES[0], window=at.window + 1))


def _local(instant: datetime) -> str:
    """An instant as the activity's dates are written, without a zone."""
    return instant.strftime("%Y-%m-%dT%H:%M:%S")


def _opt_out(row: _Activity) -> Consent | None:
    """What an activity says about permission; None where it says nothing."""
    media = row.media_type.lower()
    if media == "email" and row.email:
        channel, identity = Channel.EMAIL, Identity(email=row.email)
    elif media == "sms" and row.sms:
        channel, identity = Channel.SMS, Identity(phone=f"+{row.sms.lstrip('+')}")
    else:
        return None
    match row.activity_status:
        case "UNSUBSCRIBED":
            state = ConsentState.UNSUBSCRIBED
        case "SPAM":
            state = ConsentState.SUPPRESSED
        case "UNDELIVERED" if _is_gone(row):
            state = ConsentState.SUPPRESSED
        case _:
            return None
    return Consent(
        identity=identity,
        channel=channel,
        state=state,
        changed_at=_instant(row.activity_date_time),
        origin=f"yespo {row.activity_status.lower()}",
    )


def _is_gone(row: _Activity) -> bool:
    if row.hard_bounce is not None:
        return row.hard_bounce
    words = (row.status_description or "").replace("#", " ").split()
    return any(word.strip("()[]:;,") in _GONE for word in words)


def _instant(text: str) -> datetime | None:
    """An activity's time. It comes without a zone and is read as UTC; see the README."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)


def ask_held(cursor: str) -> WireRequest:
    """Ask for a page of contacts, in the order of their ids."""
    query = urlencode({"startindex": cursor or "1", "maxrows": str(HELD_ROWS), "sortBy": "contactId"})
    return WireRequest(method="GET", path=f"/v1/contacts?{query}", budget="contacts_read", timeout=60.0)


def read_held(cursor: str, reply: WireReply) -> ReadBack:
    """Read that page: a contact by the shop's id and by each of its addresses.

    Raises:
        BadReply: it cannot be read.
    """
    rows = _rows(reply, _Contact)
    held = tuple(Held(kind="person", wire_id=wire_id) for row in rows for wire_id in _ids_of(row))
    begin = int(cursor or "1")
    return ReadBack(held=held, next=str(begin + len(rows)) if len(rows) >= HELD_ROWS else None)


def _ids_of(contact: _Contact) -> list[str]:
    found = [str(contact.external_customer_id)] if contact.external_customer_id else []
    channels = contact.channels
    for channel in channels if isinstance(channels, list) else [channels] if channels else []:
        if channel.type == "email" and channel.value:
            found.append(address_id(str(channel.value), None))
        elif channel.type == "sms" and channel.value:
            found.append(address_id(None, str(channel.value)))
    return found


def _rows(reply: WireReply, shape: type[_T]) -> list[_T]:
    """The rows of a page: a list, one row alone, or nothing."""
    if not 200 <= reply.status < 300:
        raise BadReply(f"the page was answered with HTTP {reply.status}")
    body = reply.body.strip()
    if body in (b"", b"null"):
        return []
    try:
        if body.startswith(b"["):
            return msgspec.json.decode(body, type=list[shape])  # type: ignore[valid-type]
        return [msgspec.json.decode(body, type=shape)]
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadReply("the page cannot be read") from error


def _text(cursor: _Cursor) -> str:
    return msgspec.json.encode(cursor).decode()
