"""Packing: items of one route travel together up to the platform's limits.

A parcel is what becomes one request. It is open while items can still join, sealed when it is full or when nothing
more is to be waited for. Its members say which facts it carries; its keys which persons and subjects are thereby
busy (Law 5).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from typing import TypeAlias

from msgspec import Struct
from msgspec import field as of

from orderwire.delivery.decide import is_person, person_key
from orderwire.delivery.trail import Trail
from orderwire.dialects.contract import Item, Lane, Once, Route, Statement
from orderwire.ledger.values import Mark, Member

Key: TypeAlias = tuple[str, str, str]
"""What tells the items of a fact apart: route, group and wire id."""
Said: TypeAlias = Mapping[int, Key]
"""What was taken of a fact: its items, by their number in the books."""


class Passage(Struct, eq=False, kw_only=True):
    """One fact on its way to a destination, with all its items.

    Items have numbers in the books. A fact that is taken up again may be said in other items than before (its person
    is known there now, its lane is another): what was taken keeps its numbers, the rest gets the free ones.
    """

    seq: int
    family: int
    statement: Statement
    items: tuple[Item, ...]
    keys: tuple[str, ...]
    """Whom and what it is about: these keep their order."""
    newest: int
    """The fact that holds the snapshot it shows; of several in turn, the oldest."""
    state_subject: str | None = None
    """The subject whose state it shows, where the platform keeps states."""
    unsaid: tuple[str, ...] = ()
    done: set[int] = of(default_factory=set)
    """Places of items that were taken."""
    said: dict[int, Key] = of(default_factory=dict)
    """Everything of the fact that was taken, by number; under an earlier expression too."""
    numbers: tuple[int, ...] = ()
    """The number of each item."""
    intended: set[int] = of(default_factory=set)
    """Places of items whose intent is staged or durable."""
    trails: list[Trail] = of(default_factory=list)
    """The streams that may not pass this fact before it is intended."""
    has_exemption: bool = False
    """Whether a row in the exemptions speaks of it; the next intent clears that."""
    tries: int = 0
    failing_since: float | None = None
    """The platform second when it was first refused for the time being."""
    decided_at: datetime | None = None
    """When its consent and its lane were asked for."""
    then: list[Passage] = of(default_factory=list)
    """Later facts about the same whose next item waits for this fact to be finished."""
    is_urgent: bool = False
    """Whether it is history that news of the same person or subject waits for."""

    def __post_init__(self) -> None:
        """Number the items in their order."""
        self.numbers = tuple(range(len(self.items)))

    def following(self, place: int) -> Iterator[int]:
        """The places after this one that may travel with it: same route, same group, not taken yet, no gap."""
        first = self.items[place]
        for later in range(place + 1, len(self.items)):
            item = self.items[later]
            if later in self.done or (item.route, item.group) != (first.route, first.group):
                return
            yield later

    def take(self, place: int) -> None:
        """An item was taken."""
        item = self.items[place]
        self.done.add(place)
        self.said[self.numbers[place]] = (item.route, item.group, item.wire_id)

    def lose(self, number: int) -> None:
        """An item that was taken is refused after all: it is to be sent again."""
        if self.said.pop(number, None) is not None:
            lost = {place for place in self.done if self.numbers[place] == number}
            self.done -= lost
            self.intended -= lost

    def resume(self, said: Said) -> None:
        """Go on where an earlier try of the same fact stopped."""
        known = {what: number for number, what in said.items()}
        free = (number for number in count() if number not in said)
        keys = [(item.route, item.group, item.wire_id) for item in self.items]
        self.said = dict(said)
        self.numbers = tuple(known[key] if key in known else next(free) for key in keys)
        self.done = {place for place, key in enumerate(keys) if key in known}
        if len(self.done) == len(self.items):
            self.lose(self.numbers[-1])
        self.intended = set(self.done)
        if said:
            # What was taken may show no more than the fact itself: a newer one is not superseded by this.
            self.newest = min(self.newest, self.seq)

    def carry_over(self, before: Passage) -> None:
        """Take over what is known of the same fact's earlier try: what was taken, and who waits for it."""
        shown = min(self.newest, before.newest) if before.said else self.newest
        self.resume(before.said)
        self.newest = shown
        self.trails = before.trails
        self.has_exemption = before.has_exemption
        self.tries = before.tries
        self.failing_since = before.failing_since
        self.then = before.then
        self.is_urgent = before.is_urgent

    def pin(self, *, seq: int = 0) -> Mark:
        """The mark that pins its person's identifiers there; `seq` 0 before anything of theirs was taken."""
        recipient = self.statement.recipient
        if recipient is None:
            raise ValueError("a statement about nobody pins nothing")
        return Mark(
            subject=person_key(recipient.person),
            seq=seq,
            occurred_at=self.statement.occurred_at,
            email=recipient.email,
            phone=recipient.phone,
            external_id=recipient.external_id,
            stated_consent=recipient.was_stated_there or (seq > 0 and self.statement.kind == "consent.changed"),
        )

    @property
    def subject(self) -> str:
        """What it is about, apart from whom."""
        return self.keys[0]

    @property
    def is_pressing(self) -> bool:
        """Whether it goes before history: news, or what news wait for."""
        return self.is_urgent or self.statement.lane is Lane.LIVE

    @property
    def introduces(self) -> bool:
        """Whether it may say more than it need once its person is known there: a contact before the event."""
        recipient = self.statement.recipient
        return len(self.items) > 1 and recipient is not None and not recipient.is_known_there

    @property
    def number_count(self) -> int:
        """How many items the fact has in the books, those taken under an earlier expression included."""
        return len({*self.said, *self.numbers}) if self.said else len(self.numbers)

    @property
    def is_intended(self) -> bool:
        """Whether every item's intent is staged or durable."""
        return len(self.intended) >= len(self.items)

    @property
    def is_done(self) -> bool:
        """Whether every item was taken."""
        return len(self.done) >= len(self.items)

    @property
    def next_part(self) -> int:
        """The first item that was not taken yet."""
        return next(place for place in range(len(self.items)) if place not in self.done) if self.done else 0


@dataclass(eq=False, slots=True)
class Parcel:
    """Items that travel together, with the passages they belong to."""

    route: Route
    lane: Lane
    group: str
    items: list[Item] = field(default_factory=list)
    passages: list[Passage] = field(default_factory=list)
    parts: list[int] = field(default_factory=list)
    weight: int = 0
    size: int = 0
    number: int = 0
    """The attempt's number; 0 until an intent is recorded."""
    tries: int = 0
    opened_at: datetime | None = None
    first_tried_at: float | None = None
    """The platform second of its first try."""
    is_part: bool = False
    """Whether it is a part of a refused parcel, sent apart to find the culprit."""
    in_doubt: bool = False
    """Whether a try of it may have been taken."""
    prepared_at: datetime | None = None
    """When consent and lane were asked for, of the fact for which that is longest ago."""
    about: set[str] = field(default_factory=set)
    """Keys of everything in it."""
    is_urgent: bool = False
    """Whether it is history that news wait for: it goes in the line of news, as quietly as all history."""

    @property
    def line(self) -> Lane:
        """The line in which it waits for a permit."""
        return Lane.LIVE if self.is_urgent else self.lane

    def members(self) -> tuple[Member, ...]:
        """The parcel's facts, in the order of its items."""
        return tuple(
            Member(passage.seq, passage.numbers[part], passage.number_count)
            for passage, part in zip(self.passages, self.parts, strict=True)
        )

    def add(self, item: Item, passage: Passage, part: int) -> None:
        """Put one more item in."""
        self.items.append(item)
        self.passages.append(passage)
        self.parts.append(part)
        self.about.update(passage.keys)
        if passage.decided_at is not None:
            self.prepared_at = min(self.prepared_at or passage.decided_at, passage.decided_at)
        self.weight += item.weight
        self.size += len(item.body) + 1

    def has_room(self, item: Item) -> bool:
        """Whether one more item keeps within the route's limits."""
        route = self.route
        return (
            self.weight + item.weight <= route.max_weight
            and self.size + len(item.body) + route.frame_bytes <= route.max_bytes
        )

    def places_by_fact(self) -> list[list[int]]:
        """The places of each fact's items, in the order in which the facts came in."""
        found: dict[int, list[int]] = {}
        for place, passage in enumerate(self.passages):
            found.setdefault(passage.seq, []).append(place)
        return list(found.values())

    def is_free_for(self, keys: Iterable[str]) -> bool:
        """Whether nothing that the route takes once per request is in it already."""
        match self.route.once:
            case Once.ITEM:
                return True
            case Once.SUBJECT:
                return self.about.isdisjoint(key for key in keys if not is_person(key))
            case Once.PERSON:
                return self.about.isdisjoint(keys)

    def part(self, places: Sequence[int]) -> Parcel:
        """A parcel of its own with the items at these places, sent apart from the others."""
        some = Parcel(self.route, self.lane, self.group, is_part=True, is_urgent=self.is_urgent)
        for place in places:
            some.add(self.items[place], self.passages[place], self.parts[place])
        return some


class Packer:
    """The open parcels of one destination, one for each (route, lane, line, group)."""

    def __init__(self) -> None:
        self._open: dict[tuple[str, Lane, bool, str], Parcel] = {}

    def peek(self, route: Route, item: Item, passage: Passage) -> Parcel | None:
        """The open parcel that this item would join; None when it would begin a new one."""
        parcel = self._open.get((route.name, passage.statement.lane, passage.is_urgent, item.group))
        if parcel is None or not parcel.has_room(item):
            return None
        return parcel if parcel.is_free_for(passage.keys) else None

    def put(
        self, route: Route, item: Item, passage: Passage, part: int, parcel: Parcel | None
    ) -> tuple[Parcel, Parcel | None]:
        """Put an item into the parcel that `peek` gave, or a new one.

        Returns:
            Its parcel, and the one that became full by it not fitting there.
        """
        sealed = None
        if parcel is None:
            lane = passage.statement.lane
            key = (route.name, lane, passage.is_urgent, item.group)
            sealed = self._open.pop(key, None)
            parcel = self._open[key] = Parcel(route, lane, item.group, is_urgent=passage.is_urgent)
        parcel.add(item, passage, part)
        return parcel, sealed

    def is_full(self, parcel: Parcel) -> bool:
        """Whether nothing more can join."""
        return parcel.weight >= parcel.route.max_weight

    def is_open(self, parcel: Parcel) -> bool:
        """Whether the parcel still takes items."""
        return self._open.get(_key_of(parcel)) is parcel

    def seal(self, parcel: Parcel) -> None:
        """Close a parcel."""
        self._open.pop(_key_of(parcel), None)

    def seal_all(self, line: Lane) -> list[Parcel]:
        """Close every parcel of a line; oldest first."""
        keys = [key for key, parcel in self._open.items() if parcel.line is line]
        return [self._open.pop(key) for key in keys]


def _key_of(parcel: Parcel) -> tuple[str, Lane, bool, str]:
    return parcel.route.name, parcel.lane, parcel.is_urgent, parcel.group
