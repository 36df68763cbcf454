"""Orders as Shopify says them: what was placed, less what was edited out of it, and apart from that what went back.

Original totals stay after an edit, current ones shrink with edits and with refunds alike. The order as it stands is
in between: refunds are told by themselves, so the total is the original one, or after an edit the current one with
what was refunded added again. A line keeps the discount of its original quantity, so its share is taken with it.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from msgspec.structs import replace

from orderwire.dialects.connector import MISMATCH, Access
from orderwire.dialects.shop_json import Misread, Part, each, line_sum, mismatch_of
from orderwire.dialects.shopify.fields import Purse, address, every, id_of, need_id, word, words
from orderwire.dialects.shopify.read_people import identity
from orderwire.dialects.shopify.read_refunds import paid_at, refunds, returned, shipments
from orderwire.model import Discount, Identity, Order, OrderLine
from orderwire.model.money import major

PAID = frozenset({"paid", "partially_refunded", "refunded"})


class Totals(NamedTuple):
    """What an order costs, and the tax in or on it."""

    total: int
    tax: int


def order(part: Part, access: Access) -> Order:
    """Read one order.

    Raises:
        Misread: a part of it cannot be understood.
    """
    purse = Purse(part, is_presentment=access.text("money") == "presentment")
    placed = part.instant("processed_at") or part.instant("created_at")
    if placed is None:
        raise Misread(part.at("created_at"), "is missing")
    back = returned(part)
    lines = tuple(_line(one, back, purse) for one in every(part, "line_items"))
    is_edited = any(_edited_out(one, back) for one in every(part, "line_items"))
    shipping = sum(_shipping(one, purse) for one in every(part, "shipping_lines"))
    is_included = bool(part.flag("taxes_included"))
    fee = purse.amount(part, "total_tip_received")
    parts = line_sum(tuple(line for line in lines if line is not None)) + shipping + fee
    total, tax = _totals(part, purse, parts, is_included=is_included, is_edited=is_edited)
    customer, billing = part.part("customer"), address(part, "billing_address")
    paid, is_paid_vaguely = _paid(part, placed, total)
    found = Order(
        order_id=need_id(part),
        number=part.text("name"),
        store=access.text("store") or None,
        identity=_identity(part, customer),
        first_name=(customer.text("first_name") if customer else None) or (billing.first_name if billing else None),
        last_name=(customer.text("last_name") if customer else None) or (billing.last_name if billing else None),
        currency=purse.currency,
        placed_at=placed,
        total=total,
        lines=tuple(line for line in lines if line is not None),
        discount=sum(line.discount for line in lines if line is not None)
        if is_edited
        else purse.amount(part, "total_discounts"),
        discounts=tuple(_discounts(part, purse)),
        tax=tax,
        is_tax_included=is_included,
        shipping=shipping,
        fee=fee,
        refunds=refunds(part, purse, total),
        shipments=shipments(part),
        paid_at=paid,
        cancelled_at=part.instant("cancelled_at"),
        cancel_reason=word(part, "cancel_reason") or None,
        source_status=word(part, "financial_status") or None,
        billing_address=billing,
        shipping_address=address(part, "shipping_address"),
        payment_method=next(iter(part.texts("payment_gateway_names")), None),
        shipping_method=next((one.text("title") for one in every(part, "shipping_lines")), None),
        note=part.text("note"),
        tags=words(part, "tags"),
        is_test=bool(part.flag("test")),
        approximate=("paid_at",) if is_paid_vaguely else (),
        updated_at=part.instant("updated_at"),
    )
    difference = mismatch_of(found)
    return replace(found, properties={MISMATCH: difference}) if difference else found


def _identity(part: Part, customer: Part | None) -> Identity:
    known = identity(customer) if customer else Identity()
    return Identity(
        external_id=known.external_id,
        email=part.text("email") or known.email,
        phone=part.text("phone") or known.phone,
    )


def _paid(part: Part, placed: datetime, total: int) -> tuple[datetime | None, bool]:
    """When it was paid, and whether that is only about then.

    A webhook does not tell, apart from an order that costs nothing. An order that another shop's history was brought
    in with is paid without any payment: its own day stands in.
    """
    if word(part, "financial_status") not in PAID:
        return None, False
    found = paid_at(part) or (part.instant("processed_at") if not total else None)
    if found is not None or part.value.get("transactions") is None:
        return found, False
    return placed, True


def _edited_out(part: Part, back: dict[str, Decimal]) -> Decimal:
    """How many pieces of a line were edited out of the order, rather than given back."""
    placed = part.decimal("quantity") or Decimal(0)
    left = part.decimal("current_quantity")
    if left is None:
        return Decimal(0)
    return max(placed - left - back.get(need_id(part), Decimal(0)), Decimal(0))


def _line(part: Part, back: dict[str, Decimal], purse: Purse) -> OrderLine | None:
    """One line as it stands; None where nothing of it is left in the order."""
    placed = part.decimal("quantity")
    placed = Decimal(1) if placed is None else placed
    kept = placed - _edited_out(part, back)
    if placed > 0 and kept <= 0:
        return None
    price = purse.amount(part, "price")
    discount = sum(purse.amount(one, "amount") for one in part.parts("discount_allocations"))
    tax = sum(purse.amount(one, "price") for one in part.parts("tax_lines"))
    if placed and kept != placed:
        discount, tax = round(discount * kept / placed), round(tax * kept / placed)
    subtotal = round(price * kept)
    product, variant = part.part("product"), part.part("variant")
    return OrderLine(
        line_id=need_id(part),
        name=part.text("name") or part.text("title") or "",
        quantity=kept,
        product_id=id_of(product) if product else id_of(part, "product_id"),
        variant_id=id_of(variant) if variant else id_of(part, "variant_id"),
        sku=part.text("sku"),
        unit_price=each(major(price, purse.currency), Decimal(1)),
        subtotal=subtotal,
        discount=discount,
        tax=tax,
        total=subtotal - discount,
        brand=part.text("vendor"),
        properties={"gift_card": True} if part.flag("gift_card") else {},
    )


def _shipping(part: Part, purse: Purse) -> int:
    if part.flag("is_removed"):
        return 0
    return purse.amount(part, "discounted_price" if purse.has(part, "discounted_price") else "price")


def _totals(part: Part, purse: Purse, parts: int, *, is_included: bool, is_edited: bool) -> Totals:
    placed = Totals(purse.amount(part, "total_price"), purse.amount(part, "total_tax"))
    if not purse.has(part, "current_total_price"):
        return placed
    goods, tax = 0, 0
    for refund in every(part, "refunds"):
        for one in every(refund, "refund_line_items"):
            goods += purse.amount(one, "subtotal")
            tax += purse.amount(one, "total_tax")
    now = Totals(
        purse.amount(part, "current_total_price") + goods + (0 if is_included else tax),
        purse.amount(part, "current_total_tax") + tax,
    )
    if is_edited:
        return now
    fits = [one for one in (placed, now) if one.total == parts + (0 if is_included else one.tax)]
    return fits[0] if fits else placed


def _discounts(part: Part, purse: Purse) -> Iterator[Discount]:
    """The codes used. What each took off is known only where there is one."""
    listed = part.value.get("discount_codes")
    is_plain = isinstance(listed, list) and all(isinstance(one, str) for one in listed)
    codes = part.texts("discount_codes") if is_plain else [one.text("code") for one in part.parts("discount_codes")]
    named = [code for code in codes if code]
    for code in named:
        yield Discount(amount=purse.amount(part, "total_discounts") if len(named) == 1 else 0, code=code)
