"""Which of a person's statements about permission is in force.

Of each state only the newest statement counts, and the one in force is a function of those newest statements, never
of the order in which they arrived: so no replay, re-import or late webhook can widen a consent.

* Newer wins; an opt-out wins a tie; a statement without a date is older than any with one.
* `suppressed` stands until a newer explicit `subscribed`; a plain `unsubscribed` does not lift it.
* `never_asked` is the absence of a statement: it never outweighs an opt-out, and only a dated, newer one withdraws
  a subscription.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from enum import StrEnum

from msgspec import Struct

from orderwire.model import ConsentState

_UNDATED = datetime.min.replace(tzinfo=UTC)


class Standing(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """One statement about permission as it is kept on a person's profile."""

    state: ConsentState
    changed_at: datetime | None = None
    source: str = ""
    origin: str | None = None
    seq: int = 0
    """The fact that states it; 0 where it lost and is kept only to be weighed."""


class Weighing(StrEnum):
    """What became of a new statement."""

    ACCEPTED = "accepted"
    """It holds, or is an opt-out that nothing newer contradicts."""
    KNOWN = "known"
    """The same was said before, then or later."""
    STALE = "stale"
    """Something that outweighs it is known already."""


def weigh(known: Iterable[Standing], new: Standing) -> tuple[Weighing, tuple[Standing, ...]]:
    """Weigh a new statement against those known, giving what became of it and the statements to keep."""
    newest = _newest(known)
    before = newest.get(new.state)
    if before is not None and _when(new) <= _when(before):
        return Weighing.KNOWN, tuple(newest.values())
    newest[new.state] = new
    yes = newest.get(ConsentState.SUBSCRIBED)
    match new.state:
        case ConsentState.UNSUBSCRIBED | ConsentState.SUPPRESSED:
            is_accepted = yes is None or _when(yes) <= _when(new)
        case ConsentState.SUBSCRIBED | ConsentState.NEVER_ASKED:
            is_accepted = _in_force(newest) is new
    return (Weighing.ACCEPTED if is_accepted else Weighing.STALE), tuple(newest.values())


def in_force(statements: Iterable[Standing]) -> Standing | None:
    """The statement that holds now; None when nothing was ever said."""
    newest = _newest(statements)
    return _in_force(newest) if newest else None


def _in_force(newest: Mapping[ConsentState, Standing]) -> Standing:
    yes = newest.get(ConsentState.SUBSCRIBED)
    for refusal in (newest.get(ConsentState.SUPPRESSED), newest.get(ConsentState.UNSUBSCRIBED)):
        if refusal is not None and (yes is None or _when(yes) <= _when(refusal)):
            return refusal
    blank = newest.get(ConsentState.NEVER_ASKED)
    if yes is not None and (blank is None or _when(blank) <= _when(yes)):
        return yes
    return blank or newest[ConsentState.SUBSCRIBED]


def _newest(statements: Iterable[Standing]) -> dict[ConsentState, Standing]:
    newest: dict[ConsentState, Standing] = {}
    for statement in statements:
        before = newest.get(statement.state)
        if before is None or _when(statement) > _when(before):
            newest[statement.state] = statement
    return newest


def _when(statement: Standing) -> datetime:
    return statement.changed_at or _UNDATED
