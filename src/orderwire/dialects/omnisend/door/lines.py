"""Lines, addresses and the other parts that orders and carts share, out of events (amounts in major units)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from orderwire.dialects.omnisend.door.wire import Fields, scalar
from orderwire.model import Address, Discount, OrderLine
from orderwire.model.money import digits, major, minor
from orderwire.model.people import JsonScalar

_LINE = frozenset(
    name.lower()
    for name in (
        "productID",
        "productVariantID",
        "productTitle",
        "productQuantity",
        "productPrice",
        "productDiscount",
        "productStrikeThroughPrice",
        "productSKU",
        "productVendor",
        "productURL",
        "productImageURL",
        "productVariantImageURL",
        "productCategories",
        "lineID",
    )
)
_ONE = Decimal(1)
_SPARE_DIGITS = 6


def read_lines(rows: Iterable[Fields], currency: str) -> tuple[OrderLine, ...]:
    """The lines of an event, each with an id of its own: the variant's, numbered where it comes again."""
    return numbered([read_line(row, currency) for row in rows])


def read_line(row: Fields, currency: str) -> OrderLine:
    """One line. `productPrice` is a piece's price after its discount, `productDiscount` that of the whole line."""
    product, variant = row.id("productID"), row.id("productVariantID")
    quantity = row.number("productQuantity")
    quantity = _ONE if quantity is None else quantity
    price = row.number("productPrice") or Decimal(0)
    full = row.number("productStrikeThroughPrice")
    discount = row.major("productDiscount", currency)
    if discount is None:
        discount = minor((full - price) * quantity, currency) if full is not None and full > price else 0
    total = minor(price * quantity, currency)
    categories = [
        name
        for one in row.rows("productCategories") or ()
        if (name := one.text("title") or one.text("id")) is not None
    ]
    name = row.text("productTitle") or product or variant or ""
    return OrderLine(
        line_id=variant or product or name or "line",
        name=name,
        quantity=quantity,
        product_id=product,
        variant_id=variant if variant != product else None,
        sku=row.text("productSKU"),
        unit_price=full
        if full is not None and full > price
        else unit_price(price, quantity, total, discount, currency),
        subtotal=total + discount,
        discount=discount,
        total=total,
        brand=row.text("productVendor"),
        categories=tuple(dict.fromkeys(categories)),
        url=row.text("productURL"),
        image_url=row.text("productImageURL") or row.text("productVariantImageURL"),
        properties=properties(row, _LINE),
    )


def unit_price(price: Decimal, quantity: Decimal, total: int, discount: int, currency: str) -> Decimal:
    """What one piece costs before its discount."""
    if not discount or not quantity:
        return price
    exact = major(total + discount, currency) / quantity
    return exact.quantize(_ONE.scaleb(-digits(currency) - _SPARE_DIGITS)).normalize()


def numbered(lines: list[OrderLine]) -> tuple[OrderLine, ...]:
    """The lines with ids told apart: `MUG`, `MUG-2` and so on."""
    seen: dict[str, int] = {}
    found = []
    for line in lines:
        count = seen[line.line_id] = seen.get(line.line_id, 0) + 1
        found.append(line if count == 1 else _renamed(line, f"{line.line_id}-{count}"))
    return tuple(found)


def read_address(fields: Fields | None) -> Address | None:
    """An address of an order, in the words of either generation; None where it says nothing."""
    if fields is None:
        return None
    found = Address(
        first_name=fields.text("firstName"),
        last_name=fields.text("lastName"),
        company=fields.text("company"),
        line1=fields.text("address1") or fields.text("address"),
        line2=fields.text("address2"),
        city=fields.text("city"),
        region=fields.text("state"),
        region_code=fields.text("stateCode"),
        postal_code=fields.text("zip") or fields.text("postalCode"),
        country=fields.text("country"),
        country_code=fields.text("countryCode"),
        phone=fields.text("phone"),
    )
    return None if found == Address() else found


def read_discounts(rows: Iterable[Fields], currency: str) -> tuple[Discount, ...]:
    """The reductions of the whole order."""
    return tuple(
        Discount(amount=row.major("amount", currency) or 0, code=row.text("code"), title=row.text("type"))
        for row in rows
    )


def properties(fields: Fields, known: frozenset[str]) -> dict[str, JsonScalar]:
    """What a record has no field for, under its own names."""
    return {name: scalar(value) for name, value in fields.rest(known) if value != ""}


def custom_fields(fields: Fields | None) -> Mapping[str, Any]:
    """The custom fields that our own writer sets apart."""
    return {} if fields is None else {name: scalar(value) for name, value in fields.data.items()}


def currency_of(fields: Fields, before: str | None) -> str | None:
    """The currency of the amounts: three letters, in capitals."""
    given = (fields.text("currency") or "").upper()
    is_code = len(given) == 3 and given.isascii() and given.isalpha()
    return given if is_code else before


def _renamed(line: OrderLine, line_id: str) -> OrderLine:
    return OrderLine(**{name: getattr(line, name) for name in line.__struct_fields__} | {"line_id": line_id})
