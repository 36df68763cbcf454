"""People and their consent: profiles, and the jobs that subscribe and unsubscribe."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from msgspec import json

from orderwire.dialects.contract import Account, Expression, Item, Lane, Recipient, Statement
from orderwire.dialects.klaviyo.events import addressee, is_phone, stated
from orderwire.dialects.klaviyo.fields import LOCATION, MAX_EXTERNAL_ID
from orderwire.errors import ConfigError
from orderwire.model import Channel, Consent, ConsentState, Person

_ENCODE = json.Encoder().encode
_MAX_PROFILE = 99_900
_MAX_SOURCE = 100


def profile(statement: Statement, person: Person) -> Expression:
    """The profile of a person, as an import entry in history and as an upsert live."""
    recipient = addressee(statement.recipient)
    if isinstance(recipient, str):
        return Expression(unsaid=(recipient,))
    unsaid: list[str] = []
    identifiers = _identifiers(recipient, unsaid)
    if not identifiers:
        return Expression(unsaid=(*unsaid, "person: a profile needs an e-mail, a phone or an external id"))
    attributes = identifiers | _attributes(person)
    body = _ENCODE({"type": "profile", "attributes": attributes})
    if len(body) > _MAX_PROFILE:
        unsaid.append("properties: the profile is over 100 KB, left out")
        attributes.pop("properties", None)
        body = _ENCODE({"type": "profile", "attributes": attributes})
        if len(body) > _MAX_PROFILE:
            return Expression(unsaid=("profile: over 100 KB even without its properties",))
    route = "profiles" if statement.lane is Lane.HISTORY else "profile"
    return Expression(items=(Item(route=route, wire_id=person_id(recipient), body=body),), unsaid=tuple(unsaid))


def person_id(recipient: Recipient) -> str:
    """What a person is found by there: the strongest identifier."""
    phone = recipient.phone if is_phone(recipient.phone) else None
    return recipient.email or phone or recipient.external_id or ""


def _identifiers(recipient: Recipient, unsaid: list[str]) -> dict[str, Any]:
    said: dict[str, Any] = {}
    if recipient.email:
        said["email"] = recipient.email
    if is_phone(recipient.phone):
        said["phone_number"] = recipient.phone
    elif recipient.phone:
        unsaid.append("phone_number: not in E.164 form or not assignable, the whole profile would be refused with it")
    if recipient.external_id and len(recipient.external_id) <= MAX_EXTERNAL_ID:
        said["external_id"] = recipient.external_id
    elif recipient.external_id:
        unsaid.append(f"external_id: longer than {MAX_EXTERNAL_ID} characters")
    return said


def _attributes(person: Person) -> dict[str, Any]:
    said = stated(
        ("first_name", person.first_name),
        ("last_name", person.last_name),
        ("organization", person.company),
    )
    location = _location(person)
    if location:
        said["location"] = location
    properties: dict[str, Any] = dict(person.properties)
    if person.language:
        locale = person.language.replace("_", "-")
        if "-" in locale:
            said["locale"] = locale
        else:
            properties.setdefault("Language", locale)
    own = stated(
        ("Gender", person.gender),
        ("Birthday", person.birth_date),
        ("Tags", person.tags),
        ("Customer Since", person.created_at),
    )
    properties = own | properties
    if properties:
        said["properties"] = properties
    return said


def _location(person: Person) -> dict[str, str]:
    said: dict[str, str] = {}
    if address := person.address:
        said = {name: value for field, name in LOCATION if (value := getattr(address, field))}
        if "country" not in said and address.country_code:
            said["country"] = address.country_code
        if "region" not in said and address.region_code:
            said["region"] = address.region_code
    if person.time_zone:
        said["timezone"] = person.time_zone
    return said


def consent(statement: Statement, said: Consent, account: Account) -> Expression:
    """The job entry that states a consent: loud only for the choice a person has just made."""
    if said.state is ConsentState.NEVER_ASKED:
        return Expression(unsaid=("consent: never asked is what Klaviyo takes everybody for who was told nothing",))
    recipient = addressee(statement.recipient)
    if isinstance(recipient, str):
        return Expression(unsaid=(recipient,))
    identifier = _address_of(said.channel, recipient)
    if identifier is None:
        return Expression(unsaid=(f"consent: no {_ADDRESS_NAMES[said.channel]} to state it for",))
    if said.state is not ConsentState.SUBSCRIBED:
        return _item("unsubscribe", said.channel, identifier, {"consent": "UNSUBSCRIBED"})
    if recipient.consent.get(said.channel, ConsentState.SUBSCRIBED) is not ConsentState.SUBSCRIBED:
        return Expression(withheld="a later choice of this person is in force")
    group = (said.origin or "")[:_MAX_SOURCE]
    if statement.is_consent_news:
        return _item("subscribe", said.channel, identifier, {"consent": "SUBSCRIBED"}, group)
    chosen_at = said.changed_at or undated_consent_at(account)
    if chosen_at is None:
        return Expression(
            unsaid=("consent: no date of choice, which Klaviyo demands of history; see option undated_consent_at",)
        )
    marketing = {"consent": "SUBSCRIBED", "consented_at": chosen_at}
    return _item("subscribe_history", said.channel, identifier, marketing, group)


_ADDRESS_NAMES = {Channel.EMAIL: "e-mail", Channel.SMS: "assignable E.164 phone"}


def _address_of(channel: Channel, recipient: Recipient) -> tuple[str, str] | None:
    if channel is Channel.EMAIL:
        return ("email", recipient.email) if recipient.email else None
    return ("phone_number", recipient.phone) if recipient.phone and is_phone(recipient.phone) else None


def _item(
    route: str, channel: Channel, identifier: tuple[str, str], marketing: dict[str, Any], group: str = ""
) -> Expression:
    name, value = identifier
    attributes = {name: value, "subscriptions": {channel.value: {"marketing": marketing}}}
    body = _ENCODE({"type": "profile", "attributes": attributes})
    return Expression(items=(Item(route=route, wire_id=f"{channel}:{value}", body=body, group=group),))


def undated_consent_at(account: Account) -> datetime | None:
    """The date that the settings give to consent without one.

    Raises:
        ConfigError: the option is not an ISO 8601 instant with a zone.
    """
    text = str(account.options.get("undated_consent_at", ""))
    if not text:
        return None
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        instant = None
    if instant is None or instant.tzinfo is None:
        raise ConfigError("undated_consent_at", "is not an instant with a zone.", "Write it as 2024-01-31T00:00:00Z.")
    return instant
