"""Customers and who wants the newsletter.

Of an account Magento only says whether it is subscribed now, neither since when nor whether it ever was: that is
told as a statement without a date, which outweighs nothing that has one. Where a module lists subscribers with their
dates, that list speaks alone.
"""

from __future__ import annotations

from datetime import date

from orderwire.dialects.connector import Access
from orderwire.dialects.magento.fields import address, at, attribute, extension, gender
from orderwire.dialects.shop_json import Misread, Part
from orderwire.model import Channel, Consent, ConsentState, Identity, Person
from orderwire.model.people import JsonScalar

ORIGIN = "newsletter of the shop"
_STATES = {
    1: ConsentState.SUBSCRIBED,
    2: ConsentState.NEVER_ASKED,
    3: ConsentState.UNSUBSCRIBED,
    4: ConsentState.NEVER_ASKED,
}
"""What `subscriber_status` says; 2 and 4 are a double opt-in that was not finished."""
_KEPT = ("group_id", "website_id", "store_id")


def person(part: Part, access: Access) -> Person:
    """Read one account.

    Raises:
        Misread: a part of it cannot be understood.
    """
    home = _home(part)
    properties: dict[str, JsonScalar] = {name: text for name in _KEPT if (text := part.text(name)) is not None}
    properties |= {code: text for code in access.listed("attributes") if (text := attribute(part, code)) is not None}
    return Person(
        identity=_identity(part),
        first_name=part.text("firstname"),
        last_name=part.text("lastname"),
        company=home.text("company") if home else None,
        gender=gender(part, "gender"),
        birth_date=_day(part, "dob"),
        address=address(home),
        properties=properties,
        created_at=at(part, "created_at"),
        updated_at=at(part, "updated_at"),
    )


def consent_of_account(part: Part) -> Consent | None:
    """What an account says about the newsletter; None where it says nothing."""
    wants = extension(part).flag("is_subscribed")
    if wants is None:
        return None
    state = ConsentState.SUBSCRIBED if wants else ConsentState.UNSUBSCRIBED
    return Consent(identity=_identity(part), channel=Channel.EMAIL, state=state, origin=ORIGIN)


def consent_of_subscriber(part: Part) -> Consent:
    """What a row of the shop's list of subscribers says.

    Raises:
        Misread: a part of it cannot be understood.
    """
    state = _STATES.get(part.whole("subscriber_status") or 0)
    if state is None:
        raise Misread(part.at("subscriber_status"), "is not one that is known")
    return Consent(
        identity=Identity(external_id=part.identifier("customer_id"), email=part.need("subscriber_email")),
        channel=Channel.EMAIL,
        state=state,
        changed_at=at(part, "change_status_at"),
        origin=ORIGIN,
    )


def _identity(part: Part) -> Identity:
    home = _home(part)
    return Identity(
        external_id=part.need("id"), email=part.text("email"), phone=home.text("telephone") if home else None
    )


def _home(part: Part) -> Part | None:
    """The address an account is billed at, else the first."""
    found = part.parts("addresses")
    return next((one for one in found if one.value.get("default_billing") is True), found[0] if found else None)


def _day(part: Part, name: str) -> date | None:
    text = part.text(name)
    if text is None or text.startswith("0000"):
        return None
    try:
        return date.fromisoformat(text[:10])
    except ValueError as error:
        raise Misread(part.at(name), "is not a day") from error
