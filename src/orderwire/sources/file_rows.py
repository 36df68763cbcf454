"""Rows out of one file: CSV, TSV, JSON Lines and feeds (plain, .gz or inside a .zip) and Parquet, streaming."""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from decimal import Decimal
from pathlib import Path
from typing import Any, BinaryIO, TextIO, TypeAlias

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
from msgspec import Struct

from orderwire.sources.feed_rows import BadFeed, json_entries, xml_entries

Row: TypeAlias = tuple[Any, ...]

TEXT_SUFFIXES = (".csv", ".tsv", ".jsonl", ".ndjson", ".json", ".xml")
DAMAGES = (
    OSError,
    EOFError,
    zlib.error,
    zipfile.BadZipFile,
    UnicodeError,
    pa.ArrowException,
    NotImplementedError,
    BadFeed,
)
"""What reading raises when a file is cut off, encrypted or otherwise damaged."""

_MEND = "Mend it in the file."
_LONGEST_CELL = 16 * 1024 * 1024
_JSON = msgspec.json.Decoder(float_hook=Decimal)


class BadRow(Struct, frozen=True):
    """A row that is not even a row, or not one by itself; `problem` says why, `raw` is what stands in the file."""

    problem: str
    remedy: str = ""
    raw: bytes = b""


class MissingColumn(Exception):
    """A file lacks a column that the mapping names."""

    def __init__(self, name: str, known: Sequence[str]) -> None:
        self.name = name
        self.known = tuple(known)
        super().__init__(name)


class UnknownFormat(Exception):
    """A file's name does not tell a format that can be read."""


def members(path: Path) -> tuple[str, ...]:
    """The readable files in a zip; a single empty name for anything else."""
    if path.suffix.lower() != ".zip":
        return ("",)
    with zipfile.ZipFile(path) as archive:
        names = sorted(name for name in archive.namelist() if _format(name) and not name.startswith("__MACOSX/"))
    return tuple(names) or ("",)


def rows_of(path: Path, member: str, columns: Sequence[str], encoding: str) -> Iterator[Row | BadRow]:
    """The rows of a file, or of one member of a zip, as tuples of these columns.

    Raises:
        MissingColumn: the file has a header, and a column is not in it.
        UnknownFormat: neither the name's end nor the one inside tells a format.
    """
    name = member or path.name
    form = _format(name)
    if form == ".parquet" and not member:
        yield from _parquet(path, columns)
        return
    if path.suffix.lower() == ".zip" and not member:
        members(path)
    if not form or form == ".parquet":
        raise UnknownFormat(name)
    with ExitStack() as stack:
        stream: Any
        if member:
            stream = stack.enter_context(stack.enter_context(zipfile.ZipFile(path)).open(member))
        else:
            stream = stack.enter_context(path.open("rb"))
        if name.lower().endswith(".gz"):
            stream = stack.enter_context(gzip.open(stream))
        if form in (".jsonl", ".ndjson"):
            yield from _json_lines(stream, columns)
        elif form in (".json", ".xml"):
            yield from _feed(stream, columns, is_xml=form == ".xml")
        else:
            text = stack.enter_context(_text(stream, encoding))
            yield from _table(text, columns, "\t" if form == ".tsv" else None)


def _format(name: str) -> str:
    lowered = name.lower().removesuffix(".gz")
    return next((suffix for suffix in (*TEXT_SUFFIXES, ".parquet") if lowered.endswith(suffix)), "")


def _text(stream: BinaryIO, encoding: str) -> TextIO:
    """The file's text; bytes that do not fit become surrogates, which spoil the row that uses them."""
    if codecs.lookup(encoding).name == "utf-8":
        encoding = "utf-8-sig"
    return io.TextIOWrapper(stream, encoding=encoding, errors="surrogateescape", newline="")


def _table(text: TextIO, columns: Sequence[str], delimiter: str | None) -> Iterator[Row | BadRow]:
    csv.field_size_limit(_LONGEST_CELL)
    first = text.readline()
    if delimiter is None:
        delimiter = ";" if first.count(";") > first.count(",") else ","
    header = [name.strip() for name in next(csv.reader([first], delimiter=delimiter), [])]
    places = [_place(name, header) for name in columns]
    lines: list[str] = []
    reader = csv.reader(_noted(text, lines), delimiter=delimiter)
    while True:
        lines.clear()
        try:
            cells = next(reader, None)
        except csv.Error:
            yield BadRow("is not a row of a CSV file", _MEND, _bytes_of(lines, text.encoding))
            continue
        if cells is None:
            return
        if not cells:
            continue
        if len(cells) == len(header):
            yield tuple(cells[place] for place in places)
        else:
            problem = f"has {len(cells)} cells where the header has {len(header)}"
            yield BadRow(problem, _MEND, _bytes_of(lines, text.encoding))


def _noted(text: TextIO, lines: list[str]) -> Iterator[str]:
    """The lines of a file, each also noted in `lines`."""
    for line in text:
        lines.append(line)
        yield line


def _bytes_of(lines: Sequence[str], encoding: str) -> bytes:
    """Lines as they stand in the file."""
    return "".join(lines).encode("utf-8" if encoding == "utf-8-sig" else encoding, "surrogateescape")


def _json_lines(stream: BinaryIO, columns: Sequence[str]) -> Iterator[Row | BadRow]:
    for line in stream:
        try:
            found = _JSON.decode(line)
        except (msgspec.DecodeError, UnicodeError, RecursionError, ArithmeticError):
            yield BadRow("is not JSON", _MEND, line)
            continue
        if isinstance(found, dict):
            yield tuple(found.get(name) for name in columns)
        else:
            yield BadRow("is not a JSON object", _MEND, line)


def _feed(stream: BinaryIO, columns: Sequence[str], *, is_xml: bool) -> Iterator[Row | BadRow]:
    for entry in xml_entries(stream) if is_xml else json_entries(stream):
        if isinstance(entry, str):
            yield BadRow("is not a JSON object", _MEND, entry.encode("utf-8", "surrogatepass"))
        else:
            yield tuple(entry.get(name) for name in columns)


def _parquet(path: Path, columns: Sequence[str]) -> Iterator[Row | BadRow]:
    with pq.ParquetFile(path) as file:
        known = file.schema_arrow.names
        for name in columns:
            _place(name, known)
        wanted = list(dict.fromkeys(columns))
        for batch in file.iter_batches(batch_size=1000, columns=wanted):
            read = {name: batch.column(name).to_pylist() for name in wanted}
            yield from zip(*(read[name] for name in columns), strict=True)


def _place(name: str, header: Sequence[str]) -> int:
    if name not in header:
        raise MissingColumn(name, header)
    return list(header).index(name)
