"""People and their consent as contacts.

What keeps consent from being widened: a newer date of a channel's status wins there and an older one changes
nothing. So a contact that is merely described carries `nonSubscribed` with a date older than any choice; a no in
force travels with its own date; a yes is stated by its own fact only, and only a yes given just now may be welcomed.

One e-mail and one phone of a person may belong to two contacts, and a combined update then loses one of them without
a word. So a description names one identifier, the e-mail where there is one, and keeps the phone as a property. Only
a statement about text messages names both, since contacts are found by e-mail alone.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from orderwire.dialects.contract import Account, Expression, Item, Lane, Recipient, Statement
from orderwire.dialects.omnisend.fields import (
    CONTACT,
    CONTACTS_BATCH,
    GENDERS,
    HINTED_AT,
    MAX_ITEM_BYTES,
    OPT_OUTS,
    STATUS_BY_CONSENT,
    UNDATED_AT,
    Cuts,
    contact_id,
)
from orderwire.dialects.omnisend.shapes import encode
from orderwire.dialects.omnisend.shapes_records import ChannelStatus, ContactBody, ContactIdentifier, Evidence
from orderwire.model import Address, Channel, Consent, ConsentState, Person

_NOBODY = Expression(unsaid=("identity: a contact is known there by e-mail or phone only",))
_COUNTRY_CODE = 2
_NOT_IN_A_PROPERTY_NAME = re.compile(r"[^A-Za-z0-9_]")


def person(statement: Statement, account: Account) -> Expression:  # noqa: ARG001 - one shape for all writers
    """A description of a contact that changes nobody's consent."""
    to = statement.recipient
    given = statement.snapshot
    assert isinstance(given, Person)  # noqa: S101 - the kind says so
    if to is None or not (to.email or to.phone):
        return _NOBODY
    cuts = Cuts()
    address = given.address or to.address
    custom = _custom_properties(given, to)
    body = ContactBody(
        identifiers=(_email_as_it_is(to) if to.email else _phone_as_it_is(to),),
        first_name=cuts.text("firstName", given.first_name or to.first_name),
        last_name=cuts.text("lastName", given.last_name or to.last_name),
        gender=GENDERS.get((given.gender or "").strip().lower()),
        birthdate=given.birth_date,
        address=cuts.text("address", ", ".join(filter(None, (address.line1, address.line2)))) if address else None,
        city=cuts.text("city", address.city) if address else None,
        state=cuts.text("state", address.region) if address else None,
        postal_code=cuts.text("postalCode", address.postal_code) if address else None,
        country=cuts.text("country", address.country) if address else None,
        country_code=_country_code(address),
        tags=cuts.tags(given.tags),
        created_at=given.created_at,
        custom_properties=custom,
    )
    item = _item(statement, body)
    if len(item.body) > MAX_ITEM_BYTES:
        return Expression(unsaid=(f"size: larger than {MAX_ITEM_BYTES} bytes",))
    return Expression(items=(item,), unsaid=tuple(cuts.unsaid))


def consent(statement: Statement, account: Account) -> Expression:  # noqa: ARG001 - one shape for all writers
    """One statement about permission, with its own date; welcomed only when it is a yes given just now."""
    to = statement.recipient
    given = statement.snapshot
    assert isinstance(given, Consent)  # noqa: S101 - the kind says so
    if to is None or not (to.email or to.phone):
        return _NOBODY
    if given.state is ConsentState.SUBSCRIBED and to.consent.get(given.channel, given.state) is not given.state:
        return Expression(withheld="a yes is not sent while another consent is in force")
    stated = _stated(statement, given, to)
    if stated is None:
        missing = "an e-mail address" if given.channel is Channel.EMAIL else "a phone number"
        return Expression(unsaid=(f"{given.channel}: the person has not {missing}",))
    beside = (_email_as_it_is(to),) if given.channel is Channel.SMS and to.email else ()
    unsaid = ("date: unknown, so that it replaces no choice made there",) if _is_undated_yes(statement, given) else ()
    return Expression(items=(_item(statement, ContactBody(identifiers=(*beside, stated))),), unsaid=unsaid)


def _item(statement: Statement, body: ContactBody) -> Item:
    route = CONTACTS_BATCH if statement.lane is Lane.HISTORY else CONTACT
    return Item(route=route, wire_id=contact_id(body.identifiers[0].id), body=encode(body))


def _stated(statement: Statement, given: Consent, to: Recipient) -> ContactIdentifier | None:
    """The identifier whose channel this consent is about; None where the person has none."""
    address = to.email if given.channel is Channel.EMAIL else to.phone
    if not address:
        return None
    is_yes = given.state is ConsentState.SUBSCRIBED
    cuts = Cuts()
    evidence = Evidence(
        source=cuts.text("source", given.origin),
        created_at=given.changed_at,
        ip=given.ip_address,
        user_agent=cuts.text("userAgent", given.user_agent),
    )
    has_evidence = bool(given.origin or given.ip_address or given.user_agent)
    return ContactIdentifier(
        type="email" if given.channel is Channel.EMAIL else "phone",
        id=address,
        channels={
            given.channel.value: ChannelStatus(
                status=STATUS_BY_CONSENT[given.state], changed_at=_stated_at(statement, given)
            )
        },
        consent=evidence if is_yes and has_evidence else None,
        sends_welcome=is_yes and _is_news(statement),
    )


def _stated_at(statement: Statement, given: Consent) -> datetime:
    """The date that decides which status wins there. An undated no counts from when it was learned."""
    if given.state is ConsentState.NEVER_ASKED:
        return HINTED_AT
    if given.changed_at is not None:
        return given.changed_at
    return UNDATED_AT if _is_undated_yes(statement, given) else statement.occurred_at


def _is_undated_yes(statement: Statement, given: Consent) -> bool:
    """Whether nobody knows when this yes was given; one that is news was given just now."""
    return given.state is ConsentState.SUBSCRIBED and given.changed_at is None and not _is_news(statement)


def _is_news(statement: Statement) -> bool:
    return statement.is_consent_news and statement.lane is Lane.LIVE


def _email_as_it_is(to: Recipient) -> ContactIdentifier:
    return ContactIdentifier(
        type="email", id=to.email or "", channels={"email": _hint(to, Channel.EMAIL)}, sends_welcome=False
    )


def _phone_as_it_is(to: Recipient) -> ContactIdentifier:
    return ContactIdentifier(
        type="phone", id=to.phone or "", channels={"sms": _hint(to, Channel.SMS)}, sends_welcome=False
    )


def _hint(to: Recipient, channel: Channel) -> ChannelStatus:
    """A no in force with its own date, else a status that replaces nothing."""
    changed_at = to.consent_changed_at.get(channel)
    if to.consent.get(channel) in OPT_OUTS and changed_at is not None:
        return ChannelStatus(status="unsubscribed", changed_at=changed_at)
    return ChannelStatus(status="nonSubscribed", changed_at=HINTED_AT)


def _country_code(address: Address | None) -> str | None:
    code = address.country_code if address else None
    return code.upper() if code and len(code) == _COUNTRY_CODE else None


def _custom_properties(given: Person, to: Recipient) -> dict[str, Any]:
    """What the contact has no field for, under names the platform takes."""
    own = {_NOT_IN_A_PROPERTY_NAME.sub("_", name)[:128]: value for name, value in given.properties.items()}
    gender = None if (given.gender or "").strip().lower() in GENDERS else given.gender
    ours = {
        "phone": to.phone if to.email else None,
        "externalID": to.external_id,
        "company": given.company or (given.address.company if given.address else None),
        "language": given.language or to.language,
        "timeZone": given.time_zone,
        "gender": gender,
    }
    return {name: value for name, value in {**ours, **own}.items() if value is not None and value != ""}
