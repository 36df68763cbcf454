"""A contact as each generation shows it: everything there, empty where nothing is known."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from msgspec import json

from orderwire.dialects.doorway import Known, Shelves
from orderwire.dialects.omnisend.door.contacts_read import usable_email
from orderwire.dialects.omnisend.door.ids import contact_id
from orderwire.dialects.omnisend.door.refusals import Generation
from orderwire.dialects.omnisend.fields import STATUS_BY_CONSENT
from orderwire.model import Address, Channel, Person

CONTACTS = "contact"
"""The collection of what is kept of a contact exactly as it was given, by e-mail in lower case or by phone."""


def document_key(email: str | None, phone: str | None) -> str:
    """The key of a contact's document; empty for nobody."""
    return email.strip().lower() if email else phone or ""


def is_contact(known: Known) -> bool:
    """Whether the platform would show this person: it knows people by e-mail or phone."""
    return bool(known.phone or (known.email and usable_email(known.email)))


def status_of(known: Known, channel: Channel = Channel.EMAIL) -> str:
    """The status of a channel in the platform's words."""
    standing = known.consent.get(channel)
    return STATUS_BY_CONSENT[standing.state] if standing else "nonSubscribed"


def tags_of(known: Known) -> tuple[str, ...]:
    """The tags that this source gave."""
    return known.record.tags if isinstance(known.record, Person) else ()


def show(known: Known, shelves: Shelves, generation: Generation) -> dict[str, Any]:
    """The whole contact."""
    is_dated = generation is Generation.DATED
    person = known.record if isinstance(known.record, Person) else _unsaid(known)
    address = person.address or Address()
    kept = _kept(known, shelves)
    line = ", ".join(part for part in (address.line1, address.line2) if part)
    shown = {
        "id" if is_dated else "contactID": contact_id(known.person),
        "email": known.email or "",
        "createdAt": stamp(known.created_at),
        "updatedAt": stamp(known.updated_at),
        "firstName": person.first_name or "",
        "lastName": person.last_name or "",
        "country": address.country or "",
        "countryCode": address.country_code or "",
        "state": address.region or "",
        "city": address.city or "",
        "postalCode": address.postal_code or "",
        "address": line,
        "gender": person.gender if person.gender in ("m", "f") else "",
        "phone": [known.phone] if known.phone else (None if generation is Generation.V3 else []),
        "birthdate": person.birth_date.isoformat() if person.birth_date else "",
        "status": status_of(known),
        "tags": list(person.tags),
        "segments": [],
        "consents": kept.get("consents") or ([] if is_dated else None),
        "customProperties": _custom(person, kept) or ({} if is_dated else None),
        **_permissions(known, is_dated),
    }
    if generation is Generation.V3:
        del shown["updatedAt"]
    return shown


def _permissions(known: Known, is_dated: bool) -> dict[str, Any]:
    """What holds for each channel: by identifier, as a list of statuses, and the opt-ins among them."""
    channels = [
        (kind, channel, value)
        for kind, channel, value in (("email", Channel.EMAIL, known.email), ("phone", Channel.SMS, known.phone))
        if value
    ]
    standing = [
        (channel, status_of(known, channel), stamp(_since(known, channel)))
        for _, channel, _ in channels
        if channel in known.consent
    ]
    date_name = "statusChangedAt" if is_dated else "statusDate"
    return {
        "statuses": [
            {"channel": channel, "status": status, "statusChangedAt" if is_dated else "date": since}
            for channel, status, since in standing
        ],
        "optIns": [
            {"channel": channel, "optInAt" if is_dated else "date": since}
            for channel, status, since in standing
            if status == "subscribed"
        ],
        "identifiers": [
            {
                "id": value,
                "type": kind,
                "channels": {
                    channel: {"status": status_of(known, channel), date_name: stamp(_since(known, channel))}
                },
            }
            for kind, channel, value in channels
        ],
    }


def stamp(instant: datetime | None) -> str:
    """An instant as the platform writes it."""
    if instant is None:
        return ""
    text = instant.astimezone(UTC).isoformat(timespec="milliseconds" if instant.microsecond else "seconds")
    return text.replace("+00:00", "Z")


def _unsaid(known: Known) -> Person:
    """A person whom this source has never described, as the others know them."""
    return Person(
        identity=known.identity, first_name=known.first_name, last_name=known.last_name, address=known.address
    )


def _since(known: Known, channel: Channel) -> datetime | None:
    standing = known.consent.get(channel)
    return (standing.changed_at if standing else None) or known.created_at


def _kept(known: Known, shelves: Shelves) -> Mapping[str, Any]:
    for key in (document_key(known.email, None), document_key(None, known.phone)):
        found = shelves.document(CONTACTS, key) if key else None
        if found is not None:
            body = json.decode(found.body)
            return body if isinstance(body, dict) else {}
    return {}


def _custom(person: Person, kept: Mapping[str, Any]) -> dict[str, Any]:
    """Custom properties as they were given, and those that only the record has."""
    given = kept.get("customProperties")
    shown = dict(person.properties) | (given if isinstance(given, dict) else {})
    if person.created_at:
        shown.setdefault("externalCreated", stamp(person.created_at))
    return shown
