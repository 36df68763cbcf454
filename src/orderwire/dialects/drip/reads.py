"""What is read back from Drip: opt-outs and the people it holds, a page of a thousand at a time.

A cursor is `<status>:<page>`; opt-outs are read in two passes, those who unsubscribed and those who cannot be
reached any more (hard bounce or complaint).
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec
from msgspec import Struct

from orderwire.dialects.contract import Held, ReadBack
from orderwire.dialects.wire import WireReply, WireRequest
from orderwire.errors import BadReply
from orderwire.model import Channel, Consent, ConsentState, Identity

PAGE = 1000
OPT_OUTS = {"unsubscribed": ConsentState.UNSUBSCRIBED, "undeliverable": ConsentState.SUPPRESSED}
_NEXT_PASS = {"unsubscribed": "undeliverable"}


class _Meta(Struct):
    total_pages: int = 0


class _Page(Struct):
    subscribers: list[dict[str, Any]]
    meta: _Meta


def people_page(account_id: str, status: str, page: int) -> WireRequest:
    """Ask for a page of the people in one status."""
    path = f"/v2/{account_id}/subscribers?status={status}&page={page}&per_page={PAGE}"
    return WireRequest(method="GET", path=path, budget="single", timeout=60.0)


def opt_outs(account_id: str, cursor: str) -> WireRequest:
    """Ask for a page of opt-outs; cursor "" begins."""
    return people_page(account_id, *_place(cursor, "unsubscribed"))


def interpret_opt_outs(cursor: str, reply: WireReply) -> ReadBack:
    """Read that page.

    Raises:
        BadReply: it is not a page of people: nothing may be concluded from it.
    """
    status, number = _place(cursor, "unsubscribed")
    page = _page(reply)
    consents = tuple(
        Consent(identity=Identity(email=email), channel=Channel.EMAIL, state=OPT_OUTS[status], origin="drip")
        for person in page.subscribers
        if isinstance(email := person.get("email"), str) and email
    )
    following = _following(status, number, page)
    if following is None and status in _NEXT_PASS:
        following = f"{_NEXT_PASS[status]}:1"
    return ReadBack(consents=consents, next=following)


def held_people(account_id: str, cursor: str) -> WireRequest:
    """Ask for a page of everybody Drip holds."""
    return people_page(account_id, *_place(cursor, "all"))


def interpret_held(cursor: str, reply: WireReply) -> ReadBack:
    """Read that page; the digest is the person's status.

    Raises:
        BadReply: it is not a page of people.
    """
    status, number = _place(cursor, "all")
    page = _page(reply)
    held = tuple(
        Held(kind="people", wire_id=email, occurred_at=_instant(person.get("created_at")), digest=_text(person))
        for person in page.subscribers
        if isinstance(email := person.get("email"), str) and email
    )
    return ReadBack(held=held, next=_following(status, number, page))


def _place(cursor: str, first: str) -> tuple[str, int]:
    status, _, page = (cursor or f"{first}:1").partition(":")
    return status, int(page)


def _page(reply: WireReply) -> _Page:
    if reply.status != 200:
        raise BadReply(f"a list of people was answered with {reply.status}")
    try:
        return msgspec.json.decode(reply.body, type=_Page)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadReply("a list of people that cannot be read") from error


def _following(status: str, number: int, page: _Page) -> str | None:
    return f"{status}:{number + 1}" if number < page.meta.total_pages and page.subscribers else None


def _text(person: dict[str, Any]) -> str:
    status = person.get("status")
    return status if isinstance(status, str) else ""


def _instant(text: object) -> datetime | None:
    try:
        instant = datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None
    return instant if instant and instant.tzinfo else None
