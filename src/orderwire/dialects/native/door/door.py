"""The table of our own API, and its manners."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence

from orderwire.dialects.contract import Window
from orderwire.dialects.doorway import (
    Call,
    Endpoint,
    Minted,
    NotOffered,
    Presented,
    Refused,
    Reply,
    Scope,
    Spent,
    Work,
)
from orderwire.dialects.native.door.openapi import describe
from orderwire.dialects.native.door.replies import failed
from orderwire.dialects.native.door.taking import take_batch, taker_of
from orderwire.dialects.native.door.telling import finder_of, tell_facts, tell_people, tell_person, teller_of

_PLURALS = {
    "order": "orders",
    "product": "products",
    "cart": "carts",
    "subscription": "subscriptions",
}
_TAKEN = {**_PLURALS, "person": "people", "consent": "consents", "event": "events"}
_BROWSER_KEY = "ow_pub_"
_REFUSALS = {
    Refused.NO_KEY: (401, "unauthorized", "send a key: Authorization: Bearer ow_…"),
    Refused.BAD_KEY: (401, "unauthorized", "the key is unknown or revoked"),
    Refused.FORBIDDEN: (403, "forbidden", "the key may not do this"),
    Refused.NOT_FOUND: (404, "not_found", "there is nothing at this path; /openapi.json lists what there is"),
    Refused.NOT_ALLOWED: (405, "not_allowed", "this path does not take this method"),
    Refused.LIMITED: (429, "limited", "too many calls; wait as Retry-After says"),
    Refused.TOO_LARGE: (413, "too_large", "the body is too large; send several"),
    Refused.NOT_READABLE: (400, "invalid", "the body cannot be read"),
    Refused.UNAVAILABLE: (503, "unavailable", "nothing was kept; send the same again"),
    Refused.BROKEN: (500, "broken", "a fault of ours; send the same again"),
}


class NativeDoor:
    """Our own API."""

    name = "native"
    title = "Orderwire's own API"
    families: Mapping[str, tuple[Window, ...]] = {}
    not_offered: Sequence[NotOffered] = ()

    @property
    def endpoints(self) -> Sequence[Endpoint]:
        """Every call of our own API."""
        return ENDPOINTS

    def presents(self, call: Call) -> Presented:
        """The bearer key; a browser's key may stand in the address, since a page that is left can send no header."""
        in_address = call.asked("key")
        if in_address.startswith(_BROWSER_KEY):
            return Presented(is_ours=True, secret=in_address)
        scheme, _, secret = call.headers.get("authorization", "").partition(" ")
        is_ours = scheme.lower() == "bearer" and secret.startswith("ow_")
        return Presented(is_ours=is_ours, secret=secret.strip() if scheme.lower() == "bearer" else "")

    def mint(self, randomness: bytes, *, is_public: bool, account: str) -> Minted:  # noqa: ARG002 - no accounts here
        """A key that says whose it is."""
        prefix = _BROWSER_KEY if is_public else "ow_key_"
        return Minted(secret=prefix + base64.b32encode(randomness).decode().rstrip("=").lower())

    def refuse(self, call: Call, why: Refused, *, retry_after: float | None = None) -> Reply:
        """A word, a sentence, and when to come again or what else to try."""
        status, error, message = _REFUSALS[why]
        reply = failed(status, error, message)
        if why is Refused.NOT_ALLOWED:
            return Reply(status=status, body=reply.body, headers=(("Allow", ", ".join(_allowed(call.path))),))
        if retry_after is None:
            return reply
        wait = ("Retry-After", str(max(1, round(retry_after + 0.5))))
        return Reply(status=status, body=reply.body, headers=(wait,))

    def dress(self, call: Call, reply: Reply, spent: Sequence[Spent]) -> Reply:  # noqa: ARG002 - nothing on every answer
        """Our replies wear nothing."""
        return reply


def _allowed(path: str) -> list[str]:
    """The methods that a path of this door takes."""
    parts = path.split("/")
    return sorted(
        {
            endpoint.method
            for endpoint in ENDPOINTS
            if len(shape := endpoint.path.split("/")) == len(parts)
            and all(given == wanted or wanted.startswith("{") for given, wanted in zip(parts, shape, strict=True))
        }
    )


def _endpoints() -> tuple[Endpoint, ...]:
    taking = [
        Endpoint(method="POST", path="/v1/records", answer=take_batch, work=Work.ADDS, scope=Scope.BROWSE),
        *(
            Endpoint(method="POST", path=f"/v1/{plural}", answer=taker_of(name), work=Work.ADDS, scope=Scope.BROWSE)
            for name, plural in _TAKEN.items()
        ),
    ]
    telling = [
        Endpoint(method="GET", path="/v1/people", answer=tell_people, work=Work.READS, scope=Scope.READ),
        Endpoint(method="GET", path="/v1/people/{id}", answer=tell_person, work=Work.READS, scope=Scope.READ),
        Endpoint(method="GET", path="/v1/facts", answer=tell_facts, work=Work.READS, scope=Scope.READ),
    ]
    for name, plural in _PLURALS.items():
        telling += [
            Endpoint(method="GET", path=f"/v1/{plural}", answer=teller_of(name), work=Work.READS, scope=Scope.READ),
            Endpoint(
                method="GET", path=f"/v1/{plural}/{{id}}", answer=finder_of(name), work=Work.READS, scope=Scope.READ
            ),
        ]
    description = Endpoint(method="GET", path="/openapi.json", answer=describe, work=Work.READS, scope=None)
    return (*taking, *telling, description)


ENDPOINTS = _endpoints()
DOOR = NativeDoor()
