"""Ordered Product: what an order's own events leave open about one of its lines.

One that comes before its order waits for it. One that comes later fills the line that it is about, and only the first
of an id counts. A line that the ledger has told of keeps its id, which its events go by wherever they were sent to;
within the call that places the order, the name that an Ordered Product gives the line is the line's.
"""

from __future__ import annotations

from typing import TypeGuard

from msgspec import json
from msgspec.structs import replace

from orderwire.dialects.doorway import Document, Unread
from orderwire.dialects.klaviyo.door.draft import ENCODE, Draft, Joining
from orderwire.dialects.klaviyo.door.lines import with_product
from orderwire.dialects.klaviyo.door.members import decode_if
from orderwire.dialects.klaviyo.door.properties import Properties
from orderwire.dialects.klaviyo.door.said import Said, currency_of, value_of
from orderwire.model import Order, Record

WAITING = "ordered product"
"""Collection of Ordered Product events whose order is not there yet, by order."""
TOLD = "ordered product told"
"""Collection of the ids of Ordered Products that came later than their order, and the line of each, by order."""
_ORDER_ID = "orderid"


def ordered(draft: Draft, said: Said) -> None:
    """Take in one Ordered Product."""
    order_id = _order_of(draft, said)
    if not order_id:
        draft.set_aside(
            Unread(
                stream="ordered-products",
                key=said.unique_id,
                place="properties.OrderId",
                problem="an Ordered Product names no order",
                remedy="Send the order's id as OrderId with it.",
                raw=said.raw,
            )
        )
        return
    known = draft.snapshot(f"order:{order_id}")
    if is_placed(known):
        order = _joined(draft, known, said)
        if order != known:
            draft.put(order, said.raw, is_imported=said.is_imported)
        return
    waiting = draft.document(WAITING, order_id)
    listed = json.decode(waiting.body) if waiting is not None else []
    piece = decode_if(said.raw)
    body = ENCODE([*listed, piece]) if piece not in listed else ENCODE(listed)
    draft.keep(Document(collection=WAITING, key=order_id, body=body, identity=said.identity))


def with_waiting(draft: Draft, order: Order, said: Said) -> Order:
    """An order just placed, with the Ordered Products that were there before it."""
    waiting = draft.document(WAITING, order.order_id)
    if waiting is None:
        return order
    for piece in decode_if(waiting.body) or ():
        order = _joined(draft, order, Said.again(piece, said))
    draft.remove(WAITING, order.order_id)
    return order


def is_placed(known: Record | None) -> TypeGuard[Order]:
    """Whether an order's own Placed Order has told of it."""
    return isinstance(known, Order) and "placed_at" not in known.approximate


def _order_of(draft: Draft, said: Said) -> str:
    """The order that an Ordered Product names, else the one that its id begins with."""
    if named := Properties(said.properties).text(_ORDER_ID):
        return named
    first, longest = said.unique_id.partition("_")[0], said.unique_id.rpartition("_")[0]
    return first if isinstance(draft.snapshot(f"order:{first}"), Order) else longest


def _joined(draft: Draft, order: Order, said: Said) -> Order:
    """The order with what an Ordered Product says of one of its lines, or as it is where that was said before."""
    joining = _joining(draft, order.order_id)
    name = said.unique_id
    if name and name in joining.line_by_id:
        return order
    view = Properties(said.properties)
    value = value_of(said, currency_of(draft, said, view)) if said.amount is not None else None
    for read in (_ORDER_ID, "eventid", "value", "currency", "valuecurrency"):
        view.get(read)
    lines, line_id = with_product(
        order.lines,
        view,
        line_id=name.removeprefix(f"{order.order_id}_") if name.startswith(f"{order.order_id}_") else "",
        value=value,
        currency=order.currency,
        taken=frozenset(joining.line_by_id.values()) if name else frozenset(),
        keeps_ids=joining.is_kept,
    )
    if name:
        joining.line_by_id[name] = line_id
        if joining.is_kept or len(lines) > len(order.lines):
            body = json.encode(joining.line_by_id)
            draft.keep(Document(collection=TOLD, key=order.order_id, body=body, identity=said.identity))
    return replace(order, lines=lines)


def _joining(draft: Draft, order_id: str) -> Joining:
    found = draft.joinings.get(order_id)
    if found is None:
        is_kept = is_placed(draft.shelves.snapshot(f"order:{order_id}"))
        kept = draft.document(TOLD, order_id) if is_kept else None
        told = json.decode(kept.body, type=dict[str, str]) if kept is not None else {}
        found = draft.joinings[order_id] = Joining(line_by_id=told, is_kept=is_kept)
    return found
