"""Shopper Activity v3: carts, checkouts, orders and products.

The gateway checks the shape of the whole request; then everything is queued with 202, and what turns out to be
unusable later is dropped without a word. A resend overwrites what is held, and whether it starts workflows again is
not documented, so it does.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, NamedTuple

from orderwire.sandbox.drip.people import People
from orderwire.sandbox.drip.refusals import gateway
from orderwire.sandbox.drip.shapes import CART, CHECKOUT, ORDER, PRODUCT, Shape, batch_of, fault_of
from orderwire.sandbox.drip.store import Order, Person, Store, instant_of, made_id
from orderwire.sandbox.kit import Answer

_ORDER_EVENTS = {
    "placed": "Placed an order",
    "updated": "Updated an order",
    "paid": "Paid an order",
    "fulfilled": "Fulfilled an order",
    "refunded": "Refunded an order",
    "canceled": "Canceled an order",
}
_CART_EVENTS = {"created": "Created a cart", "updated": "Updated a cart"}
_GIVING_BACK = ("refunded", "canceled")


class Subject(NamedTuple):
    """A kind of activity: its shape, the key of its batch, and the name of its id."""

    shape: Shape
    batch_key: str | None
    id_name: str


SUBJECTS = {
    "cart": Subject(CART, "carts", "cart_id"),
    "order": Subject(ORDER, "orders", "order_id"),
    "product": Subject(PRODUCT, "products", "product_id"),
    "checkout": Subject(CHECKOUT, None, "checkout_id"),
}


class Activity:
    """What shoppers of one account did."""

    def __init__(self, store: Store, people: People, rejected: frozenset[str]) -> None:
        self.store = store
        self.people = people
        self.rejected = rejected
        self._takers: dict[str, Callable[[dict[str, Any], datetime, Answer], None]] = {
            "cart": self._take_cart,
            "order": self._take_order,
            "product": self._take_product,
            "checkout": self._take_checkout,
        }

    def single(self, name: str, body: Any, now: datetime, number: int) -> Answer:
        """One bare record."""
        subject = SUBJECTS[name]
        if fault := fault_of(subject.shape, body) or self._rejection(subject, [body]):
            return gateway(fault)
        answer = Answer(202, {"request_id": made_id(number, 0)})
        self._takers[name](body, now, answer)
        return answer

    def batch(self, name: str, body: Any, now: datetime, number: int) -> Answer:
        """1 to 1000 wrapped records; one bad record refuses them all."""
        subject = SUBJECTS[name]
        key = subject.batch_key or ""
        if fault := fault_of(batch_of(subject.shape, key), body) or self._rejection(subject, body[key]):
            return gateway(fault)
        answer = Answer(202, {"request_ids": [made_id(number, place) for place in range(len(body[key]))]})
        for record in body[key]:
            self._takers[name](record, now, answer)
        return answer

    def _rejection(self, subject: Subject, records: list[Any]) -> str | None:
        """The fault of a record that was chosen to be bad; the gateway names no culprit."""
        if any({record.get(subject.id_name), record.get("email")} & self.rejected for record in records):
            return 'instance type (null) does not match any allowed primitive type (allowed: ["string"])'
        return None

    def _shopper(self, record: dict[str, Any], now: datetime, answer: Answer, ident: str) -> Person | None:
        person = self.people.resolve(record, now, answer)
        if person is None:
            _drop(answer, ident, "no such person, or no valid e-mail")
        return person

    def _take_order(self, record: dict[str, Any], now: datetime, answer: Answer) -> None:
        action, ident, provider = record["action"], record["order_id"], record["provider"]
        held = self.store.orders.get((provider, ident))
        person = self._shopper(record, now, answer, ident)
        if person is None:
            return
        if held is not None and held.person is not person:
            _drop(answer, ident, "the order belongs to another person")
            return
        when = instant_of(record.get("occurred_at")) or now
        is_repeated = self.store.is_repeated("order", provider, ident, action, when)
        total = record.get("grand_total", 0)
        if held is None:
            held = self.store.orders[provider, ident] = Order(person, 0.0, record)
        back = 0 if is_repeated or action not in _GIVING_BACK else record.get("refund_amount", 0)
        if action not in _GIVING_BACK:
            person.lifetime_cents += round((total - held.grand_total) * 100)
            held.grand_total = total
        person.lifetime_cents -= round(back * 100)
        held.snapshot = record
        held.events.append((action, when.isoformat()))
        amount = record.get("refund_amount") if action in _GIVING_BACK else record.get("grand_total")
        self._keep(answer, "order", record, ident, person, _ORDER_EVENTS[action], is_repeated, amount)

    def _take_cart(self, record: dict[str, Any], now: datetime, answer: Answer) -> None:
        action, ident, provider = record["action"], record["cart_id"], record["provider"]
        person = self._shopper(record, now, answer, ident)
        if person is None:
            return
        when = instant_of(record.get("occurred_at")) or now
        is_repeated = self.store.is_repeated("cart", provider, ident, action, when)
        items = record.get("items", [])
        self.store.carts[provider, ident] = {
            "person": person.name,
            "action": action,
            "grand_total": record.get("grand_total", 0),
            "line_count": len(items),
            "products": [[line["product_id"], line["product_variant_id"]] for line in items],
        }
        amount = record.get("grand_total")
        self._keep(answer, "cart", record, ident, person, _CART_EVENTS[action], is_repeated, amount)

    def _take_checkout(self, record: dict[str, Any], now: datetime, answer: Answer) -> None:
        action, ident, provider = record["action"], record["checkout_id"], record["provider"]
        person = self._shopper(record, now, answer, ident)
        if person is None:
            return
        when = instant_of(record.get("occurred_at")) or now
        is_repeated = self.store.is_repeated("checkout", provider, ident, action, when)
        self.store.checkouts[provider, ident] = {"person": person.name, "action": action}
        amount = record.get("total_price", record.get("grand_total"))
        self._keep(answer, "checkout", record, ident, person, f"checkout {action}", is_repeated, amount)

    def _take_product(self, record: dict[str, Any], _now: datetime, answer: Answer) -> None:
        provider, product, variant = record["provider"], record["product_id"], record["product_variant_id"]
        key = (provider, product, variant)
        is_repeated = self.store.is_repeated("product", *key, record["action"], record.get("occurred_at"))
        before = self.store.products.pop(key, None)
        if record["action"] != "deleted":
            self.store.products[key] = {
                name: record.get(name)
                for name in ("name", "price", "sku", "brand", "inventory", "product_url", "image_url", "categories")
            } | {"currency": record.get("currency", "USD")}
        answer.kept.append(
            {
                "type": "product",
                "action": record["action"],
                "id": f"{product}/{variant}",
                "provider": provider,
                "person": None,
                "occurred_at": record.get("occurred_at"),
                "quiet": False,
                "duplicate": is_repeated,
                "amount": record["price"],
            }
        )
        is_cheaper = before is not None and record["action"] == "updated" and record["price"] < before["price"]
        if is_cheaper and any([product, variant] in cart["products"] for cart in self.store.carts.values()):
            answer.fired.append({"type": "price_drop", "id": f"{product}/{variant}"})

    def _keep(
        self,
        answer: Answer,
        kind: str,
        record: dict[str, Any],
        ident: str,
        person: Person,
        event: str,
        is_repeated: bool,
        amount: float | None,
    ) -> None:
        answer.kept.append(
            {
                "type": kind,
                "action": record["action"],
                "id": ident,
                "provider": record["provider"],
                "person": record.get("person_id") or record.get("email") or record.get("visitor_uuid"),
                "occurred_at": record.get("occurred_at"),
                "quiet": False,
                "duplicate": is_repeated,
                "amount": amount,
                "line_count": len(record.get("items", [])),
                "hinted": record.get("initial_status"),
                "stated": record.get("status"),
                "status": person.status,
            }
        )
        answer.fired.append({"type": kind, "event": event, "id": ident, "person": person.name})


def _drop(answer: Answer, ident: str, reason: str) -> None:
    answer.kept.append({"type": "rejected", "id": ident, "reason": reason})
