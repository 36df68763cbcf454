"""Shopify as data: what can be asked of it, with which credentials, and what its webhooks leave out."""

from __future__ import annotations

from orderwire.dialects.connector import Credential, HookTerms, Profile, Stream
from orderwire.dialects.contract import Option
from orderwire.dialects.shopify.queries import VERSION

PROFILE = Profile(
    name="shopify",
    title="Shopify",
    revision=VERSION,
    url_help='Write the shop\'s own address, such as "https://example.myshopify.com".',
    streams=(
        Stream(name="people", page=100),
        Stream(name="products", page=10),
        Stream(name="orders", page=4, note="Refunds and parcels come with their order."),
        Stream(name="carts", page=50, option="checkouts", note="Checkouts that were left."),
    ),
    credentials=(
        Credential(
            name="token",
            help="The access token of an app with read_customers, read_products, read_orders and read_all_orders.",
        ),
    ),
    options=(
        Option(
            name="money", default="shop", help="Whose currency amounts are in: `shop` or `presentment` (buyer's)."
        ),
        Option(name="storefront", default="", help="The address that customers see, for links to products."),
        Option(name="currency", default="", help="What the prices of products are in, such as `EUR`."),
        Option(name="store", default="", help="The store that all orders are said to be of."),
        Option(name="checkouts", default=False, help="Whether checkouts that were left are read as well."),
        Option(
            name="bulk",
            default=False,
            help="Read everything there is at first by bulk operations; page by page where the shop refuses one.",
        ),
    ),
    knows_newsletter=True,
    per_second=2.0,
    hooks=HookTerms(
        leaves_out=("paid_at", "shipments"),
        setup="Subscribe the app to the topics of orders, customers, products and consent; it signs with its secret.",
    ),
)
