"""Keeping one record within what a request may carry."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from orderwire.dialects.contract import Expression, Item
from orderwire.dialects.drip.fields import ITEM_FIELDS, RECORD_FIELDS, encode

MAX_BYTES = 4_000_000
"""Drip documents no limit; the gateway in front of it takes 10 MB. Less than half of that is asked of it."""
FRAME_BYTES = 512
MAX_RECORD_BYTES = MAX_BYTES - FRAME_BYTES - 1
_DECORATION = frozenset({"product_url", "image_url", "categories", "brand"})
_ESSENTIAL = (
    RECORD_FIELDS
    | {"product_id", "product_variant_id", "name", "price", "sku", "inventory"}
    | {"first_name", "last_name", "phone", "sms_number", "sms_consent"}
)
_ESSENTIAL_PROPERTIES = ("event_id", "value", "amount", "currency", "product_id", "product_variant_id")


def expression(route: str, wire_id: str, record: Mapping[str, Any], unsaid: tuple[str, ...] = ()) -> Expression:
    """One record as the whole of what is said, shortened in detail where a request could not carry it."""
    body = encode(record)
    if len(body) <= MAX_RECORD_BYTES:
        return Expression(items=(Item(route=route, wire_id=wire_id, body=body),), unsaid=unsaid)
    body = encode(_shortened(record))
    if len(body) <= MAX_RECORD_BYTES:
        lost = "own properties, links, brands and categories: the record is too large for a request"
        return Expression(items=(Item(route=route, wire_id=wire_id, body=body),), unsaid=(*unsaid, lost))
    return Expression(unsaid=(f"the record has {len(body)} bytes, a request takes {MAX_RECORD_BYTES}",))


def _shortened(record: Mapping[str, Any]) -> dict[str, Any]:
    kept = {name: value for name, value in record.items() if name in _ESSENTIAL}
    if "items" in kept:
        kept["items"] = [
            {name: value for name, value in item.items() if name in ITEM_FIELDS - _DECORATION}
            for item in kept["items"]
        ]
    if "properties" in record:
        given = record["properties"]
        kept["properties"] = {name: given[name] for name in _ESSENTIAL_PROPERTIES if name in given}
    return kept
