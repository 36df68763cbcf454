"""The shapes that Drip's gateway asks of Shopper Activity, as data, and what it says of a body that has another.

It is as strict as Drip where Drip is known to be (numbers are numbers, actions are those listed, what is required is
there) and lenient where that is not known: null is an attribute left out, and a number where a text belongs is its
digits. Only of an instant it is none: read as nothing, it would make everything happen now.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct, json

from orderwire.dialects.drip.door.values import is_number

_NUMBERS = ("integer", "number")
ADDRESS_FIELDS = frozenset(
    {"label", "first_name", "last_name", "company", "address_1", "address_2", "address1", "address2"}
    | {"city", "state", "postal_code", "zip", "country", "phone", "email"}
)
_LINE_NUMBERS = ("price", "quantity", "discounts", "taxes", "fees", "shipping", "total")
_LINE_TEXTS = ("product_id", "product_variant_id", "sku", "name", "brand", "product_url", "image_url", "line_id")
_INSTANTS = frozenset({"occurred_at"})
STATUSES = ("active", "unsubscribed")


class Shape(Struct, frozen=True, kw_only=True):
    """What a record must be: names by the type of their value. `one_of` are those of which one must be there."""

    required: tuple[str, ...] = ()
    one_of: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()
    whole: tuple[str, ...] = ()
    lists: tuple[str, ...] = ()
    """Lists of texts."""
    choices: Mapping[str, tuple[str, ...]] = {}
    parts: Mapping[str, Shape] = {}
    """Objects."""
    items: Shape | None = None
    """What each of `items` must be."""


_PERSON = ("person_id", "email")
_PERSON_TEXTS = (*_PERSON, "provider", "occurred_at", "currency")
_PERSON_CHOICES = {"initial_status": STATUSES, "status": STATUSES}
_LINE = Shape(texts=_LINE_TEXTS, numbers=_LINE_NUMBERS, lists=("categories",))
_CART_LINE = Shape(
    required=("name", "price", "product_id"), texts=_LINE_TEXTS, numbers=_LINE_NUMBERS, lists=("categories",)
)
_ORDER_LINE = Shape(required=("name",), texts=_LINE_TEXTS, numbers=_LINE_NUMBERS, lists=("categories",))
_ADDRESS = Shape(texts=tuple(sorted(ADDRESS_FIELDS)))

CART = Shape(
    required=("action", "cart_id", "cart_url", "provider"),
    one_of=(*_PERSON, "visitor_uuid"),
    texts=(*_PERSON_TEXTS, "visitor_uuid", "cart_id", "cart_url", "cart_public_id"),
    numbers=("grand_total", "total_discounts"),
    choices={"action": ("created", "updated"), **_PERSON_CHOICES},
    items=_CART_LINE,
)
ORDER = Shape(
    required=("action", "provider"),
    one_of=_PERSON,
    texts=(*_PERSON_TEXTS, "order_id", "order_public_id", "order_url"),
    numbers=("grand_total", "total_discounts", "total_taxes", "total_fees", "total_shipping", "refund_amount"),
    choices={
        "action": ("placed", "updated", "paid", "fulfilled", "refunded", "canceled"),
        **_PERSON_CHOICES,
    },
    parts={"billing_address": _ADDRESS, "shipping_address": _ADDRESS},
    items=_ORDER_LINE,
)
PRODUCT = Shape(
    required=("action", "name", "price", "product_id", "provider"),
    texts=(
        *("provider", "occurred_at", "product_id", "product_variant_id", "sku", "name", "brand", "currency"),
        *("product_url", "image_url"),
    ),
    numbers=("price",),
    whole=("inventory",),
    lists=("categories",),
    choices={"action": ("created", "updated", "deleted")},
)
CHECKOUT = Shape(
    required=("action", "checkout_id", "provider"),
    texts=(*_PERSON_TEXTS, "visitor_uuid", "action", "checkout_id", "cart_url"),
    numbers=("total_price", "grand_total", "total_discounts"),
    choices=_PERSON_CHOICES,
    items=_LINE,
)


def fault_of(shape: Shape, value: Any) -> str:
    """What the validator finds first; empty when the value has the shape."""
    if not isinstance(value, dict):
        return _wrong_type(value, ("object",))
    given = {name for name, part in value.items() if part is not None}
    if missing := sorted(set(shape.required) - given):
        return f"object has missing required properties ({_listed(missing)})"
    if shape.one_of and given.isdisjoint(shape.one_of):
        return f"instance failed to match at least one required schema among {len(shape.one_of)}"
    return _fault_of_values(shape, value) or _fault_of_parts(shape, value)


def fault_of_batch(shape: Shape, noun: str, value: Any, most: int) -> str:
    """The same of a batch, `{noun: [...]}`: one record of another shape refuses it whole."""
    if not isinstance(value, dict):
        return _wrong_type(value, ("object",))
    if noun not in value:
        return f"object has missing required properties ({_listed([noun])})"
    records = value[noun]
    if not isinstance(records, list):
        return _wrong_type(records, ("array",))
    count = len(records)
    if not count:
        return "array is too short: must have at least 1 elements but instance has 0 elements"
    if count > most:
        return f"array is too long: must have at most {most} elements but instance has {count} elements"
    return next((fault for record in records if (fault := fault_of(shape, record))), "")


def _fault_of_values(shape: Shape, value: Mapping[str, Any]) -> str:
    for name in shape.texts:
        part = value.get(name)
        is_digits = isinstance(part, int) and not isinstance(part, bool) and name not in _INSTANTS
        if part is not None and not isinstance(part, str) and not is_digits:
            return _wrong_type(part, ("string",))
    for name in (*shape.numbers, *shape.whole):
        part = value.get(name)
        if part is not None and not is_number(part):
            return _wrong_type(part, _NUMBERS)
        if name in shape.whole and part is not None and part != part // 1:
            return _wrong_type(part, ("integer",))
    for name, choices in shape.choices.items():
        part = value.get(name)
        if part is not None and part not in choices and not (part == "" and name != "action"):
            return f"instance value ({_named(part)}) not found in enum (possible values: {_listed(choices)})"
    return ""


def _fault_of_parts(shape: Shape, value: Mapping[str, Any]) -> str:
    for name in shape.lists:
        part = value.get(name)
        if part is not None and not isinstance(part, list):
            return _wrong_type(part, ("array",))
        if stranger := [one for one in part or () if not isinstance(one, str)]:
            return _wrong_type(stranger[0], ("string",))
    for name, inner in shape.parts.items():
        if value.get(name) is not None and (fault := fault_of(inner, value[name])):
            return fault
    if shape.items is None or value.get("items") is None:
        return ""
    items = value["items"]
    if not isinstance(items, list):
        return _wrong_type(items, ("array",))
    return next((fault for item in items if (fault := fault_of(shape.items, item))), "")


def _wrong_type(value: Any, allowed: tuple[str, ...]) -> str:
    return (
        f"instance type ({_type_of(value)}) does not match any allowed primitive type (allowed: {_listed(allowed)})"
    )


def _type_of(value: Any) -> str:
    if isinstance(value, bool):
        return "boolean"
    names: tuple[tuple[type, str], ...] = ((int, "integer"), (str, "string"), (list, "array"), (dict, "object"))
    return next((name for kind, name in names if isinstance(value, kind)), "null" if value is None else "number")


def _named(value: Any) -> str:
    """A value that is no choice, where it is a short word; it is told back to its sender alone."""
    return json.encode(value).decode() if isinstance(value, str) and len(value) <= 40 else _type_of(value)


def _listed(names: tuple[str, ...] | list[str]) -> str:
    return json.encode(list(names)).decode()
