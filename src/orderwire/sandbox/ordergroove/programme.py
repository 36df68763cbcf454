"""A made-up programme of recurring purchases that goes on while somebody looks.

Everything comes from the seed and the time. Each live subscription has exactly one item in an order still to be
placed; an order groups what one customer gets on one day. Skipping and cancelling delete items and orders for good.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import TypeVar
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("America/Chicago")
"""What times without a zone are in."""
T = TypeVar("T")
UNSENT, CANCELLED, SUCCESS = 1, 4, 5
_DAYS = {1: 1, 2: 7, 3: 30}
_REASONS = ("1|I have too much", "2|It is too expensive", "7|")
_REMIND_AT = time(6)
_LONGEST_LEAD = 30


@dataclass
class Customer:
    """Who subscribed; the id is the shop's own."""

    id: str
    email: str
    first_name: str
    last_name: str
    phone: str
    created: datetime
    updated: datetime


@dataclass
class Product:
    """What can be subscribed to; the id is the shop's own, the price in cents."""

    id: str
    name: str
    price: int
    created: datetime


@dataclass
class Subscription:
    """One product, again and again."""

    id: str
    customer: str
    product: str
    quantity: int
    every: int
    period: int
    created: datetime
    updated: datetime
    lead: int = 10
    live: bool = True
    cancelled: datetime | None = None
    reason: str | None = None
    first_order: str | None = None
    """The shop's order that it began with; None where it was made from an item."""
    session: str | None = None

    @property
    def days(self) -> int:
        """The length of its period, as Ordergroove counts it."""
        return self.every * _DAYS[self.period]


@dataclass
class Order:
    """A box to be sent on a day."""

    id: str
    customer: str
    place: date
    created: datetime
    updated: datetime
    status: int = UNSENT
    merchant_id: str | None = None
    reminded: bool = False


@dataclass
class Item:
    """Some of one product in an order; without a subscription it is bought once."""

    id: str
    order: str
    subscription: str | None
    product: str
    quantity: int


@dataclass(frozen=True)
class Happening:
    """Something that webhooks are sent of."""

    id: str
    type: str
    at: datetime
    thing: str


class Programme:
    """The programme.

    Args:
        seed: what everything is drawn from.
        now: when it goes on; everything of the beginning lies before.
        customers: how many there are at the beginning.
        every: seconds between two happenings; 0 for none.
    """

    def __init__(self, seed: int, now: datetime, *, customers: int = 30, every: float = 120.0) -> None:
        self._rng = random.Random(f"programme:{seed}")
        self.every = every
        self._next = 500
        self.now = now.replace(microsecond=0)
        self.customers: dict[str, Customer] = {}
        self.products: dict[str, Product] = {}
        self.subscriptions: dict[str, Subscription] = {}
        self.orders: dict[str, Order] = {}
        self.items: dict[str, Item] = {}
        self.happenings: list[Happening] = []
        self._begin(customers)
        self.happenings.clear()

    def advance(self, now: datetime) -> None:
        """Let everything happen that happens until now."""
        while self.every and (now - self.now).total_seconds() >= self.every:
            self.now += timedelta(seconds=self.every)
            self._remind()
            self._place_due()
            self.happen(self.now)

    def happen(self, at: datetime) -> None:
        """Let one thing happen."""
        acts: list[tuple[int, Callable[[datetime], None]]] = [
            (4, self.subscribe), (2, self._cancel), (1, self._reactivate), (2, self._change_frequency),
            (3, self._move), (2, self._skip), (1, self._change_contact), (2, self._send_now),
        ]  # fmt: skip
        self._rng.choices([act for _, act in acts], [weight for weight, _ in acts])[0](at)

    def items_of(self, order_id: str) -> list[Item]:
        """The items in an order."""
        return [one for one in self.items.values() if one.order == order_id]

    def item_of(self, subscription: Subscription) -> Item | None:
        """The item of a subscription in the order to come."""
        mine = (one for one in self.items.values() if one.subscription == subscription.id)
        return next((one for one in mine if self.orders[one.order].status == UNSENT), None)

    def subscribe(self, at: datetime) -> None:
        """Somebody subscribes at a checkout, some of them for the first time."""
        rng = self._rng
        customer = self._customer(at) if rng.random() < 0.4 else self._some(list(self.customers.values()))
        if customer is None:
            return
        made = Subscription(
            id=self._id(),
            customer=customer.id,
            product=rng.choice(list(self.products)),
            quantity=rng.randrange(1, 4),
            every=rng.choice((1, 2, 4)),
            period=rng.choice((2, 3)),
            created=at,
            updated=at,
            first_order=str(self._number()),
        )
        self.subscriptions[made.id] = made
        self._note("subscription.create", at, made.id)
        self._schedule(made, at.astimezone(ZONE).date() + timedelta(days=rng.randrange(3, made.days + 4)), at)

    def cancel(self, subscription: Subscription, at: datetime) -> None:
        """End a subscription; its item goes, and its order with the last item."""
        subscription.live, subscription.cancelled, subscription.updated = False, at, at
        subscription.reason = self._rng.choice(_REASONS)
        self._note("subscription.cancel", at, subscription.id)
        if (item := self.item_of(subscription)) is not None:
            self._take_out(item, at)

    def add(self, order: Order, product: str, quantity: int, at: datetime) -> Item:
        """Put something into an order that is still to be placed, once."""
        item = Item(self._id(), order.id, None, product, quantity)
        self.items[item.id] = item
        order.updated = at
        self._note("item.create", at, item.id)
        return item

    def subscribe_to(
        self, item: Item, every: int, period: int, at: datetime, session: str | None = None
    ) -> Subscription:
        """Make a subscription of something that was to be bought once."""
        order = self.orders[item.order]
        made = Subscription(
            id=self._id(),
            customer=order.customer,
            product=item.product,
            quantity=item.quantity,
            every=every,
            period=period,
            created=at,
            updated=at,
            session=session,
        )
        self.subscriptions[made.id] = made
        item.subscription = made.id
        order.updated = at
        self._note("subscription.create", at, made.id)
        self._note("item.item_subscribe", at, item.id)
        return made

    def _begin(self, customers: int) -> None:
        rng = self._rng
        for place in range(8):
            number = str(self._number())
            made = self.now - timedelta(days=900)
            self.products[number] = Product(number, f"Coffee {place}", 899 + 250 * place, made)
        for _ in range(customers):
            created = self.now - timedelta(days=rng.randrange(5, 700), seconds=rng.randrange(86_400))
            self._customer(created)
        moments = sorted(
            self.now - timedelta(seconds=rng.randrange(7200, 200 * 86_400)) for _ in range(customers * 2)
        )
        for at in moments:
            self.subscribe(at)
        for subscription in list(self.subscriptions.values()):
            item = self.item_of(subscription)
            if item is not None and self.orders[item.order].place <= self.now.astimezone(ZONE).date():
                self._place(self.orders[item.order], self.now - timedelta(minutes=30))
            if rng.random() < 0.25:
                self.cancel(
                    subscription, min(subscription.created + timedelta(days=9), self.now - timedelta(hours=1))
                )

    def _customer(self, at: datetime) -> Customer:
        number = str(self._number())
        made = Customer(
            number, f"s{number}@mail.test", "Sam", f"Oak {number}", f"+1312555{int(number) % 9000 + 1000}", at, at
        )
        self.customers[number] = made
        return made

    def _schedule(self, subscription: Subscription, on: date, at: datetime) -> None:
        """Put a subscription's item into its customer's order of a day."""
        theirs = (one for one in self.orders.values() if one.customer == subscription.customer)
        order = next((one for one in theirs if one.place == on and one.status == UNSENT), None)
        if order is None:
            order = Order(self._id(), subscription.customer, on, at, at)
            self.orders[order.id] = order
        item = Item(self._id(), order.id, subscription.id, subscription.product, subscription.quantity)
        self.items[item.id] = item
        is_new = order.updated == at and order.created == at
        order.updated = at
        self._note("order.create" if is_new else "item.create", at, order.id if is_new else item.id)

    def _take_out(self, item: Item, at: datetime) -> None:
        order = self.orders[item.order]
        del self.items[item.id]
        if self.items_of(order.id):
            order.updated = at
        else:
            del self.orders[order.id]

    def _remind(self) -> None:
        soon = self.now.astimezone(ZONE).date() + timedelta(days=_LONGEST_LEAD)
        for order in self.orders.values():
            if order.status != UNSENT or order.reminded or order.place > soon:
                continue
            leads = [self.subscriptions[one.subscription].lead for one in self.items_of(order.id) if one.subscription]
            on = order.place - timedelta(days=min(leads, default=0))
            if leads and datetime.combine(on, _REMIND_AT, ZONE) <= self.now:
                order.reminded = True
                self._note("order.reminder", self.now, order.id)

    def _place_due(self) -> None:
        local = self.now.astimezone(ZONE)
        if local.hour < 1:
            return
        for order in [one for one in self.orders.values() if one.status == UNSENT and one.place <= local.date()]:
            self._place(order, self.now)

    def _place(self, order: Order, at: datetime) -> None:
        """Send an order to the shop; the next one of each subscription is made just before."""
        for item in self.items_of(order.id):
            subscription = self.subscriptions.get(item.subscription or "")
            if subscription is not None and subscription.live:
                on = max(order.place, at.astimezone(ZONE).date()) + timedelta(days=subscription.days)
                self._schedule(subscription, on, at)
        order.status, order.updated, order.merchant_id = SUCCESS, at, str(self._number())
        self._note("order.success", at, order.id)

    def _cancel(self, at: datetime) -> None:
        if (found := self._some([one for one in self.subscriptions.values() if one.live])) is not None:
            self.cancel(found, at)

    def _reactivate(self, at: datetime) -> None:
        if (found := self._some([one for one in self.subscriptions.values() if not one.live])) is not None:
            found.live, found.cancelled, found.reason, found.updated = True, None, None, at
            self._note("subscription.reactivate", at, found.id)
            self._schedule(found, at.astimezone(ZONE).date() + timedelta(days=found.days), at)

    def _change_frequency(self, at: datetime) -> None:
        if (found := self._some([one for one in self.subscriptions.values() if one.live])) is not None:
            found.every, found.updated = found.every % 4 + 1, at
            self._note("subscription.change_frequency", at, found.id)

    def _move(self, at: datetime) -> None:
        """An order is put off; where the customer has one on that day, it stays another order."""
        if (order := self._some([one for one in self.orders.values() if one.status == UNSENT])) is not None:
            order.place += timedelta(days=self._rng.randrange(1, 15))
            order.updated = at
            self._note("order.change_next_order_date", at, order.id)

    def _skip(self, at: datetime) -> None:
        """An order is left out: it is cancelled and its items are in another one, a period later."""
        order = self._some([one for one in self.orders.values() if one.status == UNSENT])
        if order is None:
            return
        held = self.items_of(order.id)
        order.status, order.updated = CANCELLED, at
        self._note("order.skip_order", at, order.id)
        for item in held:
            del self.items[item.id]
            if (subscription := self.subscriptions.get(item.subscription or "")) is not None:
                self._schedule(subscription, order.place + timedelta(days=subscription.days), at)

    def _send_now(self, at: datetime) -> None:
        if (order := self._some([one for one in self.orders.values() if one.status == UNSENT])) is not None:
            self._place(order, at)

    def _change_contact(self, at: datetime) -> None:
        if (customer := self._some(list(self.customers.values()))) is not None:
            customer.first_name, customer.updated = f"{customer.first_name}a", at

    def _some(self, found: list[T]) -> T | None:
        return self._rng.choice(found) if found else None

    def _number(self) -> int:
        self._next += self._rng.randrange(1, 4)
        return self._next

    def _id(self) -> str:
        return f"{self._rng.getrandbits(128):032x}"

    def _note(self, name: str, at: datetime, thing: str) -> None:
        self.happenings.append(Happening(self._id(), name, at, thing))
