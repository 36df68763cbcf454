"""Reading a request's body: never more than the cap, as sent and as decompressed."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

LONGEST = 120.0
"""Seconds that a body may take to come: who sends a byte now and then holds no place for ever."""
_PATIENCE = 4
"""How many times the cap is read of a body that is too long."""
_WINDOWS = {"gzip": 31, "x-gzip": 31, "deflate": 47}
"""What zlib is told for each encoding: a header of its own, or found by itself."""


class TooLarge(Exception):
    """The body is longer than the cap."""


class TooSlow(Exception):
    """The body did not come in time."""


class NotReadable(Exception):
    """The body is not in the encoding that it says, or ends early."""


async def read_body(
    receive: Callable[[], Awaitable[Mapping[str, Any]]],
    headers: Mapping[str, str],
    *,
    most: int,
    within: float = LONGEST,
) -> bytes:
    """The whole body, decompressed.

    Raises:
        TooLarge: it is longer than `most` bytes, as sent or as decompressed.
        TooSlow: it is not there `within` so many seconds.
        NotReadable: its encoding is unknown or broken, or the client went away.
    """
    try:
        async with asyncio.timeout(within):
            body = await _whole(receive, most)
    except TimeoutError as error:
        raise TooSlow from error
    encoding = headers.get("content-encoding", "").strip().lower()
    return body if not encoding or encoding == "identity" else decompressed(body, encoding, most=most)


async def _whole(receive: Callable[[], Awaitable[Mapping[str, Any]]], most: int) -> bytes:
    """All pieces. Of a body that is too long so much is thrown away that its sender hears so."""
    body = bytearray()
    size = 0
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise NotReadable
        more = message.get("more_body", False)
        piece: bytes = message.get("body", b"")
        if not more and not size and len(piece) <= most:
            return piece
        size += len(piece)
        if size > most * _PATIENCE:
            break
        if size <= most:
            body += piece
    if size > most:
        raise TooLarge
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
