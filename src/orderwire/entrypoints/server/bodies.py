"""Reading a request's body: never more than the cap, as sent and as decompressed, nor than there is room for.

Whoever shows no key that opens sends a body for nothing: it is answered from line and headers, and what comes all the
same is thrown away as it comes. Only where the key itself stands in the body is a stranger's read; all such bodies
together find room in a few megabytes, and who finds none is told to come again.
"""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

LONGEST = 120.0
"""Seconds that a body may take to come: who sends a byte now and then holds no place for ever."""
STRANGERS_LONGEST = 30.0
"""The same for who has shown no key yet."""
OF_STRANGERS = 32_000_000
"""The bytes of bodies that are read at once from all who have shown no key yet."""
OF_CALLERS = 128_000_000
"""The bytes of bodies that are read at once from all whose keys open."""
THROWN_AWAY = 40_000_000
"""The most bytes that are thrown away of a body that nobody wants, so that its sender hears the answer."""
_THROWING = 10.0
"""Seconds that this may take."""
_WINDOWS = {"gzip": 31, "x-gzip": 31, "deflate": 47}
"""What zlib is told for each encoding: a header of its own, or found by itself."""


class TooLarge(Exception):
    """The body is longer than the cap."""


class TooSlow(Exception):
    """The body did not come in time."""


class NotReadable(Exception):
    """The body is not in the encoding that it says, or ends early."""


class NoRoom(Exception):
    """So many bytes are being read at this moment that these have no room."""


class Room:
    """How many bytes of bodies may be held at once by all who share it."""

    def __init__(self, most: int) -> None:
        self._most = most
        self.held = 0

    @contextmanager
    def place(self) -> Iterator[Place]:
        """A place for one body, given back at the end."""
        place = Place(self)
        try:
            yield place
        finally:
            place.take(0)

    def change(self, count: int) -> None:
        """Hold so many bytes more, or fewer.

        Raises:
            NoRoom: there is no room for them.
        """
        if count > 0 and self.held + count > self._most:
            raise NoRoom
        self.held += count


class Place:
    """What one body holds of a room."""

    def __init__(self, room: Room) -> None:
        self._room = room
        self._size = 0

    def take(self, size: int) -> None:
        """Hold so many bytes, in place of those held before.

        Raises:
            NoRoom: there is no room for them.
        """
        self._room.change(size - self._size)
        self._size = size


class Incoming:
    """The messages of a request, and whether more are to come."""

    def __init__(self, receive: Callable[[], Awaitable[Mapping[str, Any]]], headers: Mapping[str, str]) -> None:
        self._receive = receive
        has_body = "transfer-encoding" in headers or headers.get("content-length", "0").strip() not in ("", "0")
        self._waits = headers.get("expect", "").strip().lower() == "100-continue"
        self._is_over = not has_body

    async def __call__(self) -> Mapping[str, Any]:
        """The next message."""
        self._waits = False
        message = await self._receive()
        self._is_over = message["type"] == "http.disconnect" or not message.get("more_body", False)
        return message

    async def throw_away(self, *, most: int = THROWN_AWAY, within: float = _THROWING) -> None:
        """Let the rest come and keep nothing of it: a sender that is cut off would not hear the answer.

        Who waits to be told to send is not told.
        """
        size = 0
        try:
            async with asyncio.timeout(within):
                while not self._is_over and not self._waits and size <= most:
                    size += len((await self()).get("body", b""))
        except TimeoutError:
            return


async def read_body(
    receive: Callable[[], Awaitable[Mapping[str, Any]]],
    headers: Mapping[str, str],
    *,
    most: int,
    within: float = LONGEST,
    place: Place | None = None,
) -> bytes:
    """The whole body, decompressed; as it comes it takes its `place`.

    Raises:
        TooLarge: it is longer than `most` bytes, as sent or as decompressed.
        TooSlow: it is not there `within` so many seconds.
        NotReadable: its encoding is unknown or broken, or the client went away.
        NoRoom: its place has no room for it.
    """
    announced = headers.get("content-length", "").strip()
    if announced.isdecimal() and int(announced) > most:
        raise TooLarge
    try:
        async with asyncio.timeout(within):
            body = await _whole(receive, most, place)
    except TimeoutError as error:
        raise TooSlow from error
    encoding = headers.get("content-encoding", "").strip().lower()
    if not encoding or encoding == "identity":
        return body
    plain = decompressed(body, encoding, most=most)
    if place is not None:
        place.take(len(plain))
    return plain


async def _whole(receive: Callable[[], Awaitable[Mapping[str, Any]]], most: int, place: Place | None) -> bytes:
    """All pieces; no more is read of a body that is too long."""
    body = bytearray()
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise NotReadable
        more = message.get("more_body", False)
        piece: bytes = message.get("body", b"")
        if len(body) + len(piece) > most:
            raise TooLarge
        if place is not None:
            place.take(len(body) + len(piece))
        if not more and not body:
            return piece
        body += piece
    return bytes(body)


def decompressed(body: bytes, encoding: str, *, most: int) -> bytes:
    """The body without its compression; a few bytes that stand for very many are refused before they are unfolded.

    Raises:
        TooLarge: it is longer than `most` bytes.
        NotReadable: the encoding is unknown or broken.
    """
    if encoding not in _WINDOWS:
        raise NotReadable
    unfolding = zlib.decompressobj(_WINDOWS[encoding])
    try:
        plain = unfolding.decompress(body, most + 1)
    except zlib.error as error:
        raise NotReadable from error
    if len(plain) > most:
        raise TooLarge
    if not unfolding.eof or unfolding.unused_data:
        raise NotReadable
    return plain
