"""Picking up after a stop, a crash or another worker: what was on its way, and what is certain about it.

An attempt that was open may have arrived. On routes where a resend does no harm its facts are sent again under the
same ids; elsewhere they are read back or follow the destination's policy. Nothing is sent before the old request can
no longer be on its way, unless the platform would drop it as a repetition.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec

from orderwire.delivery.answers import await_answer
from orderwire.delivery.attempts import said_of
from orderwire.delivery.decide import lane_of, subject_key
from orderwire.delivery.desk import Desk
from orderwire.delivery.feeds import readmit, stream_of
from orderwire.delivery.outcome import Course, Fate, course_of, fate_in_doubt
from orderwire.delivery.parcels import Key, Said
from orderwire.dialects.contract import Lane, Resend
from orderwire.dialects.wire import Result
from orderwire.ledger.values import Attempt, AttemptState, Disposition, Entry, Exemption, Stream
from orderwire.model import family_of

PAGE = 1000


class Recovery:
    """Rebuilds a desk from the ledger before anything is sent."""

    def __init__(self, desk: Desk, *, settle_time: timedelta) -> None:
        self._desk = desk
        self._settle_time = settle_time
        self._said: dict[int, dict[int, Key]] = {}
        """What was taken of facts that have several items and are not complete."""
        self._pending: dict[int, Said] = {}
        self._begun: set[int] = set()
        """Pending facts of which something was taken."""
        self._tried: dict[int, int] = {}
        """The attempt that pending facts were last in."""
        self._quiet: set[int] = set()
        """Facts perhaps taken as history: a resend is harmless on the same route only, so history they stay."""

    def wait_until(self) -> datetime | None:
        """When the last request of a predecessor can no longer do harm by arriving; None when there is none.

        Where the platform deduplicates, it never does: its facts are sent again before anything later about the
        same, so that whatever arrives after that is dropped there.
        """
        name = self._desk.settings.name
        opened = [
            attempt.opened_at
            for attempt in self._desk.ledger.attempts(name, states=[AttemptState.OPEN])
            if not self._is_deduplicated(attempt)
        ]
        # Never longer than from now on, should the wall clock have gone back since.
        return min(max(opened), self._desk.clock.now()) + self._settle_time if opened else None

    async def run(self) -> None:
        """Settle what was open, find out what history must skip, and put pending facts on their way."""
        self._load_pending()
        self._remember_taken()
        self._settle_open()
        await self._desk.books.flush()
        self._load_pending()
        self._leave_to_feeds()
        self._skip_in_history()
        self._load_jobs()
        readmit(self._desk, self._pending, quiet=self._quiet)
        await self._desk.books.flush()

    def _is_deduplicated(self, attempt: Attempt) -> bool:
        route = self._desk.routes.get(attempt.route)
        return route is not None and route.resend is Resend.DEDUPLICATED

    def _remember_taken(self) -> None:
        desk = self._desk
        name = desk.settings.name
        lowest = desk.history_cursor
        first = min(lowest + 1, self._first_incomplete(), *self._begun, *self._tried)
        attempts = desk.ledger.attempts_beyond(name, first - 1)
        self._said, complete = said_of(attempts)
        told_quietly = {attempt.number for attempt in attempts if attempt.lane == Lane.HISTORY}
        self._quiet.update(seq for seq, number in self._tried.items() if number in told_quietly)
        desk.taken.update(seq for seq in complete if seq > lowest)

    def _first_incomplete(self) -> int:
        """The first fact of several items that an open attempt holds: its other items may lie behind the cursor."""
        desk = self._desk
        states = [AttemptState.OPEN, AttemptState.WAITING]
        return min(
            (
                member.seq
                for attempt in desk.ledger.attempts(desk.settings.name, states=states)
                for member in attempt.members
                if member.parts > 1
            ),
            default=desk.history_cursor + 1,
        )

    def _settle_open(self) -> None:
        desk = self._desk
        states = [AttemptState.OPEN, AttemptState.WAITING]
        for attempt in desk.ledger.attempts(desk.settings.name, states=states):
            route = desk.routes.get(attempt.route)
            if attempt.state is AttemptState.WAITING:
                self._end(attempt, AttemptState.FAILED, "never taken; to be sent anew")
                continue
            course = course_of(route, Result.UNKNOWN, len(attempt.members)) if route else Course.IN_DOUBT
            if course is Course.SAME_IDS:
                self._end(attempt, AttemptState.FAILED, "perhaps taken; sent again under the same ids")
            else:
                self._end(attempt, AttemptState.UNKNOWN, "interrupted; the outcome was never learned", in_doubt=True)

    def _end(self, attempt: Attempt, state: AttemptState, reason: str, *, in_doubt: bool = False) -> None:
        desk = self._desk
        now = desk.clock.now()
        desk.books.attempt(msgspec.structs.replace(attempt, state=state, reason=reason, settled_at=now))
        kinds = {entry.fact.seq: entry.fact.kind for entry in self._entries(attempt)} if in_doubt else {}
        if attempt.lane == Lane.HISTORY:
            self._quiet.update(member.seq for member in attempt.members)
        for member in attempt.members:
            fate = (
                fate_in_doubt(kinds.get(member.seq, "custom."), desk.settings.on_unknown) if in_doubt else Fate.RETRY
            )
            if in_doubt:
                desk.progress.in_doubt += 1
            desk.books.exempt(
                Exemption(
                    seq=member.seq,
                    disposition=Disposition.UNKNOWN if fate is Fate.ASK else Disposition.PENDING,
                    reason=reason,
                    attempt=attempt.number,
                    decided_at=now,
                    settings_version=desk.state.settings_version,
                    parts_done=tuple(sorted(self._said.get(member.seq, ()))),
                )
            )

    def _entries(self, attempt: Attempt) -> list[Entry]:
        return self._desk.ledger.entries_at([member.seq for member in attempt.members])

    def _load_pending(self) -> None:
        """Every exemption that waits is taken up again."""
        desk = self._desk
        after = 0
        while page := desk.ledger.exemptions(
            desk.settings.name, dispositions=[Disposition.PENDING], after=after, limit=PAGE
        ):
            self._pending.update((one.seq, self._said.get(one.seq, {})) for one in page)
            self._begun.update(one.seq for one in page if one.parts_done)
            self._tried.update((one.seq, one.attempt) for one in page if one.attempt is not None)
            after = page[-1].seq

    def _leave_to_feeds(self) -> None:
        """What no request ever held and a feed will read again: in its order, behind earlier facts of its subject."""
        desk = self._desk
        untried = [seq for seq in self._pending if seq not in self._tried and not self._said.get(seq)]
        context = desk.context()
        for entry in desk.ledger.entries_at(sorted(untried)):
            seq = entry.fact.seq
            stream = Stream.LIVE if lane_of(entry.fact, context) is Lane.LIVE else stream_of(entry.fact.kind)
            if seq > desk.trails[stream].cursor:
                del self._pending[seq]
                desk.left_pending.add(seq)

    def _skip_in_history(self) -> None:
        """What is beyond a history cursor and has a disposition already, history leaves alone."""
        desk = self._desk
        after = desk.history_cursor
        while page := desk.ledger.exemptions(desk.settings.name, after=after, limit=PAGE):
            desk.taken.update(one.seq for one in page if one.seq not in desk.left_pending)
            after = page[-1].seq
        for seq, said in self._said.items():
            if seq > desk.history_cursor:
                self._pending.setdefault(seq, said)
                desk.taken.add(seq)

    def _load_jobs(self) -> None:
        desk = self._desk
        for attempt in desk.ledger.attempts(desk.settings.name, with_job=True):
            facts = {entry.fact.seq: entry.fact for entry in self._entries(attempt)}
            failed = set(attempt.failed)
            taken = [member.seq for place, member in enumerate(attempt.members) if place not in failed]
            subjects = [subject_key(facts[seq]) for seq in taken if seq in facts]
            family = family_of(facts[min(facts)].kind) if facts else 0
            await_answer(desk, desk.routes.get(attempt.route), attempt, family, subjects)
