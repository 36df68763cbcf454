"""Orders as Magento says them, with the invoices, shipments and credit memos that it keeps beside them.

The state is one of a closed list, the status the merchant's own word for it. The state tells neither payment nor
refunds: an order with a part given back may be processing, complete or closed. Invoices tell when it was paid,
credit memos what went back, shipments what is on its way.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from msgspec import Struct
from msgspec.structs import replace

from orderwire.dialects.connector import MISMATCH, Access
from orderwire.dialects.magento.amounts import Terms, shipping_of, terms_of
from orderwire.dialects.magento.fields import address, at, extension, needed
from orderwire.dialects.magento.lines import bought, line_by_item, lines_of, refund_lines
from orderwire.dialects.shop_json import Part, mismatch_of
from orderwire.model import Discount, Identity, Order, Refund, RefundKind, Shipment
from orderwire.model.people import JsonScalar

_PAID, _REFUNDED = 2, 2
"""States of an invoice and a credit memo; 1 is open, 3 cancelled."""
_CANCELLED = "canceled"
_PAID_WITH = ("gift_cards_amount", "customer_balance_amount", "reward_currency_amount")
"""What lowers the total by being paid with: gift cards, store credit, reward points (Adobe Commerce)."""
_ADDED = ("gw_price", "gw_items_price", "gw_card_price")
"""Gift wrapping (Adobe Commerce), without its tax."""
_KEPT = {
    "state": "state",
    "quote_id": "cart_id",
    "customer_group_id": "customer_group_id",
    "original_increment_id": "original_number",
    "relation_child_real_id": "replaced_by_number",
}


class Beside(Struct, frozen=True):
    """What is kept beside an order, each in full."""

    invoices: Sequence[Part] = ()
    shipments: Sequence[Part] = ()
    creditmemos: Sequence[Part] = ()


def order_of(part: Part, beside: Beside, access: Access, *, is_import: bool) -> Order:
    """Read one order with what is kept beside it.

    Raises:
        Misread: a part of it cannot be understood.
    """
    terms = terms_of(part, access)
    things = bought(part.parts("items"))
    billing = part.part("billing_address")
    total = terms.minor(terms.of(part, "grand_total"))
    shipments = tuple(_shipments(beside.shipments))
    order = Order(
        order_id=part.need("entity_id"),
        number=part.text("increment_id"),
        store=_store(part),
        identity=Identity(
            external_id=part.identifier("customer_id"),
            email=part.text("customer_email"),
            phone=billing.text("telephone") if billing else None,
        ),
        first_name=part.text("customer_firstname") or (billing.text("firstname") if billing else None),
        last_name=part.text("customer_lastname") or (billing.text("lastname") if billing else None),
        currency=terms.currency,
        placed_at=needed(part, "created_at"),
        total=total,
        lines=lines_of(things, terms),
        subtotal=terms.minor(terms.of(part, "subtotal_incl_tax" if terms.is_gross else "subtotal")),
        discount=terms.minor(abs(terms.of(part, "discount_amount"))),
        discounts=_discounts(part, terms),
        tax=terms.minor(terms.of(part, "tax_amount")),
        is_tax_included=terms.is_gross,
        shipping=terms.minor(shipping_of(part, terms)),
        fee=_fee(part, terms),
        shipments=shipments,
        refunds=_refunds(beside.creditmemos, line_by_item(things), terms, total),
        paid_at=_paid_at(part, beside.invoices, terms),
        fulfilled_at=min((one.shipped_at for one in shipments), default=None),
        source_status=part.text("status"),
        billing_address=address(billing),
        shipping_address=address(_shipping_address(part)),
        payment_method=payment.text("method") if (payment := part.part("payment")) else None,
        shipping_method=part.text("shipping_description"),
        note=part.text("customer_note"),
        properties=dict(_properties(part)),
        updated_at=at(part, "updated_at") or needed(part, "created_at"),
    )
    return _checked(_ended(order, part, is_import=is_import))


def _ended(order: Order, part: Part, *, is_import: bool) -> Order:
    """The order with its cancellation: the time its history tells, else the last change, which is vague at first."""
    if part.text("state") != _CANCELLED:
        return order
    told = [
        made
        for one in part.parts("status_histories")
        if one.text("status") == order.source_status and (made := at(one, "created_at")) is not None
    ]
    is_vague = not told and is_import
    return replace(
        order,
        cancelled_at=min(told, default=order.updated_at),
        approximate=("cancelled_at",) if is_vague else (),
    )


def _checked(order: Order) -> Order:
    difference = mismatch_of(order)
    return replace(order, properties={**order.properties, MISMATCH: difference}) if difference else order


def _store(part: Part) -> str | None:
    """The store view's name: the last line of website, store and view."""
    lines = [line.strip() for line in (part.text("store_name") or "").splitlines() if line.strip()]
    return lines[-1] if lines else part.text("store_id")


def _discounts(part: Part, terms: Terms) -> tuple[Discount, ...]:
    amount = terms.minor(abs(terms.of(part, "discount_amount")))
    code = part.text("coupon_code")
    if not amount and code is None:
        return ()
    return (Discount(amount=amount, code=code, title=part.text("discount_description")),)


def _fee(part: Part, terms: Terms) -> int:
    """What is neither line, shipping nor tax: gift wrapping, less what was paid with credit of the shop's."""
    more = extension(part)
    added = sum((terms.of(more, name) for name in _ADDED), Decimal(0))
    lowered = sum((abs(terms.of(more, name) or terms.of(part, name)) for name in _PAID_WITH), Decimal(0))
    return terms.minor(added - lowered)


def _paid_at(part: Part, invoices: Sequence[Part], terms: Terms) -> datetime | None:
    """When the invoices paid so far covered the whole order, less what was cancelled of it; None before.

    An order is paid by one invoice mostly; a shop that charges when it ships makes several.
    """
    paid = sorted(
        (needed(one, "created_at"), terms.minor(terms.of(one, "grand_total")))
        for one in invoices
        if one.whole("state") == _PAID
    )
    wanted = terms.minor(terms.of(part, "grand_total") - terms.of(part, "total_canceled"))
    sum_so_far = 0
    for made, amount in paid:
        sum_so_far += amount
        if sum_so_far >= wanted:
            return made
    due = terms.get(part, "total_due")
    return paid[-1][0] if paid and due is not None and due <= 0 else None


def _refunds(creditmemos: Sequence[Part], belongs: Mapping[str, str], terms: Terms, total: int) -> tuple[Refund, ...]:
    kept = [one for one in creditmemos if one.whole("state") in (_REFUNDED, None)]
    read = sorted((_refund(one, belongs, terms) for one in kept), key=lambda one: (one.refunded_at, one.refund_id))
    if len(read) == 1 and read[0].amount >= total > 0:
        return (replace(read[0], kind=RefundKind.FULL),)
    return tuple(read)


def _refund(part: Part, belongs: Mapping[str, str], terms: Terms) -> Refund:
    items = [one for one in part.parts("items") if one.decimal("qty")]
    lines = tuple(refund_lines(items, belongs, terms))
    amount = terms.minor(terms.of(part, "grand_total"))
    gross = Terms(terms.currency, terms.is_base, is_gross=True)
    kind = RefundKind.RESTOCK_ONLY if not amount else RefundKind.PARTIAL if lines else RefundKind.MONEY_ONLY
    return Refund(
        refund_id=part.need("entity_id"),
        refunded_at=needed(part, "created_at"),
        amount=max(amount, 0),
        kind=kind,
        lines=lines,
        shipping=terms.minor(shipping_of(part, gross)),
    )


def _shipments(parts: Sequence[Part]) -> Iterator[Shipment]:
    for one in sorted(parts, key=lambda part: part.whole("entity_id") or 0):
        track = next(iter(one.parts("tracks")), None)
        yield Shipment(
            shipment_id=one.need("entity_id"),
            shipped_at=needed(one, "created_at"),
            carrier=(track.text("title") or track.text("carrier_code")) if track else None,
            tracking_code=track.text("track_number") if track else None,
        )


def _shipping_address(part: Part) -> Part | None:
    """Where the order goes; nowhere when it is virtual."""
    assignments = extension(part).parts("shipping_assignments")
    shipping = assignments[0].part("shipping") if assignments else None
    return shipping.part("address") if shipping else None


def _properties(part: Part) -> Iterator[tuple[str, JsonScalar]]:
    for theirs, ours in _KEPT.items():
        if (text := part.text(theirs)) is not None:
            yield ours, text
    if part.whole("is_virtual"):
        yield "is_virtual", True
