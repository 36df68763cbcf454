"""No order of telling widens a consent."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from orderwire.identity import Standing, Weighing, in_force, weigh
from orderwire.model import ConsentState

START = datetime(2024, 3, 1, tzinfo=UTC)
LONG_AGO = START - timedelta(days=1)
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


def newest(said: list[Standing], *states: ConsentState) -> datetime | None:
    """When one of these was last said; long ago where no date was given."""
    return max((one.changed_at or LONG_AGO for one in said if one.state in states), default=None)


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
def test_a_refusal_stands_until_a_newer_explicit_yes(said: list[Standing]) -> None:
    refusal = newest(said, ConsentState.UNSUBSCRIBED, ConsentState.SUPPRESSED)
    yes = newest(said, ConsentState.SUBSCRIBED)
    standing = in_force(told(said))
    assert standing is not None
    is_refused = standing.state in (ConsentState.UNSUBSCRIBED, ConsentState.SUPPRESSED)
    assert (refusal is not None and (yes is None or yes <= refusal)) == is_refused


@given(SAID, STATEMENTS)
def test_what_is_known_adds_nothing(said: list[Standing], new: Standing) -> None:
    known = told([*said, new])
    assert (Weighing.KNOWN, set(known)) == (weigh(known, new)[0], set(weigh(known, new)[1]))
