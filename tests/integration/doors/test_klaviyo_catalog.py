"""The catalog as plugins keep it, and the products it becomes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from orderwire.dialects.doorway import Reply
from orderwire.dialects.klaviyo.door.door import DOOR
from orderwire.model import Kind, Product, Variant
from orderwire.testing.doors import Visitor


@pytest.fixture
def visitor(tmp_path: Path) -> Iterator[Visitor]:
    made = Visitor(tmp_path, DOOR)
    yield made
    made.close()


def call(visitor: Visitor, method: str, path: str, body: Any = None, **query: str) -> Reply:
    key = {"Authorization": f"Klaviyo-API-Key {visitor.secret}", "revision": "2026-07-15"}
    return visitor.call(method, path, json=body, headers=key, query=query)


def item(ident: str = "P1", **attributes: Any) -> dict[str, Any]:
    told = {"external_id": ident, "title": "Mug", "description": "A mug.", "url": "https://shop.test/mug"}
    return {"type": "catalog-item", "attributes": told | attributes}


def variant(ident: str = "V1", of: str = "P1", **attributes: Any) -> dict[str, Any]:
    told = item(ident)["attributes"] | {"sku": "MUG-B", "price": 11.5, "inventory_quantity": 3}
    linked = {"item": {"data": {"type": "catalog-item", "id": f"$custom:::$default:::{of}"}}}
    return {"type": "catalog-variant", "attributes": told | attributes, "relationships": linked}


def product(visitor: Visitor, ident: str = "P1") -> Product:
    found = visitor.shelves.snapshot(f"product:{ident}")
    assert isinstance(found, Product)
    return found


def test_an_item_and_its_variant_are_one_product(visitor: Visitor) -> None:
    metadata = {"brand": "Potter", "categories": "Kitchen, Mugs", "colour": "blue"}
    made = call(visitor, "POST", "/api/catalog-items", {"data": item(price=10, custom_metadata=metadata)})
    assert 201 == made.status
    assert 201 == call(visitor, "POST", "/api/catalog-variants", {"data": variant(title="Mug, blue")}).status
    found = product(visitor)
    assert ("Mug", Decimal(10), "Potter", ("Kitchen", "Mugs"), {"colour": "blue"}) == (
        found.title,
        found.price,
        found.brand,
        found.categories,
        found.properties,
    )
    expected = Variant(variant_id="V1", title="Mug, blue", sku="MUG-B", price=Decimal("11.5"), inventory=3)
    assert (expected,) == found.variants


def test_a_price_is_kept_to_the_last_digit(visitor: Visitor) -> None:
    key = {"Authorization": f"Klaviyo-API-Key {visitor.secret}"}
    body = json.dumps({"data": item()}).replace('"title"', '"price": 19.9900000001, "title"')
    assert 201 == visitor.call("POST", "/api/catalog-items", body=body, headers=key).status
    assert Decimal("19.9900000001") == product(visitor).price


@pytest.mark.parametrize("path", ["$custom:::$default:::SKU/1", "%24custom%3A%3A%3A%24default%3A%3A%3ASKU%2F1"])
def test_a_compound_id_is_found_encoded_and_not(visitor: Visitor, path: str) -> None:
    call(visitor, "POST", "/api/catalog-items", {"data": item("SKU/1")})
    encoded = path.replace("/", "%2F")
    assert 200 == call(visitor, "GET", f"/api/catalog-items/{encoded}").status


def test_what_is_there_is_not_created_twice(visitor: Visitor) -> None:
    call(visitor, "POST", "/api/catalog-items", {"data": item()})
    reply = call(visitor, "POST", "/api/catalog-items", {"data": item(title="Other")})
    assert (409, "Mug") == (reply.status, product(visitor).title)


def test_a_variant_needs_its_item(visitor: Visitor) -> None:
    reply = call(visitor, "POST", "/api/catalog-variants", {"data": variant()})
    (error,) = json.loads(reply.body)["errors"]
    assert (404, "/data/relationships/item/data/id") == (reply.status, error["source"]["pointer"])


def test_what_is_missing_is_named_at_once(visitor: Visitor) -> None:
    reply = call(
        visitor, "POST", "/api/catalog-items", {"data": {"type": "catalog-item", "attributes": {"title": ""}}}
    )
    assert 400 == reply.status
    assert {f"/data/attributes/{name}" for name in ("external_id", "title", "description", "url")} == {
        one["source"]["pointer"] for one in json.loads(reply.body)["errors"]
    }


def test_a_category_names_its_items_and_goes_without_them(visitor: Visitor) -> None:
    call(visitor, "POST", "/api/catalog-items", {"data": item()})
    linked = {"items": {"data": [{"type": "catalog-item", "id": "$custom:::$default:::P1"}]}}
    category = {
        "type": "catalog-category",
        "attributes": {"external_id": "K", "name": "Mugs"},
        "relationships": linked,
    }
    assert 201 == call(visitor, "POST", "/api/catalog-categories", {"data": category}).status
    assert ("Mugs",) == product(visitor).categories
    change = {"type": "catalog-category", "id": "$custom:::$default:::K", "attributes": {"name": "Cups"}}
    call(visitor, "PATCH", "/api/catalog-categories/$custom:::$default:::K", {"data": change})
    assert ("Cups",) == product(visitor).categories
    assert 204 == call(visitor, "DELETE", "/api/catalog-categories/$custom:::$default:::K").status
    assert () == product(visitor).categories


def test_a_job_does_what_it_can(visitor: Visitor) -> None:
    kind = "catalog-item-bulk-create-job"
    entries = [item("A"), item("B", price="x"), item("A"), {"type": "catalog-variant"}]
    reply = call(
        visitor, "POST", f"/api/{kind}s", {"data": {"type": kind, "attributes": {"items": {"data": entries}}}}
    )
    told = json.loads(reply.body)["data"]
    assert (202, 4, 1, 3) == (
        reply.status,
        *(told["attributes"][name] for name in ("total_count", "completed_count", "failed_count")),
    )
    assert [
        ("invalid", "/data/attributes/items/data/1/attributes/price"),
        ("duplicate_resource", "/data/attributes/items/data/2/attributes"),
        ("invalid", "/data/attributes/items/data/3/type"),
    ] == [(one["code"], one["source"]["pointer"]) for one in told["attributes"]["errors"]]
    assert [Kind.PRODUCT_UPDATED] == visitor.kinds()


def test_a_product_that_went_may_come_back(visitor: Visitor) -> None:
    own = "/api/catalog-items/$custom:::$default:::P1"
    call(visitor, "POST", "/api/catalog-items", {"data": item()})
    assert 204 == call(visitor, "DELETE", own).status
    assert 404 == call(visitor, "GET", own).status
    assert product(visitor).removed_at is not None
    call(visitor, "POST", "/api/catalog-items", {"data": item(title="Again")})
    assert ("Again", None) == (product(visitor).title, product(visitor).removed_at)


def test_a_wait_for_stock_is_kept_as_an_event(visitor: Visitor) -> None:
    def waiting(ident: str) -> Reply:
        body = {
            "type": "back-in-stock-subscription",
            "attributes": {
                "channels": ["EMAIL"],
                "profile": {"data": {"type": "profile", "attributes": {"email": "ana@mail.test"}}},
            },
            "relationships": {
                "variant": {"data": {"type": "catalog-variant", "id": f"$custom:::$default:::{ident}"}}
            },
        }
        query = {"company_id": visitor.public}
        return visitor.call("POST", "/client/back-in-stock-subscriptions", json={"data": body}, query=query)

    assert (404, "variant_not_found") == (
        waiting("V1").status,
        json.loads(waiting("V1").body)["errors"][0]["code"],
    )
    call(visitor, "POST", "/api/catalog-items", {"data": item()})
    call(visitor, "POST", "/api/catalog-variants", {"data": variant()})
    assert (202, b"") == (waiting("V1").status, waiting("V1").body)
    assert "custom.Subscribed to Back in Stock" == visitor.kinds()[-1]
    known = visitor.known(email="ana@mail.test")
    assert known is not None
    assert {} == known.consent
