"""Contacts: who a person is, and what they said about marketing.

Ometria keeps consent per contact of a collection and computes the profile from all of them. A record may therefore
never carry an opt-in that the person has not given, nor `NOT_SPECIFIED` over something that was stated before: where
anything may be there already, the field is left out and `@merge` keeps what is stored.
"""

from __future__ import annotations

from orderwire.dialects.contract import Account, Expression, Item, Lane, Recipient, Statement
from orderwire.dialects.ometria.fields import (
    GENDERS,
    MAX_RECORD_BYTES,
    OPT_IN,
    amount,
    contact_id,
    encode,
    is_e164,
    moment,
)
from orderwire.model import Channel, Consent, ConsentState, Person, Subscription

_NO_EMAIL = "contact: Ometria wants an e-mail, and none is known"
_UNDATED = "the date of the consent: beside old news it would start campaigns"
_OPTED_OUT = (ConsentState.UNSUBSCRIBED, ConsentState.SUPPRESSED)


def write_person(person: Person, recipient: Recipient | None, account: Account) -> Expression:
    """A contact with everything the source says of the person."""
    record = _contact(recipient, account)
    if record is None or recipient is None:
        return Expression(unsaid=(_NO_EMAIL,))
    unsaid: list[str] = []
    record["marketing_optin"] = _hint(recipient)
    record |= {
        "firstname": person.first_name,
        "lastname": person.last_name,
        "date_of_birth": person.birth_date.isoformat() if person.birth_date else None,
        "country_id": person.address.country_code if person.address else None,
        "timezone": person.time_zone,
        "timestamp_acquired": moment(person.created_at) if person.created_at else None,
        "phone_number": _phone(recipient, unsaid),
        "properties": _properties(person) or None,
    }
    if person.gender:
        record["gender"] = GENDERS.get(person.gender.lower())
        if record["gender"] is None:
            unsaid.append("gender: only m, f and o can be told")
    body = encode(record)
    if len(body) > MAX_RECORD_BYTES:
        unsaid.append("properties: the contact is larger than 60 KB with them")
        body = encode(record | {"properties": None})
    if len(body) > MAX_RECORD_BYTES:
        return Expression(unsaid=("the contact is larger than 60 KB even without properties",))
    return Expression(items=(_item("contacts", record, body),), unsaid=tuple(unsaid))


def write_consent(consent: Consent, statement: Statement, account: Account) -> Expression:
    """What a person said about one channel; only news carries its date, because the date fires campaigns."""
    record = _contact(statement.recipient, account)
    if record is None or statement.recipient is None:
        return Expression(unsaid=(_NO_EMAIL,))
    in_force = statement.recipient.consent.get(consent.channel, consent.state)
    if consent.state is ConsentState.SUBSCRIBED and in_force is not ConsentState.SUBSCRIBED:
        return Expression(withheld="a later choice of this person is in force")
    is_news = statement.is_consent_news and statement.lane is Lane.LIVE
    if consent.channel is Channel.SMS:
        return _sms(consent, statement.recipient, record, is_news=is_news)
    unsaid: tuple[str, ...] = ()
    if consent.state is ConsentState.NEVER_ASKED:
        record["marketing_optin"] = _hint(statement.recipient)
    else:
        record["marketing_optin"] = OPT_IN[consent.state]
        if consent.changed_at and is_news:
            is_opt_in = consent.state is ConsentState.SUBSCRIBED
            record["timestamp_subscribed" if is_opt_in else "timestamp_unsubscribed"] = moment(consent.changed_at)
            if is_opt_in and account.options.get("force_optin"):
                record["@force_optin"] = True
        elif consent.changed_at:
            unsaid = (_UNDATED,)
    return Expression(items=(_item("contacts", record, encode(record)),), unsaid=unsaid)


def write_subscription_fields(
    subscription: Subscription, recipient: Recipient | None, account: Account
) -> Expression:
    """The next order of a recurring purchase as custom fields of a contact, where the option asks for it.

    It goes to a collection of its own, so that it never replaces the custom fields we write about the person.
    """
    if not account.options.get("subscription_fields"):
        return Expression(unsaid=("there is no event for a changed subscription (see option subscription_fields)",))
    record = _contact(recipient, account)
    if record is None:
        return Expression(unsaid=(_NO_EMAIL,))
    fields: dict[str, object] = {"ordergroove_next_order_products": subscription.product_ids}
    if subscription.next_order_at:
        fields["ordergroove_next_charge_scheduled_at"] = moment(subscription.next_order_at)
    if subscription.price is not None and subscription.currency:
        fields["ordergroove_next_order_value"] = amount(subscription.price, subscription.currency)
    record |= {"@collection": "ordergroove", "properties": fields}
    unsaid = ("active_subscriptions, total_subscription: one subscription does not tell how many there are",)
    return Expression(items=(_item("contacts", record, encode(record)),), unsaid=unsaid)


def _contact(recipient: Recipient | None, account: Account) -> dict[str, object] | None:
    """The beginning of every contact record; None without an e-mail."""
    if recipient is None or not recipient.email:
        return None
    return {
        "@type": "contact",
        "@collection": account.options.get("collection") or "orderwire",
        "id": contact_id(recipient.external_id, recipient.email),
        "@merge": True,
        "email": recipient.email,
        "customer_id": recipient.external_id,
    }


def _item(route: str, record: dict[str, object], body: bytes) -> Item:
    return Item(route=route, wire_id=str(record["id"]), body=body)


def _hint(recipient: Recipient) -> str | None:
    """The opt-in beside other news of a person: an opt-out is repeated, an opt-in is never stated here.

    `NOT_SPECIFIED` is written last and wins over the opt-in that travels in a record of its own, perhaps before this
    one, so it is said only of somebody who never gave one.
    """
    in_force = recipient.consent.get(Channel.EMAIL)
    if in_force in _OPTED_OUT:
        return OPT_IN[ConsentState.UNSUBSCRIBED]
    if in_force is ConsentState.SUBSCRIBED or recipient.is_known_there or recipient.was_stated_there:
        return None
    return OPT_IN[ConsentState.NEVER_ASKED]


def _phone(recipient: Recipient, unsaid: list[str]) -> str | None:
    if recipient.phone and not is_e164(recipient.phone):
        unsaid.append("phone_number: it is not in international form (E.164)")
        return None
    return recipient.phone


def _properties(person: Person) -> dict[str, object]:
    """What Ometria has no field for but keeps as custom fields."""
    extra = {"company": person.company, "language": person.language, "tags": person.tags}
    return {**person.properties, **{name: value for name, value in extra.items() if value}}


def _sms(consent: Consent, recipient: Recipient, record: dict[str, object], *, is_news: bool) -> Expression:
    unsaid: list[str] = []
    record["phone_number"] = _phone(recipient, unsaid)
    if record["phone_number"] is None:
        return Expression(unsaid=tuple(unsaid) or ("channels.sms: no phone number is known",))
    if consent.state is ConsentState.NEVER_ASKED:
        return Expression(unsaid=("channels.sms: it only knows yes and no",))
    stated: dict[str, object] = {"allow_marketing": consent.state is ConsentState.SUBSCRIBED}
    if consent.changed_at and is_news:
        stated["dt_updated_marketing"] = moment(consent.changed_at)
    elif consent.changed_at:
        unsaid.append(_UNDATED)
    record["channels"] = {"sms": stated}
    return Expression(items=(_item("sms_consents", record, encode(record)),), unsaid=tuple(unsaid))
