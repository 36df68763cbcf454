"""People: who a record is about, and what may be sent to them."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import TypeAlias

from msgspec import Struct

from orderwire.model.address import Address

JsonScalar: TypeAlias = str | int | float | bool | None


class IdentifierKind(StrEnum):
    """What an identifier is; in order of precedence when they disagree."""

    EXTERNAL_ID = "external_id"
    EMAIL = "email"
    PHONE = "phone"
    ANONYMOUS_ID = "anonymous_id"


class Identity(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The identifiers a record carries for its person, as the source spelled them.

    `external_id` is the source's own key of the person and only means something with its source.
    An empty identity is an order nobody can be found for: stored, reported, never delivered.
    """

    external_id: str | None = None
    email: str | None = None
    phone: str | None = None
    anonymous_id: str | None = None

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to find a person by."""
        return not (self.external_id or self.email or self.phone or self.anonymous_id)


class Channel(StrEnum):
    """A way of reaching a person that needs its own permission."""

    EMAIL = "email"
    SMS = "sms"


class ConsentState(StrEnum):
    """What a person has said about marketing on a channel."""

    SUBSCRIBED = "subscribed"
    UNSUBSCRIBED = "unsubscribed"
    NEVER_ASKED = "never_asked"
    SUPPRESSED = "suppressed"
    """Bounced or complained: not mailable, whatever was said before."""


class Person(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A person as one source describes them."""

    identity: Identity
    first_name: str | None = None
    last_name: str | None = None
    company: str | None = None
    gender: str | None = None
    birth_date: date | None = None
    language: str | None = None
    time_zone: str | None = None
    address: Address | None = None
    tags: tuple[str, ...] = ()
    properties: dict[str, JsonScalar] = {}
    created_at: datetime | None = None
    updated_at: datetime | None = None


class Consent(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One statement about permission, with its evidence.

    `changed_at` is when the person chose; None where the source only knows the state of today.
    """

    identity: Identity
    channel: Channel
    state: ConsentState
    changed_at: datetime | None = None
    origin: str | None = None
    """Where it was given: checkout, form, platform …"""
    ip_address: str | None = None
    user_agent: str | None = None
    is_double_opt_in: bool = False
