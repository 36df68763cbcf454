"""Calls of Shopper Activity v3: carts, checkouts, orders and products, one or up to a thousand at a time.

The gateway checks the shape of the whole request; then everything is answered for with 202. What turns out to name
nobody is dropped at Drip without a word, and kept here as not understood.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from msgspec.structs import replace

from orderwire.dialects.doorway import Answer, Call, Shelves
from orderwire.dialects.drip.door.bodies import MAX_RECORDS, Piece, decoded, pieces
from orderwire.dialects.drip.door.carts import take_cart, take_checkout
from orderwire.dialects.drip.door.consent import state_email
from orderwire.dialects.drip.door.faults import Refusal, gateway
from orderwire.dialects.drip.door.ids import uuid_of
from orderwire.dialects.drip.door.lifetime import earn
from orderwire.dialects.drip.door.orders import order_key, order_of
from orderwire.dialects.drip.door.products import take_product
from orderwire.dialects.drip.door.resources import reply
from orderwire.dialects.drip.door.schema import CART, CHECKOUT, ORDER, PRODUCT, Shape, fault_of, fault_of_batch
from orderwire.dialects.drip.door.turn import ANOTHERS, Turn
from orderwire.dialects.drip.door.values import text
from orderwire.model import Order


class Subject(NamedTuple):
    """A kind of activity: its shape, the name of a batch of it, and what a record of it means."""

    name: str
    shape: Shape
    plural: str
    take: Callable[[Turn, Piece, int], None]


def take_order(turn: Turn, piece: Piece, place: int) -> None:
    """Add the order that an action leaves behind."""
    record, key = piece.value, order_key(piece.value)
    where = f"orders[{place}]"
    if not key:
        turn.unread("orders", where, "the order has no id", piece.raw)
        return
    met = turn.person_in(record, "person_id")
    if met is None:
        turn.unread("orders", where, "it names no person: an unknown id, or an e-mail that is none", piece.raw)
        return
    order_id = turn.ident(text(record["provider"]), key)
    before = turn.snapshot(f"order:{order_id}")
    known = before if isinstance(before, Order) else None
    if known is not None and turn.is_anothers(known, met):
        turn.unread("orders", where, ANOTHERS, piece.raw)
        return
    identity = replace(turn.identity_in(record, met, "person_id"), anonymous_id=None)
    state_email(turn, met, record, "order")
    order = order_of(turn, record, identity, order_id, known)
    earn(turn, met, known, order)
    turn.add(order, piece.raw)


def single(subject: Subject) -> Callable[[Call, Shelves], Answer]:
    """The call for one bare record."""

    def answer(call: Call, shelves: Shelves) -> Answer:
        value = decoded(call.body, _not_json)
        if fault := fault_of(subject.shape, value):
            raise gateway(fault)
        turn = Turn(call, shelves)
        subject.take(turn, Piece(value, call.body), 0)
        return turn.intake(reply({"request_id": uuid_of(call.request_id)}, 202))

    return answer


def batch(subject: Subject) -> Callable[[Call, Shelves], Answer]:
    """The call for many wrapped records; answered with one id for each."""

    def answer(call: Call, shelves: Shelves) -> Answer:
        value = decoded(call.body, _not_json)
        if fault := fault_of_batch(subject.shape, subject.plural, value, MAX_RECORDS):
            raise gateway(fault)
        turn = Turn(call, shelves)
        found = pieces(call.body, value[subject.plural], subject.plural)
        for place, piece in enumerate(found):
            subject.take(turn, piece, place)
        ids = [uuid_of(call.request_id, place) for place in range(len(found))]
        return turn.intake(reply({"request_ids": ids}, 202))

    return answer


SUBJECTS = (
    Subject("cart", CART, "carts", take_cart),
    Subject("order", ORDER, "orders", take_order),
    Subject("product", PRODUCT, "products", take_product),
    Subject("checkout", CHECKOUT, "checkouts", take_checkout),
)


def _not_json(_problem: str) -> Refusal:
    return gateway("request body is not JSON")
