"""Segments that contacts are put into by name: a segment is a tag of its people, and a document that tells its id."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec
from msgspec import structs

from orderwire.dialects.doorway import Answer, Call, Document, Intake, Known, Read, Shelves
from orderwire.dialects.yespo.door.answers import answering, said, shown
from orderwire.dialects.yespo.door.desk import Desk
from orderwire.dialects.yespo.door.pages import MOST_ROWS, Page, everybody
from orderwire.dialects.yespo.door.read_contacts import described
from orderwire.dialects.yespo.door.show_contacts import full_contact, group_id
from orderwire.dialects.yespo.door.values import Refusal, fields, listed, text
from orderwire.model import Identity, Person

_GROUPS = "groups"
MOST_IDS = 500


def group_documents(names: Iterable[str]) -> tuple[Document, ...]:
    """What is remembered of segments that somebody was put into."""
    return tuple(
        Document(collection=_GROUPS, key=name, body=msgspec.json.encode({"id": group_id(name), "name": name}))
        for name in dict.fromkeys(names)
    )


@answering
def show_groups(call: Call, shelves: Shelves) -> Answer:
    """`GET groups`: the segments there are."""
    page = Page.of(call)
    wanted = call.asked("name")
    found = [name for name in _names(shelves) if not wanted or name == wanted]
    return shown([{"id": group_id(name), "name": name, "type": "Static"} for name in page.cut(found)])


@answering
def show_members(call: Call, shelves: Shelves) -> Answer:
    """`GET group/{id}/contacts`: the people of a segment."""
    page = Page.of(call)
    name = _name_of(call.parameters["id"], shelves)
    desk = Desk(call, shelves)
    members = [known for known in _members(shelves, name) if not desk.is_deleted(known)]
    if call.asked("asc", "true").lower() == "false":
        members.reverse()
    return shown([full_contact(one) for one in page.cut(members)], headers=(("TotalCount", str(len(members))),))


@answering
def attach(call: Call, shelves: Shelves) -> Answer:
    """`POST group/{id}/contacts/attach`: put contacts into a segment."""
    name = _name_of(call.parameters["id"], shelves)
    return _change(call, _named(call, shelves), joins=(name,))


@answering
def detach(call: Call, shelves: Shelves) -> Answer:
    """`POST group/{id}/contacts/detach`: take contacts out; without any named, all of them."""
    name = _name_of(call.parameters["id"], shelves)
    people = _named(call, shelves) if _ids(call) else list(_members(shelves, name))
    return _change(call, people, leaves=(name,))


def _change(call: Call, people: list[Known], *, joins: tuple[str, ...] = (), leaves: tuple[str, ...] = ()) -> Answer:
    records: list[Read] = []
    for known in people:
        before = described(known)
        tags = tuple(dict.fromkeys((*(tag for tag in before.tags if tag not in leaves), *joins)))
        if tags != before.tags:
            person = structs.replace(before, tags=tags, updated_at=call.received_at)
            records.append(Read(record=person, raw=call.body))
    return Intake(reply=said("OK"), records=tuple(records), documents=group_documents(joins))


def _ids(call: Call) -> list[Identity | int | str]:
    """The contacts a call names: ids as they are, the shop's ids as identities."""
    if not call.body.strip():
        return []
    given = fields(call.body)
    own = listed(given.get("contactIds"))
    external = listed(given.get("externalCustomerIds"))
    if len(own) + len(external) > MOST_IDS:
        raise Refusal(400, f"at most {MOST_IDS} contacts per request")
    found: list[Identity | int | str] = [one for one in own if isinstance(one, int | str)]
    return [*found, *(Identity(external_id=text(one, "externalCustomerIds")) for one in external)]


def _named(call: Call, shelves: Shelves) -> list[Known]:
    desk = Desk(call, shelves)
    found: dict[int, Known] = {}
    for one in _ids(call):
        known = shelves.find(one) if isinstance(one, Identity) else desk.contact(one)
        if known is not None:
            found[known.person] = known
    return list(found.values())


def _names(shelves: Shelves) -> list[str]:
    names: list[str] = []
    after: tuple[str, str] | None = None
    while page := shelves.documents(_GROUPS, after=after, limit=MOST_ROWS):
        names.extend(document.key for document in page)
        after = (page[-1].rank, page[-1].key)
    return names


def _name_of(given: str, shelves: Shelves) -> str:
    for name in _names(shelves):
        if str(group_id(name)) == given:
            return name
    raise Refusal(404, "Group not found")


def _members(shelves: Shelves, name: str) -> Iterator[Known]:
    for known in everybody(shelves):
        if isinstance(known.record, Person) and name in known.record.tags:
            yield known
