"""What all events share: the envelope, whom they are about, and lines with exact prices."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from msgspec import Raw

from orderwire.dialects.contract import Account, Item, Lane, Statement
from orderwire.dialects.omnisend.fields import EVENT, EVENTS_BATCH, EVENTS_BATCH_RECENT, LENGTHS, EventType, event_id
from orderwire.dialects.omnisend.shapes import Category, EventBody, EventContact, LineItem, amount, encode, number
from orderwire.model import OrderLine
from orderwire.model.money import digits, major

_SPARE_DIGITS = 4
"""More digits than the currency has, for a unit price that does not divide evenly."""


def event_contact(statement: Statement) -> EventContact | None:
    """The contact of an event, by one identifier; None without e-mail and phone.

    Two identifiers may belong to two contacts there, which would then clash; the e-mail wins because contacts are
    matched by it.
    """
    to = statement.recipient
    if to is None or not (to.email or to.phone):
        return None
    return EventContact(
        email=to.email or None,
        phone=None if to.email else to.phone,
        first_name=to.first_name[: LENGTHS["firstName"]] if to.first_name else None,
        last_name=to.last_name[: LENGTHS["lastName"]] if to.last_name else None,
    )


def event_item(
    statement: Statement,
    account: Account,
    event: EventType,
    properties: Any,
    *,
    contact: EventContact,
    part: str = "",
) -> Item:
    """One event of a fact, at the fact's own time. `part` tells several events of one name apart."""
    wire_id = event_id(statement.key, event.name, part)
    body = EventBody(
        id=wire_id,
        name=event.name,
        version=event.version,
        at=statement.occurred_at,
        origin=str(account.options.get("origin") or "api"),
        contact=contact,
        properties=properties,
    )
    return Item(route=_route_of(statement), wire_id=wire_id, body=encode(body))


def _route_of(statement: Statement) -> str:
    if statement.lane is Lane.LIVE:
        return EVENT
    return EVENTS_BATCH_RECENT if statement.is_recent else EVENTS_BATCH


def line_item(line: OrderLine, currency: str, *, is_slim: bool = False, with_old_price: bool = False) -> LineItem:
    """A line as the platform shows it. A line without a product goes by its own id: an id is required there."""
    product_id = line.product_id or line.variant_id or line.sku or line.line_id
    required = LineItem(
        product_id=product_id,
        variant_id=line.variant_id or product_id,
        title=line.name or product_id,
        quantity=quantity(line.quantity),
        price=unit_price(line, currency),
    )
    if is_slim:
        return required
    return LineItem(
        product_id=required.product_id,
        variant_id=required.variant_id,
        title=required.title,
        quantity=required.quantity,
        price=required.price,
        discount=amount(line.discount, currency) if line.discount else None,
        strike_through_price=number(line.unit_price)
        if with_old_price and line.discount and line.unit_price
        else None,
        sku=line.sku or None,
        vendor=line.brand or None,
        url=line.url or None,
        image_url=line.image_url or None,
        categories=tuple(
            Category(id=name[: LENGTHS["category"]], title=name[: LENGTHS["category"]]) for name in line.categories
        ),
    )


def quantity(value: Decimal) -> int | Raw:
    """A quantity as a JSON number."""
    whole = int(value)
    return whole if whole == value else number(value)


def unit_price(line: OrderLine, currency: str) -> Raw:
    """What one piece of the line costs after its discount.

    Exact where the line's total divides evenly; otherwise rounded four digits beyond the currency's own, so that
    price × quantity rounds back to the total.
    """
    if line.unit_price is not None and not line.total and not line.discount:
        return number(line.unit_price)
    if line.quantity == 0:
        return amount(line.total, currency)
    whole = int(line.quantity)
    if whole == line.quantity and line.total % whole == 0:
        return amount(line.total // whole, currency)
    exact = major(line.total, currency) / line.quantity
    return number(exact.quantize(Decimal(1).scaleb(-digits(currency) - _SPARE_DIGITS)))
