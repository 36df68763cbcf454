"""WooCommerce's lists: filtered by dates in the site's zone unless told otherwise, sorted newest first, paged."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from orderwire.sandbox.kit import Answer
from orderwire.sandbox.woocommerce.shapes import ZONE

MOST = 100


@dataclass(frozen=True)
class Entry:
    """One thing of a list: what it is sorted and filtered by, and how it is shown."""

    id: int
    created: datetime
    modified: datetime
    status: str
    show: Callable[[], dict[str, Any]]


def refused(status: int, code: str, message: str) -> Answer:
    """WooCommerce's error."""
    return Answer(status, {"code": code, "message": message, "data": {"status": status}})


def invalid(name: str) -> Answer:
    """A parameter that is not taken."""
    return refused(400, "rest_invalid_param", f"Invalid parameter(s): {name}")


def listed(
    entries: Sequence[Entry], query: Mapping[str, str], *, orderings: frozenset[str], has_dates: bool
) -> Answer:
    """A page of a list, or why there is none."""
    try:
        size, page = int(query.get("per_page", "10")), int(query.get("page", "1"))
        offset = int(query["offset"]) if "offset" in query else None
        include = {int(one) for one in query.get("include", "").split(",") if one}
    except ValueError:
        return invalid("per_page")
    if not 1 <= size <= MOST or page < 1 or (offset or 0) < 0:
        return invalid("per_page")
    ordering, direction = query.get("orderby", "date"), query.get("order", "desc")
    if ordering not in orderings or direction not in ("asc", "desc"):
        return invalid("orderby")
    found = [one for one in entries if not include or one.id in include]
    if (status := query.get("status", "any")) != "any":
        found = [one for one in found if one.status in status.split(",")]
    if has_dates:
        try:
            found = _within(found, query)
        except ValueError:
            return invalid("after")
    found.sort(key=lambda one: one.id if ordering == "id" else one.created, reverse=direction == "desc")
    start = offset if offset is not None else (page - 1) * size
    pages = -(-len(found) // size)
    headers = {"X-WP-Total": str(len(found)), "X-WP-TotalPages": str(pages)}
    return Answer(200, [one.show() for one in found[start : start + size]], headers)


def _within(entries: Sequence[Entry], query: Mapping[str, str]) -> list[Entry]:
    """Entries between the dates asked for; bounds themselves are outside."""
    is_gmt = query.get("dates_are_gmt", "false").lower() in ("1", "true", "yes")
    found = list(entries)
    for name in ("after", "before", "modified_after", "modified_before"):
        if name not in query:
            continue
        bound = datetime.fromisoformat(query[name])
        if bound.tzinfo is None:
            bound = bound.replace(tzinfo=UTC if is_gmt else ZONE)
        found = [one for one in found if _is_on_the_side(one, name, bound)]
    return found


def _is_on_the_side(one: Entry, name: str, bound: datetime) -> bool:
    at = one.modified if name.startswith("modified") else one.created
    return at > bound if name.endswith("after") else at < bound
