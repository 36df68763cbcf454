"""Events: single and bulk creation, deduplication, metrics, and reading back."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from orderwire.sandbox.kit import Answer
from orderwire.sandbox.klaviyo import shapes
from orderwire.sandbox.klaviyo.event_shapes import (
    BACKFILL_SINCE,
    Held,
    Metric,
    bulk,
    profile_faults,
    single,
    time_faults,
)
from orderwire.sandbox.klaviyo.profiles import Profile, Profiles, is_test_address, spelled
from orderwire.sandbox.klaviyo.queries import RANGE, Paging, conditions, sparse
from orderwire.sandbox.klaviyo.refusals import Fault, not_found, refuse_if
from orderwire.sandbox.klaviyo.world import Ask, rejected
from orderwire.sandbox.klaviyo.world import document as answered

MAX_BULK_EVENTS = 1000
_SORTS = {"datetime": lambda event: event.at, "timestamp": lambda event: event.at}
PAGING = Paging(200, 1000, _SORTS, "-datetime")
METRIC_PAGING = Paging(200, 200, {"id": lambda metric: metric.id}, "id")
FILTERS = {
    "metric_id": frozenset({"equals"}),
    "profile_id": frozenset({"equals"}),
    "profile": frozenset({"has"}),
    "metric": frozenset({"has"}),
    "datetime": RANGE,
    "timestamp": RANGE,
}
METRIC_FILTERS = {"integration.name": frozenset({"equals"}), "integration.category": frozenset({"equals"})}


class Events:
    """The event endpoints over the stand-in's profiles."""

    def __init__(self, profiles: Profiles, bad: frozenset[str]) -> None:
        self.profiles = profiles
        self.bad = bad
        self.metrics: dict[str, Metric] = {}
        self.by_id: dict[str, Held] = {}
        self.by_key: dict[tuple[str, str, str], str] = {}
        self.fired = 0
        self.duplicates = 0
        self._given = 0

    def create(self, ask: Ask) -> Answer:
        """POST /api/events: 202 and nothing more."""
        attributes = ask.body(single(has_backfill=ask.revision >= BACKFILL_SINCE))["attributes"]
        profile = attributes["profile"]["data"]
        at = "/data/attributes"
        faults = self._profile_faults(profile, f"{at}/profile/data")
        faults += self._event_faults(attributes, at, ask)
        refuse_if(faults)
        answer = Answer(202)
        self._keep(profile, attributes, answer, ask, quiet=bool(attributes.get("backfill")))
        return answer

    def create_bulk(self, ask: Ask) -> Answer:
        """POST /api/event-bulk-create-jobs: 202, empty, no job to follow; duplicates are dropped silently."""
        entries = ask.body(bulk(has_backfill=ask.revision >= BACKFILL_SINCE))["attributes"]["events-bulk-create"][
            "data"
        ]
        total = sum(len(entry["attributes"]["events"]["data"]) for entry in entries)
        faults: list[Fault] = []
        if total > MAX_BULK_EVENTS:
            detail = f"A request may not hold more than {MAX_BULK_EVENTS} events."
            faults.append(Fault(detail, "/data/attributes/events-bulk-create/data"))
        for place, entry in enumerate(entries):
            at = f"/data/attributes/events-bulk-create/data/{place}/attributes"
            attributes = entry["attributes"]
            faults += self._profile_faults(attributes["profile"]["data"], f"{at}/profile/data")
            for index, event in enumerate(attributes["events"]["data"]):
                faults += self._event_faults(event["attributes"], f"{at}/events/data/{index}/attributes", ask)
        refuse_if(faults)
        answer = Answer(202)
        for entry in entries:
            attributes = entry["attributes"]
            for event in attributes["events"]["data"]:
                quiet = bool(event["attributes"].get("backfill") or attributes.get("backfill"))
                self._keep(attributes["profile"]["data"], event["attributes"], answer, ask, quiet=quiet)
        return answer

    def read_many(self, ask: Ask) -> Answer:
        """GET /api/events, newest first."""
        asked = conditions(ask.query.get("filter", ""), FILTERS)
        found = [event for event in self.by_id.values() if all(one.holds(_held(event, one.field)) for one in asked)]
        page = PAGING.page(found, ask.query, ask.url)
        answer = answered([sparse(event.resource(ask.base), ask.query) for event in page.members], ask, page.links)
        included = self._included(page.members, ask)
        if included:
            answer.body["included"] = included
        return answer

    def read_one(self, ask: Ask) -> Answer:
        """GET /api/events/{id}."""
        if ask.args[0] not in self.by_id:
            raise not_found("event", ask.args[0])
        return answered(self.by_id[ask.args[0]].resource(ask.base), ask)

    def read_metrics(self, ask: Ask) -> Answer:
        """GET /api/metrics."""
        asked = conditions(ask.query.get("filter", ""), METRIC_FILTERS)
        found = [metric for metric in self.metrics.values() if all(one.holds("API") for one in asked)]
        page = METRIC_PAGING.page(found, ask.query, ask.url)
        return answered([sparse(metric.resource(ask.base), ask.query) for metric in page.members], ask, page.links)

    def read_metric(self, ask: Ask) -> Answer:
        """GET /api/metrics/{id}."""
        for metric in self.metrics.values():
            if metric.id == ask.args[0]:
                return answered(metric.resource(ask.base), ask)
        raise not_found("metric", ask.args[0])

    def forget(self, profile: Profile) -> None:
        """Remove a person's events."""
        gone = {event.id for event in self.by_id.values() if event.profile == profile.id}
        self.by_id = {identity: event for identity, event in self.by_id.items() if identity not in gone}
        self.by_key = {key: identity for key, identity in self.by_key.items() if identity not in gone}

    def move(self, source: str, into: str) -> None:
        """Give a merged profile's events to the profile it was merged into."""
        for key, identity in [pair for pair in self.by_key.items() if pair[0][0] == source]:
            held = self.by_id[identity]
            moved = Held(held.id, into, held.metric, held.at, held.unique_id, held.value, held.properties)
            self.by_id[identity] = moved
            del self.by_key[key]
            self.by_key.setdefault((into, key[1], key[2]), identity)

    def _included(self, events: list[Held], ask: Ask) -> list[dict[str, Any]]:
        wanted = ask.query.get("include", "").split(",")
        found: dict[str, dict[str, Any]] = {}
        if "metric" in wanted:
            used = {event.metric for event in events}
            found |= {one.id: one.resource(ask.base) for one in self.metrics.values() if one.id in used}
        if "profile" in wanted:
            found |= {one: self.profiles.get(one).resource(ask.base) for one in {event.profile for event in events}}
        return [sparse(one, ask.query) for one in found.values()]

    def _profile_faults(self, profile: dict[str, Any], at: str) -> list[Fault]:
        if spelled(profile.get("attributes", {})) in self.bad:
            return [Fault("This profile is refused.", f"{at}/attributes")]
        return profile_faults(profile, at, self.profiles.by_id)

    def _event_faults(self, attributes: dict[str, Any], at: str, ask: Ask) -> list[Fault]:
        if attributes.get("unique_id") in self.bad:
            return [Fault("This event is refused.", at)]
        return time_faults(attributes, at, ask)

    def _keep(
        self, sent: dict[str, Any], attributes: dict[str, Any], answer: Answer, ask: Ask, *, quiet: bool
    ) -> None:
        on_profile = sent.get("attributes", {})
        if is_test_address(on_profile):
            answer.kept.append(rejected(str(attributes.get("unique_id")), "test address: accepted and dropped"))
            return
        at = shapes.moment(attributes.get("time")) or ask.now.astimezone(UTC).replace(microsecond=0)
        profile = self.profiles.find(on_profile, sent.get("id")) or self.profiles.create(ask.now)
        self._describe(profile, sent, ask.now)
        name = attributes["metric"]["data"]["attributes"]["name"]
        metric = self._metric(name, ask.now)
        unique_id = attributes.get("unique_id") or str(int(at.timestamp()))
        key = (profile.id, metric.id, unique_id)
        is_duplicate = key in self.by_key
        if is_duplicate:
            self.duplicates += 1
        else:
            self._store(key, at, attributes)
            profile.last_event = max(profile.last_event or at, at)
        person = spelled(on_profile, profile.id)
        properties = attributes["properties"]
        lines = properties.get("Items")
        answer.kept.append(
            {
                "type": "event",
                "metric": name,
                "id": unique_id,
                "person": person,
                "occurred_at": attributes.get("time") or at.isoformat(),
                "quiet": quiet,
                "duplicate": is_duplicate,
                "amount": attributes.get("value"),
                "currency": attributes.get("value_currency"),
                "lines": len(lines) if isinstance(lines, list) else None,
            }
        )
        if not quiet and not is_duplicate:
            self.fired += 1
            answer.fired.append({"trigger": "metric", "metric": name, "id": unique_id, "person": person})

    def _describe(self, profile: Profile, sent: dict[str, Any], now: datetime) -> None:
        attributes = sent.get("attributes", {})
        phone = attributes.get("phone_number")
        if phone is not None and not shapes.is_phone(str(phone)):
            attributes = {name: value for name, value in attributes.items() if name != "phone_number"}
        self.profiles.change(profile, attributes, now)
        for meta in (sent.get("meta"), attributes.get("meta")):
            if meta:
                self.profiles.patch(profile, meta)

    def _metric(self, name: str, now: datetime) -> Metric:
        if name not in self.metrics:
            self.metrics[name] = Metric(f"M{len(self.metrics) + 1:05d}", name, now)
        return self.metrics[name]

    def _store(self, key: tuple[str, str, str], at: datetime, attributes: dict[str, Any]) -> None:
        self._given += 1
        identity = f"E{self._given:010d}"
        properties = json.dumps(attributes["properties"], separators=(",", ":"))
        self.by_id[identity] = Held(identity, key[0], key[1], at, key[2], attributes.get("value"), properties)
        self.by_key[key] = identity


def _held(event: Held, field: str) -> Any:
    match field:
        case "metric_id" | "metric":
            return event.metric
        case "profile_id" | "profile":
            return event.profile
        case "timestamp":
            return int(event.at.timestamp())
        case _:
            return event.at
