"""A profile's attributes as a person, and a person as a profile's attributes.

What the model of a person has no place for (a title, coordinates, lists among the properties) is kept as a document
beside it, so that a profile is given back exactly as it was told.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

from msgspec import Struct

from orderwire.dialects.doorway import Known
from orderwire.dialects.klaviyo.door.members import moment, plain
from orderwire.dialects.klaviyo.door.properties import instant_of
from orderwire.dialects.klaviyo.fields import LOCATION
from orderwire.model import Address, Identity, Person

PLAIN = ("first_name", "last_name", "organization", "locale", "title", "image")
LOCATION_NAMES = (
    "address1",
    "address2",
    "city",
    "country",
    "region",
    "zip",
    "timezone",
    "ip",
    "latitude",
    "longitude",
)
Attributes = dict[str, Any]


class Patch(Struct, frozen=True, kw_only=True):
    """What `meta.patch_properties` asks for."""

    append: Mapping[str, Any] = {}
    unappend: Mapping[str, Any] = {}
    unset: tuple[str, ...] = ()


NO_PATCH = Patch()


def applied(
    base: Attributes, given: Mapping[str, Any], patch: Patch = NO_PATCH, *, clears: bool = True
) -> Attributes:
    """The attributes after a call: what is absent stays, and null clears unless `clears` is false."""
    new = dict(base)
    for name in PLAIN:
        if name in given and (given[name] is not None or clears):
            new[name] = given[name]
    location = dict(new.get("location") or {})
    told = given.get("location", {})
    if told is None and clears:
        location = {}
    location |= {name: value for name, value in (told or {}).items() if value is not None or clears}
    properties = dict(new.get("properties") or {})
    said = given.get("properties", {})
    if said is None and clears:
        properties = {}
    properties |= {name: value for name, value in plain(said or {}).items() if value is not None or clears}
    new["location"] = {name: plain(value) for name, value in location.items() if value is not None}
    new["properties"] = _patched({name: value for name, value in properties.items() if value is not None}, patch)
    return {name: value for name, value in new.items() if value not in (None, {}, "")}


def _patched(properties: Attributes, patch: Patch) -> Attributes:
    new = {name: value for name, value in properties.items() if name not in patch.unset}
    for name, value in plain(dict(patch.append)).items():
        listed = _listed(new.get(name))
        new[name] = listed + [one for one in _listed(value) if one not in listed]
    for name, value in plain(dict(patch.unappend)).items():
        if name in new:
            gone = _listed(value)
            new[name] = [one for one in _listed(new[name]) if one not in gone]
    return new


def _listed(value: Any) -> list[Any]:
    return [] if value is None else list(value) if isinstance(value, list) else [value]


def person_of(attributes: Attributes, identity: Identity, *, updated_at: datetime | None) -> Person:
    """The person that these attributes describe."""
    properties = dict(attributes.get("properties") or {})
    location = attributes.get("location") or {}
    birthday = _date(properties.get("Birthday"))
    since = _instant(properties.get("Customer Since"))
    tags = properties.get("Tags")
    is_tags = isinstance(tags, list) and bool(tags) and all(isinstance(tag, str) for tag in tags)
    gender = properties.get("Gender")
    language = properties.get("Language")
    locale = attributes.get("locale")
    is_language = locale is None and isinstance(language, str) and bool(language) and "-" not in language
    for name, is_told in (
        ("Birthday", birthday is not None),
        ("Customer Since", since is not None),
        ("Tags", is_tags),
        ("Gender", isinstance(gender, str)),
        ("Language", is_language),
    ):
        if is_told:
            properties.pop(name)
    return Person(
        identity=identity,
        first_name=_text(attributes.get("first_name")),
        last_name=_text(attributes.get("last_name")),
        company=_text(attributes.get("organization")),
        gender=gender if isinstance(gender, str) else None,
        birth_date=birthday,
        language=language if is_language else _text(locale),
        time_zone=_text(location.get("timezone")),
        address=_address(location),
        tags=tuple(tags) if is_tags and isinstance(tags, list) else (),
        properties={name: value for name, value in properties.items() if not isinstance(value, dict | list)},
        created_at=since,
        updated_at=updated_at,
    )


def attributes_of(person: Person) -> Attributes:
    """The attributes that describe a person."""
    said: Attributes = {
        "first_name": person.first_name,
        "last_name": person.last_name,
        "organization": person.company,
    }
    properties: Attributes = {}
    language = (person.language or "").replace("_", "-")
    if "-" in language:
        said["locale"] = language
    elif language:
        properties["Language"] = language
    for name, value in (
        ("Gender", person.gender),
        ("Birthday", person.birth_date.isoformat() if person.birth_date else None),
        ("Tags", list(person.tags)),
        ("Customer Since", _shown(person.created_at)),
    ):
        if value:
            properties[name] = value
    said["properties"] = properties | dict(person.properties)
    said["location"] = _location(person.address, person.time_zone)
    return {name: value for name, value in said.items() if value not in (None, {}, "")}


def attributes_known(known: Known) -> Attributes:
    """The attributes of a person: as this source described them, else as anybody did."""
    described = attributes_of(known.record) if isinstance(known.record, Person) else {}
    elsewhere = attributes_of(
        Person(
            identity=Identity(),
            first_name=known.first_name,
            last_name=known.last_name,
            language=known.language,
            address=known.address,
        )
    )
    return elsewhere | described


def shown_attributes(attributes: Attributes) -> Attributes:
    """All attributes as an answer shows them, those that nothing is known of as null."""
    location = attributes.get("location") or {}
    shown: Attributes = {name: attributes.get(name) for name in PLAIN}
    shown["location"] = {name: location.get(name) for name in LOCATION_NAMES}
    shown["properties"] = attributes.get("properties") or {}
    return shown


def document_keys(identities: Iterable[Identity]) -> list[str]:
    """The keys that documents of a person may be kept under, the strongest first."""
    found: dict[str, None] = {}
    said = list(identities)
    for name in ("external_id", "email", "phone", "anonymous_id"):
        for identity in said:
            value = getattr(identity, name)
            if value:
                found[f"{name}:{value.strip().lower() if name == 'email' else value}"] = None
    return list(found)


def _address(location: Mapping[str, Any]) -> Address | None:
    parts = {field: text for field, name in LOCATION if (text := _text(location.get(name)))}
    country = parts.get("country", "")
    if len(country) == 2 and country.isascii() and country.isupper():
        parts["country_code"] = parts.pop("country")
    return Address(**parts) if parts else None


def _location(address: Address | None, time_zone: str | None) -> dict[str, str]:
    said: dict[str, str] = {}
    if address is not None:
        said = {name: value for field, name in LOCATION if (value := getattr(address, field))}
        if address.country_code:
            said.setdefault("country", address.country_code)
        if address.region_code:
            said.setdefault("region", address.region_code)
    if time_zone:
        said["timezone"] = time_zone
    return said


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value.strip() else None


def _date(value: Any) -> date | None:
    if not isinstance(value, str) or len(value) != 10:
        return None
    try:
        return date.fromisoformat(value)
    except ValueError:
        return None


def _instant(value: Any) -> datetime | None:
    return instant_of(value) if isinstance(value, str) and moment(value) else None


def _shown(when: datetime | None) -> str | None:
    return None if when is None else when.isoformat().replace("+00:00", "Z")
