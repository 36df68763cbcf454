"""A person as the platform shows a contact."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

from orderwire.dialects.doorway import Known
from orderwire.dialects.yespo.door.desk import contact_id
from orderwire.dialects.yespo.door.read_contacts import CATEGORIES, CHANNELS, CUSTOM, described
from orderwire.dialects.yespo.door.values import digits_of
from orderwire.model import Person

ADDRESS_BOOK = 1
"""The one catalogue of custom fields there is."""


def base_contact(known: Known) -> dict[str, Any]:
    """A contact as a search shows it."""
    person = described(known)
    names = {"firstName": person.first_name, "lastName": person.last_name}
    shown: dict[str, Any] = {"id": contact_id(known.person)}
    shown |= {theirs: value for theirs, value in names.items() if value}
    shown["channels"] = _channels(person)
    shown["fields"] = [
        {"id": int(name.removeprefix(CUSTOM)), "value": str(value)}
        for name, value in person.properties.items()
        if name.startswith(CUSTOM) and name.removeprefix(CUSTOM).isdigit()
    ]
    shown["addressBookId"] = ADDRESS_BOOK
    if person.identity.external_id:
        shown["externalCustomerId"] = person.identity.external_id
    return shown


def full_contact(known: Known) -> dict[str, Any]:
    """A contact as it is shown by itself, with its segments."""
    person = described(known)
    shown = base_contact(known)
    address = {
        theirs: value
        for theirs, value in (
            ("region", person.address.region if person.address else None),
            ("town", person.address.city if person.address else None),
            ("address", person.address.line1 if person.address else None),
            ("postcode", person.address.postal_code if person.address else None),
        )
        if value
    }
    if address:
        shown["address"] = address
    shown["groups"] = [{"id": group_id(tag), "name": tag, "type": "Static"} for tag in person.tags]
    for theirs, found in (
        ("contactKey", person.properties.get("contactKey")),
        ("languageCode", person.language),
        ("timeZone", person.time_zone),
    ):
        if found:
            shown[theirs] = found
    return shown


def group_id(name: str) -> int:
    """The id of a segment, from its name."""
    return int.from_bytes(sha256(name.encode()).digest()[:4]) >> 1 | 1


def categories_of(person: Person) -> list[str]:
    """The keys of the categories that a contact chose."""
    return [key for key in str(person.properties.get(CATEGORIES, "")).split(",") if key]


def _channels(person: Person) -> list[dict[str, str]]:
    own = {"email": person.identity.email, "sms": digits_of(person.identity.phone)}
    found = []
    for kind in CHANNELS:
        for value in (own.get(kind), person.properties.get(f"channel_{kind}")):
            if value:
                address = digits_of(str(value)) if kind == "sms" else str(value)
                found.append({"type": kind, "value": address or ""})
    return found
