"""Carts and checkouts of Shopper Activity as carts: always the whole content."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from msgspec.structs import replace

from orderwire.dialects.drip.door.bodies import Piece
from orderwire.dialects.drip.door.consent import state_email
from orderwire.dialects.drip.door.lines import lines_of
from orderwire.dialects.drip.door.orders import DEFAULT_CURRENCY
from orderwire.dialects.drip.door.turn import Turn
from orderwire.dialects.drip.door.values import amount, currency, extras, instant, scalar, text
from orderwire.dialects.drip.fields import RECORD_FIELDS
from orderwire.model import Cart, Identity

_OURS = frozenset({"store"})


def take_cart(turn: Turn, piece: Piece, place: int) -> None:
    """Add a cart."""
    _take(turn, piece, "carts", place, is_checkout=False)


def take_checkout(turn: Turn, piece: Piece, place: int) -> None:
    """Add a checkout that was started: the cart of its id, which is our reading of an undocumented call."""
    _take(turn, piece, "checkouts", place, is_checkout=True)


def _take(turn: Turn, piece: Piece, stream: str, place: int, *, is_checkout: bool) -> None:
    record = piece.value
    key = text(record["checkout_id" if is_checkout else "cart_id"])
    met = turn.person_in(record, "person_id")
    if met is None or not key:
        problem = "it names no person: an unknown id, or an e-mail that is none" if key else "it has no id"
        turn.unread(stream, f"{stream}[{place}]", problem, piece.raw)
        return
    identity = turn.identity_in(record, met, "person_id")
    cart_id = turn.ident(text(record["provider"]), key)
    before = turn.snapshot(f"cart:{cart_id}")
    known = before if isinstance(before, Cart) else None
    at = instant(record.get("occurred_at")) or turn.call.received_at
    state_email(turn, met, record, "checkout" if is_checkout else "cart")
    cart = _content(turn, record, identity, cart_id, known, at, is_checkout=is_checkout)
    if is_checkout:
        cart = replace(cart, checkout_started_at=_started(record, known, at))
    elif known is not None:
        cart = replace(cart, checkout_started_at=known.checkout_started_at, abandoned_at=known.abandoned_at)
    turn.add(cart, piece.raw)


def _content(
    turn: Turn,
    record: Mapping[str, Any],
    identity: Identity,
    cart_id: str,
    known: Cart | None,
    at: datetime,
    *,
    is_checkout: bool,
) -> Cart:
    """A cart's content; a checkout that says nothing of it is about the cart as it is."""
    code = currency(record.get("currency")) or (known.currency if known else DEFAULT_CURRENCY)
    if is_checkout and known is not None and record.get("items") is None:
        return known if known.updated_at >= at else replace(known, updated_at=at)
    provider = text(record.get("provider"))
    total = record.get("total_price") if is_checkout else None
    own = extras(record, RECORD_FIELDS, consumed=_OURS)
    return Cart(
        cart_id=cart_id,
        identity=identity,
        currency=code,
        total=amount(record.get("grand_total") if total is None else total, code),
        updated_at=at,
        lines=lines_of(record.get("items") or (), code, lambda ident: turn.ident(provider, ident)),
        discount=abs(amount(record.get("total_discounts"), code)),
        store=text(record.get("store")) or (known.store if known and is_checkout else None),
        url=text(record.get("cart_url")) or (known.url if known else None),
        properties={name: scalar(value) for name, value in own.items()},
    )


def _started(record: Mapping[str, Any], known: Cart | None, at: datetime) -> datetime:
    """When the checkout began; what changes one that began already, or tells it again undated, leaves that alone."""
    began = known.checkout_started_at if known is not None else None
    is_dated = instant(record.get("occurred_at")) is not None
    return at if began is None or (is_dated and record["action"] == "created") else began
