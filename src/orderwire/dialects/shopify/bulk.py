"""The first load by bulk operations: the shop writes everything into a file, which is fetched a part at a time.

An operation is begun, asked for until it is done, and its file read by ranges; between two pieces the cursor
remembers the operation and how far its file was read. The file has a line for each thing. Things inside another
follow it as lines of their own and name it as `__parentId`; grouping them so is asked for. A list that is no
connection stays in its thing, but may hold no connection: refunds are named only, and asked for with their lines
afterwards.

Whatever is out of the ordinary (another operation runs, this one fails, its file is gone, has lines that belong to
nothing, or not as many as the shop counted) ends in None, and everything is read page by page instead.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from urllib.parse import urlsplit

import msgspec
from msgspec import Raw, Struct

from orderwire.dialects.connector import Access, Download, Stretch
from orderwire.dialects.shop_json import Misread, Part, decoded
from orderwire.dialects.shopify import queries
from orderwire.dialects.wire import WireReply, WireRequest
from orderwire.errors import BadReply

RUNNING = frozenset({"CREATED", "RUNNING"})
_AT_ONCE = 128_000
_MOST_AT_ONCE = 4
"""How many bytes of a file are asked for at once for each thing of a page, of so many at most; twice as many where
one thing with all that is in it is larger."""
_BEGIN = """mutation Begin($query: String!) {
  begun: bulkOperationRunQuery(query: $query, groupObjects: true) { bulkOperation { id } userErrors { message } }
}"""
_FOLLOW = """query Follow($id: ID!) {
  node(id: $id) { ... on BulkOperation { status url objectCount fileSize } }
}"""
_WANTED: Mapping[str, str] = {
    "people": queries.CUSTOMER,
    "products": f"{queries.PRODUCT_FLAT} variants {{ edges {{ node {{ {queries.VARIANT} }} }} }}",
    "orders": f"""{queries.ORDER_FLAT} refunds {{ id }}
    shipping_lines: shippingLines {{ edges {{ node {{ id {queries.SHIPPING_LINE} }} }} }}
    line_items: lineItems {{ edges {{ node {{ {queries.LINE} }} }} }}""",
}
_INSIDE: Mapping[str, Mapping[str, str]] = {
    "people": {},
    "products": {"ProductVariant": "variants"},
    "orders": {"ShippingLine": "shipping_lines", "LineItem": "line_items"},
}
"""What the things inside a thing are called in it, by their type."""
_NEVER_EMPTY = frozenset({"line_items", "variants"})
"""A thing without any of these stands in a file that is not grouped: they are still to come."""


class Place(Struct, frozen=True, omit_defaults=True):
    """How far the file of an operation was read: bytes, and the lines in them."""

    operation: str
    offset: int = 0
    lines: int = 0


class Batch(Struct, frozen=True):
    """Whole things as a query would have answered them, and the cursor of the next; None at the end."""

    nodes: tuple[bytes, ...]
    cursor: str | None


class _File(Struct, frozen=True):
    """What a finished operation left behind."""

    url: str
    size: int
    lines: int


Following = Generator[WireRequest, WireReply, Batch | None]


def begins(request: WireRequest) -> bool:
    """Whether a request begins an operation, which a shop may refuse for good without being refused itself."""
    return b"bulkOperationRunQuery" in request.body


def is_meant(stretch: Stretch, access: Access) -> bool:
    """Whether a piece belongs to a first load by bulk operation."""
    is_first = stretch.since is None and stretch.is_import and stretch.stream in _WANTED
    return is_first and access.flag("bulk") and (not stretch.cursor or stretch.cursor.startswith("{"))


def read(stretch: Stretch, access: Access) -> Following:
    """The next things of a first load; None where it has to go on page by page.

    Raises:
        BadReply: a reply was not what the API gives.
    """
    if not stretch.cursor:
        return (yield from _begun(stretch.stream, is_presentment=access.text("money") == "presentment"))
    place = msgspec.json.decode(stretch.cursor, type=Place)
    reply = yield queries.ask(_FOLLOW, {"id": place.operation})
    told = _data(reply).part("node")
    if told is None:
        return None
    status = told.text("status") or ""
    if status in RUNNING:
        return Batch((), stretch.cursor)
    if status != "COMPLETED":
        return None
    left = _File(told.text("url") or "", told.whole("fileSize") or 0, told.whole("objectCount") or 0)
    if not left.url:
        return None if left.lines else Batch((), None)
    return (yield from _next_of(left, place, stretch, access))


def _begun(noun: str, *, is_presentment: bool) -> Following:
    query = f"{{ things: {queries.ROOTS[noun][0]} {{ edges {{ node {{ {_WANTED[noun]} }} }} }} }}"
    reply = yield queries.ask(_BEGIN, {"query": queries.sided(query, is_presentment=is_presentment)})
    answer = _data(reply).part("begun")
    operation = answer.part("bulkOperation") if answer else None
    if answer is None or operation is None or answer.parts("userErrors"):
        return None
    return Batch((), _cursor(Place(operation.need("id"))))


def _next_of(left: _File, place: Place, stretch: Stretch, access: Access) -> Following:
    """The next part of a file that holds whole things."""
    origin = _origin(left.url, access)
    if origin is None:
        return None
    size = _AT_ONCE * max(1, min(stretch.limit, _MOST_AT_ONCE))
    while True:
        end = min(place.offset + size, left.size)
        reply = yield _download(left.url, origin, place.offset, end)
        body = _range(reply, place.offset, end)
        if body is None:
            return None
        whole = body if end == left.size else _whole(body)
        if whole or end == left.size:
            break
        size *= 2
    lines = whole.splitlines()
    seen = place.lines + len(lines)
    nodes = _nodes(lines, _INSIDE[stretch.stream])
    is_last = end == left.size
    if nodes is None or (is_last and seen != left.lines):
        return None
    after = Place(place.operation, place.offset + len(whole), seen)
    return Batch(tuple(nodes), None if is_last else _cursor(after))


def _origin(url: str, access: Access) -> str | None:
    """Where a file is; None for a place that is neither safe from others nor the shop itself."""
    parts = urlsplit(url)
    origin = f"{parts.scheme}://{parts.netloc}"
    return origin if parts.scheme == "https" or f"{access.url}/".startswith(f"{origin}/") else None


def _download(url: str, origin: str, start: int, end: int) -> Download:
    headers = (("Range", f"bytes={start}-{end - 1}"), ("Accept-Encoding", "identity"))
    return Download(method="GET", origin=origin, path=url[len(origin) :], headers=headers, timeout=60.0)


def _range(reply: WireReply, start: int, end: int) -> bytes | None:
    """The bytes asked for; None where the file is not there any more, or another one."""
    if reply.status not in (200, 206):
        return None
    body = reply.body if reply.status == 206 else reply.body[start:end]
    return body if len(body) == end - start else None


def _whole(body: bytes) -> bytes:
    """What of a part holds whole things: everything before the last thing that begins in it."""
    at = body.rfind(b"\n") + 1
    while at > 0:
        before = body.rfind(b"\n", 0, at - 1) + 1
        if b'"__parentId":' not in body[before:at]:
            return body[:before]
        at = before
    return b""


def _nodes(lines: Sequence[bytes], names: Mapping[str, str]) -> list[bytes] | None:
    """Things with everything inside them; None where a line is no thing, or belongs to nothing before it."""
    found: list[dict[str, Raw]] = []
    inside: list[dict[str, list[bytes]]] = []
    head = ""
    for line in lines:
        try:
            part = Part(decoded(line))
            number, parent = part.need("id"), part.text("__parentId")
        except Misread:
            return None
        if parent is None:
            found.append(msgspec.json.decode(line, type=dict[str, Raw]))
            inside.append({name: [] for name in names.values()})
            head = number
            continue
        name = names.get(number.removeprefix("gid://shopify/").partition("/")[0])
        if parent != head or name is None:
            return None
        inside[-1][name].append(line)
    if any(name in _NEVER_EMPTY and not some for lists in inside for name, some in lists.items()):
        return None
    return [_joined(one, lists) for one, lists in zip(found, inside, strict=True)]


def _joined(thing: dict[str, Raw], lists: Mapping[str, Sequence[bytes]]) -> bytes:
    return msgspec.json.encode(
        thing | {name: Raw(b'{"nodes":[' + b",".join(some) + b"]}") for name, some in lists.items()}
    )


def _data(reply: WireReply) -> Part:
    """What an answer gives; empty where it gives nothing but errors."""
    try:
        return Part(decoded(reply.body)).part("data") or Part({})
    except Misread as error:
        raise BadReply("an answer of the shop has not the shape asked for") from error


def _cursor(place: Place) -> str:
    return msgspec.json.encode(place).decode()
