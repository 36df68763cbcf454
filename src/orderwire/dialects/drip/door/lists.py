"""The account and its smaller lists: users, webhooks, series that people were put into, and lists that are empty."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from msgspec import json

from orderwire.dialects.doorway import Answer, Call, Document, Known, Shelves
from orderwire.dialects.drip.door.bodies import one_of
from orderwire.dialects.drip.door.faults import invalid, not_found, wrong_structure
from orderwire.dialects.drip.door.ids import subscriber_id
from orderwire.dialects.drip.door.people import check, upsert
from orderwire.dialects.drip.door.resources import as_they_are, empty, links, meta, paged, reply, subscribers
from orderwire.dialects.drip.door.turn import Turn, content, document_key
from orderwire.dialects.drip.door.values import digest, stamp, text
from orderwire.model import Identity

_UNPAGED = ("forms", "goals")
_MOST_WEBHOOKS = 1000
_EVENTS = (
    *("created", "deleted", "subscribed_to_campaign", "removed_from_campaign", "unsubscribed_from_campaign"),
    *(
        "unsubscribed_all",
        "reactivated",
        "subscribed_to_email_marketing",
        "became_non_prospect",
        "completed_campaign",
    ),
    *("applied_tag", "removed_tag", "updated_custom_field", "updated_email_address", "updated_lifetime_value"),
    *("updated_time_zone", "updated_alias", "received_email", "opened_email", "clicked_email", "bounced"),
    *("complained", "clicked_trigger_link", "visited_page", "became_lead", "updated_lead_score"),
    *("performed_custom_event", "marked_as_deliverable", "marked_as_undeliverable"),
)
WEBHOOK_EVENTS = tuple(f"subscriber.{name}" for name in _EVENTS)


def accounts(call: Call, _shelves: Shelves) -> Answer:
    """`GET accounts`, by which clients check their credentials."""
    return reply({"accounts": [_account(call)]})


def account(call: Call, _shelves: Shelves) -> Answer:
    """`GET accounts/{id}`: the key's own."""
    if call.parameters["id"] != call.account:
        raise not_found()
    return reply({"accounts": [_account(call)]})


def user(_call: Call, _shelves: Shelves) -> Answer:
    """`GET user`: whose key it is."""
    return reply({"users": [{"email": None, "name": "Orderwire", "time_zone": "Etc/UTC"}]})


def nothing(noun: str) -> Callable[[Call, Shelves], Answer]:
    """`GET` of a list of what an account here never has."""

    def answer(call: Call, _shelves: Shelves) -> Answer:
        body: dict[str, Any] = {"links": links(call, noun)}
        if noun not in _UNPAGED:
            page, size = paged(call)
            body["meta"] = meta(page, size, 0, 0)
        return reply(body | {noun: []})

    return answer


def webhooks(call: Call, shelves: Shelves) -> Answer:
    """`GET webhooks`, the oldest first."""
    return reply(_hooks(call, shelves.documents("webhooks", limit=_MOST_WEBHOOKS)))


def webhook(call: Call, shelves: Shelves) -> Answer:
    """`GET webhooks/{id}`."""
    kept = shelves.document("webhooks", call.parameters["id"])
    if kept is None:
        raise not_found()
    return reply(_hooks(call, [kept]))


def add_webhook(call: Call, shelves: Shelves) -> Answer:
    """`POST webhooks`."""
    record = one_of(call.body, "webhooks").value
    url, events = text(record.get("post_url")), record.get("events")
    if not url:
        raise invalid("presence_error", "Post url is required", "post_url")
    if not url.startswith(("http://", "https://")):
        raise invalid("url_error", "Post url is invalid", "post_url")
    if events is not None and not (isinstance(events, list) and all(isinstance(one, str) for one in events)):
        raise wrong_structure()
    turn = Turn(call, shelves)
    ident = str(int(digest(call.request_id)[:8], 16))
    hook = {
        "id": ident,
        "href": f"{call.base_url}/v2/{call.account}/webhooks/{ident}",
        "post_url": url,
        "version": "2",
        "include_received_email": record.get("include_received_email") is True,
        "events": events or [name for name in WEBHOOK_EVENTS if name != "subscriber.received_email"],
        "created_at": stamp(call.received_at),
        "links": {"account": call.account},
    }
    turn.keep("webhooks", ident, hook, rank=call.received_at.isoformat())
    return turn.intake(reply({"links": links(call, "webhooks"), "webhooks": [hook]}, 201))


def drop_webhook(call: Call, shelves: Shelves) -> Answer:
    """`DELETE webhooks/{id}`."""
    ident = call.parameters["id"]
    if shelves.document("webhooks", ident) is None:
        raise not_found()
    turn = Turn(call, shelves)
    turn.drop("webhooks", ident)
    return turn.intake(empty(204))


def subscribe(call: Call, shelves: Shelves) -> Answer:
    """`POST campaigns/{id}/subscribers`: the person, and that they were put into the series.

    It states no permission by itself: whether the person confirmed is what the series' own mails would find out.
    """
    piece = one_of(call.body, "subscribers")
    check(piece.value)
    campaign = call.parameters["id"]
    turn = Turn(call, shelves)
    met = upsert(turn, piece.value, piece.raw, "campaigns")
    if met is None or "\0" in campaign:
        raise not_found()
    key = document_key(met.identity)
    place = {"campaign": campaign, "subscriber": key, "at": stamp(call.received_at)}
    turn.keep(f"campaign:{campaign}", key, place)
    turn.keep("campaign_subscriptions", f"{key} {campaign}", place)
    return turn.intake(as_they_are(call, met.identity))


def members(call: Call, shelves: Shelves) -> Answer:
    """`GET campaigns/{id}/subscribers`: everybody who was put into the series, all of them active in it."""
    page, size = paged(call)
    status = call.asked("status") or "active"
    collection = f"campaign:{call.parameters['id']}"
    kept = _all(shelves, collection) if status == "active" and "\0" not in collection else []
    found = [known for one in kept if (known := _known(shelves, one.key)) is not None]
    shown = found[(page - 1) * size : page * size]
    body = subscribers(shown, shelves, call)
    where = meta(page, size, len(shown), len(found), status=status)
    return reply({"links": body["links"], "meta": where, "subscribers": body["subscribers"]})


def memberships(call: Call, shelves: Shelves) -> Answer:
    """`GET subscribers/{key}/campaign_subscriptions`."""
    met = Turn(call, shelves).find(call.parameters["key"])
    if met is None or met.known is None:
        raise not_found()
    beginning = f"{document_key(met.identity)} "
    page = shelves.documents("campaign_subscriptions", after=("", beginning), limit=_MOST_WEBHOOKS)
    found = [content(kept) for kept in page if kept.key.startswith(beginning)]
    shown = [_membership(one, subscriber_id(met.known.person), call) for one in found]
    where = meta(1, 100, len(shown), len(shown))
    templates = links(call, "campaign_subscriptions", "subscriber")
    return reply({"links": templates, "meta": where, "campaign_subscriptions": shown})


def _membership(kept: Mapping[str, Any], subscriber: str, call: Call) -> dict[str, Any]:
    return {
        "id": str(int(digest(kept["subscriber"], kept["campaign"])[:8], 16)),
        "campaign_id": kept["campaign"],
        "status": "active",
        "is_complete": False,
        "lap": 1,
        "last_sent_email_index": None,
        "last_sent_email_at": None,
        "links": {"account": call.account, "subscriber": subscriber},
    }


def _known(shelves: Shelves, key: str) -> Known | None:
    visitor = key.removeprefix("visitor:")
    return shelves.find(Identity(email=key) if visitor == key else Identity(anonymous_id=visitor))


def _all(shelves: Shelves, collection: str) -> list[Document]:
    found: list[Document] = []
    after: tuple[str, str] | None = None
    while page := shelves.documents(collection, after=after, limit=_MOST_WEBHOOKS):
        found.extend(page)
        after = (page[-1].rank, page[-1].key)
    return found


def _account(call: Call) -> dict[str, Any]:
    return {
        "id": call.account,
        "name": call.source,
        "url": None,
        "default_from_name": call.source,
        "default_from_email": None,
        "default_postal_address": None,
        "primary_email": None,
        "enable_third_party_cookies": False,
        "phone_number": None,
        "created_at": None,
        "href": f"{call.base_url}/v2/accounts/{call.account}",
    }


def _hooks(call: Call, kept: list[Document]) -> dict[str, Any]:
    return {"links": links(call, "webhooks"), "webhooks": [json.decode(one.body) for one in kept]}
