"""What a contact record means: a description of a person, and what they said about marketing.

A contact is a listing of a collection; the person is all that their listings say, the last written first. Fields that
a record does not carry stay as they were, with `@merge` and without it: the documentation leaves open whether they
would be cleared, and nothing is lost this way.

Permission is never widened. A date to come counts as now, so that no clock running fast outranks a later choice. A no
is kept also where the address is not known yet, a yes only for one that is. A yes without its date is the platform's
quiet form: it is kept without a date, and so outweighs nothing. Over a no it counts only when the very listing that
now says yes said no before, and that no came by the same way, or when the sender forces it: a listing that is told
again as it was is no new choice.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from msgspec import Struct, structs

from orderwire.dialects.doorway import Known
from orderwire.dialects.ometria.door.desk import COLLECTIONS, LISTS, Desk, collection_name
from orderwire.dialects.ometria.door.values import (
    Fields,
    Unfit,
    account,
    day,
    flag,
    inside,
    instant,
    properties,
    text,
)
from orderwire.model import Address, Channel, Consent, ConsentState, Identity, Person, Record

DEFAULT_COLLECTION = "contacts"
LIST_TAG = "ometria list "
_NO = frozenset({ConsentState.UNSUBSCRIBED, ConsentState.SUPPRESSED})
_ORIGIN = "ometria push"
_TEXTS = {"firstname": "first_name", "lastname": "last_name", "timezone": "time_zone"}
_OWN_PROPERTIES = {"company": "company", "language": "language"}
_KEPT = ("prefix", "middlename", "reward_points")


class _Said(Struct, frozen=True, kw_only=True):
    """What a listing says of a channel; `was_no` tells that the same listing said no before."""

    channel: Channel
    state: ConsentState
    dated: datetime | None
    was_no: bool
    is_forced: bool = False
    origin: str = _ORIGIN


def read_contact(given: Fields, desk: Desk) -> list[Record]:
    """The records of a contact, the person first.

    Raises:
        Unfit: nobody is named, or a field has no valid value.
    """
    contact_id = text(given, "id") or text(given, "email")
    if contact_id is None:
        raise Unfit("id")
    collection = text(given, "@collection") or DEFAULT_COLLECTION
    held = desk.contact(collection, contact_id)
    identity = _identity(given, held, desk)
    known = desk.shelves.find(identity)
    before = desk.just_said(identity) or described(known)
    person = _person(given, before, identity, desk)
    said = [one for one in (_email(given, held, collection), _sms(given, held)) if one is not None]
    _keep(given, held, collection, contact_id, desk)
    stated = [_stated(one, person.identity, known, desk) for one in said]
    return [person, *(consent for consent in stated if consent is not None)]


def described(known: Known | None) -> Person:
    """What is known of a person, to write over; a blank of nobody."""
    if known is None:
        return Person(identity=Identity())
    if isinstance(known.record, Person):
        return structs.replace(known.record, identity=_joined(known.record.identity, known.identity))
    return Person(
        identity=Identity(external_id=known.external_id, email=known.email, phone=known.phone),
        first_name=known.first_name,
        last_name=known.last_name,
        language=known.language,
        address=known.address,
    )


def state_of(value: Any) -> ConsentState | None:
    """What an opt-in says, in any of the spellings that clients use; None for nothing.

    Raises:
        Unfit: it is none of them.
    """
    if value is None or value == "":
        return None
    if isinstance(value, bool):
        return ConsentState.SUBSCRIBED if value else ConsentState.UNSUBSCRIBED
    words = "".join(letter for letter in str(value).lower() if letter.isalpha())
    if words in ("notspecified", "unknown"):
        return ConsentState.NEVER_ASKED
    # One client writes EXPLICITYLY, another puts a dash between OPTED and its word.
    if words.endswith("optedin") or words in ("true", "optin"):
        return ConsentState.SUBSCRIBED
    if words.endswith("optedout") or words in ("false", "optout"):
        return ConsentState.UNSUBSCRIBED
    raise Unfit("marketing_optin")


def _joined(one: Identity, other: Identity) -> Identity:
    """The first identity, with what it lacks out of the second."""
    return Identity(
        external_id=one.external_id or other.external_id,
        email=one.email or other.email,
        phone=one.phone or other.phone,
        anonymous_id=one.anonymous_id,
    )


def _identity(given: Fields, held: Fields, desk: Desk) -> Identity:
    """Whom the contact is about: by account and address, else by what its listing said before."""
    email = text(given, "email")
    if email is not None and "@" not in email.strip("@"):
        raise Unfit("email")
    own = Identity(external_id=account(given, "customer_id"), email=email, phone=text(given, "phone_number"))
    before = Identity(
        external_id=text(held, "customer_id"), email=text(held, "email"), phone=text(held, "phone_number")
    )
    found = _joined(own, before)
    profile = desk.profile(given.get("@profile_id"))
    if profile is not None:
        found = _joined(found, profile.identity)
    if found.is_empty:
        raise Unfit("email")
    return found


def _person(given: Fields, before: Person, identity: Identity, desk: Desk) -> Person:
    own = properties(given)
    changes: dict[str, Any] = {
        ours: found for theirs, ours in _TEXTS.items() if (found := text(given, theirs)) is not None
    }
    changes |= {ours: str(own.pop(theirs)) for theirs, ours in _OWN_PROPERTIES.items() if own.get(theirs)}
    own |= {name: found for name in _KEPT if (found := text(given, name)) is not None}
    if gender := text(given, "gender"):
        changes["gender"] = gender.lower()
    if country := text(given, "country_id"):
        changes["address"] = structs.replace(before.address or Address(), country_code=country.upper())
    tags = tuple(dict.fromkeys((*before.tags, *_tags(own), *_lists(given, "@add_to_lists", desk))))
    gone = _lists(given, "@remove_from_lists", desk)
    return structs.replace(
        before,
        identity=_joined(identity, before.identity),
        birth_date=day(given, "date_of_birth") or before.birth_date,
        created_at=instant(given, "timestamp_acquired") or before.created_at,
        tags=tuple(tag for tag in tags if tag not in gone),
        properties={**before.properties, **own},
        updated_at=desk.received_at,
        **changes,
    )


def _tags(own: dict[str, Any]) -> tuple[str, ...]:
    """Tags that our writer puts among the custom fields."""
    given = own.get("tags")
    if not (isinstance(given, str) and given.startswith("[")):
        return ()
    own.pop("tags")
    return tuple(word for word in given.strip("[]").replace('"', "").split(",") if word)


def _lists(given: Fields, name: str, desk: Desk) -> tuple[str, ...]:
    """The static lists a record names, as tags; a list that is named exists."""
    value = given.get(name)
    if value is None:
        return ()
    numbers = value if isinstance(value, list) else [value]
    if not all(isinstance(one, int | str) and not isinstance(one, bool) for one in numbers):
        raise Unfit(name)
    digits = [str(one) for one in numbers]
    if not all(one.isascii() and one.isdigit() and len(one) < 16 for one in digits):
        raise Unfit(name)
    for one in digits:
        desk.keep(LISTS, one, {"id": int(one)}, rank=one.zfill(16))
    return tuple(f"{LIST_TAG}{one}" for one in digits)


def _keep(given: Fields, held: Fields, collection: str, contact_id: str, desk: Desk) -> None:
    """Keep the listing as its collection holds it, fields of properties merged too."""
    commands = ("@merge", "@force_optin", "@add_to_lists", "@remove_from_lists")
    own = {name: value for name, value in given.items() if name not in commands and value is not None}
    merged = {**held, **own, "@type": "contact", "@collection": collection, "id": contact_id}
    if given.get("@merge") and isinstance(held.get("properties"), dict):
        merged["properties"] = {**held["properties"], **inside(given, "properties")}
    desk.keep(collection_name(collection), contact_id, merged)
    desk.keep(COLLECTIONS, collection, {"id": collection})


def _email(given: Fields, held: Fields, collection: str) -> _Said | None:
    state = state_of(given.get("marketing_optin"))
    if state is None or state is ConsentState.NEVER_ASKED:
        return None
    name = "timestamp_subscribed" if state is ConsentState.SUBSCRIBED else "timestamp_unsubscribed"
    return _Said(
        channel=Channel.EMAIL,
        state=state,
        dated=instant(given, name),
        was_no=_was_no(lambda: state_of(held.get("marketing_optin")) is ConsentState.UNSUBSCRIBED),
        is_forced=bool(flag(given, "@force_optin")),
        origin=f"{_ORIGIN}: {collection}",
    )


def _sms(given: Fields, held: Fields) -> _Said | None:
    sms = inside(inside(given, "channels"), "sms", "channels")
    allowed = flag(sms, "allow_marketing")
    if allowed is None:
        return None
    return _Said(
        channel=Channel.SMS,
        state=ConsentState.SUBSCRIBED if allowed else ConsentState.UNSUBSCRIBED,
        dated=instant(sms, "dt_updated_marketing", "channels", "sms"),
        was_no=_was_no(lambda: flag(inside(inside(held, "channels"), "sms"), "allow_marketing") is False),
    )


def _was_no(told: Callable[[], bool]) -> bool:
    """What a listing said before, where that can be read."""
    try:
        return told()
    except Unfit:
        return False


def _stated(said: _Said, identity: Identity, known: Known | None, desk: Desk) -> Consent | None:
    """The statement, None where it says nothing new or may not be taken."""
    channel, state = said.channel, said.state
    has_address = identity.email if channel is Channel.EMAIL else identity.phone
    if not has_address and state is ConsentState.SUBSCRIBED:
        return None
    changed_at = min(said.dated, desk.received_at) if said.dated is not None else None
    standing = known.consent.get(channel) if known is not None else None
    just = desk.just_stated(identity, channel)
    in_force = just.state if just is not None else standing.state if standing is not None else None
    if changed_at is None:
        if in_force is state:
            return None
        if said.is_forced or state is ConsentState.UNSUBSCRIBED:
            changed_at = desk.received_at
        elif in_force in _NO:
            is_own = just is not None or (
                standing is not None
                and standing.source == desk.call.source
                and (standing.origin or "").startswith(_ORIGIN)
            )
            if not (is_own and said.was_no) or in_force is ConsentState.SUPPRESSED:
                return None
            changed_at = desk.received_at
    return Consent(
        identity=Identity(
            external_id=identity.external_id,
            email=identity.email,
            phone=identity.phone if channel is Channel.SMS else None,
        ),
        channel=channel,
        state=state,
        changed_at=changed_at,
        origin=said.origin,
    )
