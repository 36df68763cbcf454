"""Product categories: no facts of their own, but the titles that products and lines are told with."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from msgspec import json

from orderwire.dialects.doorway import Answer, Call, Reply, Shelves
from orderwire.dialects.omnisend.door.contacts_show import stamp
from orderwire.dialects.omnisend.door.pages import all_documents, by_offset
from orderwire.dialects.omnisend.door.present import Present
from orderwire.dialects.omnisend.door.refusals import Generation, Refusal
from orderwire.dialects.omnisend.door.wire import Fields, decode
from orderwire.dialects.omnisend.shapes import encode

CATEGORIES = "category"
_MAX_ID = 100
_MAX_TITLE = 255


def post(call: Call, shelves: Shelves) -> Answer:
    """A new category."""
    present = Present(call, shelves)
    status, body = create(present, decode(call.body))
    return present.intake(Reply(status=status, body=encode(body)))


def put(call: Call, shelves: Shelves) -> Answer:
    """A category by another title: PUT in /v3, PATCH later."""
    present = Present(call, shelves)
    status, body = replace_whole(present, decode(call.body), call.parameters.get("id", ""))
    return present.intake(Reply(status=status, body=encode(body)))


def delete(call: Call, shelves: Shelves) -> Answer:
    """A category no more."""
    present = Present(call, shelves)
    category = call.parameters.get("id", "")
    if present.kept(CATEGORIES, category) is None:
        raise _missing(present, category)
    present.drop(CATEGORIES, category)
    return present.intake(Reply(status=204))


def get(call: Call, shelves: Shelves) -> Answer:
    """One category."""
    present = Present(call, shelves)
    category = call.parameters.get("id", "")
    found = present.kept(CATEGORIES, category)
    if found is None and present.generation is Generation.V3:
        raise Refusal(422, f"Category with '{category}' categoryID not found")
    if found is None:
        raise _missing(present, category)
    return Reply(body=encode(found))


def list_categories(call: Call, shelves: Shelves) -> Answer:
    """A page of categories."""
    sort = call.asked("sort")
    first: Callable[[Any], Any] | None = None
    if sort == "title":
        first = _by_title
    elif sort in ("createdAt", "updatedAt"):
        first = _NEWEST[sort]
    rows = (json.decode(document.body) for document in all_documents(shelves, CATEGORIES))
    return by_offset(call, "categories", rows, lambda row: row, first=first)


def create(present: Present, body: Any) -> tuple[int, dict[str, Any]]:
    """A new category of a call or a batch.

    Raises:
        Refusal: there is one with this id, or it is not understood.
    """
    fields = Fields.of(body)
    category = _category(fields)
    title = _title(fields)
    created_at, updated_at = fields.instant("createdAt"), fields.instant("updatedAt")
    fields.finish()
    is_v3 = present.generation is Generation.V3
    if present.kept(CATEGORIES, category) is not None:
        if is_v3:
            text = f"Category with categoryID '{category}' exists. Use PUT method to overwrite it."
            raise Refusal(422, text)
        raise Refusal(409, f"Category with categoryID '{category}' already exists")
    born = stamp(created_at or present.at)
    _keep(present, category, title, born, stamp(updated_at) or born)
    return (200 if is_v3 else 201), {"categoryID": category}


def replace_whole(present: Present, body: Any, category: str = "") -> tuple[int, dict[str, Any]]:
    """A category of a call or a batch by another title.

    Raises:
        Refusal: there is none with this id, or it is not understood.
    """
    fields = Fields.of(body)
    category = category or _category(fields)
    title = _title(fields)
    created_at, updated_at = fields.instant("createdAt"), fields.instant("updatedAt")
    fields.finish()
    before = present.kept(CATEGORIES, category)
    if before is None:
        raise _missing(present, category)
    born = stamp(created_at) or (stamp(present.at) if present.generation is Generation.V3 else before["createdAt"])
    _keep(present, category, title, born, stamp(updated_at or present.at))
    return 200, {"categoryID": category}


def title_in(present: Present) -> Callable[[str], str]:
    """What a category is called, by its id; the id itself where it is unknown."""

    def title(category: str) -> str:
        found = present.kept(CATEGORIES, category)
        return str(found["title"]) if found else category

    return title


def _category(fields: Fields) -> str:
    found = fields.id("categoryID", required=True) or ""
    if len(found) > _MAX_ID:
        fields.fault("categoryID", f"must have at most {_MAX_ID} characters", "invalid_length")
    return found


def _title(fields: Fields) -> str:
    found = fields.text("title", required=True) or ""
    if len(found) > _MAX_TITLE:
        fields.fault("title", f"must have at most {_MAX_TITLE} characters", "invalid_length")
    return found


def _keep(present: Present, category: str, title: str, created_at: str, updated_at: str) -> None:
    body = {"categoryID": category, "title": title, "createdAt": created_at, "updatedAt": updated_at}
    present.keep(CATEGORIES, category, body)


def _missing(present: Present, category: str) -> Refusal:
    if present.generation is Generation.V3:
        return Refusal(422, f"Category with categoryID '{category}' doesn't exist")
    return Refusal(404, f"Category with categoryID '{category}' not found")


def _by_title(row: Any) -> str:
    return str(row.get("title"))


def _backwards(text: Any) -> tuple[int, ...]:
    return tuple(-ord(letter) for letter in str(text))


_NEWEST: dict[str, Callable[[Any], Any]] = {
    "createdAt": lambda row: _backwards(row.get("createdAt")),
    "updatedAt": lambda row: _backwards(row.get("updatedAt")),
}
