"""What is alarming at a moment: every finding with what it is about and what to do. Nothing of it names a person."""

from __future__ import annotations

import shutil
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from msgspec import Struct

from orderwire.app import refusals
from orderwire.app.alarms.settings import AlarmKind
from orderwire.app.alarms.silence import WEEKS, silence_of
from orderwire.app.bootstrap import Shop
from orderwire.app.talk import counted
from orderwire.dialects.contract import Lane
from orderwire.ledger import HourOfOrders
from orderwire.ledger.values import AttemptState, DestinationState, Disposition, Stream

AHEAD = timedelta(days=90)
"""How long before a platform retires an interface it is told."""
KEY_REFUSED = "the key is refused"
"""What the reason of a pause begins with when the platform took the key no more."""
_PAGE = 1_000
_LATELY, _WHOLE = timedelta(hours=26), timedelta(hours=1)
"""The hours that are asked for at each look, and how long the others count as known."""


class Alarm(Struct, frozen=True, kw_only=True):
    """Something that needs somebody. `about` is the name of a source or destination, or `ledger`."""

    alarm: AlarmKind
    about: str
    text: str
    remedy: str

    @property
    def name(self) -> str:
        """What tells it from the others."""
        return f"{self.alarm}:{self.about}"


class Lookout:
    """Looks at a shop again and again; the hours of the weeks before are asked for once and then kept up to date."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        self._hours: dict[tuple[str, int], HourOfOrders] = {}
        self._whole_at: datetime | None = None

    def look(self, now: datetime) -> list[Alarm]:
        """Everything alarming now that is not muted, in the order of the kinds."""
        settings = self._shop.settings.alarms
        found = [*self._silences(now), *self._of_destinations(now), *self._refused(), *self._disk()]
        order = list(AlarmKind)
        wanted = [one for one in found if not settings.is_muted(one.alarm, one.about)]
        return sorted(wanted, key=lambda one: (order.index(one.alarm), one.about))

    def _silences(self, now: datetime) -> Iterator[Alarm]:
        self._update_hours(now)
        by_source: dict[str, list[HourOfOrders]] = defaultdict(list)
        for hour in self._hours.values():
            by_source[hour.source].append(hour)
        for source in self._telling():
            silence = silence_of(by_source.get(source, ()), now)
            if silence is not None and silence.is_alarming:
                yield Alarm(
                    alarm=AlarmKind.SILENCE,
                    about=source,
                    text=f"no order of {source} was placed since {silence.since:%Y-%m-%d %H:%M} UTC, when usually "
                    f"about {silence.expected:.0f} are",
                    remedy="Is the shop up, does its checkout work, and do its orders reach Orderwire?",
                )

    def _telling(self) -> list[str]:
        """The sources that orders are expected of: those configured, and those of keys that open."""
        keys = (key.source for key in self._shop.ledger.access_keys() if key.revoked_at is None)
        return sorted({*self._shop.settings.sources, *keys})

    def _update_hours(self, now: datetime) -> None:
        """Ask for the last hours again at each look, and for all of them now and then: orders also come late."""
        is_whole = self._whole_at is None or not timedelta() <= now - self._whole_at < _WHOLE
        since = now - (timedelta(weeks=WEEKS) if is_whole else _LATELY)
        if is_whole:
            self._hours.clear()
            self._whole_at = now
        for one in self._shop.ledger.placed_by_hour(since.replace(minute=0, second=0, microsecond=0), now):
            self._hours[one.source, one.hour] = one

    def _of_destinations(self, now: datetime) -> Iterator[Alarm]:
        for name in self._shop.settings.destinations:
            state = self._shop.ledger.destination(name)
            if state is not None:
                yield from self._paused(name, state)
                if not state.paused_reason:
                    yield from self._backlog(name, now)
                yield from self._dead(name)
            yield from self._retiring(name, now)

    def _paused(self, name: str, state: DestinationState) -> Iterator[Alarm]:
        if not state.paused_reason:
            return
        is_key = state.paused_reason.startswith(KEY_REFUSED)
        reference = self._shop.settings.destinations[name].key_reference
        put = f"Put a key that is taken into {reference}, then: " if is_key else ""
        yield Alarm(
            alarm=AlarmKind.KEY_REFUSED if is_key else AlarmKind.PAUSED,
            about=name,
            text=f"{name} is paused{': ' + KEY_REFUSED if is_key else ''}",
            remedy=f"{put}orderwire destination resume {name}",
        )

    def _backlog(self, name: str, now: datetime) -> Iterator[Alarm]:
        since = self._waiting_since(name)
        if since is None or now - since <= self._shop.settings.alarms.backlog_after:
            return
        yield Alarm(
            alarm=AlarmKind.BACKLOG,
            about=name,
            text=f"news waits for {name} since {since:%Y-%m-%d %H:%M} UTC",
            remedy="orderwire status tells what keeps it, and which command makes it go on",
        )

    def _waiting_since(self, name: str) -> datetime | None:
        """When the oldest news was recorded that is not settled at a destination."""
        ledger = self._shop.ledger
        unread = ledger.entries(ledger.cursors(name)[Stream.LIVE], limit=1, only_observed=True)
        under_way = ledger.attempts(name, states=[AttemptState.OPEN, AttemptState.WAITING])
        tried = {one.members[0].seq for one in under_way if one.lane == Lane.LIVE and one.members}
        again = ledger.exemptions(name, dispositions=[Disposition.PENDING], limit=_PAGE)
        waiting = [*unread, *ledger.entries_at(sorted(tried | {one.seq for one in again}))]
        return min((one.fact.recorded_at for one in waiting if not one.fact.is_imported), default=None)

    def _dead(self, name: str) -> Iterator[Alarm]:
        count = after = 0
        given_up = (Disposition.DEAD, Disposition.UNKNOWN)
        while page := self._shop.ledger.exemptions(name, dispositions=given_up, after=after, limit=_PAGE):
            count, after = count + len(page), page[-1].seq
        if count:
            yield Alarm(
                alarm=AlarmKind.DEAD_LETTERS,
                about=name,
                text=f"{counted(count, 'fact')} were given up at {name}, or nobody knows what became of them",
                remedy=f"orderwire dead-letter list {name}",
            )

    def _retiring(self, name: str, now: datetime) -> Iterator[Alarm]:
        profile = self._shop.dialect(name).profile
        day = profile.retires_on
        if day is None or now.date() < day - AHEAD:
            return
        yield Alarm(
            alarm=AlarmKind.REVISION,
            about=name,
            text=f"{profile.title} retires revision {profile.revision}, which {name} speaks, on {day}",
            remedy="Install a newer Orderwire before that day.",
        )

    def _refused(self) -> Iterator[Alarm]:
        for one in refusals.sources(self._shop):
            if one.refused:
                yield Alarm(
                    alarm=AlarmKind.REFUSED_RECORDS,
                    about=one.source,
                    text=f"{counted(one.refused, 'record')} of {one.source} could not be understood",
                    remedy=f"orderwire source refused {one.source}",
                )

    def _disk(self) -> Iterator[Alarm]:
        place = self._shop.settings.ledger
        if "://" in place:
            return
        free = shutil.disk_usage(Path(place).parent).free
        if free < self._shop.settings.alarms.disk_below:
            yield Alarm(
                alarm=AlarmKind.DISK,
                about="ledger",
                text=f"{free / 1e9:.1f} GB are free on the disk of the ledger",
                remedy="Make room: when it is full nothing is taken in, and nothing is lost.",
            )


def look(shop: Shop) -> list[Alarm]:
    """Everything alarming now."""
    return Lookout(shop).look(datetime.now(UTC))
