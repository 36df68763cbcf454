"""Members and wire ids of a request in few bytes: an attempt is one row, however many facts it holds."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from itertools import accumulate
from operator import sub

from msgspec import msgpack

from orderwire.ledger.values import Member

_WHOLE = (0, 1)
"""Part and parts of a fact that is said in one item."""
_Packed = tuple[list[int], dict[int, tuple[int, int]]]


def pack_members(members: Sequence[Member]) -> bytes:
    """Members as the differences of their sequence numbers, with the parts of those that have several."""
    seqs = [member.seq for member in members]
    steps = [*seqs[:1], *map(sub, seqs[1:], seqs[:-1])]
    parts = {
        place: (member.part, member.parts)
        for place, member in enumerate(members)
        if (member.part, member.parts) != _WHOLE
    }
    return zlib.compress(msgpack.encode((steps, parts)), 1)


def unpack_members(packed: bytes) -> tuple[Member, ...]:
    """The members again."""
    steps, parts = msgpack.decode(zlib.decompress(packed), type=_Packed)
    seqs = accumulate(steps)
    return tuple(
        [Member(seq, *parts[place]) if place in parts else Member(seq) for place, seq in enumerate(seqs)]
        if parts
        else [Member(seq) for seq in seqs]
    )


def pack_texts(texts: Sequence[str]) -> bytes:
    """Wire ids."""
    return zlib.compress(msgpack.encode(texts), 1) if texts else b""


def unpack_texts(packed: bytes) -> tuple[str, ...]:
    """The wire ids again."""
    return msgpack.decode(zlib.decompress(packed), type=tuple[str, ...]) if packed else ()
