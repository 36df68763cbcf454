"""Lists and who is on them: kept as documents, since being on a list is no consent."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from msgspec import Struct, json

from orderwire.dialects.doorway import Call, Document, Known, Shelves
from orderwire.dialects.klaviyo.door import ids
from orderwire.dialects.klaviyo.door.documents import (
    stamp,
)
from orderwire.dialects.klaviyo.door.draft import Draft
from orderwire.dialects.klaviyo.door.faults import Fault, Refusal, not_found
from orderwire.dialects.klaviyo.door.persons import document_keys
from orderwire.model import Identity

COLLECTION = "list"
DOUBLE = "double_opt_in"
ALL = 1000
"""How many documents are looked at in one go."""


class List(Struct, frozen=True, kw_only=True):
    """A list."""

    name: str
    created: datetime
    updated: datetime
    process: str = "single_opt_in"


class Member(Struct, frozen=True, kw_only=True):
    """Somebody on a list, by the identifiers they joined with."""

    identity: Identity
    joined_at: datetime


def found(shelves: Shelves, list_id: str) -> List | None:
    """A list by its id."""
    kept = shelves.document(COLLECTION, list_id)
    return None if kept is None else json.decode(kept.body, type=List)


def must_exist(shelves: Shelves, list_id: str, pointer: str) -> List:
    """A list that a body names.

    Raises:
        Refusal: there is none of that id.
    """
    one_list = found(shelves, list_id)
    if one_list is None:
        raise Refusal(400, Fault(detail=f"List not found with id {list_id}.", pointer=pointer))
    return one_list


def list_at(call: Call, shelves: Shelves) -> List:
    """The list whose id stands in the path.

    Raises:
        Refusal: there is no such list.
    """
    one_list = found(shelves, call.parameters["id"])
    if one_list is None:
        raise not_found("list", call.parameters["id"])
    return one_list


def keep(draft: Draft, list_id: str, said: List) -> None:
    """Keep a list."""
    body = json.encode(said)
    draft.keep(Document(collection=COLLECTION, key=list_id, body=body, rank=stamp(said.created)))


def new_id(draft: Draft, name: str) -> str:
    """An id for a list that this call makes."""
    return ids.short_id(COLLECTION, f"{draft.call.request_id} {name}")


def shelf_of(list_id: str) -> str:
    """The collection of a list's members."""
    return f"list {list_id}"


def join(draft: Draft, list_id: str, identity: Identity) -> bool:
    """Put somebody on a list; false where they are on it."""
    known = draft.find(identity)
    keys = document_keys([identity, *([known.identity] if known else [])])
    if not keys or any(draft.document(shelf_of(list_id), key) is not None for key in keys):
        return False
    member = Member(identity=known.identity if known else identity, joined_at=draft.call.received_at)
    draft.keep(
        Document(
            collection=shelf_of(list_id),
            key=keys[0],
            body=json.encode(member),
            rank=stamp(draft.call.received_at),
            identity=member.identity,
        )
    )
    return True


def leave(draft: Draft, list_id: str, identity: Identity) -> bool:
    """Take somebody off a list; false where they are not on it."""
    known = draft.find(identity)
    keys = document_keys([identity, *([known.identity] if known else [])])
    on_it = [key for key in keys if draft.document(shelf_of(list_id), key) is not None]
    for key in on_it:
        draft.remove(shelf_of(list_id), key)
    return bool(on_it)


def is_member(shelves: Shelves, list_id: str, known: Known) -> bool:
    """Whether somebody is on a list."""
    return any(shelves.document(shelf_of(list_id), key) is not None for key in document_keys([known.identity]))


def members(
    shelves: Shelves, list_id: str, after: tuple[str, str] | None = None, *, is_last_first: bool = False
) -> Iterator[tuple[Document, Member, Known]]:
    """Everybody on a list, in the order they joined."""
    while page := shelves.documents(shelf_of(list_id), after=after, limit=ALL, is_last_first=is_last_first):
        for kept in page:
            member = json.decode(kept.body, type=Member)
            known = shelves.find(member.identity)
            if known is not None:
                yield kept, member, known
        after = (page[-1].rank, page[-1].key)


def lists_of(shelves: Shelves, known: Known) -> list[str]:
    """The lists that somebody is on."""
    every = shelves.documents(COLLECTION, limit=ALL)
    return [kept.key for kept in every if is_member(shelves, kept.key, known)]


def drop(draft: Draft, list_id: str) -> None:
    """Forget a list and who was on it."""
    draft.remove(COLLECTION, list_id)
    after: tuple[str, str] | None = None
    while page := draft.shelves.documents(shelf_of(list_id), after=after, limit=ALL):
        for kept in page:
            draft.remove(shelf_of(list_id), kept.key)
        after = (page[-1].rank, page[-1].key)
