"""Lists: contacts by cursor, everything else by offset."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from orderwire.sandbox.omnisend.checks import Checker, instant
from orderwire.sandbox.omnisend.contacts import STATUSES, resource
from orderwire.sandbox.omnisend.problems import invalid
from orderwire.sandbox.omnisend.state import Contact

MOST = 250
_ALONE = ("email", "phone", "status", "segmentID", "tag")


def limit_of(query: Mapping[str, str]) -> int:
    """How many rows are asked for: 1 to 250, 100 when unsaid."""
    return _whole(query, "limit", 100, 1, MOST)


def by_offset(
    key: str, rows: Sequence[Any], query: Mapping[str, str], base: str, *, total: bool = False
) -> dict[str, Any]:
    """A page by offset, with the absolute addresses of its neighbours."""
    limit, offset = limit_of(query), _whole(query, "offset", 0, 0, 10**9)
    kept = {name: value for name, value in query.items() if name not in ("limit", "offset")}

    def address(start: int) -> str:
        return f"{base}?{urlencode(kept | {'limit': limit, 'offset': start})}"

    paging: dict[str, Any] = {
        "previous": address(max(offset - limit, 0)) if offset else None,
        "next": address(offset + limit) if offset + limit < len(rows) else None,
        "offset": offset,
        "limit": limit,
    }
    return {key: list(rows[offset : offset + limit]), "paging": paging} | ({"total": len(rows)} if total else {})


def contacts_page(contacts: Sequence[Contact], query: Mapping[str, str]) -> dict[str, Any]:
    """A page of contacts by cursor, filtered and sorted."""
    _check_query(query)
    limit = limit_of(query)
    by_update = query.get("sort") == "updatedAt"

    def place(contact: Contact) -> tuple[float, int]:
        return (contact.updated_at if by_update else contact.created_at).timestamp(), contact.number

    falling = query.get("direction") == "desc"
    rows = sorted((contact for contact in contacts if _matches(contact, query)), key=place, reverse=falling)
    if after := query.get("after"):
        mark = _opened(after)
        rows = [row for row in rows if (place(row) < mark if falling else place(row) > mark)]
    elif before := query.get("before"):
        mark = _opened(before)
        rows = [row for row in rows if (place(row) > mark if falling else place(row) < mark)][-limit:]
    page, has_more = rows[:limit], len(rows) > limit
    cursors = {
        "after": _sealed(place(page[-1])) if has_more else None,
        "before": _sealed(place(page[0])) if page and (after or query.get("before")) else None,
    }
    paging = {"limit": limit, "hasMore": has_more, "cursors": cursors}
    return {"contacts": [resource(contact) for contact in page], "paging": paging}


def _check_query(query: Mapping[str, str]) -> None:
    check = Checker()
    given = dict(query)
    if query.get("status") and query.get("tag"):
        check.fault("status", "exclusive", "cannot be combined with tag")
    if query.get("updatedAtFrom"):
        for name in _ALONE:
            if query.get(name):
                check.fault("updatedAtFrom", "exclusive", f"cannot be combined with {name}")
        if instant(query["updatedAtFrom"]) is None:
            check.fault("updatedAtFrom", "format", "must be an RFC 3339 date-time with a zone")
    check.choice(given, "status", STATUSES)
    check.choice(given, "sort", ("createdAt", "updatedAt"))
    check.choice(given, "direction", ("asc", "desc"))
    check.finish()


def _matches(contact: Contact, query: Mapping[str, str]) -> bool:
    if (email := query.get("email")) and email not in contact.emails:
        return False
    if (phone := query.get("phone")) and phone not in contact.phones:
        return False
    if (tag := query.get("tag")) and tag not in contact.tags:
        return False
    if query.get("segmentID"):
        return False
    if status := query.get("status"):
        standing = contact.standings.get("email")
        return standing is not None and standing.status == status
    since = instant(query.get("updatedAtFrom") or "")
    return since is None or contact.updated_at >= since


def _whole(query: Mapping[str, str], key: str, default: int, least: int, most: int) -> int:
    text = query.get(key)
    if not text:
        return default
    if not (text.isascii() and text.isdigit() and least <= int(text) <= most):
        raise invalid([{"field": key, "code": "range", "message": f"must be {least} to {most}"}])
    return int(text)


def _sealed(place: tuple[float, int]) -> str:
    return urlsafe_b64encode(f"{place[0]!r}|{place[1]}".encode()).decode()


def _opened(cursor: str) -> tuple[float, int]:
    try:
        at, _, number = urlsafe_b64decode(cursor).decode().partition("|")
        return float(at), int(number)
    except ValueError:
        raise invalid([{"field": "after", "code": "format", "message": "is not a cursor"}]) from None
