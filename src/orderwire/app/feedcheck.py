"""Whether a catalogue feed can be used: every entry whole and told apart, with addresses and prices that are some."""

from __future__ import annotations

import gzip
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from hashlib import blake2b
from pathlib import Path
from typing import Any, BinaryIO, cast

from msgspec import Struct

from orderwire.dialects.feed_registry import feed
from orderwire.errors import NotFound
from orderwire.sources.feed_rows import BadFeed, json_entries, xml_entries

EXAMPLES = 5
"""Entries that are named for each problem."""
_ADDRESS = re.compile(r"https?://[^\s/]+\S*")
_PRICE = re.compile(r"(?:[A-Z]{3}\s*)?\d+(?:\.\d+)?(?:\s*[A-Z]{3})?")
_ADDRESSES, _PRICES = ("link", "image_link"), ("price", "sale_price", "compare_at_price")
_DAMAGES = (BadFeed, OSError, EOFError, UnicodeError)


class FeedProblem(Struct, kw_only=True):
    """What is wrong with some entries, or with the whole where `count` is 0. `examples` are ids or places."""

    problem: str
    count: int = 0
    examples: list[str] = []


class FeedCheck(Struct, kw_only=True):
    """What was found in a feed."""

    entries: int = 0
    size: int = 0
    """Bytes, as they are sent without compression."""
    problems: list[FeedProblem] = []


def check_feed(path: Path, *, wanted: str) -> FeedCheck:
    """Read a feed as its platform would, and count what is wrong. `wanted` is the name of a feed of ours.

    Raises:
        NotFound: there is no such feed, or no such file.
    """
    shape = feed(wanted)
    if not path.is_file():
        raise NotFound(f"there is no file {path}")
    found = FeedCheck()
    notes = _Notes(tuple(shape.required))
    try:
        with closing(_Counted(path)) as stream:
            try:
                for entry in _entries(path, cast("BinaryIO", stream)):
                    found.entries += 1
                    notes.look(entry, f"entry {found.entries}")
            finally:
                found.size = stream.size
    except _DAMAGES as error:
        why = str(error) if isinstance(error, BadFeed) else type(error).__name__
        found.problems.append(FeedProblem(problem=f"the file cannot be read after entry {found.entries}: {why}"))
    found.problems += notes.problems()
    if not found.entries:
        found.problems.append(FeedProblem(problem="it has no entry"))
    if shape.most_bytes and found.size > shape.most_bytes:
        found.problems.append(FeedProblem(problem=f"it is larger than the {shape.most_bytes:,} bytes that are taken"))
    return found


def _entries(path: Path, stream: BinaryIO) -> Iterator[dict[str, Any] | str]:
    name = path.name.removesuffix(".gz").lower()
    return xml_entries(stream) if name.endswith(".xml") else json_entries(stream)


class _Counted:
    """A file that counts what is read of it, decompressed where its name says so."""

    def __init__(self, path: Path) -> None:
        self._stream = gzip.open(path) if path.suffix == ".gz" else path.open("rb")  # noqa: SIM115 - `close` is there
        self.size = 0

    def close(self) -> None:
        self._stream.close()

    def read(self, size: int = -1) -> bytes:
        piece = self._stream.read(size)
        self.size += len(piece)
        return piece


class _Notes:
    """What is wrong, counted by what it is."""

    def __init__(self, required: tuple[str, ...]) -> None:
        self._required = required
        self._counts: Counter[str] = Counter()
        self._examples: dict[str, list[str]] = {}
        self._seen: set[bytes] = set()

    def look(self, entry: dict[str, Any] | str, place: str) -> None:
        """Note what is wrong with an entry."""
        if isinstance(entry, str):
            self._note("is no object", place)
            return
        said = {name.removeprefix("$"): value for name, value in entry.items()}
        ident = str(said.get("id") or "").strip()
        name = ident or place
        for field in self._required:
            if not str(said.get(field) if said.get(field) is not None else "").strip():
                self._note(f"{field} is missing or blank", name)
        for field in _ADDRESSES:
            if said.get(field) and not _ADDRESS.fullmatch(str(said[field]).strip()):
                self._note(f"{field} is no address", name)
        for field in _PRICES:
            if said.get(field) not in (None, "") and not _PRICE.fullmatch(str(said[field]).strip()):
                self._note(f"{field} is no price", name)
        if ident:
            digest = blake2b(ident.encode("utf-8", "surrogatepass"), digest_size=8).digest()
            if digest in self._seen:
                self._note("has the id of an earlier entry", name)
            self._seen.add(digest)

    def problems(self) -> list[FeedProblem]:
        """Everything noted, the most frequent first."""
        return [
            FeedProblem(problem=problem, count=count, examples=self._examples[problem])
            for problem, count in self._counts.most_common()
        ]

    def _note(self, problem: str, name: str) -> None:
        self._counts[problem] += 1
        examples = self._examples.setdefault(problem, [])
        if len(examples) < EXAMPLES:
            examples.append(name)
