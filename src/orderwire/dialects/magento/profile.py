"""Magento as data: what can be asked of it, with which credentials, and what its webhooks are good for."""

from __future__ import annotations

from orderwire.dialects.connector import Credential, HookTerms, Pace, Profile, Stream
from orderwire.dialects.contract import Option

PROFILE = Profile(
    name="magento",
    title="Magento",
    revision="REST V1 of 2.4 (Open Source and Adobe Commerce)",
    url_help='Write the shop\'s own address, such as "https://shop.example".',
    streams=(
        Stream(
            name="consents",
            option="newsletter",
            note="Who wants the newsletter, guests too, with dates: by a module; Magento has no such list.",
        ),
        Stream(name="people", note="Accounts; guests are known by their orders."),
        Stream(
            name="people.all", pace=Pace.ALL, note="The newsletter may be chosen without an account's date moving."
        ),
        Stream(name="products"),
        Stream(
            name="products.all", pace=Pace.ALL, note="A variant's price moves no date of the product it belongs to."
        ),
        Stream(name="orders", page=50),
        Stream(name="orders.invoices", page=50, note="Payments, by their own clock."),
        Stream(name="orders.shipments", page=50, note="Parcels, by their own clock."),
        Stream(name="orders.creditmemos", page=50, note="Refunds, by their own clock."),
        Stream(name="orders.recent", pace=Pace.BEGAN, page=50, note="For changes that do not move an order's date."),
    ),
    credentials=(
        Credential(
            name="token",
            help="System › Integrations: the access token of an integration that may read Sales, Customers and "
            "Catalog. Alone it is sent as a bearer token, which Stores › Configuration › Services › OAuth must "
            "allow; with the three below each call is signed.",
        ),
        *(
            Credential(name=name, help=help_, is_optional=True, goes_with="signature")
            for name, help_ in (
                ("consumer_key", "The integration's consumer key, to sign calls by OAuth 1.0a."),
                ("consumer_secret", "The secret that is shown with the consumer key."),
                ("token_secret", "The secret that is shown with the access token."),
            )
        ),
    ),
    options=(
        Option(name="store_view", default="all", help="The code of the store view in the API's address."),
        Option(
            name="prices_include_tax",
            default=False,
            help="Customers see prices with tax: lines are told so, and tax is a part of the total.",
        ),
        Option(
            name="base_currency",
            default=False,
            help="Tell orders in the shop's base currency instead of the one the customer paid in.",
        ),
        Option(name="currency", default="", help="What the prices of products are in, such as `EUR`."),
        Option(
            name="product_url",
            default="",
            help="A product's address with `{url_key}` in it; else the shop's address, the key and `.html`.",
        ),
        Option(name="media_url", default="", help="Where pictures of products are; else `media/catalog/product`."),
        Option(
            name="attributes", default="", help="Codes of customer attributes to be taken as properties, by commas."
        ),
        Option(
            name="newsletter", default=False, help="Whether a module lists newsletter subscribers with their dates."
        ),
        Option(
            name="newsletter_path",
            default="/newsletter/subscribers",
            help="Where that list is below `/V1`; it takes searchCriteria and gives the columns of "
            "`newsletter_subscriber`.",
        ),
    ),
    knows_newsletter=True,
    hooks=HookTerms(
        setup="Adobe Commerce only: System › Webhooks, `observer.catalog_product_delete_after`, type after, not "
        "required; Stores › Configuration › Adobe Services › Webhooks: signatures on, and the public key as secret.",
    ),
)
