"""Which of a person's statements about permission is in force.

Of each state only the newest statement counts, and the one in force is a function of those newest statements, never
of the order in which they arrived: so no replay, re-import or late webhook can widen a consent.

* Newer wins; an opt-out wins a tie; a yes without a date is older than any statement with one.
* A refusal without a date counts from when its source first told it: some platforms list who opted out and never say
  since when. Telling it again adds nothing, so a newer yes stands against it.
* `suppressed` stands until a newer explicit `subscribed`; a plain `unsubscribed` does not lift it.
* `never_asked` is the absence of a statement: it never outweighs an opt-out, and only a dated, newer one withdraws
  a subscription.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace

from orderwire.model import ConsentState

REFUSALS = frozenset({ConsentState.UNSUBSCRIBED, ConsentState.SUPPRESSED})
_UNDATED = datetime.min.replace(tzinfo=UTC)


class Standing(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """One statement about permission as it is kept on a person's profile."""

    state: ConsentState
    changed_at: datetime | None = None
    source: str = ""
    origin: str | None = None
    seq: int = 0
    """The fact that states it; 0 where it lost and is kept only to be weighed."""
    told_at: datetime | None = None
    """When a refusal without a date was first told; None for everything else."""
    tellers: tuple[str, ...] = ()
    """Sources that have told this refusal without a date."""


class Weighing(StrEnum):
    """What became of a new statement."""

    ACCEPTED = "accepted"
    """It holds, or is an opt-out that nothing newer contradicts."""
    KNOWN = "known"
    """The same was said before, then or later."""
    STALE = "stale"
    """Something that outweighs it is known already."""


class Verdict(StrEnum):
    """Why a statement is in force, or is not."""

    IN_FORCE = "in force"
    OLDER = "older than what is in force"
    TIE = "as old as the opt-out, which wins a tie"
    UNDATED = "without a date, so older than any statement with one"
    NOTHING_SAID = "only says that nobody asked, which lifts no opt-out"
    LIFTED = "a newer yes stands against it"
    BELOW_SUPPRESSION = "the suppression stands until a newer yes"


def weigh(known: Iterable[Standing], new: Standing) -> tuple[Weighing, tuple[Standing, ...]]:
    """Weigh a new statement against those known, giving what became of it and the statements to keep."""
    kept = newest(known)
    before = kept.get(new.state)
    tellers = before.tellers if before is not None else ()
    if new.told_at is not None:
        if new.source in tellers:
            return Weighing.KNOWN, tuple(kept.values())
        tellers = (*tellers, new.source)
    if before is not None and _when(new) <= _when(before):
        return Weighing.KNOWN, tuple(kept.values())
    new = replace(new, tellers=tellers) if tellers else new
    kept[new.state] = new
    yes = kept.get(ConsentState.SUBSCRIBED)
    match new.state:
        case ConsentState.UNSUBSCRIBED | ConsentState.SUPPRESSED:
            is_accepted = yes is None or _when(yes) <= _when(new)
        case ConsentState.SUBSCRIBED | ConsentState.NEVER_ASKED:
            is_accepted = _in_force(kept) is new
    return (Weighing.ACCEPTED if is_accepted else Weighing.STALE), tuple(kept.values())


def in_force(statements: Iterable[Standing]) -> Standing | None:
    """The statement that holds now; None when nothing was ever said."""
    kept = newest(statements)
    return _in_force(kept) if kept else None


def judged(statements: Iterable[Standing]) -> tuple[tuple[Standing, Verdict], ...]:
    """The newest statement of each state with why it is in force or not; the one in force first."""
    kept = newest(statements)
    if not kept:
        return ()
    winner = _in_force(kept)
    rest = [one for one in kept.values() if one is not winner]
    return ((winner, Verdict.IN_FORCE), *((one, _verdict(one, winner)) for one in rest))


def _verdict(loser: Standing, winner: Standing) -> Verdict:
    match loser.state:
        case ConsentState.NEVER_ASKED if winner.state in REFUSALS:
            return Verdict.NOTHING_SAID
        case ConsentState.UNSUBSCRIBED if winner.state is ConsentState.SUPPRESSED:
            return Verdict.BELOW_SUPPRESSION
        case ConsentState.UNSUBSCRIBED | ConsentState.SUPPRESSED:
            return Verdict.LIFTED
        case ConsentState.SUBSCRIBED | ConsentState.NEVER_ASKED:
            if loser.changed_at is None:
                return Verdict.UNDATED
            is_tie = winner.state in REFUSALS and _when(loser) == _when(winner)
            return Verdict.TIE if is_tie else Verdict.OLDER


def _in_force(kept: Mapping[ConsentState, Standing]) -> Standing:
    yes = kept.get(ConsentState.SUBSCRIBED)
    for refusal in (kept.get(ConsentState.SUPPRESSED), kept.get(ConsentState.UNSUBSCRIBED)):
        if refusal is not None and (yes is None or _when(yes) <= _when(refusal)):
            return refusal
    blank = kept.get(ConsentState.NEVER_ASKED)
    if yes is not None and (blank is None or _when(blank) <= _when(yes)):
        return yes
    return blank or kept[ConsentState.SUBSCRIBED]


def newest(statements: Iterable[Standing]) -> dict[ConsentState, Standing]:
    """The newest statement of each state; the first on a tie."""
    found: dict[ConsentState, Standing] = {}
    for statement in statements:
        before = found.get(statement.state)
        if before is None or _when(statement) > _when(before):
            found[statement.state] = statement
    return found


def _when(statement: Standing) -> datetime:
    return statement.changed_at or statement.told_at or _UNDATED
