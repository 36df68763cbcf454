"""Ometria's words for ours, and the ids and values that several record types share."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from functools import cache
from uuid import UUID, uuid5

import msgspec

from orderwire.dialects.contract import Recipient
from orderwire.model import Address, ConsentState, Kind
from orderwire.model.money import decimal_text

PUSH = "/v2/push"
ERRORS = "/v2/push/_errors"
MAX_RECORD_BYTES = 60_000
"""Ometria says 60 KB; the smaller reading of it."""
MAX_RECORDS = 100
MAX_EVENT_TYPE = 31
"""Longer custom event types are cut by Ometria, and two of them could become one."""
MAX_TEXT = 512

OPT_IN = {
    ConsentState.SUBSCRIBED: "EXPLICITLY_OPTEDIN",
    ConsentState.UNSUBSCRIBED: "EXPLICITLY_OPTEDOUT",
    ConsentState.SUPPRESSED: "EXPLICITLY_OPTEDOUT",
    ConsentState.NEVER_ASKED: "NOT_SPECIFIED",
}
CONSENT_OF = {
    "EXPLICITLY_OPTEDIN": ConsentState.SUBSCRIBED,
    "EXPLICITLY_OPTEDOUT": ConsentState.UNSUBSCRIBED,
    "NOT_SPECIFIED": ConsentState.NEVER_ASKED,
}
GENDERS = {"m": "m", "male": "m", "f": "f", "female": "f", "o": "o", "other": "o"}
EVENT_TYPES = {
    Kind.CART_UPDATED: "cart_updated",
    Kind.CART_ABANDONED: "cart_abandoned",
    Kind.CHECKOUT_STARTED: "checkout_started",
    Kind.PRODUCT_VIEWED: "product_viewed",
    Kind.SITE_ACTIVE: "site_active",
    Kind.SUBSCRIPTION_CREATED: "Ordergroove_subscription_event",
    Kind.SUBSCRIPTION_CANCELLED: "Ordergroove_subscription_event",
    Kind.ORDER_UPCOMING: "Ordergroove_order_reminder",
}
STATUSES = ("pending", "processing", "shipped", "complete", "partially_refunded", "refunded", "cancelled")
"""Our order states in Ometria's usual words; `status_names` renames them, `valid_statuses` counts them as revenue."""
VALID_STATUSES = "pending,processing,shipped,complete,partially_refunded"
ADDRESS = (
    ("first_name", "firstname"),
    ("last_name", "lastname"),
    ("city", "city"),
    ("region", "state"),
    ("postal_code", "postcode"),
    ("country_code", "country_code"),
)

_CONTACTS = UUID("5b0f0b5e-6a7c-5d8e-9c55-0d1a3f5e7c21")
_EVENTS = UUID("c0a4f7d2-2f6b-5e0a-8f7d-94b1a6d3e802")
_FREQUENCY = re.compile(r"\s*(?:every\s+)?(\d+)\s*(day|week|month|year)s?\s*", re.IGNORECASE)
_DURATION = re.compile(r"P(\d+)([DWMY])")
_UNITS = {"D": "day", "W": "week", "M": "month", "Y": "year"}
_ENCODER = msgspec.json.Encoder()


def encode(record: Mapping[str, object]) -> bytes:
    """One record as JSON, its absent members left out."""
    return _ENCODER.encode({name: value for name, value in record.items() if value is not None})


def amount(minor: int, currency: str) -> msgspec.Raw:
    """Minor units as an exact JSON number in major units."""
    return msgspec.Raw(decimal_text(minor, currency).encode())


def price(value: Decimal) -> msgspec.Raw:
    """A price in major units as an exact JSON number."""
    return msgspec.Raw(format(value, "f").encode())


def moment(when: datetime) -> str:
    """An instant as Ometria wants it: ISO 8601 with its offset, to the second."""
    return when.isoformat(timespec="seconds")


def contact_id(external_id: str | None, email: str | None) -> str:
    """The id of a contact: the shop's own key, else a digest of the e-mail.

    Ometria's ids may surface in public, so one that looks like an e-mail is digested as well.
    """
    if external_id and "@" not in external_id:
        return external_id
    return str(uuid5(_CONTACTS, (email or external_id or "").strip().lower()))


def event_id(kind: str, key: str) -> str:
    """The id of a custom event: a digest of the fact's kind and key, the same for every sending of it."""
    return str(uuid5(_EVENTS, f"{kind}|{key}"))


def customer_of(recipient: Recipient | None) -> dict[str, str]:
    """Who an order belongs to; empty when neither e-mail nor account id is known."""
    if recipient is None:
        return {}
    parts = {"id": recipient.external_id, "email": recipient.email}
    return {name: value for name, value in parts.items() if value}


def address_of(address: Address | None) -> dict[str, str] | None:
    """An address in the parts Ometria knows; None when none of them is given."""
    if address is None:
        return None
    parts = {theirs: getattr(address, ours) for ours, theirs in ADDRESS}
    return {name: value for name, value in parts.items() if value} or None


def is_e164(phone: str) -> bool:
    """Whether a phone number has the form Ometria takes."""
    return phone.startswith("+") and phone[1:].isdigit() and 7 <= len(phone) - 1 <= 15


def frequency(interval: str) -> str:
    """How often a subscription delivers, as the Ordergroove connector words it: `2 weeks`, `1 month`.

    Reads `2 weeks`, `every 2 week` and `P2W`; anything else is passed on as it is.
    """
    if found := _FREQUENCY.fullmatch(interval):
        count, unit = found.group(1), found.group(2).lower()
    elif found := _DURATION.fullmatch(interval):
        count, unit = found.group(1), _UNITS[found.group(2)]
    else:
        return interval
    return f"{count} {unit}{'' if count == '1' else 's'}"


@cache
def names_of(option: str) -> Mapping[str, str]:
    """The renamings of an option like `complete=delivered, shipped=sent`."""
    pairs = (pair.partition("=") for pair in option.split(",") if "=" in pair)
    return {ours.strip(): theirs.strip() for ours, _, theirs in pairs}


@cache
def set_of(option: str) -> frozenset[str]:
    """The members of a comma-separated option."""
    return frozenset(part.strip() for part in option.split(",") if part.strip())
