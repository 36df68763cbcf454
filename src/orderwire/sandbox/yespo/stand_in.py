"""The stand-in itself: who may call, how often, and which path means what."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from orderwire.sandbox.kit import Answer, Call, FixedWindows, PlatformClock, StandIn
from orderwire.sandbox.yespo import contacts, events, orders, reads
from orderwire.sandbox.yespo.checks import BadItem, Refused
from orderwire.sandbox.yespo.world import World

_PATH = re.compile(r"/api(?:/v(?P<version>[12]))?/(?P<rest>.+?)/?")
_WITHOUT_VERSION = frozenset({"contact", "event", "message/email"})
_TOKEN = "sandbox-token"  # noqa: S105 - what `auth/token` hands out
_BEARER_MAY = frozenset({("POST", "event"), ("POST", "past_events"), ("DELETE", "past_events")})
_ASK_VERSION = frozenset({"event", "past_events"})
"""What v1 and v2 read differently."""
_VERSIONS: Mapping[str, tuple[int, ...]] = {
    "event": (1, 2),
    "past_events": (1, 2),
    "version": (1, 2),
    "contacts/activity": (2,),
}
_SECOND = 1.0
_LIMITS = {
    "default": 200,
    "event": 350,
    "past_events": 100,
    "past_events_delete": 5,
    "contacts_read": 50,
    "activity": 10,
}
_FAMILIES = {
    ("POST", "event"): "event",
    ("POST", "past_events"): "past_events",
    ("DELETE", "past_events"): "past_events_delete",
    ("GET", "contacts"): "contacts_read",
    ("GET", "contacts/activity"): "activity",
}


class Yespo(StandIn):
    """Yespo, formerly eSputnik.

    Options: `key`, `limits`, `people` (there before), `reject` (order ids, keys, e-mails), `async_seconds` (how long
    bulk contacts take), `segmentation` (True or the event types kept for segments), `success_body` (`empty`,
    `object`, `list`: what a clean order call answers), `collapse` (single-element lists stand alone),
    `past_depth_days`, `delete_past_events`, `contact_workflows`, `organisation`.
    """

    name = "yespo"

    def __init__(self, clock: PlatformClock, options: Mapping[str, Any] | None = None) -> None:
        super().__init__(clock, options)
        self.world = World(clock, self.options)
        self._windows = {name: FixedWindows((count, _SECOND)) for name, count in _LIMITS.items()}
        self._routes = _routes(self.world)

    def authenticate(self, call: Call) -> Answer | None:
        """Basic with any user and the key as password; a token for events only."""
        scheme, _, given = call.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            _, path = _split(call)
            return None if given.strip() == _TOKEN and (call.method, path) in _BEARER_MAY else _unauthorized()
        if scheme.lower() != "basic":
            return _unauthorized()
        try:
            plain = base64.b64decode(given.strip(), validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            return _unauthorized()
        _, colon, key = plain.partition(":")
        is_right = bool(colon and key) and key == str(self.options.get("key", key))
        return None if is_right else _unauthorized()

    def windows(self, call: Call) -> tuple[str, FixedWindows]:
        """The family of the method; everything not listed shares one."""
        family = _FAMILIES.get((call.method, _split(call)[1]), "default")
        return family, self._windows[family]

    def limited(self, call: Call, retry_after: float | None) -> Answer:  # noqa: ARG002 - no such header is documented
        """429 with nothing that says how long to wait."""
        return Answer(429, "Too Many Requests", content_type="text/plain")

    def answer(self, call: Call) -> Answer:
        """Find the method, and turn its refusal into a text."""
        self.world.settle()
        version, path = _split(call)
        others = False
        for method, pattern, serves, versions in self._routes:
            match = pattern.fullmatch(path)
            if match is None or version not in versions:
                continue
            if method != call.method:
                others = True
                continue
            try:
                return serves(call, version) if path in _ASK_VERSION else serves(call, *match.groups())
            except Refused as refusal:
                return Answer(refusal.status, refusal.text, content_type="text/plain")
            except BadItem as error:
                return Answer(400, str(error), content_type="text/plain")
        return Answer(
            405 if others else 404, "Method Not Allowed" if others else "not found", content_type="text/plain"
        )

    def holdings(self) -> dict[str, Any]:
        """People with consent, orders with the statuses sent, events, what fired and what came twice."""
        self.world.settle()
        return {
            "people": self.world.people.holdings(),
            "unsubscribed": self.world.people.unsubscribed,
            "groups": {name: sorted(members) for name, members in self.world.people.groups.items()},
            "orders": orders.holdings(self.world),
            "events": self.world.event_counts,
            "past_events": len(self.world.past_events),
            "fired": self.world.fired_counts,
            "duplicates": self.world.duplicate_count,
        }


def _routes(world: World) -> list[tuple[str, re.Pattern[str], Callable[..., Answer], tuple[int, ...]]]:
    served: tuple[tuple[str, str, Callable[..., Answer]], ...] = (
        ("POST", "orders", orders.insert),
        ("DELETE", "orders", orders.remove),
        ("POST", "event", events.generate),
        ("POST", "past_events", events.generate_past),
        ("DELETE", "past_events", lambda world, call, _version: events.remove_past(world, call)),
        ("POST", "contact", contacts.save),
        ("DELETE", "contact", contacts.delete),
        ("POST", "contact/subscribe", contacts.subscribe),
        ("GET", r"contact/(\d+)", reads.contact),
        ("PUT", r"contact/(\d+)", contacts.update),
        ("DELETE", r"contact/(\d+)", contacts.delete),
        ("POST", "contacts", contacts.save_many),
        ("GET", "contacts", reads.contacts),
        ("GET", "contacts/email", reads.emails),
        ("GET", "contacts/activity", reads.activity),
        ("GET", "importstatus/([^/]+)", reads.import_status),
        ("POST", "emails/unsubscribed/add", partial(contacts.unsubscribed, is_added=True)),
        ("POST", "emails/unsubscribed/delete", partial(contacts.unsubscribed, is_added=False)),
        ("GET", "groups", reads.groups),
        ("GET", r"group/(\d+)/contacts", reads.group_contacts),
        ("POST", r"group/(\d+)/contacts/attach", partial(reads.change_group, is_attached=True)),
        ("POST", r"group/(\d+)/contacts/detach", partial(reads.change_group, is_attached=False)),
        ("GET", "account/info", reads.account),
        ("GET", "version", lambda _world, _call: Answer(200, {"version": "55810", "protocolVersion": "1.0"})),
        ("POST", "auth/token", lambda _world, _call: Answer(200, {"token": _TOKEN})),
    )
    return [
        (method, re.compile(path), partial(serves, world), _VERSIONS.get(path, (1,)))
        for method, path, serves in served
    ]


def _split(call: Call) -> tuple[int, str]:
    """The version and the path behind it, without a trailing slash; an empty path where it is none of ours."""
    match = _PATH.fullmatch(call.path)
    if match is None or (match["version"] is None and match["rest"] not in _WITHOUT_VERSION):
        return 1, ""
    return int(match["version"] or 1), match["rest"]


def _unauthorized() -> Answer:
    return Answer(401, "Unauthorized", content_type="text/plain")
