"""Refusals as Omnisend words them: RFC 9457 problems, with a list of fields for a validation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import NAMESPACE_URL, uuid5

BASE = "https://problems.omnisend.com/"


class Refused(Exception):
    """A call or an item that is not taken.

    Args:
        status: HTTP status.
        kind: the last part of the problem's type.
        detail: what is wrong.
        fields: `{field, code, message}` for each, in a validation.
    """

    def __init__(self, status: int, kind: str, detail: str, fields: Sequence[dict[str, str]] = ()) -> None:
        self.status = status
        self.kind = kind
        self.detail = detail
        self.fields = list(fields)
        super().__init__(detail)

    def body(self, request: int) -> dict[str, Any]:
        """The problem as JSON; `request` numbers the call it answers."""
        return problem(self.status, self.kind, self.detail, request, self.fields)


def problem(
    status: int, kind: str, detail: str, request: int, fields: Sequence[dict[str, str]] = ()
) -> dict[str, Any]:
    """A problem body."""
    body: dict[str, Any] = {
        "type": BASE + kind,
        "title": kind.replace("-", " ").capitalize(),
        "status": status,
        "detail": detail,
        "instance": f"urn:omnisend:request:{uuid5(NAMESPACE_URL, str(request))}",
    }
    if fields:
        body["errors"] = list(fields)
    return body


def not_found(what: str) -> Refused:
    """The 404 for a thing that is not there."""
    return Refused(404, "not-found", f"{what} not found")


def conflict(detail: str) -> Refused:
    """The 409 for a thing that is there already."""
    return Refused(409, "conflict", detail)


def invalid(fields: Sequence[dict[str, str]]) -> Refused:
    """The 400 for fields that break the contract."""
    return Refused(400, "validation-error", "The request contains invalid fields", fields)
