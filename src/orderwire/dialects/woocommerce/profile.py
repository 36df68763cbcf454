"""WooCommerce as data: what can be asked of it, with which credentials, and what its webhooks leave out."""

from __future__ import annotations

from orderwire.dialects.connector import Credential, HookTerms, Pace, Profile, Stream
from orderwire.dialects.contract import Option

PROFILE = Profile(
    name="woocommerce",
    title="WooCommerce",
    revision="wc/v3",
    url_help='Write the shop\'s own address, such as "https://shop.example".',
    streams=(
        Stream(name="people", pace=Pace.ALL, note="Customers have no filter by date: all are read once a day."),
        Stream(name="products"),
        Stream(name="subscriptions", option="subscriptions", note="The WooCommerce Subscriptions extension."),
        Stream(name="orders", page=50),
        Stream(name="orders.refunds", page=100, note="Where the shop lists refunds by themselves (newer versions)."),
        Stream(name="orders.recent", pace=Pace.BEGAN, page=50, note="For changes that do not move an order's date."),
    ),
    credentials=(
        Credential(name="key", help="WooCommerce › Settings › Advanced › REST API: a key with the right to read."),
        Credential(name="secret", help="The secret that is shown with the key."),
    ),
    options=(
        Option(name="consent_meta", default="", help="Keys of order meta that hold the newsletter box at checkout."),
        Option(
            name="completed_means",
            default="fulfilled",
            help="What a completed order is: `fulfilled`, `delivered` or `nothing`.",
        ),
        Option(
            name="tracking",
            default=False,
            help="Parcels of the Shipment Tracking extension tell when an order was sent, completion does not.",
        ),
        Option(
            name="not_orders",
            default="checkout-draft, auto-draft",
            help="Statuses of what is no order yet; it becomes one when the status changes.",
        ),
        Option(name="subscriptions", default=False, help="Whether recurring purchases are read as well."),
        Option(name="currency", default="", help="What the prices of products are in, such as `EUR`."),
        Option(name="store", default="", help="The store that all orders are said to be of."),
        Option(
            name="keys_in_query",
            default=False,
            help="Put key and secret into the address: only for hosts that strip the Authorization header.",
        ),
    ),
    hooks=HookTerms(
        leaves_out=("refunds",),
        guesses=("cancelled_at",),
        setup="WooCommerce › Settings › Advanced › Webhooks: API version 3, one for each topic, all with one secret.",
    ),
)
