"""A shop with Magento as a whole: who may ask, and which call goes where."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import partial
from typing import Any

from orderwire.sandbox.kit import Answer, Call, FixedWindows, PlatformClock, StandIn
from orderwire.sandbox.magento import shapes
from orderwire.sandbox.magento.oauth import Integration
from orderwire.sandbox.magento.searching import Entry, Terms, refusal, searched
from orderwire.sandbox.magento.signing import public_key, signature
from orderwire.sandbox.trading.merchant import Merchant
from orderwire.sandbox.trading.sending import Delivery

_NEEDS_CRITERIA = frozenset({"orders", "customers/search", "products", "invoices", "shipments", "creditmemos"})
_KEYS = ("consumer_key", "consumer_secret", "token", "token_secret")


class Magento(StandIn):
    """One shop with Magento.

    Options: `token` (the only right one), `consumer_key`, `consumer_secret` and `token_secret` (with them bearers are
    refused and calls must be signed, as is usual since 2.4.4), `seed`, `customers`, `orders`, `every` (seconds
    between two happenings), `quiet` (the share of refunds that leave their order's date alone), `most` (the input
    limit of pages, 0 for none), `gives_last_again` (the last page again behind the end), `module` (whether newsletter
    subscribers are listed), `filter` (a filter before the shop lets so many calls a minute through) and `hooks_to`
    (webhooks of deleted products, as Adobe Commerce sends them).
    """

    name = "magento"

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
        self._integration = (
            Integration(**{name: str(given.get(name, "")) for name in _KEYS}) if given.get("consumer_key") else None
        )
        self._terms = Terms(int(given.get("most", 0)), bool(given.get("gives_last_again", True)))
        self._filter = FixedWindows((int(given.get("filter", 0)) or 60, 60))
        self._keys: dict[tuple[str, int], int] = {}
        self._deleted: list[Delivery] = []

    @property
    def hook_key(self) -> str:
        """The public key that webhooks are checked with, as the shop shows it."""
        return public_key()

    def authenticate(self, call: Call) -> Answer | None:
        """An integration's access token, signed with where the shop wants that, else as a bearer."""
        if self._integration is not None:
            return self._integration.refuses(call)
        scheme, _, token = call.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer" and token and token == str(self.options.get("token", token)):
            return None
        message = "The consumer isn't authorized to access %resources."
        return refusal(401, message, resources="Magento_Sales::sales")

    def windows(self, call: Call) -> tuple[str, FixedWindows] | None:  # noqa: ARG002 - any call counts
        """Magento has no limit; what stands before a shop may have one."""
        return ("filter", self._filter) if self.options.get("filter") else None

    def limited(self, call: Call, retry_after: float | None) -> Answer:  # noqa: ARG002 - any call is answered so
        """What a filter before the shop answers."""
        headers = {} if retry_after is None else {"Retry-After": str(int(retry_after) + 1)}
        return Answer(429, "<html><h1>429 Too Many Requests</h1></html>", headers, content_type="text/html")

    def answer(self, call: Call) -> Answer:
        """Let the shop trade on until now, then answer."""
        self.merchant.advance(self.clock.now())
        parts = call.path.strip("/").split("/")
        if parts[:1] != ["rest"] or "V1" not in parts[1:3]:
            return refusal(404, "Request does not match any route.")
        path = "/".join(parts[parts.index("V1") + 1 :])
        lists = self._lists()
        if call.method != "GET" or path not in lists:
            return refusal(404, "Request does not match any route.")
        if path in _NEEDS_CRITERIA and not any(name.startswith("searchCriteria") for name in call.query):
            return refusal(400, '"%fieldName" is required. Enter and try again.', fieldName="searchCriteria")
        return searched(lists[path], call.query, self._terms)

    def delete_product(self, number: int) -> None:
        """Take a product out of the catalogue."""
        product = self.merchant.products.pop(number)
        body = {
            "subject": [],
            "eventName": "catalog_product_delete_after",
            "data": {"product": {"entity_id": str(number), "sku": f"sku-{number}", "name": product.title}},
        }
        if url := str(self.options.get("hooks_to", "")):
            raw = json.dumps(body).encode()
            headers = {"Content-Type": "application/json", "x-adobe-commerce-webhook-signature": signature(raw)}
            self._deleted.append(Delivery(str(number), url, headers, raw))

    def holdings(self) -> dict[str, Any]:
        """What the shop has."""
        merchant = self.merchant
        return {
            "orders": [shapes.order(one, merchant.customers.get(one.customer or 0)) for one in self._orders()],
            "customers": len(merchant.customers),
            "products": len(merchant.products),
        }

    def deliveries(self) -> list[Delivery]:
        """Webhooks of products that were deleted."""
        made, self._deleted = self._deleted, []
        return made

    def answered(self, delivery: Delivery, status: int) -> None:
        """Nothing: a webhook is called once, and what it answers after the fact changes nothing."""

    def _orders(self) -> Iterator[Any]:
        return (one for one in self.merchant.orders.values() if not one.gone)

    def _lists(self) -> dict[str, list[Entry]]:
        merchant = self.merchant
        lists = {
            "orders": [
                _entry(one.id, one.created, one.modified, partial(self._order, one.id)) for one in self._orders()
            ],
            "customers/search": [
                _entry(one.id, one.created, one.modified, partial(shapes.customer, one))
                for one in merchant.customers.values()
            ],
            "products": list(self._products()),
            "invoices": [
                self._child("invoice", one.id, one.id, one.paid, partial(shapes.invoice, one=one))
                for one in self._orders()
                if one.paid
            ],
            "shipments": [
                self._child("shipment", one.id, one.id, one.shipped, partial(shapes.shipment, one=one))
                for one in self._orders()
                if one.shipped
            ],
            "creditmemos": [
                self._child("memo", back.id, one.id, back.at, partial(shapes.creditmemo, refund=back, one=one))
                for one in self._orders()
                for back in one.refunds
            ],
        }
        if self.options.get("module"):
            lists["newsletter/subscribers"] = [
                Entry(
                    {"subscriber_id": one.id, "change_status_at": one.tick or one.created},
                    partial(shapes.subscriber, one),
                )
                for one in merchant.customers.values()
            ]
        return lists

    def _order(self, number: int) -> dict[str, Any]:
        one = self.merchant.orders[number]
        return shapes.order(one, self.merchant.customers.get(one.customer or 0))

    def _products(self) -> Iterator[Entry]:
        for one in self.merchant.products.values():
            yield _entry(one.id, one.created, one.modified, partial(shapes.product, one))
            for key in one.variants:
                yield _entry(key, one.created, one.modified, partial(shapes.child, one, key))

    def _child(self, kind: str, of: int, order: int, at: datetime, show: Any) -> Entry:
        """An invoice, shipment or credit memo; each sort is numbered by itself, as they come to be."""
        key = self._keys.setdefault((kind, of), sum(name == kind for name, _ in self._keys) + 1)
        fields = {"entity_id": key, "order_id": order, "created_at": at, "updated_at": at}
        return Entry(fields, partial(show, key))


def _entry(key: int, created: datetime, modified: datetime, show: Any) -> Entry:
    return Entry({"entity_id": key, "created_at": created, "updated_at": modified}, show)
