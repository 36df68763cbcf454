"""The nouns as frozen values: what every other room speaks in."""

from orderwire.model.address import Address
from orderwire.model.catalog import Product, Variant
from orderwire.model.facts import (
    Claim,
    Fact,
    Family,
    Kind,
    Record,
    claims_of,
    content_of,
    family_of,
    identity_of,
    kind_of,
)
from orderwire.model.money import Money
from orderwire.model.orders import (
    Cart,
    Discount,
    Event,
    Order,
    OrderLine,
    Refund,
    RefundKind,
    RefundLine,
    Shipment,
    Subscription,
)
from orderwire.model.people import Channel, Consent, ConsentState, IdentifierKind, Identity, Person

__all__ = [
    "Address",
    "Cart",
    "Channel",
    "Claim",
    "Consent",
    "ConsentState",
    "Discount",
    "Event",
    "Fact",
    "Family",
    "IdentifierKind",
    "Identity",
    "Kind",
    "Money",
    "Order",
    "OrderLine",
    "Person",
    "Product",
    "Record",
    "Refund",
    "RefundKind",
    "RefundLine",
    "Shipment",
    "Subscription",
    "Variant",
    "claims_of",
    "content_of",
    "family_of",
    "identity_of",
    "kind_of",
]
