"""What is remembered of each destination: lease, cursors, attempts, exemptions, marks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from heapq import merge
from operator import attrgetter

from orderwire.errors import Busy, LeaseLost
from orderwire.ledger.balancing import Books
from orderwire.ledger.engine import Engine
from orderwire.ledger.instants import instant, micros, micros_if
from orderwire.ledger.rows import (
    attempt_of,
    attempt_row,
    destination_of,
    destination_text,
    exemption_of,
    exemption_row,
    mark_of,
    mark_row,
)
from orderwire.ledger.values import (
    Attempt,
    AttemptState,
    Balance,
    Changes,
    DestinationState,
    Disposition,
    Exemption,
    Lease,
    Mark,
    Stream,
)

_PAGE = 200
"""Requests read at a time; each may hold thousands of members."""


class Deliveries:
    """The books of the destinations."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def acquire(self, destination: str, holder: str, *, ttl: timedelta) -> Lease | None:
        """Take or renew the lease of a destination; None while another holds it.

        The epoch stays only for a holder whose lease has not run out: anyone else, and the same one after a gap,
        begins a new one.
        """
        engine = self._engine
        with engine.turn(_scope(destination)):
            now = engine.now()
            found = engine.rows("lease", destination=destination)
            held_by, epoch, expires_at = found[0] if found else ("", 0, 0)
            if expires_at > now and held_by != holder:
                return None
            if expires_at <= now:
                epoch += 1
            expires_at = now + ttl // timedelta(microseconds=1)
            engine.write("put_lease", destination=destination, holder=holder, epoch=epoch, expires_at=expires_at)
        return Lease(destination=destination, holder=holder, epoch=epoch, expires_at=instant(expires_at))

    def release(self, lease: Lease) -> None:
        """Give the lease back; nothing when it is lost already."""
        engine = self._engine
        with engine.turn(_scope(lease.destination)):
            found = engine.rows("lease", destination=lease.destination)
            if found and found[0][:2] == (lease.holder, lease.epoch):
                engine.write("put_lease", destination=lease.destination, holder="", epoch=lease.epoch, expires_at=0)

    def holder(self, destination: str) -> Lease | None:
        """Who holds the lease of a destination now; None for nobody."""
        found = self._engine.rows("lease", destination=destination)
        if not found or found[0][2] <= self._engine.now():
            return None
        held_by, epoch, expires_at = found[0]
        return Lease(destination=destination, holder=held_by, epoch=epoch, expires_at=instant(expires_at))

    def destination(self, name: str) -> DestinationState | None:
        """What is remembered of a destination; None before it was ever switched on."""
        found = self._engine.rows("destination", destination=name)
        return destination_of(found[0][0]) if found else None

    def destinations(self) -> tuple[str, ...]:
        """Names of all destinations ever switched on."""
        return tuple(name for (name,) in self._engine.rows("destinations"))

    def cursors(self, destination: str) -> dict[Stream, int]:
        """The committed cursors; those never moved begin at 0, the live one where the destination was switched on."""
        state = self.destination(destination)
        cursors = dict.fromkeys(Stream, 0)
        cursors[Stream.LIVE] = 0 if state is None else state.switched_on_seq
        for stream, seq in self._engine.rows("cursors", destination=destination):
            cursors[Stream(stream)] = seq
        return cursors

    def commit(self, lease: Lease, changes: Changes) -> None:
        """Write changes in one transaction, while the lease holds."""
        engine = self._engine
        with engine.turn(_scope(lease.destination)):
            found = engine.rows("lease", destination=lease.destination)
            if not found or found[0][:2] != (lease.holder, lease.epoch) or found[0][2] <= engine.now():
                raise LeaseLost(
                    f"the lease of {lease.destination} (epoch {lease.epoch}) is held elsewhere or ran out"
                )
            self._keep(lease.destination, changes)

    def administer(self, destination: str, changes: Changes) -> None:
        """The same without a lease, for the operator's commands."""
        engine = self._engine
        is_only_state = not (
            changes.attempts or changes.exceptions or changes.cleared or changes.marks or changes.cursors
        )
        with engine.turn(_scope(destination)):
            found = engine.rows("lease", destination=destination)
            if found and found[0][2] > engine.now() and not is_only_state:
                raise Busy(f"a worker is delivering to {destination}; stop it first")
            self._keep(destination, changes)

    def attempts(
        self, destination: str, *, states: Sequence[AttemptState] = (), with_job: bool = False
    ) -> Iterator[Attempt]:
        """Stream attempts in these states (all when empty), or whose job is awaited; oldest first, each once."""
        if not states and not with_job:
            yield from self._paged("attempts", destination=destination)
            return
        streams = [self._paged("attempts_in", destination=destination, state=str(state)) for state in set(states)]
        if with_job:
            streams.append(self._paged("attempts_awaited", destination=destination))
        last = 0
        for attempt in merge(*streams, key=attrgetter("number")):
            if attempt.number > last:
                yield attempt
                last = attempt.number

    def attempts_beyond(self, destination: str, seq: int) -> list[Attempt]:
        """Attempts with a member whose sequence number is greater than `seq`; oldest first."""
        return [attempt_of(row) for row in self._engine.rows("attempts_beyond", destination=destination, seq=seq)]

    def last_attempt(self, destination: str) -> int:
        """The greatest attempt number; 0 before the first."""
        return int(self._engine.rows("last_attempt", destination=destination)[0][0])

    def last_taken_at(self, destination: str) -> datetime | None:
        """When the newest request that the platform took was answered; None before the first."""
        taken = (AttemptState.ACCEPTED, AttemptState.CONFIRMED)
        rows = [
            row
            for state in taken
            for row in self._engine.rows("newest_attempt", destination=destination, state=str(state))
        ]
        return max((at for at in (attempt_of(row).settled_at for row in rows) if at is not None), default=None)

    def exemptions(
        self,
        destination: str,
        *,
        dispositions: Sequence[Disposition] = (),
        seqs: Sequence[int] = (),
        due_before: datetime | None = None,
        after: int = 0,
        limit: int = 1000,
    ) -> list[Exemption]:
        """Exemptions in sequence order, filtered; no filter lists all, a page at a time."""
        engine = self._engine
        page = {"destination": destination, "after": after, "limit": limit}
        wanted = engine.listed(map(str, dispositions)) if dispositions else None
        if seqs:
            due = micros_if(due_before)
            at = engine.listed(seqs)
            rows = engine.rows("exemptions_at", **page, seqs=at, dispositions=wanted, due_before=due)
        elif due_before is not None:
            rows = engine.rows("exemptions_due", **page, dispositions=wanted, due_before=micros(due_before))
        elif dispositions:
            rows = engine.rows("exemptions_of", **page, dispositions=wanted)
        else:
            rows = engine.rows("exemptions", **page)
        return [exemption_of(row) for row in rows]

    def marks(self, destination: str, subjects: Sequence[str]) -> dict[str, Mark]:
        """The marks of these subjects; subjects without one are absent."""
        rows = self._engine.rows("marks", destination=destination, subjects=self._engine.listed(subjects))
        return {subject: mark_of(mark) for subject, mark in rows}

    def balance(self, destination: str) -> Balance:
        """Sum the books of a destination twice."""
        engine = self._engine
        with engine.snapshot():
            head = int(engine.rows("head")[0][0])
            books = Books(destination, head=head, cursors=self.cursors(destination))
            books.enter_families(engine.stream("all_families", head=head))
            books.enter_exemptions(engine.stream("all_exemptions", destination=destination))
            books.enter_attempts(engine.stream("all_members", destination=destination))
            return books.balance()

    def _paged(self, name: str, /, **values: object) -> Iterator[Attempt]:
        """Requests by number, a page at a time."""
        after = 0
        while rows := self._engine.rows(name, **values, after=after, limit=_PAGE):
            for row in rows:
                attempt = attempt_of(row)
                yield attempt
                after = attempt.number
            if len(rows) < _PAGE:
                return

    def _keep(self, destination: str, changes: Changes) -> None:
        engine = self._engine
        attempts = {attempt.number: attempt for attempt in changes.attempts}
        exemptions = {exemption.seq: exemption for exemption in changes.exceptions}
        marks = {mark.subject: mark for mark in sorted(changes.marks, key=lambda mark: mark.seq)}
        engine.write_many("put_attempts", [attempt_row(destination, one) for one in attempts.values()])
        engine.write_many("clear_exemptions", [(destination, seq) for seq in changes.cleared])
        engine.write_many("put_exemptions", [exemption_row(destination, one) for one in exemptions.values()])
        engine.write_many("put_marks", [mark_row(destination, one) for one in marks.values()])
        engine.write_many("put_cursors", [(destination, str(stream), seq) for stream, seq in changes.cursors.items()])
        if changes.state is not None:
            engine.write("put_destination", destination=destination, state=destination_text(changes.state))


def _scope(destination: str) -> str:
    """What a writer of one destination's books has to itself."""
    return f"destination:{destination}"
