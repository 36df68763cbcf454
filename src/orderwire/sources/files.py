"""Files as a source: a folder of exports, read in the order of their names, each from where the last pass stopped.

A file whose size or time has changed is read again from its beginning; the ledger appends only what is new.
The rows of one order must stand next to each other where its lines are rows (`lines.rows = true`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path

import msgspec
from msgspec import Struct

from orderwire.errors import ConfigError, InvalidRecord, NotFound
from orderwire.sources.contract import Decoded, Page, Undecoded
from orderwire.sources.decode import MISFITS, text
from orderwire.sources.faults import did_you_mean
from orderwire.sources.fields import ENTITIES
from orderwire.sources.file_rows import DAMAGES, BadRow, MissingColumn, Row, UnknownFormat, members, rows_of
from orderwire.sources.mapping import Entity, SourceMapping
from orderwire.sources.records import RecordReader
from orderwire.sources.table_reader import mismatches

_KEYS_REMEMBERED = 50_000
"""How many orders back a row is noticed that should have stood with them."""


class FileMark(Struct, frozen=True, array_like=True):
    """How far one file has been read, and what it looked like then."""

    size: int
    changed_ns: int
    rows: int = 0
    is_done: bool = False


class FilesPosition(Struct, frozen=True, kw_only=True):
    """Our position in the files of one entity, by relative path (and `!member` inside a zip)."""

    is_imported: bool = False
    files: Mapping[str, FileMark] = {}


class Taken(Struct, kw_only=True):
    """What has been read since the last page."""

    records: list[Decoded]
    problems: list[Undecoded]


class FilesSource:
    """A folder of exports read through a mapping. Belongs to one thread."""

    def __init__(self, mapping: SourceMapping) -> None:
        self._mapping = mapping
        self._folder = Path(mapping.folder)
        self._place = f"source.{mapping.name}"
        if not self._folder.is_dir():
            raise ConfigError(f"{self._place}.folder", "is not a folder.", "Check the path.")
        self._readers = {
            path: EntityFiles(mapping, mapping.entities[path], self._folder)
            for path in ENTITIES
            if path in mapping.entities
        }

    @property
    def name(self) -> str:
        """The name in the settings."""
        return self._mapping.name

    @property
    def streams(self) -> tuple[str, ...]:
        """The streams in the order they are read."""
        return tuple(self._readers)

    def pages(self, positions: Mapping[str, bytes], *, now: datetime) -> Iterator[Page]:  # noqa: ARG002
        """Everything in files that are new or have changed since these positions.

        Raises:
            ConfigError: a file lacks a mapped column, or has no known format.
        """
        for path, reader in self._readers.items():
            yield from reader.pages(positions.get(path))

    def reread(self, stream: str, raw: bytes) -> Decoded:
        """Read a kept record again with the mapping of today.

        Raises:
            NotFound: the mapping has no such stream any more.
            InvalidRecord: today's mapping cannot understand it.
        """
        if stream not in self._readers:
            raise NotFound(f"{self._place} has no stream {stream!r}; there are: {', '.join(self.streams)}")
        return self._readers[stream].records.reread(raw)

    def close(self) -> None:
        """Nothing stays open between pages."""


class EntityFiles:
    """The files of one entity."""

    def __init__(self, mapping: SourceMapping, entity: Entity, folder: Path) -> None:
        self.records = RecordReader(mapping, entity)
        self._entity = entity
        self._folder = folder
        self._source = mapping.name
        self._encoding = mapping.encoding
        self._limit = mapping.page
        self._in_rows = {path: reader for path, reader in self.records.apart.items() if reader.child.is_in_rows}
        extra = [name for reader in self._in_rows.values() for name in reader.columns[1:]]
        self._columns = (*self.records.columns, *extra)

    def pages(self, position: bytes | None) -> Iterator[Page]:
        """The pages of all files that are new or have changed."""
        known = msgspec.json.decode(position, type=FilesPosition) if position else FilesPosition()
        found = {name: (path, member) for name, path, member in self._found()}
        marks = {name: mark for name, mark in known.files.items() if name in found}
        for name, (path, member) in found.items():
            status = path.stat()
            mark = marks.get(name)
            if mark is None or (mark.size, mark.changed_ns) != (status.st_size, status.st_mtime_ns):
                mark = FileMark(status.st_size, status.st_mtime_ns)
            if mark.is_done:
                continue
            for reached, taken in self._portions(name, path, member, mark):
                marks[name] = reached
                yield self._page(taken, known.is_imported, marks)
        if found and not known.is_imported:
            yield self._page(Taken(records=[], problems=[]), True, marks, is_import=True)

    def _found(self) -> Iterator[tuple[str, Path, str]]:
        for path in sorted(self._folder.glob(self._entity.files or "")):
            if not path.is_file():
                continue
            relative = path.relative_to(self._folder).as_posix()
            try:
                inside = members(path)
            except DAMAGES:
                inside = ("",)
            for member in inside:
                yield (f"{relative}!{member}" if member else relative), path, member

    def _page(
        self, taken: Taken, is_imported: bool, marks: Mapping[str, FileMark], *, is_import: bool | None = None
    ) -> Page:
        return Page(
            stream=self._entity.path,
            records=tuple(taken.records),
            problems=tuple(taken.problems),
            position=msgspec.json.encode(FilesPosition(is_imported=is_imported, files=marks)),
            is_import=not is_imported if is_import is None else is_import,
            mismatch_count=mismatches(taken.records),
        )

    def _portions(self, name: str, path: Path, member: str, mark: FileMark) -> Iterator[tuple[FileMark, Taken]]:
        """The records of one file in portions, each with the mark to commit with it."""
        taken = Taken(records=[], problems=[])
        seen: dict[object, None] = {}
        count = mark.rows
        try:
            for count, group in self._groups(path, member, mark.rows):
                place = f"{name}, row {count}"
                if not isinstance(group, BadRow) and self._stands_apart(seen, group):
                    taken.problems.append(self._apart(group, place))
                else:
                    self._take(taken, group, place)
                if len(taken.records) + len(taken.problems) >= self._limit:
                    yield msgspec.structs.replace(mark, rows=count), taken
                    taken = Taken(records=[], problems=[])
        except MissingColumn as missing:
            raise ConfigError(
                f"source.{self._source}.{self._entity.path}",
                f'{name} has no column "{missing.name}".',
                did_you_mean(missing.name, missing.known),
            ) from None
        except UnknownFormat:
            raise ConfigError(
                f"source.{self._source}.{self._entity.path}.files",
                f"{name} has no known format.",
                "Names end in .csv, .tsv, .jsonl, .ndjson, .json, .xml (each also .gz or in a .zip) or .parquet.",
            ) from None
        except DAMAGES:
            problem = f"the file is damaged after row {count}"
            reason = InvalidRecord(self._source, name, problem, "Put it there again.")
            taken.problems.append(Undecoded(reason=reason, key=f"damaged {name}", is_whole=False))
        yield msgspec.structs.replace(mark, rows=count, is_done=True), taken

    def _groups(self, path: Path, member: str, skip: int) -> Iterator[tuple[int, list[Row] | BadRow]]:
        """Rows that make one record, with the count of rows up to their end; one row each unless lines are rows."""
        group: list[Row] = []
        last = skip
        for count, row in enumerate(rows_of(path, member, self._columns, self._encoding), 1):
            if count <= skip:
                continue
            is_same = bool(group) and bool(self._in_rows) and not isinstance(row, BadRow) and row[0] == group[0][0]
            if group and not is_same:
                yield last, group
                group = []
            last = count
            if isinstance(row, BadRow):
                yield count, row
            else:
                group.append(row)
        if group:
            yield last, group

    def _stands_apart(self, seen: dict[object, None], group: list[Row]) -> bool:
        """Whether rows with this id have made a record before: a second one would replace its lines."""
        if not self._in_rows:
            return False
        key = group[0][0]
        if key in seen:
            return True
        seen[key] = None
        if len(seen) > _KEYS_REMEMBERED:
            del seen[next(iter(seen))]
        return False

    def _apart(self, group: list[Row], place: str) -> Undecoded:
        problem = "stands apart from the earlier rows with the same id"
        reason = InvalidRecord(self._source, place, problem, "Sort the file by it.")
        return msgspec.structs.replace(self._undecoded(group, reason), key="", is_whole=False)

    def _take(self, taken: Taken, group: list[Row] | BadRow, place: str) -> None:
        if isinstance(group, BadRow):
            reason = InvalidRecord(self._source, place, group.problem, group.remedy)
            taken.problems.append(Undecoded(reason=reason, raw=group.raw, is_whole=False))
            return
        row = group[0][: len(self.records.columns)]
        try:
            taken.records.append(self.records.decoded(row, self._lookups(group)))
        except InvalidRecord as problem:
            reason = InvalidRecord(self._source, f"{place}: {problem.path}", problem.problem, problem.remedy)
            taken.problems.append(self._undecoded(group, reason))

    def _undecoded(self, group: list[Row], reason: InvalidRecord) -> Undecoded:
        return self.records.undecoded(group[0][: len(self.records.columns)], self._lookups(group), reason)

    def _lookups(self, group: Sequence[Row]) -> dict[str, dict[str, list[Row]]]:
        found: dict[str, dict[str, list[Row]]] = {}
        start = len(self.records.columns)
        for path, reader in self._in_rows.items():
            end = start + len(reader.columns) - 1
            try:
                key = text(group[0][0]) or ""
            except MISFITS:
                key = ""
            found[path] = {key: [(key, *row[start:end]) for row in group]}
            start = end
        return found
