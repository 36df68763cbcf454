"""The calls about contacts: upsert, patch, get, list, and tags for many at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

from msgspec.structs import replace

from orderwire.dialects.doorway import Answer, Call, Known, Reply, Shelves
from orderwire.dialects.omnisend.door.contacts_merge import filled, merged
from orderwire.dialects.omnisend.door.contacts_read import (
    Description,
    Stated,
    custom_identity,
    read_contact,
    usable_phone,
)
from orderwire.dialects.omnisend.door.contacts_show import CONTACTS, document_key, is_contact, show
from orderwire.dialects.omnisend.door.ids import person_of
from orderwire.dialects.omnisend.door.present import Contact, Present
from orderwire.dialects.omnisend.door.refusals import Fault, Generation, Refusal, generation_of, invalid
from orderwire.dialects.omnisend.door.wire import Fields, decode, plain
from orderwire.dialects.omnisend.shapes import encode
from orderwire.model import Channel, Consent, ConsentState, Identity, Person

MAX_SELECTED = 250
MAX_TAGS = 100
_MOST_EVIDENCE = 100
_SHORT = ("email", "contactID", "firstName", "lastName")


def post(call: Call, shelves: Shelves) -> Answer:
    """Create a contact, or update the one with this e-mail."""
    present = Present(call, shelves)
    identity, is_new = take(present, decode(call.body), call.body)
    status = 201 if is_new and present.generation is Generation.DATED else 200
    return present.intake(_shown(present, identity, status))


def take(present: Present, body: Any, raw: bytes) -> tuple[Identity, bool]:
    """One contact of a call or a batch; gives by what it is found afterwards, and whether it is new.

    Raises:
        Refusal: it names nobody, or is not understood.
    """
    fields = Fields.of(body)
    described = read_contact(fields, present.generation, present.at)
    fields.finish()
    if not described.email and not (described.phone and usable_phone(described.phone)):
        given = fields.id("contactID") or fields.id("id")
        contact = _by_id(present, given) if given else None
        if contact is None:
            raise invalid([Fault(path="identifiers", message="at least one identifier is required", code="required")])
        write(present, contact, read_contact(Fields.of(body), present.generation, present.at, contact.identity), raw)
        return contact.identity, False
    identity = Identity(email=described.email, phone=_free_phone(present, described))
    contact = present.contact(identity)
    write(present, contact, described, raw, identity=identity)
    return identity, contact.is_new


def patch_by_id(call: Call, shelves: Shelves) -> Answer:
    """Update the contact with this id."""
    present = Present(call, shelves)
    contact = _by_id(present, call.parameters.get("id", ""))
    if contact is None:
        raise Refusal(404, "Contact not found")
    return _patch(present, contact)


def patch_by_email(call: Call, shelves: Shelves) -> Answer:
    """Update the contact with the e-mail of the query."""
    present = Present(call, shelves)
    email = _email_asked(call)
    if not email:
        raise invalid([Fault(path="email", message="query parameter is required", code="required")])
    contact = present.contact(Identity(email=email))
    if contact.is_new:
        raise Refusal(404, "Contact not found")
    return _patch(present, contact)


def get(call: Call, shelves: Shelves) -> Answer:
    """One contact."""
    number = person_of(call.parameters.get("id", ""))
    known = shelves.person(number) if number else None
    if known is None or not is_contact(known):
        raise Refusal(404, "Contact not found")
    return Reply(body=encode(show(known, shelves, generation_of(call.path))))


def tag(call: Call, shelves: Shelves) -> Answer:
    """Add tags to everybody selected; with DELETE, take them off."""
    present = Present(call, shelves)
    fields = Fields.of(decode(call.body))
    tags = fields.words("tags") or ()
    if not 1 <= len(tags) <= MAX_TAGS:
        fields.fault("tags", f"must have 1 to {MAX_TAGS} items", "invalid_length")
    chosen = {name: fields.words(name) or () for name in ("contactIDs", "emails", "phones")}
    for name, values in chosen.items():
        if len(values) > MAX_SELECTED:
            fields.fault(name, f"must have at most {MAX_SELECTED} items", "invalid_length")
    if not any(chosen.values()):
        message = "segments are not kept here" if fields.has("segmentID") else "at least one selector is required"
        fields.fault("segmentID" if fields.has("segmentID") else "contactIDs", message, "required")
    fields.finish()
    for contact in _selected(present, chosen):
        before = contact.described.tags if contact.described else ()
        rest = tuple(one for one in before if one not in tags)
        after = tuple(dict.fromkeys((*before, *tags))) if call.method == "POST" else rest
        if after != before:
            described = contact.described or Person(identity=contact.identity)
            present.record(replace(described, tags=after, updated_at=present.at), call.body)
    return present.intake(Reply(status=202))


def write(
    present: Present,
    contact: Contact,
    described: Description,
    raw: bytes,
    *,
    identity: Identity | None = None,
    at: datetime | None = None,
    is_patch: bool = False,
) -> None:
    """Record what a description says of a contact: the person where anything of them is new, then each choice.

    `at` is when the description was made, now where it is not given; an older one than is known only adds to that.
    """
    known, own = contact.identity, custom_identity(described)
    given = identity or Identity()
    name = Identity(
        external_id=own.external_id or known.external_id,
        email=given.email or known.email,
        phone=given.phone or known.phone or own.phone,
    )
    before, when = contact.described, min(at or present.at, present.at)
    person = merged(before, described, name, when, is_patch=is_patch)
    if before is not None and before.updated_at is not None and when < before.updated_at:
        person = filled(before, person)
    if before is None or replace(before, updated_at=person.updated_at) != person:
        present.record(person, raw)
    for stated in described.stated:
        whose = _whose(present, described, name, stated)
        if whose is name:
            _state(present, contact, name, stated, raw)
        elif whose is not None:
            _state(present, present.contact(whose), whose, stated, raw)
    _keep_as_given(present, described, name)


def _whose(present: Present, described: Description, name: Identity, stated: Stated) -> Identity | None:
    """Whom a statement binds: a no about another contact's number that contact, a yes about it nobody."""
    phone = described.phone
    if stated.channel is Channel.EMAIL or not phone:
        return name
    is_no = stated.state is ConsentState.UNSUBSCRIBED
    if not usable_phone(phone):
        return name if is_no else None
    if name.phone == phone and _free_phone(present, replace(described, email=name.email)):
        return name
    return Identity(phone=phone) if is_no else None


def _state(present: Present, contact: Contact, name: Identity, stated: Stated, raw: bytes) -> None:
    """Record a choice, a no also where the address is not known yet.

    A yes in force that is said once more, without new evidence, is none.
    Quirk: the official SDK reads a contact and writes it back whole, each status dated now.
    """
    has_address = bool(name.email if stated.channel is Channel.EMAIL else name.phone)
    if not has_address and stated.state is not ConsentState.UNSUBSCRIBED:
        return
    holds = present.choice(contact, name, stated.channel)
    if stated.state is ConsentState.NEVER_ASKED and holds is not None:
        return
    if stated.state is ConsentState.SUBSCRIBED is holds and not (stated.source or stated.ip):
        return
    present.record(
        Consent(
            identity=name,
            channel=stated.channel,
            state=stated.state,
            changed_at=stated.changed_at,
            origin=stated.source or f"omnisend {present.call.path}",
            ip_address=stated.ip,
            user_agent=stated.user_agent,
        ),
        raw,
    )


def _keep_as_given(present: Present, described: Description, name: Identity) -> None:
    """Keep what a reader must find again exactly: custom properties, and the evidence of each consent."""
    if not described.custom and not described.evidence:
        return
    key = document_key(name.email, name.phone)
    before = present.kept(CONTACTS, key) or {}
    custom = dict(before.get("customProperties") or {}) | {
        key: plain(value) for key, value in described.custom.items()
    }
    consents = list(before.get("consents") or [])
    consents += [new for one in described.evidence if (new := plain(dict(one))) not in consents]
    kept = {name: value for name, value in custom.items() if value is not None}
    present.keep(CONTACTS, key, {"customProperties": kept, "consents": consents[-_MOST_EVIDENCE:]})


def _patch(present: Present, contact: Contact) -> Answer:
    """Quirk: an e-mail cannot be changed, and another contact's identifier is ignored; in /api it is a conflict."""
    own = contact.identity
    fields = Fields.of(decode(present.call.body))
    described = read_contact(fields, present.generation, present.at, own)
    fields.finish()
    phone = _free_phone(present, replace(described, email=own.email))
    if not own.email and _is_anothers(present, contact, Identity(phone=phone)):
        phone = None
    is_same = not own.email or not described.email or described.email.lower() == own.email.lower()
    is_other = not is_same or _is_anothers(present, contact, Identity(email=described.email))
    if present.generation is Generation.DATED and ((described.phone and not phone) or is_other):
        raise Refusal(409, "Contact identifier already exists")
    has_number = bool(described.phone or not own.email)
    stated = tuple(one for one in described.stated if (has_number if one.channel is Channel.SMS else not is_other))
    email = own.email or (None if is_other else described.email)
    identity = Identity(email=email, phone=phone or own.phone)
    write(present, contact, replace(described, stated=stated), present.call.body, identity=identity, is_patch=True)
    is_short = present.generation is Generation.V3
    return present.intake(_shown(present, own, 200, is_short=is_short))


def _is_anothers(present: Present, contact: Contact, identity: Identity) -> bool:
    """Whether an address leads to another contact than this one."""
    holder = present.contact(identity).known
    return holder is not None and contact.known is not None and holder.person != contact.known.person


def _free_phone(present: Present, described: Description) -> str | None:
    """The phone, unless it names another contact than the e-mail does."""
    if not described.phone or not described.email:
        return described.phone
    holder = present.contact(Identity(phone=described.phone))
    theirs = holder.identity.email
    return described.phone if not theirs or theirs.lower() == described.email.lower() else None


def _by_id(present: Present, given: str) -> Contact | None:
    number = person_of(given)
    known = present.shelves.person(number) if number else None
    return present.contact(known.identity) if known is not None and is_contact(known) else None


def _selected(present: Present, chosen: dict[str, tuple[str, ...]]) -> Iterator[Contact]:
    """Everybody chosen by any of the selectors, once."""
    seen: set[int] = set()
    found = [_by_id(present, one) for one in chosen["contactIDs"]]
    found += [present.contact(Identity(email=one)) for one in chosen["emails"]]
    found += [present.contact(Identity(phone=one)) for one in chosen["phones"]]
    for contact in found:
        if contact is not None and contact.known is not None and contact.known.person not in seen:
            seen.add(contact.known.person)
            yield contact


def _shown(
    present: Present, identity: Identity, status: int, *, is_short: bool = False
) -> Callable[[Shelves], Reply]:
    generation = present.generation

    def reply(shelves: Shelves) -> Reply:
        known: Known | None = shelves.find(identity)
        body = show(known, shelves, generation) if known else {"email": identity.email or ""}
        if is_short:
            body = {name: body[name] for name in _SHORT if name in body}
        return Reply(status=status, body=encode(body))

    return reply


def _email_asked(call: Call) -> str:
    """The e-mail of the query; a plus that a client left bare has arrived as a space."""
    return call.asked("email").strip().replace(" ", "+")
