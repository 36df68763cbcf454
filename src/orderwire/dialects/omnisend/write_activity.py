"""Carts, checkouts, recurring purchases and custom events."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from orderwire.dialects.contract import Account, Expression, Item, Statement
from orderwire.dialects.omnisend.fields import EVENT_BY_KIND, MAX_ITEM_BYTES, OWN_EVENT_NAMES, EventType
from orderwire.dialects.omnisend.shapes import CartProperties, EventContact, amount
from orderwire.dialects.omnisend.write_events import event_contact, event_item, line_item
from orderwire.model import Cart, Event, Kind, OrderLine, Subscription, kind_of


def cart_updated(statement: Statement, account: Account) -> Expression:
    """`added product to cart` for each product that was added; nothing for what was taken out."""
    cart = statement.snapshot
    assert isinstance(cart, Cart)  # noqa: S101 - the kind says so
    before = statement.previous if isinstance(statement.previous, Cart) else None
    added = _added(cart, before)
    if not added:
        return Expression(unsaid=("cart: nothing was added, and a removal cannot be told",))
    said = _cart(cart, account)
    event = EVENT_BY_KIND[Kind.CART_UPDATED]
    items = [
        event_item(
            statement,
            account,
            event,
            replace(said, added=line_item(line, cart.currency, with_old_price=True)),
            contact=_contact(statement),
            part=line.line_id,
        )
        for line in added
    ]
    return _within_size(items, _unlinked(said))


def cart_told(statement: Statement, account: Account) -> Expression:
    """`started checkout` or `cart abandoned`, with the whole cart."""
    assert isinstance(statement.snapshot, Cart)  # noqa: S101 - the kind says so
    kind = kind_of(statement.kind)
    event = EVENT_BY_KIND[kind]
    if kind is Kind.CHECKOUT_STARTED:
        event = EventType(event.name, str(account.options.get("started_checkout_version", "")))
    said = _cart(statement.snapshot, account)
    unsaid = _unlinked(said) if kind is Kind.CHECKOUT_STARTED else ()
    return _within_size([event_item(statement, account, event, said, contact=_contact(statement))], unsaid)


def subscription(statement: Statement, account: Account) -> Expression:
    """A recurring purchase, as a custom event."""
    given = statement.snapshot
    assert isinstance(given, Subscription)  # noqa: S101 - the kind says so
    said: dict[str, Any] = {"subscriptionID": given.subscription_id, "createdAt": given.created_at}
    optional = {
        "productIDs": given.product_ids,
        "interval": given.interval,
        "nextOrderAt": given.next_order_at,
        "nextOrderID": given.next_order_id,
        "cancelledAt": given.cancelled_at,
        "cancelReason": given.cancel_reason,
        "customFields": given.properties,
    }
    said |= {name: value for name, value in optional.items() if value}
    if given.price is not None and given.currency:
        said |= {"price": amount(given.price, given.currency), "currency": given.currency.upper()}
    event = EVENT_BY_KIND[kind_of(statement.kind)]
    return _within_size([event_item(statement, account, event, said, contact=_contact(statement))])


def custom(statement: Statement, account: Account) -> Expression:
    """A custom event under its own name; a name the platform uses itself gets `custom` in front."""
    given = statement.snapshot
    assert isinstance(given, Event)  # noqa: S101 - the kind says so
    name = statement.kind.removeprefix("custom.")
    if name.lower() in OWN_EVENT_NAMES or name.startswith("$"):
        name = f"custom {name}"
    said: dict[str, Any] = dict(given.properties)
    if given.value is not None and given.currency:
        said |= {"value": amount(given.value, given.currency), "currency": given.currency.upper()}
    return _within_size([event_item(statement, account, EventType(name), said, contact=_contact(statement))])


def _added(cart: Cart, before: Cart | None) -> list[OrderLine]:
    """The lines that are new or hold more than before."""
    had = {line.line_id: line.quantity for line in before.lines} if before else {}
    return [line for line in cart.lines if line.quantity > had.get(line.line_id, 0)]


def _cart(cart: Cart, account: Account) -> CartProperties:
    return CartProperties(
        cart_id=cart.cart_id,
        currency=cart.currency.upper(),
        value=amount(cart.total, cart.currency),
        url=cart.url or str(account.options.get("cart_url") or "") or None,
        custom_fields=cart.properties,
        lines=tuple(line_item(line, cart.currency, with_old_price=True) for line in cart.lines),
    )


def _unlinked(cart: CartProperties) -> tuple[str, ...]:
    """What is said of the platform's own cart events without a link: taken, but matching no automation."""
    return () if cart.url else ("abandonedCheckoutURL: no link, so no automation matches; set the option cart_url",)


def _contact(statement: Statement) -> EventContact:
    contact = event_contact(statement)
    assert contact is not None  # noqa: S101 - asked before any event is written
    return contact


def _within_size(items: list[Item], unsaid: tuple[str, ...] = ()) -> Expression:
    if any(len(item.body) > MAX_ITEM_BYTES for item in items):
        return Expression(unsaid=(f"size: larger than {MAX_ITEM_BYTES} bytes",))
    return Expression(items=tuple(items), unsaid=unsaid)
