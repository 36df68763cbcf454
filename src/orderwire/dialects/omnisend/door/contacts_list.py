"""The list of contacts: filters, and the two ways of paging."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from orderwire.dialects.doorway import Answer, Call, Known, Reply, Shelves
from orderwire.dialects.omnisend.door.contacts_read import STATUSES
from orderwire.dialects.omnisend.door.contacts_show import is_contact, show, status_of, tags_of
from orderwire.dialects.omnisend.door.ids import cursor, mark_of
from orderwire.dialects.omnisend.door.pages import limit_of
from orderwire.dialects.omnisend.door.refusals import Fault, Generation, generation_of, invalid
from orderwire.dialects.omnisend.door.wire import read_instant
from orderwire.dialects.omnisend.shapes import encode
from orderwire.model import Identity

_SCANNED = 500
_FILTERS = ("email", "phone", "status", "segmentID", "tag")


def list_contacts(call: Call, shelves: Shelves) -> Answer:
    """A page of contacts."""
    generation = generation_of(call.path)
    limit = limit_of(call)
    wanted = _wanted(call, generation)
    if call.asked("email") or call.asked("phone"):
        return _page(call, shelves, [one for one in _named(call, shelves) if wanted(one)], limit, ("", ""))
    after, before = _place(call, "after"), _place(call, "before")
    is_newest_first = generation is Generation.DATED and call.asked("direction", "desc") != "asc"
    is_backwards = bool(before) and not after
    found: list[Known] = []
    for known in _people(shelves, before if is_backwards else after, is_newest_first is not is_backwards):
        if is_contact(known) and wanted(known):
            found.append(known)
            if len(found) > limit:
                break
    has_more, shown = len(found) > limit, found[:limit]
    if is_backwards:
        shown.reverse()
    edges = (str(shown[0].person), str(shown[-1].person)) if shown else ("", "")
    back = edges[0] if (has_more if is_backwards else after) else ""
    onward = edges[1] if (is_backwards or has_more) else ""
    return _page(call, shelves, shown, limit, (back, onward))


def _wanted(call: Call, generation: Generation) -> Callable[[Known], bool]:
    status, tag, since = call.asked("status"), call.asked("tag"), call.asked("updatedAtFrom")
    faults = []
    if status and status not in STATUSES:
        faults.append(Fault(path="status", message=f"must be one of: {', '.join(STATUSES)}", code="invalid_value"))
    if generation is Generation.DATED and status and tag:
        faults.append(Fault(path="tag", message="cannot be used together with status", code="invalid_combination"))
    moment = read_instant(since) if since else None
    if since and moment is None:
        faults.append(Fault(path="updatedAtFrom", message="must be in RFC 3339 format", code="invalid_format"))
    if since and any(call.asked(name) for name in _FILTERS):
        faults.append(Fault(path="updatedAtFrom", message="cannot be used with filters", code="invalid_combination"))
    if faults:
        raise invalid(faults)
    return lambda known: (
        (not status or status_of(known) == status)
        and (not tag or tag in tags_of(known))
        and not call.asked("segmentID")
        and _is_since(known, moment)
    )


def _is_since(known: Known, moment: datetime | None) -> bool:
    return moment is None or (known.updated_at is not None and known.updated_at >= moment)


def _named(call: Call, shelves: Shelves) -> list[Known]:
    email, phone = call.asked("email").strip().replace(" ", "+"), call.asked("phone").strip()
    phone = f"+{phone}" if phone.isdigit() else phone
    by_email = shelves.find(Identity(email=email)) if email else None
    by_phone = shelves.find(Identity(phone=phone)) if phone else None
    if email and phone:
        return [by_email] if by_email and by_phone and by_email.person == by_phone.person else []
    return [known for known in (by_email, by_phone) if known is not None and is_contact(known)]


def _people(shelves: Shelves, after: int, is_newest_first: bool) -> Iterator[Known]:
    """Everybody behind a place, read in pages."""
    while page := shelves.people(after=after, limit=_SCANNED, is_newest_first=is_newest_first):
        yield from page
        after = page[-1].person


def _place(call: Call, name: str) -> int:
    given = call.asked(name)
    mark = mark_of(given) if given else ""
    if mark is None or (mark and not (mark.isascii() and mark.isdigit() and len(mark) < 17)):
        raise invalid([Fault(path=name, message="is not a valid cursor", code="invalid_value")])
    return int(mark or 0)


def _page(call: Call, shelves: Shelves, shown: list[Known], limit: int, edges: tuple[str, str]) -> Reply:
    generation = generation_of(call.path)
    before, after = (cursor(edge) if edge else None for edge in edges)
    paging: dict[str, Any]
    if generation is Generation.DATED:
        paging = {"limit": limit, "hasMore": after is not None, "cursors": {"after": after, "before": before}}
    else:
        paging = {"previous": _link(call, "before", before), "next": _link(call, "after", after), "limit": limit}
        if generation is Generation.V3:
            paging["offset"] = 0
    contacts = [show(known, shelves, generation) for known in shown]
    return Reply(body=encode({"contacts": contacts, "paging": paging}))


def _link(call: Call, name: str, mark: str | None) -> str | None:
    if mark is None:
        return None
    kept = [(key, value) for key, value in call.query if key not in ("after", "before")]
    return f"{call.base_url}{call.path}?{urlencode([*kept, (name, mark)])}"
