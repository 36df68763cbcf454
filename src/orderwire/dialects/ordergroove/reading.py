"""Which requests read a stretch of a stream: what moved names its customers, and theirs is asked for whole."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from orderwire.dialects.connector import Access, Found, Piece, Reading, Sight, Stretch
from orderwire.dialects.doorway import Unread
from orderwire.dialects.ordergroove.fields import UNSENT, asked_since, leads_of, moment, start_of, zone_of
from orderwire.dialects.ordergroove.households import (
    Household,
    Products,
    ask_all,
    ask_people,
    ask_products,
    told_person,
    told_subscriptions,
    understood_person,
    understood_subscription,
)
from orderwire.dialects.ordergroove.paging import Listed, page, thing
from orderwire.dialects.ordergroove.read_products import understood_product
from orderwire.dialects.shop_json import Misread, Part, decoded
from orderwire.dialects.wire import WireReply, WireRequest
from orderwire.errors import BadReply

_LISTS = {
    "people": "/customers/",
    "people.subscriptions": "/subscriptions/",
    "products": "/products/",
    "subscriptions": "/subscriptions/",
    "subscriptions.orders": "/orders/",
    "subscriptions.upcoming": "/orders/",
}
_SUBSCRIPTIONS = _LISTS["people.subscriptions"]
_NEVER = datetime.min.replace(tzinfo=UTC)


def read(stretch: Stretch, access: Access) -> Reading:
    """Read the next piece of a stretch."""
    zone, start = zone_of(access), start_of(access)
    if stretch.stream == "subscriptions.upcoming":
        listed = yield from _coming(stretch, access, zone)
    elif stretch.stream == "people" and stretch.since is None:
        listed = yield from _at_first(stretch, _query(stretch, start, zone))
    else:
        query = _query(stretch, start, zone)
        listed = yield from page(_LISTS[stretch.stream], query, stretch.cursor, stretch.limit)
    if stretch.stream == "products":
        return _piece([understood_product(row, zone) for row in listed.rows], listed)
    if stretch.stream.startswith("people"):
        return (yield from _people(listed, stretch, start, access, zone))
    return (yield from _subscriptions(listed, stretch, access, zone))


def _query(stretch: Stretch, start: date, zone: ZoneInfo) -> dict[str, object]:
    """The bounds of a list: what moved since, or at first what was made since the day that the settings name."""
    if stretch.stream == "products":
        return {"allow_discontinued": "true"}
    if stretch.since is None:
        return {"created_start": start.isoformat()}
    return {"updated_start": asked_since(stretch.since, zone)}


def _at_first(stretch: Stretch, query: dict[str, object]) -> Generator[WireRequest, WireReply, Listed]:
    """Who signed up since the day in the settings, and after them who subscribed since then."""
    if not stretch.cursor.startswith(_SUBSCRIPTIONS):
        listed = yield from page(_LISTS["people"], query, stretch.cursor, stretch.limit)
        return Listed(listed.rows, _SUBSCRIPTIONS) if listed.cursor is None else listed
    cursor = "" if stretch.cursor == _SUBSCRIPTIONS else stretch.cursor
    listed = yield from page(_SUBSCRIPTIONS, query, cursor, stretch.limit)
    return Listed(listed.rows, _SUBSCRIPTIONS) if listed.cursor == "" else listed


def _coming(stretch: Stretch, access: Access, zone: ZoneInfo) -> Generator[WireRequest, WireReply, Listed]:
    """Orders whose reminder became due in the window: those to be placed so many days after it.

    Several leads are read one after the other; the cursor names the one being read.
    """
    leads = leads_of(access)
    named, _, cursor = stretch.cursor.partition(" ")
    lead = int(named) if named.isdigit() else leads[0]
    since = stretch.since or stretch.until
    query: dict[str, object] = {
        "status": UNSENT,
        "place_start": (since.astimezone(zone) + timedelta(days=lead)).date().isoformat(),
        "place_end": (stretch.until.astimezone(zone) + timedelta(days=lead + 1)).date().isoformat(),
    }
    listed = yield from page("/orders/", query, cursor, stretch.limit)
    if listed.cursor is not None:
        return Listed(listed.rows, f"{lead} {listed.cursor}")
    later = [one for one in leads if one > lead]
    return Listed(listed.rows, f"{later[0]} " if later else None)


def _people(listed: Listed, stretch: Stretch, start: date, access: Access, zone: ZoneInfo) -> Reading:
    told: list[Found | Unread | None] = []
    is_first = stretch.since is None
    is_customers = stretch.stream == "people" and not stretch.cursor.startswith(_SUBSCRIPTIONS)
    for number, raw in _customers(listed, "merchant_user_id" if is_customers else "customer").items():
        known = raw if is_customers else (yield from thing(_LISTS["people"], number))
        if is_first and not is_customers and (known is None or _signed_up_since(known, start, zone)):
            continue
        household = yield from ask_people(number, known)
        told.append(told_person(household, access, zone))
    return _piece(told, listed)


def _signed_up_since(customer: bytes, start: date, zone: ZoneInfo) -> bool:
    """Whether the list of customers had this one already; on the first day itself it may not, by its zone."""
    try:
        created = moment(Part(decoded(customer)), "created", zone)
    except Misread:
        return False
    return created is not None and created.astimezone(zone).date() > start


def _subscriptions(listed: Listed, stretch: Stretch, access: Access, zone: ZoneInfo) -> Reading:
    told: list[Found | Unread | None] = []
    products: Products = {}
    is_due_only = stretch.stream == "subscriptions.upcoming"
    rows = _due(listed, stretch, access, zone) if is_due_only else listed
    for number in _customers(rows, "customer"):
        household: Household = yield from ask_all(number)
        yield from ask_products(household, products)
        told += told_subscriptions(household, products, zone, stretch.until)
    return _piece(told, listed)


def _due(listed: Listed, stretch: Stretch, access: Access, zone: ZoneInfo) -> Listed:
    """The orders whose day fits a lead exactly: a page by days holds those of the days around as well."""
    since = (stretch.since or _NEVER) - timedelta(seconds=1)
    leads = leads_of(access)

    def is_due(raw: bytes) -> bool:
        try:
            placed = moment(Part(decoded(raw)), "place", zone)
        except Misread:
            return True
        if placed is None:
            return False
        on = placed.astimezone(zone).date()
        begins = (datetime(on.year, on.month, on.day, tzinfo=zone) - timedelta(days=lead) for lead in leads)
        return any(since <= at <= stretch.until for at in begins)

    return Listed(tuple(raw for raw in listed.rows if is_due(raw)), listed.cursor)


def _customers(listed: Listed, name: str) -> Mapping[str, bytes]:
    """The customers that things name, each once, with the bytes of the first thing that names them.

    Raises:
        BadReply: a thing names none; without that nothing of it can be found again.
    """
    found: dict[str, bytes] = {}
    try:
        for raw in listed.rows:
            found.setdefault(Part(decoded(raw)).need(name), raw)
    except Misread as error:
        raise BadReply(f"a list of Ordergroove cannot be read: {error.place} {error.problem}") from error
    return found


def _piece(told: Sequence[Found | Unread | None], listed: Listed) -> Piece:
    return Piece(
        found=tuple(one for one in told if isinstance(one, Found)),
        unread=tuple(one for one in told if isinstance(one, Unread)),
        cursor=listed.cursor,
    )


def reread(noun: str, raw: bytes, access: Access) -> Found:
    """Read kept bytes again; a reminder is due where it was due then.

    Raises:
        InvalidRecord: they cannot be understood.
    """
    zone = zone_of(access)
    match noun:
        case "people":
            told = understood_person(raw, "", access, zone)
        case "subscriptions":
            told = understood_subscription(raw, zone, _NEVER)
        case _:
            told = understood_product(raw, zone)
    if isinstance(told, Found):
        return told
    raise Misread(told.place, told.problem, told.remedy).of(access.source)


def look(access: Access) -> Generator[WireRequest, WireReply, Sight]:
    """See whether the key reaches more than one customer, and that the settings are complete."""
    zone_of(access)
    leads_of(access)
    counts: dict[str, int | None] = {}
    warnings: list[str] = []
    query = {"created_start": start_of(access).isoformat(), "page_size": "2"}
    for noun, path in (("people", "/customers/"), ("subscriptions", "/subscriptions/")):
        reply = yield WireRequest(
            method="GET", path=f"{path}?{'&'.join(f'{name}={one}' for name, one in query.items())}"
        )
        try:
            part = Part(decoded(reply.body))
            counts[noun] = part.whole("count")
            if noun == "people" and len(part.parts("results")) < 2:
                warnings.append(
                    "the key shows no more than one customer: "
                    "it needs the permission Bulk Operations, unless there is no other."
                )
        except Misread as error:
            raise BadReply("a list of Ordergroove cannot be read") from error
    return Sight(counts=counts, warnings=tuple(warnings))
