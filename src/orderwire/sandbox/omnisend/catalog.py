"""Products and categories."""

from __future__ import annotations

from typing import Any

from orderwire.sandbox.omnisend.checks import Checker, plain
from orderwire.sandbox.omnisend.problems import conflict, not_found
from orderwire.sandbox.omnisend.state import Account, Outcome

STATUSES = frozenset({"inStock", "outOfStock", "notAvailable"})
_IMAGES = 300
_URL = 1000


def create_product(account: Account, item: dict[str, Any]) -> Outcome:
    """A new product: 201, or 409 when the id is taken."""
    _check_product(item)
    if item["id"] in account.products:
        raise conflict(f"product with id '{item['id']}' already exists")
    account.products[item["id"]] = plain(item)
    return Outcome(201, {"id": item["id"]}, [_kept("product", "created", item["id"], item)])


def replace_product(account: Account, product_id: str, item: dict[str, Any]) -> Outcome:
    """A product as a whole; what is left out is gone."""
    _check_product({"id": product_id} | item)
    if product_id not in account.products:
        raise not_found("product")
    account.products[product_id] = plain({"id": product_id} | item)
    return Outcome(200, {"id": product_id}, [_kept("product", "replaced", product_id, item)])


def delete_product(account: Account, product_id: str) -> Outcome:
    """A product no more."""
    if account.products.pop(product_id, None) is None:
        raise not_found("product")
    return Outcome(204, None, [_kept("product", "deleted", product_id, {})])


def create_category(account: Account, item: dict[str, Any]) -> Outcome:
    """A new category: 201, or 409 when the id is taken."""
    check = Checker()
    category = check.text(item, "categoryID", most=100, required=True)
    check.text(item, "title", most=255, required=True)
    check.finish()
    if category in account.categories:
        raise conflict(f"category with categoryID '{category}' already exists")
    account.categories[category] = plain(item)
    return Outcome(201, {"categoryID": category}, [_kept("category", "created", category, {})])


def retitle_category(account: Account, category: str, item: dict[str, Any]) -> Outcome:
    """A category by another title."""
    check = Checker()
    title = check.text(item, "title", most=255, required=True)
    check.finish()
    if category not in account.categories:
        raise not_found("category")
    account.categories[category]["title"] = title
    return Outcome(200, {"categoryID": category}, [_kept("category", "updated", category, {})])


def delete_category(account: Account, category: str) -> Outcome:
    """A category no more."""
    if account.categories.pop(category, None) is None:
        raise not_found("category")
    return Outcome(204, None, [_kept("category", "deleted", category, {})])


def _kept(noun: str, action: str, wire_id: str, item: dict[str, Any]) -> dict[str, Any]:
    head = {"type": noun, "action": action, "id": wire_id, "person": None, "occurred_at": item.get("updatedAt")}
    rest = {"quiet": False, "duplicate": False, "amount": None}
    return head | rest | ({"variants": len(item.get("variants") or ())} if noun == "product" else {})


def _check_product(item: dict[str, Any]) -> None:
    check = Checker()
    check.text(item, "id", most=100, required=True)
    check.text(item, "title", most=255, required=True)
    check.choice(item, "status", STATUSES, required=True)
    if (currency := check.text(item, "currency", most=3, required=True)) and len(currency) != 3:
        check.fault("currency", "format", "must be an ISO 4217 code")
    check.text(item, "url", most=_URL, required=True)
    check.text(item, "description", most=1000)
    check.text(item, "type", most=100)
    check.text(item, "vendor", most=100)
    check.words(item, "tags", most=100)
    check.words(item, "categoryIDs", most=100, length=200)
    _check_images(check, item, "")
    for key in ("createdAt", "updatedAt"):
        check.when(item, key)
    if item.get("variants") is not None:
        for at, variant in check.rows(item, "variants", most=500, least=1):
            _check_variant(check, variant, at)
    check.finish()


def _check_variant(check: Checker, variant: dict[str, Any], at: str) -> None:
    check.text(variant, "id", at, most=100, required=True)
    check.text(variant, "title", at, most=255, required=True)
    check.text(variant, "url", at, most=_URL, required=True)
    check.price(variant, "price", at, required=True)
    check.price(variant, "strikeThroughPrice", at)
    check.text(variant, "sku", at, most=255)
    check.choice(variant, "status", STATUSES, at)
    check.text(variant, "description", at, most=1000)
    _check_images(check, variant, at)


def _check_images(check: Checker, item: dict[str, Any], at: str) -> None:
    check.text(item, "defaultImageUrl", at, most=_URL)
    check.words(item, "images", at, most=_IMAGES, length=_URL)
