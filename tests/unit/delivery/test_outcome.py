"""What follows from a reply on each sort of route: every result, every resend class."""

from collections.abc import Callable
from itertools import product

import pytest

from orderwire.delivery.outcome import Course, Fate, ItemFate, course_of, fate_in_doubt, fates
from orderwire.delivery.settings import UnknownPolicy
from orderwire.dialects.contract import Resend, Route
from orderwire.dialects.wire import ItemOutcome, Result, Verdict
from orderwire.model import Kind

MakeRoute = Callable[..., Route]
UNKNOWN_COURSE = {
    Resend.DEDUPLICATED: Course.SAME_IDS,
    Resend.OVERWRITES: Course.SAME_IDS,
    Resend.READABLE: Course.LOOK,
    Resend.TRIGGERS: Course.IN_DOUBT,
    Resend.BLIND: Course.IN_DOUBT,
}
SURE_COURSE = {
    Result.ACCEPTED: (Course.SETTLE, Course.SETTLE),
    Result.CONFIRMED: (Course.SETTLE, Course.SETTLE),
    Result.REJECTED: (Course.SETTLE, Course.SPLIT),
    Result.SPLIT: (Course.SETTLE, Course.SPLIT),
    Result.RATE_LIMITED: (Course.AGAIN, Course.AGAIN),
    Result.UNAVAILABLE: (Course.AGAIN, Course.AGAIN),
    Result.UNAUTHORIZED: (Course.PAUSE, Course.PAUSE),
}


@pytest.mark.parametrize(("result", "resend"), list(product(Result, Resend)))
def test_every_result_has_its_course_for_one_item_and_for_many(
    result: Result, resend: Resend, route: MakeRoute
) -> None:
    expected = SURE_COURSE.get(result) or (UNKNOWN_COURSE[resend],) * 2
    assert expected == tuple(course_of(route(resend=resend), result, count) for count in (1, 5))


def test_a_refusal_is_believed_item_by_item_where_the_platform_names_the_culprit(route: MakeRoute) -> None:
    assert Course.SETTLE is course_of(route(names_culprit=True), Result.REJECTED, 5)


@pytest.mark.parametrize("kind", [one.value for one in Kind if one is not Kind.CUSTOM] + ["custom.wish"])
def test_in_doubt_orders_and_consent_are_sent_again_and_browsing_waits(kind: str) -> None:
    waits = kind.startswith(("cart.", "checkout.", "product.viewed", "site.", "custom."))
    assert (Fate.ASK if waits else Fate.RESEND) is fate_in_doubt(kind, UnknownPolicy.DEFAULT)


@pytest.mark.parametrize(("policy", "fate"), [(UnknownPolicy.RESEND, Fate.RESEND), (UnknownPolicy.ASK, Fate.ASK)])
def test_a_policy_that_is_set_holds_for_every_kind(policy: UnknownPolicy, fate: Fate) -> None:
    assert {fate} == {fate_in_doubt(kind, policy) for kind in ("order.placed", "cart.updated", "custom.x")}


def test_items_that_are_named_have_their_own_fate() -> None:
    verdict = Verdict(
        result=Result.ACCEPTED,
        items=(
            ItemOutcome(index=1, result=Result.REJECTED, reason="too old"),
            ItemOutcome(index=3, result=Result.UNAVAILABLE, reason="later"),
            ItemOutcome(index=9, result=Result.REJECTED, reason="nobody's"),
        ),
    )
    taken = ItemFate(Fate.TAKEN)
    assert [taken, ItemFate(Fate.DEAD, "too old"), taken, ItemFate(Fate.RETRY, "later")] == fates(verdict, 4)


def test_a_dead_letter_always_has_a_reason() -> None:
    assert "refused without a reason" == fates(Verdict(result=Result.REJECTED), 1)[0].reason
