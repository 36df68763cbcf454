"""Drip as data: limits, routes, and what it can be told of each kind of fact."""

from __future__ import annotations

from orderwire.dialects.contract import (
    Budget,
    Capability,
    Confirmation,
    History,
    Option,
    Profile,
    Resend,
    Route,
    Semantics,
    Window,
)
from orderwire.dialects.drip.size import FRAME_BYTES, MAX_BYTES, MAX_RECORD_BYTES
from orderwire.model import Kind

BATCH_RECORDS = 1000
_BY_SNAPSHOT = "the data is overwritten; whether a second timeline event appears is not documented"


def _single(name: str, resend: Resend, semantics: Semantics, note: str = "") -> Route:
    """A call that carries one record."""
    return Route(
        name=name,
        budget="single",
        resend=resend,
        semantics=semantics,
        history=History.MAY_FIRE,
        confirmation=Confirmation.IN_REPLY if name == "subscriber" else Confirmation.NONE,
        max_bytes=MAX_BYTES,
        max_item_bytes=MAX_RECORD_BYTES,
        frame_bytes=FRAME_BYTES,
        names_culprit=True,
        note=note,
    )


def _batch(name: str, resend: Resend, semantics: Semantics, note: str = "") -> Route:
    """A call that carries up to a thousand records, refused as a whole when one of them is bad."""
    return Route(
        name=name,
        budget="batch",
        resend=resend,
        semantics=semantics,
        history=History.MAY_FIRE,
        max_weight=BATCH_RECORDS,
        max_bytes=MAX_BYTES,
        max_item_bytes=MAX_RECORD_BYTES,
        frame_bytes=FRAME_BYTES,
        note=note,
    )


ROUTES = (
    _single("order", Resend.TRIGGERS, Semantics.EVENT, _BY_SNAPSHOT),
    _batch("orders", Resend.TRIGGERS, Semantics.EVENT, _BY_SNAPSHOT),
    _single("cart", Resend.TRIGGERS, Semantics.STATE, _BY_SNAPSHOT),
    _batch("carts", Resend.TRIGGERS, Semantics.STATE, _BY_SNAPSHOT),
    _single("checkout", Resend.TRIGGERS, Semantics.EVENT, "known from Drip's own client only; no batch form"),
    _single("product", Resend.OVERWRITES, Semantics.STATE),
    _batch("products", Resend.OVERWRITES, Semantics.STATE),
    _single("subscriber", Resend.OVERWRITES, Semantics.STATE),
    _batch("subscribers", Resend.OVERWRITES, Semantics.STATE),
    _batch("unsubscribes", Resend.OVERWRITES, Semantics.STATE),
    _single("event", Resend.TRIGGERS, Semantics.EVENT, "no id is read: a resend is a second event"),
    _batch("events", Resend.TRIGGERS, Semantics.EVENT, "no id is read: a resend is a second event"),
)

_EVENT_ROUTES = ("events", "event", "subscriber")
_EVENT_NOTE = "somebody Drip does not know yet is introduced first, so that an event subscribes nobody"


def _order(action: str, semantics: Semantics = Semantics.EVENT, note: str = "") -> Capability:
    return Capability(routes=("orders", "order"), semantics=semantics, called=f"order `{action}`", note=note)


def _event(called: str) -> Capability:
    return Capability(routes=_EVENT_ROUTES, called=f"event `{called}`", note=_EVENT_NOTE)


CAPABILITIES: dict[Kind, Capability] = {
    Kind.PERSON_UPDATED: Capability(
        routes=("subscribers", "subscriber"), semantics=Semantics.STATE, called="subscriber"
    ),
    Kind.PERSON_FORGOTTEN: Capability(called="DELETE subscriber", note="carried out by the erasure call"),
    Kind.CONSENT_CHANGED: Capability(
        routes=("subscribers", "unsubscribes", "subscriber"),
        semantics=Semantics.STATE,
        called="subscriber `status`, `initial_status`, unsubscribe",
        note="an old permission only decides what a new person becomes; an old opt-out unsubscribes",
    ),
    Kind.PRODUCT_UPDATED: Capability(
        routes=("products", "product"), semantics=Semantics.STATE, called="product `created`, `updated`"
    ),
    Kind.PRODUCT_REMOVED: Capability(
        routes=("products", "product"), semantics=Semantics.STATE, called="product `deleted`"
    ),
    Kind.ORDER_PLACED: _order("placed"),
    Kind.ORDER_UPDATED: _order("updated", Semantics.STATE),
    Kind.ORDER_PAID: _order("paid"),
    Kind.ORDER_FULFILLED: _order("fulfilled"),
    Kind.ORDER_DELIVERED: _order("updated", note="with `happening: delivered`; Drip has no action of its own"),
    Kind.ORDER_CANCELLED: _order("canceled"),
    Kind.ORDER_REFUNDED: _order("refunded", note="`refund_amount` is this refund's, `grand_total` stays"),
    Kind.CART_UPDATED: Capability(
        routes=("carts", "cart"), semantics=Semantics.STATE, called="cart `created`, `updated`"
    ),
    Kind.CART_ABANDONED: Capability(note="Drip's workflows infer abandonment from the cart's own events"),
    Kind.CHECKOUT_STARTED: Capability(
        routes=("checkout",), called="checkout `created`", note="one call each in both lanes"
    ),
    Kind.PRODUCT_VIEWED: _event("Viewed a product"),
    Kind.SITE_ACTIVE: _event("Active on site"),
    Kind.SUBSCRIPTION_CREATED: _event("Started a subscription"),
    Kind.SUBSCRIPTION_UPDATED: _event("Updated a subscription"),
    Kind.SUBSCRIPTION_CANCELLED: _event("Canceled a subscription"),
    Kind.ORDER_UPCOMING: _event("Upcoming subscription order"),
    Kind.CUSTOM: _event("<name>"),
}

PROFILE = Profile(
    name="drip",
    title="Drip",
    revision="Shopper Activity v3, REST v2",
    base_url="https://api.getdrip.com",
    budgets=(
        Budget(
            name="single",
            windows=(Window(3600, 3600.0),),
            concurrency=4,
            source="developer.drip.com, Rate limiting: 3,600 individual requests an hour",
        ),
        Budget(
            name="batch",
            windows=(Window(50, 3600.0),),
            concurrency=2,
            source="developer.drip.com, Rate limiting: 50 batch requests an hour of 1,000 records each",
        ),
    ),
    routes=ROUTES,
    capabilities=CAPABILITIES,
    options=(
        Option(
            name="provider",
            default="",
            help="The `provider` part of Drip's keys of orders, carts and products; empty: the source's name. "
            "Set it to the earlier plugin's (`magento`, `woocommerce`) to go on with an account it has filled.",
        ),
        Option(
            name="cart_url",
            default="",
            help="The link for carts that have none of their own; Drip takes no cart without one.",
        ),
        Option(
            name="currency",
            default="",
            help="The currency of products that do not say theirs; otherwise Drip takes US dollars.",
        ),
        Option(
            name="user_id",
            default=False,
            help="Whether the shop's customer id goes along as `user_id`. Drip refuses a person whose `user_id` "
            "another one has, so leave it off where ids of several sources meet.",
        ),
    ),
    needs_account_id=True,
    key_help="Settings, User settings: the API token. The account id is the number in the address of every page; "
    "it goes into `account_id`.",
    automations_help="Pause every workflow that starts from an order, cart, checkout or custom event, from a new "
    "subscriber or from an unsubscription, and the price-drop and abandoned-cart automations among them.",
    erasure="DELETE subscriber: removed at once. Drip refuses it for an inactive person: delete those by hand.",
    reads_opt_outs=True,
    reads_held=("people",),
    identity_precedence=("id", "email"),
)
