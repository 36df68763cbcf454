"""How the ledger learns what a call says of a person, and what it keeps beside the person's record."""

from __future__ import annotations

from typing import Any

from msgspec import json

from orderwire.dialects.doorway import Document, Known, Shelves
from orderwire.dialects.klaviyo.door import ids
from orderwire.dialects.klaviyo.door.draft import Draft
from orderwire.dialects.klaviyo.door.persons import (
    Attributes,
    applied,
    attributes_known,
    attributes_of,
    document_keys,
    person_of,
)
from orderwire.dialects.klaviyo.door.who import Profile
from orderwire.model import Identity, Person

COLLECTION = "profile"


def learn(
    draft: Draft,
    profile: Profile,
    identity: Identity,
    known: Known | None,
    *,
    raw: bytes = b"",
    is_imported: bool = False,
    clears: bool = True,
    is_stated: bool = True,
) -> Attributes:
    """Add what a call says of a person; `is_stated` false adds nothing where nothing of it is new."""
    keys = document_keys([identity, *([known.identity] if known else [])])
    before = _present(draft, keys, known)
    after = applied(before, profile.given, profile.patch, clears=clears)
    if after == before and not is_stated:
        return after
    whole = identity if known is None else _whole(identity, known)
    for record in _records(after, whole, known, draft):
        draft.put(record, raw, is_imported=is_imported)
    for key in keys:
        draft.profiles[key] = after
    _keep_rest(draft, keys, after, whole)
    return after


def _present(draft: Draft, keys: list[str], known: Known | None) -> Attributes:
    for key in keys:
        if key in draft.profiles:
            return draft.profiles[key]
    for key in keys:
        document = draft.document(COLLECTION, key)
        if document is not None:
            return dict(json.decode(document.body))
    return {} if known is None else attributes_known(known)


def _whole(identity: Identity, known: Known) -> Identity:
    return Identity(
        external_id=identity.external_id or known.external_id,
        email=identity.email or known.email,
        phone=identity.phone or known.phone,
        anonymous_id=identity.anonymous_id,
    )


def _records(after: Attributes, identity: Identity, known: Known | None, draft: Draft) -> list[Person]:
    """The person; somebody who gets another e-mail is first given an id that they are known by from then on."""
    said = person_of(after, identity, updated_at=draft.call.received_at)
    is_renamed = (
        known is not None
        and known.email is not None
        and identity.email is not None
        and identity.email.lower() != known.email.strip().lower()
        and not identity.external_id
    )
    if not is_renamed or known is None:
        return [said]
    alias = ids.profile_id(known.person)
    before = Identity(external_id=alias, email=known.email)
    now = Identity(external_id=alias, email=identity.email, phone=identity.phone)
    return [
        person_of(after, before, updated_at=draft.call.received_at),
        person_of(after, now, updated_at=draft.call.received_at),
    ]


def _keep_rest(draft: Draft, keys: list[str], after: Attributes, identity: Identity) -> None:
    """Keep the attributes themselves where the person alone would not give them back."""
    held = [key for key in keys if draft.document(COLLECTION, key) is not None]
    own = document_keys([identity])
    is_told_by_person = attributes_of(person_of(after, identity, updated_at=None)) == after
    if is_told_by_person:
        for key in held:
            draft.remove(COLLECTION, key)
        return
    for key in held:
        if key != own[0]:
            draft.remove(COLLECTION, key)
    draft.keep(Document(collection=COLLECTION, key=own[0], body=json.encode(after), identity=identity))


def attributes_at(shelves: Shelves, known: Known) -> Attributes:
    """The attributes of a person as they were told."""
    for key in document_keys([known.identity]):
        document = shelves.document(COLLECTION, key)
        if document is not None:
            found: dict[str, Any] = json.decode(document.body)
            return found
    return attributes_known(known)


def shown_identity(known: Known) -> Identity:
    """The identifiers as an answer shows them: as this source gave them last, the door's own alias left out."""
    said = known.record.identity if isinstance(known.record, Person) else Identity()
    external_id = said.external_id or known.external_id
    if external_id and ids.person_of(external_id) is not None:
        external_id = known.external_id if known.external_id and ids.person_of(known.external_id) is None else None
    return Identity(
        external_id=external_id,
        email=known.email or said.email,
        phone=said.phone or known.phone,
        anonymous_id=known.anonymous_ids[0] if known.anonymous_ids else None,
    )
