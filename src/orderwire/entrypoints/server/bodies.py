"""Reading a request's body: never more than the cap, as sent and as decompressed."""

from __future__ import annotations

import zlib
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

_PATIENCE = 4
"""How many times the cap is read of a body that is too long."""
_WINDOWS = {"gzip": 31, "x-gzip": 31, "deflate": 47}
"""What zlib is told for each encoding: a header of its own, or found by itself."""


class TooLarge(Exception):
    """The body is longer than the cap."""


class NotReadable(Exception):
    """The body is not in the encoding that it says, or ends early."""


async def read_body(
    receive: Callable[[], Awaitable[Mapping[str, Any]]], headers: Mapping[str, str], *, most: int
) -> bytes:
    """The whole body, decompressed.

    Raises:
        TooLarge: it is longer than `most` bytes, as sent or as decompressed.
        NotReadable: its encoding is unknown or broken, or the client went away.
    """
    message = await receive()
    body: bytes = message.get("body", b"")
    if message.get("more_body"):
        body += await _rest(receive, most - len(body))
    if len(body) > most:
        raise TooLarge
    encoding = headers.get("content-encoding", "").strip().lower()
    return body if not encoding or encoding == "identity" else decompressed(body, encoding, most=most)


async def _rest(receive: Callable[[], Awaitable[Mapping[str, Any]]], most: int) -> bytes:
    """What follows the first piece. Of a body that is too long so much is thrown away that its sender hears so."""
    pieces: list[bytes] = []
    size = 0
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise NotReadable
        more = message.get("more_body", False)
        size += len(message.get("body", b""))
        if size > most * _PATIENCE:
            raise TooLarge
        if size <= most:
            pieces.append(message.get("body", b""))
    if size > most:
        raise TooLarge
    return b"".join(pieces)


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
