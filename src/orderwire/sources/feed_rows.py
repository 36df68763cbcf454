"""Rows out of catalogue feeds: the flat JSON list and the XML that shops publish for platforms to read.

One entry at a time is in memory, however long the feed. XML is read without a document type: it could name files, and
make a few bytes stand for very many; feeds have none.

A row has the entry's own names, without namespace: `g:image_link` is `image_link`. What stands inside another has
both names, `shipping.country`; what is there several times is a list. Of `12.50 EUR` there are also the columns
`price.amount` and `price.currency`.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, BinaryIO
from xml.parsers import expat

ENTRIES = frozenset({"item", "entry", "product"})
"""What an entry is called, in lower case."""
_PIECE = 65_536
_LONGEST = 16 * 1024 * 1024
_DEEPEST = 64
_PRICE = re.compile(r"(?:(?P<before>[A-Z]{3})\s*)?(?P<amount>\d+(?:\.\d+)?)(?:\s*(?P<after>[A-Z]{3}))?")


class BadFeed(Exception):
    """The file is no feed, or one that is not safe to read."""


def json_entries(stream: BinaryIO) -> Iterator[dict[str, Any] | str]:
    """The objects of a JSON list, each when it is whole; text for what stands there and is no object.

    Raises:
        BadFeed: it is no list, or one of its entries has no end.
    """
    decoder = json.JSONDecoder(parse_float=Decimal)
    reader = codecs.getreader("utf-8-sig")(stream)
    text = reader.read(_PIECE).lstrip()
    if not text.startswith("["):
        raise BadFeed("it is no list")
    text, is_first = text[1:], True
    while True:
        text = text.lstrip()
        while not text:
            text = _more(reader, "").lstrip()
        if text[0] == "]":
            return
        if not is_first:
            if text[0] != ",":
                raise BadFeed("entries without a comma")
            text = text[1:].lstrip()
        value, text = _next(decoder, reader, text)
        is_first = False
        yield flat(value) if isinstance(value, dict) else json.dumps(value, default=str)


def xml_entries(stream: BinaryIO) -> Iterator[dict[str, Any]]:
    """The entries of an XML feed, each when it is whole.

    Raises:
        BadFeed: it is no XML, has a document type, or an entry beyond all measure.
    """
    reading = _Reading()
    try:
        while piece := stream.read(_PIECE):
            reading.parser.Parse(piece, False)
            yield from reading.taken()
        reading.parser.Parse(b"", True)
    except expat.ExpatError as error:
        raise BadFeed(expat.errors.messages.get(error.code, "no XML")) from None
    yield from reading.taken()


def flat(entry: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """An entry with the names inside others joined to theirs, and prices also in their parts."""
    found: dict[str, Any] = {}
    for name, value in entry.items():
        path = f"{prefix}{name}"
        if isinstance(value, dict):
            found.update(flat(value, f"{path}."))
            continue
        found[path] = value
        price = _PRICE.fullmatch(value.strip()) if isinstance(value, str) else None
        if price is not None and (currency := price["before"] or price["after"]):
            found[f"{path}.amount"], found[f"{path}.currency"] = price["amount"], currency
    return found


def _next(decoder: json.JSONDecoder, reader: codecs.StreamReader, text: str) -> tuple[Any, str]:
    """The next value and what follows it; a number at the very end of a piece may go on in the next one."""
    while True:
        try:
            value, end = decoder.raw_decode(text)
        except (ValueError, RecursionError):
            text = _more(reader, text)
            continue
        if end < len(text):
            return value, text[end:]
        text = _more(reader, text)


def _more(reader: codecs.StreamReader, text: str) -> str:
    if len(text) > _LONGEST:
        raise BadFeed("an entry that is no JSON, or longer than all measure")
    # As much again as there is: an entry that needs many pieces is not tried once for each of them.
    piece = reader.read(max(_PIECE, len(text)))
    if not piece:
        raise BadFeed("the list has no end")
    return text + piece


class _Reading:
    """An XML parser and the entry it is in."""

    def __init__(self) -> None:
        self.parser = expat.ParserCreate(namespace_separator="}")
        self.parser.buffer_text = True
        self.parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)
        self.parser.StartDoctypeDeclHandler = self._refuse
        self.parser.EntityDeclHandler = self._refuse
        self.parser.StartElementHandler = self._begin
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._say
        self._open: list[tuple[str, dict[str, Any], list[str]]] = []
        self._depth = 0
        self._size = 0
        self._done: list[dict[str, Any]] = []

    def taken(self) -> list[dict[str, Any]]:
        """The entries that have become whole since the last time."""
        done, self._done = self._done, []
        return done

    def _refuse(self, *_: object) -> None:
        raise BadFeed("it has a document type")

    def _begin(self, name: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise BadFeed("it is nested beyond all measure")
        local = name.rpartition("}")[2]
        if self._open or local.lower() in ENTRIES:
            if not self._open:
                self._size = 0
            href = attributes.get("href", "")
            self._count(len(href))
            self._open.append((local, {}, [href]))

    def _say(self, text: str) -> None:
        if self._open:
            self._count(len(text))
            self._open[-1][2].append(text)

    def _end(self, _name: str) -> None:
        self._depth -= 1
        if not self._open:
            return
        local, inside, pieces = self._open.pop()
        if not self._open:
            self._done.append(flat(inside))
            return
        self._count(len(local))
        _add(self._open[-1][1], local, inside or "".join(pieces).strip())

    def _count(self, length: int) -> None:
        self._size += length
        if self._size > _LONGEST:
            raise BadFeed("an entry is longer than all measure")


def _add(entry: dict[str, Any], name: str, value: Any) -> None:
    """One more value of a name; of things inside with a name of their own the first counts."""
    known = entry.get(name)
    if known is None:
        entry[name] = value
    elif isinstance(known, list):
        known.append(value)
    elif isinstance(known, str) and isinstance(value, str):
        entry[name] = [known, value]
