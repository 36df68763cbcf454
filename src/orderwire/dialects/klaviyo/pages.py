"""Pages of what the platform holds: asking for one, and reading what every page has."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

from msgspec import Struct, json

from orderwire.dialects.klaviyo.replies import UNREADABLE
from orderwire.dialects.wire import WireReply, WireRequest


class Resource(Struct):
    """One resource of a page."""

    id: str = ""
    attributes: dict[str, Any] = {}


class _Links(Struct):
    next: str | None = None


class Page(Struct):
    """One page of resources."""

    data: list[Resource]
    links: _Links | None = None

    @property
    def following(self) -> str | None:
        """The cursor of the page after this one, out of its link."""
        link = self.links.next if self.links else None
        if not link:
            return None
        try:
            return parse_qs(urlsplit(link).query).get("page[cursor]", [None])[0]
        except ValueError:
            return None


def ask(path: str, query: str, cursor: str, budget: str) -> WireRequest:
    """The request for a page."""
    page = f"&page%5Bcursor%5D={quote(cursor, safe='')}" if cursor else ""
    return WireRequest(method="GET", path=f"{path}?{quote(query, safe='=&,')}{page}", budget=budget)


def read(reply: WireReply) -> Page | None:
    """The page in a reply; None where there is none."""
    if reply.status != 200:
        return None
    try:
        return json.decode(reply.body, type=Page)
    except UNREADABLE:
        return None


def instant(value: object) -> datetime | None:
    """An instant as the platform writes it, in UTC; older answers have a space for the T and may name no zone."""
    if not isinstance(value, str):
        return None
    try:
        when = datetime.fromisoformat(value)
        return when.astimezone(UTC) if when.tzinfo else when.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None
