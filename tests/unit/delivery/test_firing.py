"""Which routes wait to be acknowledged, by what a destination is set to receive."""

import pytest

from orderwire.delivery.firing import may_fire, unacknowledged
from orderwire.delivery.settings import DestinationSettings
from orderwire.dialects import registry
from orderwire.dialects.contract import Account
from orderwire.model import Family, Kind

PROFILE = registry.dialect("klaviyo").profile


def settings(*kinds: str) -> DestinationSettings:
    chosen = frozenset(kinds) or None
    return DestinationSettings(name="k", platform="klaviyo", account=Account(key="", base_url=""), kinds=chosen)


@pytest.mark.parametrize("family", list(Family))
def test_the_routes_of_the_families_are_those_of_all(family: Family) -> None:
    assert set(may_fire(PROFILE, settings(), family=family)) <= set(may_fire(PROFILE, settings()))


def test_a_kind_that_is_not_wanted_needs_no_acknowledgement() -> None:
    of_orders, of_all = may_fire(PROFILE, settings("order.placed")), may_fire(PROFILE, settings())
    assert (True, False) == ("profiles" in of_all, "profiles" in of_orders)


def test_one_custom_event_needs_what_all_of_them_need() -> None:
    assert may_fire(PROFILE, settings(Kind.CUSTOM)) == may_fire(PROFILE, settings("custom.wishlist"))


def test_what_was_acknowledged_is_asked_for_no_more() -> None:
    first, *others = may_fire(PROFILE, settings())
    assert tuple(others) == unacknowledged(PROFILE, settings(), [first])
