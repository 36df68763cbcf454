"""Subscribers as people: what a call changes of the description that is known."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Any

from msgspec.structs import replace

from orderwire.dialects.drip.door.consent import named, state_email, state_sms
from orderwire.dialects.drip.door.faults import Refusal, invalid, wrong_structure
from orderwire.dialects.drip.door.ids import person_of, subscriber_id
from orderwire.dialects.drip.door.lifetime import LIFETIME, set_lifetime
from orderwire.dialects.drip.door.schema import STATUSES
from orderwire.dialects.drip.door.turn import Met, Turn, document_key
from orderwire.dialects.drip.door.values import is_email, plain, scalar, text
from orderwire.model import Address, Identity, Person

_TEXTS = ("first_name", "last_name", "time_zone")
_ADDRESS = {"address1": "line1", "address2": "line2", "city": "city", "state": "region", "zip": "postal_code"}
_DESCRIBING = ("company", "gender", "language")
"""Custom fields that are fields of a person with us."""
AS_GIVEN = (
    *("ip_address", "user_agent", "prospect", "base_lead_score", "eu_consent", "eu_consent_message"),
    *("sms_number", "sms_consent", "original_referrer", "landing_url"),
)
"""Attributes that a client may ask for again and that are nothing to us."""
_STRINGS = (
    *("id", "email", "new_email", "visitor_uuid", "user_id", "first_name", "last_name", "time_zone", "phone"),
    *("address1", "address2", "city", "state", "zip", "country", "sms_number", "ip_address", "user_agent"),
    *("eu_consent", "eu_consent_message", "status", "initial_status", "status_updated_at"),
)
_NOBODYS = frozenset({"0", "null", "none", "undefined"})
"""What shops give for an id to those who have none: all guests would be one person by it."""
_US_MOBILE = re.compile(r"\+1[2-9]\d{9}", re.ASCII)


def check(record: Mapping[str, Any]) -> None:
    """See whether a subscriber can be taken.

    Raises:
        Refusal: it cannot, with Drip's code for the reason.
    """
    check_structure(record)
    if not any(text(record.get(name)) for name in ("email", "id", "visitor_uuid", "new_email")):
        raise invalid("presence_error", "Email is required", "email")
    for name in ("email", "new_email"):
        if (given := text(record.get(name))) and not is_email(given):
            raise invalid("email_error", "Email is invalid", name)
    for name in ("status", "initial_status"):
        if (given := text(record.get(name))) and given not in STATUSES:
            raise invalid("format_error", f"{name.replace('_', ' ').capitalize()} is invalid", name)
    if (number := text(record.get("sms_number"))) and not _US_MOBILE.fullmatch(number):
        raise invalid("sms_error", "Sms number is invalid", "sms_number")
    if text(record.get("eu_consent")) not in ("", "granted", "denied", "unknown"):
        raise invalid("format_error", "Eu consent is invalid", "eu_consent")


def check_structure(record: Mapping[str, Any]) -> None:
    """See whether every field has its type; null stands for a field left out.

    Raises:
        Refusal: one has another type.
    """
    texts = all(_is_text(record.get(name)) for name in _STRINGS)
    booleans = all(isinstance(record.get(name, None), bool | None) for name in ("sms_consent", "prospect"))
    whole = all(
        value is None or (isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**53)
        for value in (record.get("lifetime_value"), record.get("base_lead_score"))
    )
    fields = isinstance(record.get("custom_fields"), dict | None) or record.get("custom_fields") == []
    tags = all(
        isinstance(names, str | None) or (isinstance(names, list) and all(_is_text(name) for name in names))
        for names in (record.get("tags"), record.get("remove_tags"))
    )
    if not (texts and booleans and whole and fields and tags):
        raise wrong_structure()


def upsert(turn: Turn, record: Mapping[str, Any], raw: bytes, call: str, *, is_imported: bool = False) -> Met | None:
    """Create or change the subscriber of a record; None where its id names nobody.

    Raises:
        Refusal: the new e-mail or the user id is another person's.
    """
    met = _met(turn, record)
    if met is None:
        return None
    _refuse_a_taken_alias(turn, met, record)
    turn.revive(met)
    before = met.person or Person(identity=met.identity)
    is_said = _rename(turn, met, record, before)
    after = _described(turn, met.person or before, record, met)
    if after != before or (met.is_new and not _states_consent(met, record)) or is_said:
        turn.add(after, raw, is_imported=is_imported)
        met.person = after
        met.identity = after.identity
        raw = b""
    _keep_as_given(turn, met, record)
    state_email(turn, met, record, call, raw, is_imported=is_imported)
    state_sms(turn, met, record, call, raw, is_imported=is_imported)
    return met


def fields_of(person: Person) -> dict[str, Any]:
    """A person's custom fields: properties, and what we keep by itself."""
    own: dict[str, Any] = {name: value for name in _DESCRIBING if (value := getattr(person, name))}
    if person.birth_date:
        own["birth_date"] = person.birth_date.isoformat()
    return own | person.properties


def tags_in(value: Any) -> list[str]:
    """The tags of a list, or of one text with commas between them."""
    names = value.split(",") if isinstance(value, str) else value or []
    return [name for one in names if (name := text(one))]


def _met(turn: Turn, record: Mapping[str, Any]) -> Met | None:
    """The person of a record; an unknown e-mail with a new one beside it is the new one's."""
    email, new_email = text(record.get("email")), text(record.get("new_email"))
    visitor = text(record.get("visitor_uuid"))
    if ident := text(record.get("id")):
        met = turn.meet_by_id(ident)
        if met is not None or not email:
            return met
    if new_email and (not email or turn.meet(Identity(email=email)).is_new):
        email = new_email
    if not email:
        return turn.meet(Identity(anonymous_id=visitor))
    return turn.meet(Identity(email=email))


def _user_in(record: Mapping[str, Any]) -> str:
    """The shop's own id of a subscriber."""
    user = text(record.get("user_id"))
    return "" if user.lower() in _NOBODYS else user


def _refuse_a_taken_alias(turn: Turn, met: Met, record: Mapping[str, Any]) -> None:
    if (user := _user_in(record)) and not turn.claims(met, user):
        raise invalid("uniqueness_error", "User is already being used", "user_id")
    if (email := text(record.get("new_email"))) and met.number is not None:
        holder = turn.meet(Identity(email=email))
        if holder is not met and not holder.is_new:
            raise invalid("uniqueness_error", "Email is already being used", "new_email")


def _rename(turn: Turn, met: Met, record: Mapping[str, Any], before: Person) -> bool:
    """Give somebody known another e-mail; their subscriber id joins both addresses where they have no key yet."""
    email = text(record.get("new_email"))
    if not email or met.number is None or email.lower() == (met.identity.email or "").lower():
        return False
    key = met.identity.external_id or subscriber_id(met.number)
    if not met.identity.external_id:
        turn.add(replace(before, identity=replace(met.identity, external_id=key)))
    old = document_key(met.identity)
    met.identity = replace(met.identity, external_id=key, email=email)
    turn.rename(met, email)
    met.person = replace(before, identity=met.identity)
    for collection in ("subscribers", LIFETIME):
        if (kept := turn.document(collection, old)) is not None:
            turn.drop(collection, old)
            turn.keep(collection, document_key(met.identity), kept)
    return True


def _described(turn: Turn, before: Person, record: Mapping[str, Any], met: Met) -> Person:
    changes: dict[str, Any] = {name: value for name in _TEXTS if (value := text(record.get(name)))}
    identity = named(before.identity, email=met.identity.email or "", visitor=text(record.get("visitor_uuid")))
    if phone := text(record.get("phone")):
        identity = replace(identity, phone=phone)
    if user := _user_in(record):
        identity = replace(identity, external_id=user)
    changes["identity"] = identity
    if address := _address(before.address, record):
        changes["address"] = address
    if custom := record.get("custom_fields"):
        changes |= _custom(turn, before, custom)
    gone = set(tags_in(record.get("remove_tags")))
    added = [tag for tag in tags_in(record.get("tags")) if tag not in gone]
    for tag in added:
        turn.use("tags", tag)
    changes["tags"] = tuple(dict.fromkeys(tag for tag in (*before.tags, *added) if tag not in gone))
    return replace(before, **changes)


def _custom(turn: Turn, before: Person, custom: Mapping[str, Any]) -> dict[str, Any]:
    """Custom fields as properties; an empty one is no more. Names of ours come back from `shop_drip_`."""
    changes: dict[str, Any] = {}
    properties = dict(before.properties)
    for field, value in custom.items():
        turn.use("custom_fields", field)
        name = field.removeprefix("shop_") if field.startswith("shop_drip_") else field
        if value is None or value == "":
            properties.pop(name, None)
            if name in _DESCRIBING or name == "birth_date":
                changes[name] = None
        elif name in _DESCRIBING and isinstance(value, str):
            changes[name] = value
        elif name == "birth_date" and (born := _date(value)):
            changes[name] = born
        else:
            properties[name] = scalar(value)
    return changes | {"properties": properties}


def _address(before: Address | None, record: Mapping[str, Any]) -> Address | None:
    parts: dict[str, Any] = {ours: value for theirs, ours in _ADDRESS.items() if (value := text(record.get(theirs)))}
    if country := text(record.get("country")):
        parts |= country_of(country)
    return replace(before or Address(), **parts) if parts else None


def country_of(country: str) -> dict[str, str | None]:
    """A country by its code or by its name."""
    is_code = len(country) == 2 and country.isascii() and country.isupper()
    return {"country_code": country, "country": None} if is_code else {"country": country, "country_code": None}


def _keep_as_given(turn: Turn, met: Met, record: Mapping[str, Any]) -> None:
    if (cents := record.get("lifetime_value")) is not None:
        set_lifetime(turn, met, cents)
    given = {name: plain(value) for name in AS_GIVEN if (value := record.get(name)) is not None}
    if record.get("potential_lead") is not None and "prospect" not in given:
        given["prospect"] = record["potential_lead"] is True
    if not given:
        return
    key = document_key(met.identity)
    known = turn.document("subscribers", key) or {}
    if known | given != known:
        turn.keep("subscribers", key, known | given)


def _states_consent(met: Met, record: Mapping[str, Any]) -> bool:
    is_stated = any(record.get(name) in STATUSES for name in ("status", "initial_status"))
    return is_stated and bool(met.identity.email)


def _date(value: Any) -> date | None:
    try:
        return date.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None


def _is_text(value: Any) -> bool:
    return value is None or isinstance(value, str) or (isinstance(value, int) and not isinstance(value, bool))


def shown_user_id(identity: Identity) -> str | None:
    """The shop's own key of a person; not the one that only joins two addresses."""
    key = identity.external_id
    return None if key is None or person_of(key) is not None else key


def refusal_words(refusal: Refusal) -> str:
    """The reason of a refusal without values, for what could not be read."""
    return refusal.reply.body.decode()
