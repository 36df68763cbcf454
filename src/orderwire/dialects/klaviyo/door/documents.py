"""JSON:API documents as Klaviyo writes them: resources, links, pages, sparse fields."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from msgspec import json

from orderwire.dialects.doorway import Call, Reply
from orderwire.dialects.klaviyo.door.faults import JSON_API
from orderwire.dialects.klaviyo.door.queries import cursor_text

Resource = dict[str, Any]
_ENCODE = json.Encoder(decimal_format="number").encode
ACCEPTED = Reply(status=202, content_type="")
NO_CONTENT = Reply(status=204, content_type="")


def stamp(when: datetime) -> str:
    """An instant as answers carry it."""
    return when.astimezone(UTC).isoformat()


def stamp_if(when: datetime | None) -> str | None:
    """An instant, or null."""
    return None if when is None else stamp(when)


def resource(
    call: Call,
    kind: str,
    identity: str,
    attributes: Mapping[str, Any],
    *,
    plural: str,
    links: Sequence[str] = (),
    linked: Mapping[str, Any] | None = None,
) -> Resource:
    """A resource with its own link and those of its relationships; `linked` are those whose ids are shown."""
    own = f"{call.base_url}/api/{plural}/{quote(identity, safe='$:')}"
    shown = sparse(call, kind)
    made: Resource = {
        "type": kind,
        "id": identity,
        "attributes": {name: value for name, value in attributes.items() if shown is None or name in shown},
    }
    relationships: dict[str, Any] = {}
    for name in (*links, *(linked or {})):
        relation = {"links": {"self": f"{own}/relationships/{name}/", "related": f"{own}/{name}/"}}
        if linked and name in linked:
            relation = {"data": linked[name], **relation}
        relationships[name] = relation
    if relationships:
        made["relationships"] = relationships
    made["links"] = {"self": f"{own}/"}
    return made


def reference(kind: str, identity: str) -> dict[str, str]:
    """A resource by its name only."""
    return {"type": kind, "id": identity}


def sparse(call: Call, kind: str) -> frozenset[str] | None:
    """The attributes asked for of a kind of resource; None for all of them."""
    names = call.asked(f"fields[{kind}]")
    return frozenset(name.strip() for name in names.split(",")) if names.strip() else None


def extra(call: Call, kind: str) -> frozenset[str]:
    """The attributes that are only shown when asked for, and are."""
    wide = set(call.asked(f"additional-fields[{kind}]").split(","))
    return frozenset(wide | (sparse(call, kind) or set()))


def one(call: Call, found: Resource, *, status: int = 200, included: Sequence[Resource] | None = None) -> Reply:
    """A document of one resource."""
    whole: Resource = {"data": found}
    if included is not None:
        whole["included"] = included
    whole["links"] = {"self": found.get("links", {}).get("self", _self(call))}
    return Reply(status=status, body=_ENCODE(whole), content_type=JSON_API)


def many(
    call: Call, found: Sequence[Resource], *, following: str = "", included: Sequence[Resource] | None = None
) -> Reply:
    """A page; `following` is the place behind its last resource, empty where there is no more."""
    whole: Resource = {"data": found}
    if included is not None:
        whole["included"] = included
    whole["links"] = {"self": _self(call), "next": _next(call, following) if following else None, "prev": None}
    return Reply(body=_ENCODE(whole), content_type=JSON_API)


def related(call: Call, kind: str, identity: str | None) -> Reply:
    """The id at the other end of a relationship to one."""
    data = reference(kind, identity) if identity is not None else None
    return Reply(body=_ENCODE({"data": data, "links": {"self": _self(call)}}), content_type=JSON_API)


def _self(call: Call) -> str:
    return f"{call.base_url}{quote(call.path, safe='/$:%')}{_query(call.query)}"


def _next(call: Call, following: str) -> str:
    kept = [(name, value) for name, value in call.query if name != "page[cursor]"]
    return (
        f"{call.base_url}{quote(call.path, safe='/$:%')}{_query((*kept, ('page[cursor]', cursor_text(following))))}"
    )


def _query(pairs: Sequence[tuple[str, str]]) -> str:
    if not pairs:
        return ""
    return "?" + "&".join(f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in pairs)
