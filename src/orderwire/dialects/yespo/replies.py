"""What Yespo's replies say. Errors are plain text; 200 does not mean stored; a list of one may be an object."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TypeVar
from urllib.parse import quote

import msgspec
from msgspec import Struct

from orderwire.dialects.contract import Item, Route
from orderwire.dialects.wire import ItemOutcome, JobVerdict, Result, Verdict, WireReply, WireRequest
from orderwire.dialects.yespo.shapes import ContactBody

_T = TypeVar("_T")
_NOTHING = (b"", b"null", b"{}", b"[]", b'""')
_DUPLICATE = "Duplicated request"
_REASON_LENGTH = 200
_PERSONAL = re.compile(r"\S+@\S+|\+?\d[\d\s()\-]{4,}\d")
_QUOTED = re.compile(r"([\"'`«“])([^\"'`»”]*)([\"'`»”])")
_FIELD = re.compile(r"[a-z]+(?:[A-Z][a-z]+)*")

_RESULT_BY_EVENT_STATUS = {
    "ACCEPTED": Result.ACCEPTED,
    "OCCURRED_DATE_IS_REQUIRED": Result.REJECTED,
    "INCORRECT_OCCURRED_DATE_FORMAT": Result.REJECTED,
    "OCCURRED_TIME_TOO_DEPTH": Result.REJECTED,
    "OCCURRED_TIME_IN_FUTURE": Result.REJECTED,
    "EVENT_SEGMENTATION_DISABLED": Result.REJECTED,
    "SERVER_ERROR": Result.UNAVAILABLE,
}


class _NamedOrder(Struct, rename="camel"):
    external_order_id: str | int | None = None


class _FailedOrder(Struct):
    order: _NamedOrder | None = None
    error: str | None = None


class _OrdersReply(Struct, rename="camel"):
    failed_orders: list[_FailedOrder] | _FailedOrder | None = None


class _NamedChannel(Struct):
    value: str | int | None = None


class _NamedContact(Struct, rename="camel"):
    channels: list[_NamedChannel] | _NamedChannel | None = None
    external_customer_id: str | int | None = None


class _FailedContact(_NamedContact, rename="camel"):
    """A refused contact: its fields beside the error, or under `contact`; both are seen."""

    contact: _NamedContact | None = None
    error: str | None = None


class _ContactsReply(Struct, rename="camel"):
    async_session_id: str | None = None
    failed_contacts: list[_FailedContact] | _FailedContact | None = None
    error_message: str | None = None


class _EventResult(Struct):
    status: str = ""


class _EventsReply(Struct, rename="camel"):
    results: list[_EventResult] | _EventResult | None = None
    success_count: int = -1
    error_count: int = -1


class _ContactReply(Struct):
    id: int | str


class _ImportStatus(Struct):
    status: str


def interpret(route: Route, reply: WireReply, items: Sequence[Item]) -> Verdict:
    """Read the reply to an assembled request."""
    status = reply.status
    if 200 <= status < 300:
        return _read_success(route, reply, items)
    reason = f"HTTP {status}"
    if status == 429:
        return Verdict(result=Result.RATE_LIMITED, reason=reason, retry_after=retry_after(reply))
    if status in (401, 403):
        return Verdict(result=Result.UNAUTHORIZED, reason=reason)
    if status in (404, 405) or 300 <= status < 400:
        return Verdict(result=Result.UNAVAILABLE, reason=f"{reason}: no such call there, check base_url")
    if status == 503:
        return Verdict(result=Result.UNAVAILABLE, reason=reason, retry_after=retry_after(reply))
    if not 400 <= status < 500 or status == 408:
        return Verdict(result=Result.UNKNOWN, reason=reason)
    text = _text(reply.body)
    if status == 409 and (route.name in ("contact", "contacts") or _DUPLICATE.lower() in text.lower()):
        return Verdict(result=Result.CONFIRMED, reason="taken less than a minute ago")
    if len(items) > 1:
        return Verdict(result=Result.SPLIT, reason=reason)
    body = items[0].body if items else b""
    return Verdict(result=Result.REJECTED, reason=f"{reason}: {clean(text, body)}".rstrip(": "))


def _read_success(route: Route, reply: WireReply, items: Sequence[Item]) -> Verdict:
    match route.name:
        case "orders" | "orders_history":
            return _read_orders(reply.body, items)
        case "contacts":
            return _read_contacts(reply.body, items)
        case "past_events":
            return _read_past_events(reply.body, items)
        case "contact":
            found = _decode(reply.body, _ContactReply)
            return Verdict(result=Result.CONFIRMED) if found else _unreadable()
        case "events":
            return Verdict(result=Result.ACCEPTED)
        case _:
            return Verdict(result=Result.CONFIRMED)


def _unreadable() -> Verdict:
    return Verdict(result=Result.UNKNOWN, reason="the reply cannot be read")


def _read_orders(body: bytes, items: Sequence[Item]) -> Verdict:
    if body.strip() in _NOTHING:
        return Verdict(result=Result.CONFIRMED)
    reply = _decode(body, _OrdersReply)
    if reply is None:
        return _unreadable()
    outcomes: dict[int, ItemOutcome] = {}
    for failed in _as_list(reply.failed_orders):
        name = failed.order.external_order_id if failed.order else None
        places = [place for place, item in enumerate(items) if name is not None and item.wire_id == str(name)]
        if not places and len(items) == 1:
            places = [0]
        if not places:
            return Verdict(result=Result.UNKNOWN, reason="the reply refuses an order that it does not name")
        for place in places:
            reason = clean(failed.error or "refused", items[place].body)
            outcomes[place] = ItemOutcome(index=place, result=Result.REJECTED, reason=reason)
    return Verdict(result=Result.CONFIRMED, items=tuple(outcomes[place] for place in sorted(outcomes)))


def _read_contacts(body: bytes, items: Sequence[Item]) -> Verdict:
    reply = _decode(body, _ContactsReply)
    if reply is None:
        return _unreadable()
    failed = _as_list(reply.failed_contacts)
    if not reply.async_session_id and reply.error_message and not failed:
        if len(items) > 1:
            return Verdict(result=Result.SPLIT, reason="the import was refused")
        return Verdict(result=Result.REJECTED, reason=clean(reply.error_message, items[0].body if items else b""))
    outcomes: dict[int, ItemOutcome] = {}
    for one in failed:
        places = _places_of(one, items)
        if not places:
            return Verdict(result=Result.UNKNOWN, reason="the reply refuses a contact that it does not name")
        for place in places:
            reason = clean(one.error or "refused", items[place].body)
            outcomes[place] = ItemOutcome(index=place, result=Result.REJECTED, reason=reason)
    named = tuple(outcomes[place] for place in sorted(outcomes))
    return Verdict(result=Result.ACCEPTED, items=named, job=reply.async_session_id or None)


def _places_of(failed: _FailedContact, items: Sequence[Item]) -> list[int]:
    """Where a refused contact stood: by the shop's id, else by an address."""
    if len(items) == 1:
        return [0]
    named = failed.contact or failed
    addresses = {str(channel.value).strip().lower() for channel in _as_list(named.channels) if channel.value}
    places = []
    for place, item in enumerate(items):
        sent = _decode(item.body, ContactBody)
        if sent is None:
            continue
        by_id = named.external_customer_id is not None and sent.external_customer_id == str(
            named.external_customer_id
        )
        if by_id or any(channel.value.strip().lower() in addresses for channel in sent.channels):
            places.append(place)
    return places


def _read_past_events(body: bytes, items: Sequence[Item]) -> Verdict:
    reply = _decode(body, _EventsReply)
    if reply is None:
        return _unreadable()
    results = _as_list(reply.results)
    if len(results) != len(items):
        if reply.error_count == 0 and reply.success_count == len(items):
            return Verdict(result=Result.ACCEPTED)
        return Verdict(result=Result.UNKNOWN, reason="the reply does not name every event")
    outcomes = []
    for place, one in enumerate(results):
        result = _RESULT_BY_EVENT_STATUS.get(one.status, Result.UNKNOWN)
        if result is not Result.ACCEPTED:
            reason = one.status if one.status in _RESULT_BY_EVENT_STATUS else "a status that is not documented"
            outcomes.append(ItemOutcome(index=place, result=result, reason=reason))
    return Verdict(result=Result.ACCEPTED, items=tuple(outcomes))


def follow(job: str) -> WireRequest:
    """Ask how an import went."""
    return WireRequest(method="GET", path=f"/v1/importstatus/{quote(job, safe='')}", budget="default")


def interpret_job(reply: WireReply, items: Sequence[Item]) -> JobVerdict:
    """Read how an import went."""
    if reply.status == 404:
        return JobVerdict(is_done=True, result=Result.UNKNOWN, reason="the import is not known there")
    found = _decode(reply.body, _ImportStatus) if 200 <= reply.status < 300 else None
    match found.status if found else "":
        case "FINISHED":
            return JobVerdict(is_done=True)
        case "ERROR":
            result = Result.SPLIT if len(items) > 1 else Result.REJECTED
            return JobVerdict(is_done=True, result=result, reason="the import ended in ERROR")
        case "STARTED" | "IMPORTING":
            return JobVerdict(is_done=False, ask_again_after=2.0)
        case _:
            return JobVerdict(is_done=False, ask_again_after=retry_after(reply) or 10.0)


def retry_after(reply: WireReply) -> float | None:
    """Seconds to wait, where the reply says so as a number. The platform documents no such header."""
    try:
        seconds = float(reply.headers.get("retry-after", ""))
    except ValueError:
        return None
    return seconds if 0 <= seconds < 86_400 else None


def clean(text: str, sent: bytes) -> str:
    """The platform's words without anything personal: what we sent, addresses, numbers and quoted values."""
    for value in sorted(_texts_in(sent), key=len, reverse=True):
        text = re.sub(rf"(?<!\w){re.escape(value)}(?!\w)", "…", text, flags=re.IGNORECASE)
    text = _PERSONAL.sub("…", text)
    text = _QUOTED.sub(lambda found: found[0] if _FIELD.fullmatch(found[2]) else f"{found[1]}…{found[3]}", text)
    return " ".join(text.split())[:_REASON_LENGTH]


def _texts_in(body: bytes) -> set[str]:
    """Every text of an item that could be a person's, but for words that reasons are made of."""
    try:
        todo = [msgspec.json.decode(body)]
    except msgspec.DecodeError:
        return set()
    found: set[str] = set()
    while todo:
        match todo.pop():
            case str() as text if len(text) > 1 and not text.isupper() and text not in ("email", "sms"):
                found.add(text)
            case list() as values:
                todo.extend(values)
            case dict() as fields:
                todo.extend(fields.values())
            case _:
                pass
    return found


def _decode(body: bytes, shape: type[_T]) -> _T | None:
    try:
        return msgspec.json.decode(body, type=shape)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


def _as_list(value: list[_T] | _T | None) -> list[_T]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _text(body: bytes) -> str:
    return body[:4000].decode("utf-8", "replace")
