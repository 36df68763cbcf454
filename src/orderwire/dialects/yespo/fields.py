"""Mapping tables: our words to Yespo's, and what its fields take."""

from __future__ import annotations

import re

from orderwire.model import Kind

INITIALIZED = "INITIALIZED"
IN_PROGRESS = "IN_PROGRESS"
DELIVERED = "DELIVERED"
CANCELLED = "CANCELLED"
ABANDONED = "ABANDONED_SHOPPING_CART"

RANK_BY_STATUS = {INITIALIZED: 0, IN_PROGRESS: 1, DELIVERED: 2, CANCELLED: 3}
"""Statuses in the order in which an order passes them; it never goes back."""

ORDER_EVENT_BY_STATUS = {
    INITIALIZED: "orderCreated",
    IN_PROGRESS: "orderUpdated",
    DELIVERED: "orderDelivered",
    CANCELLED: "orderCancelled",
}
"""The past event that gives an order this status; the last two are ignored there for an order it does not hold."""

EVENT_BY_KIND = {
    Kind.CART_UPDATED: "cartUpdated",
    Kind.CHECKOUT_STARTED: "checkoutStarted",
    Kind.PRODUCT_VIEWED: "productViewed",
    Kind.SITE_ACTIVE: "pageViewed",
    Kind.SUBSCRIPTION_CREATED: "subscriptionCreated",
    Kind.SUBSCRIPTION_UPDATED: "subscriptionUpdated",
    Kind.SUBSCRIPTION_CANCELLED: "subscriptionCancelled",
    Kind.ORDER_UPCOMING: "orderUpcoming",
    Kind.ORDER_REFUNDED: "orderRefunded",
}

OWN_EVENT_TYPES = frozenset(
    name.lower()
    for name in (
        *ORDER_EVENT_BY_STATUS.values(),
        *(f"order{status}" for status in (*RANK_BY_STATUS, ABANDONED)),
        *EVENT_BY_KIND.values(),
        "subscribeFromApi",
        "subscribeUpdateFromApi",
    )
)
"""Event types, in lower case, that mean something there or are ours: a custom event of such a name could move an
order or start its workflows."""

RESERVED_PARAMS = frozenset(
    {
        "contactid",
        "contact_id",
        "contactjson",
        "contactkey",
        "contact_key",
        "email",
        "emailaddress",
        "useremail",
        "contactemail",
        "eventid",
        "externalcustomerid",
        "mobpushtoken",
        "occurredat",
        "phone",
        "phonenumber",
        "pushtoken",
        "sms",
        "telegrambottoken",
    }
)
"""Parameter names, in lower case, by which the platform finds the contact (or that are ours); properties of these
names travel as `property_<name>`, so that they cannot move an event to somebody else."""

NAME_LENGTH = 40
PARAM_NAME_LENGTH = 100
EVENT_TYPE_LENGTH = 100

_FORBIDDEN_IN_KEY = re.compile("[<>;'’\"`\\\\/|^?!,]")
_NAME_WORD = re.compile(r"[^\W_]+(?:['’\-][^\W_]+)*")
_SHORT_WITH_DOT = re.compile(r"[^\W\d_]{1,3}\.")


def event_key(text: str) -> str:
    """A text as the key of an event type: forbidden characters become hyphens, cut to what the platform takes."""
    return _FORBIDDEN_IN_KEY.sub("-", text)[:EVENT_TYPE_LENGTH]


def phone_digits(phone: str | None) -> str | None:
    """A phone number as the platform compares it: 5 to 15 digits; None when it is no such number."""
    digits = re.sub(r"\D", "", phone or "")
    return digits if 5 <= len(digits) <= 15 else None


def takes_name(name: str, *, is_last: bool = False) -> bool:
    """Whether the platform takes this as a person's name: a refused name would refuse the whole contact.

    Letters of any script, at most 3 digits, apostrophes and hyphens inside words only, one dot after a word of up to
    3 letters, 40 characters; a first name has at most 3 long and 3 short words.
    """
    words = name.split()
    if not words or len(name) > NAME_LENGTH or sum(letter.isdigit() for letter in name) > 3:
        return False
    if not any(letter.isalpha() for letter in name) or name.count(".") > 1:
        return False
    if not all(_NAME_WORD.fullmatch(word) or _SHORT_WITH_DOT.fullmatch(word) for word in words):
        return False
    short = sum(len(word) <= 3 for word in words)
    return is_last or (short <= 3 and len(words) - short <= 3)
