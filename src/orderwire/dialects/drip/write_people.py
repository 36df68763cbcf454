"""People and their consent as Drip's subscribers.

`initial_status` says what somebody becomes whom Drip does not know yet and changes nobody else; `status` changes
what they are, so it is only said of a choice made just now. An opt-out of the past goes as an unsubscription, which
can only narrow.
"""

from __future__ import annotations

from typing import Any

from orderwire.dialects.contract import Account, Expression, Item, Lane, Recipient, Statement
from orderwire.dialects.drip.fields import (
    ACTIVE,
    UNSUBSCRIBED,
    custom_fields,
    encode,
    hint,
    subscriber_address,
)
from orderwire.dialects.drip.size import expression
from orderwire.model import Channel, Consent, ConsentState, Person

OPTED_OUT = frozenset({ConsentState.UNSUBSCRIBED, ConsentState.SUPPRESSED})


def wire_id(recipient: Recipient) -> str:
    """A person's place in our own books; on the wire Drip knows them by e-mail."""
    return f"per_{recipient.person}"


def route(statement: Statement) -> str:
    """Where a subscriber is written: history in batches."""
    return "subscribers" if statement.lane is Lane.HISTORY else "subscriber"


def write_person(statement: Statement, account: Account, person: Person, recipient: Recipient) -> Expression:
    """A person's profile. Drip adds tags to those it has and leaves alone what is not mentioned."""
    record: dict[str, Any] = {"email": recipient.email, "initial_status": hint(recipient, account)}
    plain = (
        ("first_name", person.first_name),
        ("last_name", person.last_name),
        ("phone", person.identity.phone),
        ("time_zone", person.time_zone),
    )
    record.update({theirs: value for theirs, value in plain if value})
    if person.address:
        record.update(subscriber_address(person.address))
    if recipient.external_id and account.options.get("user_id"):
        record["user_id"] = recipient.external_id
    fields, displaced = custom_fields(
        {
            "company": person.company,
            "gender": person.gender,
            "birth_date": person.birth_date,
            "language": person.language,
            **person.properties,
        }
    )
    if fields:
        record["custom_fields"] = fields
    if person.tags:
        record["tags"] = person.tags
    unsaid = [f"property {name}: another one has the same custom field name" for name in displaced]
    email = person.identity.email
    if email and email.strip().lower() != (recipient.email or "").strip().lower():
        unsaid.append("email: Drip keeps the address first used for this person")
    return expression(route(statement), wire_id(recipient), record, tuple(unsaid))


def write_consent(statement: Statement, account: Account, consent: Consent, recipient: Recipient) -> Expression:
    """A permission or its end, on its own channel."""
    if consent.channel is Channel.SMS:
        return _write_sms(statement, account, consent, recipient)
    record: dict[str, Any] = {"email": recipient.email, "initial_status": _stated(consent, recipient)}
    if statement.is_consent_news and consent.state is not ConsentState.NEVER_ASKED:
        record["status"] = record["initial_status"]
        if consent.ip_address and consent.state is ConsentState.SUBSCRIBED:
            record["ip_address"] = consent.ip_address
        return expression(route(statement), wire_id(recipient), record)
    items = [Item(route=route(statement), wire_id=wire_id(recipient), body=encode(record))]
    if consent.state in OPTED_OUT:
        body = encode({"email": recipient.email})
        items.append(Item(route="unsubscribes", wire_id=wire_id(recipient), body=body))
    return Expression(items=tuple(items))


def introduction(recipient: Recipient, account: Account) -> Item:
    """Who somebody is, ahead of an event: Drip subscribes the unknown author of one, and an event has no hint.

    It goes singly in both lanes, because only the single call answers when the person is stored.
    """
    record = {"email": recipient.email, "initial_status": hint(recipient, account)}
    return Item(route="subscriber", wire_id=wire_id(recipient), body=encode(record))


def _stated(consent: Consent, recipient: Recipient) -> str:
    """The consent's own state, unless the one in force is stricter."""
    in_force = recipient.consent.get(Channel.EMAIL, consent.state)
    is_subscribed = consent.state is ConsentState.SUBSCRIBED and in_force is ConsentState.SUBSCRIBED
    return ACTIVE if is_subscribed else UNSUBSCRIBED


def _write_sms(statement: Statement, account: Account, consent: Consent, recipient: Recipient) -> Expression:
    record: dict[str, Any] = {"email": recipient.email, "initial_status": hint(recipient, account)}
    if consent.state is ConsentState.NEVER_ASKED:
        return Expression(unsaid=("sms: that nobody asked is how Drip begins",))
    if consent.state in OPTED_OUT:
        return expression(route(statement), wire_id(recipient), record | {"sms_consent": False})
    if not statement.is_consent_news:
        return Expression(unsaid=("sms: Drip has no quiet form for an old permission by SMS",))
    phone = recipient.phone or ""
    if not (phone.startswith("+1") and len(phone) == 12):
        return Expression(unsaid=("sms_number: Drip only takes US numbers in E.164",))
    return expression(route(statement), wire_id(recipient), record | {"sms_number": phone, "sms_consent": True})
