"""Comparing what a platform holds with what the ledger says was accepted there.

A fact stands there when anything it was said with is held under the id it was said with; a person also when they are
held under an identifier pinned for them. An event of the same kind at the same second as a fact of ours is taken for
a part of it: one fact may be several events there. Of people only presence is compared: everybody may sign up at a
platform by other ways. Whom nobody here ever told it of is counted apart, and is no fault.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation

import msgspec
from msgspec import Struct

from orderwire.app.bootstrap import Shop
from orderwire.app.connecting import transport_to
from orderwire.app.readback import ReadBackSession, leased
from orderwire.delivery.decide import person_key
from orderwire.delivery.planning import DestinationPlan, Planner
from orderwire.dialects.contract import Held, Lane, Profile, Recipient, Semantics, Statement
from orderwire.ledger.values import AttemptState, Entry, PersonCard
from orderwire.model import Family, Identity, Kind, Order, Person, family_of, kind_of
from orderwire.model.money import major
from orderwire.transport.clock import SystemClock

CHUNK = 1000
NAMED = 100
"""Facts and ids named in a report."""
SAME_TIME = timedelta(seconds=1)
"""How far apart two instants may be and be the same: platforms round."""
_ORDERS = frozenset(kind for kind in Kind if kind.startswith("order.") and kind is not Kind.ORDER_UPCOMING)
_KINDS: Mapping[str, frozenset[Kind]] = {
    "people": frozenset({Kind.PERSON_UPDATED}),
    "products": frozenset({Kind.PRODUCT_UPDATED}),
    "orders": _ORDERS,
    "events": frozenset(kind for kind in Kind if family_of(kind.value) is Family.ACTIVITY),
}
_NEVER = datetime(1970, 1, 1, tzinfo=UTC)
"""Stands for a time that no id depends on."""
_TAKEN = (AttemptState.ACCEPTED, AttemptState.CONFIRMED)


class Row(Struct, kw_only=True):
    """One kind of fact on one day (UTC) at the destination."""

    kind: str
    day: date | None
    accepted: int = 0
    """Facts that the platform acknowledged."""
    missing: int = 0
    """Acknowledged, and not held there."""
    twice: int = 0
    """Held more than once."""
    different: int = 0
    """Held with another amount or another time."""
    unknown: int = 0
    """Held, and never sent by us."""


class Receipt(Struct, frozen=True, kw_only=True):
    """The platform's word that it took an item, where the item itself cannot be read back."""

    seq: int
    wire_id: str
    route: str
    attempt: int
    settled_at: datetime | None


class Stranger(Struct, frozen=True, kw_only=True):
    """Something that the platform holds and that it was never told by us. The id of a person may be their e-mail."""

    sort: str
    kind: str
    wire_id: str
    occurred_at: datetime | None


class Reconciliation(Struct, kw_only=True):
    """What was compared and what came out."""

    destination: str
    platform: str
    compared: tuple[str, ...]
    """Sorts of things that were read back."""
    not_shown: tuple[str, ...] = ()
    """Sorts of things that the platform shows nobody: there is nothing to compare them with."""
    rows: list[Row] = []
    missing: list[int] = []
    """Sequence numbers of missing facts, the first hundred."""
    unknown_ids: list[str] = []
    """Ids of orders, products and events there that we never sent, the first hundred."""
    unknown_people: int = 0
    """Ids of people there of whom it was never told by us; they may have signed up there."""
    unreadable: dict[str, int] = {}
    """Facts of kinds that cannot be read back there, by kind: their receipts are all there is."""
    repair: DestinationPlan | None = None
    """What sending the missing facts once more would take."""

    @property
    def is_clean(self) -> bool:
        """Whether everything that was compared agrees."""
        return not any(row.missing or row.twice or row.different or row.unknown for row in self.rows)


def reconcile(shop: Shop, destination: str, *, strange: Callable[[Stranger], None] | None = None) -> Reconciliation:
    """Read back what the platform shows and compare; nothing is changed on either side.

    Args:
        shop: the opened shop.
        destination: its name.
        strange: is told of everything held there that was never sent by us, people included.

    Raises:
        NotFound: no such destination.
        Busy: a worker delivers there.
        Unavailable: the platform did not answer again and again.
    """
    profile = shop.dialect(destination).profile
    shop.destination(destination)
    books = _Accepted.read(shop, destination, profile)
    books.strange = strange or books.strange
    asyncio.run(_compare(shop, destination, books))
    return books.report(shop, destination)


def receipts(shop: Shop, destination: str) -> Iterator[Receipt]:
    """Every item that the platform acknowledged, by attempt.

    Raises:
        NotFound: no such destination.
    """
    shop.destination(destination, with_key=False)
    for attempt in shop.ledger.attempts(destination, states=_TAKEN):
        failed = set(attempt.failed)
        for place, (member, wire_id) in enumerate(zip(attempt.members, attempt.wire_ids, strict=True)):
            if place not in failed:
                yield Receipt(
                    seq=member.seq,
                    wire_id=wire_id,
                    route=attempt.route,
                    attempt=attempt.number,
                    settled_at=attempt.settled_at,
                )


async def _compare(shop: Shop, destination: str, books: _Accepted) -> None:
    settings = shop.destination(destination)
    profile = shop.dialect(destination).profile
    transport = transport_to(profile, settings, timeout=shop.settings.request_timeout)
    async with leased(shop, destination), transport:
        session = ReadBackSession(shop, settings, transport, SystemClock(settings.time_scale))
        for what in books.compared:
            async for one in session.held(what):
                books.enter(what, one)


class _Expected(Struct):
    """A fact that is expected there."""

    kind: str
    day: date
    occurred_at: datetime | None
    """None where the platform keeps a state and no happening."""
    amount: Decimal | None
    is_seen: bool = False
    is_twice: bool = False
    is_different: bool = False


@dataclass
class _Accepted:
    """What the ledger says was accepted, by the ids on the wire, and what was found of it."""

    compared: tuple[str, ...]
    facts: dict[int, _Expected] = field(default_factory=dict)
    seqs: dict[tuple[str, str], list[int]] = field(default_factory=dict)
    """Facts by sort and the wire ids they were said with: an order and a customer may share their number."""
    sent: set[str] = field(default_factory=set)
    """Every wire id of ours."""
    moments: set[tuple[str, int]] = field(default_factory=set)
    """When facts of ours happened, by kind, in whole seconds."""
    unreadable: Counter[str] = field(default_factory=Counter)
    people: set[str] = field(default_factory=set)
    """Ids under which the platform may hold the people it was told of."""
    strange: Callable[[Stranger], None] = lambda _one: None
    unknown_people: int = 0
    met: Counter[tuple[str, str]] = field(default_factory=Counter)
    strangers: Counter[tuple[str, date | None]] = field(default_factory=Counter)
    stranger_ids: list[str] = field(default_factory=list)

    @classmethod
    def read(cls, shop: Shop, destination: str, profile: Profile) -> _Accepted:
        """Gather what was accepted."""
        books = cls(
            tuple(what for what in profile.reads_held if what != "orders" or "events" not in profile.reads_held)
        )
        said: dict[int, list[str]] = {}
        for receipt in receipts(shop, destination):
            said.setdefault(receipt.seq, []).append(receipt.wire_id)
        readable = frozenset(kind for what in books.compared for kind in _KINDS.get(what, ()))
        seqs = sorted(said)
        told: set[int] = set()
        for place in range(0, len(seqs), CHUNK):
            entries = shop.ledger.entries_at(seqs[place : place + CHUNK])
            pinned = _pinned(shop, destination, entries)
            for card in {entry.person.person: entry.person for entry in entries if entry.person}.values():
                if "people" in books.compared and card.person not in told:
                    told.add(card.person)
                    books.people.update(_ids_of(shop, destination, card, pinned.get(card.person, [])))
            for entry in entries:
                ids = said[entry.fact.seq]
                if entry.fact.kind == Kind.PERSON_UPDATED and entry.person is not None:
                    ids = [*ids, *pinned.get(entry.person.person, ())]
                books._expect(entry, ids, readable, profile)
        return books

    def _expect(self, entry: Entry, ids: list[str], readable: frozenset[Kind], profile: Profile) -> None:
        fact = entry.fact
        kind = kind_of(fact.kind)
        is_event = "events" in self.compared and kind in _KINDS["events"]
        wire_ids = [_key(fact.kind, wire_id, is_event=is_event) for wire_id in ids]
        self.sent.update(wire_ids)
        self.moments.add((fact.kind, int(fact.occurred_at.timestamp())))
        if kind not in readable or not entry.snapshot:
            if kind is not Kind.PRODUCT_REMOVED:
                self.unreadable[fact.kind] += 1
            return
        is_state = profile.capabilities[kind].semantics is Semantics.STATE
        self.facts[fact.seq] = _Expected(
            kind=fact.kind,
            day=fact.occurred_at.astimezone(UTC).date(),
            occurred_at=None if is_state else fact.occurred_at,
            amount=_total(entry.snapshot) if kind is Kind.ORDER_PLACED else None,
        )
        sort = next(what for what in self.compared if kind in _KINDS.get(what, ()))
        for wire_id in wire_ids:
            self.seqs.setdefault((sort, wire_id), []).append(fact.seq)

    def enter(self, what: str, held: Held) -> None:
        """Take one thing that is held there."""
        wire_id = _key(held.kind, held.wire_id, is_event=what == "events")
        self.met[what, wire_id] += 1
        if wire_id not in self.sent:
            self._meet_stranger(what, wire_id, held)
        for seq in self.seqs.get((what, wire_id), ()):
            fact = self.facts[seq]
            fact.is_seen = True
            fact.is_twice = fact.is_twice or self.met[what, wire_id] > 1
            fact.is_different = fact.is_different or _differs(fact, held)

    def _meet_stranger(self, what: str, wire_id: str, held: Held) -> None:
        """Take something that was never sent under this id."""
        if what == "people":
            if wire_id in self.people:
                return
            self.unknown_people += 1
        elif self._is_part(held):
            return
        else:
            self.strangers[held.kind, held.occurred_at.date() if held.occurred_at else None] += 1
            if len(self.stranger_ids) < NAMED:
                self.stranger_ids.append(held.wire_id)
        self.strange(Stranger(sort=what, kind=held.kind, wire_id=held.wire_id, occurred_at=held.occurred_at))

    def _is_part(self, held: Held) -> bool:
        """Whether a fact of ours was said at that very second."""
        second = int(held.occurred_at.timestamp()) if held.occurred_at else 0
        return any((held.kind, second + off) in self.moments for off in (-1, 0, 1))

    def _has_orders_as_events(self, what: str) -> bool:
        return what == "orders" and "events" in self.compared

    def report(self, shop: Shop, destination: str) -> Reconciliation:
        """What came out."""
        rows: dict[tuple[str, date | None], Row] = {}
        for fact in self.facts.values():
            row = rows.setdefault((fact.kind, fact.day), Row(kind=fact.kind, day=fact.day))
            row.accepted += 1
            row.missing += not fact.is_seen
            row.twice += fact.is_twice
            row.different += fact.is_different
        for (kind, day), count in self.strangers.items():
            rows.setdefault((kind, day), Row(kind=kind, day=day)).unknown += count
        missing = [seq for seq, fact in self.facts.items() if not fact.is_seen]
        return Reconciliation(
            destination=destination,
            platform=shop.dialect(destination).profile.title,
            compared=self.compared,
            not_shown=tuple(
                what for what in _KINDS if what not in self.compared and not self._has_orders_as_events(what)
            ),
            unknown_people=self.unknown_people,
            rows=[rows[place] for place in sorted(rows, key=lambda place: (place[0], str(place[1])))],
            missing=missing[:NAMED],
            unknown_ids=self.stranger_ids,
            unreadable=dict(sorted(self.unreadable.items())),
            repair=_repair(shop, destination, missing) if missing else None,
        )


def _key(kind: str, wire_id: str, *, is_event: bool) -> str:
    """What an id is compared by: events of two kinds may share theirs."""
    return f"{kind}|{wire_id.casefold()}" if is_event else wire_id.casefold()


def _ids_of(shop: Shop, destination: str, card: PersonCard, pinned: Sequence[str]) -> set[str]:
    """What a platform may call a person: their identifiers, and the ids that the dialect makes of each."""
    dialect, account = shop.dialect(destination), shop.destination(destination, with_key=False).account
    known = [*pinned, *(one for one in (card.email, card.phone) if one)]
    ways = [Identity(email=one) if "@" in one else Identity(phone=one) for one in known]
    ways += [Identity(external_id=one) for one in card.external_ids.values()]
    ways += [Identity(external_id=one, email=card.email, phone=card.phone) for one in card.external_ids.values()]
    found = {one.casefold() for one in (*known, *card.external_ids.values())}
    for way in ways:
        statement = Statement(
            kind=Kind.PERSON_UPDATED,
            key="",
            subject="",
            source="",
            occurred_at=_NEVER,
            lane=Lane.HISTORY,
            snapshot=Person(identity=way, updated_at=_NEVER),
            recipient=Recipient(
                person=card.person,
                email=way.email,
                phone=way.phone,
                external_id=way.external_id,
                consent={channel: on_file.state for channel, on_file in card.consent.items()},
                is_known_there=True,
            ),
        )
        found.update(item.wire_id.casefold() for item in dialect.write(statement, account).items)
    return found


def _pinned(shop: Shop, destination: str, entries: Sequence[Entry]) -> dict[int, list[str]]:
    """The identifiers that people were first said with there, by person."""
    numbers = {entry.person.person for entry in entries if entry.person}
    marks = shop.ledger.marks(destination, [person_key(number) for number in numbers]) if numbers else {}
    return {
        number: [one for one in (mark.email, mark.phone, mark.external_id) if one]
        for number in numbers
        if (mark := marks.get(person_key(number))) is not None
    }


def _repair(shop: Shop, destination: str, seqs: list[int]) -> DestinationPlan:
    planner = Planner(
        ledger=shop.ledger,
        dialect=shop.dialect(destination),
        settings=shop.destination(destination, with_key=False),
        now=datetime.now(UTC),
    )
    return planner.plan_again(seqs)


def _total(snapshot: bytes) -> Decimal | None:
    order = msgspec.json.decode(snapshot, type=Order)
    return None if order.total is None else major(order.total, order.currency)


def _differs(fact: _Expected, held: Held) -> bool:
    if fact.occurred_at and held.occurred_at and abs(fact.occurred_at - held.occurred_at) > SAME_TIME:
        return True
    amount = _amount(held.digest)
    return fact.amount is not None and amount is not None and amount != fact.amount


def _amount(digest: str) -> Decimal | None:
    """The amount in what a platform shows to compare by: the last part, where it is a number."""
    try:
        return Decimal(digest.rpartition("|")[2])
    except InvalidOperation:
        return None
