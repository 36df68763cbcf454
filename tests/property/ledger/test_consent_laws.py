"""No order of telling widens a consent."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from orderwire.identity import Standing, Weighing, in_force, weigh
from orderwire.model import ConsentState

START = datetime(2024, 3, 1, tzinfo=UTC)
STATEMENTS = st.builds(
    Standing,
    state=st.sampled_from(ConsentState),
    changed_at=st.none() | st.integers(0, 4).map(lambda day: START + timedelta(days=day)),
)
SAID = st.lists(STATEMENTS, min_size=1, max_size=7)


def told(statements: list[Standing]) -> tuple[Standing, ...]:
    known: tuple[Standing, ...] = ()
    for statement in statements:
        _, known = weigh(known, statement)
    return known


@given(SAID.flatmap(lambda said: st.tuples(st.just(said), st.permutations(said))))
def test_what_is_in_force_does_not_depend_on_the_order_of_telling(
    orders: tuple[list[Standing], list[Standing]],
) -> None:
    first, second = orders
    assert in_force(told(first)) == in_force(told(second))


@given(SAID, st.data())
def test_telling_again_changes_nothing(said: list[Standing], data: st.DataObject) -> None:
    again = data.draw(st.lists(st.sampled_from(said), max_size=7))
    assert in_force(told(said)) == in_force(told(said + again))


@given(SAID)
def test_a_refusal_is_lifted_only_by_a_newer_explicit_yes(said: list[Standing]) -> None:
    refusals = [one for one in said if one.state in (ConsentState.UNSUBSCRIBED, ConsentState.SUPPRESSED)]
    standing = in_force(told(said))
    assert standing is not None
    dates = [one.changed_at for one in refusals if one.changed_at]
    is_lifted = standing.state is ConsentState.SUBSCRIBED and standing.changed_at is not None
    is_open = standing.state in (ConsentState.SUBSCRIBED, ConsentState.NEVER_ASKED)
    assert (
        not (refusals and is_open)
        or (is_lifted and all(standing.changed_at > date for date in dates if standing.changed_at))
        or (standing.state is ConsentState.NEVER_ASKED and _is_withdrawn(said, standing))
    )


def _is_withdrawn(said: list[Standing], blank: Standing) -> bool:
    """Whether a yes had lifted every refusal before it was withdrawn."""
    lifted = in_force(told([one for one in said if one.state is not ConsentState.NEVER_ASKED]))
    return lifted is not None and lifted.state is ConsentState.SUBSCRIBED and blank.changed_at is not None


@given(SAID, STATEMENTS)
def test_what_is_known_adds_nothing(said: list[Standing], new: Standing) -> None:
    known = told([*said, new])
    assert (Weighing.KNOWN, set(known)) == (weigh(known, new)[0], set(weigh(known, new)[1]))
