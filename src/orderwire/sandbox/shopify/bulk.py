"""Bulk operations: a query is run over everything there is, and leaves a file with a line for each thing."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from orderwire.sandbox.kit import Answer, Call
from orderwire.sandbox.shopify.graphql import Connection, Field, Unanswerable, answered, parsed

PATH = re.compile(r"/bulk-files/(\d+)\.jsonl")
_RANGE = re.compile(r"bytes=(\d+)-(\d+)")
_MOST_CONNECTIONS = 5
_MOST_NESTED = 2


@dataclass
class Operation:
    """One operation: when it is done, how it ends, and what it left."""

    id: int
    done_at: float
    file: bytes
    count: int
    ends: str = "COMPLETED"


class Operations:
    """The bulk operations of one shop.

    `takes` is how many seconds one runs, `ends` the status it ends in, `is_busy` whether another runs all the time,
    `is_denied` whether the token may begin none.
    """

    def __init__(self, *, takes: float, ends: str, is_busy: bool, is_denied: bool) -> None:
        self.takes = takes
        self.ends = ends
        self.is_busy = is_busy
        self.is_denied = is_denied
        self.made: list[Operation] = []

    def begin(self, root: Mapping[str, Any], query: str, *, is_grouped: bool, now: float) -> dict[str, Any]:
        """What `bulkOperationRunQuery` answers."""
        if self.is_denied:
            raise Unanswerable("ACCESS_DENIED", "Access denied for bulkOperationRunQuery field.")
        if self.is_busy or any(one.done_at > now for one in self.made):
            return _payload(None, "A bulk query operation for this app and shop is already in progress")
        try:
            lines = list(_lines(root, parsed(query, {})))
        except Unanswerable as error:
            return _payload(None, str(error))
        if not is_grouped:
            lines.sort(key=lambda one: "__parentId" in one)
        file = b"".join(json.dumps(one, separators=(",", ":")).encode() + b"\n" for one in lines)
        made = Operation(len(self.made) + 1, now + self.takes, file, len(lines), self.ends)
        self.made.append(made)
        return _payload(made, "")

    def show(self, number: int, *, host: str, now: float) -> dict[str, Any] | None:
        """An operation as `node` answers it. Where a host has no port, something before it speaks TLS."""
        one = next((made for made in self.made if made.id == number), None)
        if one is None:
            return None
        is_done = now >= one.done_at
        has_file = is_done and one.ends == "COMPLETED" and one.count
        scheme = "http" if ":" in host else "https"
        return {
            "__typename": "BulkOperation",
            "id": _gid(one),
            "status": one.ends if is_done else "RUNNING",
            "url": f"{scheme}://{host}/bulk-files/{one.id}.jsonl?signed=1" if has_file else None,
            "objectCount": str(one.count if is_done else 0),
            "fileSize": str(len(one.file)) if has_file else None,
        }

    def download(self, call: Call) -> Answer:
        """A range of a file, or all of it; whoever stores it refuses a token that is not its own."""
        match = PATH.fullmatch(call.path)
        one = next((made for made in self.made if match and made.id == int(match[1])), None)
        if "x-shopify-access-token" in call.headers or "authorization" in call.headers:
            return Answer(400, "<Error><Code>InvalidArgument</Code></Error>", content_type="application/xml")
        if one is None or call.at < one.done_at or call.query.get("signed") != "1":
            return Answer(403, "<Error><Code>AccessDenied</Code></Error>", content_type="application/xml")
        asked = _RANGE.fullmatch(call.headers.get("range", ""))
        if asked is None:
            return Answer(200, one.file, content_type="application/jsonl")
        start, end = int(asked[1]), min(int(asked[2]) + 1, len(one.file))
        if start >= len(one.file):
            return Answer(416, "", {"Content-Range": f"bytes */{len(one.file)}"})
        told = {"Content-Range": f"bytes {start}-{end - 1}/{len(one.file)}"}
        return Answer(206, one.file[start:end], told, content_type="application/jsonl")


def _payload(made: Operation | None, problem: str) -> dict[str, Any]:
    operation = made and {"__typename": "BulkOperation", "id": _gid(made), "status": "CREATED"}
    errors = [{"__typename": "BulkOperationUserError", "message": problem}] if problem else []
    return {"__typename": "BulkOperationRunQueryPayload", "bulkOperation": operation, "userErrors": errors}


def _gid(one: Operation) -> str:
    return f"gid://shopify/BulkOperation/{one.id}"


def _lines(root: Mapping[str, Any], fields: Sequence[Field]) -> Iterator[dict[str, Any]]:
    """A line for each thing, those inside it right behind it."""
    if len(fields) != 1 or not callable(root.get(fields[0].name)):
        raise Unanswerable("INVALID", "Bulk queries must contain exactly one connection at the top")
    if _count(fields) > _MOST_CONNECTIONS:
        raise Unanswerable("INVALID", "Bulk queries cannot contain more than 5 connections")
    found = root[fields[0].name]({"sortKey": "ID"})
    wanted = _node(fields[0])
    for thing in found.things:
        yield from _thing(thing, wanted, 1)


def _thing(
    thing: Mapping[str, Any], wanted: Sequence[Field], depth: int, parent: str = ""
) -> Iterator[dict[str, Any]]:
    inner = [one for one in wanted if isinstance(thing.get(one.name), Connection)]
    plain = [one for one in wanted if one not in inner]
    for one in plain:
        if isinstance(thing.get(one.name), list) and _count(one.fields):
            raise Unanswerable("INVALID", "Queries that contain a connection field within a list field")
    if inner and "id" not in [one.alias for one in plain]:
        raise Unanswerable("INVALID", "The parent 'node' field for a nested connection must select the 'id' field")
    shown = answered(thing, plain)
    yield {**shown, "__parentId": parent} if parent else shown
    for one in inner:
        if depth > _MOST_NESTED:
            raise Unanswerable(
                "INVALID", "Bulk queries cannot contain connections with a nesting depth greater than 2"
            )
        for child in thing[one.name].things:
            yield from _thing(child, _node(one), depth + 1, shown["id"])


def _node(of: Field) -> list[Field]:
    """What is asked of each thing of a connection."""
    edges = [one for one in of.fields if one.name == "edges"]
    nodes = [one for edge in edges for one in edge.fields if one.name == "node"]
    if not nodes:
        raise Unanswerable("INVALID", "Bulk queries must select edges and their node")
    return nodes[0].fields


def _count(fields: Sequence[Field]) -> int:
    """How many connections a query holds, by what is asked of them."""
    return sum(any(inner.name in ("edges", "nodes") for inner in one.fields) + _count(one.fields) for one in fields)
