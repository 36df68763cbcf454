"""Requests in the books: what is written of a parcel before and after it is sent, and what that says of facts."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from orderwire.delivery.parcels import Key, Parcel
from orderwire.ledger.values import Attempt, AttemptState
from orderwire.transport.redact import safe


def attempt_of(
    parcel: Parcel,
    state: AttemptState,
    reason: str,
    *,
    now: datetime,
    failed: tuple[int, ...] = (),
    job: str | None = None,
) -> Attempt:
    """The row of a parcel's request. The reason is made safe to show."""
    return Attempt(
        number=parcel.number,
        route=parcel.route.name,
        lane=parcel.lane.value,
        state=state,
        opened_at=parcel.opened_at or now,
        members=parcel.members(),
        wire_ids=tuple(item.wire_id for item in parcel.items),
        group=parcel.group,
        tries=parcel.tries,
        settled_at=now,
        failed=failed,
        job=job,
        reason=safe(reason),
    )


def said_of(attempts: Iterable[Attempt]) -> tuple[dict[int, dict[int, Key]], set[int]]:
    """What acknowledged attempts say of facts: what was taken of the incomplete ones, and which are complete."""
    said: dict[int, dict[int, Key]] = {}
    counts: dict[int, int] = {}
    complete: set[int] = set()
    for attempt in attempts:
        if attempt.state not in (AttemptState.ACCEPTED, AttemptState.CONFIRMED):
            continue
        failed = set(attempt.failed)
        for place, member in enumerate(attempt.members):
            if place in failed:
                continue
            said.setdefault(member.seq, {})[member.part] = (attempt.route, attempt.group, attempt.wire_ids[place])
            if member.part == member.parts - 1:
                counts[member.seq] = member.parts
    for seq, most in counts.items():
        if len(said[seq]) >= most:
            complete.add(seq)
            del said[seq]
    return said, complete
