"""Ometria's door: every call it takes, who may make it, and how it refuses."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from hashlib import sha256

from msgspec import structs

from orderwire.dialects.contract import Window
from orderwire.dialects.doorway import (
    Call,
    Door,
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
from orderwire.dialects.ometria.door import office, push, reads, tracking
from orderwire.dialects.ometria.door.answers import Answerer, failed
from orderwire.dialects.ometria.door.offer import NOT_OFFERED

_KEY = "x-ometria-auth"
_TRACKER = re.compile(r"/track/v3/(?P<hash>[^/]+)/")
_APPS = "/v1/mobile-events"
_PUSH_BYTES = 100 * 61_441 + 2

_FAMILIES: Mapping[str, tuple[Window, ...]] = {
    "api": (Window(4, 1.0),),
    "push": (Window(8, 1.0),),
    "erasure": (Window(6, 60.0),),
}

_TEXT_BY_REFUSAL: Mapping[Refused, tuple[int, str]] = {
    # 403 is the documented answer to a missing key as well.
    Refused.NO_KEY: (403, "Forbidden"),
    Refused.BAD_KEY: (403, "Forbidden"),
    Refused.FORBIDDEN: (403, "Forbidden"),
    Refused.NOT_FOUND: (404, "Not found"),
    Refused.NOT_ALLOWED: (405, "Method not allowed"),
    Refused.LIMITED: (429, "Too many requests"),
    Refused.TOO_LARGE: (413, "Payload invalid: it is too large"),
    Refused.NOT_READABLE: (400, "Payload invalid: it cannot be read"),
    Refused.UNAVAILABLE: (503, "The service is not available at the moment"),
    Refused.BROKEN: (500, "Internal error"),
}


def _reads(path: str, answer: Answerer, note: str = "") -> Endpoint:
    return Endpoint(
        method="GET", path=path, answer=answer, work=Work.READS, scope=Scope.READ, family="api", note=note
    )


def _takes(path: str, answer: Answerer, family: str = "api", max_body: int = 70_000, note: str = "") -> Endpoint:
    return Endpoint(
        method="POST", path=path, answer=answer, work=Work.CHANGES, family=family, max_body=max_body, note=note
    )


def _browses(method: str, path: str, answer: Answerer, work: Work = Work.ADDS, note: str = "") -> Endpoint:
    return Endpoint(
        method=method, path=path, answer=answer, work=work, scope=Scope.BROWSE, max_body=1_000_000, note=note
    )


_KEPT = "Fields that a record does not carry stay, with `@merge` and without it."
_GUESSED = "The path is a guess: it is not in the documentation we could read."

ENDPOINTS: tuple[Endpoint, ...] = (
    _takes("/v2/push", push.push, "push", _PUSH_BYTES, note=_KEPT),
    _reads("/v2/push/_errors", push.show_errors),
    _takes("/v2/custom-events", push.one_of("custom_event")),
    _takes("/v2/products/{id}", push.one_of("product"), note=_KEPT),
    _takes("/v2/contacts/{collection}/{id}", push.one_of("contact"), note=_GUESSED),
    _reads("/v2/products", reads.show_products),
    _reads("/v2/products/{id}", reads.show_product),
    _reads("/v2/orders", reads.show_orders),
    _reads("/v2/orders/{id}", reads.show_order),
    _reads("/v2/contacts", reads.show_collections, note=_GUESSED),
    _reads("/v2/contacts/{collection}", reads.show_contacts, note=_GUESSED),
    _reads("/v2/contacts/{collection}/{id}", reads.show_contact, note=_GUESSED),
    _reads("/v2/profiles", reads.show_profiles, note="People of the whole ledger; `stats` with one profile only."),
    _reads("/v2/profiles/{id}", reads.show_profile),
    _reads("/v2/lists", reads.show_lists, note="Static lists that contacts were put into."),
    _reads("/v2/lists/{id}", reads.show_list),
    _reads("/v2/unsubscribes", office.show_unsubscribes, note="The shape of a row is a guess."),
    _reads("/v2/data-deletion-requests", office.show_requests),
    _takes("/v2/data-deletion-requests", office.ask_to_forget, "erasure", note="Carried out by the operator."),
    _browses("GET", "/track/v3/{hash}/event.gif", tracking.take_beacon, note="Transactions are events, not orders."),
    _browses("POST", "/track/v3/{hash}/event.html", tracking.take_beacon),
    _browses("POST", _APPS, tracking.take_app_events, note="Completed orders are events, not orders."),
    _browses("POST", f"{_APPS}/validate", tracking.validate_app_events, Work.READS),
)


class OmetriaDoor:
    """Ometria's API as its clients know it."""

    @property
    def name(self) -> str:
        """The dialect's name."""
        return "ometria"

    @property
    def title(self) -> str:
        """The platform's name as it is written."""
        return "Ometria"

    @property
    def endpoints(self) -> Sequence[Endpoint]:
        """Every call this door takes."""
        return ENDPOINTS

    @property
    def families(self) -> Mapping[str, tuple[Window, ...]]:
        """The rate windows of each family, as the platform documents them."""
        return _FAMILIES

    @property
    def not_offered(self) -> Sequence[NotOffered]:
        """Calls of the platform that this door has not."""
        return NOT_OFFERED

    def presents(self, call: Call) -> Presented:
        """The key in its header, or the account's hash in a tracker's path."""
        if found := _TRACKER.match(call.path):
            return Presented(is_ours=True, secret=found["hash"])
        secret = call.headers.get(_KEY, "").strip()
        return Presented(is_ours=_KEY in call.headers or call.path.startswith(_APPS), secret=secret)

    def mint(self, randomness: bytes, *, is_public: bool, account: str) -> Minted:
        """A key of 32 hexadecimal digits; for browsers and apps the account's hash, which every page shows."""
        number = account or sha256(b"ometria account" + randomness).hexdigest()[:16]
        return Minted(secret=number if is_public else randomness[:16].hex(), account=number)

    def refuse(self, call: Call, why: Refused, *, retry_after: float | None = None) -> Reply:
        """A status and a JSON body, to apps in the form that they read."""
        status, text = _TEXT_BY_REFUSAL[why]
        reply = tracking.app_problem(status, text) if call.path.startswith(_APPS) else failed(status, text)
        if why is Refused.LIMITED and retry_after is not None:
            return structs.replace(reply, headers=(("Retry-After", str(max(1, round(retry_after)))),))
        return reply

    def dress(self, call: Call, reply: Reply, spent: Sequence[Spent]) -> Reply:  # noqa: ARG002
        """The reply as it is: the platform puts nothing on its answers that clients read."""
        return reply


DOOR: Door = OmetriaDoor()
