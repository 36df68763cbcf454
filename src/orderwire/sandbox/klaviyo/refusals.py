"""What Klaviyo says when it refuses: the error document and the faults it is made of."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Fault:
    """One entry of an error document."""

    detail: str
    pointer: str = "/data/"
    code: str = "invalid"
    title: str = "Invalid input."
    parameter: str | None = None
    meta: dict[str, Any] = field(default_factory=dict)

    def document(self, status: int, identity: str) -> dict[str, Any]:
        """The entry as JSON; `status` is an integer although JSON:API asks for text."""
        place = {"pointer": self.pointer} if self.parameter is None else {"parameter": self.parameter}
        return {
            "id": identity,
            "status": status,
            "code": self.code,
            "title": self.title,
            "detail": self.detail,
            "source": place,
            "links": {},
            "meta": self.meta,
        }


class Refused(Exception):
    """A call that is answered with an error document and keeps nothing."""

    def __init__(self, status: int, *faults: Fault) -> None:
        self.status = status
        self.faults = faults
        super().__init__(status)

    def document(self, identity: str) -> dict[str, Any]:
        """The whole error document."""
        return {"errors": [fault.document(self.status, identity) for fault in self.faults]}


def refuse_if(faults: list[Fault]) -> None:
    """Refuse with 400 when anything was found wrong.

    Raises:
        Refused: with every fault found.
    """
    if faults:
        raise Refused(400, *faults)


def not_found(what: str, identity: str) -> Refused:
    """The answer to an id that does not exist."""
    return Refused(404, Fault(f"A {what} with id {identity} does not exist.", code="not_found", title="Not found."))


def conflict(duplicate_id: str) -> Refused:
    """The answer to a profile that exists already; clients read the id out of `meta`."""
    return Refused(409, duplicate_fault("/data/attributes", duplicate_id))


def duplicate_fault(pointer: str, duplicate_id: str) -> Fault:
    """The fault of identifiers that belong to another profile."""
    return Fault(
        "A profile already exists with one of these identifiers.",
        pointer,
        code="duplicate_profile",
        title="Conflict.",
        meta={"duplicate_profile_id": duplicate_id},
    )
