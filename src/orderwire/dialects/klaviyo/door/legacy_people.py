"""The old v1 and v2 calls for people and metrics."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from orderwire.dialects.doorway import Answer, Call, Endpoint, Reply, Shelves, Wanted
from orderwire.dialects.klaviyo.door import ids, metrics
from orderwire.dialects.klaviyo.door.accounts import every_metric
from orderwire.dialects.klaviyo.door.consents import state
from orderwire.dialects.klaviyo.door.draft import Draft
from orderwire.dialects.klaviyo.door.faults import Refusal, missing
from orderwire.dialects.klaviyo.door.learning import learn
from orderwire.dialects.klaviyo.door.legacy import DONE, NOBODY, flat, listed, look, person_named, told, write, wrong
from orderwire.dialects.klaviyo.door.legacy_lists import exclusion_of
from orderwire.dialects.klaviyo.door.members import words
from orderwire.dialects.klaviyo.door.payloads import fields_of
from orderwire.dialects.klaviyo.door.properties import instant_of
from orderwire.dialects.klaviyo.door.telling import KINDS, Shown, events_of
from orderwire.dialects.klaviyo.door.who import is_email, joined, read_flat
from orderwire.model import Channel, ConsentState, Identity, Kind

_PAGE = 500
_COUNT = 50
_MOST_COUNT = 100
_KEYS = frozenset({"api_key", "data"})


def search(call: Call, shelves: Shelves) -> Reply:
    """GET /api/v2/people/search."""
    for name, ours in (("email", "email"), ("phone_number", "phone"), ("external_id", "external_id")):
        value = words(fields_of(call).get(name))
        known = shelves.find(Identity(**{ours: value})) if value else None
        if known is not None:
            return told({"id": ids.profile_id(known.person)})
    return wrong(404, NOBODY)


def exchange(call: Call, shelves: Shelves) -> Reply:
    """POST /api/v2/people/exchange."""
    given = words(fields_of(call).get("exchange_id"))
    known = shelves.find(Identity(anonymous_id=f"_kx:{given}")) if given else None
    return told({"id": ids.profile_id(known.person)}) if known is not None else wrong(404, NOBODY)


def get_person(call: Call, shelves: Shelves) -> Reply:
    """GET /api/v1/person/{id}."""
    return told(flat(shelves, person_named(call, shelves)))


def put_person(draft: Draft) -> Answer:
    """PUT /api/v1/person/{id}: what is given is changed, the rest stays."""
    known = person_named(draft.call, draft.shelves)
    fields = fields_of(draft.call)
    properties = fields.get("properties") if isinstance(fields.get("properties"), dict) else {}
    said = {name: value for name, value in fields.items() if name not in _KEYS and name != "properties"}
    profile = read_flat({**said, **(properties if isinstance(properties, dict) else {})})
    for name in ("external_id", "email", "phone"):
        value = getattr(profile.identity, name)
        other = draft.find(Identity(**{name: value})) if value else None
        if other is not None and other.person != known.person:
            return wrong(409, "A profile already exists with one of these identifiers.")
    learn(draft, profile, joined(known.identity, profile.identity), known, clears=False)
    call = draft.call
    return draft.intake(lambda shelves: told(flat(shelves, person_named(call, shelves))))


def get_exclusions(call: Call, shelves: Shelves) -> Reply:
    """GET /api/v1/people/exclusions."""
    every: list[dict[str, Any]] = []
    after = 0
    while people := shelves.people(after=after, limit=_PAGE):
        every += [shown for known in people for shown in exclusion_of(known)]
        after = people[-1].person
    return told(_page(call, every))


def _page(call: Call, every: list[Any]) -> dict[str, Any]:
    """The page of an old collection that a call asks for."""
    page = int(number[:9]) if (number := call.asked("page", "0")).isdecimal() else 0
    given = call.asked("count", str(_PAGE))
    size = min(int(given[:9]), _PAGE) if given.isdecimal() and int(given[:9]) else _PAGE
    start = page * size
    return listed(every[start : start + size], start=start, total=len(every), size=size)


def exclude(draft: Draft) -> Answer:
    """POST /api/v1/people/exclusions."""
    email = words(fields_of(draft.call).get("email")) or ""
    if not is_email(email):
        return wrong(400, "email is a required parameter.")
    identity = Identity(email=email)
    known = draft.find(identity)
    standing = known.consent.get(Channel.EMAIL) if known else None
    is_known = standing is not None and standing.state is ConsentState.SUPPRESSED
    if not is_known:
        state(draft, identity, Channel.EMAIL, ConsentState.SUPPRESSED, draft.at, "klaviyo: USER_SUPPRESSED")
    shown = {"object": "exclusion", "email": email, "already_excluded": is_known}
    return draft.intake(told({"data": shown}))


def erase(draft: Draft) -> Answer:
    """POST /api/v2/data-privacy/deletion-request."""
    fields = fields_of(draft.call)
    email, phone = words(fields.get("email")), words(fields.get("phone_number"))
    person_id = words(fields.get("person_id"))
    if len([one for one in (email, phone, person_id) if one]) != 1:
        return wrong(400, "Exactly one of email, phone_number and person_id is required.")
    number = ids.person_of(person_id) if person_id else None
    known = draft.shelves.person(number) if number is not None else None
    known = known or draft.find(Identity(email=email, phone=phone))
    if known is not None:
        draft.forget(known.person)
    return draft.intake(DONE)


def get_metrics(call: Call, shelves: Shelves) -> Reply:
    """GET /api/v1/metrics."""
    found = [
        {
            "object": "metric",
            "id": metric.id,
            "name": metric.name,
            "integration": metrics.API,
            "created": metric.created.strftime("%Y-%m-%d %H:%M:%S"),
            "updated": metric.created.strftime("%Y-%m-%d %H:%M:%S"),
        }
        for metric in every_metric(shelves)
    ]
    return told(_page(call, found))


def timeline(call: Call, shelves: Shelves) -> Reply:
    """The events of everybody or of one person, of all metrics or of one, the newest first unless asked otherwise."""
    person = person_named(call, shelves).person if "id" in call.parameters else None
    wanted = call.parameters.get("metric")
    if wanted is not None and metrics.find(shelves, wanted) is None:
        raise Refusal(404, missing("There is no metric matching the given parameters."))
    given = call.asked("count", str(_COUNT))
    size = min(max(int(given[:9]), 1), _MOST_COUNT) if given.isdecimal() else _COUNT
    is_newest_first = call.asked("sort", "desc") != "asc"
    page: list[Shown] = []
    following: str | None = None
    for shown in _events(shelves, call.asked("since"), person, wanted, is_newest_first=is_newest_first):
        if len(page) == size:
            following = page[-1].id
            break
        page.append(shown)
    return told(
        {"count": len(page), "object": "$list", "data": [_shown(shelves, one) for one in page], "next": following}
    )


def _events(
    shelves: Shelves, since: str, person: int | None, metric_id: str | None, *, is_newest_first: bool
) -> Iterator[Shown]:
    after: tuple[datetime, int] | None = None
    seen = -1
    place = ids.fact_of(since)
    if place is not None:
        second, seq, seen = place
        after = (second, seq + (1 if is_newest_first else -1))
    metric = metrics.find(shelves, metric_id) if metric_id is not None else None
    kinds: tuple[str, ...] = KINDS
    if metric is not None:
        kinds = (Kind.ORDER_PLACED.value if metric.kind == metrics.ORDERED else metric.kind,)
    start = instant_of(since) if since and place is None else None
    while facts := shelves.facts(
        Wanted(
            person=person,
            kinds=kinds,
            since=None if is_newest_first else start,
            until=start if is_newest_first else None,
            after=after,
            is_newest_first=is_newest_first,
            limit=_MOST_COUNT,
        )
    ):
        for fact in facts:
            for shown in events_of(fact):
                is_seen = place is not None and fact.seq == place[1] and shown.part <= seen
                if not is_seen and (metric_id is None or shown.metric.id == metric_id):
                    yield shown
        after = (facts[-1].occurred_at, facts[-1].seq)


def _shown(shelves: Shelves, shown: Shown) -> dict[str, Any]:
    fact = shown.fact
    known = shelves.person(fact.person) if fact.person is not None else None
    return {
        "object": "event",
        "id": shown.id,
        "statistic_id": shown.metric.id,
        "event_name": shown.metric.name,
        "timestamp": int(fact.occurred_at.timestamp()),
        "datetime": fact.occurred_at.strftime("%Y-%m-%d %H:%M:%S+00:00"),
        "event_properties": shown.properties,
        "person": flat(shelves, known) if known is not None else None,
    }


def endpoints() -> list[Endpoint]:
    """The old calls for people and metrics."""
    return [
        look("/api/v2/people/search", search),
        look("/api/v2/people/exchange", exchange, method="POST"),
        look("/api/v1/person/{id}", get_person),
        write("PUT", "/api/v1/person/{id}", put_person),
        look("/api/v1/people/exclusions", get_exclusions),
        write("POST", "/api/v1/people/exclusions", exclude),
        write("POST", "/api/v2/data-privacy/deletion-request", erase),
        look("/api/v1/metrics", get_metrics),
        look("/api/v1/metrics/timeline", timeline),
        look("/api/v1/metric/{metric}/timeline", timeline),
        look("/api/v1/person/{id}/metrics/timeline", timeline),
        look("/api/v1/person/{id}/metric/{metric}/timeline", timeline),
    ]
