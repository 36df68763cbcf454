"""What a contact on the wire says of a person, and what is known of them once it is written.

A contact that is not told whole is a change of what is known: its fields are laid over the person's newest
description. What a person has no field for there or here (custom fields, further channels, categories) stands among
their properties, so that it is given back, travels on and is erased with them.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from msgspec import Struct, structs

from orderwire.dialects.doorway import Known
from orderwire.dialects.yespo.door.desk import Desk
from orderwire.dialects.yespo.door.values import Fields, Unfit, customer_of, email_of, listed, phone_of, text
from orderwire.model import Address, Identity, Person

CHANNELS = ("email", "sms", "viber", "mobilepush", "webpush", "appinbox", "widget", "inapp")
FIELDS = frozenset(
    {"firstName", "lastName", "contactKey", "languageCode", "timeZone", "email", "sms", "mobilepush", "webpush"}
    | {"address", "town", "region", "postcode", "externalCustomerId"}
)
"""What `contactFields` can name, and a bulk call without it overwrites."""

CUSTOM = "field_"
"""Before the number of a custom field, among a person's properties."""

CATEGORIES = "subscriptions"
"""The property that holds the keys of the categories a contact chose."""

_ADDRESS = {"region": "region", "town": "city", "address": "line1", "postcode": "postal_code"}
_PLAIN = {"firstName": "first_name", "lastName": "last_name", "languageCode": "language", "timeZone": "time_zone"}
_KEPT_AS_PROPERTY = ("contactKey", *(f"channel_{kind}" for kind in CHANNELS))


class Sent(Struct, frozen=True, kw_only=True):
    """A contact as a call tells it: texts by the platform's names of fields, those not given left out."""

    texts: dict[str, str]
    custom: dict[int, str]
    groups: tuple[str, ...] = ()
    contact_id: object = None

    @property
    def identity(self) -> Identity:
        """The identifiers it carries."""
        return Identity(
            external_id=self.texts.get("externalCustomerId"),
            email=self.texts.get("email"),
            phone=self.texts.get("sms"),
        )


def read_contact(given: Any) -> Sent:
    """A contact of any call that tells one.

    Raises:
        Unfit: it has no channel and no id, or a field in a wrong form.
    """
    if not isinstance(given, dict):
        raise Unfit("contact has a wrong format")
    texts = {name: value for name in (*_PLAIN, "contactKey") if (value := text_in(given, name))}
    if customer := customer_of(given.get("externalCustomerId")):
        texts["externalCustomerId"] = customer
    address = given.get("address")
    if isinstance(address, dict):
        texts |= {name: value for name in _ADDRESS if (value := text_in(address, name))}
    elif address:
        raise Unfit("address has a wrong format")
    texts |= _channels(given.get("channels"))
    sent = Sent(texts=texts, custom=_custom(given.get("fields")), groups=_groups(given), contact_id=given.get("id"))
    if sent.identity.is_empty and sent.contact_id is None:
        raise Unfit("channels is required")
    return sent


def text_in(given: Fields, name: str) -> str | None:
    """A text field of an object."""
    return text(given.get(name), name)


def _channels(given: Any) -> dict[str, str]:
    """The addresses by type, a second one of a type beside the first; a blank value is a placeholder for none."""
    found: dict[str, str] = {}
    for channel in listed(given):
        kind = channel.get("type") if isinstance(channel, dict) else None
        kind = {"webPush": "webpush", "mobilePush": "mobilepush"}.get(str(kind), kind)
        if kind not in CHANNELS:
            raise Unfit("channels.type has a wrong format")
        value = channel.get("value")
        address = (
            email_of(value) if kind == "email" else phone_of(value) if kind == "sms" else text(value, "channels")
        )
        if address is None:
            continue
        if kind == "sms" and not 5 <= sum(letter.isdigit() for letter in address) <= 15:
            raise Unfit("sms has a wrong format")
        name = kind if kind in ("email", "sms") else f"channel_{kind}"
        if name not in found:
            found[name] = address
        elif f"channel_{kind}" not in found and address != found[name]:
            found[f"channel_{kind}"] = address
    return found


def _custom(given: Any) -> dict[int, str]:
    found: dict[int, str] = {}
    for field in listed(given):
        number = field.get("id") if isinstance(field, dict) else None
        digits = str(number) if isinstance(number, int | str) and not isinstance(number, bool) else ""
        if not (digits.isascii() and digits.isdigit() and len(digits) < 20):
            raise Unfit("fields.id has a wrong format")
        value = field.get("value")
        if isinstance(value, bool):
            value = "true" if value else "false"
        found[int(digits)] = text(value, "fields.value") or ""
    return found


def _groups(given: Fields) -> tuple[str, ...]:
    """The names of segments in a contact: read only by the documentation, sent by clients, and understood."""
    found = [one.get("name") if isinstance(one, dict) else one for one in listed(given.get("groups"))]
    return tuple(name for one in found if isinstance(one, str) and (name := one.strip()))


def written(
    before: Person,
    sent: Sent,
    *,
    fields: Iterable[str],
    custom: Iterable[int],
    joins: Iterable[str] = (),
    leaves: Iterable[str] = (),
) -> Person:
    """The person with a contact written over what was known.

    Args:
        before: what was known.
        sent: the contact.
        fields: which fields are written; one that the contact does not carry is blanked.
        custom: which custom fields are written, likewise.
        joins: segments they come into.
        leaves: segments they go out of.

    Raises:
        Unfit: nobody could be found by what is known then.
    """
    if before.identity.is_empty and sent.identity.is_empty:
        raise Unfit("channels is required")
    named = frozenset(fields)
    told = sent.texts
    plain = {ours: told.get(theirs) for theirs, ours in _PLAIN.items() if theirs in named}
    address = structs.replace(
        before.address or Address(),
        **{ours: told.get(theirs) for theirs, ours in _ADDRESS.items() if theirs in named},
    )
    properties = dict(before.properties)
    for name in _KEPT_AS_PROPERTY:
        if name.removeprefix("channel_") in named or name in told:
            properties.pop(name, None)
            if name in told:
                properties[name] = told[name]
    for number in custom:
        properties.pop(f"{CUSTOM}{number}", None)
        if sent.custom.get(number):
            properties[f"{CUSTOM}{number}"] = sent.custom[number]
    gone = frozenset(leaves)
    tags = tuple(dict.fromkeys((*(tag for tag in before.tags if tag not in gone), *joins)))
    return structs.replace(
        before,
        identity=_identity(before.identity, told, named),
        **plain,
        address=None if address == Address() else address,
        tags=tags,
        properties=properties,
    )


def _identity(known: Identity, told: dict[str, str], named: frozenset[str]) -> Identity:
    """The identifiers after writing; the last one a person is known by is not blanked."""
    found = Identity(
        external_id=told.get("externalCustomerId") or known.external_id,
        email=told.get("email") if "email" in named else known.email,
        phone=told.get("sms") if "sms" in named else known.phone,
        anonymous_id=known.anonymous_id,
    )
    return known if found.is_empty else found


def described(known: Known | None) -> Person:
    """What is known of a person, as a description to write over; a blank one of nobody."""
    if known is None:
        return Person(identity=Identity())
    if isinstance(known.record, Person):
        own = known.record
        identity = own.identity
        return structs.replace(
            own,
            identity=Identity(
                external_id=known.external_id or identity.external_id,
                email=identity.email or known.email,
                phone=identity.phone,
                anonymous_id=identity.anonymous_id,
            ),
        )
    return Person(
        identity=Identity(external_id=known.external_id, email=known.email, phone=known.phone),
        first_name=known.first_name,
        last_name=known.last_name,
        language=known.language,
        address=known.address,
    )


def find_contact(sent: Sent, desk: Desk, dedupe_on: str = "email_or_sms") -> tuple[Known | None, Person]:
    """Whom a contact means, and what is known of them: by the shop's id first, then by what the call says."""
    if (
        sent.contact_id is not None
        and dedupe_on in ("id", "email_or_sms")
        and (known := desk.contact(sent.contact_id))
    ):
        return known, desk.just_said(described(known).identity) or described(known)
    for identity in _searches(sent, dedupe_on):
        if just := desk.just_said(identity):
            return desk.shelves.find(identity), just
        if known := desk.shelves.find(identity):
            return known, described(known)
    return None, described(None)


def _searches(sent: Sent, dedupe_on: str) -> list[Identity]:
    own = sent.identity
    found = [Identity(external_id=own.external_id)]
    if dedupe_on != "sms":
        found.append(Identity(email=own.email))
    if dedupe_on in ("sms", "email_or_sms"):
        found.append(Identity(phone=own.phone))
    return [identity for identity in found if not identity.is_empty]
