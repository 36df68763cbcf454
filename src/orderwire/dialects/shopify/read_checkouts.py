"""Checkouts that were left, as Shopify says them: carts of people who gave their address."""

from __future__ import annotations

from decimal import Decimal

from orderwire.dialects.connector import Access
from orderwire.dialects.shop_json import Misread, Part, each
from orderwire.dialects.shopify.fields import Purse, every, id_of, need_id
from orderwire.dialects.shopify.read_people import identity
from orderwire.model import Cart, Identity, OrderLine
from orderwire.model.money import major


def cart(part: Part, access: Access) -> Cart | None:
    """Read one checkout; None where it became an order, or nobody is known in it.

    Raises:
        Misread: a part of it cannot be understood.
    """
    customer = part.part("customer")
    known = identity(customer) if customer else Identity()
    who = Identity(
        external_id=known.external_id,
        email=part.text("email") or known.email,
        phone=part.text("phone") or known.phone,
    )
    if part.instant("completed_at") is not None or who.is_empty:
        return None
    updated = part.instant("updated_at")
    if updated is None:
        raise Misread(part.at("updated_at"), "is missing")
    purse = Purse(_with_currency(part), is_presentment=access.text("money") == "presentment")
    lines = tuple(_line(one, place, purse) for place, one in enumerate(every(part, "line_items"), 1))
    return Cart(
        cart_id=need_id(part),
        identity=who,
        currency=purse.currency,
        total=purse.amount(part, "total_price"),
        discount=purse.amount(part, "total_discounts"),
        updated_at=updated,
        lines=lines,
        url=part.text("abandoned_checkout_url"),
        checkout_started_at=part.instant("created_at"),
    )


def _with_currency(part: Part) -> Part:
    """A checkout names its currency only beside its amounts when a query tells of it."""
    both = part.part("total_price_set")
    if both is None or part.value.get("currency") is not None:
        return part
    side = both.part("shop_money") or both.part("presentment_money")
    code = side.value.get("currency_code") if side else None
    return Part({**part.value, "currency": code, "presentment_currency": code}, part.place)


def _line(part: Part, place: int, purse: Purse) -> OrderLine:
    """A line has no id of its own in a webhook: its variant and place stand in, in both."""
    product, variant = part.part("product"), part.part("variant")
    variant_id = id_of(variant) if variant else id_of(part, "variant_id")
    quantity = part.decimal("quantity")
    quantity = Decimal(1) if quantity is None else quantity
    price = purse.amount(part, "price")
    title, of = part.text("title") or "", part.text("variant_title")
    return OrderLine(
        line_id=f"{variant_id or title}:{place}",
        name=f"{title} - {of}" if of else title,
        quantity=quantity,
        product_id=id_of(product) if product else id_of(part, "product_id"),
        variant_id=variant_id,
        sku=part.text("sku"),
        unit_price=each(major(price, purse.currency), Decimal(1)),
        subtotal=round(price * quantity),
        total=round(price * quantity),
    )
