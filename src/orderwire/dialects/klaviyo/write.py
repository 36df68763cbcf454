"""A fact in Klaviyo's words: which writer says it."""

from __future__ import annotations

from orderwire.dialects.contract import Account, Expression, Semantics, Statement
from orderwire.dialects.klaviyo import write_activity, write_catalog, write_orders, write_people
from orderwire.dialects.klaviyo.events import express
from orderwire.dialects.klaviyo.fields import CAPABILITIES
from orderwire.model import Cart, Consent, Event, Order, Person, Product, Subscription, kind_of

CANNOT_BE_CORRECTED = "cannot be corrected there: the version told first stays"


def write(statement: Statement, account: Account) -> Expression:
    """Say one fact.

    Raises:
        ConfigError: an option of the account is not understood.
    """
    capability = CAPABILITIES[kind_of(statement.kind)]
    if not capability.routes:
        return Expression(unsaid=(f"{statement.kind}: {capability.note}",))
    if statement.revision and capability.semantics is Semantics.EVENT:
        return Expression(unsaid=(CANNOT_BE_CORRECTED,))
    unsaid: list[str] = []
    match statement.snapshot:
        case Order() as order:
            happenings = write_orders.happenings_of(statement, order, unsaid)
        case Cart() as cart:
            happenings = write_activity.of_cart(statement, cart, unsaid)
        case Subscription() as subscription:
            happenings = write_activity.of_subscription(statement, subscription, unsaid)
        case Event() as event:
            happenings = write_activity.of_event(statement, event, unsaid)
        case Person() as person:
            return write_people.profile(statement, person)
        case Consent() as consent:
            return write_people.consent(statement, consent, account)
        case Product() as product:
            return write_catalog.product(product)
    if not happenings:
        return Expression(unsaid=tuple(unsaid))
    return express(statement, happenings, unsaid)
