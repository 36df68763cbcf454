"""The four record types: their fields, what a new one must carry, and what a partial one may leave out."""

from __future__ import annotations

from typing import Any

from orderwire.sandbox.ometria.checks import (
    Check,
    among,
    array,
    day,
    filled,
    flag,
    instant,
    like,
    mapping,
    number,
    shape,
    text,
    whole,
)

RECORD_BYTES = 60_000
"""60 KB, taken as the smaller reading of a kilobyte."""
EVENT_TYPE_LENGTH = 32
"""Longer event types are cut off."""
OPTIN, OPTOUT, UNSPECIFIED = "EXPLICITLY_OPTEDIN", "EXPLICITLY_OPTEDOUT", "NOT_SPECIFIED"
OPTIN_BY_VALUE = {OPTIN: OPTIN, OPTOUT: OPTOUT, UNSPECIFIED: UNSPECIFIED, True: OPTIN, False: OPTOUT}

_CURRENCY = like(r"[A-Z]{3}")
_EMAIL = like(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_SMS = shape(
    {},
    {
        "allow_marketing": flag,
        "allow_transactional": flag,
        "dt_updated_marketing": instant,
        "dt_updated_transactional": instant,
    },
)
_ADDRESS = shape({}, dict.fromkeys(("firstname", "lastname", "city", "state", "postcode", "country_code"), text))


def _totals(*names: str) -> Check:
    one = shape({"currency": _CURRENCY}, dict.fromkeys(names, number))
    return shape({}, {"base": one, "local": one})


_LINE = shape(
    {"product_id": filled, "quantity": whole},
    {
        "variant_id": text,
        "sku": text,
        "unit_price": number,
        "subtotal": number,
        "total": number,
        "tax": number,
        "discount": number,
        "quantity_refunded": whole,
        "refunded": number,
        "is_on_sale": flag,
        "variant_options": array(shape({"id": text, "type": text, "label": text}, {})),
        "totals": _totals("unit_price", "discount", "refunded", "subtotal", "tax", "total"),
        "properties": mapping,
    },
    one_of=("unit_price", "subtotal"),
)
_CONTACT_FIELDS: dict[str, Check] = {
    "@collection": filled,
    "@profile_id": text,
    "@merge": flag,
    "@force_optin": flag,
    "@add_to_lists": array(whole),
    "@remove_from_lists": array(whole),
    "email": _EMAIL,
    "customer_id": filled,
    "phone_number": like(r"\+\d{6,15}"),
    "marketing_optin": among(OPTIN, OPTOUT, UNSPECIFIED, True, False),
    "channels": shape({}, {"sms": _SMS}),
    "prefix": text,
    "firstname": text,
    "middlename": text,
    "lastname": text,
    "suffix": text,
    "gender": among("m", "f", "o"),
    "date_of_birth": day,
    "country_id": like(r"[A-Z]{2}"),
    "timezone": text,
    "store_ids": array(text),
    "timestamp_acquired": instant,
    "timestamp_subscribed": instant,
    "timestamp_unsubscribed": instant,
    "properties": mapping,
    "reward_points": number,
}
_ORDER_NEEDS: dict[str, Check] = {
    "timestamp": instant,
    "status": filled,
    "is_valid": flag,
    "grand_total": number,
    "currency": _CURRENCY,
}
_ORDER_FIELDS: dict[str, Check] = {
    "@merge": flag,
    "web_id": text,
    "subtotal": number,
    "discount": number,
    "shipping": number,
    "tax": number,
    "total_refunded": number,
    "customer": shape({}, dict.fromkeys(("id", "email", "firstname", "lastname"), text)),
    "lineitems": array(_LINE),
    "channel": text,
    "store": text,
    "payment_method": text,
    "shipping_method": text,
    "coupon_code": text,
    "ip_address": text,
    "shipping_address": _ADDRESS,
    "billing_address": _ADDRESS,
    "totals": _totals("shipping", "tax", "discount", "subtotal", "grand_total"),
    "properties": mapping,
}
_LISTING = shape(
    {},
    {
        "store": text,
        "title": text,
        "price": number,
        "special_price": number,
        "currency": _CURRENCY,
        "url": text,
        "image_url": text,
        "is_active": flag,
    },
)
_PRODUCT_FIELDS: dict[str, Check] = {
    "@merge": flag,
    "sku": text,
    "url": text,
    "image_url": text,
    "price": number,
    "currency": _CURRENCY,
    "is_variant": flag,
    "parent_id": text,
    "is_active": flag,
    "is_in_stock": flag,
    "special_price": number,
    "special_price_dt_from": instant,
    "special_price_dt_to": instant,
    "attributes": array(shape({"type": filled}, {"id": text, "value": text, "label": text}, one_of=("id", "value"))),
    "listings": array(_LISTING),
    "properties": mapping,
}
_EVENT = shape(
    {"@type": text, "id": filled, "event_type": filled, "timestamp": instant},
    {"identity_email": _EMAIL, "identity_account_id": filled, "profile_id": filled, "properties": mapping},
    one_of=("identity_email", "identity_account_id", "profile_id"),
)
_BASE: dict[str, Check] = {"@type": text, "id": filled}
_NEW: dict[str, Check] = {
    "contact": shape(_BASE, _CONTACT_FIELDS, one_of=("email", "customer_id")),
    "order": shape({**_BASE, **_ORDER_NEEDS}, _ORDER_FIELDS),
    "product": shape({**_BASE, "title": filled}, _PRODUCT_FIELDS),
    "custom_event": _EVENT,
}
_PARTIAL: dict[str, Check] = {
    "contact": shape(_BASE, _CONTACT_FIELDS),
    "order": shape(_BASE, {**_ORDER_NEEDS, **_ORDER_FIELDS}),
    "product": shape(_BASE, {"title": filled, **_PRODUCT_FIELDS}),
    "custom_event": _EVENT,
}


def faults(record: Any, *, is_known: bool) -> list[str]:
    """The paths of everything in a record that is not a valid value.

    `is_known` tells whether a record of this key is held: then it may be partial.
    """
    if not isinstance(record, dict):
        return ["root"]
    kind = record.get("@type")
    if not isinstance(kind, str) or kind not in _NEW:
        return ["root > @type"]
    table = _PARTIAL if is_known else _NEW
    return list(table[kind](record, "root"))
