"""Contacts one by one: made, changed, shown, found and deleted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec import structs

from orderwire.dialects.doorway import Answer, Call, Document, Intake, Known, Read, Reply, Shelves
from orderwire.dialects.yespo.door.answers import answering, collapsed, said, shown
from orderwire.dialects.yespo.door.desk import Desk, contact_id, deletion_of, person_number
from orderwire.dialects.yespo.door.groups import group_documents
from orderwire.dialects.yespo.door.pages import Page, everybody
from orderwire.dialects.yespo.door.read_contacts import Sent, described, find_contact, read_contact, written
from orderwire.dialects.yespo.door.show_contacts import base_contact, full_contact
from orderwire.dialects.yespo.door.values import Refusal, Unfit, email_of, fields, phone_of
from orderwire.model import Identity, Person

_FIELD_IDS = "custom fields"
_NOT_FOUND = "Contact not found"


@answering
def save_contact(call: Call, shelves: Shelves) -> Answer:
    """`POST contact`: one contact made or changed at once; fields it does not carry stay."""
    sent = read_contact(fields(call.body))
    known, before = find_contact(sent, Desk(call, shelves))
    person = laid_over(before, sent, call)
    return Intake(
        reply=lambda after: shown({"id": id_after(after, person.identity)}),
        records=(Read(record=person, raw=call.body),),
        documents=documents_of([sent]),
        removed=(deletion_of(known),) if known is not None else (),
    )


@answering
def update_contact(call: Call, shelves: Shelves) -> Answer:
    """`PUT contact/{id}`: an existing contact changed, one that was deleted brought back."""
    known = _asked_for(call, Desk(call, shelves), is_deleted_too=True)
    given = fields(call.body)
    inner = given.get("contact")
    sent = read_contact({"id": call.parameters["id"], **(inner if isinstance(inner, dict) else given)})
    owner = shelves.find(Identity(external_id=sent.texts.get("externalCustomerId")))
    if sent.texts.get("externalCustomerId") and owner is not None and owner.person != known.person:
        raise Refusal(400, "externalCustomerId belongs to another contact")
    person = laid_over(described(known), sent, call)
    return Intake(
        reply=said(f"Contact with id='{call.parameters['id']}' has been updated"),
        records=(Read(record=person, raw=call.body),),
        documents=documents_of([sent]),
        removed=(deletion_of(known),),
    )


@answering
def delete_contact(call: Call, shelves: Shelves) -> Answer:
    """`DELETE contact/{id}` and `DELETE contact?externalCustomerId=`: out of sight, until it is told anew."""
    desk = Desk(call, shelves)
    if call.asked("erase", "false").strip().lower() in ("true", "1"):
        raise Refusal(403, "Erasing for good is not available over the API here: the operator forgets a person")
    if "id" in call.parameters:
        known = _asked_for(call, desk)
    else:
        external_id = call.asked("externalCustomerId")
        if not external_id:
            raise Refusal(400, "externalCustomerId is required")
        found = shelves.find(Identity(external_id=external_id))
        if found is None or desk.is_deleted(found):
            raise Refusal(404, _NOT_FOUND)
        known = found
    collection, key = deletion_of(known)
    name = call.parameters.get("id") or contact_id(known.person)
    return Intake(
        reply=said(f"Contact with id='{name}' has been deleted"),
        documents=(Document(collection=collection, key=key, body=b"{}"),),
    )


@answering
def show_contact(call: Call, shelves: Shelves) -> Answer:
    """`GET contact/{id}`."""
    return shown(full_contact(_asked_for(call, Desk(call, shelves))))


@answering
def find_contacts(call: Call, shelves: Shelves) -> Answer:
    """`GET contacts`: by the shop's id, an address or a name, or all of them page by page."""
    page = Page.of(call)
    wanted = {
        name: value
        for name in ("externalCustomerId", "email", "sms", "firstname", "lastname")
        if (value := call.asked(name).strip())
    }
    if "externalCustomerId" in wanted and len(wanted) > 1:
        raise Refusal(400, "externalCustomerId cannot be combined with other filters")
    desk = Desk(call, shelves)
    if not wanted:
        return _all_contacts(page, desk)
    candidates = _candidates(wanted, shelves)
    found = [known for known in candidates if not desk.is_deleted(known) and _has_name(known, wanted)]
    return _contacts(page.cut(found), len(found))


@answering
def show_emails(call: Call, shelves: Shelves) -> Answer:
    """`GET contacts/email?ids=1,2`: the addresses of contacts."""
    ids = [
        one.strip() for value in (v for k, v in call.query if k == "ids") for one in value.split(",") if one.strip()
    ]
    if not ids or any(person_number(one) is None and not one.isdigit() for one in ids):
        raise Refusal(400, "ids is required")
    desk = Desk(call, shelves)
    people = [known for one in dict.fromkeys(ids[:1000]) if (known := desk.contact(one))]
    results = [{"contactId": contact_id(one.person), "email": described(one).identity.email} for one in people]
    return shown({"results": collapsed(results)})


def laid_over(before: Person, sent: Sent, call: Call) -> Person:
    """The person with what a single contact carries, everything else as it was."""
    person = written(before, sent, fields=sent.texts, custom=sent.custom, joins=sent.groups)
    return structs.replace(person, updated_at=call.received_at)


def documents_of(contacts: Iterable[Sent], groups: Iterable[str] = ()) -> tuple[Document, ...]:
    """What is remembered of the segments and custom fields that contacts name."""
    told = list(contacts)
    numbers = sorted({number for sent in told for number in sent.custom})
    names = [*groups, *(name for sent in told for name in sent.groups)]
    return (
        *group_documents(names),
        *(Document(collection=_FIELD_IDS, key=str(number), body=b"{}", rank=f"{number:020}") for number in numbers),
    )


def field_numbers(shelves: Shelves) -> list[int]:
    """The custom fields that contacts were ever told with."""
    return [int(document.key) for document in shelves.documents(_FIELD_IDS, limit=1000)]


def id_after(shelves: Shelves, identity: Identity) -> int:
    """The id of a contact once it is recorded."""
    known = shelves.find(identity)
    return contact_id(known.person) if known is not None else 0


def _asked_for(call: Call, desk: Desk, *, is_deleted_too: bool = False) -> Known:
    known = desk.contact(call.parameters["id"])
    if known is None or (not is_deleted_too and desk.is_deleted(known)):
        raise Refusal(404, _NOT_FOUND)
    return known


def _candidates(wanted: dict[str, str], shelves: Shelves) -> Iterable[Known]:
    """The people that an identifier leads to, or everybody where only a name is asked for."""
    if external_id := wanted.get("externalCustomerId"):
        searches = [Identity(external_id=external_id)]
    elif "email" in wanted or "sms" in wanted:
        try:
            searches = [
                Identity(email=email_of(wanted.get("email"))),
                Identity(phone=phone_of(wanted.get("sms"))),
            ]
        except Unfit:
            return []
    else:
        return everybody(shelves)
    asked = [identity for identity in searches if not identity.is_empty]
    found = {known.person: known for identity in asked if (known := shelves.find(identity))}
    return (
        []
        if len(asked) > 1 and (len(found) > 1 or any(not shelves.find(one) for one in asked))
        else [*found.values()]
    )


def _has_name(known: Known, wanted: dict[str, str]) -> bool:
    person = described(known)
    return all(
        (value or "").casefold() == wanted[name].casefold()
        for name, value in (("firstname", person.first_name), ("lastname", person.last_name))
        if name in wanted
    )


def _all_contacts(page: Page, desk: Desk) -> Reply:
    """A page of everybody in the order of their ids.

    `TotalCount` is exact on the first and on the last page, and in between at least the right number: everybody would
    have to be counted for each of them, and clients page until it is reached.
    """
    rows: list[Known] = []
    place = 0
    for known in _present(desk):
        if len(rows) == page.rows and page.start > 1:
            newest = desk.shelves.people(limit=1, is_newest_first=True)
            return _contacts(rows, newest[0].person)
        place += 1
        if page.start <= place < page.start + page.rows:
            rows.append(known)
    return _contacts(rows, place)


def _present(desk: Desk) -> Iterator[Known]:
    for known in everybody(desk.shelves):
        if not (known.email is None and known.phone is None and known.external_id is None) and not desk.is_deleted(
            known
        ):
            yield known


def _contacts(rows: list[Known], total: int) -> Reply:
    return shown([base_contact(one) for one in rows], headers=(("TotalCount", str(total)),))
