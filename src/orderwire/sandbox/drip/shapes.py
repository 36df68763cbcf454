"""What Drip's gateway accepts as Shopper Activity: shapes as data, and what it says about a body that has another.

The gateway names neither the field nor the record, only what its JSON-schema validator found first.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

STATUSES = ("active", "unsubscribed")
ORDER_ACTIONS = ("placed", "updated", "paid", "fulfilled", "refunded", "canceled")
CART_ACTIONS = ("created", "updated")
PRODUCT_ACTIONS = ("created", "updated", "deleted")
MAX_RECORDS = 1000


@dataclass(frozen=True)
class Shape:
    """A JSON schema, as much of it as the gateway needs.

    `one_of` are properties of which at least one must be there. Properties that are not named are allowed.
    """

    types: tuple[str, ...]
    properties: Mapping[str, Shape] = field(default_factory=dict)
    required: tuple[str, ...] = ()
    one_of: tuple[str, ...] = ()
    items: Shape | None = None
    values: tuple[str, ...] = ()
    most: int | None = None


TEXT = Shape(("string",))
NUMBER = Shape(("integer", "number"))
WHOLE = Shape(("integer",))
TEXTS = Shape(("array",), items=TEXT)


def _choice(*values: str) -> Shape:
    return Shape(("string",), values=values)


def _fields(shape: Shape, names: str) -> dict[str, Shape]:
    return dict.fromkeys(names.split(), shape)


_LINE = {
    **_fields(TEXT, "product_id product_variant_id sku name brand product_url image_url"),
    **_fields(NUMBER, "price quantity discounts total taxes fees shipping"),
    "categories": TEXTS,
}
_CART_LINE = Shape(("object",), _LINE, required=("product_id", "product_variant_id", "name", "price"))
_ORDER_LINE = Shape(("object",), _LINE, required=("name",))
_ADDRESS = Shape(
    ("object",),
    _fields(
        TEXT, "label first_name last_name company address_1 address_2 city state postal_code country phone email"
    ),
)
_PERSON = {
    **_fields(TEXT, "provider person_id email occurred_at currency"),
    **_fields(_choice(*STATUSES), "initial_status status"),
}

CART = Shape(
    ("object",),
    {
        **_PERSON,
        **_fields(TEXT, "visitor_uuid cart_id cart_url cart_public_id"),
        **_fields(NUMBER, "grand_total total_discounts"),
        "action": _choice(*CART_ACTIONS),
        "items": Shape(("array",), items=_CART_LINE),
    },
    required=("provider", "action", "cart_id", "cart_url"),
    one_of=("person_id", "email", "visitor_uuid"),
)
ORDER = Shape(
    ("object",),
    {
        **_PERSON,
        **_fields(TEXT, "order_id order_public_id order_url"),
        **_fields(NUMBER, "grand_total total_discounts total_taxes total_fees total_shipping refund_amount"),
        "action": _choice(*ORDER_ACTIONS),
        "items": Shape(("array",), items=_ORDER_LINE),
        "billing_address": _ADDRESS,
        "shipping_address": _ADDRESS,
    },
    required=("provider", "action", "order_id"),
    one_of=("person_id", "email"),
)
PRODUCT = Shape(
    ("object",),
    {
        **_fields(TEXT, "provider occurred_at product_id product_variant_id sku name brand currency"),
        **_fields(TEXT, "product_url image_url"),
        "action": _choice(*PRODUCT_ACTIONS),
        "price": NUMBER,
        "inventory": WHOLE,
        "categories": TEXTS,
    },
    required=("provider", "action", "product_id", "product_variant_id", "name", "price"),
)
CHECKOUT = Shape(
    ("object",),
    {**_PERSON, **_fields(TEXT, "action checkout_id")},
    required=("provider", "action", "checkout_id"),
)


def batch_of(record: Shape, key: str) -> Shape:
    """The wrapper of a batch."""
    return Shape(("object",), {key: Shape(("array",), items=record, most=MAX_RECORDS)}, required=(key,))


def fault_of(shape: Shape, value: Any) -> str | None:
    """What the validator finds first; None when the value has the shape."""
    kind = _type_of(value)
    if kind not in shape.types and not (kind == "integer" and "number" in shape.types):
        return f"instance type ({kind}) does not match any allowed primitive type (allowed: {_listed(shape.types)})"
    if shape.values and value not in shape.values:
        return f"instance value ({json.dumps(value)}) not found in enum (possible values: {_listed(shape.values)})"
    if isinstance(value, dict):
        return _fault_of_object(shape, value)
    if isinstance(value, list):
        return _fault_of_list(shape, value)
    return None


def _fault_of_object(shape: Shape, value: dict[str, Any]) -> str | None:
    if missing := sorted(name for name in shape.required if name not in value):
        return f"object has missing required properties ({_listed(missing)})"
    if shape.one_of and not any(name in value for name in shape.one_of):
        return f"instance failed to match at least one required schema among {len(shape.one_of)}"
    for name, part in value.items():
        if (expected := shape.properties.get(name)) and (fault := fault_of(expected, part)):
            return fault
    return None


def _fault_of_list(shape: Shape, value: list[Any]) -> str | None:
    count = len(value)
    if shape.most is not None and count == 0:
        return "array is too short: must have at least 1 elements but instance has 0 elements"
    if shape.most is not None and count > shape.most:
        return f"array is too long: must have at most {shape.most} elements but instance has {count} elements"
    if shape.items is not None:
        for part in value:
            if fault := fault_of(shape.items, part):
                return fault
    return None


def _type_of(value: Any) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "boolean"
        case int():
            return "integer"
        case float():
            return "number"
        case str():
            return "string"
        case list():
            return "array"
        case _:
            return "object"


def _listed(names: tuple[str, ...] | list[str]) -> str:
    return json.dumps(list(names), separators=(",", ":"))
