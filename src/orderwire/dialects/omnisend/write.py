"""One fact in Omnisend's words: which writer says which kind."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from orderwire.dialects.contract import Account, Expression, Statement
from orderwire.dialects.omnisend import write_activity, write_orders, write_people, write_products
from orderwire.dialects.omnisend.fields import EVENT_BY_KIND, NOT_EXPRESSIBLE
from orderwire.dialects.omnisend.write_events import event_contact
from orderwire.model import Kind, kind_of

_WRITERS: Mapping[Kind, Callable[[Statement, Account], Expression]] = {
    Kind.ORDER_PLACED: write_orders.placed,
    Kind.ORDER_PAID: write_orders.changed,
    Kind.ORDER_FULFILLED: write_orders.changed,
    Kind.ORDER_DELIVERED: write_orders.changed,
    Kind.ORDER_CANCELLED: write_orders.changed,
    Kind.ORDER_REFUNDED: write_orders.refunded,
    Kind.CART_UPDATED: write_activity.cart_updated,
    Kind.CART_ABANDONED: write_activity.cart_told,
    Kind.CHECKOUT_STARTED: write_activity.cart_told,
    Kind.SUBSCRIPTION_CREATED: write_activity.subscription,
    Kind.SUBSCRIPTION_UPDATED: write_activity.subscription,
    Kind.SUBSCRIPTION_CANCELLED: write_activity.subscription,
    Kind.ORDER_UPCOMING: write_activity.subscription,
    Kind.CUSTOM: write_activity.custom,
    Kind.PERSON_UPDATED: write_people.person,
    Kind.CONSENT_CHANGED: write_people.consent,
    Kind.PRODUCT_UPDATED: write_products.updated,
    Kind.PRODUCT_REMOVED: write_products.removed,
}


def write(statement: Statement, account: Account) -> Expression:
    """Say one fact."""
    kind = kind_of(statement.kind)
    if kind not in _WRITERS:
        return Expression(unsaid=(NOT_EXPRESSIBLE[kind],))
    if kind in EVENT_BY_KIND or kind is Kind.CUSTOM:
        if statement.revision:
            return Expression(unsaid=("correction: an event stays there as it was first sent",))
        if event_contact(statement) is None:
            return Expression(unsaid=("identity: a contact is known there by e-mail or phone only",))
    return _WRITERS[kind](statement, account)
