"""Orders as events: placed, every product ordered, and what happened afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal

from msgspec import Struct
from msgspec.structs import replace

from orderwire.dialects.contract import Account, Expression, Item, Statement
from orderwire.dialects.omnisend.fields import EVENT_BY_KIND, MAX_ITEM_BYTES, ORDERED_PRODUCT
from orderwire.dialects.omnisend.shapes import (
    EventContact,
    LineItem,
    OrderDiscount,
    OrderProperties,
    PostalAddress,
    Tracking,
    amount,
)
from orderwire.dialects.omnisend.write_events import event_contact, event_item, line_item
from orderwire.model import Address, Kind, Order, OrderLine, Refund, RefundKind, kind_of


class _OrderedProduct(Struct, frozen=True, rename={"order_id": "orderID"}):
    order_id: str
    product: LineItem


def placed(statement: Statement, account: Account) -> Expression:
    """`placed order`, then one `ordered product` for each line."""
    order, contact = _order_and_contact(statement)
    item, unsaid = _order_item(statement, account, contact, properties(order, statement.occurred_at))
    if item is None or not account.options.get("ordered_products", True):
        return Expression(items=(item,) if item else (), unsaid=unsaid)
    products = (
        event_item(
            statement,
            account,
            ORDERED_PRODUCT,
            _OrderedProduct(order.order_id, line_item(line, order.currency)),
            contact=contact,
            part=line.line_id,
        )
        for line in order.lines
    )
    return Expression(items=(item, *products), unsaid=unsaid)


def changed(statement: Statement, account: Account) -> Expression:
    """Paid, shipped, delivered or cancelled: the order once more under that event's name."""
    order, contact = _order_and_contact(statement)
    said = properties(order, statement.occurred_at)
    if kind_of(statement.kind) is Kind.ORDER_CANCELLED:
        said = replace(said, cancel_reason=order.cancel_reason)
    elif tracking := _tracking(order, statement.detail):
        said = replace(said, tracking=tracking)
    item, unsaid = _order_item(statement, account, contact, said)
    return Expression(items=(item,) if item else (), unsaid=unsaid)


def refunded(statement: Statement, account: Account) -> Expression:
    """One refund: its own amount and lines, never the sum so far."""
    order, contact = _order_and_contact(statement)
    refund = next((refund for refund in order.refunds if refund.refund_id == statement.detail), None)
    if refund is None:
        return Expression(unsaid=("refund: the newest snapshot of the order does not hold it any more",))
    if refund.kind is RefundKind.RESTOCK_ONLY and not refund.amount:
        return Expression(unsaid=("refund: goods back without money are no refund there",))
    said = replace(
        properties(order, statement.occurred_at),
        refunded_amount=amount(refund.amount, order.currency),
        refunded_lines=tuple(_refunded_lines(order, refund)),
    )
    item, unsaid = _order_item(statement, account, contact, said)
    return Expression(items=(item,) if item else (), unsaid=unsaid)


def properties(order: Order, at: datetime) -> OrderProperties:
    """An order's properties, its statuses as they were at an instant.

    The amounts are those of the newest snapshot; the statuses are not, so that `placed order` reads the same whether
    it is sent in the same second or years later.
    """
    currency = order.currency
    subtotal = order.subtotal if order.subtotal is not None else sum(line.subtotal for line in order.lines)
    return OrderProperties(
        order_id=order.order_id,
        number=order.number or order.order_id,
        created_at=order.placed_at,
        currency=currency.upper(),
        payment_status=payment_status(order, at),
        fulfillment_status=fulfillment_status(order, at),
        total=amount(order.total, currency),
        subtotal=amount(subtotal, currency),
        discount=amount(total_discount(order), currency),
        tax=amount(order.tax, currency),
        shipping=amount(order.shipping, currency),
        fee=amount(order.fee, currency) if order.fee else None,
        is_tax_included=order.is_tax_included,
        payment_method=order.payment_method or None,
        shipping_method=order.shipping_method or None,
        billing_address=_address(order.billing_address),
        shipping_address=_address(order.shipping_address),
        discounts=tuple(
            OrderDiscount(amount=amount(cut.amount, currency), code=cut.code, type=cut.title)
            for cut in order.discounts
        ),
        note=order.note or None,
        url=order.url or None,
        tags=order.tags,
        store=order.store or None,
        custom_fields=order.properties,
        lines=tuple([line_item(line, currency) for line in order.lines]),
    )


def payment_status(order: Order, at: datetime) -> str:
    """What had been paid and given back by then."""
    past = [refund for refund in order.refunds if refund.refunded_at <= at]
    back = sum(refund.amount for refund in past)
    if any(refund.kind is RefundKind.FULL for refund in past) or back >= order.total > 0:
        return "refunded"
    if back:
        return "partiallyRefunded"
    if _is_past(order.paid_at, at):
        return "paid"
    return "voided" if _is_past(order.cancelled_at, at) else "awaitingPayment"


def fulfillment_status(order: Order, at: datetime) -> str:
    """How far the goods had come by then."""
    parcels = order.shipments
    if _is_past(order.delivered_at, at) or (parcels and all(_is_past(parcel.delivered_at, at) for parcel in parcels)):
        return "delivered"
    if _is_past(order.fulfilled_at, at):
        return "fulfilled"
    gone = sum(parcel.shipped_at <= at for parcel in parcels)
    if not gone:
        return "unfulfilled"
    return "fulfilled" if gone == len(parcels) and order.fulfilled_at is None else "inProgress"


def total_discount(order: Order) -> int:
    """All reductions together, whether the source's order discount holds those of its lines or comes on top."""
    in_lines = sum(line.discount for line in order.lines)
    before = sum(line.total for line in order.lines) + order.shipping + order.fee
    before += 0 if order.is_tax_included else order.tax
    if order.lines and order.discount and before - order.total == order.discount:
        return in_lines + order.discount
    return max(in_lines, order.discount)


def _order_and_contact(statement: Statement) -> tuple[Order, EventContact]:
    contact = event_contact(statement)
    assert isinstance(statement.snapshot, Order)  # noqa: S101 - the kind says so
    assert contact is not None  # noqa: S101 - asked before any event is written
    return statement.snapshot, contact


def _order_item(
    statement: Statement, account: Account, contact: EventContact, said: OrderProperties
) -> tuple[Item | None, tuple[str, ...]]:
    """The event within the size limit: first the lines lose their detail, then the event its lines."""
    event = EVENT_BY_KIND[kind_of(statement.kind)]
    item = event_item(statement, account, event, said, contact=contact)
    if len(item.body) <= MAX_ITEM_BYTES:
        return item, ()
    for lines, loss in ((_slim(said.lines), "lineItems: shortened to fit"), ((), "lineItems: left out to fit")):
        shorter = replace(said, lines=lines, refunded_lines=_slim(said.refunded_lines) if lines else ())
        item = event_item(statement, account, event, shorter, contact=contact)
        if len(item.body) <= MAX_ITEM_BYTES:
            return item, (loss,)
    return None, (f"size: larger than {MAX_ITEM_BYTES} bytes even without its lines",)


def _slim(lines: tuple[LineItem, ...]) -> tuple[LineItem, ...]:
    return tuple(
        LineItem(
            product_id=line.product_id,
            variant_id=line.variant_id,
            title=line.title[:100],
            quantity=line.quantity,
            price=line.price,
            sku=line.sku,
        )
        for line in lines
    )


def _refunded_lines(order: Order, refund: Refund) -> Iterator[LineItem]:
    line_by_id = {line.line_id: line for line in order.lines}
    for back in refund.lines:
        line = line_by_id.get(back.line_id, OrderLine(line_id=back.line_id, name=""))
        pieces = back.quantity or Decimal(1)
        yield line_item(
            replace(line, quantity=pieces, total=back.amount, unit_price=None, discount=0), order.currency
        )


def _tracking(order: Order, shipment_id: str | None) -> Tracking | None:
    parcel = next((parcel for parcel in order.shipments if parcel.shipment_id == shipment_id), None)
    if parcel is None or not (parcel.tracking_code or parcel.carrier or parcel.tracking_url):
        return None
    return Tracking(code=parcel.tracking_code, carrier=parcel.carrier, url=parcel.tracking_url)


def _address(address: Address | None) -> PostalAddress | None:
    if address is None:
        return None
    return PostalAddress(
        first_name=address.first_name,
        last_name=address.last_name,
        company=address.company,
        address1=address.line1,
        address2=address.line2,
        city=address.city,
        state=address.region,
        state_code=address.region_code,
        zip=address.postal_code,
        country=address.country,
        country_code=address.country_code,
        phone=address.phone,
    )


def _is_past(instant: datetime | None, at: datetime) -> bool:
    return instant is not None and instant <= at
