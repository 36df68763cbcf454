"""Customers of Ordergroove, with how many subscriptions they have.

A customer's id there is the shop's own (`merchant_user_id`). Counters are not kept by Ordergroove: they are counted.
Consent is not known there either, so none is told.
"""

from __future__ import annotations

from collections.abc import Sequence
from zoneinfo import ZoneInfo

from orderwire.dialects.connector import Access
from orderwire.dialects.ordergroove.fields import moment, said
from orderwire.dialects.shop_json import Part
from orderwire.model import Identity, Person
from orderwire.model.people import JsonScalar


def is_active(subscription: Part) -> bool:
    """Whether a subscription goes on: `live` is to be trusted, a time of cancellation may be left over."""
    return bool(said(subscription, "live"))


def identity(customer: Part) -> Identity:
    """Whom a customer names."""
    return Identity(
        external_id=customer.need("merchant_user_id"),
        email=customer.text("email"),
        phone=customer.text("phone_number"),
    )


def person(customer: Part, subscriptions: Sequence[Part], access: Access, zone: ZoneInfo) -> Person:
    """Read one customer with all their subscriptions.

    Raises:
        Misread: a part of it cannot be understood.
    """
    counts: dict[str, JsonScalar] = {
        access.text("active_property"): sum(is_active(one) for one in subscriptions),
        access.text("total_property"): len(subscriptions),
    }
    moved = [moment(customer, "last_updated", zone), *(moment(one, "updated", zone) for one in subscriptions)]
    return Person(
        identity=identity(customer),
        first_name=customer.text("first_name"),
        last_name=customer.text("last_name"),
        properties={name: count for name, count in counts.items() if name},
        created_at=moment(customer, "created", zone),
        updated_at=max((at for at in moved if at is not None), default=None),
    )
