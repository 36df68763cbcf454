"""The dialect's own settings and what they may be."""

from __future__ import annotations

from orderwire.dialects.contract import Account, Option
from orderwire.errors import ConfigError

OPTIONS = (
    Option(
        name="history_orders",
        default="past_events",
        help="How old orders are told: `past_events` (quiet; needs event segmentation switched on for orderCreated, "
        "orderUpdated, orderDelivered and orderCancelled) or `orders` (each order once with its last status; starts "
        "the workflows of that status).",
    ),
    Option(
        name="refunded_as",
        default="none",
        help="What a refund is told as: `none`, `cancelled` (a refund of everything cancels the order, which takes "
        "its revenue away) or `event` (an event `orderRefunded` with the amount).",
    ),
    Option(
        name="item_id",
        default="product",
        help="Which id an item carries: `product`, `variant` or `sku`; the product feed's g:id must be the same.",
    ),
    Option(
        name="order_source",
        default="online",
        help="`online` or `offline`: which of the two segments of orders these belong to.",
    ),
    Option(
        name="default_item_url",
        default="",
        help="Link for items without one: an order event with an item that has no link is ignored whole.",
    ),
    Option(
        name="default_image_url",
        default="",
        help="Picture for items without one: an order event with an item that has no picture is ignored whole.",
    ),
    Option(
        name="fields",
        default="",
        help="Custom fields of the account for what a contact has no field for, as `name=id, name=id`; names are "
        "company, gender, birth_date, tags and those of the person's properties.",
    ),
)

_CHOICES = {
    "history_orders": ("past_events", "orders"),
    "refunded_as": ("none", "cancelled", "event"),
    "item_id": ("product", "variant", "sku"),
    "order_source": ("online", "offline"),
}
_DEFAULTS = {option.name: option.default for option in OPTIONS}


def text_option(account: Account, name: str) -> str:
    """The value of an option.

    Raises:
        ConfigError: it is none of those it may be.
    """
    value = str(account.options.get(name, _DEFAULTS[name]))
    choices = _CHOICES.get(name)
    if choices is not None and value not in choices:
        raise ConfigError(f"options.{name}", f"cannot be {value!r}", f"Choose {', '.join(choices)}.")
    return value
