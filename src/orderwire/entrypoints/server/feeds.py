"""Serving catalogue feeds: from disk, a piece at a time, and not at all to who has it already."""

from __future__ import annotations

import asyncio
import base64
import binascii
from collections.abc import Awaitable, Callable, MutableMapping
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from pathlib import Path
from typing import Any

from msgspec import Struct

from orderwire.app.frontdoor.feeds import FeedShelf
from orderwire.app.frontdoor.gate import Gate
from orderwire.dialects.doorway import Call, Reply
from orderwire.dialects.feed import Feed
from orderwire.dialects.feed_registry import FEEDS, feed
from orderwire.errors import OrderwireError

PREFIX = "/feeds/"
_PIECE = 262_144
_REALM = (("WWW-Authenticate", 'Basic realm="feeds", charset="UTF-8"'),)


class Streamed(Struct, frozen=True):
    """A reply whose body is a file; `reply.body` stays empty."""

    reply: Reply
    place: Path
    size: int


async def send_streamed(
    streamed: Streamed,
    headers: list[tuple[bytes, bytes]],
    send: Callable[[MutableMapping[str, Any]], Awaitable[None]],
    *,
    is_head: bool,
) -> None:
    """Send a file as the answer to a call; to HEAD only what would be before it.

    Raises:
        FileNotFoundError: it is not there any more; nothing was sent yet.
    """
    loop = asyncio.get_running_loop()
    with streamed.place.open("rb") as file:
        await send({"type": "http.response.start", "status": streamed.reply.status, "headers": headers})
        while not is_head and (piece := await loop.run_in_executor(None, file.read, _PIECE)):
            await send({"type": "http.response.body", "body": piece, "more_body": True})
    await send({"type": "http.response.body", "body": b""})


class FeedPages:
    """The pages below `/feeds/`."""

    def __init__(self, shelf: FeedShelf, gate: Gate) -> None:
        self._shelf = shelf
        self._gate = gate

    async def answer(self, call: Call) -> Reply | Streamed:
        """The feed, or why not."""
        name, source = call.path.removeprefix(PREFIX), call.asked("source")
        if call.method not in ("GET", "HEAD"):
            return Reply(status=405, headers=(("Allow", "GET, HEAD"),))
        secret = secret_of(call)
        try:
            if not secret or not self._gate.may_fetch(secret):
                return Reply(status=403 if secret and not _is_basic(call) else 401, headers=_REALM)
            if name not in FEEDS or (source and source not in self._shelf.sources):
                return Reply(status=404)
            return await asyncio.get_running_loop().run_in_executor(None, self._found, call, feed(name), source)
        except (OrderwireError, OSError):
            return Reply(status=503, headers=(("Retry-After", "60"),))

    def _found(self, call: Call, wanted: Feed, source: str) -> Reply | Streamed:
        kept = self._shelf.fetch(wanted, address=f"{call.base_url}{call.path}", source=source)
        is_packed = "gzip" in call.headers.get("accept-encoding", "").lower()
        tag = f'"{kept.tag}{"-gz" if is_packed else ""}"'
        headers: tuple[tuple[str, str], ...] = (
            ("ETag", tag),
            ("Last-Modified", format_datetime(kept.changed_at.astimezone(UTC), usegmt=True)),
            ("Cache-Control", "private, no-cache"),
            ("Vary", "Accept-Encoding"),
        )
        if is_known(call, kept.tag, kept.changed_at):
            return Reply(status=304, headers=headers)
        headers += (("Content-Encoding", "gzip"),) if is_packed else ()
        place = self._shelf.place(wanted, kept, source=source, is_packed=is_packed)
        size = kept.packed_size if is_packed else kept.size
        return Streamed(Reply(headers=headers, content_type=wanted.content_type), place, size)


def secret_of(call: Call) -> str:
    """The key that a call shows: `?key=`, or the password of HTTP Basic."""
    if not _is_basic(call):
        return call.asked("key")
    try:
        told = base64.b64decode(call.headers["authorization"].partition(" ")[2], validate=True).decode()
    except (binascii.Error, UnicodeError):
        return ""
    return told.partition(":")[2]


def is_known(call: Call, tag: str, changed_at: datetime) -> bool:
    """Whether the caller has this content already; a tag that is given counts before a date."""
    if given := call.headers.get("if-none-match"):
        tags = {one.strip().removeprefix("W/").strip('"').removesuffix("-gz") for one in given.split(",")}
        return tag in tags or "*" in tags
    try:
        since = parsedate_to_datetime(call.headers.get("if-modified-since", ""))
    except ValueError:
        return False
    return changed_at <= (since if since.tzinfo else since.replace(tzinfo=UTC))


def _is_basic(call: Call) -> bool:
    return call.headers.get("authorization", "").lower().startswith("basic ")
