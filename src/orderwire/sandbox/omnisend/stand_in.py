"""The stand-in of Omnisend: keys, versions, limits and the table of calls."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import date
from typing import Any

from orderwire.sandbox.kit import Answer, Call, FixedWindows, PlatformClock, StandIn
from orderwire.sandbox.kit.limits import Spent
from orderwire.sandbox.omnisend import contacts
from orderwire.sandbox.omnisend.calls import route
from orderwire.sandbox.omnisend.office import Office
from orderwire.sandbox.omnisend.problems import Refused, problem

VERSION = "2026-03-15"
PREVIEW = "2026-preview"


class Omnisend(StandIn):
    """Omnisend's current API.

    Options: `key` (the only right one), `reject` (wire ids of bad items), `people` (present before the first sync),
    `origin` (the events' right origin), `historical_after` and `batch_seconds` (platform seconds), `stop_after`
    (refused items that stop a batch), `newest_first` (how batches are listed: their order is not documented),
    `limits`.
    """

    name = "omnisend"

    def __init__(self, clock: PlatformClock, options: Mapping[str, Any] | None = None) -> None:
        super().__init__(clock, options)
        self.general = FixedWindows((400, 60.0))
        self.tagging = FixedWindows((60, 60.0))
        self.office = Office(clock, self.options)

    def authenticate(self, call: Call) -> Answer | None:
        """An API key under its own scheme, or a bearer token."""
        scheme, _, key = call.headers.get("authorization", "").partition(" ")
        right = self.options.get("key")
        if scheme in ("Omnisend-API-Key", "Bearer") and key.strip() and (right is None or key.strip() == right):
            return None
        return Answer(401, problem(401, "unauthorized", "API key or access token is missing or wrong", call.number))

    def windows(self, call: Call) -> tuple[str, FixedWindows] | None:
        """400 a minute, and 60 for tagging many contacts."""
        if call.path == "/api/contacts/tags":
            return "tags", self.tagging
        return "general", self.general

    def limited(self, call: Call, retry_after: float | None) -> Answer:
        """A problem with `retryAfter` in its body; there is no such header."""
        body = problem(429, "too-many-requests", "Rate limit exceeded", call.number)
        if retry_after is None:
            return Answer(429, body)
        seconds = max(1, math.ceil(retry_after))
        limit = 60 if call.path == "/api/contacts/tags" else 400
        return Answer(429, body | {"retryAfter": seconds}, _rate_headers(limit, 0, seconds))

    def decorate(self, call: Call, answer: Answer, spent: Spent | None) -> None:
        """The state of the minute, on every answer."""
        family = self.windows(call)
        if spent is not None and family is not None:
            limit = family[1].windows[0][0]
            answer.headers.update(_rate_headers(limit, spent.remaining[0], math.ceil(spent.resets[0])))

    def answer(self, call: Call) -> Answer:
        """Check the version, find the call, carry it out."""
        try:
            _check_version(call.headers.get("omnisend-version"))
            outcome = route(self.office, call)
        except Refused as refused:
            return Answer(refused.status, refused.body(call.number))
        self.office.account.fired.update(str(fired["trigger"]) for fired in outcome.fired)
        return Answer(outcome.status, outcome.body, kept=outcome.kept, fired=outcome.fired)

    def holdings(self) -> dict[str, Any]:
        """Everything held."""
        account = self.office.account
        return {
            "people": [
                contacts.resource(contact)
                | {"how": {channel: standing.how for channel, standing in contact.standings.items()}}
                for contact in account.contacts.values()
            ],
            "events": dict(account.events),
            "orders": {order: dict(names) for order, names in account.orders.items()},
            "products": list(account.products.values()),
            "categories": list(account.categories.values()),
            "batches": {batch.batch_id: batch.header(self.clock.seconds()) for batch in self.office.batches.values()},
            "fired": dict(account.fired),
            "duplicates": account.counts["duplicates"],
            "ignored": account.counts["ignored"],
            "unmatched": account.counts["unmatched"],
            "oversized_batches": account.counts["oversized"],
        }


def _rate_headers(limit: int, left: int, seconds: int) -> dict[str, str]:
    return {
        "X-Rate-Limit-Limit": str(limit),
        "X-Rate-Limit-Remaining": str(left),
        "X-Rate-Limit-Reset": str(seconds),
    }


def _check_version(version: str | None) -> None:
    """Refuse a call without a version that is still served; a later date means the newest before it."""
    if version == PREVIEW:
        return
    try:
        released = date.fromisoformat(version if version and len(version) == len(VERSION) else "")
    except ValueError:
        raise Refused(400, "invalid-version", "The header Omnisend-Version is missing or no version") from None
    if released < date.fromisoformat(VERSION):
        raise Refused(410, "version-retired", "This version is no longer served")
