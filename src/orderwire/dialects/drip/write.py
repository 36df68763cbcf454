"""What Drip is told of a fact: one function for each noun."""

from __future__ import annotations

from typing import assert_never

from orderwire.dialects.contract import Account, Expression, Semantics, Statement
from orderwire.dialects.drip.profile import PROFILE
from orderwire.dialects.drip.write_activity import write_event, write_product, write_subscription
from orderwire.dialects.drip.write_orders import write_cart, write_checkout, write_order
from orderwire.dialects.drip.write_people import write_consent, write_person
from orderwire.model import Cart, Consent, Event, Kind, Order, Person, Product, Subscription, kind_of

NOBODY = Expression(unsaid=("person: Drip knows people by e-mail, and this one has none",))
NO_ADDRESS = Expression(unsaid=("email: it is no address, and Drip would drop what is sent for it without a word",))
TOLD_ALREADY = Expression(unsaid=("cannot be corrected there: a second event would stand beside the first",))


def write(statement: Statement, account: Account) -> Expression:
    """Say one fact in Drip's words."""
    capability = PROFILE.capabilities[kind_of(statement.kind)]
    if not capability.routes:
        return Expression(unsaid=(capability.note,))
    snapshot, recipient = statement.snapshot, statement.recipient
    if isinstance(snapshot, Product):
        return write_product(statement, account, snapshot)
    if recipient is None or not recipient.email:
        return NOBODY
    if not _is_address(recipient.email):
        return NO_ADDRESS
    if statement.revision and capability.semantics is Semantics.EVENT and not isinstance(snapshot, Order):
        return TOLD_ALREADY
    match snapshot:
        case Order():
            return write_order(statement, account, snapshot, recipient)
        case Cart():
            is_checkout = statement.kind == Kind.CHECKOUT_STARTED
            return (write_checkout if is_checkout else write_cart)(statement, account, snapshot, recipient)
        case Person():
            return write_person(statement, account, snapshot, recipient)
        case Consent():
            return write_consent(statement, account, snapshot, recipient)
        case Event():
            return write_event(statement, account, snapshot, recipient)
        case Subscription():
            return write_subscription(statement, account, snapshot, recipient)
        case _:
            assert_never(snapshot)


def _is_address(email: str) -> bool:
    """Whether there is a mailbox and a domain with a dot: the least that an address has."""
    mailbox, _, domain = email.rpartition("@")
    return bool(mailbox) and "@" not in mailbox and "." in domain.strip(".") and not any(map(str.isspace, email))
