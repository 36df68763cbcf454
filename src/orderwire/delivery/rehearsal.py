"""How facts fall into requests: a desk at which every request is answered at once and with yes.

The packing, the lines behind unfinished facts and the introductions are those of the real desk. What differs is time:
nothing is under way while more is read, and no limit lets parcels pile up. Where parcels are never full, a real
delivery may therefore need a few requests more or less than are counted here.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping

from orderwire.delivery.holds import Holds
from orderwire.delivery.parcels import Packer, Parcel, Passage
from orderwire.dialects.contract import Lane, Once, Route

MOST_WAITING = 5_000
"""Facts in line behind unfinished ones before what was packed goes as it is."""


class Rehearsal:
    """Packs facts in the order they come, and hands out each request as it would leave.

    Args:
        routes: the platform's routes by name.
        taken: is told of each fact of which everything was taken.
        again: says a fact anew that was written before the platform knew its person; None when nothing is to be said.
    """

    def __init__(
        self,
        routes: Mapping[str, Route],
        *,
        taken: Callable[[Passage], None],
        again: Callable[[Passage], Passage | None],
    ) -> None:
        self._routes = routes
        self._taken = taken
        self._again = again
        self._packer = Packer()
        self._holds = Holds()
        self._sealed: deque[Parcel] = deque()
        self._following: dict[int, list[Passage]] = {}
        """Facts whose next item waits for another fact to be finished, by that fact."""
        self._outdated: dict[int, Passage] = {}
        """Facts whose turn has come, written before the platform knew their person."""

    def add(self, passage: Passage) -> None:
        """Put a fact on its way, or in line behind an unfinished one of the same person or subject."""
        part = passage.next_part
        if self._holds.may_go(passage, self._joined(passage, part)):
            self._pack(passage, part)
        else:
            self._holds.wait(passage)

    def sent(self) -> Iterator[Parcel]:
        """The requests that are ready, each answered before the next one is handed out."""
        while self._sealed or self._holds.waiting_count >= MOST_WAITING:
            if not self._sealed:
                self._sealed.extend(self._packer.seal_all(Lane.HISTORY))
            yield self._answered(self._sealed.popleft())

    def finish(self) -> Iterator[Parcel]:
        """All further requests until nothing is left; what was packed goes when nothing fuller is ready."""
        while parcels := self._packer.seal_all(Lane.HISTORY):
            self._sealed.extend(parcels)
            yield from self.sent()

    def _answered(self, parcel: Parcel) -> Parcel:
        for places in parcel.places_by_fact():
            passage = parcel.passages[places[0]]
            for place in places:
                passage.take(parcel.parts[place])
            if passage.is_done:
                self._taken(passage)
                self._finish(passage)
            else:
                self._next_part(passage)
        self._say_again()
        return parcel

    def _finish(self, passage: Passage) -> None:
        freed = self._holds.release(passage)
        for later in self._following.pop(passage.seq, ()):
            self._next_part(later)
        self._let_go(freed)

    def _next_part(self, passage: Passage) -> None:
        part = passage.next_part
        ahead = self._holds.ahead(passage, self._joined(passage, part))
        if ahead is None:
            self._pack(passage, part)
        else:
            self._following.setdefault(ahead, []).append(passage)
            self._holds.take(passage, None)

    def _let_go(self, candidates: Iterable[Passage]) -> None:
        turn = deque(candidates)
        gone: set[int] = set()
        while turn:
            passage = turn.popleft()
            part = passage.next_part
            if passage.seq in gone or not self._holds.may_go(passage, self._joined(passage, part)):
                continue
            gone.add(passage.seq)
            turn.extend(self._holds.leave_line(passage))
            if passage.introduces:
                self._holds.take(passage, None)
                self._outdated[passage.seq] = passage
            else:
                self._pack(passage, part)

    def _say_again(self) -> None:
        """Say anew what was in line while its person was introduced: it may be less now."""
        while self._outdated:
            before, self._outdated = self._outdated, {}
            for passage in before.values():
                renewed = self._again(passage)
                if renewed is None:
                    self._finish(passage)
                else:
                    self._next_part(renewed)

    def _joined(self, passage: Passage, part: int) -> Parcel | None:
        item = passage.items[part]
        return self._packer.peek(self._routes[item.route], item, passage)

    def _pack(self, passage: Passage, part: int) -> None:
        """Put an item into a parcel, and with it those that follow it on the same route, as far as there is room."""
        item = passage.items[part]
        route = self._routes[item.route]
        parcel, sealed = self._packer.put(route, item, passage, part, self._joined(passage, part))
        last = part
        for place in passage.following(part):
            if route.once is not Once.ITEM or not parcel.has_room(passage.items[place]):
                break
            parcel.add(passage.items[place], passage, place)
            last = place
        self._holds.take(passage, parcel if last == len(passage.items) - 1 else None)
        if sealed is not None:
            self._sealed.append(sealed)
        if self._packer.is_full(parcel):
            self._packer.seal(parcel)
            self._sealed.append(parcel)
