"""Events shown: the facts of the ledger as events of their metrics, by filter and one at a time."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from orderwire.dialects.doorway import Call, Endpoint, Reply, Shelves, Wanted
from orderwire.dialects.klaviyo.door import ids, metrics
from orderwire.dialects.klaviyo.door.answering import read
from orderwire.dialects.klaviyo.door.documents import Resource, many, one, reference, related, resource
from orderwire.dialects.klaviyo.door.faults import not_found
from orderwire.dialects.klaviyo.door.profiles_out import profile_resource
from orderwire.dialects.klaviyo.door.properties import instant_of
from orderwire.dialects.klaviyo.door.queries import Asked, Offer, asked
from orderwire.dialects.klaviyo.door.telling import KINDS, Shown, events_of
from orderwire.model import Kind

_COMPARED = ("greater-than", "greater-or-equal", "less-than", "less-or-equal")
OFFER = Offer(
    filters={
        "metric_id": ("equals",),
        "profile_id": ("equals",),
        "profile": ("has",),
        "metric": ("has",),
        "datetime": _COMPARED,
        "timestamp": _COMPARED,
    },
    sorts=("datetime", "timestamp"),
    size=200,
    most=1000,
    include=("metric", "profile", "attributions"),
)
_GREGORIAN = 0x01B21DD213814000


def event_resource(call: Call, shown: Shown) -> Resource:
    """An event as a resource, as the platform shows it."""
    fact = shown.fact
    when = fact.occurred_at.astimezone(UTC).replace(microsecond=0)
    linked: dict[str, Any] = {
        "profile": reference("profile", ids.profile_id(fact.person)) if fact.person is not None else None,
        "metric": reference("metric", shown.metric.id),
        "attributions": [],
    }
    attributes = {
        "timestamp": int(when.timestamp()),
        "event_properties": shown.properties,
        "datetime": when.isoformat(sep=" "),
        "uuid": _uuid(shown),
    }
    return resource(call, "event", shown.id, attributes, plural="events", linked=linked)


def _uuid(shown: Shown) -> str:
    ticks = int(Decimal(shown.fact.occurred_at.timestamp()) * 10**7) + _GREGORIAN
    node = int.from_bytes(ids.digest("event", shown.id, size=8), "big") & (2**62 - 1)
    low, middle, high = ticks & 0xFFFFFFFF, (ticks >> 32) & 0xFFFF, (ticks >> 48) & 0x0FFF
    return str(UUID(int=(low << 96) | (middle << 80) | ((0x1000 | high) << 64) | (1 << 63) | node))


def get_many(call: Call, shelves: Shelves) -> Reply:
    """GET /api/events."""
    wanted = asked(call, OFFER)
    page: list[Shown] = []
    following = ""
    for shown in _found(shelves, wanted):
        if len(page) == wanted.size:
            last = page[-1]
            following = f"{last.fact.occurred_at.isoformat()}|{last.fact.seq}|{last.part}"
            break
        page.append(shown)
    included = _included(call, shelves, page, wanted) if wanted.include else None
    return many(call, [event_resource(call, shown) for shown in page], following=following, included=included)


def _found(shelves: Shelves, wanted: Asked) -> Iterator[Shown]:
    """The events asked for, in order, behind the place that the cursor names."""
    since, until = _span(wanted)
    is_newest_first = wanted.is_descending or not wanted.sort
    metric_ids = {one.value for one in wanted.of("metric_id")}
    kinds = _kinds(shelves, metric_ids)
    people = {ids.person_of(one.value) for one in wanted.of("profile_id")}
    if (metric_ids and not kinds) or None in people or len(people) > 1:
        return
    after, part = _place(wanted.cursor, is_newest_first=is_newest_first)
    seen = after[1] + (-1 if is_newest_first else 1) if after else None
    while facts := shelves.facts(
        Wanted(
            person=next(iter(people), None),
            kinds=kinds or KINDS,
            since=since,
            until=until,
            after=after,
            is_newest_first=is_newest_first,
            limit=wanted.size + 1,
        )
    ):
        for fact in facts:
            for shown in events_of(fact):
                is_new = fact.seq != seen or shown.part > part
                if is_new and (not metric_ids or shown.metric.id in metric_ids):
                    yield shown
        after = (facts[-1].occurred_at, facts[-1].seq)


def _place(cursor: str, *, is_newest_first: bool) -> tuple[tuple[datetime, int] | None, int]:
    """The fact just before the one that the cursor is in, and the part of that one seen last."""
    try:
        when, seq, part = cursor.split("|")
        return (datetime.fromisoformat(when), int(seq) + (1 if is_newest_first else -1)), int(part)
    except ValueError:
        return None, -1


def _span(wanted: Asked) -> tuple[datetime | None, datetime | None]:
    since: datetime | None = None
    until: datetime | None = None
    for condition in (*wanted.of("datetime"), *wanted.of("timestamp")):
        bound = instant_of(condition.value)
        if bound is None:
            continue
        match condition.function:
            case "greater-than":
                since = max(since or bound, bound + timedelta(seconds=1))
            case "greater-or-equal":
                since = max(since or bound, bound)
            case "less-than":
                until = min(until or bound, bound)
            case _:
                until = min(until or bound + timedelta(seconds=1), bound + timedelta(seconds=1))
    return since, until


def _kinds(shelves: Shelves, metric_ids: set[str]) -> tuple[str, ...]:
    found = [metrics.find(shelves, one) for one in metric_ids]
    kinds = {metric.kind for metric in found if metric is not None}
    return tuple(Kind.ORDER_PLACED.value if kind == metrics.ORDERED else kind for kind in sorted(kinds))


def _included(call: Call, shelves: Shelves, page: list[Shown], wanted: Asked) -> list[Resource]:
    found: list[Resource] = []
    if "metric" in wanted.include:
        named = {shown.metric.id: shown.metric for shown in page}
        found += [metrics.metric_resource(call, metric) for metric in named.values()]
    if "profile" in wanted.include:
        numbers = dict.fromkeys(shown.fact.person for shown in page if shown.fact.person is not None)
        known = [shelves.person(number) for number in numbers]
        found += [profile_resource(call, shelves, person) for person in known if person is not None]
    return found


def event_at(call: Call, shelves: Shelves) -> Shown:
    """The event whose id stands in the path.

    Raises:
        Refusal: it is no event's.
    """
    identity = call.parameters["id"]
    place = ids.fact_of(identity)
    if place is not None:
        second, seq, part = place
        after: tuple[datetime, int] | None = None
        until = second + timedelta(seconds=1)
        while facts := shelves.facts(Wanted(kinds=KINDS, since=second, until=until, after=after, limit=500)):
            for fact in facts:
                if fact.seq == seq:
                    events = events_of(fact)
                    if part < len(events):
                        return events[part]
            after = (facts[-1].occurred_at, facts[-1].seq)
    raise not_found("event", identity)


def get_one(call: Call, shelves: Shelves) -> Reply:
    """GET /api/events/{id}."""
    wanted = asked(call, Offer(include=OFFER.include))
    shown = event_at(call, shelves)
    included = _included(call, shelves, [shown], wanted) if wanted.include else None
    return one(call, event_resource(call, shown), included=included)


def get_metric_of(call: Call, shelves: Shelves) -> Reply:
    """GET /api/events/{id}/metric."""
    return one(call, metrics.metric_resource(call, event_at(call, shelves).metric))


def get_metric_id_of(call: Call, shelves: Shelves) -> Reply:
    """GET /api/events/{id}/relationships/metric."""
    return related(call, "metric", event_at(call, shelves).metric.id)


def get_profile_of(call: Call, shelves: Shelves) -> Reply:
    """GET /api/events/{id}/profile."""
    number = event_at(call, shelves).fact.person
    known = None if number is None else shelves.person(number)
    if known is None:
        raise not_found("profile", call.parameters["id"])
    return one(call, profile_resource(call, shelves, known))


def get_profile_id_of(call: Call, shelves: Shelves) -> Reply:
    """GET /api/events/{id}/relationships/profile."""
    number = event_at(call, shelves).fact.person
    return related(call, "profile", None if number is None else ids.profile_id(number))


def endpoints() -> list[Endpoint]:
    """Events read."""
    own = "/api/events/{id}"
    return [
        read("/api/events", get_many, family="XL get events"),
        read(own, get_one, family="M event"),
        read(f"{own}/metric", get_metric_of, family="M event metric"),
        read(f"{own}/relationships/metric", get_metric_id_of, family="M event metric"),
        read(f"{own}/profile", get_profile_of, family="M event profile"),
        read(f"{own}/relationships/profile", get_profile_id_of, family="M event profile"),
    ]
