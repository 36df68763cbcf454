"""Whom an item is about there, and what must be said first so that nothing makes anybody mailable.

An order, an import or an event with a new address makes a contact that is *confirmed*: bulk mail goes to it. There is
no field that says otherwise, so somebody who did not subscribe is put on the list of unsubscribed addresses *before*
the item that makes the contact. For phones there is no such list: a number is only told once the person said yes to
text messages.
"""

from __future__ import annotations

from uuid import UUID, uuid5

from msgspec import Struct
from msgspec.json import Encoder

from orderwire.dialects.contract import Item, Recipient
from orderwire.dialects.yespo.fields import phone_digits, takes_name
from orderwire.dialects.yespo.shapes import ContactAddress, ContactBody, ContactChannel
from orderwire.model import Address, Channel, ConsentState

NAMESPACE = UUID("6f1d6f0e-3a52-5d0c-9d57-2f0a7a0f8b11")
"""Fixed for ever: wire ids are functions of facts and of this."""

PHONE_LEFT_OUT = "phone: left out, no permission for text messages"
_ENCODER = Encoder()
_REFUSED = frozenset({ConsentState.UNSUBSCRIBED, ConsentState.SUPPRESSED})


class Approach(Struct, frozen=True, kw_only=True):
    """How a person is named in an item, and what is sent before it.

    `withheld` set: consent forbids the item. `missing` set: nobody could be found by it.
    """

    external_id: str | None = None
    email: str | None = None
    phone: str | None = None
    first: tuple[Item, ...] = ()
    unsaid: tuple[str, ...] = ()
    withheld: str = ""
    missing: str = ""


def may_text(recipient: Recipient) -> bool:
    """Whether the person said yes to text messages."""
    return recipient.consent.get(Channel.SMS) is ConsentState.SUBSCRIBED


def contact_id(recipient: Recipient) -> str:
    """Our id of a contact: the shop's own, else a name-based UUID of the address, so that no address is kept."""
    return recipient.external_id or address_id(recipient.email, recipient.phone)


def address_id(email: str | None, phone: str | None) -> str:
    """The id of somebody who has no id in the shop."""
    if email:
        return str(uuid5(NAMESPACE, f"email:{email.strip().lower()}"))
    return str(uuid5(NAMESPACE, f"phone:{phone_digits(phone) or phone or ''}"))


def unsubscribe_item(recipient: Recipient) -> Item:
    """Put the person's address on the list of unsubscribed ones."""
    return Item(
        route="unsubscribe",
        wire_id=f"unsubscribe:{contact_id(recipient)}",
        body=_ENCODER.encode(recipient.email),
    )


def needs_hint(recipient: Recipient) -> bool:
    """Whether the platform must hear that the person is not subscribed before it hears anything else of them.

    Once somebody is known there the hint has been given (or was not needed then); a refusal is repeated until it has
    been stated as such.
    """
    state = recipient.consent.get(Channel.EMAIL, ConsentState.NEVER_ASKED)
    if recipient.email is None or state is ConsentState.SUBSCRIBED or recipient.was_stated_there:
        return False
    return not recipient.is_known_there or state in _REFUSED


def approach(recipient: Recipient | None, *, needs_contact: bool) -> Approach:
    """How to name the recipient.

    Args:
        recipient: the person, None where nobody is identified.
        needs_contact: whether the item is only kept for a contact that exists (events) or makes one itself (orders).
    """
    if recipient is None or not (recipient.email or recipient.external_id or recipient.phone):
        return Approach(missing="identity: no external id, e-mail or phone")
    digits = phone_digits(recipient.phone)
    is_by_phone_alone = not (recipient.email or recipient.external_id)
    if digits is None and is_by_phone_alone:
        return Approach(missing="phone: not 5 to 15 digits, and nothing else to find the person by")
    phone = digits if may_text(recipient) or (is_by_phone_alone and recipient.is_known_there) else None
    if is_by_phone_alone and phone is None:
        return Approach(withheld="a phone alone would make a contact that can be texted, without permission")
    first = [unsubscribe_item(recipient)] if needs_hint(recipient) else []
    if needs_contact and not recipient.is_known_there:
        if not (recipient.email or phone):
            return Approach(missing="contact: none there yet, and none can be made without e-mail or permitted phone")
        first.append(new_contact_item(recipient, phone))
    return Approach(
        external_id=recipient.external_id,
        email=recipient.email,
        phone=phone,
        first=tuple(first),
        unsaid=(PHONE_LEFT_OUT,) if recipient.phone and phone is None else (),
    )


def new_contact_item(recipient: Recipient, phone: str | None) -> Item:
    """Make the contact that an event is to be kept for, at once and by itself."""
    first_name, last_name, _ = names(recipient.first_name, recipient.last_name)
    body = ContactBody(
        channels=channels(recipient.email, phone),
        first_name=first_name,
        last_name=last_name,
        address=contact_address(recipient.address),
        external_customer_id=recipient.external_id,
        language_code=language_code(recipient.language),
    )
    return Item(route="contact", wire_id=contact_id(recipient), body=_ENCODER.encode(body))


def channels(email: str | None, phone: str | None) -> list[ContactChannel]:
    """The addresses of a contact, as far as they may be told."""
    found = [ContactChannel("email", email)] if email else []
    return [*found, ContactChannel("sms", phone)] if phone else found


def names(first_name: str | None, last_name: str | None) -> tuple[str | None, str | None, tuple[str, ...]]:
    """First and last name as far as the platform takes them, and which it would refuse the whole contact for."""
    unsaid: list[str] = []
    first = (first_name or "").strip() or None
    last = (last_name or "").strip() or None
    if first and not takes_name(first):
        first = None
        unsaid.append("firstName: not a name the platform takes")
    if last and not takes_name(last, is_last=True):
        last = None
        unsaid.append("lastName: not a name the platform takes")
    return first, last, tuple(unsaid)


def contact_address(address: Address | None) -> ContactAddress | None:
    """A postal address in the four parts there are."""
    if address is None:
        return None
    shape = ContactAddress(
        region=address.region or address.region_code,
        town=address.city,
        address=", ".join(filter(None, (address.line1, address.line2))) or None,
        postcode=address.postal_code,
    )
    return None if shape == ContactAddress() else shape


def language_code(language: str | None) -> str | None:
    """A language tag as RFC 5646 writes it: en_US → en-US."""
    return language.replace("_", "-") if language else None
