"""What Klaviyo says when it refuses, as values and as the error document."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from msgspec import Struct, json

from orderwire.dialects.doorway import Reply
from orderwire.errors import OrderwireError

JSON_API = "application/vnd.api+json"


class Fault(Struct, frozen=True, kw_only=True):
    """One entry of an error document; a fault of the query names its parameter instead of a place in the body."""

    detail: str
    pointer: str = "/data/"
    code: str = "invalid"
    title: str = "Invalid input."
    parameter: str = ""
    meta: dict[str, str] = {}


class Refusal(OrderwireError):
    """A call that is answered with faults and adds nothing."""

    def __init__(self, status: int, *faults: Fault) -> None:
        self.status = status
        self.faults = faults
        super().__init__(f"refused with status {status}")


FORBIDDEN = Fault(
    detail="The key may not make this call.",
    code="permission_denied",
    title="You do not have permission to perform this action.",
)
"""What a key is told that may not do what it asks for."""


def refuse_if(faults: Sequence[Fault]) -> None:
    """Refuse with 400 when anything was found wrong.

    Raises:
        Refusal: with every fault found.
    """
    if faults:
        raise Refusal(400, *faults)


def not_found(what: str, identity: str) -> Refusal:
    """The answer to an id that nothing has."""
    return Refusal(404, missing(f"A {what} with id {identity} does not exist."))


def missing(detail: str, pointer: str = "/data/") -> Fault:
    """The fault of something that is not there."""
    return Fault(detail=detail, pointer=pointer, code="not_found", title="Not found.")


def duplicate(profile_id: str, pointer: str = "/data/attributes") -> Fault:
    """The fault of identifiers that another profile has: clients go on with the id in `meta`."""
    return Fault(
        detail="A profile already exists with one of these identifiers.",
        pointer=pointer,
        code="duplicate_profile",
        title="Conflict.",
        meta={"duplicate_profile_id": profile_id},
    )


def request_uuid(request_id: str) -> str:
    """The id of a call as errors and headers show it."""
    return str(UUID(hex=request_id.rjust(32, "0")[:32]))


def error_reply(status: int, faults: Sequence[Fault], request_id: str) -> Reply:
    """The error document; `status` is an integer in it, although JSON:API asks for text."""
    errors = [
        {
            "id": request_uuid(request_id),
            "status": status,
            "code": fault.code,
            "title": fault.title,
            "detail": fault.detail,
            "source": {"parameter": fault.parameter} if fault.parameter else {"pointer": fault.pointer},
            "links": {},
            "meta": fault.meta,
        }
        for fault in faults
    ]
    return Reply(status=status, body=json.encode({"errors": errors}), content_type=JSON_API)
