"""What the events of a call mean: each is handed to whoever knows its kind of fact."""

from __future__ import annotations

from msgspec.structs import replace

from orderwire.dialects.doorway import Document
from orderwire.dialects.klaviyo.door import carts, ordered, orders
from orderwire.dialects.klaviyo.door.draft import Draft
from orderwire.dialects.klaviyo.door.ids import digest
from orderwire.dialects.klaviyo.door.metrics import ORDERED, kind_of_metric, remember
from orderwire.dialects.klaviyo.door.persons import document_keys
from orderwire.dialects.klaviyo.door.properties import Properties
from orderwire.dialects.klaviyo.door.said import Said, currency_of, plain_properties, value_of
from orderwire.dialects.klaviyo.fields import CUSTOM_PREFIX, VIEWED_PROPERTIES
from orderwire.model import Event, Kind, Subscription, kind_of

UNIQUE = "unique id"
"""Collection of unique ids, and the metric and person that each was first used for."""
REQUESTED = "custom.Subscription Requested"
_ORDER_KINDS = frozenset(
    {Kind.ORDER_PLACED, Kind.ORDER_PAID, Kind.ORDER_FULFILLED, Kind.ORDER_DELIVERED, Kind.ORDER_CANCELLED,
     Kind.ORDER_REFUNDED}
)  # fmt: skip
_SERVERS_ONLY = frozenset({*(kind.value for kind in _ORDER_KINDS), ORDERED, Kind.ORDER_UPCOMING.value})
_CART_KINDS = frozenset({Kind.CART_UPDATED, Kind.CART_ABANDONED, Kind.CHECKOUT_STARTED})
_VIEWED = {theirs: ours for ours, theirs in reversed(VIEWED_PROPERTIES.items())}


def is_for_servers(metric: str) -> bool:
    """Whether only a server may tell of this: an order, its lines or a recurring purchase."""
    name = kind_of_metric(metric)
    return name in _SERVERS_ONLY or name.startswith("subscription.")


def take(draft: Draft, said: Said) -> None:
    """Take in one event."""
    remember(draft, said.metric)
    name = kind_of_metric(said.metric)
    if name == ORDERED:
        ordered.ordered(draft, said)
        return
    kind = kind_of(name)
    if kind in _ORDER_KINDS:
        orders.happened(draft, said, kind)
    elif kind in _CART_KINDS:
        carts.happened(draft, said, kind)
    elif kind.startswith("subscription.") or kind is Kind.ORDER_UPCOMING:
        _recurred(draft, said, kind)
    else:
        draft.put(_event(draft, said, name), said.raw, is_imported=said.is_imported)


def _event(draft: Draft, said: Said, name: str) -> Event:
    view = Properties(said.properties)
    currency = currency_of(draft, said, view) if said.amount is not None else None
    properties = plain_properties(said)
    if name == Kind.PRODUCT_VIEWED:
        properties = {_VIEWED.get(one, one): value for one, value in properties.items()}
    return Event(
        event_id=event_id(draft, said),
        name=name,
        identity=said.identity,
        occurred_at=said.at,
        value=value_of(said, currency) if currency else None,
        currency=currency,
        properties=properties,
    )


def event_id(draft: Draft, said: Said) -> str:
    """The id of an event that stands alone: unique for person and metric there, for the source here.

    Its own where nobody else has used it, else one made of all three. So ids that travel on stay the same, and two
    metrics may use the same id: shops give an order's, be it a UUID, to everything that happens to the order.
    """
    if said.properties.get("__track_once__") is True:
        return f"once-{digest(said.metric, *document_keys([said.identity])[:1]).hex()}"
    if not said.unique_id:
        return said.own_id
    own = digest(said.metric, *document_keys([said.identity])[:1]).hex()
    first = draft.document(UNIQUE, said.unique_id)
    if first is None:
        draft.keep(Document(collection=UNIQUE, key=said.unique_id, body=own.encode()))
        return said.unique_id
    return said.unique_id if first.body.decode() == own else f"{said.unique_id}-{own}"


def requested(draft: Draft, said: Said) -> None:
    """Keep a wish to be subscribed that is no consent, as an event that a shop can act upon."""
    draft.put(
        Event(
            event_id=said.own_id,
            name=REQUESTED,
            identity=said.identity,
            occurred_at=said.at,
            properties=plain_properties(said),
        ),
        said.raw,
    )
    remember(draft, REQUESTED.removeprefix(CUSTOM_PREFIX))


def _recurred(draft: Draft, said: Said, kind: Kind) -> None:
    """An event of a recurring purchase, as our own writer and plugins after it tell them."""
    view = Properties(said.properties)
    ident = view.text("subscriptionid") or said.unique_id or said.own_id
    found = draft.snapshot(f"subscription:{ident}")
    known = found if isinstance(found, Subscription) else None
    currency = said.currency or view.text("currency", "currencycode") or (known.currency if known else None)
    currency = currency or draft.currency
    price = view.amount(currency, "price")
    before = known or Subscription(subscription_id=ident, identity=said.identity, created_at=said.at)
    is_cancelled = kind is Kind.SUBSCRIPTION_CANCELLED
    interval, next_at = view.text("interval"), view.instant("nextorderat")
    products, next_id, reason = view.texts("productids"), view.text("nextorderid"), view.text("reason")
    told = replace(
        before,
        identity=said.identity,
        created_at=min(before.created_at, said.at) if kind is Kind.SUBSCRIPTION_CREATED else before.created_at,
        product_ids=products or before.product_ids,
        interval=interval or before.interval,
        price=before.price if price is None else price,
        currency=before.currency if price is None else currency,
        next_order_at=next_at or before.next_order_at,
        next_order_id=next_id or before.next_order_id,
        cancelled_at=said.at if is_cancelled and before.cancelled_at is None else before.cancelled_at,
        cancel_reason=(reason if is_cancelled else None) or before.cancel_reason,
        properties={**before.properties, **view.rest()},
        updated_at=None if kind is Kind.SUBSCRIPTION_CREATED and known is None else said.at,
    )
    draft.put(told, said.raw, is_imported=said.is_imported)
