"""The records of our own JSON by the name that `type` holds, and their strict twins.

A strict twin has the fields of the model type and three rules more: no unknown field at any depth, no timestamp
without a zone, and no event that calls itself by the name of another kind of fact. It is made from the model type, so
the two cannot drift apart.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from functools import cache
from types import MappingProxyType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

import msgspec
from msgspec import NODEFAULT, Meta, Struct, defstruct

from orderwire.model import Cart, Consent, Event, Order, Person, Product, Subscription

TYPES: Mapping[str, type[Struct]] = MappingProxyType(
    {
        "person": Person,
        "consent": Consent,
        "product": Product,
        "order": Order,
        "cart": Cart,
        "subscription": Subscription,
        "event": Event,
    }
)

_ZONED = Annotated[datetime, Meta(tz=True)]
_AMOUNT = Annotated[
    Decimal,
    Meta(
        extra_json_schema={
            "pattern": r"^-?[0-9]{1,16}(\.[0-9]{1,15})?$",
            "exclusiveMinimum": -(10**16),
            "exclusiveMaximum": 10**16,
        }
    ),
]
"""Money and quantities: exact as text; a number is taken too."""
_EVENT_NAME = Annotated[str, Meta(pattern=r"^(product\.viewed|site\.active|custom\..+)$")]
"""An event of another name would pass for an order or a consent, which not every key may tell of."""


@cache
def strict(kind: type[Struct]) -> type[Struct]:
    """The strict twin of a model type."""
    hints = get_type_hints(kind, include_extras=True)
    fields: list[Any] = []
    for field in msgspec.structs.fields(kind):
        annotation = _strict_annotation(hints[field.name])
        if kind is Event and field.name == "name":
            annotation = _EVENT_NAME
        if field.default_factory is not NODEFAULT:
            fields.append((field.name, annotation, msgspec.field(default_factory=field.default_factory)))
        elif field.default is not NODEFAULT:
            fields.append((field.name, annotation, field.default))
        else:
            fields.append((field.name, annotation))
    return defstruct(
        kind.__name__,
        fields,
        kw_only=True,
        frozen=True,
        forbid_unknown_fields=True,
        namespace={"__doc__": kind.__doc__},
    )


@cache
def tagged(name: str) -> type[Struct]:
    """The strict twin with its `type` beside its fields."""
    twin = strict(TYPES[name])
    return defstruct(
        twin.__name__,
        [],
        bases=(twin,),
        tag_field="type",
        tag=name,
        kw_only=True,
        frozen=True,
        forbid_unknown_fields=True,
        namespace={"__doc__": twin.__doc__},
    )


def _strict_annotation(annotation: Any) -> Any:
    if annotation is datetime:
        return _ZONED
    if annotation is Decimal:
        return _AMOUNT
    if annotation is object:
        return Any
    if isinstance(annotation, type) and issubclass(annotation, Struct):
        return strict(annotation)
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin in (Union, UnionType):
        return Union[tuple(_strict_annotation(argument) for argument in arguments)]  # noqa: UP007 - built at run time
    if origin in (tuple, dict):
        return origin[tuple(_strict_annotation(argument) for argument in arguments)]
    return annotation
