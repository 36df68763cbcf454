"""Whom a call means: the identifiers of a profile, checked, and the person they name."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from orderwire.dialects.doorway import Known
from orderwire.dialects.klaviyo.door import ids
from orderwire.dialects.klaviyo.door.draft import Draft
from orderwire.dialects.klaviyo.door.faults import Fault, Refusal, duplicate
from orderwire.dialects.klaviyo.door.members import Members, decode_if, words
from orderwire.dialects.klaviyo.door.persons import LOCATION_NAMES, NO_PATCH, PLAIN, Patch
from orderwire.dialects.klaviyo.events import is_phone
from orderwire.dialects.klaviyo.fields import MAX_EXTERNAL_ID
from orderwire.model import Identity

IDENTIFIERS = ("email", "phone_number", "external_id", "anonymous_id", "_kx")
_ALLOWED = frozenset({*IDENTIFIERS, *PLAIN, "location", "properties", "meta"})
_EMAIL = re.compile(r"[^\s@<>,;\"]+@[^\s@<>,;\"]+\.[^\s@<>,;\".]+")
_NOBODYS = frozenset({"", "0", "null", "none", "undefined"})
"""What shops give for an id to those who have none: all guests would be one person by it."""
_MOST_EMAIL = 254
_MOST_ADDRESS_BOOK = 100_000
_FLAT = {
    "$email": "email",
    "email": "email",
    "$phone_number": "phone_number",
    "phone_number": "phone_number",
    "$id": "external_id",
    "id": "external_id",
    "external_id": "external_id",
    "$exchange_id": "_kx",
    "_kx": "_kx",
    "$anonymous": "anonymous_id",
    "anonymous_id": "anonymous_id",
    "$first_name": "first_name",
    "first_name": "first_name",
    "$last_name": "last_name",
    "last_name": "last_name",
    "$organization": "organization",
    "$title": "title",
    "$image": "image",
    "$locale": "locale",
}
_CHANGES = ("$append", "$unappend", "$unset")
_FLAT_LOCATION = {f"${name}": name for name in LOCATION_NAMES}


class Profile(Struct, frozen=True, kw_only=True):
    """What a call says of a profile: who it is, and what is to be changed of them."""

    identity: Identity
    id: str = ""
    given: Mapping[str, Any] = {}
    """Attributes beyond the identifiers, null where they are to be cleared."""
    patch: Patch = NO_PATCH


def is_email(text: str) -> bool:
    """Whether this has the form of an e-mail address."""
    return len(text) <= _MOST_EMAIL and _EMAIL.fullmatch(text) is not None


def read_profile(data: Members, *, is_lenient: bool = False, also: tuple[str, ...] = ()) -> Profile:
    """The profile of a `data` object, which may hold these members beside the usual ones.

    `is_lenient` lets a bad phone pass beside a good e-mail, as events do.
    """
    data.kind("profile")
    attributes = data.part_if("attributes") or Members({}, f"{data.at}/attributes", data.faults)
    attributes.only(_ALLOWED.union(also), "profile")
    identity = read_identity(attributes, is_lenient=is_lenient)
    patches = [holder.part_if("meta") for holder in (data, attributes)]
    patch = next((read_patch(one) for one in patches if one is not None), NO_PATCH)
    return Profile(identity=identity, id=data.text("id") or "", given=read_attributes(attributes), patch=patch)


def read_identity(attributes: Members, *, is_lenient: bool = False) -> Identity:
    """The identifiers among a profile's attributes."""
    email = attributes.text("email")
    email = email.strip() if email else None
    if email and not is_email(email):
        attributes.blame("Invalid email address", "email")
        email = None
    phone = attributes.text("phone_number")
    phone = phone.strip() if phone else None
    if phone and not is_phone(phone):
        if not (is_lenient and email):
            detail = "Invalid phone number format (Example of a valid format: +12345678901)"
            attributes.blame(detail, "phone_number")
        phone = None
    exchange = attributes.text("_kx", most=1024)
    external_id = (attributes.text("external_id", most=MAX_EXTERNAL_ID) or "").strip()
    return Identity(
        external_id=external_id if external_id.lower() not in _NOBODYS else None,
        email=email,
        phone=phone,
        anonymous_id=attributes.text("anonymous_id", most=1024) or (f"_kx:{exchange}" if exchange else None),
    )


def read_attributes(attributes: Members) -> dict[str, Any]:
    """The attributes beyond the identifiers, as far as they are given."""
    given: dict[str, Any] = {}
    for name in PLAIN:
        if name in attributes:
            given[name] = attributes.text(name)
    if "location" in attributes:
        location = attributes.part_if("location")
        if location is None:
            given["location"] = None
        else:
            location.only(LOCATION_NAMES, "location")
            given["location"] = {name: _placed(location, name) for name in LOCATION_NAMES if name in location}
    if "properties" in attributes:
        given["properties"] = attributes.mapping("properties")
    return given


def _placed(location: Members, name: str) -> Any:
    if name in ("latitude", "longitude") and not isinstance(location.given[name], str):
        return location.number(name)
    return location.text(name)


def read_patch(meta: Members) -> Patch:
    """The changes of properties that a `meta` object asks for."""
    asked = meta.part_if("patch_properties")
    if asked is None:
        return NO_PATCH
    return Patch(
        append=asked.mapping("append") or {},
        unappend=asked.mapping("unappend") or {},
        unset=tuple(asked.texts("unset")),
    )


def unflattened(flat: Mapping[str, Any]) -> dict[str, Any]:
    """A profile in the old flat form, with or without `$`, as attributes; unknown names are properties."""
    made: dict[str, Any] = {}
    location: dict[str, Any] = {}
    properties: dict[str, Any] = {}
    for name, value in flat.items():
        if name in _FLAT:
            text = words(value)
            if text is not None or _FLAT[name] not in made:
                made[_FLAT[name]] = text
        elif name in _FLAT_LOCATION:
            location[_FLAT_LOCATION[name]] = words(value)
        elif name in ("properties", "location") and isinstance(value, dict):
            (properties if name == "properties" else location).update(value)
        else:
            properties[name] = value
    identifiers = {name: value for name, value in made.items() if value is not None}
    return (
        identifiers
        | ({"location": location} if location else {})
        | ({"properties": properties} if properties else {})
    )


def read_flat(flat: Mapping[str, Any]) -> Profile:
    """The profile of an old call, which refuses nothing: identifiers that are none are left out.

    Changes of lists are asked for by `$append`, `$unappend` and `$unset` among the properties.
    """
    asked = {name: _opened(flat[name]) for name in _CHANGES if name in flat}
    attributes = Members(unflattened({name: value for name, value in flat.items() if name not in asked}), "", [])
    changes = Members({name.removeprefix("$"): value for name, value in asked.items()}, "", [])
    patch = read_patch(Members({"patch_properties": changes.given}, "", [])) if asked else NO_PATCH
    return Profile(
        identity=read_identity(attributes, is_lenient=True), given=read_attributes(attributes), patch=patch
    )


def _opened(value: Any) -> Any:
    """A value that a form or a query may hold as JSON."""
    if not isinstance(value, str) or value[:1] not in ("[", "{"):
        return value
    found = decode_if(value.encode("utf-8", "surrogatepass"))
    return value if found is None else found


def named(draft: Draft, profile: Profile, pointer: str) -> tuple[Identity, Known | None]:
    """The identifiers of the person a profile means, and the person, if known.

    Raises:
        Refusal: its id is nobody's.
    """
    if profile.id:
        known = known_by_id(draft, profile.id)
        if known is None:
            detail = f"A profile with id {profile.id} does not exist."
            raise Refusal(400, Fault(detail=detail, pointer=f"{pointer}/id"))
        return joined(known.identity, profile.identity), known
    return profile.identity, draft.find(profile.identity)


def known_by_id(draft: Draft, identity: str) -> Known | None:
    """The person of a profile's id."""
    number = ids.person_of(identity)
    return None if number is None else draft.shelves.person(number)


def joined(known: Identity, given: Identity) -> Identity:
    """The identifiers of somebody known, and those newly given in place of them."""
    return Identity(
        external_id=given.external_id or known.external_id,
        email=given.email or known.email,
        phone=given.phone or known.phone,
        anonymous_id=given.anonymous_id or known.anonymous_id,
    )


def unidentified(pointer: str) -> Fault:
    """The fault of a profile that nobody can be found by."""
    return Fault(detail=f"At least one of these fields is required: {', '.join(IDENTIFIERS)}.", pointer=pointer)


def others_with(draft: Draft, identity: Identity, person: int | None) -> list[Known]:
    """The people other than this one that any single identifier names."""
    found: dict[int, Known] = {}
    for name in ("external_id", "email", "phone", "anonymous_id"):
        value = getattr(identity, name)
        holder = draft.find(Identity(**{name: value})) if value else None
        if holder is not None and holder.person != person:
            found[holder.person] = holder
    return list(found.values())


def conflict(other: Known, pointer: str = "/data/attributes") -> Refusal:
    """The answer to identifiers that another profile has."""
    return Refusal(409, duplicate(ids.profile_id(other.person), pointer))


def only_known(identity: Identity, known: Known | None) -> Identity:
    """What a browser may say of somebody known: the identifier that found them, and its own device."""
    if known is None:
        return identity
    kept = Identity(anonymous_id=identity.anonymous_id)
    for name in ("external_id", "email", "phone"):
        if value := getattr(identity, name):
            return replace(kept, **{name: value})
    return kept
