"""Yespo as data: limits, routes, and what it can be told of each kind of fact."""

from __future__ import annotations

from orderwire.dialects.contract import (
    Budget,
    Capability,
    Confirmation,
    History,
    Once,
    Profile,
    Resend,
    Route,
    Semantics,
    Window,
)
from orderwire.dialects.yespo.options import OPTIONS
from orderwire.dialects.yespo.write_events import EVENT_BYTES
from orderwire.model import Kind

_RATES = "docs.yespo.io/reference/rate-limits, read 2025-06"
_BULK_BYTES = 4_000_000
"""No byte limit is published for orders, contacts and past events; this much still uploads within seconds."""

BUDGETS = (
    Budget(name="default", windows=(Window(200, 1.0),), concurrency=8, source=_RATES),
    Budget(name="events", windows=(Window(350, 1.0),), concurrency=8, source=_RATES),
    Budget(name="past_events", windows=(Window(100, 1.0),), concurrency=4, source=_RATES),
    Budget(
        name="activity",
        windows=(Window(10, 1.0),),
        concurrency=1,
        source=f"{_RATES}: stated for the neighbouring message history, taken for activity too",
    ),
    Budget(name="contacts_read", windows=(Window(50, 1.0),), concurrency=2, source=_RATES),
)

ROUTES = (
    Route(
        name="orders",
        budget="default",
        resend=Resend.TRIGGERS,
        semantics=Semantics.EVENT,
        history=History.MAY_FIRE,
        confirmation=Confirmation.IN_REPLY,
        max_weight=1000,
        max_bytes=_BULK_BYTES,
        frame_bytes=16,
        names_culprit=True,
        once=Once.SUBJECT,
        note="POST v1/orders, live. Every accepted order, new or not, is an event order<STATUS>.",
    ),
    Route(
        name="orders_history",
        budget="default",
        resend=Resend.TRIGGERS,
        semantics=Semantics.STATE,
        history=History.MAY_FIRE,
        confirmation=Confirmation.IN_REPLY,
        max_weight=1000,
        max_bytes=_BULK_BYTES,
        frame_bytes=16,
        names_culprit=True,
        once=Once.SUBJECT,
        note="POST v1/orders with each old order's last status, by option history_orders = orders.",
    ),
    Route(
        name="past_events",
        budget="past_events",
        resend=Resend.BLIND,
        semantics=Semantics.EVENT,
        history=History.QUIET,
        confirmation=Confirmation.NONE,
        max_weight=500,
        max_bytes=_BULK_BYTES,
        frame_bytes=16,
        names_culprit=True,
        once=Once.SUBJECT,
        note="POST v2/past_events: documented never to start workflows. The reply says of each event whether it was "
        "queued; whether an order was stored from it is never told.",
    ),
    Route(
        name="events",
        budget="events",
        resend=Resend.TRIGGERS,
        semantics=Semantics.EVENT,
        history=History.MAY_FIRE,
        max_weight=1,
        max_bytes=EVENT_BYTES,
        max_item_bytes=EVENT_BYTES,
        frame_bytes=0,
        names_culprit=True,
        note="POST v2/event, one event a request, stamped with the time of its arrival.",
    ),
    Route(
        name="contacts",
        budget="default",
        resend=Resend.OVERWRITES,
        semantics=Semantics.STATE,
        history=History.MAY_FIRE,
        confirmation=Confirmation.BY_JOB,
        max_weight=3000,
        max_bytes=_BULK_BYTES,
        frame_bytes=2048,
        names_culprit=True,
        once=Once.PERSON,
        note="POST v1/contacts: only workflows on the change of a contact field start.",
    ),
    Route(
        name="contact",
        budget="default",
        resend=Resend.OVERWRITES,
        semantics=Semantics.STATE,
        history=History.MAY_FIRE,
        confirmation=Confirmation.IN_REPLY,
        max_bytes=100_000,
        frame_bytes=0,
        names_culprit=True,
        note="POST v1/contact: one contact at once, for somebody an event is about and who is not there yet.",
    ),
    Route(
        name="unsubscribe",
        budget="default",
        resend=Resend.OVERWRITES,
        semantics=Semantics.STATE,
        history=History.MAY_FIRE,
        confirmation=Confirmation.IN_REPLY,
        max_weight=1000,
        max_bytes=200_000,
        frame_bytes=16,
        note="POST v1/emails/unsubscribed/add. The number of addresses is not limited by the documentation.",
    ),
    Route(
        name="resubscribe",
        budget="default",
        resend=Resend.OVERWRITES,
        semantics=Semantics.STATE,
        history=History.MAY_FIRE,
        confirmation=Confirmation.IN_REPLY,
        max_weight=1000,
        max_bytes=200_000,
        frame_bytes=16,
        note="POST v1/emails/unsubscribed/delete: live only, for somebody who has just said yes.",
    ),
)

_FIRST = ("unsubscribe", "contact")
_ORDER = ("past_events", "orders_history", "orders", *_FIRST)
_EVENT = ("past_events", "events", *_FIRST)
_NO_FEED = "Products reach Yespo by a product feed it fetches, not by an API."

CAPABILITIES = {
    Kind.PERSON_UPDATED: Capability(
        routes=("unsubscribe", "contacts"),
        semantics=Semantics.STATE,
        called="contact",
        note="A phone is told only with permission for text messages.",
    ),
    Kind.PERSON_FORGOTTEN: Capability(note="Erasing is a call of its own and needs the shop's customer id."),
    Kind.CONSENT_CHANGED: Capability(
        routes=("unsubscribe", "contacts", "contact", "resubscribe"),
        semantics=Semantics.STATE,
        called="unsubscribed list",
    ),
    Kind.PRODUCT_UPDATED: Capability(called="product feed", note=_NO_FEED),
    Kind.PRODUCT_REMOVED: Capability(called="product feed", note=_NO_FEED),
    Kind.ORDER_PLACED: Capability(routes=_ORDER, called="order INITIALIZED; orderCreated"),
    Kind.ORDER_UPDATED: Capability(
        routes=("past_events", *_FIRST),
        semantics=Semantics.STATE,
        called="orderUpdated",
        note="Only as a quiet past event: a live order message whose status is not new would start workflows.",
    ),
    Kind.ORDER_PAID: Capability(routes=_ORDER, called="order IN_PROGRESS; orderUpdated", note="Once per order."),
    Kind.ORDER_FULFILLED: Capability(
        routes=_ORDER, called="order IN_PROGRESS; orderUpdated", note="Only where it was not IN_PROGRESS before."
    ),
    Kind.ORDER_DELIVERED: Capability(
        routes=_ORDER, called="order DELIVERED; orderDelivered", note="When nothing shipped is still on its way."
    ),
    Kind.ORDER_CANCELLED: Capability(routes=_ORDER, called="order CANCELLED; orderCancelled"),
    Kind.ORDER_REFUNDED: Capability(
        routes=(*_ORDER, "events"),
        called="by option refunded_as",
        note="Not told by default.",
    ),
    Kind.CART_UPDATED: Capability(routes=_EVENT, called="cartUpdated"),
    Kind.CART_ABANDONED: Capability(
        routes=("orders", "unsubscribe"),
        called="order ABANDONED_SHOPPING_CART",
        note="Live only: there is no quiet form, and an old one would start its reminder.",
    ),
    Kind.CHECKOUT_STARTED: Capability(routes=_EVENT, called="event checkoutStarted"),
    Kind.PRODUCT_VIEWED: Capability(routes=_EVENT, called="productViewed"),
    Kind.SITE_ACTIVE: Capability(routes=_EVENT, called="pageViewed", note="Needs the page's url."),
    Kind.SUBSCRIPTION_CREATED: Capability(routes=_EVENT, called="event subscriptionCreated"),
    Kind.SUBSCRIPTION_UPDATED: Capability(routes=_EVENT, called="event subscriptionUpdated"),
    Kind.SUBSCRIPTION_CANCELLED: Capability(routes=_EVENT, called="event subscriptionCancelled"),
    Kind.ORDER_UPCOMING: Capability(routes=_EVENT, called="event orderUpcoming"),
    Kind.CUSTOM: Capability(routes=_EVENT, called="event of the same name"),
}

PROFILE = Profile(
    name="yespo",
    title="Yespo",
    revision="v1/v2 (OpenAPI of 2025-06)",
    base_url="https://yespo.io/api",
    budgets=BUDGETS,
    routes=ROUTES,
    capabilities=CAPABILITIES,
    options=OPTIONS,
    key_help="Settings → API: a key with full access. Accounts of the eSputnik brand set the base URL to "
    "https://esputnik.com/api. A key that is not used for 90 days is switched off by the platform.",
    automations_help="Automation → Workflows: pause those that start on orderINITIALIZED, orderIN_PROGRESS, "
    "orderDELIVERED and orderCANCELLED (only with history_orders = orders), and those that start on the change of a "
    "contact field. Automation → Events: switch segmentation on for orderCreated, orderUpdated, orderDelivered and "
    "orderCancelled, or old orders are refused.",
    erasure="DELETE v1/contact with erase=true, at once and for good: by the shop's customer id, and each contact "
    "found by e-mail or phone that has no other such id.",
    reads_opt_outs=True,
    reads_held=("people",),
    identity_precedence=("external_id", "email", "phone"),
)
ROUTE_BY_NAME = {route.name: route for route in ROUTES}
