"""Reading bodies: whole, in time, or not at all."""

import asyncio
import tracemalloc
import zlib
from collections.abc import Mapping
from typing import Any

import pytest

from orderwire.entrypoints.server.bodies import NotReadable, TooLarge, TooSlow, read_body

GONE = {"type": "http.disconnect"}


def piece(body: bytes, *, more: bool = True) -> dict[str, Any]:
    return {"type": "http.request", "body": body, "more_body": more}


class Sender:
    """A client that sends these pieces and then nothing more."""

    def __init__(self, *pieces: Mapping[str, Any]) -> None:
        self._pieces = iter(pieces)

    async def __call__(self) -> Mapping[str, Any]:
        for one in self._pieces:
            return one
        await asyncio.Event().wait()
        raise AssertionError("unreachable")


async def test_a_body_is_put_together() -> None:
    assert b"abc" == await read_body(Sender(piece(b"a"), piece(b"b"), piece(b"c", more=False)), {}, most=3)
    assert b"" == await read_body(Sender(piece(b"", more=False)), {}, most=3)


@pytest.mark.parametrize("pieces", [(GONE,), (piece(b"a"), GONE), (piece(b""), piece(b"a"), GONE)])
async def test_who_left_before_the_end_sent_nothing(pieces: tuple[Mapping[str, Any], ...]) -> None:
    with pytest.raises(NotReadable):
        await read_body(Sender(*pieces), {}, most=10)


@pytest.mark.parametrize("pieces", [(), (piece(b"a"),), (piece(b"a"), piece(b"b"))])
async def test_who_never_ends_is_not_waited_for(pieces: tuple[Mapping[str, Any], ...]) -> None:
    with pytest.raises(TooSlow):
        await read_body(Sender(*pieces), {}, most=10, within=0.05)


@pytest.mark.parametrize("size", [11, 39, 41])
async def test_what_is_too_long_is_refused(size: int) -> None:
    pieces = [piece(b"x") for _ in range(size - 1)]
    with pytest.raises(TooLarge):
        await read_body(Sender(*pieces, piece(b"x", more=False)), {}, most=10)


async def test_many_small_pieces_cost_no_more_than_their_bytes() -> None:
    size = 200_000
    pieces = Sender(*(piece(b"ab", more=place < size - 1) for place in range(size)))
    tracemalloc.start()
    body = await read_body(pieces, {}, most=10_000_000)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert 2 * size == len(body)
    assert peak < 6 * size


async def test_an_encoding_is_undone_once() -> None:
    packed = zlib.compress(b"abc")

    assert b"abc" == await read_body(Sender(piece(packed, more=False)), {"content-encoding": "Deflate"}, most=100)
    with pytest.raises(NotReadable):
        await read_body(Sender(piece(packed, more=False)), {"content-encoding": "deflate, gzip"}, most=100)
