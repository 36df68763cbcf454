"""The stages of a stream: import once, then follow; or read everything again where nothing tells what changed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

from msgspec.structs import replace

from orderwire.sources.children import Row
from orderwire.sources.contract import Page
from orderwire.sources.mapping import SourceMapping
from orderwire.sources.positions import Position, cells, dump, load
from orderwire.sources.session import Session
from orderwire.sources.table_reader import Followed, TableReader


class Pace:
    """How far a pass may read, from the mapping's settings and the time it is read at."""

    def __init__(self, mapping: SourceMapping, now: datetime) -> None:
        self.now = now
        self.limit = mapping.page
        self.horizon = now.replace(microsecond=0) - timedelta(seconds=mapping.safety_lag)
        self.overlap = timedelta(seconds=mapping.overlap)
        self.reread_after = timedelta(seconds=mapping.reread_after)


def entity_pages(reader: TableReader, session: Session, position: bytes | None, pace: Pace) -> Iterator[Page]:
    """The pages of an entity's own stream."""
    known = load(position) or Position(began=pace.horizon)
    if reader.clock is None:
        yield from _full_pages(reader, session, known, pace)
        return
    if not known.is_imported:
        for page in _import_pages(reader, session, known, pace):
            known = load(page.position) or known
            yield page
    yield from _following(reader, session, known, pace)


def child_pages(
    reader: TableReader, path: str, session: Session, positions: Mapping[str, bytes], pace: Pace
) -> Iterator[Page]:
    """The pages of a child's own clock: parents whose child moved, once the parents are imported."""
    parent = load(positions.get(reader.entity.path))
    if parent is None or not parent.is_imported:
        return
    begin = Position(began=parent.began, is_imported=True, until=parent.began)
    yield from _following(reader, session, load(positions.get(path)) or begin, pace, path)


def _import_pages(reader: TableReader, session: Session, known: Position, pace: Pace) -> Iterator[Page]:
    stream = reader.entity.path
    hint: int | None = session.scalar(reader.relation.count(), place=stream)
    bounds = reader.clock.bounds(known.began, known.began) if reader.clock else None
    has_more = True
    while has_more:
        with session.moment():
            after = known.cursor[0] if known.after else None
            statement = reader.relation.by_id(after, pace.limit + 1, before=bounds[1] if bounds else None)
            rows, has_more = reader.whole_page(reader.rows(statement), pace.limit, key=(0,))
            if has_more:
                known = replace(known, after=cells(rows[-1][0]))
            else:
                known = replace(known, after=(), is_imported=True, until=known.began)
            page = reader.page(stream, rows, dump(known), is_import=True, began=known.began, total_hint=hint)
        yield page


def _full_pages(reader: TableReader, session: Session, known: Position, pace: Pace) -> Iterator[Page]:
    is_rested = known.read_at is not None and pace.now - known.read_at < pace.reread_after
    if is_rested and not known.after:
        return
    is_import, stream = not known.is_imported, reader.entity.path
    hint: int | None = session.scalar(reader.relation.count(), place=stream)
    has_more = True
    while has_more:
        with session.moment():
            after = known.cursor[0] if known.after else None
            statement = reader.relation.by_id(after, pace.limit + 1)
            rows, has_more = reader.whole_page(reader.rows(statement), pace.limit, key=(0,))
            if has_more:
                known = replace(known, after=cells(rows[-1][0]))
            else:
                known = replace(known, after=(), is_imported=True, until=known.began, read_at=pace.now)
            began = known.began if is_import else None
            page = reader.page(stream, rows, dump(known), is_import=is_import, began=began, total_hint=hint)
        yield page


def _following(
    reader: TableReader, session: Session, known: Position, pace: Pace, path: str | None = None
) -> Iterator[Page]:
    """Windows up to the horizon. A short window without any row is not worth a commit: the next one covers it."""
    followed = reader.followed(path)
    committed = known.until or known.began
    while (end := known.window_to or pace.horizon) > (known.until or known.began):
        for page in _window_pages(reader, followed, session, known, end, pace):
            known = load(page.position) or known
            is_empty = not page.records and not page.problems
            if is_empty and end - committed < pace.overlap / 2:
                continue
            committed = known.until or committed
            yield page


def _window_pages(
    reader: TableReader, followed: Followed, session: Session, known: Position, end: datetime, pace: Pace
) -> Iterator[Page]:
    bounds = followed.clock.bounds((known.until or known.began) - pace.overlap, end)
    has_more = True
    while has_more:
        with session.moment():
            rows: list[Row] = []
            if bounds is not None:
                statement = followed.relation.by_clock(*bounds, known.cursor, pace.limit + 1)
                rows = list(session.rows(statement, place=followed.path))
            rows, has_more = reader.whole_page(
                rows, pace.limit, key=(followed.clock_at, followed.id_at), path=followed.path
            )
            if has_more:
                known = replace(
                    known, window_to=end, after=cells(rows[-1][followed.clock_at], rows[-1][followed.id_at])
                )
            else:
                known = replace(known, window_to=None, after=(), until=end)
            page = reader.page(followed.path, reader.parents_of(rows) if followed.is_child else rows, dump(known))
        yield page
