"""People, things and facts out, a page at a time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from msgspec import Raw, json

from orderwire.dialects.doorway import Answer, Call, Known, Reply, Shelves, Told, Wanted
from orderwire.dialects.native.door.replies import failed, said
from orderwire.dialects.native.door.shapes import (
    ConsentShown,
    Facts,
    FactShown,
    People,
    PersonShown,
    Problem,
    Things,
    ThingShown,
)
from orderwire.model import Identity

PREFIX = "per_"
_MOST = 1_000
_BIGGEST = 2**62


class Unasked(Exception):
    """A query parameter that cannot be understood."""

    def __init__(self, name: str, problem: str) -> None:
        super().__init__(name)
        self.reply = failed(400, "invalid", "the query cannot be understood", [Problem(place=name, problem=problem)])


def tell_people(call: Call, shelves: Shelves) -> Answer:
    """`GET /v1/people`: by an identifier, or everybody a page at a time."""
    identity = Identity(
        email=call.asked("email") or None,
        phone=call.asked("phone") or None,
        external_id=call.asked("external_id") or None,
    )
    if not identity.is_empty:
        found = shelves.find(identity)
        return said(People(people=() if found is None else (_shown(found),)))
    try:
        limit, after = _limit(call), _number(call, "after")
    except Unasked as error:
        return error.reply
    page = shelves.people(after=after, limit=limit)
    following = str(page[-1].person) if len(page) == limit else None
    return said(People(people=tuple(map(_shown, page)), next=following))


def tell_person(call: Call, shelves: Shelves) -> Answer:
    """`GET /v1/people/{id}`."""
    number = _person_number(call.parameters["id"])
    found = None if number is None else shelves.person(number)
    return failed(404, "not_found", "there is no such person") if found is None else said(_shown(found))


def tell_facts(call: Call, shelves: Shelves) -> Answer:
    """`GET /v1/facts`: the log by the time things happened."""
    try:
        limit = _limit(call)
        person = call.asked("person")
        number = _person_number(person) if person else None
        if person and number is None:
            raise Unasked("person", "is not an id such as per_12")
        wanted = Wanted(
            person=number,
            kinds=tuple(value for name, value in call.query if name == "kind" and value),
            since=_instant(call, "since"),
            until=_instant(call, "until"),
            after=_place(call),
            is_newest_first=call.asked("order", "oldest") == "newest",
            limit=limit,
        )
    except Unasked as error:
        return error.reply
    page = shelves.facts(wanted)
    following = f"{_micros(page[-1].occurred_at)}.{page[-1].seq}" if len(page) == limit else None
    return said(Facts(facts=tuple(map(_fact, page)), next=following))


def teller_of(kind: str) -> Callable[[Call, Shelves], Answer]:
    """The endpoint that lists the newest snapshots of a kind."""

    def tell(call: Call, shelves: Shelves) -> Reply:
        try:
            limit = _limit(call)
        except Unasked as error:
            return error.reply
        page = shelves.snapshots(kind, after=call.asked("after"), limit=limit)
        items = tuple(
            ThingShown(source=_source(name, kind), record=Raw(json.encode(record))) for name, record in page
        )
        return said(Things(items=items, next=page[-1][0] if len(page) == limit else None))

    return tell


def finder_of(kind: str) -> Callable[[Call, Shelves], Answer]:
    """The endpoint that shows the newest snapshot of one thing; `source` says whose, the key's own by default."""

    def find(call: Call, shelves: Shelves) -> Reply:
        record = shelves.snapshot(f"{kind}:{call.parameters['id']}", source=call.asked("source"))
        if record is None:
            return failed(404, "not_found", f"this source has no such {kind}; name another with ?source=")
        return said(ThingShown(source=call.asked("source") or call.source, record=Raw(json.encode(record))))

    return find


def _source(name: str, kind: str) -> str:
    return name.partition(f"/{kind}:")[0]


def _shown(known: Known) -> PersonShown:
    return PersonShown(
        id=f"{PREFIX}{known.person}",
        email=known.email,
        phone=known.phone,
        first_name=known.first_name,
        last_name=known.last_name,
        language=known.language,
        address=known.address,
        consent={
            channel: ConsentShown(state=one.state, changed_at=one.changed_at, origin=one.origin, source=one.source)
            for channel, one in known.consent.items()
        },
        created_at=known.created_at,
        updated_at=known.updated_at,
    )


def _fact(told: Told) -> FactShown:
    return FactShown(
        seq=told.seq,
        kind=told.kind,
        subject=told.subject,
        source=told.source,
        occurred_at=told.occurred_at,
        recorded_at=told.recorded_at,
        person=None if told.person is None else f"{PREFIX}{told.person}",
        detail=told.detail,
        record=None if told.record is None else Raw(json.encode(told.record)),
    )


def _person_number(text: str) -> int | None:
    digits = text.removeprefix(PREFIX)
    is_number = digits != text and digits.isascii() and digits.isdecimal() and len(digits) < 18
    return int(digits) if is_number else None


def _limit(call: Call) -> int:
    limit = _number(call, "limit", 100)
    if not 1 <= limit <= _MOST:
        raise Unasked("limit", f"is not between 1 and {_MOST}")
    return limit


def _number(call: Call, name: str, default: int = 0) -> int:
    text = call.asked(name)
    if not text:
        return default
    if not (text.isascii() and text.isdecimal()) or len(text) > 18:
        raise Unasked(name, "is not a whole number")
    return int(text)


def _instant(call: Call, name: str) -> datetime | None:
    text = call.asked(name)
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text.replace(" ", "+"))
    except ValueError:
        raise Unasked(name, "is not an instant such as 2026-03-01T00:00:00Z") from None
    if moment.tzinfo is None or not 1 < moment.year < 9999:
        raise Unasked(name, "has no time zone, or lies beyond all calendars")
    return moment.astimezone(UTC)


def _place(call: Call) -> tuple[datetime, int] | None:
    text = call.asked("after")
    if not text:
        return None
    micros, _, seq = text.partition(".")
    try:
        when, number = int(micros), int(seq)
        moment = datetime.fromtimestamp(when // 1_000_000, UTC).replace(microsecond=when % 1_000_000)
    except (ValueError, OverflowError, OSError):
        raise Unasked("after", "is not a cursor of this list") from None
    if not -_BIGGEST < number < _BIGGEST:
        raise Unasked("after", "is not a cursor of this list")
    return moment, number


def _micros(moment: datetime) -> int:
    return int(moment.timestamp()) * 1_000_000 + moment.microsecond
