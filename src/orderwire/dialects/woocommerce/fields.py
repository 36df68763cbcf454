"""What WooCommerce calls things, and what is read the same way of orders, customers and subscriptions."""

from __future__ import annotations

from orderwire.dialects.shop_json import Part
from orderwire.model import Identity

ADDRESS = {
    "first_name": "first_name",
    "last_name": "last_name",
    "company": "company",
    "line1": "address_1",
    "line2": "address_2",
    "city": "city",
    "region_code": "state",
    "postal_code": "postcode",
    "country_code": "country",
    "phone": "phone",
}
"""Our name of each part of an address to theirs; the state is a code, the country ISO 3166-1 alpha-2."""
ATTRIBUTION = {
    "_wc_order_attribution_utm_source": "utm_source",
    "_wc_order_attribution_utm_medium": "utm_medium",
    "_wc_order_attribution_utm_campaign": "utm_campaign",
    "_wc_order_attribution_source_type": "source_type",
}
"""Meta of an order that says where its visit came from (WooCommerce 8.5 and newer)."""
_YES = frozenset({"1", "yes", "true", "on", "y", "subscribed"})
_NO = frozenset({"0", "no", "false", "off", "n", "unsubscribed"})


def person_of(part: Part, id_name: str) -> Identity:
    """Whom a thing names: the account, unless it is 0 for a guest, and what the billing address says."""
    billing = part.part("billing")
    return Identity(
        external_id=part.identifier(id_name),
        email=(billing.text("email") if billing else None) or part.text("email"),
        phone=billing.text("phone") if billing else None,
    )


def meta_of(part: Part, key: str) -> str | None:
    """The text kept in the meta of a thing under a key; None where there is none, or something else than text."""
    if not isinstance(part.value.get("meta_data"), list):
        return None
    for entry in part.value["meta_data"]:
        if isinstance(entry, dict) and entry.get("key") == key:
            value = entry.get("value")
            if isinstance(value, bool):
                return "1" if value else "0"
            if isinstance(value, str | int):
                return str(value).strip() or None
    return None


def said_yes(part: Part, keys: tuple[str, ...]) -> bool | None:
    """Whether a box at checkout was ticked, as a plugin keeps it in the order's meta; None where nothing says."""
    for key in keys:
        value = (meta_of(part, key) or "").lower()
        if value in _YES:
            return True
        if value in _NO:
            return False
    return None


def image_of(part: Part) -> str | None:
    """The address of a thing's picture."""
    image = part.value.get("image")
    source = image.get("src") if isinstance(image, dict) else None
    return source if isinstance(source, str) and source.startswith(("http://", "https://")) else None
