"""Profiles shown: one, many, by filter, with their consent."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from orderwire.dialects.doorway import Call, Endpoint, Known, Reply, Shelves, Standing
from orderwire.dialects.klaviyo.door import ids
from orderwire.dialects.klaviyo.door.answering import read
from orderwire.dialects.klaviyo.door.documents import Resource, extra, many, one, resource, stamp, stamp_if
from orderwire.dialects.klaviyo.door.faults import not_found
from orderwire.dialects.klaviyo.door.learning import attributes_at, shown_identity
from orderwire.dialects.klaviyo.door.persons import shown_attributes
from orderwire.dialects.klaviyo.door.queries import Asked, Condition, Offer, asked, is_within
from orderwire.model import Channel, ConsentState, Identity

_LINKS = ("lists", "segments", "push-tokens", "conversation")
_COMPARED = ("greater-than", "less-than", "greater-or-equal", "less-or-equal")
_SUPPRESSED = "subscriptions.email.marketing.suppression"
_LEFT = "subscriptions.email.marketing.list_suppressions"
OFFER = Offer(
    filters={
        **dict.fromkeys(("id", "email", "phone_number", "external_id"), ("any", "equals")),
        "_kx": ("equals",),
        "created": _COMPARED,
        "updated": _COMPARED,
        f"{_SUPPRESSED}.reason": ("equals",),
        f"{_SUPPRESSED}.timestamp": _COMPARED,
        f"{_LEFT}.reason": ("equals",),
        f"{_LEFT}.list_id": ("equals",),
        f"{_LEFT}.timestamp": _COMPARED,
    },
    sorts=("created", "email", "id", "updated"),
    include=("push-tokens", "conversation", "conversations"),
)
REASONS = frozenset({"HARD_BOUNCE", "INVALID_EMAIL", "SPAM_COMPLAINT", "UNSUBSCRIBE", "USER_SUPPRESSED"})
_IDENTIFIERS = {"email": "email", "phone_number": "phone", "external_id": "external_id"}
_BEGINNING = datetime(2012, 1, 1, tzinfo=UTC)
_PAGE = 500


def profile_resource(call: Call, shelves: Shelves, known: Known, **more: Any) -> Resource:
    """A profile as a resource, its consent where that is asked for."""
    identity = shown_identity(known)
    attributes: dict[str, Any] = {
        "email": identity.email,
        "phone_number": identity.phone,
        "external_id": identity.external_id,
        "anonymous_id": identity.anonymous_id,
        **shown_attributes(attributes_at(shelves, known)),
        "created": stamp(known.created_at or _BEGINNING),
        "updated": stamp(known.updated_at or known.created_at or _BEGINNING),
        "last_event_date": None,
        **more,
    }
    wanted = extra(call, "profile")
    if "subscriptions" in wanted:
        attributes["subscriptions"] = subscriptions(known)
    if "predictive_analytics" in wanted:
        attributes["predictive_analytics"] = None
    return resource(call, "profile", ids.profile_id(known.person), attributes, plural="profiles", links=_LINKS)


def subscriptions(known: Known) -> dict[str, Any]:
    """The consent of a person, for each channel that they have an address for or have spoken of."""
    email, sms = known.consent.get(Channel.EMAIL), known.consent.get(Channel.SMS)
    fallback = known.updated_at or known.created_at or _BEGINNING
    return {
        "email": {
            "marketing": {
                "can_receive_email_marketing": _is_yes(email),
                **_stated(email),
                "custom_method_detail": email.origin if email else None,
                "double_optin": None,
                "suppression": suppressions(email, fallback),
                "list_suppressions": [],
            }
        },
        "sms": {
            "marketing": {"can_receive_sms_marketing": _is_yes(sms), **_stated(sms)},
            "transactional": {"can_receive_sms_transactional": False, **_stated(None)},
        },
        "mobile_push": {
            "marketing": {
                "can_receive_push_marketing": False,
                "consent": "NEVER_SUBSCRIBED",
                "consent_timestamp": None,
            }
        },
    }


def _is_yes(standing: Standing | None) -> bool:
    return standing is not None and standing.state is ConsentState.SUBSCRIBED


def _stated(standing: Standing | None) -> dict[str, Any]:
    words = {ConsentState.SUBSCRIBED: "SUBSCRIBED", ConsentState.NEVER_ASKED: "NEVER_SUBSCRIBED"}
    state = "NEVER_SUBSCRIBED" if standing is None else words.get(standing.state, "UNSUBSCRIBED")
    when = stamp_if(standing.changed_at) if standing else None
    return {
        "consent": state,
        "consent_timestamp": when,
        "last_updated": when,
        "method": None if standing is None else "API",
        "method_detail": standing.origin if standing else None,
    }


def suppressions(standing: Standing | None, fallback: datetime) -> list[dict[str, str]]:
    """Why somebody is not to be mailed; empty for those who may be."""
    if standing is None or standing.state not in (ConsentState.SUPPRESSED, ConsentState.UNSUBSCRIBED):
        return []
    named = (standing.origin or "").removeprefix("klaviyo: ").upper()
    usual = "USER_SUPPRESSED" if standing.state is ConsentState.SUPPRESSED else "UNSUBSCRIBE"
    reason = named if named in REASONS else usual
    return [{"reason": reason, "timestamp": stamp(standing.changed_at or fallback)}]


def get_one(call: Call, shelves: Shelves) -> Reply:
    """GET /api/profiles/{id}."""
    known = person_at(call, shelves)
    included: list[Resource] | None = [] if call.asked("include") else None
    return one(call, profile_resource(call, shelves, known), included=included)


def person_at(call: Call, shelves: Shelves) -> Known:
    """The person whose id stands in the path.

    Raises:
        Refusal: it is nobody's.
    """
    identity = call.parameters["id"]
    number = ids.person_of(identity)
    known = None if number is None else shelves.person(number)
    if known is None:
        raise not_found("profile", identity)
    return known


def get_many(call: Call, shelves: Shelves) -> Reply:
    """GET /api/profiles."""
    wanted = asked(call, OFFER)
    found, following = page_of(people(shelves, wanted), wanted)
    included: list[Resource] | None = [] if wanted.include else None
    shown = [profile_resource(call, shelves, known) for known in found]
    return many(call, shown, following=following, included=included)


def people(shelves: Shelves, wanted: Asked) -> Iterator[Known]:
    """The people that meet the filter: found by their identifiers where it names some, else looked through."""
    for field, name in (("id", ""), *_IDENTIFIERS.items()):
        named = wanted.of(field)
        if not named:
            continue
        hits: dict[int, Known] = {}
        for value in named[0].values:
            known = _by_id(shelves, value) if field == "id" else shelves.find(Identity(**{name: value}))
            if known is not None and is_asked_for(known, wanted.conditions):
                hits[known.person] = known
        yield from hits.values()
        return
    if wanted.of("_kx"):
        (value,) = wanted.of("_kx")[0].values
        known = shelves.find(Identity(anonymous_id=f"_kx:{value}"))
        yield from [known] if known is not None else []
        return
    yield from _everybody(shelves, wanted)


def _by_id(shelves: Shelves, value: str) -> Known | None:
    number = ids.person_of(value)
    return None if number is None else shelves.person(number)


def _everybody(shelves: Shelves, wanted: Asked) -> Iterator[Known]:
    is_by_number = wanted.sort in ("", "id", "created")
    is_newest_first = is_by_number and wanted.is_descending
    after = int(wanted.cursor) if is_by_number and wanted.cursor.isdecimal() else 0
    while page := shelves.people(after=after, limit=_PAGE, is_newest_first=is_newest_first):
        yield from (known for known in page if is_asked_for(known, wanted.conditions))
        after = page[-1].person


def is_asked_for(known: Known, conditions: tuple[Condition, ...]) -> bool:
    """Whether a person meets every condition."""
    return all(_meets(known, one) for one in conditions)


def _meets(known: Known, one: Condition) -> bool:
    identity = shown_identity(known)
    match one.field:
        case "id":
            return True
        case "email":
            return (identity.email or "").lower() in {value.strip().lower() for value in one.values}
        case "phone_number":
            return known.phone in one.values or identity.phone in one.values
        case "external_id":
            return identity.external_id in one.values
        case "created":
            return is_within(known.created_at, [one])
        case "updated":
            return is_within(known.updated_at or known.created_at, [one])
        case _:
            return _meets_suppression(known, one)


def _meets_suppression(known: Known, one: Condition) -> bool:
    if not one.field.startswith(f"{_SUPPRESSED}."):
        return False
    standing = known.consent.get(Channel.EMAIL)
    for suppression in suppressions(standing, known.updated_at or _BEGINNING):
        if one.field.endswith(".reason"):
            return suppression["reason"] == one.value
        return is_within(datetime.fromisoformat(suppression["timestamp"]), [one])
    return False


def page_of(found: Iterator[Known], wanted: Asked) -> tuple[list[Known], str]:
    """A page of people in the order asked for, and the place behind it; empty at the end."""
    if wanted.sort in ("", "id", "created"):
        page: list[Known] = []
        for known in found:
            if len(page) == wanted.size:
                return page, str(page[-1].person)
            page.append(known)
        return page, ""
    rank, _, number = wanted.cursor.rpartition("|")
    place = (rank, int(number)) if number.isdecimal() else None
    keyed = ((_sort_key(known, wanted.sort), known.person, known) for known in found)
    behind = (one for one in keyed if place is None or (one[:2] < place if wanted.is_descending else one[:2] > place))
    choose = heapq.nlargest if wanted.is_descending else heapq.nsmallest
    chosen = choose(wanted.size + 1, behind, key=_place)
    last = chosen[wanted.size - 1] if len(chosen) > wanted.size else None
    return [one[2] for one in chosen[: wanted.size]], f"{last[0]}|{last[1]}" if last else ""


def _place(keyed: tuple[str, int, Known]) -> tuple[str, int]:
    return keyed[:2]


def _sort_key(known: Known, sort: str) -> str:
    if sort == "email":
        return (known.email or "").lower()
    return stamp(known.updated_at or known.created_at or _BEGINNING)


def _nothing(call: Call, shelves: Shelves) -> Reply:
    """A relationship that nothing is ever at the other end of, of a profile that is there."""
    person_at(call, shelves)
    return many(call, [])


def endpoints() -> list[Endpoint]:
    """Profiles read."""
    own = "/api/profiles/{id}"
    empty = ("segments", "push-tokens", "relationships/segments", "relationships/push-tokens")
    return [
        read("/api/profiles", get_many, family="L profiles"),
        read(own, get_one, family="L profile"),
        *(read(f"{own}/{name}", _nothing, family="S", note="always empty") for name in empty),
    ]
