"""What Magento calls things, and what is read the same way of several of them; its times are UTC without a zone."""

from __future__ import annotations

from datetime import datetime

from orderwire.dialects.shop_json import Misread, Part
from orderwire.model import Address

_ADDRESS = {
    "first_name": "firstname",
    "last_name": "lastname",
    "company": "company",
    "city": "city",
    "region_code": "region_code",
    "postal_code": "postcode",
    "country_code": "country_id",
    "phone": "telephone",
}
_NAMED = {1: "male", 2: "female"}


def at(part: Part, name: str) -> datetime | None:
    """A point in time; None where it is absent."""
    return part.instant(name, is_utc=True)


def needed(part: Part, name: str) -> datetime:
    """A point in time that must be there."""
    found = at(part, name)
    if found is None:
        raise Misread(part.at(name), "is missing")
    return found


def address(part: Part | None) -> Address | None:
    """A postal address; its street is a list of lines, its region a text or, of customers, an object."""
    if part is None:
        return None
    street = [line for line in part.texts("street") if line.strip()]
    given = {ours: text for ours, theirs in _ADDRESS.items() if (text := _text(part, theirs)) is not None}
    if street:
        given["line1"] = street[0].strip()
        if rest := ", ".join(line.strip() for line in street[1:]):
            given["line2"] = rest
    if isinstance(part.value.get("region"), dict):
        inner = Part(part.value["region"], part.at("region"))
        given |= {name: text for name in ("region", "region_code") if (text := inner.text(name)) is not None}
    elif (region := part.text("region")) is not None:
        given["region"] = region
    return Address(**given) if given else None


def gender(part: Part, name: str) -> str | None:
    """A gender by its number; 3 stands for not told."""
    number = part.whole(name)
    return None if number is None else _NAMED.get(number)


def attribute(part: Part, code: str) -> str | None:
    """The text of a custom attribute; None where there is none, or it is no text."""
    for one in part.parts("custom_attributes"):
        if one.value.get("attribute_code") == code and isinstance(one.value.get("value"), str | int):
            return one.text("value")
    return None


def extension(part: Part) -> Part:
    """What modules add to a thing; empty where there is nothing."""
    return part.part("extension_attributes") or Part({}, part.at("extension_attributes"))


def _text(part: Part, name: str) -> str | None:
    return part.text(name) if not isinstance(part.value.get(name), dict) else None
