"""A fact in Ometria's words."""

from __future__ import annotations

from orderwire.dialects.contract import Account, Expression, Statement
from orderwire.dialects.ometria.write_events import write_event, write_subscription
from orderwire.dialects.ometria.write_orders import write_order
from orderwire.dialects.ometria.write_people import write_consent, write_person, write_subscription_fields
from orderwire.dialects.ometria.write_products import write_product
from orderwire.model import Cart, Consent, Event, Kind, Order, Person, Product, Subscription


def write(statement: Statement, account: Account) -> Expression:
    """Say one fact as push records."""
    match statement.snapshot:
        case Order() as order:
            return write_order(order, statement.recipient, account)
        case Person() as person if statement.kind != Kind.PERSON_FORGOTTEN:
            return write_person(person, statement.recipient, account)
        case Consent() as consent:
            return write_consent(consent, statement, account)
        case Product() as product:
            return write_product(product, account)
        case Subscription() as subscription if statement.kind == Kind.SUBSCRIPTION_UPDATED:
            return write_subscription_fields(subscription, statement.recipient, account)
        case Subscription() as subscription:
            return write_subscription(subscription, statement, account)
        case Cart() | Event() as activity:
            return write_event(activity, statement)
        case _:
            return Expression(unsaid=(f"{statement.kind}: there is no record for it",))
