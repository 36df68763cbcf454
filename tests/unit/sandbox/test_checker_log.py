"""The checker's own reading of the log, and its rule of permission."""

from datetime import UTC, datetime

import pytest

from orderwire.sandbox.checker.carts import grown
from orderwire.sandbox.checker.facts import figure, instant, major, stamp


@pytest.mark.parametrize(
    ("states", "in_force"),
    [
        ((("subscribed", 1), ("unsubscribed", 2)), "unsubscribed"),
        ((("unsubscribed", 2), ("subscribed", 1)), "unsubscribed"),
        ((("subscribed", 1), ("unsubscribed", 1)), "unsubscribed"),
        ((("unsubscribed", 1), ("subscribed", 1)), "unsubscribed"),
        ((("unsubscribed", 1), ("subscribed", 2)), "subscribed"),
        ((("suppressed", 2), ("subscribed", 2)), "suppressed"),
    ],
)
def test_the_newer_choice_wins_and_an_opt_out_wins_a_tie(shop, states, in_force):
    for state, hours in states:
        shop.consent(state, hours=hours)
    assert shop.log.permissions.in_force(1).state == in_force


def test_somebody_who_was_never_asked_has_no_choice_in_force(shop):
    shop.order("1001", "placed")
    assert shop.log.permissions.in_force(1) is None


def test_the_states_since_a_fact_include_the_one_that_held_then(shop):
    shop.consent("unsubscribed", hours=1)
    seq = shop.tell("cart.updated", "cart:k", {}, hours=2)
    shop.consent("subscribed", hours=3)
    assert shop.log.permissions.states_since(1, seq) == {"unsubscribed", "subscribed"}


def test_a_person_is_found_by_every_identifier_in_any_case(shop):
    shop.order("1001", "placed")
    log = shop.log
    assert [log.who("C1@Mail.test"), log.who("c1"), log.who("c2@mail.test")] == ["per_1", "per_1", "?c2@mail.test"]


def test_a_cart_has_grown_by_what_is_new_or_more(shop):
    shop.tell("cart.updated", "cart:k", {"lines": [{"line_id": "a", "quantity": 1}, {"line_id": "b"}]})
    lines = [{"line_id": "a", "quantity": "2"}, {"line_id": "b"}, {"line_id": "c"}]
    shop.tell("cart.updated", "cart:k", {"lines": lines}, hours=1)
    assert grown(shop.log.facts[1], shop.log) == ["a", "c"]


def test_instants_without_a_zone_are_utc_and_stamps_are_whole_seconds():
    assert instant("2025-01-01T00:00:00") == datetime(2025, 1, 1, tzinfo=UTC)
    assert stamp("2025-01-01T01:00:00.750+01:00") == "1735689600"


@pytest.mark.parametrize(
    ("minor", "currency", "shown"), [(1999, "GBP", "19.99"), (500, "JPY", "500"), (0, "EUR", "0")]
)
def test_minor_units_become_figures_of_their_currency(minor, currency, shown):
    assert major(minor, currency) == shown


def test_figures_do_not_depend_on_trailing_zeros():
    assert figure(10.0) == figure("10.00") == "10"
