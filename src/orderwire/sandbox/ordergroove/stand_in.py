"""Ordergroove as a whole: who may ask, which call goes where, and what webhooks say."""

from __future__ import annotations

import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from functools import partial
from hashlib import sha256
from typing import Any

from orderwire.sandbox.kit import Answer, Call, FixedWindows, PlatformClock, StandIn
from orderwire.sandbox.ordergroove import shapes, storefront
from orderwire.sandbox.ordergroove.lists import Entry, Filters, listed
from orderwire.sandbox.ordergroove.programme import UNSENT, ZONE, Happening, Programme
from orderwire.sandbox.trading.sending import Delivery

_FILTERS = {
    "customers": Filters(frozenset({"live", "email"}), moments=frozenset({"updated", "created"})),
    "subscriptions": Filters(
        frozenset({"live", "product", "shipping_address", "customer"}),
        days=frozenset({"created"}),
        moments=frozenset({"updated"}),
    ),
    "orders": Filters(
        frozenset({"status", "subscription", "customer", "include_has_plan"}),
        moments=frozenset({"place", "created", "updated"}),
        idle=frozenset({"exclude_prepaid_orders"}),
        orderings=frozenset({"place"}),
    ),
    "items": Filters(
        frozenset({"order", "offer", "subscription", "one_time", "status", "product", "omit_price_calculation"}),
        moments=frozenset({"place", "order_updated"}),
    ),
    "products": Filters(frozenset({"live", "allow_discontinued", "autoship_enabled"})),
}
_PER_MINUTE = 6000
_MOST_ATTEMPTS = 60


@dataclass
class _Waiting:
    """An event on its way."""

    body: bytes
    attempts: int
    due: datetime


class Ordergroove(StandIn):
    """A merchant's programme at Ordergroove.

    Options: `key` (the only right one), `hash_key` (what customers are signed in with), `bulk` (whether the key has
    the permission Bulk Operations), `seed`, `customers`, `every` (seconds between two happenings), `locked_every`
    (each so manieth request meets 423), `hooks_to`, `hook_secret`, `old_hook_secret` (webhooks from the start; both
    sign while the key is being changed) and `enriched` (whether order events bring what belongs to them).
    """

    name = "ordergroove"

    def __init__(self, clock: PlatformClock, options: Mapping[str, Any] | None = None) -> None:
        super().__init__(clock, options)
        given = self.options
        self.programme = Programme(
            int(given.get("seed", 1)),
            clock.now(),
            customers=int(given.get("customers", 30)),
            every=float(given.get("every", 120.0)),
        )
        self._windows = FixedWindows((_PER_MINUTE, 60))
        self._calls = self._told = 0
        self._waiting: dict[str, _Waiting] = {}

    def authenticate(self, call: Call) -> Answer | None:
        """The merchant's key in a header of its own, or a customer's signature; offers are for anybody."""
        if storefront.is_public(call):
            return None
        if storefront.is_signed(call):
            known = self._customer(call) is not None
            return None if known else storefront.shared(call, Answer(403, {"detail": "Authentication Failed"}))
        given = call.headers.get("x-api-key", "")
        if given and given == str(self.options.get("key", given)):
            return None
        return Answer(401, {"detail": "Authentication credentials were not provided."})

    def windows(self, call: Call) -> tuple[str, FixedWindows] | None:  # noqa: ARG002 - any call counts
        """So many requests a minute."""
        return "api", self._windows

    def limited(self, call: Call, retry_after: float | None) -> Answer:
        """429; it may be tried again at once, and no page promises a header."""
        headers = {} if retry_after is None else {"Retry-After": str(int(retry_after) + 1)}
        return storefront.shared(call, Answer(429, {"detail": "Request was throttled."}, headers))

    def answer(self, call: Call) -> Answer:
        """Let the programme go on until now, then answer."""
        if call.method == "OPTIONS":
            return storefront.shared(call, Answer(200))
        self.programme.advance(self.clock.now())
        self._calls += 1
        return storefront.shared(call, self._answer(call))

    def _answer(self, call: Call) -> Answer:
        every = int(self.options.get("locked_every", 0))
        if every and self._calls % every == 0:
            return Answer(423, {"details": "Resource is currently in use. Please try again shortly."})
        if call.method == "GET" and call.path.startswith(storefront.OFFERS):
            return storefront.offered(self.programme, call)
        if not call.path.endswith("/"):
            return Answer(404, {"detail": "Not found."})
        customer = self._customer(call)
        if call.method == "POST":
            written = storefront.written(self.programme, call, customer, self.clock.now())
            if written is not None:
                return written
        if call.method != "GET":
            return Answer(405, {"detail": f'Method "{call.method}" not allowed.'})
        parts = call.path.strip("/").split("/")
        entries = _of(customer, parts[0], self._entries(parts[0]))
        if parts[0] not in _FILTERS or len(parts) > 2:
            return Answer(404, {"detail": "Not found."})
        if len(parts) == 2:
            found = next((one for one in entries if one.id == parts[1]), None)
            return Answer(200, found.show()) if found else Answer(404, {"detail": "Unable to find requested asset."})
        if customer is None:
            entries = self._reachable(parts[0], entries)
        return listed(entries, call, _FILTERS[parts[0]], self._base(call))

    def holdings(self) -> dict[str, Any]:
        """What the programme has."""
        programme = self.programme
        return {
            "customers": len(programme.customers),
            "subscriptions": [shapes.subscription(one) for one in programme.subscriptions.values()],
            "orders": [shapes.order(programme, one) for one in programme.orders.values()],
            "webhooks waiting": len(self._waiting),
        }

    def deliveries(self) -> list[Delivery]:
        """Events since they were last asked for, and those whose next try is due; every fourth is sent twice."""
        now, url = self.clock.now(), str(self.options.get("hooks_to", ""))
        self.programme.advance(now)
        happened = self.programme.happenings[self._told :]
        self._told = len(self.programme.happenings)
        if not url:
            return []
        for one in happened:
            if (body := self._event(one)) is not None:
                self._waiting[one.id] = _Waiting(body, 0, now)
        due = [(key, waiting) for key, waiting in self._waiting.items() if waiting.due <= now]
        made = [Delivery(key, url, self._signed(waiting.body, now), waiting.body) for key, waiting in due]
        for key, waiting in due:
            waiting.attempts += 1
            waiting.due = now + timedelta(seconds=min(60 * 2 ** (waiting.attempts - 1), 600))
            if waiting.attempts >= _MOST_ATTEMPTS:
                del self._waiting[key]
        return made + made[::4]

    def answered(self, delivery: Delivery, status: int) -> None:
        """What is taken is not sent again; all else is, later and later."""
        if 200 <= status < 300:
            self._waiting.pop(delivery.hook, None)

    def _signed(self, body: bytes, now: datetime) -> dict[str, str]:
        sent = int(now.timestamp())
        secrets = [self.options.get("hook_secret", "hook-secret"), self.options.get("old_hook_secret")]
        made = [f"sig={signature(str(one), sent, body)}" for one in secrets if one]
        return {"Content-Type": "application/json", "Ordergroove-Signature": ",".join([f"ts={sent}", *made])}

    def _base(self, call: Call) -> str:
        host = call.headers.get("host")
        return f"http://{host}" if host else "https://restapi.ordergroove.test"

    def _reachable(self, noun: str, entries: list[Entry]) -> list[Entry]:
        """What a key sees: without the permission Bulk Operations, one customer's alone."""
        if self.options.get("bulk", True) or noun == "products":
            return entries
        return _of(next(iter(self.programme.customers)), noun, entries)

    def _customer(self, call: Call) -> str | None:
        """Whose signature came with a call; None for none that is genuine."""
        if not storefront.is_signed(call):
            return None
        return storefront.customer_of(call, str(self.options.get("hash_key", "hash-key")), self.clock.now())

    def _entries(self, noun: str) -> list[Entry]:
        programme = self.programme
        match noun:
            case "customers":
                return [
                    Entry(
                        one.id,
                        one.created,
                        {"live": True, "email": one.email, "updated": one.updated, "created": one.created},
                        partial(shapes.customer, one),
                    )
                    for one in programme.customers.values()
                ]
            case "subscriptions":
                return [
                    Entry(one.id, one.created, vars(one) | {"shipping_address": "e" * 32}, partial(_row, one))
                    for one in programme.subscriptions.values()
                ]
            case "orders":
                return [self._order(number) for number in programme.orders]
            case "items":
                return [self._item(number) for number in programme.items]
            case "products":
                return [
                    Entry(
                        one.id,
                        one.created,
                        {"live": True, "allow_discontinued": "true", "autoship_enabled": True},
                        partial(shapes.product, one),
                    )
                    for one in programme.products.values()
                ]
        return []

    def _order(self, number: str) -> Entry:
        one = self.programme.orders[number]
        fields = vars(one) | {"place": datetime.combine(one.place, time(), ZONE)}
        return Entry(one.id, one.created, fields, partial(shapes.order, self.programme, one))

    def _item(self, number: str) -> Entry:
        one = self.programme.items[number]
        order = self.programme.orders[one.order]
        fields = vars(one) | {
            "status": order.status,
            "place": datetime.combine(order.place, time(), ZONE),
            "order_updated": order.updated,
            "one_time": one.subscription is None,
            "customer": order.customer,
        }
        return Entry(one.id, order.created, fields, partial(shapes.item, self.programme, one))

    def _event(self, one: Happening) -> bytes | None:
        """The body of an event; None where the thing is gone before it could be sent."""
        programme = self.programme
        family = one.type.partition(".")[0]
        snapshot: dict[str, Any] = {}
        if family == "subscription":
            shown = shapes.hook_subscription(programme.subscriptions[one.thing])
        elif family == "order" and one.thing in programme.orders:
            shown = shapes.hook_order(programme, programme.orders[one.thing])
            snapshot = self._beside(one.thing) if self.options.get("enriched", True) else {}
        elif family == "item" and one.thing in programme.items:
            shown = shapes.hook_item(programme, programme.items[one.thing])
        else:
            return None
        envelope = {
            "id": one.id,
            "type": one.type,
            "created": int(one.at.timestamp()),
            "data": {"object": shown},
            "context": None,
            "snapshot": snapshot,
        }
        return json.dumps(envelope).encode()

    def _beside(self, number: str) -> dict[str, Any]:
        programme = self.programme
        order = programme.orders[number]
        items = programme.items_of(number)
        held = [programme.subscriptions[one.subscription] for one in items if one.subscription]
        return {
            "customer": shapes.customer(programme.customers[order.customer]),
            "subscriptions": [shapes.subscription(one) for one in held],
            "items": [shapes.item(programme, one) for one in items],
            "addresses": [],
            "payments": [],
            "products": [shapes.product(programme.products[one]) for one in {item.product for item in items}],
        }

    def reminders(self) -> set[str]:
        """Orders still to be placed whose reminder was sent."""
        return {one.id for one in self.programme.orders.values() if one.reminded and one.status == UNSENT}


def signature(secret: str, sent: int, body: bytes) -> str:
    """What an event is signed with."""
    return hmac.new(secret.encode(), str(sent).encode() + b"." + body, sha256).hexdigest()


def _of(customer: str | None, noun: str, entries: list[Entry]) -> list[Entry]:
    """What of a list is one customer's, or everything for nobody in particular; products are everybody's."""
    if customer is None or noun == "products":
        return entries
    if noun == "customers":
        return [one for one in entries if one.id == customer]
    return [one for one in entries if one.fields["customer"] == customer]


def _row(one: Any) -> dict[str, Any]:
    """A subscription in a list: there its extra data are a text."""
    return shapes.subscription(one) | {"extra_data": "{}"}
