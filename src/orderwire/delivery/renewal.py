"""Deciding again about facts on their way: consent, lane and newest content may have changed since."""

from __future__ import annotations

from collections.abc import Collection

from orderwire.delivery.desk import Desk
from orderwire.delivery.traffic import admit, advance, finish, represent, seal
from orderwire.dialects.contract import Lane


def reconsider(desk: Desk, seqs: Collection[int], *, apart: bool = False) -> None:
    """Put facts on their way as they are to be said now.

    `apart` keeps a part of a refused parcel from growing together with the rest again.
    """
    if apart:
        seal(desk, Lane.LIVE)
        seal(desk, Lane.HISTORY)
    _decide_again(desk, seqs)
    renew_outdated(desk)
    seal(desk, Lane.LIVE, apart=apart)
    seal(desk, Lane.HISTORY, apart=apart)


def renew_outdated(desk: Desk) -> None:
    """Say anew, all at once, what was written long ago or before the platform knew its person; it may be less now."""
    while desk.holds.outdated:
        seqs = [seq for seq in desk.holds.outdated if seq in desk.passages]
        desk.holds.outdated.clear()
        if _decide_again(desk, seqs):
            seal(desk, Lane.LIVE)


def _decide_again(desk: Desk, seqs: Collection[int]) -> bool:
    """Put facts on their way under another decision; True when one of them is news."""
    entries = desk.ledger.entries_at(sorted(seqs))
    marks = desk.marks_of(entries)
    context = desk.context()
    any_live = False
    for entry in entries:
        passage = desk.passages[entry.fact.seq]
        if passage.state_subject:
            desk.represented.pop(passage.state_subject, None)
        quietly = passage.statement.lane is Lane.HISTORY
        renewed = admit(desk, entry, marks, context, (), quietly=quietly)
        if renewed is None:
            for trail in passage.trails:
                trail.settle(passage.seq)
            finish(desk, passage)
            continue
        renewed.carry_over(passage)
        represent(desk, renewed)
        advance(desk, renewed)
        any_live = any_live or renewed.is_pressing
    return any_live
