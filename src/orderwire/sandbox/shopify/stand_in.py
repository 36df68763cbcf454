"""A Shopify shop as a whole: who may ask, at what cost, and what is sent where."""

from __future__ import annotations

import base64
import hmac
import json
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any

from orderwire.sandbox.kit import Answer, Call, FixedWindows, PlatformClock, StandIn
from orderwire.sandbox.shopify import bulk, graph, rest
from orderwire.sandbox.shopify.graphql import Connection, Unanswerable, answered, cost_of, parsed
from orderwire.sandbox.trading.merchant import Merchant
from orderwire.sandbox.trading.sending import Delivery
from orderwire.sandbox.trading.things import Change

VERSION = "2026-07"
_PATH = re.compile(r"/admin/api/(\d{4}-\d{2})/graphql\.json")
_TERM = re.compile(r"(id|updated_at|created_at):(>=|>|<=|<)?'?([^'\s]+)'?")
_CONNECTIONS = frozenset(
    {
        "customers", "products", "orders", "abandonedCheckouts", "lineItems", "refundLineItems", "variants",
        "shippingLines", "refundShippingLines", "webhookSubscriptions",
    }
)  # fmt: skip
_MOST_AT_ONCE = 1000
_BUCKET, _RESTORE = 2000.0, 100.0
_TRIES = 8


class Shopify(StandIn):
    """One Shopify shop.

    Options: `token` (the only right one), `seed`, `customers`, `orders`, `every` (seconds between two happenings),
    `first_id`, `scopes`, `limits`, `hooks_to` and `hook_secret` (webhooks of all topics from the start), `bulk_takes`
    (seconds), `bulk_ends` (the status), `bulk_busy` (another bulk operation runs all the time) and `bulk_denied`.
    """

    name = "shopify"

    def __init__(self, clock: PlatformClock, options: Mapping[str, Any] | None = None) -> None:
        super().__init__(clock, options)
        given = self.options
        self.merchant = Merchant(
            int(given.get("seed", 1)),
            clock.now(),
            customers=int(given.get("customers", 40)),
            orders=int(given.get("orders", 120)),
            every=float(given.get("every", 20.0)),
            first_id=int(given.get("first_id", 9_007_199_254_741_000)),
            keeps_placed=True,
        )
        self._left, self._left_at = _BUCKET, clock.seconds()
        self.operations = bulk.Operations(
            takes=float(given.get("bulk_takes", 60.0)),
            ends=str(given.get("bulk_ends", "COMPLETED")),
            is_busy=bool(given.get("bulk_busy", False)),
            is_denied=bool(given.get("bulk_denied", False)),
        )
        self._sent = 0
        self._again: list[tuple[float, int, Delivery]] = []
        self.subscriptions: dict[str, str] = {}
        if url := str(given.get("hooks_to", "")):
            self.subscriptions = dict.fromkeys(TOPICS, url)

    def authenticate(self, call: Call) -> Answer | None:
        """The token in a header of its own; a file is open to whoever knows its address."""
        if bulk.PATH.fullmatch(call.path):
            return None
        given = call.headers.get("x-shopify-access-token", "")
        wanted = str(self.options.get("token", self.options.get("key", given)))
        if given and given == wanted:
            return None
        return Answer(401, {"errors": "[API] Invalid API key or access token (unrecognized login or wrong password)"})

    def windows(self, call: Call) -> tuple[str, FixedWindows] | None:  # noqa: ARG002 - costs are points of a bucket
        """None: queries are limited by what they cost."""
        return None

    def limited(self, call: Call, retry_after: float | None) -> Answer:  # noqa: ARG002 - every call is answered so
        """What the network before the API answers."""
        headers = {} if retry_after is None else {"Retry-After": f"{retry_after:.1f}"}
        return Answer(429, {"errors": "Exceeded 2 calls per second for api client."}, headers)

    def answer(self, call: Call) -> Answer:
        """Let the shop trade on until now, then answer a query."""
        self.merchant.advance(self.clock.now())
        if bulk.PATH.fullmatch(call.path):
            return self.operations.download(call)
        match = _PATH.fullmatch(call.path)
        if match is None or call.method != "POST":
            return Answer(404, {"errors": "Not Found"})
        try:
            body = call.json()
            fields = parsed(str(body["query"]), body.get("variables") or {})
        except (ValueError, KeyError, TypeError):
            return Answer(400, {"errors": {"query": "Required parameter missing or invalid"}})
        except Unanswerable as error:
            return self._refused(error.code, str(error), 0, 0)
        headers = {"X-Shopify-API-Version": max(VERSION, match[1])}
        answer = self._counted(fields, call)
        answer.headers |= headers
        return answer

    def holdings(self) -> dict[str, Any]:
        """What the shop has."""
        return {
            "orders": [rest.order(one, self.merchant) for one in self.merchant.orders.values()],
            "customers": len(self.merchant.customers),
            "subscriptions": self.subscriptions,
        }

    def deliveries(self) -> list[Delivery]:
        """Webhooks of what happened since they were last asked for, and failed ones that are due again."""
        self.merchant.advance(self.clock.now())
        changes = self.merchant.changes[self._sent :]
        self._sent = len(self.merchant.changes)
        due = [delivery for at, _, delivery in self._again if at <= self.clock.seconds()]
        self._again = [one for one in self._again if one[0] > self.clock.seconds()]
        return due + [
            self._delivery(topic, change)
            for change in changes
            for topic in topics_of(change)
            if topic in self.subscriptions
        ]

    def answered(self, delivery: Delivery, status: int) -> None:
        """What fails is tried again eight times over four hours; then the subscription goes."""
        if 200 <= status < 300:
            return
        tries = 1 + int(delivery.headers.get("X-Sandbox-Try", "0"))
        if tries > _TRIES:
            self.subscriptions.pop(delivery.hook, None)
            return
        headers = {**delivery.headers, "X-Sandbox-Try": str(tries)}
        again = Delivery(delivery.hook, delivery.url, headers, delivery.body)
        self._again.append((self.clock.seconds() + 30 * 2**tries, tries, again))

    def _counted(self, fields: Sequence[Any], call: Call) -> Answer:
        """Answer a query if its cost is in the bucket."""
        now = self.clock.seconds()
        self._left = min(_BUCKET, self._left + (now - self._left_at) * _RESTORE)
        self._left_at = now
        cost = cost_of(fields, _CONNECTIONS)
        if self.limits_on and cost > _MOST_AT_ONCE:
            return self._refused("MAX_COST_EXCEEDED", f"Query cost is {cost}, which exceeds {_MOST_AT_ONCE}", cost, 0)
        if self.limits_on and cost > self._left:
            return self._refused("THROTTLED", "Throttled", cost, 0)
        try:
            data = answered(self._root(call.headers.get("host", "")), fields)
        except Unanswerable as error:
            return self._refused(error.code, str(error), cost, 0)
        spent = max(1, cost // 3)
        self._left -= spent
        return Answer(200, {"data": data, "extensions": self._extensions(cost, spent)})

    def _refused(self, code: str, message: str, cost: int, spent: int) -> Answer:
        errors = [{"message": message, "extensions": {"code": code}}]
        return Answer(200, {"errors": errors, "extensions": self._extensions(cost, spent)})

    def _extensions(self, cost: int, spent: int) -> dict[str, Any]:
        status = {"maximumAvailable": _BUCKET, "currentlyAvailable": int(self._left), "restoreRate": _RESTORE}
        return {"cost": {"requestedQueryCost": cost, "actualQueryCost": spent or None, "throttleStatus": status}}

    def _root(self, host: str) -> dict[str, Any]:
        merchant = self.merchant
        orders = {number: one for number, one in merchant.orders.items() if not one.gone}
        scopes = self.options.get("scopes", ("read_orders", "read_all_orders", "read_customers", "read_products"))
        install = {
            "__typename": "AppInstallation",
            "accessScopes": [{"__typename": "AccessScope", "handle": scope} for scope in scopes],
        }
        hooks = [{"__typename": "WebhookSubscription", "topic": topic} for topic in self.subscriptions]
        root: dict[str, Any] = {
            "__typename": "QueryRoot",
            "shop": {"__typename": "Shop", "name": "Cups", "currencyCode": "GBP"},
            "customers": _lister(merchant.customers, graph.customer),
            "products": _lister(merchant.products, graph.product),
            "orders": _lister(orders, lambda one: graph.order(one, merchant)),
            "abandonedCheckouts": lambda _arguments: Connection([]),
            "customersCount": lambda _arguments: _count(len(merchant.customers)),
            "productsCount": lambda _arguments: _count(len(merchant.products)),
            "ordersCount": lambda _arguments: _count(len(orders)),
            "currentAppInstallation": install,
            "webhookSubscriptions": Connection(hooks),
            "node": lambda arguments: self._node(str(arguments.get("id", "")), host),
        }
        root["bulkOperationRunQuery"] = lambda arguments: self.operations.begin(
            root,
            str(arguments.get("query", "")),
            is_grouped=arguments.get("groupObjects") is True,
            now=self.clock.seconds(),
        )
        return root

    def _node(self, address: str, host: str) -> dict[str, Any] | None:
        kind, _, number = address.removeprefix("gid://shopify/").partition("/")
        wanted = int(number) if number.isdigit() else 0
        merchant = self.merchant
        if kind == "BulkOperation":
            return self.operations.show(wanted, host=host, now=self.clock.seconds())
        if kind == "Order" and wanted in merchant.orders:
            return graph.order(merchant.orders[wanted], merchant)
        if kind == "Product" and wanted in merchant.products:
            return graph.product(merchant.products[wanted])
        if kind == "Refund":
            for of in merchant.orders.values():
                for one in of.refunds:
                    if one.id == wanted:
                        return graph.refund(of, one)
        return None

    def _delivery(self, topic: str, change: Change) -> Delivery:
        body = json.dumps(self._shown(topic, change), separators=(",", ":")).encode()
        secret = str(self.options.get("hook_secret", "hook-secret"))
        headers = {
            "Content-Type": "application/json",
            "X-Shopify-Topic": topic,
            "X-Shopify-Shop-Domain": "example.myshopify.test",
            "X-Shopify-API-Version": VERSION,
            "X-Shopify-Hmac-Sha256": signature(secret, body),
            "X-Shopify-Webhook-Id": f"{change.number:08x}-{abs(hash_of(topic)):08x}",
            "X-Shopify-Event-Id": f"event-{change.number}",
            "X-Shopify-Triggered-At": change.at.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        }
        return Delivery(topic, self.subscriptions[topic], headers, body)

    def _shown(self, topic: str, change: Change) -> dict[str, Any]:
        merchant = self.merchant
        if topic == "customers_email_marketing_consent/update":
            one = merchant.customers[change.id]
            return {"customer_id": one.id, "email_address": one.email, "email_marketing_consent": rest.consent(one)}
        if change.noun == "customer":
            return rest.customer(merchant.customers[change.id])
        if change.noun == "product":
            return rest.product(merchant.products[change.id])
        of = merchant.orders[change.id]
        if topic == "refunds/create":
            return rest.refund(of, next(one for one in of.refunds if one.id == change.detail))
        return rest.order(of, merchant)


TOPICS = (
    "orders/create", "orders/updated", "orders/paid", "orders/cancelled", "orders/fulfilled", "orders/edited",
    "refunds/create", "customers/update", "customers_email_marketing_consent/update", "products/update",
)  # fmt: skip
_TOPICS_OF = {
    "placed": ("orders/create",),
    "paid": ("orders/paid", "orders/updated"),
    "shipped": ("orders/fulfilled", "orders/updated"),
    "cancelled": ("orders/cancelled", "orders/updated"),
    "refunded": ("refunds/create", "orders/updated"),
    "edited": ("orders/updated",),
    "chose": ("customers_email_marketing_consent/update",),
}


def topics_of(change: Change) -> tuple[str, ...]:
    """What a happening is sent under."""
    return ("products/update",) if change.noun == "product" else _TOPICS_OF[change.verb]


def signature(secret: str, body: bytes) -> str:
    """What a webhook is signed with."""
    return base64.b64encode(hmac.new(secret.encode(), body, sha256).digest()).decode()


def hash_of(text: str) -> int:
    """A small number for a text, the same in every process."""
    return int.from_bytes(sha256(text.encode()).digest()[:4], "big")


def _count(number: int) -> dict[str, Any]:
    return {"__typename": "Count", "count": number}


def _lister(things: Mapping[int, Any], show: Callable[[Any], Any]) -> Callable[[Mapping[str, Any]], Connection]:
    """A root that lists things: filtered by its `query`, sorted by id."""

    def listed(arguments: Mapping[str, Any]) -> Connection:
        if arguments.get("sortKey") != "ID":
            raise Unanswerable("BAD_REQUEST", "this shop sorts by ID only")
        found = [things[number] for number in sorted(things)]
        for term in str(arguments.get("query") or "").split(" AND "):
            if term:
                found = [one for one in found if _is_meant(one, term)]
        return Connection([show(one) for one in found])

    return listed


def _is_meant(one: Any, term: str) -> bool:
    match = _TERM.fullmatch(term)
    if match is None:
        raise Unanswerable("BAD_REQUEST", f"Invalid search field: {term[:20]}")
    name, sign, value = match[1], match[2] or "=", match[3]
    left: Any = one.id if name == "id" else one.modified if name == "updated_at" else one.created
    right: Any = int(value) if name == "id" else datetime.fromisoformat(value)
    signs = {">": left > right, ">=": left >= right, "<": left < right, "<=": left <= right, "=": left == right}
    return bool(signs[sign])
