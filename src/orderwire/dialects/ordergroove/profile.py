"""Ordergroove as data: what can be asked of it, with which credentials, and what its webhooks need to be of use."""

from __future__ import annotations

from orderwire.dialects.connector import Credential, HookTerms, Pace, Profile, Stream
from orderwire.dialects.contract import Option

PROFILE = Profile(
    name="ordergroove",
    title="Ordergroove",
    revision="REST, cursor pages (X-OG-API-VERSION 2)",
    url_help='Write "https://restapi.ordergroove.com", or "https://staging.restapi.ordergroove.com" to try.',
    streams=(
        Stream(name="people", page=50, note="At first who signed up or subscribed since the day that `since` names."),
        Stream(
            name="people.subscriptions", page=50, note="A person's counts move when a subscription of theirs does."
        ),
        Stream(
            name="products",
            pace=Pace.ALL,
            option="products",
            note="The shop's own products again; they have no filter by date.",
        ),
        Stream(name="subscriptions", page=20, note="Each with its next order, its product and its customer."),
        Stream(name="subscriptions.orders", page=20, note="Where the next order moved, was skipped or was placed."),
        Stream(name="subscriptions.upcoming", page=20, note="Orders whose reminder has just become due."),
    ),
    credentials=(
        Credential(
            name="key", help="Ordergroove › Developers › API keys: a key with the permission Bulk Operations."
        ),
    ),
    options=(
        Option(
            name="since",
            default="",
            help="The day, such as `2026-01-31`, from which on customers and subscriptions are brought in at first; "
            "required. It counts for the first full pass only.",
        ),
        Option(
            name="time_zone",
            default="America/Chicago",
            help="What Ordergroove's times without a zone are in.",
        ),
        Option(
            name="reminder_days",
            default="10",
            help="How many days before an order its reminder is due at Ordergroove; several by commas.",
        ),
        Option(
            name="active_property",
            default="active_subscriptions",
            help="The property of a person that counts active subscriptions; empty for none.",
        ),
        Option(
            name="total_property",
            default="total_subscription",
            help="The property of a person that counts all subscriptions there were; empty for none.",
        ),
        Option(
            name="products", default=False, help="Whether products are read too; the shop itself has them as well."
        ),
    ),
    per_second=20.0,
    hooks=HookTerms(
        setup="Ordergroove › Developers › Webhooks: one target with the Order and Subscription events, and "
        "enrichment of Order events with customer, subscriptions, items and products.",
    ),
)
