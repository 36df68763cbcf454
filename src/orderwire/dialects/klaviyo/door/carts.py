"""Carts, out of the events of a visit: what was added, the checkout, the abandonment."""

from __future__ import annotations

import re

from msgspec import json
from msgspec.structs import replace

from orderwire.dialects.doorway import Document
from orderwire.dialects.klaviyo.door.draft import ENCODE, Draft
from orderwire.dialects.klaviyo.door.ids import digest
from orderwire.dialects.klaviyo.door.lines import line_of, lines_of, renamed, with_known_ids
from orderwire.dialects.klaviyo.door.persons import document_keys
from orderwire.dialects.klaviyo.door.properties import Properties
from orderwire.dialects.klaviyo.door.said import Said, currency_of, value_of
from orderwire.model import Cart, Kind, OrderLine

TOLD = "cart told"
"""Collection of the newest events that added to a cart, by cart."""
_MOST_TOLD = 50
_CART_ID = ("cartid", "quoteid", "maskedquoteid", "carttoken", "checkoutid", "checkouttoken", "basketid")
_ITEMS = ("items", "products", "lineitems")
_STAMPED = re.compile(r"(?P<cart>.+?)_(?P<seconds>\d{9,11})(?:_(?P<line>.+))?", re.DOTALL)
_DERIVED = ("itemnames", "categories", "brands", "useip", "issessionactivity", "currency", "eventid", "itemcount")
_ADDED_FIELDS = {
    "addeditemproductname": "ProductName",
    "addeditemproductid": "ProductID",
    "addeditemvariantid": "VariantID",
    "addeditemsku": "SKU",
    "addeditemcategories": "Categories",
    "addeditemimageurl": "ImageURL",
    "addeditemurl": "URL",
    "addeditemprice": "ItemPrice",
    "addeditemquantity": "Quantity",
    "addeditembrand": "Brand",
}


def happened(draft: Draft, said: Said, kind: Kind) -> None:
    """Take in one event of a cart: it becomes the cart's whole content of that moment."""
    view = Properties(said.properties)
    cart_id = _cart_id(said, view)
    items = view.objects(*_ITEMS)
    if not (items and kind is Kind.CART_UPDATED) and _was_told(draft, said, cart_id):
        return
    known = draft.snapshot(f"cart:{cart_id}")
    known = known if isinstance(known, Cart) else None
    currency = currency_of(draft, said, view)
    added = {named: value for bare, named in _ADDED_FIELDS.items() if (value := view.get(bare)) is not None}
    if items:
        lines = with_known_ids(lines_of(items, currency), known.lines if known else ())
        stamped = _STAMPED.fullmatch(said.unique_id)
        if added and stamped is not None and stamped["line"]:
            lines = renamed(lines, line_of(Properties(added), currency), stamped["line"])
    else:
        lines = _with_added(known.lines if known else (), added, view, currency, kind)
    value = value_of(said, currency)
    discount = view.amount(currency, "discountvalue", "discountamount") or 0
    cart = Cart(
        cart_id=cart_id,
        identity=said.identity,
        currency=currency,
        total=sum(line.total for line in lines) if value is None else value,
        updated_at=said.at,
        lines=lines,
        discount=discount,
        store=view.text("store", "storename"),
        url=view.text("checkouturl", "carturl", "url"),
        abandoned_at=said.at if kind is Kind.CART_ABANDONED else known.abandoned_at if known else None,
        checkout_started_at=said.at
        if kind is Kind.CHECKOUT_STARTED
        else known.checkout_started_at
        if known
        else None,
        properties=view.rest(*_DERIVED),
    )
    draft.put(cart, said.raw, is_imported=said.is_imported)


def _was_told(draft: Draft, said: Said, cart_id: str) -> bool:
    """Whether this very event was taken before; from now on it was.

    Asked where an event adds to what is known: of one that tells the whole cart, saying it again changes nothing.
    """
    name = digest(said.metric, said.unique_id or f"{int(said.at.timestamp())} {ENCODE(said.properties).decode()}")
    kept = draft.document(TOLD, cart_id)
    names = json.decode(kept.body, type=list[str]) if kept is not None else []
    if name.hex() in names:
        return True
    body = json.encode([*names, name.hex()][-_MOST_TOLD:])
    draft.keep(Document(collection=TOLD, key=cart_id, body=body, identity=said.identity))
    return False


def _cart_id(said: Said, view: Properties) -> str:
    """The cart an event names, by a property or before the time in its id; else the person's only one."""
    named = view.text(*_CART_ID)
    if named is not None:
        return named
    stamped = _STAMPED.fullmatch(said.unique_id)
    if stamped is not None:
        return stamped["cart"]
    keys = document_keys([said.identity])
    return f"of-{digest('cart', keys[0] if keys else said.own_id, size=12).hex()}"


def _with_added(
    lines: tuple[OrderLine, ...], added: dict[str, object], view: Properties, currency: str, kind: Kind
) -> tuple[OrderLine, ...]:
    """The lines with the one that an event without the whole cart says was added."""
    if kind is not Kind.CART_UPDATED:
        return lines
    told = added or _single(view)
    if not told:
        return lines
    (line,) = lines_of([told], currency)
    for place, one in enumerate(lines):
        if one.line_id == line.line_id:
            more = replace(
                line,
                quantity=one.quantity + line.quantity,
                subtotal=one.subtotal + line.subtotal,
                total=one.total + line.total,
                discount=one.discount + line.discount,
            )
            return (*lines[:place], more, *lines[place + 1 :])
    return (*lines, line)


def _single(view: Properties) -> dict[str, object]:
    """The product of an event that names it as a view of it does."""
    said = {
        "ProductName": view.text("productname", "name", "title"),
        "ProductID": view.text("productid", "externalcatalogid", "id"),
        "VariantID": view.text("variantid"),
        "SKU": view.text("sku"),
        "ItemPrice": view.number("itemprice", "price"),
        "Quantity": view.number("quantity", "qty"),
        "ImageURL": view.text("imageurl", "image"),
        "Brand": view.text("brand"),
    }
    found: dict[str, object] = {name: value for name, value in said.items() if value is not None}
    return found if any(name in found for name in ("ProductName", "ProductID", "SKU")) else {}
