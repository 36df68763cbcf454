"""How events become items: the profile they belong to, their encoding, and the platform's size limits.

A fact is one entry of a bulk request: its profile and its events. Live facts that are a single event take the faster
single endpoint. Ids and content are the same on both.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from functools import cache, lru_cache
from typing import Any, TypeAlias

import phonenumbers
from msgspec import Raw, Struct, json

from orderwire.dialects.contract import Expression, Item, Lane, Recipient, Statement
from orderwire.dialects.klaviyo.fields import (
    DROPPED_DOMAINS,
    FIRST_YEAR,
    MAX_ARRAY,
    MAX_METRIC_NAME,
    MAX_PROPERTIES,
    MAX_STRING_BYTES,
    MAX_UNIQUE_ID,
)
from orderwire.dialects.klaviyo.routes import MEGABYTES_5
from orderwire.model.money import decimal_text

_Profile: TypeAlias = dict[str, dict[str, Any]]
_ENCODE = json.Encoder().encode
_ROOM = MEGABYTES_5 - 4096
"""What one entry may hold at most, profile and frame included."""
_EVENTS_PER_REQUEST = 1000
_AMOUNTS = 16_384
"""Amounts whose text is remembered: a shop has few different prices and quantities."""


class Happening(Struct, frozen=True):
    """One event to be told: its metric, its id there, and what it carries."""

    metric: str
    unique_id: str
    properties: dict[str, Any]
    value: Raw | None = None
    currency: str | None = None


class _Attributes(Struct, omit_defaults=True):
    metric: Raw
    properties: dict[str, Any]
    time: datetime
    unique_id: str
    value: Raw | None = None
    value_currency: str | None = None
    backfill: bool = False
    profile: _Profile | None = None


class _Event(Struct, tag_field="type", tag="event"):
    attributes: _Attributes


class _Events(Struct):
    data: list[_Event]


class _EntryAttributes(Struct):
    profile: _Profile
    backfill: bool
    events: _Events


class _Entry(Struct, tag_field="type", tag="event-bulk-create"):
    """What one bulk request holds of one profile."""

    attributes: _EntryAttributes


@lru_cache(maxsize=_AMOUNTS)
def money(minor: int, currency: str) -> Raw:
    """An amount as a JSON number in major units, exactly."""
    return Raw(decimal_text(minor, currency).encode())


@lru_cache(maxsize=_AMOUNTS)
def number(value: Decimal) -> Raw:
    """A decimal as a JSON number, whole numbers without a point."""
    whole = int(value)
    return Raw((str(whole) if whole == value else format(value.normalize(), "f")).encode())


def unique_id(*parts: str) -> str:
    """The parts joined by `_`; beyond the platform's length the end becomes a digest of the whole."""
    text = "_".join(parts)
    if len(text) <= MAX_UNIQUE_ID:
        return text
    digest = hashlib.blake2s(text.encode(), digest_size=16).hexdigest()
    return f"{text[: MAX_UNIQUE_ID - 33]}_{digest}"


def instant_id(when: datetime) -> str:
    """An instant as whole UNIX seconds, as a part of an id."""
    return str(int(when.timestamp()))


def stated(*pairs: tuple[str, Any]) -> dict[str, Any]:
    """The pairs that have a value; the platform shows empty ones nowhere."""
    return {name: value for name, value in pairs if value}


def add_custom(properties: dict[str, Any], custom: Mapping[str, Any], unsaid: list[str]) -> None:
    """Add the source's own properties below the platform's names, up to the platform's count; name the rest."""
    free = MAX_PROPERTIES - len(properties)
    for name, value in custom.items():
        if name in properties:
            unsaid.append(f"properties.{name}: the platform's own property of this name is told instead")
        elif free <= 0:
            unsaid.append(f"properties: more than {MAX_PROPERTIES}, the rest is left out")
            return
        else:
            properties[name] = value
            free -= 1


def addressee(recipient: Recipient | None) -> Recipient | str:
    """The person a fact can be told of, or why it cannot be told."""
    if recipient is None:
        return "person: not identified"
    if recipient.email:
        if recipient.email.rpartition("@")[2].lower() in DROPPED_DOMAINS:
            return "email: Klaviyo silently drops what is sent for addresses of this test domain"
        return recipient
    if is_phone(recipient.phone) or recipient.external_id or recipient.anonymous_id:
        return recipient
    return "person: no e-mail, assignable E.164 phone, external id or anonymous id"


@lru_cache(maxsize=65_536)
def is_phone(text: str | None) -> bool:
    """Whether the platform takes a phone number: in E.164 form, and one that can be assigned to somebody."""
    if text is None or not (text.isascii() and text[:1] == "+" and text[1:].isdecimal()):
        return False
    try:
        return phonenumbers.is_valid_number(phonenumbers.parse(text))
    except phonenumbers.NumberParseException:
        return False


def _profile(recipient: Recipient) -> _Profile:
    """An event's profile: its strongest identifier alone, so that no event can join two profiles, and the name."""
    attributes: dict[str, str] = {}
    if recipient.email:
        attributes["email"] = recipient.email
    elif is_phone(recipient.phone):
        attributes["phone_number"] = recipient.phone or ""
    elif recipient.external_id:
        attributes["external_id"] = recipient.external_id
    elif recipient.anonymous_id:
        attributes["anonymous_id"] = recipient.anonymous_id
    if recipient.first_name:
        attributes["first_name"] = recipient.first_name
    if recipient.last_name:
        attributes["last_name"] = recipient.last_name
    return {"data": {"type": "profile", "attributes": attributes}}


@cache
def _metric(name: str) -> Raw:
    return Raw(_ENCODE({"data": {"type": "metric", "attributes": {"name": name[:MAX_METRIC_NAME]}}}))


def express(statement: Statement, happenings: Sequence[Happening], unsaid: list[str]) -> Expression:
    """The items that tell these events of one fact."""
    recipient = addressee(statement.recipient)
    if isinstance(recipient, str):
        return Expression(unsaid=(recipient,))
    if statement.occurred_at.year < FIRST_YEAR:
        return Expression(unsaid=("occurred_at: Klaviyo takes no event before the year 1991",))
    profile = _profile(recipient)
    when, is_history = statement.occurred_at, statement.lane is Lane.HISTORY
    if not is_history and len(happenings) == 1:
        body = _encode(happenings[0], _event(happenings[0], when, is_history, profile), unsaid)
        return Expression(
            items=(Item(route="event", wire_id=happenings[0].unique_id, body=body),), unsaid=tuple(unsaid)
        )
    events = [_event(one, when, is_history, None) for one in happenings]
    whole = _ENCODE(_Entry(_EntryAttributes(profile, is_history, _Events(events))))
    if len(whole) <= MAX_STRING_BYTES and len(events) <= _EVENTS_PER_REQUEST:
        item = Item(route="events", wire_id=happenings[0].unique_id, body=whole, weight=len(events))
        return Expression(items=(item,), unsaid=tuple(unsaid))
    bodies = [_encode(one, event, unsaid) for one, event in zip(happenings, events, strict=True)]
    return Expression(items=tuple(_entries(happenings, bodies, profile, is_history)), unsaid=tuple(unsaid))


def _event(happening: Happening, when: datetime, is_history: bool, profile: _Profile | None) -> _Event:
    value = happening.value
    return _Event(
        _Attributes(
            _metric(happening.metric),
            happening.properties,
            when,
            happening.unique_id,
            value,
            happening.currency if value is not None else None,
            is_history,
            profile,
        )
    )


def _encode(happening: Happening, event: _Event, unsaid: list[str]) -> bytes:
    """One event within the platform's limits of size."""
    body = _ENCODE(event)
    if len(body) <= MAX_STRING_BYTES:
        return body
    properties = event.attributes.properties = _shortened(happening, unsaid)
    body = _ENCODE(event)
    if len(body) > _ROOM:
        event.attributes.properties = {name: value for name, value in properties.items() if name != "Items"}
        unsaid.append(f"{happening.metric}: over 5 MB, Items left out")
        body = _ENCODE(event)
    return body


def _shortened(happening: Happening, unsaid: list[str]) -> dict[str, Any]:
    """The properties with over-long strings and lists cut, each cut named."""

    def cut(value: Any, path: str) -> Any:
        if isinstance(value, str):
            raw = value.encode()
            if len(raw) <= MAX_STRING_BYTES:
                return value
            unsaid.append(f"{happening.metric}: {path} over 100 KB, cut")
            return raw[:MAX_STRING_BYTES].decode("utf-8", "ignore")
        if isinstance(value, dict):
            return {name: cut(part, path) for name, part in value.items()}
        if isinstance(value, list | tuple):
            if len(value) > MAX_ARRAY:
                unsaid.append(f"{happening.metric}: {path} over {MAX_ARRAY} elements, cut")
            return [cut(part, path) for part in value[:MAX_ARRAY]]
        return value

    return {name: cut(value, name) for name, value in happening.properties.items()}


def _entries(
    happenings: Sequence[Happening], bodies: Sequence[bytes], profile: _Profile, is_history: bool
) -> list[Item]:
    """Bulk entries of these events, as few as the limits of one request allow."""
    head = b'{"type":"event-bulk-create","attributes":{"profile":%b,"backfill":%b,"events":{"data":[' % (
        _ENCODE(profile),
        b"true" if is_history else b"false",
    )
    items: list[Item] = []
    first, size = 0, len(head)
    for place, body in enumerate(bodies):
        if place > first and (place - first == _EVENTS_PER_REQUEST or size + len(body) + 1 > _ROOM):
            items.append(_entry(head, happenings[first], bodies[first:place]))
            first, size = place, len(head)
        size += len(body) + 1
    items.append(_entry(head, happenings[first], bodies[first:]))
    return items


def _entry(head: bytes, first: Happening, bodies: Sequence[bytes]) -> Item:
    body = head + b",".join(bodies) + b"]}}}"
    return Item(route="events", wire_id=first.unique_id, body=body, weight=len(bodies))
