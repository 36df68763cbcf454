"""Products as entries of the platforms' catalogue feeds, read back as the platforms would."""

import io
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from orderwire.dialects.feed import Feed
from orderwire.dialects.feed_registry import FEEDS, feed
from orderwire.model import Product, Variant
from orderwire.sources.feed_rows import json_entries, xml_entries

MUG = Product(
    product_id="M-1",
    title="Mug <blue> & \x0bround",
    description="Holds 0.3 l",
    sku="MUG",
    price=Decimal("12.50"),
    currency="EUR",
    brand="Potter",
    categories=("Kitchen", "Mugs"),
    url="https://shop.test/mug?a=1&b=2",
    image_url="https://shop.test/mug.png",
    inventory=3,
    properties={"colour": "blue", "is new": True},
)


def read(shape: Feed, *products: Product) -> list[dict[str, Any]]:
    """The entries of a feed of these products."""
    entries = [entry for product in products if (entry := shape.entry(product)) is not None]
    stream = io.BytesIO(shape.head("https://shop.test/feed") + shape.between.join(entries) + shape.foot)
    found = json_entries(stream) if shape.name.endswith(".json") else xml_entries(stream)
    return [entry for entry in found if isinstance(entry, dict)]


@pytest.mark.parametrize("name", FEEDS)
def test_an_empty_catalogue_is_a_feed(name: str) -> None:
    assert [] == read(feed(name))


@pytest.mark.parametrize("name", FEEDS)
def test_every_entry_has_what_is_required(name: str) -> None:
    shape = feed(name)
    first, second = read(shape, MUG, replace(MUG, product_id="M-2", description=None))
    assert [] == [one for one in shape.required if not first.get(one) or not second.get(one)]
    assert (first["title"], second["description"].replace("\x0b", "")) == (second["title"], "Mug <blue> & round")


def test_a_custom_catalogue_is_flat_with_numbers_as_numbers() -> None:
    assert [
        {
            "id": "M-1",
            "title": "Mug <blue> & \x0bround",
            "link": "https://shop.test/mug?a=1&b=2",
            "image_link": "https://shop.test/mug.png",
            "description": "Holds 0.3 l",
            "price": Decimal("12.50"),
            "categories": ["Kitchen", "Mugs"],
            "inventory_quantity": 3,
            "brand": "Potter",
            "sku": "MUG",
            "currency": "EUR",
            "colour": "blue",
            "is new": True,
        }
    ] == read(feed("klaviyo.json"), MUG)


def test_the_same_as_xml_repeats_a_list_and_leaves_out_names_that_xml_cannot_have() -> None:
    (entry,) = read(feed("klaviyo.xml"), MUG)
    assert {
        "id": "M-1",
        "title": "Mug <blue> & round",
        "link": "https://shop.test/mug?a=1&b=2",
        "image_link": "https://shop.test/mug.png",
        "description": "Holds 0.3 l",
        "price": "12.50",
        "categories": ["Kitchen", "Mugs"],
        "inventory_quantity": "3",
        "brand": "Potter",
        "sku": "MUG",
        "currency": "EUR",
        "colour": "blue",
    } == entry


def test_a_merchant_feed_has_prices_with_currency_and_availability() -> None:
    (entry,) = read(feed("yespo.xml"), MUG)
    assert {
        "id": "M-1",
        "title": "Mug <blue> & round",
        "description": "Holds 0.3 l",
        "link": "https://shop.test/mug?a=1&b=2",
        "image_link": "https://shop.test/mug.png",
        "availability": "in_stock",
        "price": "12.50 EUR",
        "price.amount": "12.50",
        "price.currency": "EUR",
        "brand": "Potter",
        "mpn": "MUG",
        "product_type": ["Kitchen", "Mugs"],
    } == entry


@pytest.mark.parametrize(
    ("before", "expected"),
    [(None, ("12.50 EUR", None)), (Decimal(15), ("15 EUR", "12.50 EUR")), (Decimal(10), ("12.50 EUR", None))],
    ids=["never lowered", "lowered", "raised"],
)
def test_a_lowered_price_is_a_sale(before: Decimal | None, expected: tuple[str, str | None]) -> None:
    (entry,) = read(feed("yespo.xml"), replace(MUG, compare_at_price=before))
    assert expected == (entry["price"], entry.get("sale_price"))


@pytest.mark.parametrize(("stock", "expected"), [(0, "out_of_stock"), (-1, "out_of_stock"), (None, "in_stock")])
def test_what_is_out_of_stock_says_so(stock: int | None, expected: str) -> None:
    (entry,) = read(feed("yespo.xml"), replace(MUG, inventory=stock))
    assert expected == entry["availability"]


@pytest.mark.parametrize("name", FEEDS)
def test_a_product_without_price_or_picture_of_its_own_has_its_variants(name: str) -> None:
    variants = (
        Variant(variant_id="a", price=Decimal(9), inventory=1),
        Variant(variant_id="b", price=Decimal(7), inventory=2, image_url="https://shop.test/b.png"),
    )
    (entry,) = read(feed(name), replace(MUG, price=None, inventory=None, image_url=None, variants=variants))
    price = str(entry["price"]).removesuffix(" EUR")
    assert ("7", "https://shop.test/b.png") == (price, entry["image_link"])
    assert name == "yespo.xml" or "3" == str(entry["inventory_quantity"])


@pytest.mark.parametrize(
    "change",
    [
        {"removed_at": datetime(2026, 1, 1, tzinfo=UTC)},
        {"is_published": False},
        {"url": None},
        {"image_url": None},
        {"title": "  "},
    ],
    ids=["removed", "hidden", "no link", "no picture", "no title"],
)
@pytest.mark.parametrize("name", FEEDS)
def test_what_is_not_for_sale_or_lacks_something_is_left_out(name: str, change: dict[str, Any]) -> None:
    assert feed(name).entry(replace(MUG, **change)) is None


@pytest.mark.parametrize("change", [{"price": None}, {"currency": None}], ids=["no price", "no currency"])
def test_a_merchant_feed_needs_a_price(change: dict[str, Any]) -> None:
    assert feed("yespo.xml").entry(replace(MUG, **change)) is None
