"""A shop's API as a source: which stretch of which stream is read next, and what is committed with each piece."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import TypeVar

from msgspec.structs import replace

from orderwire.dialects.connector import MISMATCH, Connector, Found, Pace, Piece, Sight, Stream, Stretch
from orderwire.dialects.connector_registry import connector
from orderwire.dialects.doorway import Unread
from orderwire.errors import InvalidRecord, NotFound, Unavailable
from orderwire.model import Cart, Order
from orderwire.sources.api.access import access_of
from orderwire.sources.api.calling import Caller, Clock, SystemClock, TransportCaller
from orderwire.sources.api.line import AskForLess, Line, Resting
from orderwire.sources.api.settings import ApiSettings
from orderwire.sources.api.standing import Standing, dump, load
from orderwire.sources.contract import Decoded, Page, Undecoded
from orderwire.sources.mapping import SourceMapping

T = TypeVar("T")
DERIVED = "consents"
"""What people's records may say besides: kept and read again by itself."""


class ApiSource:
    """A shop read through its connector. Belongs to one thread."""

    def __init__(
        self,
        mapping: SourceMapping,
        *,
        environment: Mapping[str, str] | None = None,
        caller: Caller | None = None,
        clock: Clock | None = None,
    ) -> None:
        if mapping.api is None:
            raise TypeError("a source of this kind needs the settings of its API")
        self._settings: ApiSettings = mapping.api
        self._name = mapping.name
        self._connector: Connector = connector(self._settings.connector)
        self._access = access_of(self._settings, mapping.name, environment)
        self._clock = clock or SystemClock()
        self._line = Line(
            self._connector,
            self._access,
            caller or TransportCaller(),
            self._clock,
            per_second=self._settings.per_second,
        )
        self._read = tuple(stream for stream in self._connector.profile.streams if self._is_wanted(stream))
        self._limits: dict[str, int] = {}
        """How much of each stream to ask for at once, after failures."""
        self._most: dict[str, int] = {}
        """The same where the shop itself said that more is too much."""

    @property
    def name(self) -> str:
        """The name in the settings."""
        return self._name

    @property
    def streams(self) -> tuple[str, ...]:
        """The streams in the order they are read."""
        return tuple(stream.name for stream in self._read)

    def pages(self, positions: Mapping[str, bytes], *, now: datetime) -> Iterator[Page]:
        """Everything since these positions up to `now` less the safety lag; ends when caught up.

        Raises:
            ConfigError: the shop refuses us, or is none.
            Unavailable: no useful answer came.
        """
        reached = {name: standing for name, position in positions.items() if (standing := load(position))}
        if any(one.rest_until is not None and one.rest_until > now for one in reached.values()):
            return
        began = self._clock.tick()
        for stream in self._read:
            try:
                for page in self._pass(stream, reached, now):
                    reached[stream.name] = load(page.position) or reached[stream.name]
                    yield page
            except Resting as rest:
                passed = timedelta(seconds=self._clock.tick() - began + rest.seconds)
                standing = reached.get(stream.name) or self._first(now)
                yield self._page(stream, Piece(), replace(standing, rest_until=now + passed), is_import=False)
                return

    def reread(self, stream: str, raw: bytes) -> Decoded:
        """Read a kept record again, whichever way it came.

        Raises:
            NotFound: this source has no such stream any more.
            InvalidRecord: it cannot be understood.
        """
        noun = stream.partition(".")[0]
        if noun not in (*(one.noun for one in self._read), DERIVED):
            raise NotFound(f"source.{self.name} has no stream {stream!r}; there are: {', '.join(self.streams)}")
        return _decoded(self._connector.reread(noun, raw, self._access))

    def look(self) -> Sight:
        """Look at the shop without reading it.

        Raises:
            ConfigError: the shop refuses us, or is none.
            Unavailable: no useful answer came.
        """
        return self._as_much_as_goes("", 1, lambda _limit: self._line.run(self._connector.look(self._access)))

    def sample(self, stream: str, *, count: int, now: datetime) -> Page:
        """The first things of a stream, as a page of which nothing is to be committed.

        Raises:
            NotFound: there is no such stream.
        """
        found = next((one for one in self._read if one.name == stream), None)
        if found is None or found.name != found.noun:
            nouns = ", ".join(one.name for one in self._read if one.name == one.noun)
            raise NotFound(f"source.{self.name} has no {stream!r}; there are: {nouns}")
        stretch = Stretch(stream=stream, since=None, until=now)
        most = min(count, self._settings.page or found.page)
        piece = self._as_much_as_goes(stream, most, partial(self._piece, stretch))
        return self._page(found, piece, self._first(now), is_import=True)

    def close(self) -> None:
        """Close the connections."""
        self._line.close()

    def _is_wanted(self, stream: Stream) -> bool:
        if stream.option and not self._access.flag(stream.option):
            return False
        return not self._settings.streams or stream.noun in self._settings.streams

    def _first(self, now: datetime) -> Standing:
        return Standing(began=now.replace(microsecond=0) - timedelta(seconds=self._settings.safety_lag))

    def _pass(self, stream: Stream, reached: Mapping[str, Standing], now: datetime) -> Iterator[Page]:
        standing = reached.get(stream.name)
        if stream.name != stream.noun:
            parent = reached.get(stream.noun)
            if parent is None or not parent.is_imported:
                return
            standing = standing or Standing(
                began=parent.began, is_imported=True, until=parent.began, read_at=parent.began
            )
        standing = standing or self._first(now)
        if stream.pace is not Pace.CHANGED:
            yield from self._again(stream, standing, now)
            return
        if not standing.is_imported:
            for page in self._stretch(stream, standing, None, standing.began):
                standing = load(page.position) or standing
                yield page
        yield from self._following(stream, standing, now)

    def _again(self, stream: Stream, standing: Standing, now: datetime) -> Iterator[Page]:
        """Everything, or everything lately begun, unless it was read a little while ago."""
        is_rested = standing.read_at is not None and now - standing.read_at < timedelta(
            seconds=self._settings.reread_after
        )
        if is_rested and not standing.cursor:
            return
        to = standing.to or now.replace(microsecond=0)
        days = timedelta(days=self._connector.profile.horizon)
        yield from self._stretch(stream, standing, to - days if stream.pace is Pace.BEGAN else None, to)

    def _following(self, stream: Stream, standing: Standing, now: datetime) -> Iterator[Page]:
        """What changed since. A short window with nothing in it is not worth a commit: the next one covers it."""
        before = standing.until or standing.began
        to = standing.to or self._first(now).began
        if to <= before:
            return
        overlap = timedelta(seconds=self._settings.overlap)
        news_from = before if stream.name == stream.noun else None
        for page in self._stretch(stream, standing, before - overlap, to, news_from=news_from):
            is_empty = not page.records and not page.problems
            if is_empty and not standing.cursor and standing.rest_until is None and to - before < overlap / 2:
                continue
            yield page

    def _stretch(
        self,
        stream: Stream,
        standing: Standing,
        since: datetime | None,
        to: datetime,
        *,
        news_from: datetime | None = None,
    ) -> Iterator[Page]:
        is_import = not standing.is_imported
        is_first_of_changes = is_import and stream.pace is Pace.CHANGED
        cursor: str | None = standing.cursor
        while cursor is not None:
            stretch = Stretch(
                stream=stream.name,
                since=since,
                until=to,
                cursor=cursor,
                is_import=is_import,
                news_from=news_from,
            )
            most = self._settings.page or stream.page
            piece = self._as_much_as_goes(stream.name, most, partial(self._piece, stretch))
            cursor = piece.cursor
            if is_first_of_changes:
                piece = _without_news(piece, standing.began)
            standing = replace(standing, cursor=cursor or "", to=to, rest_until=None)
            if cursor is None:
                standing = replace(standing, is_imported=True, until=to, to=None, read_at=to)
            yield self._page(stream, piece, standing, is_import=is_import)

    def _piece(self, stretch: Stretch, limit: int) -> Piece:
        return self._line.run(self._connector.read(replace(stretch, limit=limit), self._access))

    def _as_much_as_goes(self, stream: str, most: int, ask: Callable[[int], T]) -> T:
        """Ask for as much as the shop can give at once: half of it where it is too much, more again afterwards."""
        most = min(self._most.get(stream, most), most)
        limit = min(self._limits.get(stream, most), most)
        while True:
            try:
                answer = ask(limit)
            except AskForLess as error:
                if limit == 1 and error.is_too_much:
                    raise Unavailable("read", may_have_arrived=True, peer=self._line.place) from error
                limit = max(1, limit // 2)
                self._limits[stream] = limit
                if error.is_too_much:
                    most = self._most[stream] = limit
            else:
                self._limits[stream] = min(most, limit * 2)
                return answer

    def _page(self, stream: Stream, piece: Piece, standing: Standing, *, is_import: bool) -> Page:
        records = tuple(_decoded(one) for one in piece.found)
        return Page(
            stream=stream.name,
            records=records,
            problems=tuple(_undecoded(one, self.name) for one in piece.unread),
            position=dump(standing),
            is_import=is_import,
            mismatch_count=sum(
                isinstance(one.record, Order | Cart) and MISMATCH in one.record.properties for one in records
            ),
            total_hint=piece.total,
        )


def _without_news(piece: Piece, began: datetime) -> Piece:
    """The piece without what changed after the import began: following reads that, and tells it as news."""
    return replace(piece, found=tuple(one for one in piece.found if one.changed_at is None or one.changed_at < began))


def _decoded(found: Found) -> Decoded:
    return Decoded(record=found.record, raw=found.raw, key=found.key)


def _undecoded(unread: Unread, source: str) -> Undecoded:
    reason = InvalidRecord(source, unread.place, unread.problem, unread.remedy)
    return Undecoded(reason=reason, raw=unread.raw, key=unread.key)
