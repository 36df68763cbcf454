"""One event as a call says it, whichever form the call has."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from orderwire.dialects.klaviyo.door.draft import ENCODE, Draft
from orderwire.dialects.klaviyo.door.ids import digest
from orderwire.dialects.klaviyo.door.members import Members, plain, words
from orderwire.dialects.klaviyo.door.persons import document_keys
from orderwire.dialects.klaviyo.door.properties import Properties, decimal_of, instant_of
from orderwire.dialects.klaviyo.door.who import Profile
from orderwire.dialects.klaviyo.fields import FIRST_YEAR, MAX_PROPERTIES, MAX_STRING_BYTES, MAX_UNIQUE_ID
from orderwire.model import Identity
from orderwire.model.money import minor

_CURRENCY = re.compile(r"[A-Za-z]{3}")
_FIELDS = frozenset(
    {"metric", "properties", "time", "value", "value_currency", "unique_id", "profile", "backfill", "_kx", "locale"}
)
_DEEPEST = 10
_LONGEST_NAME = 127


class Said(Struct, frozen=True, kw_only=True):
    """An event: what happened, when, to whom, and what it carries, its numbers exact."""

    metric: str
    identity: Identity
    at: datetime
    properties: Mapping[str, Any] = {}
    unique_id: str = ""
    amount: Decimal | None = None
    currency: str | None = None
    is_imported: bool = False
    raw: bytes = b""

    @property
    def own_id(self) -> str:
        """The id of an event that was given none: one for each person, metric and second, as the platform counts."""
        keys = document_keys([self.identity])
        return digest(self.metric, keys[0] if keys else "", str(int(self.at.timestamp()))).hex()

    @staticmethod
    def again(piece: Any, like: Said) -> Said:
        """An event read again from its bytes, about the same person."""
        attributes = piece.get("attributes", {}) if isinstance(piece, dict) else {}
        properties = attributes.get("properties")
        return Said(
            metric=str(attributes.get("metric", "")),
            identity=like.identity,
            at=like.at,
            properties=properties if isinstance(properties, dict) else {},
            unique_id=words(attributes.get("unique_id")) or "",
            amount=decimal_of(attributes.get("value")),
            currency=words(attributes.get("value_currency")),
        )


def read_event(attributes: Members, profile: Profile, identity: Identity, *, at: datetime, is_imported: bool) -> Said:
    """An event's attributes; everything wrong with them goes to their faults."""
    attributes.only(_FIELDS, "event")
    metric = read_metric(attributes)
    properties = attributes.mapping("properties", is_required=True) or {}
    if len(properties) > MAX_PROPERTIES:
        attributes.blame(f"An event may not have more than {MAX_PROPERTIES} properties.", "properties")
    elif (problem := _beyond(properties)) is not None:
        attributes.blame(problem, "properties")
    when = attributes.instant("time")
    if when is not None and not (when.year >= FIRST_YEAR and when <= at + timedelta(days=366)):
        attributes.blame("The time must be after the year 1990 and at most one year ahead.", "time")
    currency = attributes.text("value_currency")
    if currency and not _CURRENCY.fullmatch(currency):
        attributes.blame("Must be a valid ISO 4217 currency code.", "value_currency")
        currency = None
    return said_of(
        profile=replace(profile, identity=identity),
        metric=metric,
        at=when or at,
        properties=properties,
        unique_id=attributes.text("unique_id", most=MAX_UNIQUE_ID) or "",
        amount=_amount(attributes),
        currency=currency,
        is_imported=is_imported or bool(attributes.flag("backfill")),
    )


def _amount(attributes: Members) -> Decimal | None:
    """An event's value; a number written as text is taken too, for so shops' databases give prices."""
    given = attributes.given.get("value")
    number = decimal_of(given) if isinstance(given, str) else None
    return attributes.number("value") if number is None else number


def said_of(
    *,
    profile: Profile,
    metric: str,
    at: datetime,
    properties: Mapping[str, Any],
    unique_id: str = "",
    amount: Decimal | None = None,
    currency: str | None = None,
    is_imported: bool = False,
) -> Said:
    """An event, its id and value taken from the old properties `$event_id` and `$value` where it has none beside."""
    unique_id = unique_id or words(properties.get("$event_id")) or ""
    amount = decimal_of(properties.get("$value")) if amount is None else amount
    about: dict[str, Any] = {"profile": dict(profile.given)} if profile.given else {}
    raw = ENCODE(
        {
            "type": "event",
            "attributes": {
                "metric": metric,
                "properties": properties,
                "time": at,
                "unique_id": unique_id or None,
                "value": amount,
                "value_currency": currency,
                **about,
            },
        }
    )
    return Said(
        metric=metric,
        identity=profile.identity,
        at=at,
        properties=properties,
        unique_id=unique_id,
        amount=amount,
        currency=currency.upper() if currency else None,
        is_imported=is_imported,
        raw=raw,
    )


def read_metric(attributes: Members) -> str:
    """The name of an event's metric, of both forms of writing it."""
    metric = attributes.part("metric")
    if "data" in metric:
        data = metric.part("data")
        data.kind("metric")
        holder = data.part("attributes")
        holder.only(("name", "service"), "metric")
    else:
        holder = metric
    return (holder.text("name", is_required="metric" in attributes, most=_LONGEST_NAME) or "").strip()


def currency_of(draft: Draft, said: Said, view: Properties) -> str:
    """The currency of an event's amounts: its own, else one among its properties, else the account's."""
    named = view.text("valuecurrency", "currency", "currencycode", "presentmentcurrency")
    own = said.currency or (named.upper() if named and _CURRENCY.fullmatch(named) else None)
    if own is None:
        return draft.currency
    draft.met_currency(own)
    return own


def value_of(said: Said, currency: str) -> int | None:
    """An event's value in minor units."""
    return None if said.amount is None else minor(said.amount, currency)


def plain_properties(said: Said) -> dict[str, Any]:
    """The properties of an event that is kept as it is, without those that stand elsewhere in the record."""
    gone = ("$event_id", "$value", "$value_currency", "__track_once__")
    return {name: plain(value) for name, value in said.properties.items() if name not in gone}


def instant_said(value: Any) -> datetime | None:
    """The time of an old event, in any form that clients send; None for one that is none."""
    return instant_of(value)


def too_much(value: Any) -> bool:
    """Whether a value is beyond the platform's sizes."""
    return _beyond(value) is not None


def _beyond(value: Any, depth: int = 0) -> str | None:
    """What of a value is beyond the platform's sizes."""
    if isinstance(value, str):
        is_long = len(value) * 4 > MAX_STRING_BYTES and len(value.encode()) > MAX_STRING_BYTES
        return "String values may not be larger than 100 KB." if is_long else None
    if isinstance(value, int):
        return None if -(2**63) <= value < 2**63 else "Integers may not need more than 64 bits."
    if isinstance(value, dict | list):
        if depth > _DEEPEST:
            return "Properties may not be nested deeper than 10 levels."
        if isinstance(value, list) and len(value) > 4000:
            return "Arrays may not hold more than 4000 elements."
        parts = value.values() if isinstance(value, dict) else value
        return next((problem for part in parts if (problem := _beyond(part, depth + 1)) is not None), None)
    return None
