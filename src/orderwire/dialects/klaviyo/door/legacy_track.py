"""Track and Identify: what old plugins, theme snippets and server scripts send, by the public token.

They are never refused: their clients take the text `1` for true and anything else for false.
"""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Callable
from functools import partial
from typing import Any

from msgspec.structs import replace

from orderwire.dialects.doorway import Answer, Call, Endpoint, Reply, Scope
from orderwire.dialects.klaviyo.door.answering import change
from orderwire.dialects.klaviyo.door.draft import Draft
from orderwire.dialects.klaviyo.door.events_in import add
from orderwire.dialects.klaviyo.door.happenings import is_for_servers
from orderwire.dialects.klaviyo.door.learning import learn
from orderwire.dialects.klaviyo.door.members import words
from orderwire.dialects.klaviyo.door.payloads import form_of, tracked
from orderwire.dialects.klaviyo.door.said import instant_said, said_of, too_much
from orderwire.dialects.klaviyo.door.who import only_known, read_flat

_PIXEL = b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")
_LONGEST_NAME = 255
PATHS = ("/api/track", "/api/identify", "/api/track-once", "/crm/api/track", "/crm/api/identify")
"""Where Track and Identify are called, over the years."""


def answered(call: Call, *, is_taken: bool) -> Reply:
    """The answer: one digit, or a picture where the call asks for one."""
    if (call.asked("i") or form_of(call).get("i")) == "1":
        return Reply(body=_PIXEL, content_type="image/gif")
    return Reply(body=b"1" if is_taken else b"0", content_type="text/html")


def track(draft: Draft, *, is_once: bool = False) -> Answer:
    """An event, with what it says of its person."""
    call = draft.call
    refused = answered(call, is_taken=False)
    said = tracked(call)
    metric = words(said.get("event")) if said is not None else None
    if said is None or metric is None or len(metric) > _LONGEST_NAME:
        return refused
    customer = said.get("customer_properties")
    profile = read_flat(customer if isinstance(customer, dict) else {})
    given = said.get("properties")
    properties: dict[str, Any] = dict(given) if isinstance(given, dict) else {}
    time = said.get("time")
    when = draft.at if time in (None, "") else instant_said(time)
    if when is None or profile.identity.is_empty or too_much(properties):
        return refused
    if call.is_public and is_for_servers(metric):
        return refused
    if is_once:
        properties["__track_once__"] = True
    identity = profile.identity
    if call.is_public:
        identity = only_known(identity, draft.find(identity))
    event = said_of(
        profile=replace(profile, identity=identity),
        metric=metric,
        at=when,
        properties=properties,
        currency=_currency(properties),
    )
    add(draft, profile, identity, [event])
    return draft.intake(answered(call, is_taken=True))


def _currency(properties: dict[str, Any]) -> str | None:
    named = words(properties.get("$value_currency")) or words(properties.get("$currency"))
    return named if named and len(named) == 3 and named.isascii() and named.isalpha() else None


def identify(draft: Draft) -> Answer:
    """What is said of a person."""
    call = draft.call
    said = tracked(call)
    given = said.get("properties") if said is not None else None
    profile = read_flat(given if isinstance(given, dict) else {})
    if profile.identity.is_empty or too_much(given):
        return answered(call, is_taken=False)
    known = draft.find(profile.identity)
    identity = only_known(profile.identity, known) if call.is_public else profile.identity
    learn(draft, profile, identity, known, raw=b"", clears=False)
    return draft.intake(answered(call, is_taken=True))


def endpoints() -> list[Endpoint]:
    """Track and Identify, by GET and POST."""
    takers: tuple[Callable[[Draft], Answer], ...] = (
        track,
        identify,
        partial(track, is_once=True),
        track,
        identify,
    )
    return [
        change(method, path, take, family="XL track", scope=Scope.BROWSE, max_body=1_000_000)
        for path, take in zip(PATHS, takers, strict=True)
        for method in ("GET", "POST")
    ]
