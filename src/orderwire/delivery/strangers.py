"""Facts about people nobody knows yet: held, let go when somebody turns out to be meant, given up in the end.

Who is meant is decided in the ledger. A feed that is about to put facts of somebody known on their way asks here for
what is still held of the same people and things, and puts that before (`identified_by`). A fact goes as it would at
that moment: as news while it is young, else quietly; not at all where consent forbids it by then.

What no later fact leads to is found by looking through everything that is held, when a delivery begins and from time
to time; what has waited too long is found by its date.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta

from orderwire.delivery.decide import Context, lane_of, subject_key, unidentified
from orderwire.delivery.desk import HISTORY_STREAMS, Desk
from orderwire.delivery.firing import unacknowledged
from orderwire.delivery.traffic import admit, go, seal
from orderwire.dialects.contract import Lane
from orderwire.ledger.values import Disposition, Entry, Mark
from orderwire.model import Family, Kind, family_of

LOOK_EVERY = timedelta(hours=1)
"""How often everything that is held is looked through."""
DUE_EVERY = timedelta(minutes=1)
"""How often it is asked what has waited too long."""
PAGE = 500


def identified_by(desk: Desk, entries: Sequence[Entry]) -> list[Entry]:
    """Held facts about the people and things of these entries that may go now, in sequence order."""
    if not desk.held.may_be or not entries:
        return []
    known = [entry for entry in entries if entry.person is not None and not entry.person.is_anonymous]
    people = {entry.person.person for entry in known if entry.person and entry.person.anonymous_ids}
    subjects = {subject_key(entry.fact) for entry in known}
    before = max(entry.fact.seq for entry in entries)
    found = desk.ledger.earlier_of(persons=sorted(people), subjects=sorted(subjects), before=before)
    return _may_go(desk, held_among(desk, [seq for seq, _ in found]))


def held_among(desk: Desk, seqs: Collection[int]) -> list[int]:
    """Which of these facts are held now, by what is written and what is staged."""
    wanted = sorted(seqs)
    staged = set(desk.books.staged_held()).intersection(wanted)
    after = 0
    while wanted and (
        page := desk.ledger.exemptions(
            desk.settings.name, dispositions=[Disposition.HELD], seqs=wanted, after=after, limit=PAGE
        )
    ):
        staged.update(one.seq for one in page if desk.books.is_held(one))
        after = page[-1].seq
    return sorted(staged.difference(desk.passages))


def release(
    desk: Desk, entry: Entry, marks: Mapping[str, Mark], context: Context, *, is_urgent: bool = False
) -> None:
    """Put a held fact on its way, or settle it otherwise. That it was let go is durable before it is sent.

    `is_urgent` says that news of its person wait behind it.
    """
    if passage := admit(desk, entry, marks, context, ()):
        passage.is_urgent = is_urgent and passage.statement.lane is Lane.HISTORY
        desk.exempt(entry.fact.seq, Disposition.PENDING, "its person is identified now", passage=passage)
        go(desk, passage)


def release_all(desk: Desk, entries: Sequence[Entry]) -> None:
    """Put held facts on their way, in their order."""
    marks = desk.marks_of(entries)
    context = desk.context()
    for entry in entries:
        release(desk, entry, marks, context)
    if entries:
        seal(desk, Lane.LIVE)
        seal(desk, Lane.HISTORY)


class Met:
    """Held facts whose person was met before history has come to them: earlier facts of the person go before them."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._seqs: dict[Family, set[int]] = {family: set() for family in Family}

    def put(self, entries: Sequence[Entry]) -> None:
        """They wait until history comes to them."""
        for entry in entries:
            self._seqs[family_of(entry.fact.kind)].add(entry.fact.seq)

    def take(self, family: Family, *, until: int) -> list[Entry]:
        """Those of a phase that history has come to, as far as they still may go."""
        found = {seq for seq in self._seqs[family] if seq <= until}
        self._seqs[family] -= found
        return _may_go(self._desk, held_among(self._desk, found)) if found else []


class HeldLook:
    """Looks through what is held, for those who were identified meanwhile and those who have waited too long.

    Args:
        desk: the destination.
        met: takes those that history has not come to.
        room: waits while enough is prepared for sending.
    """

    def __init__(self, desk: Desk, met: Met, *, room: Callable[[], Awaitable[None]]) -> None:
        self._desk = desk
        self._met = met
        self._room = room
        self._looked_at: datetime | None = None
        self._asked_at: datetime | None = None

    async def look(self) -> None:
        """Look where it is time to."""
        now = self._desk.clock.now()
        if self._looked_at is None or abs(now - self._looked_at) >= LOOK_EVERY:
            self._looked_at = now
            await self._through(None)
            self._desk.held.were_looked_through = True
        if self._asked_at is None or abs(now - self._asked_at) >= DUE_EVERY:
            self._asked_at = now
            await self._through(now)

    async def _through(self, due_before: datetime | None) -> None:
        """Go through all that is held, or what has waited until then."""
        desk = self._desk
        after = 0
        while not desk.is_full and (
            page := desk.ledger.exemptions(
                desk.settings.name, dispositions=[Disposition.HELD], due_before=due_before, after=after, limit=PAGE
            )
        ):
            await self._room()
            entries = _may_go(desk, held_among(desk, [one.seq for one in page]))
            release_all(desk, [entry for entry in entries if self._is_passed(entry)])
            self._met.put([entry for entry in entries if not self._is_passed(entry)])
            await desk.books.flush()
            after = page[-1].seq

    def _is_passed(self, entry: Entry) -> bool:
        """Whether history has read all that is earlier and goes before: the phases up to the fact's own."""
        phase = family_of(entry.fact.kind)
        return all(
            self._desk.trails[stream].fetched >= entry.fact.seq
            for stream, family in HISTORY_STREAMS.items()
            if family <= phase
        )


def _may_go(desk: Desk, seqs: Sequence[int]) -> list[Entry]:
    """The held facts that need not wait any longer."""
    if not seqs:
        return []
    context = desk.context()
    profile, settings, acknowledged = desk.dialect.profile, desk.settings, desk.state.acknowledged
    closed = {family for family in Family if unacknowledged(profile, settings, acknowledged, family=family)}
    chosen: list[Entry] = []
    for entry in desk.ledger.entries_at(seqs):
        still = unidentified(entry, context)
        if still is not None and still.disposition is Disposition.HELD and entry.snapshot:
            continue
        is_old = still is None and lane_of(entry.fact, context) is Lane.HISTORY
        if is_old and family_of(entry.fact.kind) in closed:
            continue
        if desk.awaits_opt_outs and entry.fact.kind == Kind.CONSENT_CHANGED:
            continue
        chosen.append(entry)
    return chosen
