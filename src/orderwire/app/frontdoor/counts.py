"""Where calls in rate windows are counted: in this process alone, or for all processes of a server together.

The windows of several processes are slots of one small file that all of them have mapped into memory; whoever counts
locks it for some microseconds. A slot holds a digest that stands for caller, family and window, the moment when the
window ends, and the count. Nobody is waited for who died: the system takes the lock from them. When all the slots
that a window may use are taken by windows that are still open, the one that ends first is forgotten: in doubt a call
is let in. The clock must be one that all processes share, as the system's monotonic clock is.
"""

from __future__ import annotations

import fcntl
import mmap
import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from hashlib import blake2b
from pathlib import Path
from struct import Struct
from typing import Protocol, TypeAlias

Key: TypeAlias = tuple[str, str, float]
"""Caller, family of calls, and the length of the window."""
_MOST_CALLERS = 10_000
_SLOT = Struct("<8sdQ")
_SLOTS = 16_384
_PROBES = 8


class Counts(Protocol):
    """What is counted in windows, each known by its key and the moment when it ends."""

    def turn(self) -> AbstractContextManager[None]:
        """A time in which nobody else counts."""
        ...

    def count(self, key: Key, ends_at: float) -> int:
        """How many were counted in a window."""
        ...

    def put(self, key: Key, ends_at: float, count: int, *, moment: float) -> None:
        """Set what was counted in a window; `moment` is now."""
        ...


class OwnCounts:
    """Counts of this process."""

    def __init__(self) -> None:
        self._known: dict[Key, tuple[float, int]] = {}

    def turn(self) -> AbstractContextManager[None]:
        """Any time: nobody else counts."""
        return nullcontext()

    def count(self, key: Key, ends_at: float) -> int:
        """How many were counted in a window."""
        ended_at, count = self._known.get(key, (ends_at, 0))
        return count if ended_at == ends_at else 0

    def put(self, key: Key, ends_at: float, count: int, *, moment: float) -> None:
        """Set what was counted in a window, and leave out windows that are over: their callers may never return."""
        if len(self._known) > _MOST_CALLERS:
            self._known = {one: (end, count) for one, (end, count) in self._known.items() if end > moment}
        self._known[key] = (ends_at, count)


class SharedCounts:
    """Counts of all processes that have opened the same file."""

    def __init__(self, place: Path) -> None:
        self._file = os.open(place, os.O_RDWR)
        self._slots = mmap.mmap(self._file, _SLOT.size * _SLOTS)

    @staticmethod
    def make(place: Path) -> None:
        """Make the file, which only its owner may open; nothing is counted yet."""
        file = os.open(place, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            os.ftruncate(file, _SLOT.size * _SLOTS)
        finally:
            os.close(file)

    @contextmanager
    def turn(self) -> Iterator[None]:
        """A time in which no other process counts."""
        fcntl.lockf(self._file, fcntl.LOCK_EX)
        try:
            yield
        finally:
            fcntl.lockf(self._file, fcntl.LOCK_UN)

    def count(self, key: Key, ends_at: float) -> int:
        """How many were counted in a window."""
        name, places = _named(key)
        found = (_SLOT.unpack_from(self._slots, place) for place in places)
        return next((count for tag, end, count in found if tag == name and end == ends_at), 0)

    def put(self, key: Key, ends_at: float, count: int, *, moment: float) -> None:
        """Set what was counted in a window."""
        name, places = _named(key)
        slots = [(_SLOT.unpack_from(self._slots, place), place) for place in places]
        own = next((place for (tag, _, _), place in slots if tag == name), None)
        free = next((place for (_, end, _), place in slots if end <= moment), None)
        place = own if own is not None else free
        if place is None:
            place = min((end, place) for (_, end, _), place in slots)[1]
        _SLOT.pack_into(self._slots, place, name, ends_at, count)

    def close(self) -> None:
        """Let go of the file."""
        self._slots.close()
        os.close(self._file)


def _named(key: Key) -> tuple[bytes, list[int]]:
    """What stands for a window, and where its slots are."""
    digest = blake2b("\0".join(map(str, key)).encode("utf-8", "surrogatepass"), digest_size=16).digest()
    first = int.from_bytes(digest[8:])
    return digest[:8], [(first + step) % _SLOTS * _SLOT.size for step in range(_PROBES)]
