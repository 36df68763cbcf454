"""Feeding a desk from the log: news first, history in phases, second tries when they are due."""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Collection, Mapping, Sequence

from orderwire.delivery.decide import Context, lane_of, subject_key
from orderwire.delivery.desk import HISTORY_STREAMS, Desk
from orderwire.delivery.firing import unacknowledged
from orderwire.delivery.parcels import Said
from orderwire.delivery.renewal import reconsider, renew_outdated
from orderwire.delivery.strangers import HeldLook, Met, identified_by, release, release_all
from orderwire.delivery.traffic import admit, go, represent, seal, seal_stragglers
from orderwire.dialects.contract import Lane
from orderwire.ledger.values import Entry, Mark, Stream
from orderwire.model import Family, Kind, family_of, kind_of

CHUNK = 1_000
"""Facts read at a time: some tens of milliseconds of work between two looks at the network."""
MOST_WAITING = 5_000
"""Facts in line behind unfinished ones before history stops reading."""
WORTH_A_PASS = 10_000
"""New facts for which another pass through the phases begins while sources are still read: its last parcels go
unfilled."""
MOST_AWAITING = 10_000
"""Facts whose next item waits for a later answer before history stops reading."""
MOST_KEPT = 500_000
"""Subjects about which later answers are awaited before history stops reading."""
SHORTEST_PAUSE = 0.005
"""Real seconds until history looks again whether it may go on; where that takes long, it looks less often."""
PARCELS_AHEAD = 3
"""Sealed history parcels of one budget that may wait for a permit."""
POLL = 0.1
"""Real seconds between looks at the log, at most."""
MOST_AWAITED = 2.0
"""Real seconds for which a pass that has come to its barrier waits for more of the same to be read."""
SOON, SLACKENING = 0.02, 1.2
"""Real seconds to the next look when something has just come, and by how much each look in vain makes them longer:
news come together, and one look costs a question to the store."""


class LiveFeed:
    """Follows the log for what happens now, and pulls a person's unsent history forward before their news.

    One that is looking only stops before the first news, so that history may go up to there and no further.
    """

    def __init__(self, desk: Desk, *, is_looking_only: bool = False) -> None:
        self._desk = desk
        self._is_looking_only = is_looking_only
        self.is_at_news = False
        """Whether it only looks and has found news."""
        self._trail = desk.trails[Stream.LIVE]

    async def run(self) -> None:
        """Follow until cancelled."""
        pause = POLL
        while True:
            before = self._trail.fetched
            if not self.step():
                pause = SOON if self._trail.fetched > before else min(pause * SLACKENING, POLL)
                await asyncio.sleep(pause)
            await self._desk.books.flush()

    def step(self) -> bool:
        """Read one chunk; False when there is no more for now."""
        desk = self._desk
        head = desk.ledger.head()
        desk.progress.head = head
        if head == self._trail.fetched:
            return False
        entries = desk.ledger.entries(self._trail.fetched, limit=CHUNK, until=head, only_observed=True)
        context = desk.context()
        news = [
            entry
            for entry in entries
            if entry.fact.seq not in desk.taken
            and entry.fact.seq not in desk.passages
            and lane_of(entry.fact, context) is Lane.LIVE
        ]
        if news and self._is_looking_only:
            self._trail.reached(news[0].fact.seq - 1)
            self.is_at_news = True
            return False
        if news:
            history = unsent_before(desk, news)
            pulled = {entry.fact.seq for entry in history}
            released = identified_by(desk, news)
            let_go = {entry.fact.seq for entry in released}
            marks = desk.marks_of([*history, *released, *news])
            for entry in sorted([*history, *released, *news], key=lambda one: one.fact.seq):
                if desk.is_full:
                    self._trail.reached(entry.fact.seq - 1)
                    seal(desk, Lane.LIVE)
                    return False
                if entry.fact.seq in let_go:
                    release(desk, entry, marks, context, is_urgent=True)
                    continue
                if self._is_beyond_history(entry):
                    desk.taken.add(entry.fact.seq)
                if entry.fact.seq in pulled:
                    go_before(desk, entry, marks, context)
                elif entry.fact.kind == Kind.PERSON_FORGOTTEN:
                    self._trail.begin(entry.fact.seq)
                    desk.to_forget.append(entry)
                elif passage := admit(desk, entry, marks, context, (self._trail,)):
                    go(desk, passage)
            seal(desk, Lane.LIVE)
        self._trail.reached(entries[-1].fact.seq if len(entries) == CHUNK else head)
        return len(entries) == CHUNK

    def _is_beyond_history(self, entry: Entry) -> bool:
        return entry.fact.seq > self._desk.trails[stream_of(entry.fact.kind)].fetched


class HistoryFeed:
    """Reads history phase by phase: people, products, activity, each begun when the one before is finished.

    While sources are still read (`all_read` is not set), a pass goes on as long as only activity comes, and another
    one waits until there is enough for it.
    """

    def __init__(self, desk: Desk, *, all_read: asyncio.Event | None = None) -> None:
        self._desk = desk
        self._all_read = all_read
        self._is_first = True
        self._met = Met(desk)
        self._look = HeldLook(desk, self._met, room=self._room)

    async def run(self) -> None:
        """Follow until cancelled."""
        while True:
            await self._look.look()
            if not await self._pass():
                await asyncio.sleep(POLL)

    async def _pass(self) -> bool:
        """One pass up to a barrier; False when there was nothing new."""
        desk = self._desk
        if desk.is_full:
            seal_stragglers(desk)
            return False
        barrier = desk.state.history_barrier
        if all(desk.trails[stream].fetched >= barrier for stream in HISTORY_STREAMS):
            barrier = min(desk.ledger.head(), desk.trails[Stream.LIVE].fetched)
            if barrier < desk.state.history_barrier + self._least:
                return False
            desk.remember(history_barrier=barrier)
        self._is_first = False
        for stream, family in HISTORY_STREAMS.items():
            if routes := unacknowledged_routes(desk, family):
                desk.progress.blocked = f"acknowledge {', '.join(routes)} first"
                return False
            await self._phase(stream, family)
        return True

    @property
    def _is_all_read(self) -> bool:
        return self._all_read is None or self._all_read.is_set()

    @property
    def _least(self) -> int:
        """How many new facts are worth a pass."""
        return 1 if self._is_all_read or self._is_first else WORTH_A_PASS

    async def _phase(self, stream: Stream, family: Family) -> None:
        desk = self._desk
        trail = desk.trails[stream]
        desk.progress.phase = stream.value
        desk.is_filling = True
        release_all(desk, self._met.take(family, until=trail.fetched))
        while not desk.is_full and trail.fetched < await self._barrier(family):
            await self._room()
            barrier = desk.state.history_barrier
            entries = desk.ledger.entries(trail.fetched, limit=CHUNK, until=barrier, family=family)
            last = entries[-1].fact.seq if len(entries) == CHUNK else barrier
            trail.reached(self._feed(entries, stream, last=last))
            desk.progress.reached = desk.history_cursor
            desk.books.flush_soon()
        desk.is_filling = False
        pause = SHORTEST_PAUSE
        while self._is_unfinished(family):
            seal_stragglers(desk)
            await asyncio.sleep(pause)
            pause = min(pause * SLACKENING, POLL / 2)
        desk.progress.reached = desk.history_cursor
        await desk.books.flush()

    async def _barrier(self, family: Family) -> int:
        """How far the pass goes: while sources are read, its last phase takes along what comes for no other phase."""
        desk = self._desk
        barrier = desk.state.history_barrier
        clock = asyncio.get_running_loop()
        until = clock.time() + MOST_AWAITED
        while family is Family.ACTIVITY and not self._is_all_read and desk.trails[Stream.ACTIVITY].fetched == barrier:
            head = min(desk.ledger.head(), desk.trails[Stream.LIVE].fetched)
            if head == barrier and clock.time() < until:
                await asyncio.sleep(SOON)
                continue
            if head == barrier or self._has_others(barrier, head):
                break
            for stream in HISTORY_STREAMS:
                if stream is not Stream.ACTIVITY:
                    desk.trails[stream].reached(head)
            desk.remember(history_barrier=head)
            barrier = head
        return barrier

    def _has_others(self, after: int, until: int) -> bool:
        """Whether the log tells of people or products there."""
        families = (family for family in Family if family is not Family.ACTIVITY)
        return any(self._desk.ledger.entries(after, limit=1, until=until, family=family) for family in families)

    def _feed(self, entries: Sequence[Entry], stream: Stream, *, last: int) -> int:
        """Admit what was read; returns how far that is: up to `last`, or to where the desk became full."""
        desk = self._desk
        trail = desk.trails[stream]
        released = self._released(entries, HISTORY_STREAMS[stream], last)
        let_go = {entry.fact.seq for entry in released}
        others = [entry for entry in entries if entry.fact.seq not in let_go] if released else entries
        both = sorted([*released, *others], key=lambda one: one.fact.seq) if released else entries
        marks = desk.marks_of(both)
        context = desk.context()
        for entry in both:
            seq = entry.fact.seq
            if desk.is_full:
                return max(trail.fetched, seq - 1)
            if seq in let_go:
                desk.taken.discard(seq)
                release(desk, entry, marks, context)
                continue
            passage = desk.passages.get(seq)
            if passage is not None:
                desk.taken.discard(seq)
                if not passage.is_intended:
                    trail.begin(seq)
                    passage.trails.append(trail)
            elif seq in desk.taken:
                desk.taken.discard(seq)
            elif fresh := admit(desk, entry, marks, context, (trail,), quietly=not desk.is_loud):
                go(desk, fresh)
        return last

    def _released(self, entries: Sequence[Entry], family: Family, last: int) -> list[Entry]:
        """What was held of the people in these entries, or is met up to here; that of a later phase waits for it."""
        found = identified_by(self._desk, entries)
        self._met.put([entry for entry in found if family_of(entry.fact.kind) > family])
        now = {entry.fact.seq: entry for entry in found if family_of(entry.fact.kind) <= family}
        now.update((entry.fact.seq, entry) for entry in self._met.take(family, until=last))
        return list(now.values())

    async def _room(self) -> None:
        """Wait while enough is prepared: what waits long would have to be asked again."""
        desk = self._desk
        was_filling = desk.is_filling
        pause = SHORTEST_PAUSE
        while self._stands_still or any(queue.count(Lane.HISTORY) >= PARCELS_AHEAD for queue in desk.queues.values()):
            desk.progress.waiting = desk.holds.waiting_count
            # Reading history holds back the questions about jobs; those that it waits for itself it must not.
            desk.is_filling = was_filling and not self._stands_still
            seal_stragglers(desk)
            await asyncio.sleep(pause)
            pause = min(pause * SLACKENING, POLL / 2)
        desk.is_filling = was_filling
        await asyncio.sleep(0)

    @property
    def _stands_still(self) -> bool:
        """Whether so much waits for what is unfinished or unanswered that nothing more is read."""
        desk = self._desk
        return (
            desk.holds.waiting_count >= MOST_WAITING
            or len(desk.awaiting) >= MOST_AWAITING
            or desk.holds.kept_count >= MOST_KEPT
        )

    def _is_unfinished(self, family: Family) -> bool:
        desk = self._desk
        if any(job.family == family for job in desk.jobs.values()):
            return True
        return any(passage.family == family for passage in desk.passages.values())


class DueFeed:
    """Puts parked facts on their way again when their time has come."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def run(self) -> None:
        """Follow until cancelled."""
        desk = self._desk
        while True:
            now = desk.clock.tick()
            due: list[int] = []
            while desk.parked and desk.parked[0][0] <= now:
                _, seq = heapq.heappop(desk.parked)
                if seq in desk.passages:
                    due.append(seq)
            renew_outdated(desk)
            if not desk.is_filling:
                seal_stragglers(desk)
            if due:
                reconsider(desk, due)
                await desk.books.flush()
            wait = desk.parked[0][0] - now if desk.parked else POLL
            await asyncio.sleep(min(max(wait, 0.005), POLL))


def readmit(desk: Desk, said: Mapping[int, Said], *, apart: bool = False, quiet: Collection[int] = ()) -> None:
    """Put facts on their way whose disposition was pending in the ledger, news behind unsent history of theirs.

    `said` tells for each of them what was taken already. `apart` keeps their parcels from being joined with others.
    `quiet` are those that are history whatever their age.
    """
    pending = desk.ledger.entries_at(sorted(said))
    context = desk.context()
    news = [one for one in pending if one.fact.seq not in quiet and lane_of(one.fact, context) is Lane.LIVE]
    read = desk.trails[Stream.LIVE].fetched
    earlier = [one for one in unsent_before(desk, news) if one.fact.seq <= read]
    entries = sorted([*pending, *earlier], key=lambda one: one.fact.seq)
    marks = desk.marks_of(entries)
    for entry in entries:
        seq = entry.fact.seq
        if desk.is_full and seq not in desk.passages:
            continue
        if seq not in said:
            desk.taken.add(seq)
            go_before(desk, entry, marks, context)
        elif passage := admit(desk, entry, marks, context, (), quietly=seq in quiet):
            passage.has_exemption = True
            passage.resume(said[seq])
            represent(desk, passage)
            go(desk, passage)
    seal(desk, Lane.LIVE, apart=apart)
    seal(desk, Lane.HISTORY, apart=apart)


def unsent_before(desk: Desk, later: Sequence[Entry]) -> list[Entry]:
    """Law 5: history of the same people and things that these take along, because history has not come to it."""
    if not later:
        return []
    chosen = {entry.fact.seq for entry in later}
    first, last = min(chosen), max(chosen)
    has_others_between = last - first >= len(chosen)
    if not has_others_between and all(desk.trails[stream].fetched >= first - 1 for stream in HISTORY_STREAMS):
        return []
    persons = sorted({entry.person.person for entry in later if entry.person})
    subjects = sorted({subject_key(entry.fact) for entry in later})
    found = desk.ledger.earlier_of(persons=persons, subjects=subjects, before=last)
    pending = [
        seq
        for seq, family in found
        if seq not in chosen
        and seq not in desk.taken
        and seq not in desk.passages
        and seq > desk.trails[_STREAM_BY_FAMILY[family]].fetched
        and not unacknowledged_routes(desk, family)
    ]
    # Law 8: an old permission waits for the history proper until the platform's own opt-outs were read.
    return [
        entry
        for entry in desk.ledger.entries_at(pending)
        if not desk.awaits_opt_outs or entry.fact.kind != Kind.CONSENT_CHANGED
    ]


def go_before(desk: Desk, entry: Entry, marks: Mapping[str, Mark], context: Context) -> None:
    """Put history on its way that later facts take along, quietly; they wait for it."""
    if passage := admit(desk, entry, marks, context, (), quietly=True):
        passage.is_urgent = True
        go(desk, passage)


def unacknowledged_routes(desk: Desk, family: Family) -> tuple[str, ...]:
    """Routes of this family whose history may fire automations and waits for the user's acknowledgement."""
    return unacknowledged(desk.dialect.profile, desk.settings, desk.state.acknowledged, family=family)


def stream_of(kind: str) -> Stream:
    """The phase of history that a kind belongs to."""
    return _STREAM_BY_FAMILY[family_of(kind_of(kind).value)]


_STREAM_BY_FAMILY = {family: stream for stream, family in HISTORY_STREAMS.items()}
