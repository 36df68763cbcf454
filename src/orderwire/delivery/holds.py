"""Order per subject (Law 5): whoever has something unfinished on its way holds back its own later facts, nobody else.

A key is a person or another subject. A parcel keeps the keys of its facts busy until it is settled. A later fact
about a busy key waits in line, unless it can join the very parcel that keeps all its busy keys: within one request
the platform reads items in order. A job whose answer is awaited keeps its subjects, too: a later fact about them
waits in line, whatever it could join.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

from orderwire.delivery.parcels import Parcel, Passage
from orderwire.dialects.contract import Lane


class Holds:
    """Which keys are busy, by which parcel or passage, and who waits in line for them."""

    def __init__(self) -> None:
        self._busy: dict[str, dict[int, None]] = {}
        """Sequence numbers of unfinished passages, by key."""
        self._parcel: dict[int, Parcel | None] = {}
        """Where an unfinished passage is; None while it is parked."""
        self._line: dict[str, deque[Passage]] = {}
        self._kept: dict[str, int] = {}
        """How many unanswered jobs keep a subject."""
        self.waiting_count = 0
        self.outdated: list[int] = []
        """Facts whose turn has come, written before the platform knew their person or long ago: to be said anew."""

    def may_go(self, passage: Passage, parcel: Parcel | None) -> bool:
        """Whether a passage may be put on its way now, into `parcel` (None for a new one)."""
        for key in passage.keys:
            if key in self._kept:
                return False
            line = self._line.get(key)
            if line and line[0] is not passage:
                return False
            for seq in self._busy.get(key, ()):
                if seq != passage.seq and (parcel is None or self._parcel.get(seq) is not parcel):
                    return False
        return True

    def ahead(self, passage: Passage, parcel: Parcel | None) -> int | None:
        """An unfinished earlier passage about the same that is not in `parcel`; None when there is none."""
        for key in passage.keys:
            for seq in self._busy.get(key, ()):
                if seq < passage.seq and (parcel is None or self._parcel.get(seq) is not parcel):
                    return seq
        return None

    def wait(self, passage: Passage) -> None:
        """Put a passage in line behind its keys."""
        self.waiting_count += 1
        for key in passage.keys:
            self._line.setdefault(key, deque()).append(passage)

    def hurry(self, passage: Passage) -> list[Parcel]:
        """News wait in line: whoever is before them is urgent; gives the parcels that hold some of those."""
        parcels: dict[int, Parcel] = {}
        for key in passage.keys:
            for ahead in self._line.get(key, ()):
                ahead.is_urgent = ahead.is_urgent or ahead.statement.lane is Lane.HISTORY
            for seq in self._busy.get(key, ()):
                parcel = self._parcel.get(seq)
                if parcel is not None and parcel.line is Lane.HISTORY:
                    parcels[id(parcel)] = parcel
        return list(parcels.values())

    def take(self, passage: Passage, parcel: Parcel | None) -> None:
        """A passage is on its way in a parcel, or parked for a later try: its keys are busy."""
        if passage.seq not in self._parcel:
            for key in passage.keys:
                self._busy.setdefault(key, {})[passage.seq] = None
        self._parcel[passage.seq] = parcel

    def keep(self, subjects: Iterable[str]) -> None:
        """A job is to be answered before anything more is sent about these."""
        for key in subjects:
            self._kept[key] = self._kept.get(key, 0) + 1

    def is_kept(self, subject: str) -> bool:
        """Whether an unanswered job keeps a subject."""
        return subject in self._kept

    @property
    def kept_count(self) -> int:
        """How many subjects unanswered jobs keep."""
        return len(self._kept)

    def free(self, subjects: Iterable[str]) -> list[Passage]:
        """A job is answered; returns those that are now first in the lines of what no other one keeps."""
        freed: dict[int, Passage] = {}
        for key in subjects:
            self._kept[key] -= 1
            if not self._kept[key]:
                del self._kept[key]
                if line := self._line.get(key):
                    freed[line[0].seq] = line[0]
        return [freed[seq] for seq in sorted(freed)]

    def leave_line(self, passage: Passage) -> list[Passage]:
        """A waiting passage goes on its way; returns those that are now first in its lines."""
        self.waiting_count -= 1
        next_ones: dict[int, Passage] = {}
        for key in passage.keys:
            line = self._line[key]
            line.popleft()
            if line:
                next_ones[line[0].seq] = line[0]
            else:
                del self._line[key]
        return [next_ones[seq] for seq in sorted(next_ones)]

    def release(self, passage: Passage) -> list[Passage]:
        """A passage is finished; returns those that are now first in some line, for another question."""
        self._parcel.pop(passage.seq, None)
        freed: dict[int, Passage] = {}
        for key in passage.keys:
            busy = self._busy.get(key)
            if busy is not None:
                busy.pop(passage.seq, None)
                if not busy:
                    del self._busy[key]
            if line := self._line.get(key):
                freed[line[0].seq] = line[0]
        return [freed[seq] for seq in sorted(freed)]
