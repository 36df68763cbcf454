"""One fact in Yespo's words: which writer says it, and how items join into a request."""

from __future__ import annotations

from collections.abc import Sequence

from orderwire.dialects.contract import Account, Expression, Item, Route, Statement
from orderwire.dialects.wire import WireRequest
from orderwire.dialects.yespo.profile import CAPABILITIES
from orderwire.dialects.yespo.write_events import write_event
from orderwire.dialects.yespo.write_orders import write_abandoned_cart, write_order
from orderwire.dialects.yespo.write_people import write_consent, write_person
from orderwire.model import Cart, Consent, Kind, Order, Person, kind_of

_PATH_BY_ROUTE = {
    "orders": "/v1/orders",
    "orders_history": "/v1/orders",
    "past_events": "/v2/past_events",
    "events": "/v2/event",
    "contacts": "/v1/contacts",
    "contact": "/v1/contact",
    "unsubscribe": "/v1/emails/unsubscribed/add",
    "resubscribe": "/v1/emails/unsubscribed/delete",
}
_LIST_BY_ROUTE = {
    "orders": b'{"orders":[',
    "orders_history": b'{"orders":[',
    "past_events": b'{"events":[',
    "unsubscribe": b'{"emails":[',
    "resubscribe": b'{"emails":[',
}
_BULK_SECONDS = 90.0


def write(statement: Statement, account: Account) -> Expression:
    """Say one fact, or why it is not said."""
    kind = kind_of(statement.kind)
    capability = CAPABILITIES[kind]
    if not capability.routes:
        return Expression(unsaid=(f"{statement.kind}: {capability.note}",))
    match statement.snapshot:
        case Order() as order:
            return write_order(statement, order, account)
        case Person() as person:
            return write_person(statement, person, account)
        case Consent() as consent:
            return write_consent(statement, consent)
        case Cart() as cart if kind is Kind.CART_ABANDONED:
            return write_abandoned_cart(statement, cart, account)
        case _:
            return write_event(statement)


def assemble(route: Route, items: Sequence[Item]) -> WireRequest:
    """Join items of one route and one group into a request."""
    joined = b",".join([item.body for item in items])
    if route.name == "contacts":
        body = b'{"contacts":[' + joined + b"]," + _contacts_tail(items[0].group)
    elif opening := _LIST_BY_ROUTE.get(route.name):
        body = opening + joined + b"]}"
    else:
        body = joined
    return WireRequest(
        method="POST",
        path=_PATH_BY_ROUTE[route.name],
        body=body,
        budget=route.budget,
        timeout=_BULK_SECONDS if route.max_weight > 1 else 30.0,
    )


def _contacts_tail(group: str) -> bytes:
    """The rest of an import: how contacts are found, and which fields are written.

    Naming the fields is not optional: with none named, every field that a contact does not carry is blanked there.
    """
    dedupe_on, written, custom = group.split("|")
    names = ",".join(f'"{name}"' for name in written.split(","))
    fields = f',"customFieldsIDs":[{custom}]' if custom else ""
    return f'"dedupeOn":"{dedupe_on}","contactFields":[{names}]{fields}}}'.encode()
