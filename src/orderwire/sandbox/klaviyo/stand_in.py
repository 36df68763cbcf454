"""The stand-in: endpoints with their rate tiers, keys, revisions, headers, and what is held."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote
from uuid import NAMESPACE_URL, uuid5

from orderwire.sandbox.kit import Answer, Call, FixedWindows, PlatformClock, Spent, StandIn
from orderwire.sandbox.klaviyo.catalog import Catalog
from orderwire.sandbox.klaviyo.catalog_shapes import CATEGORY, ITEM, VARIANT
from orderwire.sandbox.klaviyo.consents import Consents
from orderwire.sandbox.klaviyo.endpoints import (
    XS,
    Endpoint,
    M,
    accounts,
    of_catalog,
    of_consents,
    of_events,
    of_people,
)
from orderwire.sandbox.klaviyo.events import Events
from orderwire.sandbox.klaviyo.lists import Lists
from orderwire.sandbox.klaviyo.people import People
from orderwire.sandbox.klaviyo.profiles import Permission, Profile, Profiles, spelled
from orderwire.sandbox.klaviyo.refusals import Fault, Refused
from orderwire.sandbox.klaviyo.shapes import moment
from orderwire.sandbox.klaviyo.world import Ask, Jobs

OLDEST_REVISION = "2024-10-15"
"""Two years before the newest; earlier ones are retired."""
_REVISION = re.compile(r"\d{4}-\d{2}-\d{2}(\.[a-z0-9]+)?")
SEED_LISTS = ({"id": "NEWS01", "name": "Newsletter", "opt_in_process": "single_opt_in"},)
SEED_STATES = {
    "subscribed": ("SUBSCRIBED", None),
    "unsubscribed": ("UNSUBSCRIBED", "UNSUBSCRIBE"),
    "never_subscribed": ("NEVER_SUBSCRIBED", None),
    "suppressed": ("NEVER_SUBSCRIBED", "USER_SUPPRESSED"),
    "bounced": ("SUBSCRIBED", "HARD_BOUNCE"),
    "complained": ("UNSUBSCRIBED", "SPAM_COMPLAINT"),
    "invalid": ("NEVER_SUBSCRIBED", "INVALID_EMAIL"),
}


class Klaviyo(StandIn):
    """Klaviyo's server API.

    Options: `key` (the only right private key; without it any is), `reject` (event ids, e-mails and catalog ids that
    are refused), `people` (who is there from the start: email, status out of `SEED_STATES`, changed_at), `lists`,
    `opt_in` (the account's default, `double_opt_in`), `job_seconds` (how long jobs take, platform seconds), `limits`.
    """

    name = "klaviyo"

    def __init__(self, clock: PlatformClock, options: Mapping[str, Any] | None = None) -> None:
        super().__init__(clock, options)
        bad = frozenset(map(str, self.options.get("reject", ())))
        opt_in = str(self.options.get("opt_in", "double_opt_in"))
        self.jobs = Jobs(float(self.options.get("job_seconds", 2.0)))
        self.profiles = Profiles()
        self.events = Events(self.profiles, bad)
        self.lists = Lists(self.profiles, self.options.get("lists", SEED_LISTS), clock.now(), opt_in)
        self.people = People(self.profiles, self.jobs, bad, self.events)
        self.consents = Consents(self.profiles, self.lists, self.jobs, bad, opt_in=opt_in)
        self.catalog = Catalog(self.jobs, bad)
        for seed in self.options.get("people", ()):
            self._seed(seed)
        self._endpoints = [(one, one.pattern, FixedWindows(*one.tier)) for one in self._table()]
        self._costly = FixedWindows(*M)

    def authenticate(self, call: Call) -> Answer | None:
        """`Klaviyo-API-Key <private key>` or `Bearer <token>`; else 401."""
        scheme, _, key = call.headers.get("authorization", "").partition(" ")
        right = self.options.get("key")
        if scheme in ("Klaviyo-API-Key", "Bearer") and key.strip() and (right is None or key.strip() == right):
            return None
        fault = Fault(
            "Missing or invalid private key.",
            code="not_authenticated",
            title="Authentication credentials were not provided.",
        )
        answer = self._refusal(call, Refused(401, fault))
        answer.headers["WWW-Authenticate"] = "Bearer, Klaviyo-API-Key"
        return answer

    def windows(self, call: Call) -> tuple[str, FixedWindows] | None:
        """The windows of the endpoint; predictive analytics have a smaller budget of their own."""
        for endpoint, pattern, windows in self._endpoints:
            if endpoint.method == call.method and pattern.fullmatch(_path(call)):
                if "predictive_analytics" in call.query.get("additional-fields[profile]", ""):
                    return "predictive_analytics", self._costly
                return f"{endpoint.method} {endpoint.path}", windows
        return None

    def limited(self, call: Call, retry_after: float | None) -> Answer:
        """429 without RateLimit headers; whole seconds in `Retry-After` and in the text."""
        detail = "Request was throttled."
        headers = {}
        if retry_after is not None:
            seconds = math.ceil(retry_after)
            detail += f" Expected available in {seconds} second{'' if seconds == 1 else 's'}."
            headers["Retry-After"] = str(seconds)
        answer = self._refusal(call, Refused(429, Fault(detail, "/data", code="throttled", title=detail[:22])))
        guide = "https://developers.klaviyo.com/en/docs/rate_limits_and_error_handling"
        answer.body["errors"][0]["links"] = {"type": guide}
        answer.headers |= headers
        return answer

    def answer(self, call: Call) -> Answer:
        """Find the endpoint and the revision, then answer."""
        path = _path(call)
        found = [(endpoint, match) for endpoint, pattern, _ in self._endpoints if (match := pattern.fullmatch(path))]
        if not found:
            return Answer(404, "No valid revisions found for method", content_type="text/plain")
        for endpoint, match in found:
            if endpoint.method == call.method:
                return self._answer(endpoint, tuple(map(unquote, match.groups())), call)
        fault = Fault(f"Method '{call.method}' not allowed.", code="method_not_allowed", title="Method not allowed.")
        return self._refusal(call, Refused(405, fault))

    def decorate(self, call: Call, answer: Answer, spent: Spent | None) -> None:
        """Request id, public key and revision on every answer; rate headers of the fullest window."""
        answer.headers |= {
            "X-Klaviyo-Req-Id": _request_id(call),
            "Cid": "PUBKEY",
            "X-Klaviyo-Api-Revision": call.headers.get("revision", ""),
        }
        family = self.windows(call)
        if spent is None or family is None:
            return
        windows = family[1].windows
        fullest = min(range(len(windows)), key=lambda place: spent.remaining[place])
        listed = ", ".join(f"{count};w={per:g}" for count, per in windows)
        answer.headers |= {
            "RateLimit-Limit": f"{windows[fullest][0]}, {listed}",
            "RateLimit-Remaining": str(spent.remaining[fullest]),
            "RateLimit-Reset": str(math.ceil(spent.resets[fullest])),
        }

    def holdings(self) -> dict[str, Any]:
        """Everything held, people by e-mail."""
        metrics = {metric.id: metric.name for metric in self.events.metrics.values()}
        counts: dict[str, int] = {}
        for event in self.events.by_id.values():
            counts[metrics[event.metric]] = counts.get(metrics[event.metric], 0) + 1
        return {
            "people": {spelled(one.identifiers, one.id): _person(one) for one in self.profiles.by_id.values()},
            "events": counts,
            "event_total": len(self.events.by_id),
            "fired": self.events.fired,
            "duplicates": self.events.duplicates,
            "products": {one.id: one.attributes for one in self.catalog.held[ITEM.name].values()},
            "variants": {one.id: one.attributes for one in self.catalog.held[VARIANT.name].values()},
            "categories": {one.id: one.attributes for one in self.catalog.held[CATEGORY.name].values()},
            "lists": {one.id: one.name for one in self.lists.by_id.values()},
            "erased": self.people.erased,
        }

    def _table(self) -> list[Endpoint]:
        return [
            Endpoint("GET", "/api/accounts", XS, accounts),
            *of_events(self.events),
            *of_people(self.people),
            *of_consents(self.consents, self.lists),
            *of_catalog(self.catalog),
        ]

    def _answer(self, endpoint: Endpoint, args: tuple[str, ...], call: Call) -> Answer:
        try:
            ask = Ask(call, self._revision(call), args, datetime.fromtimestamp(call.at, UTC))
            return endpoint.answer(ask)
        except Refused as refused:
            return self._refusal(call, refused)

    def _revision(self, call: Call) -> str:
        revision = call.headers.get("revision", "")
        if not _REVISION.fullmatch(revision):
            fault = Fault("The revision header is missing or is not a date.", "/data/")
            raise Refused(400, fault)
        if revision < OLDEST_REVISION:
            raise Refused(410, Fault(f"Revision {revision} is no longer available.", code="gone", title="Gone."))
        return revision

    def _refusal(self, call: Call, refused: Refused) -> Answer:
        identity = _request_id(call)
        headers = {"X-Klaviyo-Req-Id": identity}
        return Answer(refused.status, refused.document(identity), headers, content_type="application/vnd.api+json")

    def _seed(self, seed: Mapping[str, Any]) -> None:
        now = self.clock.now()
        at = moment(seed.get("changed_at")) or now
        consent, suppression = SEED_STATES[seed["status"]]
        profile = self.profiles.create(now)
        self.profiles.change(profile, {"email": seed["email"]}, now)
        dated = None if consent == "NEVER_SUBSCRIBED" else at
        profile.email = Permission(consent, dated, dated, "SEED")
        if suppression is not None:
            profile.suppressions.append((suppression, at))


def _path(call: Call) -> str:
    """The raw path without a trailing slash and doubled slashes."""
    return re.sub("/{2,}", "/", call.path).rstrip("/")


def _request_id(call: Call) -> str:
    return str(uuid5(NAMESPACE_URL, f"request:{call.number}"))


def _person(profile: Profile) -> dict[str, Any]:
    return {
        "id": profile.id,
        **profile.identifiers,
        "email_consent": profile.email.consent,
        "email_is_pending": profile.email.is_pending,
        "sms_consent": profile.sms.consent,
        "suppressions": [reason for reason, _ in profile.suppressions],
        "method": profile.email.method,
        "consented_at": profile.email.consented_at.isoformat() if profile.email.consented_at else None,
        "lists": list(profile.lists),
        "properties": profile.properties,
    }
