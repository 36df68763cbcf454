"""Catalogue feeds read entry by entry, safely."""

import io
import json
import tracemalloc
from decimal import Decimal
from typing import Any

import pytest

from orderwire.sources.feed_rows import BadFeed, json_entries, xml_entries

RSS = """<?xml version="1.0"?>
<rss version="2.0" xmlns:g="http://base.google.com/ns/1.0"><channel><title>Shop</title><link>https://shop.test</link>
<item><g:id>1</g:id><title>Mug &amp; lid</title><g:price>12.50 EUR</g:price><g:sale_price>USD 9</g:sale_price>
<g:shipping><g:country>DE</g:country><g:price>4 EUR</g:price></g:shipping>
<g:product_type>Kitchen</g:product_type><g:product_type>Mugs</g:product_type></item>
<item><g:id>2</g:id><title><![CDATA[Pot <b>]]></title></item></channel></rss>"""
ATOM = """<feed xmlns="http://www.w3.org/2005/Atom" xmlns:g="http://base.google.com/ns/1.0"><title>Shop</title>
<entry><g:id>1</g:id><link href="https://shop.test/1"/></entry></feed>"""


class Dripping(io.BytesIO):
    """A stream that gives few bytes at a time, whatever is asked for."""

    def read(self, size: int | None = -1, /) -> bytes:
        return super().read(min(7, size) if size and size > 0 else 7)


def xml(text: str) -> list[dict[str, Any]]:
    return list(xml_entries(Dripping(text.encode())))


def as_json(text: str) -> list[dict[str, Any] | str]:
    return list(json_entries(Dripping(text.encode())))


def test_a_merchant_feed_gives_its_items() -> None:
    assert [
        {
            "id": "1",
            "title": "Mug & lid",
            "price": "12.50 EUR",
            "price.amount": "12.50",
            "price.currency": "EUR",
            "sale_price": "USD 9",
            "sale_price.amount": "9",
            "sale_price.currency": "USD",
            "shipping.country": "DE",
            "shipping.price": "4 EUR",
            "shipping.price.amount": "4",
            "shipping.price.currency": "EUR",
            "product_type": ["Kitchen", "Mugs"],
        },
        {"id": "2", "title": "Pot <b>"},
    ] == xml(RSS)


def test_an_atom_feed_gives_its_entries_with_their_links() -> None:
    assert [{"id": "1", "link": "https://shop.test/1"}] == xml(ATOM)


def test_a_list_of_objects_gives_them_with_exact_numbers() -> None:
    text = '\n[ {"id": 1, "price": 12.10, "of": {"a": [1, 2]}} ,{"id":"ž \\" ]"}]'
    assert [{"id": 1, "price": Decimal("12.10"), "of.a": [1, 2]}, {"id": 'ž " ]'}] == as_json(text)


def test_what_is_no_object_in_a_list_is_told_apart() -> None:
    assert ['"a"', "123456789", "null", {"id": 1}] == as_json('["a", 123456789, null, {"id": 1}]')


def test_an_empty_list_is_a_feed() -> None:
    assert [] == as_json("[]")


@pytest.mark.parametrize(
    "text", ["", "{}", "[", '[{"id": 1}', '[{"id": 1} {"id": 2}]', '[{"id": }]', '{"products": []}'], ids=str
)
def test_what_is_no_list_of_objects_is_refused(text: str) -> None:
    with pytest.raises(BadFeed):
        as_json(text)


BOMB = "".join(f'<!ENTITY e{at} "{f"&e{at - 1};" * 10}">' for at in range(1, 10))


@pytest.mark.parametrize(
    "text",
    [
        f'<!DOCTYPE a [<!ENTITY e0 "ha">{BOMB}]><a><item><id>&e9;</id></item></a>',
        '<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/hostname">]><a><item><id>&e;</id></item></a>',
        '<!DOCTYPE a SYSTEM "https://shop.test/a.dtd"><a/>',
        "<a><item><id>&e;</id></item></a>",
        "<a><item>",
        "no xml",
        "",
        "<item>" * 100,
    ],
    ids=["a bomb", "a file", "a type elsewhere", "an entity", "cut off", "no xml", "empty", "deep"],
)
def test_xml_that_is_not_safe_or_not_whole_is_refused(text: str) -> None:
    with pytest.raises(BadFeed):
        xml(text)


def test_an_entry_beyond_all_measure_is_refused() -> None:
    long = "x" * 17_000_000
    with pytest.raises(BadFeed):
        list(xml_entries(io.BytesIO(f"<a><item><id>{long}</id></item></a>".encode())))
    with pytest.raises(BadFeed):
        list(json_entries(io.BytesIO(json.dumps([{"id": long * 2}])[:-2].encode())))


@pytest.mark.parametrize("is_xml", [True, False])
def test_a_long_feed_is_not_in_memory(is_xml: bool) -> None:
    one = f"<item><id>1</id><text>{'x' * 1000}</text></item>" if is_xml else f'{{"id": 1, "text": "{"x" * 1000}"}}'
    head, between, foot = ("<a>", "", "</a>") if is_xml else ("[", ",", "]")
    stream = io.BytesIO((head + between.join([one] * 10_000) + foot).encode())
    tracemalloc.start()
    try:
        count = sum(1 for _ in (xml_entries if is_xml else json_entries)(stream))
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert 10_000 == count
    assert most < 2_000_000
