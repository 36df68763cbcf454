"""Who is let in, and to which endpoint: paths, keys, scopes, origins and rates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from orderwire.app.frontdoor.clerk import Admitted
from orderwire.app.frontdoor.keys import KeyRing
from orderwire.app.frontdoor.limits import CallLimits
from orderwire.app.frontdoor.routing import Match, Routes
from orderwire.dialects.contract import Window
from orderwire.dialects.doorway import Call, Door, Endpoint, Presented, Refused, Reply, Scope, Spent
from orderwire.errors import StoreError
from orderwire.ledger import AccessKey

_OPENS: Mapping[Scope, frozenset[str]] = {
    Scope.READ: frozenset({"read"}),
    Scope.WRITE: frozenset({"write"}),
    Scope.BROWSE: frozenset({"browse", "write"}),
    Scope.FEED: frozenset({"feed", "read"}),
}


class Turned(msgspec.Struct, frozen=True):
    """A call that is answered at the gate. `door` is None where no platform's path was meant."""

    reply: Reply
    door: Door | None = None


class Passed(msgspec.Struct, frozen=True):
    """A call that goes on to a clerk, and how it stands to its rate windows."""

    admitted: Admitted
    spent: tuple[Spent, ...] = ()


class Gate:
    """Finds the endpoint of a call and lets it in or not.

    `windows` are the rate windows held against callers, by platform and family; a family without any is not limited.
    """

    def __init__(
        self,
        doors: Sequence[Door],
        keys: KeyRing,
        *,
        windows: Mapping[str, Mapping[str, tuple[Window, ...]]] | None = None,
        limits: CallLimits | None = None,
    ) -> None:
        self._routes = {door.name: Routes(door) for door in doors}
        self._keys = keys
        self._windows = windows or {}
        self._limits = limits or CallLimits()

    @property
    def doors(self) -> tuple[Door, ...]:
        """The doors that stand open."""
        return tuple(routes.door for routes in self._routes.values())

    def meet(self, call: Call, problem: Refused | None = None) -> Passed | Turned:
        """Let a call in, or answer it; `path` may begin with the name of a platform.

        `problem` is what was wrong with the body already; the platform that the call is for says so in its own words.
        """
        first, _, rest = call.path.lstrip("/").partition("/")
        if first in self._routes:
            inner = msgspec.structs.replace(call, path=f"/{rest}", base_url=f"{call.base_url}/{first}")
            return self._meet_at([self._routes[first]], inner, problem)
        return self._meet_at(list(self._routes.values()), call, problem)

    def may_fetch(self, secret: str) -> bool:
        """Whether a key, of whichever platform, opens the feeds."""
        keys = (self._keys.find(name, secret) for name in self._routes)
        return any(key is not None and not _OPENS[Scope.FEED].isdisjoint(key.scopes) for key in keys)

    def open_to_pages(self, call: Call, reply: Reply) -> Reply:
        """The reply as a browser lets the page see it that made the call."""
        origin = call.headers.get("origin", "")
        if not origin or any(name.lower() == "access-control-allow-origin" for name, _ in reply.headers):
            return reply
        allowed = (("Access-Control-Allow-Origin", origin), ("Vary", "Origin"))
        return msgspec.structs.replace(reply, headers=(*reply.headers, *allowed))

    def _preflight(self, call: Call, offers: Sequence[tuple[Routes, Mapping[str, Match]]]) -> Turned:
        """The answer to a browser that asks whether a page may make a call; it does not say to which platform."""
        matches = [
            (name, match) for _, found in offers for name, match in found.items() if is_for_pages(match.endpoint)
        ]
        if not matches:
            return Turned(Reply(status=403), offers[0][0].door)
        methods = dict.fromkeys(name for name, _ in matches)
        headers = (
            ("Access-Control-Allow-Methods", ", ".join((*methods, "OPTIONS"))),
            ("Access-Control-Allow-Headers", call.headers.get("access-control-request-headers", "content-type")),
            ("Access-Control-Max-Age", "86400"),
        )
        return Turned(self.open_to_pages(call, Reply(status=204, headers=headers)), matches[0][1].door)

    def _meet_at(self, candidates: Sequence[Routes], call: Call, problem: Refused | None) -> Passed | Turned:
        offers = [(routes, found) for routes in candidates if (found := routes.methods(call.path))]
        if not offers:
            return self._nowhere(candidates, call)
        if call.method == "OPTIONS":
            return self._preflight(call, offers)
        if len(offers) > 1:
            ours = [one for one in offers if one[0].door.presents(call).is_ours]
            right = [one for one in (ours or offers) if call.method in one[1]]
            offers = right or ours or offers
        routes, found = offers[0]
        match = found.get(call.method) or (found.get("GET") if call.method == "HEAD" else None)
        if match is None:
            return Turned(routes.door.refuse(call, Refused.NOT_ALLOWED), routes.door)
        met = self._check(match, call) if problem is None else Turned(routes.door.refuse(call, problem), routes.door)
        if isinstance(met, Turned) and is_for_pages(match.endpoint):
            return Turned(self.open_to_pages(call, met.reply), met.door)
        return met

    def _nowhere(self, candidates: Sequence[Routes], call: Call) -> Turned:
        door = next((one.door for one in candidates if one.door.presents(call).is_ours), None)
        if door is None and len(candidates) == 1:
            door = candidates[0].door
        if door is None:
            return Turned(Reply(status=404, body=b'{"error":"there is nothing at this path"}'))
        return Turned(door.refuse(call, Refused.NOT_FOUND), door)

    def _check(self, match: Match, call: Call) -> Passed | Turned:
        door, endpoint = match.door, match.endpoint
        call = msgspec.structs.replace(call, parameters=match.parameters)
        caller = call.headers.get("x-client-address", "")
        if endpoint.scope is not None:
            presented = door.presents(call)
            if not presented.secret:
                return Turned(door.refuse(call, Refused.NO_KEY), door)
            try:
                key = self._keys.find(door.name, presented.secret)
            except StoreError:
                return Turned(door.refuse(call, Refused.UNAVAILABLE, retry_after=1.0), door)
            if key is None:
                return Turned(door.refuse(call, Refused.BAD_KEY), door)
            if not may_open(key, endpoint.scope, presented, call.headers.get("origin", "")):
                return Turned(door.refuse(call, Refused.FORBIDDEN), door)
            call = msgspec.structs.replace(
                call, source=key.source, account=key.account, is_public="write" not in key.scopes
            )
            caller = key.name
        if len(call.body) > endpoint.max_body:
            return Turned(door.refuse(call, Refused.TOO_LARGE), door)
        windows = self._windows.get(door.name, {}).get(endpoint.family, ())
        spent, wait = self._limits.spend(caller, f"{door.name}/{endpoint.family}", windows) if windows else ((), None)
        if wait is not None:
            limited = door.refuse(call, Refused.LIMITED, retry_after=wait)
            return Turned(door.dress(call, limited, spent), door)
        return Passed(Admitted(door=door, endpoint=endpoint, call=call), spent)


def is_for_pages(endpoint: Endpoint) -> bool:
    """Whether a page may call this, and see the answer."""
    return endpoint.scope in (None, Scope.BROWSE)


def may_open(key: AccessKey, scope: Scope, presented: Presented, origin: str) -> bool:
    """Whether a key opens what needs this scope, for the account named and from this page."""
    if presented.account and key.account and presented.account != key.account:
        return False
    if key.origins and origin and origin not in key.origins:
        return False
    return not _OPENS[scope].isdisjoint(key.scopes)
