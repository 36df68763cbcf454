"""Summing the books of a destination twice (Law 4): from the log, and from the members of what was acknowledged.

The log's side: a fact's disposition is its exemption's; else in flight while an open attempt holds it; else accepted
at or below its family's history cursor; else pending. The other side: a fact was taken when each of its parts is a
member of an acknowledged attempt and not among those the platform refused. The two sets must be the same. A fact
beyond the cursor may have been taken already: the live lane runs ahead.

One byte a fact on each side, so that millions fit.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from msgspec import Struct, json

from orderwire.ledger.engine import Columns
from orderwire.ledger.packing import unpack_members
from orderwire.ledger.values import AttemptState, Balance, Disposition, Member, Stream
from orderwire.model import Family

_STREAM_BY_FAMILY = {
    Family.PEOPLE: Stream.PEOPLE,
    Family.PRODUCTS: Stream.PRODUCTS,
    Family.ACTIVITY: Stream.ACTIVITY,
}
_CODES = tuple(Disposition)
_CODE_BY_DISPOSITION = {disposition: code for code, disposition in enumerate(_CODES, start=1)}
_ACKNOWLEDGED = frozenset({AttemptState.ACCEPTED, AttemptState.CONFIRMED})
_UNDER_WAY = frozenset({AttemptState.OPEN, AttemptState.WAITING})
_MAY_BE_TAKEN = frozenset(
    {Disposition.PENDING, Disposition.IN_FLIGHT, Disposition.ACCEPTED, Disposition.CONFIRMED, Disposition.ERASED}
)
"""Exemptions that do not contradict an acknowledgement: what was taken may be forgotten later."""
_NAMED = 100
"""Sequence numbers named for a fault."""

_TAKEN = 1
_CONFIRMED = 2
_FLYING = 4
_TWICE = 8
_STARTED = 16


class _Outcome(Struct):
    """The part of a stored attempt that the books need."""

    failed: tuple[int, ...] = ()


class _Parts(Struct):
    """Which parts of one fact were taken, as bits.

    A fact that is taken up again may be said in more or fewer parts than before; how many there are is what the last
    part says.
    """

    count: int = 0
    taken: int = 0
    is_confirmed: bool = True


_OUTCOME = json.Decoder(_Outcome)


class Books:
    """Both sides of one destination's books, entered row by row."""

    def __init__(self, destination: str, *, head: int, cursors: Mapping[Stream, int]) -> None:
        self._destination = destination
        self._head = head
        self._cursors = cursors
        self._family = bytearray(head + 1)
        self._exempt = bytearray(head + 1)
        self._taken = bytearray(head + 1)
        self._parts: dict[int, _Parts] = {}
        self._counts: Counter[AttemptState] = Counter()
        self._strangers: list[int] = []

    def enter_families(self, rows: Iterable[Columns]) -> None:
        """Every fact's (family, sequence number)."""
        for family, seq in rows:
            self._family[seq] = family

    def enter_exemptions(self, rows: Iterable[Columns]) -> None:
        """Every exemption's (sequence number, disposition)."""
        for seq, disposition in rows:
            if 0 < seq <= self._head:
                self._exempt[seq] = _CODE_BY_DISPOSITION[Disposition(disposition)]
            else:
                self._strangers.append(seq)

    def enter_attempts(self, rows: Iterable[Columns]) -> None:
        """Every attempt's (state, packed members, the attempt itself)."""
        for text, packed, attempt in rows:
            state = AttemptState(text)
            members = unpack_members(bytes(packed))
            failed = set(_OUTCOME.decode(attempt).failed)
            if state in _ACKNOWLEDGED:
                self._counts[state] += len(members) - len(failed)
                self._counts[AttemptState.FAILED] += len(failed)
                for place, member in enumerate(members):
                    if place not in failed:
                        self._take(member, is_confirmed=state is AttemptState.CONFIRMED)
            else:
                self._counts[state] += len(members)
                if state in _UNDER_WAY:
                    self._fly(members)

    def balance(self) -> Balance:
        """The two sums and every difference between them."""
        self._join_parts()
        dispositions: Counter[Disposition] = Counter()
        faults: dict[str, list[int]] = {}
        for seq, disposition in self._dispositions():
            dispositions[disposition] += 1
            if fault := self._fault(seq, disposition):
                faults.setdefault(fault, []).append(seq)
        if self._strangers:
            faults["named in an attempt or an exemption but not in the log"] = sorted(set(self._strangers))
        texts = [f"{fault}: {_listed(seqs)}" for fault, seqs in faults.items()]
        texts += [
            f"cursor {stream} is at {seq}, beyond the newest fact {self._head}"
            for stream, seq in self._cursors.items()
            if seq > self._head
        ]
        return Balance(
            destination=self._destination,
            head=self._head,
            from_log=dict(dispositions),
            from_attempts={state: count for state, count in self._counts.items() if count},
            faults=tuple(texts),
        )

    def _take(self, member: Member, *, is_confirmed: bool) -> None:
        seq = member.seq
        if not 0 < seq <= self._head:
            self._strangers.append(seq)
        elif member.parts > 1:
            parts = self._parts.setdefault(seq, _Parts())
            if member.part == member.parts - 1:
                parts.count = member.parts
            if parts.taken >> member.part & 1:
                self._taken[seq] |= _TWICE
            parts.taken |= 1 << member.part
            parts.is_confirmed = parts.is_confirmed and is_confirmed
        else:
            before = self._taken[seq]
            again = _TWICE if before & _TAKEN else 0
            self._taken[seq] = before | again | _TAKEN | (_CONFIRMED if is_confirmed else 0)

    def _fly(self, members: Iterable[Member]) -> None:
        for member in members:
            if 0 < member.seq <= self._head:
                self._taken[member.seq] |= _FLYING
            else:
                self._strangers.append(member.seq)

    def _join_parts(self) -> None:
        """Count a fact of several parts as taken when all of them were."""
        for seq, parts in self._parts.items():
            if parts.count and parts.taken == (1 << parts.count) - 1:
                if self._taken[seq] & _TAKEN:
                    self._taken[seq] |= _TWICE
                self._taken[seq] |= _TAKEN | (_CONFIRMED if parts.is_confirmed else 0)
            else:
                self._taken[seq] |= _STARTED

    def _dispositions(self) -> Iterator[tuple[int, Disposition]]:
        """The log's word on each fact, and for what was taken ahead of the cursor the attempts'."""
        cursor_by_family = [0] * (max(Family) + 1)
        for family, stream in _STREAM_BY_FAMILY.items():
            cursor_by_family[family] = self._cursors.get(stream, 0)
        for seq in range(1, self._head + 1):
            exempt, taken = self._exempt[seq], self._taken[seq]
            if exempt:
                yield seq, _CODES[exempt - 1]
            elif taken & _FLYING:
                yield seq, Disposition.IN_FLIGHT
            elif taken & _TAKEN:
                yield seq, Disposition.CONFIRMED if taken & _CONFIRMED else Disposition.ACCEPTED
            elif seq <= cursor_by_family[self._family[seq]]:
                yield seq, Disposition.ACCEPTED
            else:
                yield seq, Disposition.PENDING

    def _fault(self, seq: int, disposition: Disposition) -> str:
        """What is wrong with a fact's books; empty when both sides agree."""
        taken = self._taken[seq]
        if taken & _TWICE:
            return "acknowledged in two attempts"
        if self._exempt[seq]:
            if taken & _TAKEN and disposition not in _MAY_BE_TAKEN:
                return f"acknowledged by the platform, yet {disposition} in the books"
            if disposition in (Disposition.ACCEPTED, Disposition.CONFIRMED) and not taken & _TAKEN:
                return f"{disposition} in the books, but no attempt was acknowledged with it"
        elif disposition is Disposition.ACCEPTED and not taken & _TAKEN:
            if taken & _STARTED:
                return "accepted by the cursor, but some of its parts were never acknowledged"
            return "accepted by the cursor, but no attempt was acknowledged with it"
        elif taken & _FLYING and taken & _TAKEN:
            return "acknowledged and in an open attempt at once"
        return ""


def _listed(seqs: list[int]) -> str:
    """Sequence numbers for a message, at most a hundred of them."""
    text = ", ".join(map(str, seqs[:_NAMED]))
    return text if len(seqs) <= _NAMED else f"{text} and {len(seqs) - _NAMED} more"
