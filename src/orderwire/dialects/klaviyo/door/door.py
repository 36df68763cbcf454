"""Klaviyo's API as one value: its table of calls, its keys, and how it refuses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import json
from msgspec.structs import replace

from orderwire.dialects.contract import Window
from orderwire.dialects.doorway import (
    Call,
    Endpoint,
    Minted,
    NotOffered,
    Presented,
    Refused,
    Reply,
    Spent,
)
from orderwire.dialects.klaviyo.door import (
    accounts,
    browser,
    catalog_in,
    catalog_out,
    consents,
    events_in,
    events_out,
    imports,
    legacy_lists,
    legacy_people,
    legacy_track,
    lists_api,
    profiles_in,
    profiles_out,
)
from orderwire.dialects.klaviyo.door.faults import FORBIDDEN, Fault, error_reply, request_uuid
from orderwire.dialects.klaviyo.door.keys import minted, presented
from orderwire.dialects.klaviyo.door.legacy import wrong
from orderwire.dialects.klaviyo.door.limits import windows_of
from orderwire.dialects.klaviyo.door.offer import NOT_OFFERED

ENDPOINTS: tuple[Endpoint, ...] = tuple(
    endpoint
    for area in (
        accounts,
        events_in,
        events_out,
        profiles_in,
        profiles_out,
        imports,
        consents,
        lists_api,
        browser,
        catalog_in,
        catalog_out,
        legacy_track,
        legacy_lists,
        legacy_people,
    )
    for endpoint in area.endpoints()
)
_FAMILIES = windows_of(ENDPOINTS)
_REVISION = "2026-10-15"
_REQUEST_ID = "X-Klaviyo-Req-Id"
_GUIDE = "https://developers.klaviyo.com/en/docs/rate_limits_and_error_handling"
_SAID: Mapping[Refused, tuple[int, str, str, str]] = {
    Refused.NO_KEY: (
        401,
        "not_authenticated",
        "Authentication credentials were not provided.",
        "Missing or invalid private key.",
    ),
    Refused.BAD_KEY: (
        401,
        "not_authenticated",
        "Authentication credentials were not provided.",
        "Missing or invalid private key.",
    ),
    Refused.FORBIDDEN: (403, FORBIDDEN.code, FORBIDDEN.title, FORBIDDEN.detail),
    Refused.NOT_FOUND: (404, "not_found", "Not found.", "The requested URL was not found."),
    Refused.NOT_ALLOWED: (405, "method_not_allowed", "Method not allowed.", "This path does not take this method."),
    Refused.TOO_LARGE: (413, "payload_too_large", "Payload too large.", "The body is larger than this call takes."),
    Refused.NOT_READABLE: (400, "parse_error", "Malformed request.", "The body cannot be read."),
    Refused.UNAVAILABLE: (503, "service_unavailable", "Service unavailable.", "Try again in a moment."),
    Refused.BROKEN: (500, "internal_error", "Internal error.", "Something went wrong on this side."),
}
_TRACKED = frozenset(legacy_track.PATHS)
_NO_REVISION = Reply(status=404, body=b"No valid revisions found for method", content_type="text/plain")


class KlaviyoDoor:
    """Klaviyo's API as its clients know it."""

    name = "klaviyo"
    title = "Klaviyo"
    endpoints: Sequence[Endpoint] = ENDPOINTS
    families: Mapping[str, tuple[Window, ...]] = _FAMILIES
    not_offered: Sequence[NotOffered] = NOT_OFFERED

    def presents(self, call: Call) -> Presented:
        """The private key of the header, the public one of the query, or what old calls carry in their payload."""
        return presented(call)

    def mint(self, randomness: bytes, *, is_public: bool, account: str) -> Minted:
        """A private key, or the six characters that are both the account's id and its public key."""
        return minted(randomness, is_public=is_public, account=account)

    def refuse(self, call: Call, why: Refused, *, retry_after: float | None = None) -> Reply:
        """The refusal in the shape that this call's clients know, with the id that its errors have."""
        reply = self._refusal(call, why, retry_after)
        return replace(reply, headers=(*reply.headers, (_REQUEST_ID, request_uuid(call.request_id))))

    def _refusal(self, call: Call, why: Refused, retry_after: float | None) -> Reply:
        seconds = max(1, -int(-(retry_after or 1) // 1))
        waiting = (("Retry-After", str(seconds)),)
        if call.path in _TRACKED and why not in (Refused.LIMITED, Refused.UNAVAILABLE, Refused.BROKEN):
            return legacy_track.answered(call, is_taken=False)
        if call.path.startswith(("/api/v1/", "/api/v2/", "/crm/")) or call.path in _TRACKED:
            reply = _old(why, seconds)
        elif why is Refused.NOT_FOUND:
            return _NO_REVISION
        elif why is Refused.LIMITED:
            reply = _throttled(call, seconds)
        else:
            status, code, title, detail = _SAID[why]
            reply = error_reply(status, [Fault(detail=detail, code=code, title=title)], call.request_id)
        if why in (Refused.NO_KEY, Refused.BAD_KEY):
            return replace(reply, headers=(*reply.headers, ("WWW-Authenticate", "Bearer, Klaviyo-API-Key")))
        return replace(reply, headers=waiting) if why in (Refused.LIMITED, Refused.UNAVAILABLE) else reply

    def dress(self, call: Call, reply: Reply, spent: Sequence[Spent]) -> Reply:
        """The reply with the ids of call and account, the revision, and how much may still be asked."""
        headers = [("X-Klaviyo-Api-Revision", call.headers.get("revision") or _REVISION)]
        if not any(name == _REQUEST_ID for name, _ in reply.headers):
            headers.insert(0, (_REQUEST_ID, request_uuid(call.request_id)))
        if call.account:
            headers.append(("Cid", call.account))
        if spent and reply.status != 429:
            least = min(spent, key=lambda window: window.per)
            every = ", ".join(f"{window.limit};w={int(window.per)}" for window in spent)
            headers += [
                ("RateLimit-Limit", f"{least.limit}, {every}"),
                ("RateLimit-Remaining", str(min(window.remaining for window in spent))),
                ("RateLimit-Reset", str(max(0, -int(-least.reset // 1)))),
            ]
        return replace(reply, headers=(*reply.headers, *headers))


def _throttled(call: Call, seconds: int) -> Reply:
    """The refusal of too many calls; clients read the seconds out of its text."""
    title = "Request was throttled."
    wait = f"{title} Expected available in {seconds} second{'s' if seconds != 1 else ''}."
    error = {
        "id": request_uuid(call.request_id),
        "status": 429,
        "code": "throttled",
        "title": title,
        "detail": wait,
        "source": {"pointer": "/data/"},
        "links": {"type": _GUIDE},
        "meta": {},
    }
    return Reply(status=429, body=json.encode({"errors": [error]}), content_type="application/vnd.api+json")


def _old(why: Refused, seconds: int) -> Reply:
    """A refusal of the calls before 2022."""
    if why is Refused.LIMITED:
        return wrong(429, f"Request was throttled. Expected available in {float(seconds)} seconds.")
    if why in (Refused.NO_KEY, Refused.BAD_KEY):
        return wrong(403, "The API key specified is invalid.")
    status, _, _, detail = _SAID[why]
    return wrong(status, detail)


DOOR = KlaviyoDoor()
