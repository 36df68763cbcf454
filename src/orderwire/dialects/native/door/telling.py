"""People, things and facts out, a page at a time."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated

from msgspec import Meta, Raw, ValidationError, convert, json

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
NUMBER = re.compile(r"[0-9]{1,18}")
PERSON = re.compile(rf"{PREFIX}[0-9]{{1,17}}")
PLACE = re.compile(r"-?[0-9]{1,17}\.[0-9]{1,18}")
"""Where a page of facts ends: microseconds and sequence number of its last fact."""
_MOST = 1_000
_Zoned = Annotated[datetime, Meta(tz=True)]
_FIRST, _LAST = datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC)


class Unasked(Exception):
    """A query parameter that cannot be understood."""

    def __init__(self, name: str, problem: str) -> None:
        super().__init__(name)
        self.reply = failed(400, "invalid", "the query cannot be understood", [Problem(place=name, problem=problem)])


def tell_people(call: Call, shelves: Shelves) -> Answer:
    """`GET /v1/people`: by an identifier, or everybody a page at a time."""
    try:
        identity = Identity(
            email=_given(call, "email"), phone=_given(call, "phone"), external_id=_given(call, "external_id")
        )
        limit, after = _limit(call), _number(call, "after")
    except Unasked as error:
        return error.reply
    if not identity.is_empty:
        found = shelves.find(identity)
        return said(People(people=() if found is None else (_shown(found),)))
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
        person = _given(call, "person")
        number = None if person is None else _person_number(person)
        if person is not None and number is None:
            raise Unasked("person", "is not an id such as per_12")
        wanted = Wanted(
            person=number,
            kinds=tuple(value for name, value in call.query if name == "kind" and value),
            since=_instant(call, "since"),
            until=_instant(call, "until"),
            after=_place(call),
            is_newest_first=one_of(call, "order", "oldest", "newest") == "newest",
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
    return int(text.removeprefix(PREFIX)) if PERSON.fullmatch(text) else None


def _limit(call: Call) -> int:
    limit = _number(call, "limit", 100)
    if not 1 <= limit <= _MOST:
        raise Unasked("limit", f"is not between 1 and {_MOST}")
    return limit


def one_of(call: Call, name: str, *words: str) -> str:
    """A parameter that is one of these words; the first where it is not given.

    Raises:
        Unasked: it is another.
    """
    word = call.asked(name, words[0])
    if word not in words:
        raise Unasked(name, f"is not one of: {', '.join(words)}")
    return word


def _given(call: Call, name: str) -> str | None:
    """A parameter; None where it is not given."""
    if all(name != given for given, _ in call.query):
        return None
    text = call.asked(name)
    if not text:
        raise Unasked(name, "is empty; leave it out instead")
    return text


def _number(call: Call, name: str, default: int = 0) -> int:
    text = _given(call, name)
    if text is None:
        return default
    if not NUMBER.fullmatch(text):
        raise Unasked(name, "is not a whole number")
    return int(text)


def _instant(call: Call, name: str) -> datetime | None:
    text = _given(call, name)
    if text is None:
        return None
    try:
        # A plus that was not escaped arrives as a blank.
        moment = convert(text.replace(" ", "+"), _Zoned)
    except ValidationError:
        raise Unasked(name, "is not an instant with a zone, such as 2026-03-01T00:00:00Z") from None
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        return _FIRST if moment.year < 5_000 else _LAST


def _place(call: Call) -> tuple[datetime, int] | None:
    text = _given(call, "after")
    if text is None:
        return None
    if not PLACE.fullmatch(text):
        raise Unasked("after", "is not a cursor of this list")
    micros, _, seq = text.partition(".")
    try:
        moment = datetime.fromtimestamp(int(micros) // 1_000_000, UTC).replace(microsecond=int(micros) % 1_000_000)
    except (ValueError, OverflowError, OSError):
        moment = _FIRST if micros.startswith("-") else _LAST
    return moment, int(seq)


def _micros(moment: datetime) -> int:
    return int(moment.timestamp()) * 1_000_000 + moment.microsecond
