"""A fact as one line that a person can judge: what, about whom, when, how much."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from orderwire.app.frontdoor.shelves import record_of
from orderwire.model import Cart, Consent, Event, Fact, Order, OrderLine, Person, Product, Record, Subscription


def lines_of(facts: Iterable[Fact]) -> list[str]:
    """Each fact as `kind subject | person | instant | the rest`; what was imported ends in `imported`.

    An instant of the last hour is `now`, because it is the one of receipt.
    """
    return [_line(fact) for fact in facts]


def _line(fact: Fact) -> str:
    record = record_of(fact.subject, fact.body)
    subject = fact.subject if record is not None else fact.subject.partition(":")[0]
    if isinstance(record, Event):
        subject = record.name
    elif isinstance(record, Consent):
        subject = record.channel.value
    first = subject if subject == fact.kind else f"{fact.kind} {subject}"
    if record is None:
        return f"{first} | erased"
    parts = [first, _who(record), _when(fact), _rest(fact, record)]
    return " | ".join(part for part in parts if part) + (" | imported" if fact.is_imported else "")


def _who(record: Record) -> str:
    identity = getattr(record, "identity", None)
    return "" if identity is None else (identity.email or identity.phone or identity.external_id or "?")


def _when(fact: Fact) -> str:
    if abs(datetime.now(UTC) - fact.occurred_at) < timedelta(hours=1):
        return "now"
    return f"{fact.occurred_at:%Y-%m-%d %H:%M:%S}"


def _rest(fact: Fact, record: Record) -> str:
    match record:
        case Order():
            return _order(fact, record)
        case Cart():
            return f"{record.total} {record.currency}: {_rows(record.lines)}"
        case Consent():
            return f"{record.state.value} by {record.origin}"
        case Person():
            return _person(record)
        case Product():
            variants = ", ".join(f"{one.variant_id} {one.price} {one.inventory}" for one in record.variants)
            return " ".join(
                str(part)
                for part in (
                    record.title,
                    record.price,
                    "/".join(record.categories),
                    f"({variants})" if variants else "",
                )
                if part
            )
        case Subscription():
            return _subscription(record)
        case Event():
            return ", ".join(f"{name}={value}" for name, value in record.properties.items())
        case _:
            return ""


def _order(fact: Fact, order: Order) -> str:
    if fact.kind == "order.refunded":
        refund = next(one for one in order.refunds if one.refund_id == fact.detail)
        return f"{refund.amount} of {order.total} {order.currency}"
    if fact.kind in ("order.placed", "order.updated"):
        rows = f": {_rows(order.lines)}" if order.lines else ""
        return f"{order.total} {order.currency}{rows}"
    return ""


def _subscription(one: Subscription) -> str:
    amount = f"{one.price} {one.currency}: {'+'.join(one.product_ids)} every {one.interval}"
    if one.next_order_at is None:
        return amount
    held = "+".join(one.next_order_product_ids)
    return f"{amount}, next {one.next_order_at:%Y-%m-%d} {held}={one.next_order_total}"


def _rows(rows: Iterable[OrderLine]) -> str:
    return ", ".join(f"{Decimal(row.quantity)} {row.sku or row.product_id}={row.total}" for row in rows)


def _person(person: Person) -> str:
    identity = person.identity
    told = [identity.external_id, identity.phone, person.first_name, person.last_name]
    town = person.address.city if person.address else None
    told += [town, *person.tags, *(f"{name}={value}" for name, value in person.properties.items())]
    return " ".join(str(part) for part in told if part)
