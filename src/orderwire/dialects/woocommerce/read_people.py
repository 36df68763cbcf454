"""Customers as WooCommerce says them: accounts only, guests are known by their orders."""

from __future__ import annotations

from orderwire.dialects.shop_json import Part, postal
from orderwire.dialects.woocommerce.fields import ADDRESS, person_of
from orderwire.model import Person


def person(part: Part) -> Person:
    """Read one customer.

    Raises:
        Misread: a part of it cannot be understood.
    """
    part.need("id")
    billing = part.part("billing")
    identity = person_of(part, "id")
    email = part.text("email")
    if email is not None and email != identity.email:
        identity = type(identity)(external_id=identity.external_id, email=email, phone=identity.phone)
    return Person(
        identity=identity,
        first_name=part.text("first_name") or (billing.text("first_name") if billing else None),
        last_name=part.text("last_name") or (billing.text("last_name") if billing else None),
        company=billing.text("company") if billing else None,
        address=postal(billing, ADDRESS),
        created_at=part.instant("date_created_gmt", is_utc=True),
        updated_at=part.instant("date_modified_gmt", is_utc=True),
    )
