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
    Scope.METRICS: frozenset({"metrics"}),
}


_NOWHERE = 65_536
"""How many bytes are read of a call to no path at all, to find out in whose words that is said."""


class Turned(msgspec.Struct, frozen=True):
    """A call that is answered at the gate. `door` is None where no platform's path was meant."""

    reply: Reply
    door: Door | None = None


class Passed(msgspec.Struct, frozen=True):
    """A call that goes on to a clerk, and how it stands to its rate windows."""

    admitted: Admitted
    spent: tuple[Spent, ...] = ()


class Awaited(msgspec.Struct, frozen=True, kw_only=True):
    """A call that is let in by line and headers, its body still to come. `repr` is never logged: it holds the key."""

    match: Match
    call: Call
    caller: str
    """Who its rate windows are held against."""
    secret: str = ""


class Sought(msgspec.Struct, frozen=True):
    """A call whose key is in its body, which is to be read before anybody knows who sends it; up to `most` bytes."""

    most: int


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

    def expect(self, call: Call) -> Awaited | Sought | Turned:
        """Let in or answer a call of which only line and headers have come, unless its key is in the body."""
        return self._meet(call, is_whole=False)

    def admit(self, awaited: Awaited, body: bytes, problem: Refused | None = None) -> Passed | Turned:
        """Let in a call whose body has come, or answer it; a key that was revoked meanwhile opens no more.

        `problem` is what was wrong with the body; the platform that the call is for says so in its own words.
        """
        door, endpoint = awaited.match.door, awaited.match.endpoint
        call = msgspec.structs.replace(awaited.call, body=body)
        if problem is None and awaited.secret:
            problem = self._problem_of_key(door, awaited.secret)
        if problem is None and len(body) > endpoint.max_body:
            problem = Refused.TOO_LARGE
        if problem is not None:
            return self._turned(awaited.match, call, problem)
        windows = self._windows.get(door.name, {}).get(endpoint.family, ())
        family = f"{door.name}/{endpoint.family}"
        spent, wait = self._limits.spend(awaited.caller, family, windows) if windows else ((), None)
        if wait is not None:
            met = self._turned(awaited.match, call, Refused.LIMITED, retry_after=wait)
            return Turned(door.dress(call, met.reply, spent), door)
        return Passed(Admitted(door=door, endpoint=endpoint, call=call), spent)

    def meet(self, call: Call, problem: Refused | None = None) -> Passed | Turned:
        """Let a whole call in, or answer it; `path` may begin with the name of a platform.

        `problem` is what was wrong with the body already.
        """
        met = self._meet(call, is_whole=True, problem=problem)
        if isinstance(met, Sought):
            raise TypeError("a whole call has nothing left to show")
        return self.admit(met, met.call.body) if isinstance(met, Awaited) else met

    def may_fetch(self, secret: str) -> bool:
        """Whether a key, of whichever platform, opens the feeds."""
        keys = (self._keys.find(name, secret) for name in self._routes)
        return any(key is not None and not _OPENS[Scope.FEED].isdisjoint(key.scopes) for key in keys)

    def may_watch(self, secret: str) -> bool:
        """Whether a key, of whichever platform, opens what the server counts."""
        return any(not _OPENS[Scope.METRICS].isdisjoint(key.scopes) for key in self._keys.of_any(secret))

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

    def _meet(self, call: Call, *, is_whole: bool, problem: Refused | None = None) -> Awaited | Sought | Turned:
        first, _, rest = call.path.lstrip("/").partition("/")
        candidates = list(self._routes.values())
        if first in self._routes:
            call = msgspec.structs.replace(call, path=f"/{rest}", base_url=f"{call.base_url}/{first}")
            candidates = [self._routes[first]]
        offers = [(routes, found) for routes in candidates if (found := routes.methods(call.path))]
        if call.method == "OPTIONS" and offers:
            return self._preflight(call, offers)
        shown = {routes.door.name: routes.door.presents(call) for routes in [one for one, _ in offers] or candidates}
        if not is_whole and any(one.is_in_body for one in shown.values()):
            sizes = [match.endpoint.max_body for _, found in offers for match in found.values()]
            return Sought(max(sizes, default=_NOWHERE))
        if not offers:
            return _nowhere([one.door for one in candidates], shown, call)
        if len(offers) > 1:
            ours = [one for one in offers if shown[one[0].door.name].is_ours]
            right = [one for one in (ours or offers) if call.method in one[1]]
            offers = right or ours or offers
        routes, found = offers[0]
        match = found.get(call.method) or (found.get("GET") if call.method == "HEAD" else None)
        if match is None:
            return Turned(routes.door.refuse(call, Refused.NOT_ALLOWED), routes.door)
        if problem is not None:
            return self._turned(match, call, problem)
        return self._check(match, call, shown[routes.door.name])

    def _check(self, match: Match, call: Call, presented: Presented) -> Awaited | Turned:
        door, endpoint = match.door, match.endpoint
        call = msgspec.structs.replace(call, parameters=match.parameters)
        if endpoint.scope is None:
            return Awaited(match=match, call=call, caller=call.headers.get("x-client-address", ""))
        if not presented.secret:
            return self._turned(match, call, Refused.NO_KEY)
        try:
            key = self._keys.find(door.name, presented.secret)
        except StoreError:
            return self._turned(match, call, Refused.UNAVAILABLE)
        if key is None:
            return self._turned(match, call, Refused.BAD_KEY)
        if not may_open(key, endpoint.scope, presented, call.headers.get("origin", "")):
            return self._turned(match, call, Refused.FORBIDDEN)
        call = msgspec.structs.replace(
            call, source=key.source, account=key.account, is_public="write" not in key.scopes
        )
        return Awaited(match=match, call=call, caller=key.name, secret=presented.secret)

    def _problem_of_key(self, door: Door, secret: str) -> Refused | None:
        try:
            return None if self._keys.find(door.name, secret) is not None else Refused.BAD_KEY
        except StoreError:
            return Refused.UNAVAILABLE

    def _turned(self, match: Match, call: Call, why: Refused, *, retry_after: float | None = None) -> Turned:
        """The platform's own answer, which a page may see where it may make the call."""
        wait = 1.0 if why is Refused.UNAVAILABLE else retry_after
        reply = match.door.refuse(call, why, retry_after=wait)
        return Turned(self.open_to_pages(call, reply) if is_for_pages(match.endpoint) else reply, match.door)


def _nowhere(doors: Sequence[Door], shown: Mapping[str, Presented], call: Call) -> Turned:
    """The answer of whichever door a call is dressed for, or of the only one."""
    door = next((one for one in doors if shown[one.name].is_ours), doors[0] if len(doors) == 1 else None)
    if door is None:
        return Turned(Reply(status=404, body=b'{"error":"there is nothing at this path"}'))
    return Turned(door.refuse(call, Refused.NOT_FOUND), door)


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
