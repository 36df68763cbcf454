"""People and their consent: contacts, and the list of unsubscribed addresses."""

from __future__ import annotations

from functools import cache

from msgspec.json import Encoder

from orderwire.dialects.contract import Account, Expression, Item, Lane, Recipient, Statement
from orderwire.dialects.yespo.fields import phone_digits
from orderwire.dialects.yespo.options import text_option
from orderwire.dialects.yespo.people import (
    PHONE_LEFT_OUT,
    channels,
    contact_address,
    contact_id,
    language_code,
    may_text,
    names,
    needs_hint,
    new_contact_item,
    unsubscribe_item,
)
from orderwire.dialects.yespo.shapes import ContactBody, ContactChannel, ContactField
from orderwire.errors import ConfigError
from orderwire.model import Channel, Consent, ConsentState, Person

_ENCODER = Encoder()


def write_person(statement: Statement, person: Person, account: Account) -> Expression:
    """A person as a contact, the unsubscribed address before it where it needs that."""
    recipient = statement.recipient
    if recipient is None:
        return Expression(unsaid=("identity: nobody is identified",))
    phone = phone_digits(recipient.phone) if may_text(recipient) else None
    left_out = (PHONE_LEFT_OUT,) if recipient.phone and phone is None else ()
    if not (recipient.email or phone):
        return Expression(unsaid=("contact: none without an e-mail or a permitted phone", *left_out))
    first_name, last_name, bad_names = names(person.first_name, person.last_name)
    fields, unmapped = custom_fields(person, text_option(account, "fields"))
    body = ContactBody(
        channels=channels(recipient.email, phone),
        first_name=first_name,
        last_name=last_name,
        address=contact_address(person.address),
        fields=fields,
        external_customer_id=recipient.external_id,
        language_code=language_code(person.language),
        time_zone=person.time_zone,
    )
    first = (unsubscribe_item(recipient),) if needs_hint(recipient) else ()
    return Expression(items=(*first, contacts_item(recipient, body)), unsaid=(*left_out, *bad_names, *unmapped))


def contacts_item(recipient: Recipient, body: ContactBody, *, erases_phone: bool = False) -> Item:
    """One contact of a bulk import. Its group names the fields it writes, so that no import blanks a field."""
    kinds = [channel.type for channel in body.channels]
    written = [*kinds, "sms"] if erases_phone else kinds
    for name, value in (
        ("externalCustomerId", body.external_customer_id),
        ("firstName", body.first_name),
        ("lastName", body.last_name),
        ("languageCode", body.language_code),
        ("timeZone", body.time_zone),
    ):
        if value:
            written.append(name)
    if address := body.address:
        written.extend(name for name in ("address", "town", "region", "postcode") if getattr(address, name))
    custom = ",".join(str(field.id) for field in body.fields)
    return Item(
        route="contacts",
        wire_id=contact_id(recipient),
        body=_ENCODER.encode(body),
        group=f"{kinds[0]}|{','.join(written)}|{custom}",
    )


def custom_fields(person: Person, option: str) -> tuple[list[ContactField], tuple[str, ...]]:
    """What a contact has no field for: as custom fields where the option names one, else named as unsaid."""
    values: dict[str, str] = {
        "company": person.company or "",
        "gender": person.gender or "",
        "birth_date": person.birth_date.isoformat() if person.birth_date else "",
        "tags": ", ".join(person.tags),
        **{name: text_of(value) for name, value in person.properties.items() if value is not None},
    }
    id_by_name = field_ids(option)
    said = [ContactField(id_by_name[name], value) for name, value in values.items() if value and name in id_by_name]
    said.sort(key=lambda field: field.id)
    return said, tuple(
        f"{name}: no custom field" for name, value in values.items() if value and name not in id_by_name
    )


@cache
def field_ids(option: str) -> dict[str, int]:
    """The option `fields` read: `birth_date=1201, company=1202`.

    Raises:
        ConfigError: it is not a list of names and numbers.
    """
    pairs = [pair.partition("=") for pair in option.split(",") if pair.strip()]
    try:
        return {name.strip(): int(number) for name, _, number in pairs}
    except ValueError as error:
        raise ConfigError("options.fields", "is not `name=id, name=id`", "Ids are numbers.") from error


def text_of(value: str | int | float | bool | None) -> str:
    """A scalar as the text the platform keeps."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)


def write_consent(statement: Statement, consent: Consent) -> Expression:
    """A change of permission."""
    recipient = statement.recipient
    if recipient is None:
        return Expression(unsaid=("identity: nobody is identified",))
    if consent.channel is Channel.SMS:
        return _write_sms(recipient, consent.state)
    if not recipient.email:
        return Expression(unsaid=("email: none known, and the platform keeps this consent by address",))
    if consent.state is ConsentState.NEVER_ASKED and recipient.is_known_there and not recipient.was_stated_there:
        return Expression(unsaid=("never asked: no state there; the address was listed as unsubscribed before",))
    if consent.state is not ConsentState.SUBSCRIBED:
        return Expression(items=(unsubscribe_item(recipient), *_contact_if_none(recipient, statement.lane)))
    contact = contacts_item(recipient, _bare_contact(recipient))
    if not statement.is_consent_news:
        known = "an unsubscription recorded there stays: old consent does not lift it"
        return Expression(items=(contact,), unsaid=(known,) if recipient.is_known_there else ())
    resubscribe = Item(
        route="resubscribe",
        wire_id=f"resubscribe:{contact_id(recipient)}",
        body=_ENCODER.encode(recipient.email),
    )
    return Expression(items=(resubscribe,) if recipient.is_known_there else (contact, resubscribe))


def _contact_if_none(recipient: Recipient, lane: Lane) -> tuple[Item, ...]:
    """The contact of somebody told there for the first time: an order event about nobody's contact is not kept.

    What is told live may be followed at once by such an event, so that the contact is then made at once too.
    """
    if recipient.is_known_there:
        return ()
    phone = phone_digits(recipient.phone) if may_text(recipient) else None
    if lane is Lane.LIVE:
        return (new_contact_item(recipient, phone),)
    return (contacts_item(recipient, _bare_contact(recipient, phone)),)


def _write_sms(recipient: Recipient, state: ConsentState) -> Expression:
    """A number is told with the permission and taken away with it: there is no list of refused numbers."""
    if state is ConsentState.SUBSCRIBED:
        phone = phone_digits(recipient.phone)
        if phone is None:
            return Expression(unsaid=("phone: none known of 5 to 15 digits",))
        first = (unsubscribe_item(recipient),) if needs_hint(recipient) else ()
        body = _bare_contact(recipient, phone)
        return Expression(items=(*first, contacts_item(recipient, body)))
    if not recipient.is_known_there:
        return Expression(unsaid=("phone: never told there without permission",))
    if not recipient.email:
        return Expression(unsaid=("phone: cannot be taken off a contact that has nothing else; by hand",))
    return Expression(items=(contacts_item(recipient, _bare_contact(recipient), erases_phone=True),))


def _bare_contact(recipient: Recipient, phone: str | None = None) -> ContactBody:
    email: list[ContactChannel] = channels(recipient.email, phone)
    return ContactBody(channels=email, external_customer_id=recipient.external_id)
