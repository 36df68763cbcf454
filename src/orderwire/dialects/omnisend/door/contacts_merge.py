"""What becomes of a known contact when it is described once more: nothing is lost that was not mentioned."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from msgspec.structs import replace

from orderwire.dialects.omnisend.door.contacts_read import ADDRESS_PARTS, Description
from orderwire.dialects.omnisend.door.wire import scalar
from orderwire.dialects.omnisend.fields import GENDERS
from orderwire.model import Address, Identity, Person


def merged(
    before: Person | None, described: Description, identity: Identity, at: datetime, *, is_patch: bool = False
) -> Person:
    """The whole person after a description was added to what is known.

    What is not mentioned stays. An empty text clears a field in a patch; elsewhere clients send empty fields for what
    they do not know. Tags are added, in a patch replaced.
    """
    given = {name: text for name, text in described.given.items() if text or is_patch}
    was = before or Person(identity=identity)
    properties: dict[str, Any] = dict(was.properties)
    texts = {"company": was.company, "language": was.language, "timeZone": was.time_zone, "gender": was.gender}
    for name, value in described.custom.items():
        if name in texts and (value is None or isinstance(value, str)):
            texts[name] = value or None
        elif name in ("phone", "externalID") and isinstance(value, str | int):
            continue
        elif value is None:
            properties.pop(name, None)
        else:
            properties[name] = scalar(value)
    gender = given.get("gender")
    tags = was.tags if described.tags is None else described.tags
    if described.tags is not None and not is_patch:
        tags = tuple(dict.fromkeys((*was.tags, *described.tags)))
    return Person(
        identity=identity,
        first_name=_changed(was.first_name, given.get("firstName")),
        last_name=_changed(was.last_name, given.get("lastName")),
        company=texts["company"],
        gender=_changed(texts["gender"], GENDERS.get(gender.lower(), gender) if gender else gender),
        birth_date=described.birthdate or was.birth_date,
        language=texts["language"],
        time_zone=texts["timeZone"],
        address=_address(was.address, given),
        tags=tags,
        properties=properties,
        created_at=described.created_at or was.created_at,
        updated_at=at,
    )


def filled(before: Person, older: Person) -> Person:
    """A person with what an older description adds to the one that is known, which stays as it is."""
    return replace(
        older,
        first_name=before.first_name or older.first_name,
        last_name=before.last_name or older.last_name,
        company=before.company or older.company,
        gender=before.gender or older.gender,
        birth_date=before.birth_date or older.birth_date,
        language=before.language or older.language,
        time_zone=before.time_zone or older.time_zone,
        address=before.address or older.address,
        properties={**older.properties, **before.properties},
        created_at=before.created_at or older.created_at,
        updated_at=before.updated_at,
    )


def _address(was: Address | None, given: Mapping[str, str]) -> Address | None:
    """The address, its street as one line; a new street leaves nothing of the old one."""
    if not any(name in given for name in ADDRESS_PARTS):
        return was
    old = was or Address()
    new = replace(
        old,
        line1=_changed(old.line1, given.get("address")),
        line2=None if given.get("address") else old.line2,
        city=_changed(old.city, given.get("city")),
        region=_changed(old.region, given.get("state")),
        postal_code=_changed(old.postal_code, given.get("postalCode")),
        country=_changed(old.country, given.get("country")),
        country_code=_changed(old.country_code, given.get("countryCode")),
    )
    return None if new == Address() else new


def _changed(old: str | None, new: str | None) -> str | None:
    return old if new is None else new or None
