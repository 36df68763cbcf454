"""A small shop made from a seed: people, products, orders in every state, consent both ways, carts and browsing.

The same seed makes the same shop, always. `history` is what the shop's tables hold when Orderwire first reads them;
`news` is what happens afterwards, each record with the moment at which the shop learns it. Every order's lines add up
to its total to the last minor unit.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from msgspec.structs import replace

from orderwire.model import (
    Cart,
    Channel,
    Consent,
    ConsentState,
    Event,
    Identity,
    Order,
    OrderLine,
    Person,
    Product,
    Record,
    Refund,
    RefundKind,
)

SOURCE = "shop"
_CHOICES = (ConsentState.SUBSCRIBED, ConsentState.UNSUBSCRIBED, None)
_DAY = timedelta(days=1)


@dataclass(frozen=True, kw_only=True)
class SmallShop:
    """A shop's records: what was there, and what happens."""

    seed: int
    history: tuple[Record, ...]
    news: tuple[tuple[datetime, Record], ...]
    """In the order of time; the instant is when the shop's tables show it."""

    @property
    def orders(self) -> dict[str, Order]:
        """The newest snapshot of every order, by its id."""
        found = {record.order_id: record for record in self.history if isinstance(record, Order)}
        found.update((record.order_id, record) for _, record in self.news if isinstance(record, Order))
        return found

    @property
    def people(self) -> tuple[str, ...]:
        """The e-mail addresses of everybody."""
        return tuple(record.identity.email or "" for record in self.history if isinstance(record, Person))


def identity(number: int) -> Identity:
    """The identifiers of the shop's n-th customer."""
    return Identity(external_id=f"c{number}", email=f"c{number}@mail.test")


def small_shop(seed: int, *, start: datetime, people: int = 8, orders: int = 24, news: int = 16) -> SmallShop:
    """Make a shop.

    Args:
        seed: what everything is drawn from.
        start: now; history lies before it, news after it.
        people: how many customers.
        orders: how many orders before `start`.
        news: how many records after `start`; they come within a few minutes.
    """
    rng = random.Random(f"shop:{seed}")
    before = [_order(rng, 1000 + place, rng.randrange(people), _long_ago(rng, start)) for place in range(orders)]
    history: list[Record] = [_product(place, start - 500 * _DAY) for place in range(4)]
    for one in range(people):
        choice = rng.choice(_CHOICES)
        if choice is not None:
            history.append(_consent(one, choice, start - timedelta(days=rng.randrange(30, 400))))
        history.append(Person(identity=identity(one), first_name="Ana", updated_at=start - 450 * _DAY))
    history += before
    return SmallShop(seed=seed, history=tuple(history), news=tuple(_news(rng, before, start, people, news)))


def finished(order: Order, rng: random.Random) -> Order:
    """The same order at the end of its life: paid, and then sent and received, given back or called off."""
    at = order.placed_at
    paid = replace(order, paid_at=at + timedelta(minutes=5), updated_at=at + timedelta(minutes=5))
    match rng.randrange(5):
        case 0:
            return order
        case 1:
            return paid
        case 2:
            return replace(order, cancelled_at=at + timedelta(hours=3), updated_at=at + timedelta(hours=3))
        case 3:
            return replace(paid, fulfilled_at=at + _DAY, delivered_at=at + 3 * _DAY, updated_at=at + 3 * _DAY)
        case _:
            return refunded(replace(paid, fulfilled_at=at + _DAY), at + 5 * _DAY)


def refunded(order: Order, at: datetime) -> Order:
    """The order with one more refund of its first line's money."""
    number = len(order.refunds) + 1
    one = Refund(
        refund_id=f"{order.order_id}-{number}",
        refunded_at=at,
        amount=min(500, order.total),
        kind=RefundKind.MONEY_ONLY,
    )
    return replace(order, refunds=(*order.refunds, one), updated_at=at)


def order_of(order_id: str, who: Identity, at: datetime, *, cups: int = 2, pots: int = 1) -> Order:
    """A placed order of cups and pots."""
    lines = _lines(cups, pots)
    return Order(
        order_id=order_id,
        identity=who,
        currency="GBP",
        placed_at=at,
        total=sum(line.total for line in lines),
        lines=lines,
        updated_at=at,
    )


def _lines(cups: int, pots: int) -> tuple[OrderLine, ...]:
    wanted = (("p0", "Cup", cups, 1050), ("p1", "Pot", pots, 2499))
    return tuple(
        OrderLine(
            line_id=str(place),
            product_id=product,
            sku=f"sku-{product}",
            name=name,
            quantity=Decimal(count),
            unit_price=Decimal(price) / 100,
            subtotal=count * price,
            total=count * price,
        )
        for place, (product, name, count, price) in enumerate(wanted, start=1)
        if count
    )


def _order(rng: random.Random, number: int, who: int, at: datetime) -> Order:
    placed = order_of(str(number), identity(who), at, cups=rng.randrange(1, 4), pots=rng.randrange(3))
    return finished(placed, rng)


def _product(number: int, at: datetime) -> Product:
    return Product(
        product_id=f"p{number}",
        title=f"Thing {number}",
        description="A thing.",
        url=f"https://shop.test/p{number}",
        image_url=f"https://shop.test/p{number}.png",
        price=Decimal("10.50"),
        currency="GBP",
        updated_at=at,
    )


def _consent(who: int, state: ConsentState, at: datetime) -> Consent:
    return Consent(identity=identity(who), channel=Channel.EMAIL, state=state, changed_at=at, origin="form")


def _long_ago(rng: random.Random, start: datetime) -> datetime:
    return start - timedelta(minutes=rng.randrange(10 * 24 * 60, 400 * 24 * 60))


def _news(
    rng: random.Random, before: Sequence[Order], start: datetime, people: int, count: int
) -> list[tuple[datetime, Record]]:
    orders = {order.order_id: order for order in before}
    found: list[tuple[datetime, Record]] = []
    at = start
    for number in range(count):
        at += timedelta(seconds=rng.choice((0.0, 0.0, 0.2, 1.0, 4.0, 15.0)))
        record = _happening(rng, orders, at, people, number)
        if isinstance(record, Order):
            orders[record.order_id] = record
        found.append((at, record))
    return found


def _happening(rng: random.Random, orders: dict[str, Order], at: datetime, people: int, number: int) -> Record:
    who = rng.randrange(people)
    lines = _lines(1, number % 2)
    match rng.choice(("order", "order", "paid", "sent", "refund", "consent", "cart", "product", "view", "custom")):
        case "order":
            return order_of(f"N{number}", identity(who), at, cups=1 + number % 3)
        case "paid" if open_orders := [
            one for one in orders.values() if one.paid_at is None and not one.cancelled_at
        ]:
            return replace(rng.choice(open_orders), paid_at=at, updated_at=at)
        case "sent" if unsent := [one for one in orders.values() if one.paid_at and one.fulfilled_at is None]:
            return replace(rng.choice(unsent), fulfilled_at=at, updated_at=at)
        case "refund" if paid := [one for one in orders.values() if one.paid_at and one.refunded + 500 <= one.total]:
            return refunded(rng.choice(paid), at)
        case "consent":
            return _consent(who, rng.choice((ConsentState.SUBSCRIBED, ConsentState.UNSUBSCRIBED)), at)
        case "product":
            return replace(_product(number % 4, at), title=f"Thing {number % 4}, improved {number} times")
        case "cart" | "paid" | "sent" | "refund":
            return Cart(
                cart_id=f"k{number % 5}",
                identity=identity(number % 5 % people),
                currency="GBP",
                total=sum(line.total for line in lines),
                lines=lines,
                updated_at=at,
                url="https://shop.test/cart",
            )
        case "view":
            properties: dict[str, object] = {"product_id": "p0", "name": "Cup", "url": "https://shop.test/p0"}
            return Event(
                event_id=f"v{number}",
                name="product.viewed",
                identity=identity(who),
                occurred_at=at,
                properties=properties,
            )
        case _:
            return Event(
                event_id=f"e{number}", name="custom.wish", identity=identity(who), occurred_at=at, properties={}
            )
