"""The storage contract: one ledger, two engines (SQLite, PostgreSQL), one conformance suite.

Rules every store keeps:

* `record` is one transaction: facts, current state, people, identifiers, consent, raw, refused records and the
  checkpoint are durable together when it returns, or not at all. It takes the writer's turn for the shortest time:
  everything that can be decided before is.
* Sequence numbers are gapless and given in commit order, so a reader that has seen n has seen everything before n.
* Appended once: a happening's key is unique per revision; a state is appended only when different from the current.
* Every write of a delivery names its lease; an old epoch raises `LeaseLost` and writes nothing.
* The store's clock times leases; every other instant is an argument.

All calls are synchronous and short. One object belongs to one thread.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from orderwire.ledger.values import (
    Attempt,
    AttemptState,
    Balance,
    Changes,
    Checkpoint,
    DestinationState,
    Disposition,
    Entry,
    Exemption,
    FactFilter,
    Lease,
    Mark,
    Mode,
    PersonReport,
    Receipt,
    Received,
    Refusal,
    Refused,
    Stream,
)
from orderwire.model import Fact, Family


class Ledger(Protocol):
    """A shop's own ledger."""

    def record(
        self,
        received: Sequence[Received],
        *,
        source: str,
        at: datetime,
        is_imported: bool,
        checkpoint: Checkpoint | None = None,
        mode: Mode = Mode.NORMAL,
        refused: Sequence[Refusal] = (),
    ) -> Receipt:
        """Append what is new in these records, resolve whom they are about, apply consent, keep raw, commit.

        `refused` are kept beside them in the same transaction, each once: by its key, else by its bytes. What was
        refused before under the name or with the bytes of a record that is understood now is settled and goes.

        Raises:
            StoreFull: the disk takes no more; nothing was kept.
            Busy: another writer held the store for too long; nothing was kept.
        """
        ...

    def checkpoints(self, source: str) -> dict[str, bytes]:
        """The committed positions of a source, by stream."""
        ...

    def head(self) -> int:
        """The newest sequence number; 0 for an empty log."""
        ...

    def entries(
        self,
        after: int,
        *,
        limit: int,
        until: int | None = None,
        family: Family | None = None,
        only_observed: bool = False,
    ) -> list[Entry]:
        """The next facts in sequence order, `after < seq <= until`, each with its newest snapshot and person."""
        ...

    def entries_at(self, seqs: Sequence[int]) -> list[Entry]:
        """These facts, in sequence order; numbers that do not exist are left out."""
        ...

    def earlier_of(self, *, persons: Sequence[int], subjects: Sequence[str], before: int) -> list[tuple[int, Family]]:
        """Sequence numbers (with family) before `before` of facts about any of these persons or subjects.

        Subjects are `<source>/<subject>`. A person includes those merged into them.
        """
        ...

    def facts(self, where: FactFilter, *, after: int = 0) -> Iterator[Fact]:
        """Stream facts in sequence order, for `orderwire log`."""
        ...

    def raws(self, source: str, *, after: int = 0) -> Iterator[tuple[int, str, bytes]]:
        """Stream the raw records of a source in the order they came, each with its number and subject.

        For reading them again; those of forgotten people are gone. Subjects are `<source>/<subject>`.
        """
        ...

    def refused(self, source: str, stream: str) -> Iterator[Refused]:
        """Stream the refused records of a stream of a source by key; those whose bytes were erased are left out."""
        ...

    def refused_counts(self, *, since: datetime | None = None) -> dict[tuple[str, str], int]:
        """How many refused records there are by (source, stream); only those first refused since an instant."""
        ...

    def drop_refused(self, source: str, names: Sequence[tuple[str, str]]) -> int:
        """Give refused records up for good, by (stream, key); gives how many there were.

        Nothing else ends their time: whoever sets one goes by `Refused.last_at`.
        """
        ...

    def count_facts(self, *, after: int = 0, until: int | None = None) -> dict[tuple[str, bool], int]:
        """How many facts there are by (kind, is imported)."""
        ...

    def acquire(self, destination: str, holder: str, *, ttl: timedelta) -> Lease | None:
        """Take or renew the lease of a destination; None while another holds it."""
        ...

    def release(self, lease: Lease) -> None:
        """Give the lease back; nothing when it is lost already."""
        ...

    def holder(self, destination: str) -> Lease | None:
        """Who holds the lease of a destination now; None for nobody."""
        ...

    def destination(self, name: str) -> DestinationState | None:
        """What is remembered of a destination; None before it was ever switched on."""
        ...

    def destinations(self) -> tuple[str, ...]:
        """Names of all destinations ever switched on."""
        ...

    def cursors(self, destination: str) -> dict[Stream, int]:
        """The committed cursors; streams never moved are 0 (live: the sequence number of switching on)."""
        ...

    def commit(self, lease: Lease, changes: Changes) -> None:
        """Write changes in one transaction.

        Raises:
            LeaseLost: another worker holds the destination, or the lease has run out.
            StoreFull, Busy: nothing was written.
        """
        ...

    def administer(self, destination: str, changes: Changes) -> None:
        """The same without a lease, for the operator's commands; refused while a worker holds the destination.

        `changes.state` may create the destination. Pausing and acknowledging (only `state` set) are always allowed.

        Raises:
            Busy: a worker holds the lease; stop it first.
        """
        ...

    def attempts(
        self, destination: str, *, states: Sequence[AttemptState] = (), with_job: bool = False
    ) -> Iterator[Attempt]:
        """Stream attempts in these states (all when empty), or whose job is still awaited; oldest first, each once.

        Read a page at a time: what is written meanwhile may show or not.
        """
        ...

    def attempts_beyond(self, destination: str, seq: int) -> list[Attempt]:
        """Attempts with a member whose sequence number is greater than `seq`; oldest first."""
        ...

    def last_attempt(self, destination: str) -> int:
        """The greatest attempt number; 0 before the first."""
        ...

    def last_taken_at(self, destination: str) -> datetime | None:
        """When the newest request that the platform took was answered; None before the first."""
        ...

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
        ...

    def marks(self, destination: str, subjects: Sequence[str]) -> dict[str, Mark]:
        """The marks of these subjects; subjects without one are absent."""
        ...

    def balance(self, destination: str) -> Balance:
        """Sum the books of a destination twice (Law 4)."""
        ...

    def find_person(self, text: str) -> int | None:
        """A person by number (`per_12`), e-mail, phone or external id."""
        ...

    def person(self, person: int) -> PersonReport:
        """Everything known about a person.

        Raises:
            NotFound: no such person.
        """
        ...

    def separate(self, person: int, *, at: datetime) -> int:
        """Take a person out of the one they were joined into, for good; gives the number of that one.

        They are again as they were when they were joined; what was learned since stays with the other.

        Raises:
            NotFound: the person is not joined into another.
        """
        ...

    def forget(self, person: int, *, at: datetime, reason: str) -> int:
        """Erase a person: blank their bytes in log and raw, keep a keyed hash that drops later imports.

        Refused records are blanked where they are known to name the person, or hold their e-mail, phone or external
        id as text.

        Appends `person.forgotten`; returns its sequence number. Sequence, kind, day and money of facts stay.
        """
        ...

    def is_free(self) -> bool:
        """Whether a transaction could begin now without waiting for another writer; who has other work does that."""
        ...

    def close(self) -> None:
        """Release files and connections."""
        ...
