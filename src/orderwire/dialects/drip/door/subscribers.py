"""Calls about subscribers: create and change, list, fetch, delete, unsubscribe."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime

from orderwire.dialects.doorway import Answer, Call, Known, Shelves
from orderwire.dialects.drip.door.bodies import batched, decoded, one_of
from orderwire.dialects.drip.door.consent import ACTIVE, UNDELIVERABLE, UNSUBSCRIBED, has_left, leave
from orderwire.dialects.drip.door.faults import Refusal, invalid, not_found
from orderwire.dialects.drip.door.lifetime import LIFETIME
from orderwire.dialects.drip.door.people import check, check_structure, refusal_words, tags_in, upsert
from orderwire.dialects.drip.door.resources import as_they_are, empty, meta, paged, reply, status_of, subscribers
from orderwire.dialects.drip.door.turn import DELETED, Met, Turn, document_key
from orderwire.dialects.drip.door.values import instant, is_email, text
from orderwire.model import Channel, Person

_LISTED = ("all", ACTIVE, UNSUBSCRIBED, f"{ACTIVE}_or_{UNSUBSCRIBED}", UNDELIVERABLE)
_CHUNK = 1000


def create(call: Call, shelves: Shelves) -> Answer:
    """`POST subscribers`: one person; answered with them as they are after it."""
    piece = one_of(call.body, "subscribers")
    check(piece.value)
    turn = Turn(call, shelves)
    met = upsert(turn, piece.value, piece.raw, "subscribers")
    if met is None:
        raise not_found()
    return turn.intake(as_they_are(call, met.identity))


def create_many(call: Call, shelves: Shelves) -> Answer:
    """`POST subscribers/batches`: what cannot be taken is told of nowhere at Drip, and is kept here.

    A batch is how lists are imported, so its people and permissions are history; its opt-outs are news.
    """
    found = batched(call.body, "subscribers")
    for piece in found:
        check_structure(piece.value)
    turn = Turn(call, shelves)
    for place, piece in enumerate(found):
        try:
            check(piece.value)
            met = upsert(turn, piece.value, piece.raw, "subscribers/batches", is_imported=True)
        except Refusal as refusal:
            turn.unread("people", f"subscribers[{place}]", refusal_words(refusal), piece.raw)
            continue
        if met is None:
            turn.unread("people", f"subscribers[{place}]", "nobody has this id", piece.raw)
    return turn.intake(reply({}, 201))


def listed(call: Call, shelves: Shelves) -> Answer:
    """`GET subscribers`, filtered and paged; parameters sent empty count as left out."""
    status = call.asked("status") or ACTIVE
    if status not in _LISTED:
        raise invalid("format_error", "Status is invalid", "status")
    page, size = paged(call)
    tags = frozenset(tags_in(call.asked("tags")))
    since, until = instant(call.asked("subscribed_after")), instant(call.asked("subscribed_before"))
    gone = set(every_name(shelves, DELETED))
    found = [
        known
        for known in _everybody(shelves)
        if document_key(known.identity) not in gone
        and (status == "all" or status_of(known) in status.split("_or_"))
        and (not tags or _has_one_of(known, tags))
        and _is_between(known.created_at, since, until)
    ]
    shown = found[(page - 1) * size : page * size]
    where = meta(page, size, len(shown), len(found), sort="created_at", direction="asc", status=status)
    body = subscribers(shown, shelves, call)
    return reply({"links": body["links"], "meta": where, "subscribers": body["subscribers"]})


def fetched(call: Call, shelves: Shelves) -> Answer:
    """`GET subscribers/{key}`, by id, e-mail or browser."""
    met = Turn(call, shelves).find(call.parameters["key"])
    if met is None or met.known is None:
        raise not_found()
    return reply(subscribers([met.known], shelves, call))


def deleted(call: Call, shelves: Shelves) -> Answer:
    """`DELETE subscribers/{key}`: their permission ends and what only Drip keeps of them goes."""
    turn = Turn(call, shelves)
    met = _named(call, turn)
    if met.identity.email:
        leave(turn, met, "delete")
    turn.drop("subscribers", document_key(met.identity))
    turn.drop(LIFETIME, document_key(met.identity))
    turn.keep(DELETED, document_key(met.identity), {})
    return turn.intake(empty(204))


def removed(call: Call, shelves: Shelves) -> Answer:
    """`POST subscribers/{key}/remove`: out of one series, or out of all, which ends the permission as well."""
    turn = Turn(call, shelves)
    met = _named(call, turn)
    if campaign := _series(call):
        turn.drop(f"campaign:{campaign}", document_key(met.identity))
        turn.drop("campaign_subscriptions", f"{document_key(met.identity)} {campaign}")
    else:
        leave(turn, met, "remove")
    return turn.intake(as_they_are(call, met.identity))


def unsubscribed(call: Call, shelves: Shelves) -> Answer:
    """`POST subscribers/{key}/unsubscribe_all`."""
    turn = Turn(call, shelves)
    met = _named(call, turn)
    leave(turn, met, "unsubscribe_all")
    return turn.intake(as_they_are(call, met.identity))


def unsubscribed_many(call: Call, shelves: Shelves) -> Answer:
    """`POST unsubscribes/batches`; an opt-out is kept of whoever it is, known or not."""
    turn = Turn(call, shelves)
    for place, piece in enumerate(batched(call.body, "subscribers")):
        met = turn.person_in(piece.value, "id")
        if met is None or not met.identity.email:
            turn.unread("people", f"subscribers[{place}]", "it names no subscriber", piece.raw)
        elif not has_left(turn, met, Channel.EMAIL):
            leave(turn, met, "unsubscribes/batches", piece.raw)
    return turn.intake(empty(204))


def tagged(call: Call, shelves: Shelves) -> Answer:
    """`POST tags`: one tag for one person, who is made where they are new."""
    piece = one_of(call.body, "tags")
    tag, email = text(piece.value.get("tag")), text(piece.value.get("email"))
    if not tag:
        raise invalid("presence_error", "Tag is required", "tag")
    if not email and not text(piece.value.get("id")):
        raise invalid("presence_error", "Email is required", "email")
    if email and not is_email(email):
        raise invalid("email_error", "Email is invalid", "email")
    turn = Turn(call, shelves)
    if upsert(turn, {"id": piece.value.get("id"), "email": email, "tags": [tag]}, piece.raw, "tags") is None:
        raise not_found()
    return turn.intake(reply({}, 201))


def untagged(call: Call, shelves: Shelves) -> Answer:
    """`DELETE subscribers/{key}/tags/{tag}`; some clients escape a space as a plus, so the literal goes first."""
    turn = Turn(call, shelves)
    return _untagged(turn, _named(call, turn), call.parameters["tag"])


def untagged_by_body(call: Call, shelves: Shelves) -> Answer:
    """`DELETE tags` with the person and the tag in the body, as one client asks."""
    piece = one_of(call.body, "tags")
    turn = Turn(call, shelves)
    met = turn.person_in(piece.value, "id")
    if met is None or met.is_new:
        raise not_found()
    return _untagged(turn, met, text(piece.value.get("tag")))


def names(collection: str, noun: str) -> Callable[[Call, Shelves], Answer]:
    """`GET` of the account's tags or custom fields: every name that was used, unpaged."""

    def answer(_call: Call, shelves: Shelves) -> Answer:
        return reply({noun: list(every_name(shelves, collection))})

    return answer


def every_name(shelves: Shelves, collection: str) -> Iterator[str]:
    """The keys of a collection, in their order."""
    after: tuple[str, str] | None = None
    while page := shelves.documents(collection, after=after, limit=_CHUNK):
        yield from (kept.key for kept in page)
        after = (page[-1].rank, page[-1].key)


def _series(call: Call) -> str:
    """The series that is left: of the query, or of the body, where some clients put it, even wrapped again."""
    if named := call.asked("campaign_id"):
        return named
    try:
        body = decoded(call.body)
    except Refusal:
        return ""
    inner = body.get("qs", body) if isinstance(body, dict) else None
    return text(inner.get("campaign_id")) if isinstance(inner, dict) else ""


def _untagged(turn: Turn, met: Met, tag: str) -> Answer:
    person = met.person or Person(identity=met.identity)
    found = next((one for one in (tag, tag.replace("+", " ")) if one in person.tags), None)
    if found is not None:
        named = {"email": met.identity.email, "visitor_uuid": met.identity.anonymous_id}
        upsert(turn, named | {"remove_tags": [found]}, b"", "tags")
    return turn.intake(empty(204))


def _named(call: Call, turn: Turn) -> Met:
    met = turn.find(call.parameters["key"])
    if met is None or met.known is None:
        raise not_found()
    return met


def _everybody(shelves: Shelves) -> Iterator[Known]:
    after = 0
    while page := shelves.people(after=after, limit=_CHUNK):
        yield from (known for known in page if known.email)
        after = page[-1].person


def _has_one_of(known: Known, tags: frozenset[str]) -> bool:
    return isinstance(known.record, Person) and not tags.isdisjoint(known.record.tags)


def _is_between(created: datetime | None, after: datetime | None, before: datetime | None) -> bool:
    if created is None:
        return after is None and before is None
    return (after is None or after < created) and (before is None or created < before)
