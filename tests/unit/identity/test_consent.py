"""Which statement about permission is in force."""

from datetime import UTC, datetime

import pytest

from orderwire.identity import Standing, Weighing, in_force, judged, weigh
from orderwire.model import ConsentState

YES, NO = ConsentState.SUBSCRIBED, ConsentState.UNSUBSCRIBED
BLOCKED, BLANK = ConsentState.SUPPRESSED, ConsentState.NEVER_ASKED


def said(state: ConsentState, day: int | None) -> Standing:
    return Standing(state=state, changed_at=None if day is None else datetime(2024, 3, day, tzinfo=UTC))


@pytest.mark.parametrize(
    ("known", "new", "expected"),
    [
        ([], said(YES, None), Weighing.ACCEPTED),
        ([], said(BLANK, None), Weighing.ACCEPTED),
        ([said(YES, 1)], said(YES, 1), Weighing.KNOWN),
        ([said(YES, 2)], said(YES, 1), Weighing.KNOWN),
        ([said(YES, 1)], said(YES, None), Weighing.KNOWN),
        ([said(YES, 1)], said(YES, 2), Weighing.ACCEPTED),
        ([said(YES, 1)], said(NO, 1), Weighing.ACCEPTED),
        ([said(NO, 1)], said(YES, 1), Weighing.STALE),
        ([said(NO, None)], said(YES, None), Weighing.STALE),
        ([said(BLOCKED, 1)], said(NO, 2), Weighing.ACCEPTED),
        ([said(BLOCKED, 1), said(NO, 3)], said(YES, 2), Weighing.STALE),
        ([said(YES, 2)], said(BLOCKED, 1), Weighing.STALE),
        ([said(NO, 1)], said(BLANK, 2), Weighing.STALE),
        ([said(YES, 1)], said(BLANK, 2), Weighing.ACCEPTED),
        ([said(YES, 1)], said(BLANK, 1), Weighing.STALE),
    ],
)
def test_a_new_statement_is_weighed(known: list[Standing], new: Standing, expected: Weighing) -> None:
    assert expected is weigh(known, new)[0]


def test_a_statement_that_loses_is_kept_to_be_weighed_again() -> None:
    _, kept = weigh([said(NO, 2)], said(YES, 1))
    assert [said(NO, 2), said(YES, 1)] == list(kept)


def test_only_the_newest_of_a_state_is_kept() -> None:
    _, kept = weigh([said(YES, 1)], said(YES, 2))
    assert [said(YES, 2)] == list(kept)


def test_nothing_said_is_nothing_in_force() -> None:
    assert None is in_force([])


@pytest.mark.parametrize(
    ("said", "verdicts"),
    [
        ([said(YES, 1)], {YES: "in force"}),
        ([said(YES, 1), said(NO, 2)], {NO: "in force", YES: "older than what is in force"}),
        ([said(YES, 1), said(NO, 1)], {NO: "in force", YES: "as old as the opt-out, which wins a tie"}),
        (
            [said(YES, None), said(NO, 1)],
            {NO: "in force", YES: "without a date, so older than any statement with one"},
        ),
        ([said(NO, 1), said(YES, 2)], {YES: "in force", NO: "a newer yes stands against it"}),
        (
            [said(BLOCKED, 1), said(NO, 2)],
            {BLOCKED: "in force", NO: "the suppression stands until a newer yes"},
        ),
        (
            [said(BLOCKED, 1), said(YES, 2), said(NO, 3)],
            {
                NO: "in force",
                YES: "older than what is in force",
                BLOCKED: "a newer yes stands against it",
            },
        ),
        (
            [said(NO, 1), said(BLANK, 2)],
            {NO: "in force", BLANK: "only says that nobody asked, which lifts no opt-out"},
        ),
        ([said(YES, 1), said(BLANK, 2)], {BLANK: "in force", YES: "older than what is in force"}),
        (
            [said(YES, 1), said(BLANK, None)],
            {YES: "in force", BLANK: "without a date, so older than any statement with one"},
        ),
    ],
)
def test_why_a_statement_is_in_force_or_not(said: list[Standing], verdicts: dict[ConsentState, str]) -> None:
    assert verdicts == {one.state: str(verdict) for one, verdict in judged(said)}


def test_of_nothing_said_nothing_is_judged() -> None:
    assert () == judged(())
