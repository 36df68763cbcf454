"""The calls about carts, which are resources in /v3 alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from msgspec.structs import replace

from orderwire.dialects.doorway import Answer, Call, Reply, Shelves
from orderwire.dialects.omnisend.door.orders import identity_in, people_asked
from orderwire.dialects.omnisend.door.orders_read import cents, read_cart, read_cart_line
from orderwire.dialects.omnisend.door.orders_show import CARTS, show_cart
from orderwire.dialects.omnisend.door.pages import all_snapshots, by_offset
from orderwire.dialects.omnisend.door.present import Present
from orderwire.dialects.omnisend.door.refusals import Refusal
from orderwire.dialects.omnisend.door.wire import Fields, decode, plain
from orderwire.dialects.omnisend.shapes import encode
from orderwire.model import Cart, OrderLine

REMOVED = "cart_removed"


def post(call: Call, shelves: Shelves) -> Answer:
    """A new cart; one that is there already is replaced."""
    present = Present(call, shelves)
    fields = Fields.of(decode(call.body))
    cart_id = fields.id("cartID", required=True) or ""
    return _write(present, fields, cart_id, present.cart(cart_id))


def put(call: Call, shelves: Shelves) -> Answer:
    """A cart as a whole."""
    present = Present(call, shelves)
    before = held(present)
    return _write(present, Fields.of(decode(call.body)), before.cart_id, before)


def patch(call: Call, shelves: Shelves) -> Answer:
    """A cart's own fields; lines that are given are added, or put in place of those with their id."""
    present = Present(call, shelves)
    cart = held(present)
    fields = Fields.of(decode(call.body))
    currency = (fields.text("currency") or cart.currency).upper()
    if len(currency) != 3 or not currency.isalpha() or not currency.isascii():
        fields.fault("currency", "must be an ISO currency code", "invalid_format")
    lines = cart.lines
    for row in fields.rows("products") or () if not fields.faults else ():
        lines = _with(lines, read_cart_line(row, currency))
    total = cents(fields, "cartSum", currency) if not fields.faults else None
    fields.finish()
    url = fields.text("cartRecoveryUrl") or cart.url
    total = sum(line.total for line in lines) if total is None and lines != cart.lines else total
    changed = replace(cart, currency=currency, lines=lines, url=url, total=cart.total if total is None else total)
    _record(present, changed)
    return present.intake(Reply(body=encode({"cartID": cart.cart_id})))


def delete(call: Call, shelves: Shelves) -> Answer:
    """A cart no more: what a person has put aside is nothing then."""
    present = Present(call, shelves)
    cart = held(present)
    _record(present, replace(cart, lines=(), total=0, discount=0))
    present.drop(CARTS, cart.cart_id)
    present.keep(REMOVED, cart.cart_id, {})
    return present.intake(Reply(status=204))


def get(call: Call, shelves: Shelves) -> Answer:
    """One cart."""
    present = Present(call, shelves)
    return Reply(body=encode(_show(present, held(present))))


def list_carts(call: Call, shelves: Shelves) -> Answer:
    """A page of the carts that this source told of."""
    present = Present(call, shelves)
    rows = (cart for cart in _all(present) if _is_wanted(present, cart))
    return by_offset(call, "carts", rows, lambda cart: _show(present, cart), first=_FIRST.get(call.asked("sort")))


def post_line(call: Call, shelves: Shelves) -> Answer:
    """One more line in a cart."""
    present = Present(call, shelves)
    cart = held(present)
    fields = Fields.of(decode(call.body))
    fields.id("cartProductID", required=True)
    line = read_cart_line(fields, cart.currency)
    fields.finish()
    if any(one.line_id == line.line_id for one in cart.lines):
        raise Refusal(422, f" *Product with cartProductID {line.line_id} already exists in the Cart; ")
    return _line_written(present, cart, line)


def put_line(call: Call, shelves: Shelves) -> Answer:
    """A line of a cart as a whole; PATCH changes the fields that are given."""
    present = Present(call, shelves)
    cart = held(present)
    line_id = call.parameters.get("line", "")
    before = _line(cart, line_id)
    given = decode(call.body)
    if call.method == "PATCH" and isinstance(given, dict):
        shown = next(one for one in _show(present, cart)["products"] if one["cartProductID"] == line_id)
        given = {name: value for name, value in shown.items() if value is not None and value != ""} | given
    fields = Fields.of(given)
    line = replace(read_cart_line(fields, cart.currency), line_id=before.line_id)
    fields.finish()
    return _line_written(present, cart, line)


def delete_line(call: Call, shelves: Shelves) -> Answer:
    """A line taken out of a cart."""
    present = Present(call, shelves)
    cart = held(present)
    gone = _line(cart, call.parameters.get("line", ""))
    lines = tuple(line for line in cart.lines if line is not gone)
    _record(present, replace(cart, lines=lines, total=max(0, cart.total - gone.total)))
    return present.intake(Reply(status=204))


def held(present: Present) -> Cart:
    """The cart of the path.

    Raises:
        Refusal: there is none.
    """
    cart_id = present.call.parameters.get("id", "")
    cart = present.cart(cart_id)
    if cart is None or present.kept(REMOVED, cart_id) is not None:
        raise Refusal(404, f"Cart with '{cart_id}' cartID not found")
    return cart


def _write(present: Present, fields: Fields, cart_id: str, before: Cart | None) -> Answer:
    identity = identity_in(present, fields, before.identity if before else None)
    cart = read_cart(fields, identity, cart_id, before, present.at)
    fields.finish()
    if cart is None:
        raise Refusal(400, "Request body is not a cart")
    present.record(cart, present.call.body)
    present.keep(CARTS, cart_id, plain(dict(fields.data)))
    present.forget(REMOVED, cart_id)
    return present.intake(Reply(body=encode({"cartID": cart_id, "email": identity.email or ""})))


def _record(present: Present, cart: Cart) -> None:
    present.record(replace(cart, updated_at=max(present.at, cart.updated_at)), present.call.body)


def _line_written(present: Present, cart: Cart, line: OrderLine) -> Answer:
    before = next((one.total for one in cart.lines if one.line_id == line.line_id), 0)
    lines = _with(cart.lines, line)
    _record(present, replace(cart, lines=lines, total=max(0, cart.total - before + line.total)))
    shown = {
        "cartID": cart.cart_id,
        "cartProductID": line.line_id,
        "productID": line.product_id or "",
        "variantID": line.variant_id or line.product_id or "",
    }
    return present.intake(Reply(body=encode(shown)))


def _with(lines: tuple[OrderLine, ...], new: OrderLine) -> tuple[OrderLine, ...]:
    """The lines with one more, or with one in the place of its predecessor."""
    if any(line.line_id == new.line_id for line in lines):
        return tuple(new if line.line_id == new.line_id else line for line in lines)
    return (*lines, new)


def _line(cart: Cart, line_id: str) -> OrderLine:
    for line in cart.lines:
        if line.line_id == line_id:
            return line
    raise Refusal(404, f"Product with '{line_id}' cartProductID not found")


def _show(present: Present, cart: Cart) -> dict[str, Any]:
    given = present.kept(CARTS, cart.cart_id)
    return show_cart(cart, given if isinstance(given, dict) else {}, present.shelves)


def _all(present: Present) -> Iterator[Cart]:
    people = people_asked(present)
    has_gone = present.shelves.count(REMOVED) > 0
    for source, record in all_snapshots(present.shelves, "cart"):
        if source != present.call.source:
            continue
        if not isinstance(record, Cart) or (has_gone and present.kept(REMOVED, record.cart_id) is not None):
            continue
        known = None if people is None or record.identity.is_empty else present.shelves.find(record.identity)
        if people is None or (known is not None and known.person in people):
            yield record


def _is_wanted(present: Present, cart: Cart) -> bool:
    call = present.call
    day = cart.updated_at.date().isoformat()
    since = call.asked("updatedFrom") or call.asked("dateFrom")
    until = call.asked("updatedTo") or call.asked("dateTo")
    return (not since or day >= since) and (not until or day <= until) and not call.asked("segmentID")


_FIRST: dict[str, Callable[[Cart], Any]] = {
    "createdAt": lambda cart: -cart.updated_at.timestamp(),
    "updatedAt": lambda cart: -cart.updated_at.timestamp(),
    "cartSum": lambda cart: -cart.total,
}
