"""Parcels that wait for a permit: live before history, small ones joined while they wait."""

from __future__ import annotations

import asyncio
from collections import deque

from orderwire.delivery.parcels import Parcel
from orderwire.dialects.contract import Lane


class ParcelQueue:
    """The sealed parcels of one rate budget, one line for each lane."""

    def __init__(self) -> None:
        self._lines: dict[Lane, deque[Parcel]] = {Lane.LIVE: deque(), Lane.HISTORY: deque()}
        self._filled = {Lane.LIVE: asyncio.Event(), Lane.HISTORY: asyncio.Event()}

    def put(self, parcel: Parcel, *, first: bool = False) -> None:
        """Put a parcel in its line; `first` for one that waited already."""
        line = self._lines[parcel.line]
        if first:
            line.appendleft(parcel)
        else:
            line.append(parcel)
        self._filled[parcel.line].set()

    def hurry(self, parcel: Parcel) -> None:
        """Let a parcel that waits among history go among news; nothing when it does not wait."""
        if parcel in self._lines[Lane.HISTORY]:
            self._lines[Lane.HISTORY].remove(parcel)
            parcel.is_urgent = True
            self.put(parcel)

    async def wait(self, lane: Lane) -> None:
        """Wait until the lane's line is not empty."""
        while not self._lines[lane]:
            self._filled[lane].clear()
            await self._filled[lane].wait()

    def take(self, lane: Lane) -> Parcel | None:
        """The next parcel, joined with those behind it that may travel with it; None when another took it."""
        line = self._lines[lane]
        if not line:
            return None
        parcel = line.popleft()
        while line and parcel.number == 0 and _can_join(parcel, line[0]):
            other = line.popleft()
            for item, passage, part in zip(other.items, other.passages, other.parts, strict=True):
                parcel.add(item, passage, part)
        return parcel

    def count(self, lane: Lane) -> int:
        """How many parcels wait."""
        return len(self._lines[lane])


def _can_join(parcel: Parcel, other: Parcel) -> bool:
    route = parcel.route
    return (
        other.number == 0
        and other.route.name == route.name
        and other.group == parcel.group
        and other.lane is parcel.lane
        and not other.is_part
        and not parcel.is_part
        and parcel.weight + other.weight <= route.max_weight
        and parcel.size + other.size + route.frame_bytes <= route.max_bytes
        and parcel.is_free_for(other.about)
    )
