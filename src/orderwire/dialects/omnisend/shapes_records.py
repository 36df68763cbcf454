"""The wire shapes of what the platform keeps as state: contacts and products."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from msgspec import Raw, Struct


class ChannelStatus(Struct, frozen=True, kw_only=True, rename={"changed_at": "statusChangedAt"}):
    """What holds for one channel of a contact, and since when."""

    status: str
    changed_at: datetime


class Evidence(
    Struct,
    frozen=True,
    kw_only=True,
    omit_defaults=True,
    rename={"created_at": "createdAt", "user_agent": "userAgent"},
):
    """How a yes was given."""

    source: str | None = None
    created_at: datetime | None = None
    ip: str | None = None
    user_agent: str | None = None


class ContactIdentifier(
    Struct, frozen=True, kw_only=True, omit_defaults=True, rename={"sends_welcome": "sendWelcomeMessage"}
):
    """An address of a contact with the status of its channel."""

    type: str
    id: str
    channels: dict[str, ChannelStatus]
    consent: Evidence | None = None
    sends_welcome: bool
    """Always written: the platform's own default is to welcome."""


class ContactBody(
    Struct,
    frozen=True,
    kw_only=True,
    omit_defaults=True,
    rename={
        "first_name": "firstName",
        "last_name": "lastName",
        "postal_code": "postalCode",
        "country_code": "countryCode",
        "created_at": "createdAt",
        "custom_properties": "customProperties",
    },
):
    """A contact."""

    identifiers: tuple[ContactIdentifier, ...]
    first_name: str | None = None
    last_name: str | None = None
    gender: str | None = None
    birthdate: date | None = None
    address: str | None = None
    city: str | None = None
    state: str | None = None
    postal_code: str | None = None
    country: str | None = None
    country_code: str | None = None
    tags: tuple[str, ...] = ()
    created_at: datetime | None = None
    custom_properties: dict[str, Any] = {}


class VariantBody(
    Struct,
    frozen=True,
    kw_only=True,
    omit_defaults=True,
    rename={"strike_through_price": "strikeThroughPrice", "image_url": "defaultImageUrl"},
):
    """One buyable form of a product."""

    id: str
    title: str
    url: str
    price: Raw
    status: str
    strike_through_price: Raw | None = None
    sku: str | None = None
    image_url: str | None = None


class ProductBody(
    Struct,
    frozen=True,
    kw_only=True,
    omit_defaults=True,
    rename={"image_url": "defaultImageUrl", "created_at": "createdAt", "updated_at": "updatedAt"},
):
    """A product of the catalogue."""

    id: str
    title: str
    status: str
    currency: str
    url: str
    description: str | None = None
    vendor: str | None = None
    image_url: str | None = None
    tags: tuple[str, ...] = ()
    created_at: datetime | None = None
    updated_at: datetime | None = None
    variants: tuple[VariantBody, ...] = ()
