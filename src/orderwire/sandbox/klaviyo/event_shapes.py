"""What an event must look like, single or in bulk, and the metric it is counted under."""

from __future__ import annotations

import json
from collections.abc import Container
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from orderwire.sandbox.klaviyo import shapes
from orderwire.sandbox.klaviyo.person_shapes import ATTRIBUTES, PATCH, identity_faults, unidentified
from orderwire.sandbox.klaviyo.profiles import IDENTIFIERS
from orderwire.sandbox.klaviyo.refusals import Fault
from orderwire.sandbox.klaviyo.shapes import array, document, flag, maybe, members, number, resource, text
from orderwire.sandbox.klaviyo.world import Ask, stamp

MAX_KEYS = 400
PROFILE_BYTES = 95_000
BACKFILL_SINCE = "2026-04-15"
EARLIER_FLOOR_SINCE = "2026-07-15"


def _properties(value: Any, at: str, faults: list[Fault]) -> None:
    if not isinstance(value, dict):
        faults.append(Fault("This field must be an object.", at))
    elif len(value) > MAX_KEYS:
        faults.append(Fault(f"An event may not have more than {MAX_KEYS} properties.", at))
    else:
        shapes.nested(value, at, faults, depth=0)


_METRIC = members(
    {
        "data": resource(
            "metric",
            members({"name": text(127, least=1)}, {"service": maybe(text())}, resource="metric"),
        )
    }
)
_EVENT = {"properties": _properties, "metric": _METRIC}
_OPTIONAL = {
    "time": maybe(text()),
    "value": maybe(number),
    "value_currency": maybe(shapes.currency),
    "unique_id": maybe(text(255, least=1)),
}


@cache
def single(*, has_backfill: bool) -> shapes.Check:
    """The body of POST /api/events; `backfill` is known from revision 2026-04-15."""
    on_profile = members({}, {**ATTRIBUTES, "meta": maybe(PATCH)}, resource="profile")
    of_profile = {"id": maybe(text()), "attributes": on_profile, "meta": maybe(PATCH)}
    profile = members({"data": members({"type": shapes.among("profile")}, of_profile)})
    optional = {**_OPTIONAL, "backfill": maybe(flag)} if has_backfill else _OPTIONAL
    return document(resource("event", members({**_EVENT, "profile": profile}, optional, resource="event")))


@cache
def bulk(*, has_backfill: bool) -> shapes.Check:
    """The body of POST /api/event-bulk-create-jobs."""
    extra = {"backfill": maybe(flag)} if has_backfill else {}
    event = resource("event", members(_EVENT, {**_OPTIONAL, **extra}, resource="event"))
    on_profile = members({}, ATTRIBUTES, resource="profile")
    profile = members({"data": resource("profile", on_profile, id=maybe(text()), meta=maybe(PATCH))})
    parts = {"profile": profile, "events": members({"data": array(event, least=1)})}
    entry = resource("event-bulk-create", members(parts, extra, resource="event-bulk-create"))
    listed = {"events-bulk-create": members({"data": array(entry, least=1)})}
    return document(resource("event-bulk-create-job", members(listed, resource="event-bulk-create-job")))


def profile_faults(profile: dict[str, Any], at: str, known: Container[str]) -> list[Fault]:
    """What is wrong with the profile of an event; `known` are the ids that exist."""
    attributes = profile.get("attributes", {})
    if profile.get("id"):
        fault = Fault(f"A profile with id {profile['id']} does not exist.", f"{at}/id")
        return [] if profile["id"] in known else [fault]
    if not any(attributes.get(name) for name in IDENTIFIERS):
        return [unidentified(f"{at}/attributes")]
    if len(json.dumps(attributes)) > PROFILE_BYTES:
        return [Fault("A profile may not be larger than 95 KB.", f"{at}/attributes")]
    return identity_faults(attributes, f"{at}/attributes", tolerate_phone=True)


def time_faults(attributes: dict[str, Any], at: str, ask: Ask) -> list[Fault]:
    """What is wrong with an event's time: its form, or too long ago, or more than a year ahead."""
    given = attributes.get("time")
    if given is None:
        return []
    when = shapes.moment(given)
    if when is None:
        return [Fault("Datetime has wrong format. Use ISO 8601.", f"{at}/time")]
    floor = 1990 if ask.revision >= EARLIER_FLOOR_SINCE else 2000
    if when.year <= floor or when > ask.now + timedelta(days=365):
        return [Fault(f"The time must be after the year {floor} and at most one year ahead.", f"{at}/time")]
    return []


@dataclass(frozen=True)
class Metric:
    """One metric: a name under one integration."""

    id: str
    name: str
    created: datetime

    def resource(self, base: str) -> dict[str, Any]:
        """The metric as a resource, its integration as recorded traffic shows it."""
        return {
            "type": "metric",
            "id": self.id,
            "attributes": {
                "name": self.name,
                "created": stamp(self.created),
                "updated": stamp(self.created),
                "integration": {"object": "integration", "id": "0eMvjm", "name": "API", "category": "API"},
            },
            "links": {"self": f"{base}/api/metrics/{self.id}/"},
        }


@dataclass(frozen=True, slots=True)
class Held:
    """One stored event; `properties` are kept as JSON text, which takes far less memory than the objects."""

    id: str
    profile: str
    metric: str
    at: datetime
    unique_id: str
    value: float | int | None
    properties: str

    def resource(self, base: str) -> dict[str, Any]:
        """The event as a resource: `$event_id` and `$value` come back among its properties."""
        shown = json.loads(self.properties) | {"$event_id": self.unique_id, "$value": self.value or 0.0}
        link = f"{base}/api/events/{self.id}"
        relations = {
            name: {
                "data": {"type": name, "id": identity},
                "links": {"self": f"{link}/relationships/{name}/", "related": f"{link}/{name}/"},
            }
            for name, identity in (("profile", self.profile), ("metric", self.metric))
        }
        return {
            "type": "event",
            "id": self.id,
            "attributes": {
                "timestamp": int(self.at.timestamp()),
                "event_properties": shown,
                "datetime": self.at.isoformat(sep=" "),
                "uuid": str(uuid5(NAMESPACE_URL, self.id)),
            },
            "relationships": relations,
            "links": {"self": f"{link}/"},
        }
