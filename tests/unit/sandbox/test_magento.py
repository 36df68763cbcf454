"""The stand-in of Magento is as strict, and as odd, as the real thing."""

import re
from datetime import timedelta
from typing import Any

import pytest

from orderwire.dialects.connector import Access, Stamp
from orderwire.dialects.connector_registry import connector
from orderwire.dialects.wire import WireRequest
from orderwire.sandbox.kit import Answer, FaultPlan, ReceptionLog
from orderwire.sandbox.kit.server import Exchange
from orderwire.sandbox.magento import Magento
from orderwire.testing.shopfronts import HandClock

BEARER = {"authorization": "Bearer t"}


class Desk:
    """Somebody who asks."""

    def __init__(self, **options: Any) -> None:
        self.stand_in = Magento(HandClock(), {"token": "t", "every": 0, **options})
        self.exchange = Exchange(self.stand_in, ReceptionLog(None), FaultPlan())

    def ask(self, path: str, headers: dict[str, str] | None = None, **criteria: str) -> Answer:
        names = {
            "size": "searchCriteria[pageSize]",
            "page": "searchCriteria[currentPage]",
            "field": "searchCriteria[filter_groups][0][filters][0][field]",
            "value": "searchCriteria[filter_groups][0][filters][0][value]",
            "condition": "searchCriteria[filter_groups][0][filters][0][condition_type]",
            "or_field": "searchCriteria[filter_groups][0][filters][1][field]",
            "or_value": "searchCriteria[filter_groups][0][filters][1][value]",
            "sort": "searchCriteria[sortOrders][0][field]",
            "direction": "searchCriteria[sortOrders][0][direction]",
        }
        return self.exchange.receive(
            method="GET",
            path=f"/rest/all/V1/{path}",
            query={names.get(name, name): value for name, value in criteria.items()},
            headers=BEARER if headers is None else headers,
            body=b"",
        ).answer

    def keys(self, path: str = "orders", **criteria: str) -> list[int]:
        return [one.get("entity_id") or one["id"] for one in self.ask(path, **criteria).body["items"]]


@pytest.mark.parametrize("headers", [{}, {"authorization": "Bearer x"}, {"authorization": "Basic t"}])
def test_only_the_token_opens(headers: dict[str, str]) -> None:
    assert 401 == Desk().ask("orders", headers, size="1").status


KEYS = {"consumer_key": "ck", "consumer_secret": "cs", "token": "t", "token_secret": "ts"}


def signed(desk: Desk, *, secrets: dict[str, str] | None = None, late: int = 0, **changed: str) -> dict[str, str]:
    """The headers of a call for one order of the shop that was signed as its integration does."""
    access = Access(source="shop", url="https://shop.test", secrets=secrets or KEYS)
    request = WireRequest(method="GET", path="/rest/all/V1/orders?searchCriteria%5BpageSize%5D=1")
    stamp = Stamp(at=desk.stand_in.clock.now() + timedelta(seconds=late), nonce="n1")
    said = dict(connector("magento").authorize(request, access, stamp).headers)["Authorization"]
    for name, value in changed.items():
        said = re.sub(f'{name}="[^"]*"', f'{name}="{value}"' if value else "", said)
    return {"authorization": said, "host": "shop.test"}


@pytest.mark.parametrize(
    ("given", "status", "message"),
    [
        pytest.param({}, 200, "", id="as it should be"),
        pytest.param({"late": -86_400}, 200, "", id="a clock behind"),
        pytest.param({"late": 601}, 401, "Incorrect timestamp", id="a clock ahead"),
        pytest.param({"secrets": {**KEYS, "token_secret": "no"}}, 401, "The signature is invalid", id="no secret"),
        pytest.param({"secrets": {**KEYS, "token": "no"}}, 401, "Specified token", id="no token"),
        pytest.param({"secrets": {**KEYS, "consumer_key": "no"}}, 401, "A consumer", id="no consumer"),
        pytest.param({"oauth_nonce": "n2"}, 401, "The signature is invalid", id="another nonce"),
        pytest.param({"oauth_signature": ""}, 400, '"%fieldName" is required', id="no signature"),
        pytest.param({"oauth_signature_method": "HMAC-SHA1"}, 400, "Signature method", id="another method"),
    ],
)
def test_a_signed_call_is_answered_with(given: dict[str, Any], status: int, message: str) -> None:
    desk = Desk(**KEYS)
    answer = desk.ask("orders", signed(desk, **given), size="1")
    assert status == answer.status
    assert answer.body.get("message", "").startswith(message)


def test_where_calls_must_be_signed_a_bearer_opens_nothing_and_no_nonce_counts_twice() -> None:
    desk = Desk(**KEYS)
    headers = signed(desk)
    statuses = [desk.ask("orders", one, size="1").status for one in (BEARER, headers, headers)]
    assert [401, 200, 401] == statuses
    assert 401 == Desk(**KEYS).ask("orders", signed(desk), size="2").status


@pytest.mark.parametrize(
    ("path", "criteria", "status"),
    [
        ("orders", {}, 400),
        ("carts", {"size": "1"}, 404),
        ("orders", {"size": "many"}, 400),
        ("orders", {"field": "colour", "value": "1"}, 400),
        ("orders", {"field": "entity_id", "value": "1", "condition": "almost"}, 400),
        ("orders", {"field": "updated_at", "value": "2026-01-01T00:00:00Z", "condition": "gteq"}, 400),
        ("orders", {"sort": "colour", "size": "1"}, 400),
        ("orders", {"searchCriteria[nonsense]": "1"}, 400),
        ("newsletter/subscribers", {"size": "1"}, 404),
        ("orders", {"size": "1"}, 200),
    ],
)
def test_a_search_is_answered_with(path: str, criteria: dict[str, str], status: int) -> None:
    assert status == Desk().ask(path, **criteria).status


def test_without_a_direction_the_greatest_comes_first_and_without_a_size_everything() -> None:
    desk = Desk(orders=30)
    found = desk.keys(sort="entity_id")
    assert sorted(found, reverse=True) == found
    assert 30 == len(found)


def test_filters_of_one_group_are_alternatives() -> None:
    desk = Desk()
    first, second = desk.keys(sort="entity_id", direction="ASC", size="2")
    either = {"field": "entity_id", "value": str(first), "or_field": "entity_id", "or_value": str(second)}
    assert {first, second} == set(desk.keys(**either))


def test_behind_the_end_older_versions_give_the_last_page_again() -> None:
    asked = {"sort": "entity_id", "direction": "ASC", "size": "7"}
    old, new = Desk(orders=10), Desk(orders=10, gives_last_again=False)
    assert old.keys(page="2", **asked) == old.keys(page="9", **asked)
    assert [] == new.keys(page="9", **asked)


def test_a_shop_with_input_limits_refuses_large_pages_and_gives_twenty_by_itself() -> None:
    desk = Desk(most=50)
    assert (400, 20) == (desk.ask("orders", size="51").status, len(desk.keys(sort="entity_id")))


def test_a_variant_is_two_items_with_the_childs_sku_on_both() -> None:
    orders = Desk().ask("orders", sort="entity_id").body["items"]
    items = [item for order in orders for item in order["items"]]
    parents = {item["item_id"]: item for item in items if item["product_type"] == "configurable"}
    children = [item for item in items if "parent_item_id" in item]
    assert len(parents) == len(children) > 0
    assert all(parents[one["parent_item_id"]]["sku"] == one["sku"] for one in children)


def test_invoices_shipments_and_credit_memos_have_keys_and_clocks_of_their_own() -> None:
    desk = Desk()
    for path in ("invoices", "shipments", "creditmemos"):
        found = desk.keys(path, sort="entity_id", direction="ASC")
        assert list(range(1, len(found) + 1)) == found
