"""Mending deliveries by hand: dead letters, replay, and switching, pausing, adopting destinations."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import msgspec
from msgspec import Struct

from orderwire.app.bootstrap import Shop
from orderwire.delivery.desk import HISTORY_STREAMS
from orderwire.delivery.firing import may_fire
from orderwire.delivery.planning import REOPENED
from orderwire.errors import Conflict, NotFound
from orderwire.ledger.values import Changes, DestinationState, Disposition, Entry, Exemption, Stream

ASKABLE = (Disposition.DEAD, Disposition.UNKNOWN)
"""What a dead-letter list shows: refused for good, and outcomes never learned."""


class DeadLetter(Struct, frozen=True, kw_only=True):
    """A fact that delivery stopped trying to send somewhere, with the reason."""

    destination: str
    seq: int
    kind: str
    subject: str
    source: str
    disposition: Disposition
    reason: str
    attempt: int | None
    decided_at: datetime


def dead_letters(
    shop: Shop, destination: str, *, after: int = 0, limit: int = 100, in_doubt: bool = False
) -> list[DeadLetter]:
    """Facts given up at a destination, in sequence order, a page at a time.

    Args:
        shop: the opened shop.
        destination: its name.
        after: only sequence numbers greater than this.
        limit: at most so many.
        in_doubt: only those whose outcome was never learned.
    """
    wanted = (Disposition.UNKNOWN,) if in_doubt else ASKABLE
    found = shop.ledger.exemptions(destination, dispositions=wanted, after=after, limit=limit)
    entries = {entry.fact.seq: entry for entry in shop.ledger.entries_at([one.seq for one in found])}
    return [_letter(destination, one, entries[one.seq]) for one in found if one.seq in entries]


def _letter(destination: str, exemption: Exemption, entry: Entry) -> DeadLetter:
    return DeadLetter(
        destination=destination,
        seq=exemption.seq,
        kind=entry.fact.kind,
        subject=entry.fact.subject,
        source=entry.fact.source,
        disposition=exemption.disposition,
        reason=exemption.reason,
        attempt=exemption.attempt,
        decided_at=exemption.decided_at,
    )


def replay_dead_letters(shop: Shop, destination: str, seqs: Sequence[int] = ()) -> int:
    """Let given-up facts be tried again at the next sync; all of them when none is named. Returns how many."""
    again = _given_up(shop, destination, seqs)
    now = datetime.now(UTC)
    changes = Changes(
        exceptions=[
            msgspec.structs.replace(
                one, disposition=Disposition.PENDING, reason="replayed by hand", due_at=now, decided_at=now
            )
            for one in again
        ]
    )
    shop.ledger.administer(destination, changes)
    return len(again)


def drop_dead_letters(shop: Shop, destination: str, seqs: Sequence[int]) -> int:
    """Give facts up for good: they are excluded at this destination. Returns how many."""
    dropped = _given_up(shop, destination, seqs)
    now = datetime.now(UTC)
    changes = Changes(
        exceptions=[
            msgspec.structs.replace(
                one, disposition=Disposition.EXCLUDED, reason=f"dropped by hand; was: {one.reason}", decided_at=now
            )
            for one in dropped
        ]
    )
    shop.ledger.administer(destination, changes)
    return len(dropped)


def _given_up(shop: Shop, destination: str, seqs: Sequence[int]) -> list[Exemption]:
    found: list[Exemption] = []
    after = 0
    while page := shop.ledger.exemptions(
        destination, dispositions=ASKABLE, seqs=tuple(seqs), after=after, limit=1000
    ):
        found.extend(page)
        after = page[-1].seq
    missing = set(seqs) - {one.seq for one in found}
    if missing:
        numbers = ", ".join(str(seq) for seq in sorted(missing))
        raise NotFound(f"{destination}: no dead letter with number {numbers}")
    return found


def pause(shop: Shop, destination: str, reason: str = "paused by hand") -> None:
    """Send nothing more to a destination until it is resumed; its worker stops at its next look."""
    state = _state(shop, destination)
    shop.ledger.administer(destination, Changes(state=msgspec.structs.replace(state, paused_reason=reason)))


def resume(shop: Shop, destination: str) -> None:
    """Go on with a paused destination."""
    state = _state(shop, destination)
    shop.ledger.administer(destination, Changes(state=msgspec.structs.replace(state, paused_reason="")))


def acknowledge(shop: Shop, destination: str, routes: Sequence[str] = ()) -> tuple[str, ...]:
    """Record that the user has paused what history may fire; all such routes of the settings when none is named.

    Returns:
        The routes acknowledged now.
    """
    settings = shop.destination(destination, with_key=False)
    risky = may_fire(shop.dialect(destination).profile, settings)
    unknown = set(routes) - set(risky)
    if unknown:
        there_are = ", ".join(risky) or "none"
        raise NotFound(f"{destination}: no route {', '.join(sorted(unknown))} that may fire; there are: {there_are}")
    state = _state(shop, destination)
    chosen = tuple(routes) or risky
    acknowledged = tuple(sorted({*state.acknowledged, *chosen}))
    shop.ledger.administer(destination, Changes(state=msgspec.structs.replace(state, acknowledged=acknowledged)))
    return chosen


def adopt(shop: Shop, destination: str, *, before: datetime) -> None:
    """Declare that the account holds everything that occurred before a moment already; it is not sent again."""
    state = _state(shop, destination)
    shop.ledger.administer(
        destination, Changes(state=msgspec.structs.replace(state, adopted_before=before, is_adopted=True))
    )


def replay(shop: Shop, destination: str, *, to: int) -> int:
    """Move the history cursors of a destination back, so that facts after `to` are decided anew.

    What was accepted is not sent again: its attempts stand. Dead letters have a replay of their own. Returns how many
    sequence numbers are looked at.
    """
    if to < 0:
        raise Conflict("a cursor cannot be negative")
    _state(shop, destination)
    cursors = shop.ledger.cursors(destination)
    moved = {stream: min(to, cursors.get(stream, 0)) for stream in HISTORY_STREAMS}
    cleared: list[int] = []
    after = to
    while page := shop.ledger.exemptions(destination, dispositions=REOPENED, after=after, limit=1000):
        cleared.extend(one.seq for one in page)
        after = page[-1].seq
    shop.ledger.administer(destination, Changes(cursors=dict(moved), cleared=cleared))
    return max(cursors.get(stream, 0) for stream in HISTORY_STREAMS) - to


def _state(shop: Shop, destination: str) -> DestinationState:
    if destination not in shop.settings.destinations:
        known = ", ".join(sorted(shop.settings.destinations)) or "none"
        raise NotFound(f"no destination is called {destination!r}; there are: {known}")
    state = shop.ledger.destination(destination)
    if state is not None:
        return state
    head = shop.ledger.head()
    fresh = DestinationState(name=destination, switched_on_at=datetime.now(UTC), switched_on_seq=head)
    shop.ledger.administer(destination, Changes(state=fresh, cursors={Stream.LIVE: head}))
    return fresh
