"""How the account's people and lists look in an answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import ceil
from typing import Any

from msgspec import json

from orderwire.dialects.doorway import Call, Known, Reply, Shelves
from orderwire.dialects.drip.door.consent import STATUS, UNSUBSCRIBED
from orderwire.dialects.drip.door.ids import subscriber_id
from orderwire.dialects.drip.door.lifetime import LIFETIME
from orderwire.dialects.drip.door.people import fields_of, shown_user_id
from orderwire.dialects.drip.door.turn import content, document_key
from orderwire.dialects.drip.door.values import stamp
from orderwire.model import Address, Channel, Identity, Person


def reply(body: Mapping[str, Any], status: int = 200) -> Reply:
    """A body as JSON."""
    return Reply(status=status, body=json.encode(body))


def empty(status: int) -> Reply:
    """An answer without a body."""
    return Reply(status=status)


def status_of(known: Known) -> str:
    """What Drip calls a person's permission to get e-mail."""
    standing = known.consent.get(Channel.EMAIL)
    return UNSUBSCRIBED if standing is None else STATUS[standing.state]


def subscriber(known: Known, shelves: Shelves, call: Call) -> dict[str, Any]:
    """A person as Drip's subscriber."""
    person = known.record if isinstance(known.record, Person) else Person(identity=known.identity)
    kept = shelves.document("subscribers", document_key(known.identity))
    given = {} if kept is None else content(kept)
    ident = subscriber_id(known.person)
    visitor = known.anonymous_ids[0] if known.anonymous_ids else None
    lifetime = shelves.document(LIFETIME, document_key(known.identity))
    return {
        "id": ident,
        "href": f"{call.base_url}/v2/{call.account}/subscribers/{ident}",
        "status": status_of(known),
        "email": known.email,
        "first_name": known.first_name,
        "last_name": known.last_name,
        **_address(person.address or known.address),
        "phone": known.phone,
        "sms_number": given.get("sms_number"),
        "sms_consent": _may_text(known),
        "user_id": shown_user_id(known.identity),
        "time_zone": person.time_zone or "Etc/UTC",
        "utc_offset": 0,
        "visitor_uuid": visitor,
        "custom_fields": fields_of(person),
        "tags": list(person.tags),
        "ip_address": given.get("ip_address"),
        "user_agent": given.get("user_agent"),
        "original_referrer": given.get("original_referrer"),
        "landing_url": given.get("landing_url"),
        "prospect": given.get("prospect", True),
        "base_lead_score": given.get("base_lead_score", 30),
        "lead_score": None,
        "eu_consent": given.get("eu_consent") or "unknown",
        "lifetime_value": 0 if lifetime is None else content(lifetime).get("cents", 0),
        "created_at": stamp(known.created_at),
        "links": {"account": call.account},
    }


def subscribers(found: Sequence[Known], shelves: Shelves, call: Call) -> dict[str, Any]:
    """People in the collection envelope; one person is a list of one."""
    return {"links": links(call, "subscribers"), "subscribers": [subscriber(one, shelves, call) for one in found]}


def as_they_are(call: Call, identity: Identity) -> Callable[[Shelves], Reply]:
    """A person as they are after the call; somebody forgotten, of whom nothing is kept, by their e-mail alone."""
    named = Identity(email=identity.email) if identity.email else identity

    def answer(shelves: Shelves) -> Reply:
        known = shelves.find(named) or Known(person=0, email=identity.email)
        return reply(subscribers([known], shelves, call))

    return answer


def links(call: Call, noun: str, *parts: str) -> dict[str, str]:
    """The templates by which a collection's resources name others, the account at least."""
    base = f"{call.base_url}/v2"
    more = {f"{noun}.{part}": f"{base}/{part}s/{{{noun}.{part}}}" for part in parts}
    return {f"{noun}.account": f"{base}/accounts/{{{noun}.account}}", **more}


def paged(call: Call, *, most: int = 1000) -> tuple[int, int]:
    """The page asked for and its size: 100 unless told."""
    return _count(call.asked("page"), 1), min(_count(call.asked("per_page"), 100), most)


def meta(page: int, size: int, shown: int, total: int, **more: str) -> dict[str, Any]:
    """Where a page stands among its like."""
    pages = max(1, ceil(total / size))
    return {"page": page, **more, "count": shown, "total_pages": pages, "total_count": total}


def _may_text(known: Known) -> bool:
    standing = known.consent.get(Channel.SMS)
    return standing is not None and standing.state == "subscribed"


def _address(address: Address | None) -> dict[str, str | None]:
    found = address or Address()
    return {
        "address1": found.line1,
        "address2": found.line2,
        "city": found.city,
        "state": found.region or found.region_code,
        "zip": found.postal_code,
        "country": found.country or found.country_code,
    }


def _count(text: str, default: int) -> int:
    """A number of a query; parameters sent empty count as left out."""
    return min(max(1, int(text)), 10**9) if text.isascii() and text.isdigit() and len(text) < 12 else default
