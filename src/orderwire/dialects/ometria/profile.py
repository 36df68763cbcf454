"""Ometria as data: limits, routes, what it can be told, settings and help."""

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
from orderwire.dialects.ometria.fields import EVENT_TYPES, MAX_RECORD_BYTES, MAX_RECORDS, VALID_STATUSES
from orderwire.model import Kind

HELD = ("orders", "products", "people")


def _push(name: str, resend: Resend, semantics: Semantics, history: History, note: str) -> Route:
    """A push of one record type; Ometria documents one type per request, so each has its own route."""
    return Route(
        name=name,
        budget="api",
        resend=resend,
        semantics=semantics,
        history=history,
        confirmation=Confirmation.ERRORS_LATER,
        max_weight=MAX_RECORDS,
        max_bytes=MAX_RECORDS * (MAX_RECORD_BYTES + 1) + 2,
        max_item_bytes=MAX_RECORD_BYTES,
        frame_bytes=2,
        note=note,
    )


_ORDER = Capability(
    routes=("orders",),
    semantics=Semantics.STATE,
    called="order",
    note="the whole order again, with its status, validity and what was refunded",
)


def _event(kind: Kind, semantics: Semantics = Semantics.EVENT, note: str = "") -> Capability:
    registered = "Ometria support must register the type before it triggers anything"
    return Capability(
        routes=("custom_events",),
        semantics=semantics,
        called=f"custom_event {EVENT_TYPES.get(kind, '<name>')}",
        note=f"{note}; {registered}" if note else registered,
    )


def _option(name: str, default: str | bool, text: str) -> Option:
    return Option(name=name, default=default, help=text)


PROFILE = Profile(
    name="ometria",
    title="Ometria",
    revision="v2",
    base_url="https://api.ometria.com",
    budgets=(
        Budget(
            name="api",
            windows=(Window(4, 1.0),),
            concurrency=4,
            source="Data API 4/s; push 8/s today and 4/s on the older page: 4/s for both is safe under each [doc]",
        ),
        Budget(name="erasure", windows=(Window(6, 60.0),), concurrency=1, source="anonymisation 6/min [doc]"),
    ),
    routes=(
        _push(
            "contacts",
            Resend.OVERWRITES,
            Semantics.STATE,
            History.QUIET,
            "a subscribe event fires only when marketing_optin comes with its timestamp [doc]: history leaves it out",
        ),
        _push(
            "sms_consents",
            Resend.OVERWRITES,
            Semantics.STATE,
            History.MAY_FIRE,
            "contacts again; whether the SMS channel starts a welcome for old consent is not documented",
        ),
        _push(
            "products",
            Resend.OVERWRITES,
            Semantics.STATE,
            History.MAY_FIRE,
            "price-drop campaigns look at listings; that a first load is quiet is not documented",
        ),
        _push(
            "orders",
            Resend.OVERWRITES,
            Semantics.STATE,
            History.MAY_FIRE,
            "that old orders start no automation is not documented",
        ),
        _push(
            "custom_events",
            Resend.TRIGGERS,
            Semantics.EVENT,
            History.MAY_FIRE,
            "that an id seen before is the same event is a guess: a resend may trigger again",
        ),
    ),
    capabilities={
        Kind.PERSON_UPDATED: Capability(routes=("contacts",), semantics=Semantics.STATE, called="contact"),
        Kind.PERSON_FORGOTTEN: Capability(called="data deletion request", note="by the erasure call, not by push"),
        Kind.CONSENT_CHANGED: Capability(
            routes=("contacts", "sms_consents"),
            semantics=Semantics.STATE,
            called="contact marketing_optin, channels.sms",
            note="an old consent is stated without its date, which would fire a subscribe event",
        ),
        Kind.PRODUCT_UPDATED: Capability(
            routes=("products",), semantics=Semantics.STATE, called="product", note="the parent, then its variants"
        ),
        Kind.PRODUCT_REMOVED: Capability(
            routes=("products",), semantics=Semantics.STATE, called="product", note="is_active false; never deleted"
        ),
        Kind.ORDER_PLACED: _ORDER,
        Kind.ORDER_UPDATED: _ORDER,
        Kind.ORDER_PAID: _ORDER,
        Kind.ORDER_FULFILLED: _ORDER,
        Kind.ORDER_DELIVERED: _ORDER,
        Kind.ORDER_CANCELLED: _ORDER,
        Kind.ORDER_REFUNDED: _ORDER,
        Kind.CART_UPDATED: _event(Kind.CART_UPDATED, Semantics.EVENT, "the full cart"),
        Kind.CART_ABANDONED: _event(Kind.CART_ABANDONED),
        Kind.CHECKOUT_STARTED: _event(Kind.CHECKOUT_STARTED),
        Kind.PRODUCT_VIEWED: _event(Kind.PRODUCT_VIEWED),
        Kind.SITE_ACTIVE: _event(Kind.SITE_ACTIVE),
        Kind.SUBSCRIPTION_CREATED: _event(Kind.SUBSCRIPTION_CREATED),
        Kind.SUBSCRIPTION_UPDATED: Capability(
            routes=("contacts",),
            semantics=Semantics.STATE,
            called="contact custom fields ordergroove_*",
            note="only with the option subscription_fields; there is no event for a change",
        ),
        Kind.SUBSCRIPTION_CANCELLED: _event(Kind.SUBSCRIPTION_CANCELLED),
        Kind.ORDER_UPCOMING: _event(Kind.ORDER_UPCOMING),
        Kind.CUSTOM: _event(Kind.CUSTOM, note="types of at most 31 characters"),
    },
    options=(
        _option("collection", "orderwire", "`@collection` of the contacts we write; no other source may share it."),
        _option("store", "", "Store of orders without one, and of product listings: the shop's domain name."),
        _option("channel", "online", "`channel` of orders."),
        _option("valid_statuses", VALID_STATUSES, "Order states that count as revenue (`is_valid`), by commas."),
        _option("status_names", "", "Other names of order states, as `complete=delivered, shipped=sent`."),
        _option(
            "force_optin",
            False,
            "Send `@force_optin` with a dated opt-in the person has just given: it overrides an opt-out that Ometria "
            "recorded itself, and only another forced change can undo it.",
        ),
        _option("total_value_in_minor_units", False, "`total_value` of order reminders in minor, not whole units."),
        _option("event_action", False, "Add `event_action` (created, cancelled) to subscription events."),
        _option(
            "subscription_fields",
            False,
            "Write a subscription's next order to the contact's `ordergroove_*` fields, which support creates first.",
        ),
    ),
    key_help="Account settings, API keys: one key per account or store, with the rights to push and to read.",
    automations_help=(
        "Before history: in Automation, pause campaigns that start from orders, from custom events and from price "
        "drops. Welcome campaigns stay quiet."
    ),
    joining="By hand: POST /v2/merge-profile, one a minute, deletes the listings of whoever is merged.",
    erasure="A data deletion request by the e-mail; Ometria anonymises within 14 days.",
    reads_opt_outs=True,
    reads_held=HELD,
    identity_precedence=("external_id", "email"),
)
