"""What Shopify calls things, and what is read the same way whether GraphQL or a webhook told it.

Webhooks speak the words of the REST API. The queries ask GraphQL under those same words, so that one reader serves
both. What is left to even out here: GraphQL gives ids as addresses, lists inside `nodes`, and words in capitals.
"""

from __future__ import annotations

from collections.abc import Iterator

from orderwire.dialects.shop_json import Misread, Part, postal
from orderwire.model import Address

_ADDRESS = {
    "first_name": "first_name",
    "last_name": "last_name",
    "company": "company",
    "line1": "address1",
    "line2": "address2",
    "city": "city",
    "region": "province",
    "region_code": "province_code",
    "postal_code": "zip",
    "country": "country",
    "country_code": "country_code",
    "phone": "phone",
}


def id_of(part: Part, name: str = "id") -> str | None:
    """An id by its digits: `gid://shopify/Order/12` is 12; None where there is none."""
    text = part.text(name)
    if text is None:
        return None
    found = text.rpartition("/")[2].partition("?")[0]
    return None if found in ("", "0") else found


def need_id(part: Part, name: str = "id") -> str:
    """An id that must be there."""
    found = id_of(part, name)
    if found is None:
        raise Misread(part.at(name), "is missing")
    return found


def every(part: Part, name: str) -> list[Part]:
    """The things of a list, or of GraphQL's `nodes`."""
    value = part.value.get(name)
    if isinstance(value, dict) and "nodes" in value:
        return Part(value, part.at(name)).parts("nodes")
    return part.parts(name)


def goes_on(part: Part, name: str) -> bool:
    """Whether a list goes on behind what came of it."""
    value = part.value.get(name)
    turning = value.get("pageInfo") if isinstance(value, dict) else None
    return isinstance(turning, dict) and turning.get("hasNextPage") is True


def word(part: Part, name: str) -> str:
    """A word of a closed list in small letters; empty where there is none."""
    return (part.text(name) or "").lower()


def words(part: Part, name: str) -> tuple[str, ...]:
    """A list of words, which webhooks write as one text with commas."""
    value = part.value.get(name)
    found = value.split(",") if isinstance(value, str) else part.texts(name)
    return tuple(sorted({one.strip() for one in found if one.strip()}))


def address(part: Part, name: str) -> Address | None:
    """An address."""
    return postal(part.part(name), _ADDRESS)


class Purse:
    """The amounts of one order, in the shop's currency or in the buyer's: one of them, never both."""

    def __init__(self, order: Part, *, is_presentment: bool) -> None:
        shop = order.currency("currency")
        bought = order.text("presentment_currency")
        self.is_presentment = is_presentment and bought is not None
        self.currency = order.currency("presentment_currency") if self.is_presentment else shop
        self._is_same = bought is None or bought == shop

    def has(self, part: Part, name: str) -> bool:
        """Whether an amount is stated at all."""
        return part.value.get(f"{name}_set") is not None or part.value.get(name) is not None

    def amount(self, part: Part, name: str) -> int:
        """An amount in minor units; 0 where it is absent."""
        both = part.part(f"{name}_set")
        if both is None:
            return self._plain(part, name)
        side = both.part("presentment_money" if self.is_presentment else "shop_money")
        return 0 if side is None else side.amount("amount", self.currency)

    def _plain(self, part: Part, name: str) -> int:
        """An amount that is stated once: in the shop's currency, where nothing is nothing in any other."""
        if self.is_presentment and not self._is_same and part.decimal(name):
            raise Misread(part.at(f"{name}_set"), "is missing")
        return part.amount(name, self.currency)


def distinct(texts: Iterator[str | None]) -> tuple[str, ...]:
    """Texts that are there, each once, in their order."""
    return tuple(dict.fromkeys(text for text in texts if text))
