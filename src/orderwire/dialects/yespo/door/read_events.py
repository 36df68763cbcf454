"""What an event on the wire means: its parameters, whom it is about, and which record of ours it is.

Event types are what a shop makes of them: those the platform's documentation gives a meaning, and those our own
writer uses, become the records they stand for. Everything else stays an event under the name it was given.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from hashlib import sha256
from typing import Any
from uuid import UUID

import msgspec
from msgspec import Struct

from orderwire.dialects.yespo.door.desk import Desk
from orderwire.dialects.yespo.door.lines import price_of, product_id_of
from orderwire.dialects.yespo.door.values import (
    Refusal,
    Unfit,
    currency_of,
    customer_of,
    instant,
    phone_of,
    scalar,
    text,
)
from orderwire.dialects.yespo.fields import OWN_EVENT_TYPES, PARAM_NAME_LENGTH, RESERVED_PARAMS
from orderwire.model import Event, Identity, Kind, money

KEY_LENGTH = 300
TYPE_LENGTH = 100
_FORBIDDEN = frozenset("<>;'‘’\"`\\/|^?!,")
_IDENTIFIERS = {
    **dict.fromkeys(("contactid", "contact_id"), "contactId"),
    "externalcustomerid": "externalCustomerId",
    **dict.fromkeys(("email", "emailaddress", "useremail", "contactemail"), "email"),
    **dict.fromkeys(("phone", "sms", "phonenumber"), "phone"),
    **dict.fromkeys(("pushtoken", "mobpushtoken", "telegrambottoken"), "pushToken"),
    **dict.fromkeys(("contactkey", "contact_key"), "contactKey"),
}
_OWN = frozenset({"eventId", "occurredAt"})
_PLACED_BESIDE = frozenset(
    {"value", "currencyCode", "name", "page", "product", "products", "totalCost", "recycleStateId", "restoreUrl"}
)
"""Names that our writer uses itself, and before which it therefore puts `property_`."""


class Happening(Struct, frozen=True, kw_only=True):
    """One event as it was sent, before anybody asks what its type means."""

    name: str
    key: str | None
    params: Mapping[str, Any]
    identity: Identity
    at: datetime
    event_id: str
    is_dated: bool
    """Whether `at` is the event's own time rather than that of its receipt."""


def read_happening(given: Any, desk: Desk, *, is_past: bool) -> Happening:
    """One event; a past one has its own time, a live one that of its receipt unless a parameter tells it.

    Raises:
        Refusal: a key or a parameter is missing or in a wrong form.
    """
    if not isinstance(given, dict):
        raise Refusal(400, "event has a wrong format")
    name = _key(given.get("eventTypeKey"), "eventTypeKey", TYPE_LENGTH)
    key = _key(given.get("keyValue"), "keyValue", KEY_LENGTH)
    if name is None:
        raise Refusal(400, "eventTypeKey is required")
    params = _params(given.get("params"))
    named = _named(params)
    if key is None and (is_past or not named):
        raise Refusal(400, "keyValue is required")
    own = instant(given.get("occurred")) if is_past else instant(params.get("occurredAt"))
    at = own or desk.received_at
    identity = _identity(named, key, desk)
    return Happening(
        name=name,
        key=key,
        params=params,
        identity=identity,
        at=at,
        event_id=_event_id(params, key, is_past=is_past) or digest_of(identity, name, key, at, params),
        is_dated=own is not None,
    )


def as_event(happening: Happening) -> Event:
    """The event under the name it was given."""
    name = happening.name
    if name.startswith("custom ") and name.removeprefix("custom ").lower() in OWN_EVENT_TYPES:
        name = name.removeprefix("custom ")
    own = free_properties(happening)
    if own.get("name") == f"custom.{name}" and len(own) == 1:
        own = {}
    value, currency = _value(own)
    return Event(
        event_id=happening.event_id,
        name=f"custom.{name}",
        identity=happening.identity,
        occurred_at=happening.at,
        value=value,
        currency=currency,
        properties=own,
    )


def as_page_view(happening: Happening) -> Event:
    """`pageViewed`: somebody was on the site."""
    own = free_properties(happening, "page")
    page = happening.params.get("page")
    if isinstance(page, dict):
        location = page.get("location") or page.get("url")
        own |= {name: plain(value) for name, value in page.items() if name not in ("location", "url")}
        page = location
    if page is not None:
        own["url"] = plain(page)
    return Event(
        event_id=happening.event_id,
        name=Kind.SITE_ACTIVE,
        identity=happening.identity,
        occurred_at=happening.at,
        properties=own,
    )


def as_product_view(happening: Happening) -> Event:
    """`productViewed`: which product, at which price.

    Raises:
        Unfit: no product is named.
    """
    product = happening.params.get("product")
    if not isinstance(product, dict):
        product = happening.params
    product_id = product_id_of(product)
    if product_id is None:
        raise Unfit("product.productId is required")
    own = free_properties(happening, "product", "productId", "product_id", "productKey", "price", "isInStock")
    own["product_id"] = product_id
    stock = product.get("isInStock")
    if stock is not None:
        own["in_stock"] = str(stock).lower() in ("1", "true")
    price = price_of(product.get("price"), "product.price")
    currency = currency_of(own.pop("currencyCode", None))
    if price is not None and currency is None:
        own["price"] = plain(price)
    return Event(
        event_id=happening.event_id,
        name=Kind.PRODUCT_VIEWED,
        identity=happening.identity,
        occurred_at=happening.at,
        value=money.minor(price, currency) if price is not None and currency else None,
        currency=currency,
        properties=own,
    )


def free_properties(happening: Happening, *but: str) -> dict[str, object]:
    """The parameters that name nobody, under the names they had before our writer made room for its own."""
    found: dict[str, object] = {}
    for name, value in happening.params.items():
        if name in _OWN or name in but or name.lower() in _IDENTIFIERS:
            continue
        rest = name.removeprefix("property_")
        is_ours = rest != name and (rest.lower() in RESERVED_PARAMS or rest in _PLACED_BESIDE)
        is_free = rest not in happening.params or rest.lower() in RESERVED_PARAMS or rest in but
        found[rest if is_ours and is_free else name] = plain(value)
    return found


def plain(value: object) -> object:
    """A value as a property of an event may hold it, to any depth."""
    match value:
        case list():
            return [plain(one) for one in value]
        case dict():
            return {name: plain(one) for name, one in value.items()}
        case _:
            return scalar(value)


def _value(own: dict[str, object]) -> tuple[int | None, str | None]:
    """An event's amount, taken out of its properties: with its currency, or a whole number without one."""
    given = own.get("value")
    if isinstance(given, bool) or not isinstance(given, int | float | str):
        return None, None
    try:
        currency = currency_of(own.get("currencyCode"))
        amount = price_of(Decimal(repr(given)) if isinstance(given, float) else given, "value")
    except Unfit:
        return None, None
    if amount is None:
        return None, None
    if currency:
        own.pop("value")
        own.pop("currencyCode")
        return money.minor(amount, currency), currency
    if isinstance(given, int):
        own.pop("value")
        return given, None
    return None, None


def _key(value: Any, name: str, longest: int) -> str | None:
    try:
        found = text(value, name)
    except Unfit as unfit:
        raise Refusal(400, str(unfit)) from unfit
    if found is None:
        return None
    if len(found) > longest:
        raise Refusal(400, f"{name} is longer than {longest} characters")
    if not _FORBIDDEN.isdisjoint(found):
        raise Refusal(400, f"{name} contains forbidden characters")
    return found


def _params(given: Any) -> dict[str, Any]:
    if given is None:
        return {}
    if not isinstance(given, list | dict):
        raise Refusal(400, "params has a wrong format")
    found: dict[str, Any] = {}
    for one in given if isinstance(given, list) else [given]:
        name = one.get("name") if isinstance(one, dict) else None
        if not isinstance(name, str) or not name.strip():
            raise Refusal(400, "params: name is required")
        if "value" not in one:
            raise Refusal(400, "params: value is required")
        if len(name) > PARAM_NAME_LENGTH:
            raise Refusal(400, f"params: name is longer than {PARAM_NAME_LENGTH} characters")
        if name in found:
            raise Refusal(400, "params: names must be unique")
        found[name] = one["value"]
    return found


def _named(params: Mapping[str, Any]) -> dict[str, str]:
    """The identifiers among the parameters, by their plain names; a blank or `null` is none."""
    found: dict[str, str] = {}
    for name, value in params.items():
        kind = _IDENTIFIERS.get(name.lower())
        if kind is None or isinstance(value, bool) or not isinstance(value, str | int):
            continue
        try:
            identifier = text(value, name)
        except Unfit:
            continue
        is_guest = kind == "externalCustomerId" and customer_of(identifier) is None
        if identifier and identifier.lower() != "null" and not is_guest:
            found.setdefault(kind, identifier)
    return found


def _identity(named: Mapping[str, str], key: str | None, desk: Desk) -> Identity:
    """Whom the event is about: by contact id first, as the platform does; by a key that is an address last."""
    known = desk.contact(named.get("contactId"))
    of_contact = known.identity if known is not None else Identity()
    email = named.get("email")
    is_nameless = not (known or named)
    if is_nameless and key and "@" in key.strip("@"):
        email = key
    return Identity(
        external_id=of_contact.external_id or named.get("externalCustomerId"),
        email=of_contact.email or email,
        phone=of_contact.phone or phone_of(named.get("phone")),
        anonymous_id=of_contact.anonymous_id,
    )


def _event_id(params: Mapping[str, Any], key: str | None, *, is_past: bool) -> str | None:
    """The sender's own id of the event: our writer's parameter, or a past event's key where it is a UUID."""
    own = params.get("eventId")
    if isinstance(own, str) and own.strip() and "\0" not in own and len(own) <= KEY_LENGTH:
        return own.strip()
    if not (is_past and key):
        return None
    try:
        return str(UUID(key))
    except ValueError:
        return None


def digest_of(identity: Identity, name: str, key: str | None, at: datetime, params: Mapping[str, Any]) -> str:
    """An id of an event that has none: the same call within a second is the same event."""
    said = msgspec.json.encode((identity, name, key, at.replace(microsecond=0), plain(dict(params))))
    return sha256(said).hexdigest()[:32]
