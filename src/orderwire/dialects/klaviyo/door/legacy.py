"""What the old v1 and v2 calls have in common: plain JSON, and `detail` where something is wrong."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from msgspec import json

from orderwire.dialects.doorway import Answer, Call, Endpoint, Known, Reply, Scope, Shelves, Work
from orderwire.dialects.klaviyo.door import ids
from orderwire.dialects.klaviyo.door.answering import refuse_unkeepable
from orderwire.dialects.klaviyo.door.draft import Draft
from orderwire.dialects.klaviyo.door.faults import Refusal, missing
from orderwire.dialects.klaviyo.door.learning import attributes_at, shown_identity
from orderwire.dialects.klaviyo.door.persons import LOCATION_NAMES, PLAIN

DONE = Reply()
"""What old calls answer that have nothing to say."""
NOBODY = "There is no profile matching the given parameters."


def told(value: Any, status: int = 200) -> Reply:
    """A JSON answer."""
    return Reply(status=status, body=json.encode(value))


def wrong(status: int, detail: str) -> Reply:
    """What is wrong with a call."""
    return told({"status": status, "message": detail, "detail": detail}, status)


def look(path: str, ask: Callable[[Call, Shelves], Reply], *, method: str = "GET") -> Endpoint:
    """An old call that only looks."""

    def answer(call: Call, shelves: Shelves) -> Answer:
        try:
            refuse_unkeepable(call)
            return ask(call, shelves)
        except Refusal as refusal:
            return wrong(refusal.status, refusal.faults[0].detail)

    return Endpoint(
        method=method, path=path, answer=answer, work=Work.READS, scope=Scope.READ, family="L legacy reads"
    )


def write(method: str, path: str, take: Callable[[Draft], Answer]) -> Endpoint:
    """An old call that writes."""

    def answer(call: Call, shelves: Shelves) -> Answer:
        try:
            refuse_unkeepable(call)
            return take(Draft(call, shelves))
        except Refusal as refusal:
            return wrong(refusal.status, refusal.faults[0].detail)

    return Endpoint(
        method=method, path=path, answer=answer, work=Work.CHANGES, scope=Scope.WRITE, family="L legacy writes"
    )


def listed(data: list[Any], *, start: int = 0, total: int | None = None, size: int = 500) -> dict[str, Any]:
    """A page of an old collection."""
    return {
        "object": "$list",
        "start": start,
        "end": max(start + len(data) - 1, 0),
        "page": start // size,
        "page_size": size,
        "total": len(data) if total is None else total,
        "data": data,
    }


def brief(known: Known) -> dict[str, Any]:
    """A person as old lists name them."""
    identity = shown_identity(known)
    named = {"email": identity.email, "phone_number": identity.phone}
    return {"id": ids.profile_id(known.person)} | {name: value for name, value in named.items() if value}


def flat(shelves: Shelves, known: Known) -> dict[str, Any]:
    """A person as old calls show them, everything side by side."""
    identity = shown_identity(known)
    attributes = attributes_at(shelves, known)
    location = attributes.get("location") or {}
    shown: dict[str, Any] = {"object": "person", "id": ids.profile_id(known.person)}
    for name in PLAIN:
        if attributes.get(name) is not None:
            shown[f"${name}"] = attributes[name]
    for name in LOCATION_NAMES:
        if location.get(name) is not None:
            shown[f"${name}"] = location[name]
    named = (
        ("$email", identity.email),
        ("$phone_number", identity.phone),
        ("$id", identity.external_id),
        ("email", identity.email),
        ("first_name", attributes.get("first_name")),
        ("last_name", attributes.get("last_name")),
    )
    shown |= {name: value for name, value in named if value is not None}
    stamps = (("created", known.created_at), ("updated", known.updated_at))
    shown |= {name: when.strftime("%Y-%m-%d %H:%M:%S") for name, when in stamps if when is not None}
    return shown | dict(attributes.get("properties") or {})


def person_named(call: Call, shelves: Shelves) -> Known:
    """The person whose id stands in an old path.

    Raises:
        Refusal: it is nobody's.
    """
    number = ids.person_of(call.parameters["id"])
    known = None if number is None else shelves.person(number)
    if known is None:
        raise Refusal(404, missing(NOBODY))
    return known
