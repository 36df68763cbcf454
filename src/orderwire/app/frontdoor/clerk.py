"""Answering calls from one ledger: looks, and writes of many calls as one transaction."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from itertools import groupby
from typing import cast

import structlog
from msgspec import Struct

from orderwire.app.frontdoor.shelves import LedgerShelves
from orderwire.dialects.doorway import (
    Call,
    Document,
    Door,
    Endpoint,
    Intake,
    Read,
    Refused,
    Reply,
    Shelves,
    Unread,
    Work,
)
from orderwire.errors import Busy, InvalidRecord, StoreFull
from orderwire.ledger import Kept, Received, Refusal, StoredLedger
from orderwire.ledger.preparing import sift
from orderwire.model import Consent, Order, Product, Subscription

log = structlog.get_logger()
_OWN, _PROBE, _PROBED = "orderwire", "room", 65_536
"""The document that is written to see whether there is room, and how many bytes of it."""
_NOT_FOR_BROWSERS = (Order, Consent, Product, Subscription)


class Admitted(Struct, kw_only=True):
    """A call that was let in, and the intake of one that adds without looking, read before it is its turn."""

    door: Door
    endpoint: Endpoint
    call: Call
    intake: Intake | None = None


class Clerk:
    """Serves calls from one ledger. Belongs to one thread, as its ledger does."""

    def __init__(self, ledger: StoredLedger) -> None:
        self._ledger = ledger
        self.is_full = False
        """Whether the store took nothing when it was last written to, for want of room."""

    def look(self, admitted: Admitted) -> Reply:
        """Answer a call that only reads."""
        with self._ledger.snapshot():
            answer = admitted.endpoint.answer(admitted.call, self._shelves(admitted))
        if isinstance(answer, Intake):
            raise TypeError(f"{admitted.endpoint.path} is declared to read only")
        return answer

    def write(self, batch: Sequence[Admitted]) -> list[Reply]:
        """Answer calls that write, in their order, all durable when this returns.

        What one call makes impossible for itself leaves the others alone. When the store takes nothing, every call is
        told so and nothing of any was kept.
        """
        replies: list[Reply | None] = [None] * len(batch)
        try:
            with self._ledger.turn():
                for source, places in groupby(range(len(batch)), lambda place: self._joinable(batch[place])):
                    together = list(places)
                    if source is None or len(together) == 1:
                        for place in together:
                            replies[place] = self._one(batch[place])
                    else:
                        self._many(source, [batch[place] for place in together], together, replies)
        except (StoreFull, Busy) as error:
            self.is_full = isinstance(error, StoreFull)
            log.error("the store takes nothing", reason=type(error).__name__)
            return [come_again(one) for one in batch]
        self.is_full = False
        return [reply for reply in replies if reply is not None]

    def try_room(self) -> bool:
        """Whether the store takes something: it is made to, and what it took is dropped again."""
        probe = Kept(collection="probe", key=_PROBE, body=bytes(_PROBED))
        try:
            self._ledger.put_documents(_OWN, [probe], at=datetime.now(UTC))
            self._ledger.drop_documents(_OWN, [("probe", _PROBE)])
        except StoreFull:
            return False
        except Busy:
            return True
        return True

    def _joinable(self, admitted: Admitted) -> str | None:
        """The source of a call that only adds records that happened just now; such calls are recorded as one."""
        intake = admitted.intake
        if (
            intake is None
            or intake.documents
            or intake.removed
            or intake.unread
            or intake.forgets
            or not intake.records
        ):
            return None
        if any(read.is_imported for read in intake.records) or not isinstance(intake.reply, Reply):
            return None
        return admitted.call.source

    def _many(
        self, source: str, calls: Sequence[Admitted], places: Sequence[int], replies: list[Reply | None]
    ) -> None:
        received = _received(read for one in calls if one.intake is not None for read in one.intake.records)
        try:
            self._ledger.record(received, source=source, at=calls[-1].call.received_at, is_imported=False)
        except InvalidRecord:
            for place, one in zip(places, calls, strict=True):
                replies[place] = self._one(one)
            return
        for place, one in zip(places, calls, strict=True):
            if one.intake is not None and isinstance(one.intake.reply, Reply):
                replies[place] = one.intake.reply

    def _one(self, admitted: Admitted) -> Reply:
        call, door = admitted.call, admitted.door
        shelves = self._shelves(admitted)
        answer = admitted.intake or admitted.endpoint.answer(call, shelves)
        if isinstance(answer, Reply):
            return answer
        allowed = for_browsers(answer) if call.is_public else answer
        if allowed is None:
            return door.refuse(call, Refused.FORBIDDEN)
        answer = allowed
        try:
            self._keep(call, answer)
        except InvalidRecord as error:
            log.info("call refused", platform=door.name, problem=error.problem)
            return door.refuse(call, Refused.NOT_READABLE)
        return answer.reply if isinstance(answer.reply, Reply) else answer.reply(shelves)

    def _keep(self, call: Call, intake: Intake) -> None:
        ledger, source, at = self._ledger, call.source, call.received_at
        refused = [_refusal(one) for one in intake.unread]
        runs = [
            (is_imported, _received(run)) for is_imported, run in groupby(intake.records, lambda one: one.is_imported)
        ]
        if len(runs) > 1:
            _look_through([one for _, run in runs for one in run], call)
        for is_imported, run in runs:
            ledger.record(run, source=source, at=at, is_imported=is_imported, refused=refused)
            refused = []
        if refused:
            ledger.record((), source=source, at=at, is_imported=False, refused=refused)
        if intake.documents:
            ledger.put_documents(source, [_kept(one) for one in intake.documents], at=at)
        if intake.removed:
            ledger.drop_documents(source, intake.removed)
        for person in intake.forgets:
            ledger.forget(person, at=at, reason=f"asked by {source}")

    def _shelves(self, admitted: Admitted) -> LedgerShelves:
        return LedgerShelves(self._ledger, admitted.call.source)


def for_browsers(intake: Intake) -> Intake | None:
    """What a browser's key may add of an intake: browsing facts, never an order, consent or an erasure.

    None where nothing is left of the records that it held. What was to be kept beside a forbidden one is not kept.
    """
    allowed = tuple(read for read in intake.records if not isinstance(read.record, _NOT_FOR_BROWSERS))
    if len(allowed) == len(intake.records) and not intake.forgets:
        return intake
    return Intake(reply=intake.reply, records=allowed) if allowed else None


def prepare(admitted: Admitted) -> Reply | None:
    """Read a call that adds without looking, before it is its turn; the reply where that ends it."""
    if admitted.endpoint.work is not Work.ADDS:
        return None
    answer = admitted.endpoint.answer(admitted.call, cast("Shelves", _CLOSED))
    if isinstance(answer, Reply):
        return answer
    admitted.intake = for_browsers(answer) if admitted.call.is_public else answer
    return None if admitted.intake is not None else admitted.door.refuse(admitted.call, Refused.FORBIDDEN)


class _Closed:
    """In place of the ledger, for calls that are declared not to look."""

    def __getattr__(self, name: str) -> object:
        raise TypeError(f"an endpoint that is declared to add without looking asked for {name!r}")


_CLOSED = _Closed()


def come_again(admitted: Admitted) -> Reply:
    """The platform's word that the store takes nothing at the moment."""
    return admitted.door.refuse(admitted.call, Refused.UNAVAILABLE, retry_after=1.0)


def _look_through(received: Sequence[Received], call: Call) -> None:
    """See that all can be kept before the first is, where they are not recorded at once.

    Raises:
        InvalidRecord: one cannot.
    """
    _, refused = sift(received, call.source, call.received_at)
    if refused:
        first = refused[0]
        raise InvalidRecord(call.source, first.place, first.problem, first.remedy)


def _received(reads: Iterable[Read]) -> list[Received]:
    return [Received(record=read.record, raw=read.raw) for read in reads]


def _kept(document: Document) -> Kept:
    return Kept(
        collection=document.collection,
        key=document.key,
        body=document.body,
        rank=document.rank,
        identity=document.identity,
    )


def _refusal(unread: Unread) -> Refusal:
    return Refusal(
        stream=unread.stream,
        key=unread.key,
        place=unread.place,
        problem=unread.problem,
        remedy=unread.remedy,
        raw=unread.raw,
    )
