"""Reading a list by its cursor, a page or all of it."""

from __future__ import annotations

from collections.abc import Generator
from urllib.parse import quote, urlencode, urlsplit

import msgspec
from msgspec import Raw, Struct

from orderwire.dialects.wire import WireReply, WireRequest
from orderwire.errors import BadReply, ConfigError

MOST = 100
"""The greatest `page_size` that is taken."""
CURSOR_PAGES = ("X-OG-API-VERSION", "2")
_TIMEOUT = 60.0
"""Lists may take longer than twenty seconds when everything is asked for."""


class Listed(Struct, frozen=True):
    """A page of a list: each thing's own bytes, and the cursor of the next page; None at the end."""

    rows: tuple[bytes, ...]
    cursor: str | None


class _Envelope(Struct):
    results: list[Raw]
    next: str | None = None


Asking = Generator[WireRequest, WireReply, Listed]
_ENVELOPE = msgspec.json.Decoder(_Envelope)
_BARE = msgspec.json.Decoder(list[Raw])


def get(path: str, **query: object) -> WireRequest:
    """A request for a list or a thing."""
    asked = f"?{urlencode({name: str(value) for name, value in query.items()})}" if query else ""
    return WireRequest(method="GET", path=path + asked, headers=(CURSOR_PAGES,), timeout=_TIMEOUT)


def page(path: str, query: dict[str, object], cursor: str, limit: int) -> Asking:
    """The next page of a list. A cursor that is not known any more begins the list anew.

    Raises:
        BadReply: the reply is no page.
        ConfigError: there is no such list at this address.
    """
    if cursor and not cursor.startswith(path):
        cursor = ""
    reply = yield (_follow(cursor) if cursor else get(path, **query, page_size=max(1, min(limit, MOST))))
    if reply.status == 404:
        if cursor:
            return Listed((), "")
        raise ConfigError("source", "there is no Ordergroove API at this address.", "Is url the one of its REST API?")
    return _read(reply, path)


def everything(path: str, **query: object) -> Generator[WireRequest, WireReply, tuple[bytes, ...]]:
    """All of a short list.

    Raises:
        BadReply: a reply is no page.
    """
    reply = yield get(path, **query, page_size=MOST)
    rows: list[bytes] = []
    while True:
        if reply.status == 404:
            if rows:
                raise BadReply("a list of Ordergroove ended in a page that is not there")
            return ()
        found = _read(reply, path)
        rows += found.rows
        if found.cursor is None:
            return tuple(rows)
        reply = yield _follow(found.cursor)


def thing(path: str, key: str) -> Generator[WireRequest, WireReply, bytes | None]:
    """One thing by its id; None where there is none."""
    reply = yield get(f"{path}{quote(key, safe='')}/")
    return None if reply.status == 404 else reply.body


def _follow(cursor: str) -> WireRequest:
    return WireRequest(method="GET", path=cursor, headers=(CURSOR_PAGES,), timeout=_TIMEOUT)


def _read(reply: WireReply, path: str) -> Listed:
    """The page in a reply; documented samples show bare lists too."""
    try:
        if reply.body.lstrip()[:1] == b"[":
            return Listed(tuple(bytes(one) for one in _BARE.decode(reply.body)), None)
        found = _ENVELOPE.decode(reply.body)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise BadReply("a list of Ordergroove cannot be read") from error
    return Listed(tuple(bytes(one) for one in found.results), _cursor(found.next, path))


def _cursor(following: str | None, path: str) -> str | None:
    """What of the next page's address is ours to follow: never another host than the one configured."""
    if not following:
        return None
    try:
        parts = urlsplit(following)
    except ValueError as error:
        raise BadReply("the next page of a list of Ordergroove has no address") from error
    if not parts.path.endswith(path) or not parts.query:
        raise BadReply("the next page of a list of Ordergroove is of another list")
    return f"{path}?{parts.query}"
