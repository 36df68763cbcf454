"""Customers as Shopify says them, and what they agreed to.

`pending` is a double opt-in that nobody finished: no subscription. `not_subscribed` is the absence of a choice; with
a date it is newer than a yes before it, and takes that back.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import msgspec

from orderwire.dialects.connector import Found
from orderwire.dialects.shop_json import Misread, Part
from orderwire.dialects.shopify.fields import address, id_of, need_id, word, words
from orderwire.model import Channel, Consent, ConsentState, Identity, Person

CONSENTS = {Channel.EMAIL: "email_marketing_consent", Channel.SMS: "sms_marketing_consent"}
_STATES: Mapping[str, ConsentState] = {
    "subscribed": ConsentState.SUBSCRIBED,
    "unsubscribed": ConsentState.UNSUBSCRIBED,
    "redacted": ConsentState.UNSUBSCRIBED,
    "invalid": ConsentState.SUPPRESSED,
    "not_subscribed": ConsentState.NEVER_ASKED,
    "pending": ConsentState.NEVER_ASKED,
}


def identity(part: Part) -> Identity:
    """Who a customer is; GraphQL keeps e-mail and phone beside what was agreed to for each."""
    email, phone = (part.part(name) for name in CONSENTS.values())
    return Identity(
        external_id=id_of(part) or id_of(part, "customer_id"),
        email=part.text("email") or part.text("email_address") or (email.text("email") if email else None),
        phone=part.text("phone") or (phone.text("phone") if phone else None),
    )


def person(part: Part) -> Person:
    """Read one customer.

    Raises:
        Misread: a part of it cannot be understood.
    """
    need_id(part)
    return Person(
        identity=identity(part),
        first_name=part.text("first_name"),
        last_name=part.text("last_name"),
        address=address(part, "default_address"),
        tags=words(part, "tags"),
        created_at=part.instant("created_at"),
        updated_at=part.instant("updated_at"),
    )


def consents(part: Part) -> Iterator[Found]:
    """What a customer agreed to, by channel, each with the bytes that it alone can be read from again."""
    who = identity(part)
    for channel, name in CONSENTS.items():
        told = part.part(name)
        reach = who.email if channel is Channel.EMAIL else who.phone
        if told is None or reach is None:
            continue
        record = _consent(told, channel, who)
        if record is not None:
            raw = {"id": who.external_id, "email": who.email, "phone": who.phone, name: told.value}
            yield Found(
                record=record,
                raw=msgspec.json.encode({key: value for key, value in raw.items() if value is not None}),
                key=f"{who.external_id or reach} {channel}",
                changed_at=record.changed_at,
            )


def _consent(part: Part, channel: Channel, who: Identity) -> Consent | None:
    state = word(part, "state")
    if state not in _STATES:
        raise Misread(part.at("state"), "is a state that nothing is known of")
    changed = part.instant("consent_updated_at")
    said = _STATES[state]
    if said is ConsentState.NEVER_ASKED and changed is None:
        return None
    return Consent(
        identity=who,
        channel=channel,
        state=said,
        changed_at=changed,
        origin="shopify",
        is_double_opt_in=word(part, "opt_in_level") == "confirmed_opt_in" and said is ConsentState.SUBSCRIBED,
    )
