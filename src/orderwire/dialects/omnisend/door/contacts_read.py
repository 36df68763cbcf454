"""Contacts as they are written: who, described how, and what was stated about each channel.

What states a permission, and what does not:

* `subscribed` and `unsubscribed` are statements, dated by `statusDate` (`statusChangedAt` in /api), else by receipt;
  a yes without a date of its own is as old as its evidence.
  A date to come counts as now, so that no clock running fast outranks a later choice.
* A channel without a status states nothing, although /v3 documents `subscribed` as its default.
* `nonSubscribed` is the absence of a choice. It is told, without a date, only of people who never chose: clients send
  it with every checkout, and it must not undo a choice.
* The dates 2000-01-01 and 2000-01-02 are our own writer's: a status nobody chose, and a yes of unknown date.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

import phonenumbers
from msgspec import Struct
from msgspec.structs import replace

from orderwire.dialects.omnisend.door.refusals import Generation
from orderwire.dialects.omnisend.door.wire import REQUIRED, Fields, read_instant
from orderwire.dialects.omnisend.fields import HINTED_AT, UNDATED_AT
from orderwire.model import Channel, ConsentState, Identity

_STATES: Mapping[str, ConsentState] = {
    "subscribed": ConsentState.SUBSCRIBED,
    "unsubscribed": ConsentState.UNSUBSCRIBED,
    "nonSubscribed": ConsentState.NEVER_ASKED,
}
STATUSES = tuple(_STATES)
_CHANNELS: Mapping[str, Channel] = {"email": Channel.EMAIL, "sms": Channel.SMS, "phone": Channel.SMS}
_EMAIL = re.compile(r"[^\s@\x00-\x1f]+@[^\s@\x00-\x1f]+")
ADDRESS_PARTS = ("address", "city", "state", "country", "countryCode", "postalCode")
MAX_TAGS = 100


class Stated(Struct, frozen=True, kw_only=True):
    """A statement about one channel, before it is known whom it is about."""

    channel: Channel
    state: ConsentState
    changed_at: datetime | None = None
    source: str | None = None
    ip: str | None = None
    user_agent: str | None = None


class Description(Struct, frozen=True, kw_only=True):
    """A contact as a body describes it. `given` are the texts of its own fields, "" where one is emptied."""

    email: str | None = None
    phone: str | None = None
    stated: tuple[Stated, ...] = ()
    given: Mapping[str, str] = {}
    birthdate: Any = None
    tags: tuple[str, ...] | None = None
    custom: Mapping[str, Any] = {}
    created_at: datetime | None = None
    evidence: tuple[Mapping[str, Any], ...] = ()


def read_contact(fields: Fields, generation: Generation, at: datetime, own: Identity | None = None) -> Description:
    """A contact of the contacts resource, with `identifiers` or, in /v3, with flat fields.

    `own` are the addresses of the contact that the call itself names: a flat status without an address speaks of
    those. Faults are noted in `fields`.
    """
    stated: list[Stated] = []
    addresses: dict[str, str] = {}
    identifiers = fields.rows("identifiers")
    for row in identifiers or ():
        kind = row.choice("type", ("email", "phone"), required=True)
        address = row.text("id", required=True)
        if kind and address and _is_address(row, "id", kind, address):
            addresses.setdefault(kind, address)
            stated.extend(_channels(row, generation, at))
        if generation is Generation.V3 and not isinstance(row.get("channels"), dict | list):
            row.fault("channels", REQUIRED, "required")
    if not identifiers:
        addresses |= _flat_addresses(fields)
        named = (("email", own.email), ("phone", own.phone)) if own else ()
        stated.extend(_flat_status(fields, addresses or {kind: one for kind, one in named if one}, at))
    return replace(
        _described(fields), email=addresses.get("email"), phone=addresses.get("phone"), stated=tuple(stated)
    )


def read_event_contact(fields: Fields, at: datetime, told_at: datetime) -> Description:
    """The contact inside an event; `optIns` and `optOuts` are the only statements it can hold.

    One without a date is as old as its event, which was at `at`, and none is younger than its receipt, `told_at`.
    """
    addresses = _flat_addresses(fields)
    stated: list[Stated] = []
    for name, state in (("optIns", ConsentState.SUBSCRIBED), ("optOuts", ConsentState.UNSUBSCRIBED)):
        for row in fields.rows(name) or ():
            channel = row.choice("channel", tuple(_CHANNELS))
            if channel:
                stated.append(
                    Stated(
                        channel=_CHANNELS[channel],
                        state=state,
                        changed_at=min(row.instant("createdAt") or at, told_at),
                        source=row.text("source"),
                    )
                )
    evidence = tuple(dict(row.data) for row in fields.rows("consents") or ())
    described = _described(fields)
    return replace(
        described,
        email=addresses.get("email"),
        phone=addresses.get("phone"),
        stated=tuple(stated),
        evidence=evidence or described.evidence,
    )


def custom_identity(described: Description) -> Identity:
    """The identifiers that our own writer puts into custom properties, one address being enough for a contact."""
    external, phone = described.custom.get("externalID"), described.custom.get("phone")
    return Identity(
        external_id=str(external) if _is_name(external) else None,
        phone=str(phone) if isinstance(phone, str) and usable_phone(phone) else None,
    )


def usable_phone(text: str) -> bool:
    """Whether a phone number can name somebody: international, and possible."""
    number = text.strip()
    number = "+" + number[2:] if number.startswith("00") else number
    if not number.startswith("+") or "\0" in number:
        return False
    try:
        return phonenumbers.is_possible_number(phonenumbers.parse(number, None))
    except phonenumbers.NumberParseException:
        return False


def usable_email(text: str) -> bool:
    """Whether a text can be an e-mail address."""
    return bool(_EMAIL.fullmatch(text))


def _is_address(row: Fields, name: str, kind: str, address: str) -> bool:
    if kind == "email" and not usable_email(address):
        row.fault(name, "must be a valid email address", "invalid_format")
        return False
    if kind == "phone" and "\0" in address:
        row.fault(name, "must be a valid phone number", "invalid_format")
        return False
    return True


def _flat_addresses(fields: Fields) -> dict[str, str]:
    found = {}
    for kind in ("email", "phone"):
        address = fields.text(kind)
        if address and _is_address(fields, kind, kind, address):
            found[kind] = address
    return found


def _flat_status(fields: Fields, addresses: Mapping[str, str], at: datetime) -> Iterator[Stated]:
    """The status of the older flat form, which speaks of the e-mail, or of the phone where there is no e-mail."""
    status, when = fields.choice("status", STATUSES), fields.instant("statusDate")
    if status and addresses:
        channel = Channel.EMAIL if "email" in addresses else Channel.SMS
        if (one := _stated(channel, status, when, at)) is not None:
            yield replace(one, ip=fields.text("optInIP"))


def _channels(row: Fields, generation: Generation, at: datetime) -> Iterator[Stated]:
    channels = row.table("channels")
    consent = row.table("consent")
    evidence = {
        "source": consent.text("source") if consent else None,
        "ip": consent.text("ip") if consent else None,
        "user_agent": consent.text("userAgent") if consent else None,
    }
    for name in channels.data if channels else ():
        channel = channels.table(name) if channels else None
        if channel is None or name.lower() not in _CHANNELS:
            continue
        status = channel.choice("status", STATUSES, required=generation is Generation.DATED)
        when = channel.instant("statusChangedAt") or channel.instant("statusDate")
        if when is None and status == "subscribed" and consent:
            when = read_instant(consent.text("createdAt") or "")
        if status and (one := _stated(_CHANNELS[name.lower()], status, when, at)) is not None:
            yield replace(one, **evidence)


def _stated(channel: Channel, status: str, when: datetime | None, at: datetime) -> Stated | None:
    state = _STATES[status]
    if state is ConsentState.NEVER_ASKED:
        return None if when == HINTED_AT else Stated(channel=channel, state=state)
    if when == UNDATED_AT and state is ConsentState.SUBSCRIBED:
        return Stated(channel=channel, state=state)
    return Stated(channel=channel, state=state, changed_at=min(when or at, at))


def _described(fields: Fields) -> Description:
    given = {
        name: fields.text(name) or ""
        for name in ("firstName", "lastName", "gender", *ADDRESS_PARTS)
        if isinstance(fields.get(name), str | int)
    }
    custom = fields.table("customProperties")
    tags = fields.words("tags")
    if tags is not None and len(tags) > MAX_TAGS:
        fields.fault("tags", f"must have at most {MAX_TAGS} items", "invalid_length")
    return Description(
        given=given,
        birthdate=fields.day("birthdate"),
        tags=tags,
        custom=custom.data if custom else {},
        created_at=fields.instant("createdAt"),
        evidence=tuple(_evidence(row) for row in fields.rows("identifiers") or () if row.table("consent")),
    )


def _evidence(row: Fields) -> Mapping[str, Any]:
    consent = row.table("consent")
    return {"channel": "sms" if row.get("type") == "phone" else "email", **(consent.data if consent else {})}


def _is_name(value: Any) -> bool:
    return isinstance(value, int | str) and not isinstance(value, bool) and bool(value) and "\0" not in str(value)
