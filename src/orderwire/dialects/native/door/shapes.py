"""What our own API answers, as types: the replies are made of them and the API description is made from them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from msgspec import Raw, Struct

from orderwire.model import Address, Channel, ConsentState


class Problem(Struct, frozen=True, kw_only=True):
    """What is wrong with a call or with one record of it, and what to do. Values of the record are not repeated."""

    place: str
    problem: str
    remedy: str = ""


class Failure(Struct, frozen=True, kw_only=True):
    """The body of every answer that is no success."""

    error: str
    """A word that does not change: `not_found`, `invalid`, `unauthorized`, `forbidden`, `too_large` …"""
    message: str
    problems: tuple[Problem, ...] = ()


class Taken(Struct, frozen=True, kw_only=True):
    """What became of the records of a call: those accepted are durable, those refused were not kept."""

    accepted: int
    refused: tuple[Problem, ...] = ()


class ConsentShown(Struct, frozen=True, kw_only=True):
    """The consent of a channel in force."""

    state: ConsentState
    changed_at: datetime | None = None
    origin: str | None = None
    source: str = ""


class PersonShown(Struct, frozen=True, kw_only=True):
    """A person as known now, from all sources."""

    id: str
    email: str | None = None
    phone: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    language: str | None = None
    address: Address | None = None
    consent: Mapping[Channel, ConsentShown] = {}
    created_at: datetime | None = None
    updated_at: datetime | None = None


class FactShown(Struct, frozen=True, kw_only=True):
    """One fact of the log. `record` is the snapshot it was told with."""

    seq: int
    kind: str
    subject: str
    source: str
    occurred_at: datetime
    recorded_at: datetime
    person: str | None = None
    detail: str | None = None
    record: Raw | None = None


class ThingShown(Struct, frozen=True, kw_only=True):
    """The newest snapshot of an order, product, cart or subscription, and the source that tells of it."""

    source: str
    record: Raw


class People(Struct, frozen=True, kw_only=True):
    """A page of people; `next` is the cursor of the following page, null at the end."""

    people: tuple[PersonShown, ...]
    next: str | None = None


class Facts(Struct, frozen=True, kw_only=True):
    """A page of facts; `next` is the cursor of the following page, null at the end."""

    facts: tuple[FactShown, ...]
    next: str | None = None


class Things(Struct, frozen=True, kw_only=True):
    """A page of newest snapshots; `next` is the cursor of the following page, null at the end."""

    items: tuple[ThingShown, ...]
    next: str | None = None
