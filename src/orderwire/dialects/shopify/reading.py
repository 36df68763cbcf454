"""Which questions read a stretch of a stream, and what each thing in their answers is."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

import msgspec
from msgspec import Struct

from orderwire.dialects.connector import Access, Found, Piece, Reading, Sight, Stretch
from orderwire.dialects.doorway import Unread
from orderwire.dialects.shop_json import Misread, Part, decoded
from orderwire.dialects.shopify import bulk, queries
from orderwire.dialects.shopify.fields import every, goes_on, id_of, need_id
from orderwire.dialects.shopify.read_checkouts import cart
from orderwire.dialects.shopify.read_orders import order
from orderwire.dialects.shopify.read_people import consents, person
from orderwire.dialects.shopify.read_products import product
from orderwire.dialects.wire import WireReply, WireRequest
from orderwire.errors import BadReply
from orderwire.model import Record

MOST = 250
READERS: Mapping[str, Callable[[Part, Access], Record | None]] = {
    "people": lambda part, _access: person(part),
    "products": product,
    "orders": order,
    "carts": cart,
}


class _Turning(Struct, frozen=True):
    hasNextPage: bool = False  # noqa: N815 - GraphQL's own word
    endCursor: str | None = None  # noqa: N815


class _Things(Struct, frozen=True):
    nodes: list[msgspec.Raw]
    pageInfo: _Turning = _Turning()  # noqa: N815


class _Listed(Struct):
    things: _Things


class _Page(Struct):
    data: _Listed


class _Inside(Struct):
    node: _Listed | None


class _More(Struct):
    data: _Inside


class _Refunds(Struct):
    things: list[msgspec.Raw]


class _OfOrder(Struct):
    node: _Refunds | None


class _AllRefunds(Struct):
    data: _OfOrder


Lists: TypeAlias = dict[str, list[bytes]]
"""Lists inside a thing that went on behind what came with it, whole, by their name."""


def read(stretch: Stretch, access: Access) -> Reading:
    """Read the next things behind the last id seen, or at first the next ones in the file of a bulk operation."""
    if bulk.is_meant(stretch, access):
        try:
            batch = yield from bulk.read(stretch, access)
        except Misread as error:
            raise BadReply("an answer of the shop has not the shape asked for") from error
        if batch is not None:
            parts = [(raw, _part(raw)) for raw in batch.nodes]
            return (yield from _told(stretch.stream, parts, batch.cursor, access))
    noun = stretch.stream
    last = int(stretch.cursor) if stretch.cursor.isdecimal() else 0
    is_presentment = access.text("money") == "presentment"
    first = max(1, min(stretch.limit, MOST))
    reply = yield queries.page(noun, after_id=last, since=stretch.since, first=first, is_presentment=is_presentment)
    things = _things(reply, _Page).data.things
    nodes = [(bytes(node), _part(node)) for node in things.nodes]
    last = max([last, *(_number(part) for _, part in nodes)])
    goes_on = things.pageInfo.hasNextPage and bool(things.nodes)
    return (yield from _told(noun, nodes, str(last) if goes_on else None, access))


def _told(noun: str, nodes: Sequence[tuple[bytes, Part]], cursor: str | None, access: Access) -> Reading:
    """What these things are, each with the lists inside it to their ends."""
    is_presentment = access.text("money") == "presentment"
    found: list[Found] = []
    unread: list[Unread] = []
    for node, part in nodes:
        lists = yield from _rest(noun, part, is_presentment=is_presentment)
        raw = _joined(node, lists)
        for told in understood(noun, _with(part, lists), raw, access):
            if isinstance(told, Found):
                found.append(told)
            else:
                unread.append(told)
    return Piece(found=tuple(found), unread=tuple(unread), cursor=cursor)


def understood(noun: str, part: Part, raw: bytes, access: Access) -> Iterator[Found | Unread]:
    """A thing as records, or why it is none. What people agreed to comes before who they are."""
    key = ""
    try:
        key = need_id(part)
        changed = part.instant("updated_at")
        before = list(consents(part)) if noun == "people" else []
        record = READERS[noun](part, access)
    except Misread as error:
        yield Unread(stream=noun, key=key, place=error.place, problem=error.problem, remedy=error.remedy, raw=raw)
        return
    for one in before:
        yield msgspec.structs.replace(one, changed_at=changed)
    if record is not None:
        yield Found(record=record, raw=raw, key=key, changed_at=changed)


def reread(noun: str, raw: bytes, access: Access) -> Found:
    """Read kept bytes again, of a query or of a webhook.

    Raises:
        InvalidRecord: they cannot be understood.
    """
    try:
        part = Part(decoded(raw))
        if "lists" in part.value and "thing" in part.value:
            lists = part.part("lists")
            thing = part.part("thing")
            part = Part({**(thing.value if thing else {}), **(lists.value if lists else {})})
        if noun == "consents":
            found = next(consents(part), None)
        elif noun in READERS and (record := READERS[noun](part, access)) is not None:
            found = Found(record=record, raw=raw, key=need_id(part), changed_at=part.instant("updated_at"))
        else:
            found = None
        if found is None:
            raise Misread("body", "says nothing that would be recorded")
    except Misread as error:
        raise error.of(access.source) from error
    return msgspec.structs.replace(found, raw=raw)


def look(_access: Access) -> Generator[WireRequest, WireReply, Sight]:
    """Count what there is, and see what the app may not read."""
    reply = yield queries.ask(queries.LOOK)
    try:
        data = Part(decoded(reply.body)).part("data") or Part({})
        counts: dict[str, int | None] = {}
        for noun in ("people", "products", "orders"):
            told = data.part(noun)
            counts[noun] = told.whole("count") if told else None
        install = data.part("currentAppInstallation")
        scopes = {one.text("handle") for one in install.parts("accessScopes")} if install else set()
        hooks = every(data, "webhookSubscriptions")
    except Misread as error:
        raise BadReply(f"the look at the shop cannot be read: {error.place} {error.problem}") from error
    warnings = []
    if "read_all_orders" not in scopes:
        warnings.append("the app has no read_all_orders: orders older than 60 days are not shown to it.")
    version = reply.headers.get("x-shopify-api-version", queries.VERSION)
    if version != queries.VERSION:
        warnings.append(f"the shop answers in version {version}: {queries.VERSION} is no longer supported there.")
    if not hooks:
        warnings.append("the app has no webhooks: changes are seen when the shop is next read.")
    return Sight(counts=counts, warnings=tuple(warnings))


def _rest(noun: str, part: Part, *, is_presentment: bool) -> Generator[WireRequest, WireReply, Lists]:
    """The lists of a thing that went on behind what came with it."""
    found: Lists = {}
    identifier = part.text("id") or ""
    for name in {"orders": ("line_items",), "products": ("variants",)}.get(noun, ()):
        if goes_on(part, name):
            found[name] = yield from _whole(name, identifier, is_presentment=is_presentment)
    if noun == "orders" and _has_more_refunds(part):
        reply = yield queries.all_refunds(identifier, is_presentment=is_presentment)
        node = _things(reply, _AllRefunds).data.node
        refunds: list[bytes] = []
        for raw in node.things if node else []:
            refund = _part(raw).text("id") or ""
            lines = yield from _whole("refund_line_items", refund, is_presentment=is_presentment)
            refunds.append(_with_lines(bytes(raw), lines))
        found["refunds"] = refunds
    return found


def _whole(name: str, parent: str, *, is_presentment: bool) -> Generator[WireRequest, WireReply, list[bytes]]:
    """A list inside a thing, from its beginning to its end."""
    found: list[bytes] = []
    after: str | None = None
    while True:
        reply = yield queries.children(name, parent, after=after, is_presentment=is_presentment)
        node = _things(reply, _More).data.node
        if node is None:
            return found
        found += [bytes(one) for one in node.things.nodes]
        turning = node.things.pageInfo
        if not turning.hasNextPage or turning.endCursor in (None, after):
            return found
        after = turning.endCursor


def _has_more_refunds(part: Part) -> bool:
    refunds = part.value.get("refunds")
    if not isinstance(refunds, list):
        return False
    has_long = any(isinstance(one, dict) and goes_on(Part(one), "refund_line_items") for one in refunds)
    is_named_only = any(isinstance(one, dict) and "transactions" not in one for one in refunds)
    return has_long or is_named_only or len(refunds) >= queries.REFUNDS_AT_ONCE


def _things(reply: WireReply, kind: type[Any]) -> Any:
    try:
        return msgspec.json.decode(reply.body, type=kind)
    except (msgspec.DecodeError, RecursionError, UnicodeError) as error:
        raise BadReply("an answer of the shop has not the shape asked for") from error


def _part(raw: bytes | msgspec.Raw) -> Part:
    try:
        return Part(decoded(bytes(raw)))
    except Misread as error:
        raise BadReply("an answer of the shop has not the shape asked for") from error


def _number(part: Part) -> int:
    try:
        found = id_of(part) or ""
    except Misread:
        found = ""
    if not found.isdecimal() or len(found) > 30:
        raise BadReply("a thing of the shop has no id")
    return int(found)


def _with(part: Part, lists: Lists) -> Part:
    return Part({**part.value, **{name: [decoded(one) for one in some] for name, some in lists.items()}})


def _with_lines(raw: bytes, lines: Sequence[bytes]) -> bytes:
    """A refund with its lines in it."""
    plain = msgspec.json.decode(raw, type=dict[str, msgspec.Raw])
    plain["refund_line_items"] = msgspec.Raw(b"[" + b",".join(lines) + b"]")
    return msgspec.json.encode(plain)


def _joined(raw: bytes, lists: Lists) -> bytes:
    """The bytes of a thing, with the lists that came after it beside."""
    if not lists:
        return raw
    beside = {name: msgspec.Raw(b"[" + b",".join(some) + b"]") for name, some in lists.items()}
    return b'{"thing":' + raw + b',"lists":' + msgspec.json.encode(beside) + b"}"
