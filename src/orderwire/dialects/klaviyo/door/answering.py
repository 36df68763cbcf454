"""What every endpoint does alike: read the call into a draft, and turn a refusal into the error document."""

from __future__ import annotations

from collections.abc import Callable

from orderwire.dialects.doorway import Answer, Call, Endpoint, Reply, Scope, Shelves, Work
from orderwire.dialects.klaviyo.door.draft import Draft
from orderwire.dialects.klaviyo.door.faults import Fault, Refusal, error_reply, missing

_READ_OTHERWISE = frozenset({"data", "i", "test"})
"""Parameters of Track, which is never refused."""


def refuse_unkeepable(call: Call) -> None:
    """Refuse names that no store can look for.

    Raises:
        Refusal: there is a NUL character among the parts of the path or in the query.
    """
    if any("\0" in value for value in call.parameters.values()):
        raise Refusal(404, missing("Nothing has such an id."))
    if any("\0" in value for name, value in call.query if name not in _READ_OTHERWISE):
        raise Refusal(400, Fault(detail="Null characters are not allowed.", parameter="filter"))


def read(
    path: str, ask: Callable[[Call, Shelves], Reply], *, family: str, method: str = "GET", note: str = ""
) -> Endpoint:
    """An endpoint that only looks."""

    def answer(call: Call, shelves: Shelves) -> Answer:
        try:
            refuse_unkeepable(call)
            return ask(call, shelves)
        except Refusal as refusal:
            return error_reply(refusal.status, refusal.faults, call.request_id)

    return Endpoint(
        method=method, path=path, answer=answer, work=Work.READS, scope=Scope.READ, family=family, note=note
    )


def change(
    method: str,
    path: str,
    take: Callable[[Draft], Answer],
    *,
    family: str,
    scope: Scope = Scope.WRITE,
    max_body: int = 5_000_000,
    note: str = "",
) -> Endpoint:
    """An endpoint that looks and then writes."""

    def answer(call: Call, shelves: Shelves) -> Answer:
        try:
            refuse_unkeepable(call)
            return take(Draft(call, shelves))
        except Refusal as refusal:
            return error_reply(refusal.status, refusal.faults, call.request_id)

    return Endpoint(
        method=method,
        path=path,
        answer=answer,
        work=Work.CHANGES,
        scope=scope,
        family=family,
        max_body=max_body,
        note=note,
    )
