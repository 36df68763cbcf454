"""A shop with WooCommerce as a whole: who may ask, and which call goes where."""

from __future__ import annotations

import base64
import binascii
import hmac
import json
from collections.abc import Mapping
from functools import partial
from hashlib import sha256
from typing import Any

from orderwire.sandbox.kit import Answer, Call, FixedWindows, PlatformClock, StandIn
from orderwire.sandbox.trading.merchant import Merchant
from orderwire.sandbox.trading.sending import Delivery
from orderwire.sandbox.trading.things import Change
from orderwire.sandbox.woocommerce import shapes
from orderwire.sandbox.woocommerce.lists import Entry, listed, refused

_POSTS = frozenset({"date", "id", "include", "title", "slug"})
_USERS = frozenset({"id", "include", "name", "registered_date"})
_BASE = ["wp-json", "wc", "v3"]
_FAILURES_TO_DISABLE = 5


class WooCommerce(StandIn):
    """One shop with WooCommerce.

    Options: `key` and `secret` (the only right ones), `seed`, `customers`, `orders`, `every` (seconds between two
    happenings), `quiet` (the share of refunds that move no date), `lists_refunds` (whether the version has
    `/refunds`), `limits` (a filter before the shop lets 60 calls a minute through when `filter` is set), `hooks_to`
    and `hook_secret` (webhooks of all topics from the start).
    """

    name = "woocommerce"

    def __init__(self, clock: PlatformClock, options: Mapping[str, Any] | None = None) -> None:
        super().__init__(clock, options)
        given = self.options
        self.merchant = Merchant(
            int(given.get("seed", 1)),
            clock.now(),
            customers=int(given.get("customers", 40)),
            orders=int(given.get("orders", 120)),
            every=float(given.get("every", 20.0)),
            quiet=float(given.get("quiet", 0.3)),
        )
        self._filter = FixedWindows((int(given.get("filter", 0)) or 60, 60))
        self._sent = 0
        self.hooks: dict[int, dict[str, Any]] = {}
        if url := str(given.get("hooks_to", "")):
            for topic in ("order.created", "order.updated", "customer.updated", "product.updated"):
                self._add_hook(topic, url, str(given.get("hook_secret", "hook-secret")))

    def authenticate(self, call: Call) -> Answer | None:
        """Basic with key and secret, or both in the address."""
        given = call.query.get("consumer_key", ""), call.query.get("consumer_secret", "")
        if not given[0]:
            given = _basic(call.headers.get("authorization", ""))
        wanted = str(self.options.get("key", given[0])), str(self.options.get("secret", given[1]))
        if given[0] and given == wanted:
            return None
        return refused(401, "woocommerce_rest_cannot_view", "Sorry, you cannot list resources.")

    def windows(self, call: Call) -> tuple[str, FixedWindows] | None:  # noqa: ARG002 - any call counts
        """WooCommerce has no limit; what stands before a shop may have one."""
        return ("filter", self._filter) if self.options.get("filter") else None

    def limited(self, call: Call, retry_after: float | None) -> Answer:  # noqa: ARG002 - any call is answered so
        """What a filter before the shop answers."""
        headers = {} if retry_after is None else {"Retry-After": str(int(retry_after) + 1)}
        return Answer(429, "<html><h1>429 Too Many Requests</h1></html>", headers, content_type="text/html")

    def answer(self, call: Call) -> Answer:
        """Let the shop trade on until now, then answer."""
        self.merchant.advance(self.clock.now())
        parts = call.path.strip("/").split("/")
        if parts[:3] != _BASE:
            return refused(404, "rest_no_route", "No route was found matching the URL and request method.")
        if call.method == "POST" and parts[3:] == ["webhooks"]:
            return self._create_hook(call)
        if call.method != "GET":
            return refused(404, "rest_no_route", "No route was found matching the URL and request method.")
        return self._get(parts[3:], call.query)

    def holdings(self) -> dict[str, Any]:
        """What the shop has."""
        return {
            "orders": [shapes.order(one, None) for one in self.merchant.orders.values() if not one.gone],
            "customers": len(self.merchant.customers),
            "webhooks": list(self.hooks.values()),
        }

    def deliveries(self) -> list[Delivery]:
        """Webhooks of what happened since they were last asked for, each with what the thing is now."""
        self.merchant.advance(self.clock.now())
        changes = self.merchant.changes[self._sent :]
        self._sent = len(self.merchant.changes)
        return [
            self._delivery(number, hook, change)
            for change in changes
            for number, hook in self.hooks.items()
            if hook["topic"] == _topic(change) and hook["status"] == "active"
        ]

    def answered(self, delivery: Delivery, status: int) -> None:
        """Five deliveries in a row that fail switch a webhook off; nothing is sent again."""
        hook = self.hooks[int(delivery.hook)]
        hook["failure_count"] = 0 if 200 <= status < 400 else hook["failure_count"] + 1
        if hook["failure_count"] >= _FAILURES_TO_DISABLE:
            hook["status"] = "disabled"

    def _get(self, parts: list[str], query: Mapping[str, str]) -> Answer:
        merchant = self.merchant
        orders = {number: one for number, one in merchant.orders.items() if not one.gone}
        match parts:
            case ["customers"]:
                people = [
                    Entry(one.id, one.created, one.modified, "", partial(shapes.customer, one))
                    for one in merchant.customers.values()
                ]
                return listed(people, {"orderby": "name", **query}, orderings=_USERS, has_dates=False)
            case ["products"]:
                things = [
                    Entry(one.id, one.created, one.modified, "publish", partial(shapes.product, one))
                    for one in merchant.products.values()
                ]
                return listed(things, query, orderings=_POSTS | {"popularity", "price"}, has_dates=True)
            case ["products", number, "variations"] if number.isdigit() and int(number) in merchant.products:
                of = merchant.products[int(number)]
                sizes = [
                    Entry(one, of.created, of.modified, "", partial(shapes.variation, of, one)) for one in of.variants
                ]
                return listed(sizes, query, orderings=_POSTS, has_dates=True)
            case ["orders"]:
                return listed([self._order(number) for number in orders], query, orderings=_POSTS, has_dates=True)
            case ["orders", number] if number.isdigit() and int(number) in orders:
                return Answer(200, self._order(int(number)).show())
            case ["orders", number, "refunds"] if number.isdigit() and int(number) in orders:
                return listed(self._refunds([int(number)], False), query, orderings=_POSTS, has_dates=True)
            case ["refunds"] if self.options.get("lists_refunds", True):
                return listed(self._refunds(list(orders), True), query, orderings=_POSTS, has_dates=True)
            case ["webhooks"]:
                return Answer(200, list(self.hooks.values()), {"X-WP-Total": str(len(self.hooks))})
        if parts[:1] in (["orders"], ["products"]):
            return refused(404, "woocommerce_rest_shop_order_invalid_id", "Invalid ID.")
        return refused(404, "rest_no_route", "No route was found matching the URL and request method.")

    def _order(self, number: int) -> Entry:
        one = self.merchant.orders[number]
        customer = self.merchant.customers.get(one.customer or 0)
        return Entry(one.id, one.created, one.modified, shapes.status_of(one), lambda: shapes.order(one, customer))

    def _refunds(self, orders: list[int], with_parent: bool) -> list[Entry]:
        return [
            Entry(
                refund.id,
                refund.at,
                refund.at,
                "",
                partial(shapes.refund, refund, of, with_parent=with_parent),
            )
            for of in (self.merchant.orders[number] for number in orders)
            for refund in of.refunds
        ]

    def _create_hook(self, call: Call) -> Answer:
        try:
            given = call.json()
            number = self._add_hook(str(given["topic"]), str(given["delivery_url"]), str(given.get("secret", "")))
        except (ValueError, KeyError, TypeError):
            return refused(400, "woocommerce_rest_webhook_invalid_delivery_url", "Webhook delivery URL is invalid.")
        return Answer(201, self.hooks[number])

    def _add_hook(self, topic: str, url: str, secret: str) -> int:
        number = self.merchant.new_id()
        self.hooks[number] = {
            "id": number,
            "name": topic,
            "status": "active",
            "topic": topic,
            "delivery_url": url,
            "secret": secret,
            "failure_count": 0,
        }
        return number

    def _delivery(self, number: int, hook: Mapping[str, Any], change: Change) -> Delivery:
        merchant = self.merchant
        shown: dict[str, Any]
        match change.noun:
            case "order":
                shown = self._order(change.id).show()
            case "product":
                shown = shapes.product(merchant.products[change.id])
            case _:
                shown = shapes.customer(merchant.customers[change.id])
        body = json.dumps(shown, ensure_ascii=False, separators=(",", ":")).encode()
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "WooCommerce/9.4.2 Hookshot (WordPress/6.7)",
            "X-WC-Webhook-Source": "https://shop.test/",
            "X-WC-Webhook-Topic": hook["topic"],
            "X-WC-Webhook-Resource": hook["topic"].partition(".")[0],
            "X-WC-Webhook-Event": hook["topic"].partition(".")[2],
            "X-WC-Webhook-Signature": signature(hook["secret"], body),
            "X-WC-Webhook-ID": str(number),
            "X-WC-Webhook-Delivery-ID": f"{number:08x}{change.number:024x}",
        }
        return Delivery(str(number), hook["delivery_url"], headers, body)


def signature(secret: str, body: bytes) -> str:
    """What a webhook is signed with."""
    return base64.b64encode(hmac.new(secret.encode(), body, sha256).digest()).decode()


def _topic(change: Change) -> str:
    return "order.created" if (change.noun, change.verb) == ("order", "placed") else f"{change.noun}.updated"


def _basic(header: str) -> tuple[str, str]:
    scheme, _, token = header.partition(" ")
    try:
        user, _, password = base64.b64decode(token).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return (user, password) if scheme.lower() == "basic" else ("", "")
