"""A made-up shop that goes on trading while somebody looks.

Everything comes from the seed and the time: the same seed and the same moments make the same shop. Some of what
happens moves no clock, as in real shops: a refund that leaves its order's date of change alone, a line that is edited
so. What is in whose list, and in whose words, is the stand-ins' business.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import datetime, timedelta

from orderwire.sandbox.trading.things import Change, Customer, Line, Order, Product, Refund

_NAMES = ("Ana", "Bo", "Cai", "Dee", "Eli", "Fay", "Gus", "Ida")
_FAMILIES = ("Ash", "Birch", "Cedar", "Elm", "Oak", "Rowan")
_SIZES = ("small", "large")


class Merchant:
    """The shop.

    Args:
        seed: what everything is drawn from.
        now: when trading goes on; everything of the beginning lies before.
        customers: how many accounts.
        orders: how many orders there are at the beginning.
        every: seconds between two happenings; 0 for none.
        first_id: the first id of everything.
        quiet: the share of refunds that leave their order's date of change alone.
        keeps_placed: whether an edited order still shows what was placed, beside what is left.
    """

    def __init__(
        self,
        seed: int,
        now: datetime,
        *,
        customers: int = 40,
        orders: int = 120,
        every: float = 20.0,
        first_id: int = 1000,
        quiet: float = 0.0,
        keeps_placed: bool = False,
    ) -> None:
        self._keeps_placed = keeps_placed
        self._rng = random.Random(f"merchant:{seed}")
        self._next_id = first_id
        self._every = every
        self._quiet = quiet
        self.now = now.replace(microsecond=0)
        self.customers: dict[int, Customer] = {}
        self.products: dict[int, Product] = {}
        self.orders: dict[int, Order] = {}
        self.changes: list[Change] = []
        self._begin(customers, orders)
        self.changes.clear()

    def new_id(self) -> int:
        """The next id; one sequence for everything."""
        self._next_id += self._rng.randrange(1, 4)
        return self._next_id

    def advance(self, now: datetime) -> None:
        """Let everything happen that happens until now."""
        while self._every and (now - self.now).total_seconds() >= self._every:
            self.now += timedelta(seconds=self._every)
            self.happen(self.now)

    def happen(self, at: datetime) -> None:
        """Let one thing happen."""
        rng = self._rng
        acts: list[tuple[int, Callable[[datetime], None]]] = [
            (6, self.place), (5, self._pay), (4, self._ship), (2, self._refund), (1, self._cancel),
            (1, self._edit), (1, self._reprice), (1, self._choose),
        ]  # fmt: skip
        act = rng.choices([one for _, one in acts], [weight for weight, _ in acts])[0]
        act(at)

    def place(self, at: datetime) -> None:
        """Somebody orders."""
        rng = self._rng
        account = None if rng.random() < 0.3 else self.customers[rng.choice(list(self.customers))]
        lines = [self._line() for _ in range(rng.randrange(1, 4))]
        order = Order(
            id=self.new_id(),
            customer=account.id if account else None,
            email=account.email if account else f"guest{self._next_id}@mail.test",
            created=at,
            modified=at,
            lines=lines,
            ticked=rng.random() < 0.2,
            coupon="TENOFF" if rng.random() < 0.3 else "",
        )
        if order.coupon:
            for line in lines:
                line.discount = line.quantity * line.price // 10
        self.orders[order.id] = order
        self.note(at, "order", "placed", order.id)

    def refund(self, order: Order, at: datetime, *, is_quiet: bool = False) -> None:
        """Give something of an order back."""
        line = self._rng.choice(order.lines)
        amount = min(line.total // max(line.quantity, 1), order.total - order.refunded)
        is_money_only = self._rng.random() < 0.3
        lines = [] if is_money_only else [(line.id, 1)]
        made = Refund(id=self.new_id(), at=at, amount=amount, lines=lines, reason="broken")
        order.refunds.append(made)
        if not is_quiet:
            order.modified = at
        self.note(at, "order", "refunded", order.id, made.id)

    def remove(self, order: Order) -> None:
        """Take an order out of all lists, as a shop does that throws it away."""
        order.gone = True

    def note(self, at: datetime, noun: str, verb: str, thing: int, detail: int = 0) -> None:
        """Remember that something happened."""
        self.changes.append(Change(len(self.changes) + 1, at, noun, verb, thing, detail))

    def _begin(self, customers: int, orders: int) -> None:
        rng, now = self._rng, self.now
        for _ in range(customers):
            created = now - timedelta(days=rng.randrange(30, 900), seconds=rng.randrange(86_400))
            number = self.new_id()
            self.customers[number] = Customer(
                id=number,
                email=f"c{number}@mail.test",
                first_name=rng.choice(_NAMES),
                last_name=rng.choice(_FAMILIES),
                phone=f"+4420794601{number % 90 + 10}",
                created=created,
                modified=created,
                wants=rng.random() < 0.5,
                tick=created if rng.random() < 0.8 else None,
            )
        for place in range(12):
            created = now - timedelta(days=900)
            number = self.new_id()
            variants = {self.new_id(): size for size in _SIZES} if place % 2 else {}
            self.products[number] = Product(
                number, f"Cup & saucer {place}", 1000 + 137 * place, created, created, variants
            )
        moments = sorted(now - timedelta(seconds=rng.randrange(3600, 700 * 86_400)) for _ in range(orders))
        for at in moments:
            self.place(at)
        for order in list(self.orders.values()):
            self._live(order)

    def _live(self, order: Order) -> None:
        """An old order comes to the end of its life, before the shop is first looked at."""
        at = min(order.created + timedelta(hours=1), self.now - timedelta(minutes=30))
        fate = self._rng.randrange(6)
        if fate == 0:
            return
        if fate == 1:
            order.cancelled = order.modified = at
            return
        order.paid = order.modified = at
        if fate > 2:
            order.shipped = order.modified = min(at + timedelta(days=2), self.now - timedelta(minutes=20))
        if fate == 5:
            self.refund(order, min(at + timedelta(days=9), self.now - timedelta(minutes=10)))

    def _line(self) -> Line:
        rng = self._rng
        product = self.products[rng.choice(list(self.products))]
        variant = rng.choice(list(product.variants)) if product.variants else 0
        title = f"{product.title} {product.variants[variant]}" if variant else product.title
        return Line(self.new_id(), product.id, variant, title, rng.randrange(1, 4), product.price)

    def _some(self, at: datetime, wanted: Callable[[Order], bool]) -> Order | None:
        found = [one for one in self.orders.values() if not one.gone and one.created < at and wanted(one)]
        return self._rng.choice(found) if found else None

    def _pay(self, at: datetime) -> None:
        if (order := self._some(at, lambda one: not one.paid and not one.cancelled)) is not None:
            order.paid = order.modified = at
            self.note(at, "order", "paid", order.id)

    def _ship(self, at: datetime) -> None:
        if (order := self._some(at, lambda one: one.paid is not None and not one.shipped)) is not None:
            order.shipped = order.modified = at
            self.note(at, "order", "shipped", order.id)

    def _cancel(self, at: datetime) -> None:
        if (order := self._some(at, lambda one: not one.paid and not one.cancelled)) is not None:
            order.cancelled = order.modified = at
            self.note(at, "order", "cancelled", order.id)

    def _refund(self, at: datetime) -> None:
        order = self._some(at, lambda one: one.paid is not None and one.refunded + 400 < one.total)
        if order is not None:
            self.refund(order, at, is_quiet=self._rng.random() < self._quiet)

    def _edit(self, at: datetime) -> None:
        """A piece is taken out of an order that is not paid yet."""
        order = self._some(
            at, lambda one: not one.paid and not one.cancelled and any(line.left > 1 for line in one.lines)
        )
        if order is None:
            return
        self._take_out(next(one for one in order.lines if one.left > 1))
        order.modified = at
        self.note(at, "order", "edited", order.id)

    def _take_out(self, line: Line) -> None:
        """Make a line smaller by a piece; a shop that keeps what was placed only notes it."""
        if self._keeps_placed:
            line.removed += 1
            return
        line.discount -= line.discount // line.quantity
        line.quantity -= 1

    def _reprice(self, at: datetime) -> None:
        product = self.products[self._rng.choice(list(self.products))]
        product.price += self._rng.choice((-50, 25, 100))
        product.modified = at
        self.note(at, "product", "changed", product.id)

    def _choose(self, at: datetime) -> None:
        customer = self.customers[self._rng.choice(list(self.customers))]
        customer.wants, customer.tick, customer.modified = not customer.wants, at, at
        self.note(at, "customer", "chose", customer.id)
