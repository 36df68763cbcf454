"""What a profile must look like, wherever it is sent, and what is wrong with its identifiers."""

from __future__ import annotations

from typing import Any

from orderwire.sandbox.klaviyo import shapes
from orderwire.sandbox.klaviyo.profiles import IDENTIFIERS
from orderwire.sandbox.klaviyo.refusals import Fault
from orderwire.sandbox.klaviyo.shapes import array, document, mapping, maybe, members, number, resource, text

PROFILE_BYTES = 100_000
ANONYMOUS_UNTIL = "2025-10-15"
_COORDINATE = maybe(lambda value, at, faults: None if isinstance(value, str) else number(value, at, faults))
LOCATION = members(
    {},
    {
        **dict.fromkeys(
            ("address1", "address2", "city", "country", "region", "zip", "timezone", "ip"), maybe(text())
        ),
        "latitude": _COORDINATE,
        "longitude": _COORDINATE,
    },
    resource="location",
)
ATTRIBUTES: dict[str, shapes.Check] = {
    **dict.fromkeys(("email", "phone_number", "anonymous_id", "_kx"), maybe(text())),
    "external_id": maybe(shapes.external_id),
    **dict.fromkeys(("first_name", "last_name", "organization", "locale", "title", "image"), maybe(text())),
    "location": maybe(LOCATION),
    "properties": maybe(mapping),
}


def _names(value: Any, at: str, faults: list[Fault]) -> None:
    if not isinstance(value, str) and not (isinstance(value, list) and all(isinstance(one, str) for one in value)):
        faults.append(Fault("This field must be a string or a list of strings.", at))


_EDITS = {"append": maybe(mapping), "unappend": maybe(mapping)}
PATCH = members(
    {},
    {
        "patch_properties": maybe(members({}, {**_EDITS, "unset": maybe(_names)})),
        "patch_identifiers": maybe(members({}, _EDITS)),
    },
)
ON_PROFILE = members({}, ATTRIBUTES, resource="profile")
CREATE = document(resource("profile", ON_PROFILE, meta=maybe(PATCH)))
IMPORT = document(resource("profile", ON_PROFILE, meta=maybe(PATCH), id=maybe(text())))
UPDATE = document(resource("profile", ON_PROFILE, {"id": text(least=1)}, meta=maybe(PATCH)))
_IMPORTED = resource("profile", mapping, id=maybe(text()), meta=maybe(PATCH))
_LISTS = members({"data": array(members({"type": shapes.among("list"), "id": text(least=1)}))})
BULK = document(
    resource(
        "profile-bulk-import-job",
        members(
            {"profiles": members({"data": array(_IMPORTED, most=10_000, least=1)})},
            resource="profile-bulk-import-job",
        ),
        relationships=members({}, {"lists": _LISTS}),
    )
)
MERGE = document(
    members(
        {
            "type": shapes.among("profile-merge"),
            "id": text(least=1),
            "relationships": members(
                {"profiles": members({"data": array(members({"id": text(least=1)}), most=1, least=1)})}
            ),
        }
    )
)
DELETION = document(
    resource(
        "data-privacy-deletion-job",
        members({"profile": members({"data": resource("profile", mapping, id=maybe(text()))})}),
    )
)


def identity_faults(attributes: dict[str, Any], at: str, *, tolerate_phone: bool = False) -> list[Fault]:
    """What is wrong with the identifiers of a profile.

    `tolerate_phone` lets a bad phone pass beside a good e-mail, as events do.
    """
    faults: list[Fault] = []
    email, phone = attributes.get("email"), attributes.get("phone_number")
    if email is not None and not shapes.is_address(str(email)):
        faults.append(Fault("Invalid email address", f"{at}/email"))
    if phone is not None and not shapes.is_phone(str(phone)) and not (tolerate_phone and email):
        detail = "Invalid phone number format (Example of a valid format: +12345678901)"
        faults.append(Fault(detail, f"{at}/phone_number"))
    return faults


def unidentified(at: str) -> Fault:
    """The fault of a profile nobody can be found by."""
    return Fault(f"At least one of these fields is required: {', '.join(IDENTIFIERS)}.", at)
