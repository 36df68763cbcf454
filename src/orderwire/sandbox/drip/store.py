"""What Drip holds: people with their status, and the carts, orders, products and events recorded for them."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

SEEDED = {
    "subscribed": "active",
    "active": "active",
    "unsubscribed": "unsubscribed",
    "suppressed": "undeliverable",
    "undeliverable": "undeliverable",
}
"""How a seeded person's status is called here."""

_BLANK = (
    "first_name",
    "last_name",
    "address1",
    "address2",
    "city",
    "state",
    "zip",
    "country",
    "phone",
    "sms_number",
    "user_id",
    "ip_address",
    "user_agent",
    "original_referrer",
    "landing_url",
)
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+")
_NAMESPACE = uuid.UUID("6f2c1d0e-0d5b-4c9f-8e58-1b0f0d5a7c11")


def is_email(text: Any) -> bool:
    """Whether the platform takes this as an e-mail address."""
    return isinstance(text, str) and len(text) <= 255 and _EMAIL.fullmatch(text) is not None


def made_id(*parts: object) -> str:
    """An id as the platform makes them, the same for the same request."""
    return str(uuid.uuid5(_NAMESPACE, ":".join(map(str, parts))))


def instant_of(text: Any) -> datetime | None:
    """An ISO-8601 instant, in UTC where it names no zone; None where it is none."""
    if not isinstance(text, str):
        return None
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        return None
    return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant


@dataclass
class Person:
    """A subscriber. `history` says how the status came about, oldest first."""

    ident: str
    email: str | None
    status: str
    created_at: datetime
    fields: dict[str, Any] = field(default_factory=dict)
    custom_fields: dict[str, Any] = field(default_factory=dict)
    tags: list[str] = field(default_factory=list)
    lifetime_cents: int = 0
    visitor_uuid: str | None = None
    history: list[dict[str, Any]] = field(default_factory=list)

    @property
    def name(self) -> str:
        """What the person is called in logs and holdings."""
        return self.email or self.visitor_uuid or self.ident

    def resource(self, account: str) -> dict[str, Any]:
        """The subscriber as the platform shows it."""
        return {
            **dict.fromkeys(_BLANK),
            "time_zone": "Etc/UTC",
            "sms_consent": False,
            "prospect": True,
            "base_lead_score": 30,
            "eu_consent": "unknown",
            **self.fields,
            "id": self.ident,
            "href": f"https://api.getdrip.com/v2/{account}/subscribers/{self.ident}",
            "email": self.email,
            "status": self.status,
            "created_at": self.created_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "utc_offset": 0,
            "visitor_uuid": self.visitor_uuid or self.ident,
            "lead_score": None,
            "lifetime_value": self.lifetime_cents,
            "tags": list(self.tags),
            "custom_fields": dict(self.custom_fields),
            "links": {"account": account},
        }


@dataclass
class Order:
    """An order as the last event left it; every event is a full snapshot."""

    person: Person
    grand_total: float
    snapshot: dict[str, Any]
    events: list[tuple[str, str]] = field(default_factory=list)


@dataclass
class Store:
    """Everything held."""

    people: dict[str, Person] = field(default_factory=dict)
    """By id."""
    by_email: dict[str, Person] = field(default_factory=dict)
    by_visitor: dict[str, Person] = field(default_factory=dict)
    orders: dict[tuple[str, str], Order] = field(default_factory=dict)
    carts: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    checkouts: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    products: dict[tuple[str, str, str], dict[str, Any]] = field(default_factory=dict)
    events: list[dict[str, Any]] = field(default_factory=list)
    webhooks: dict[str, dict[str, Any]] = field(default_factory=dict)
    seen: set[tuple[Any, ...]] = field(default_factory=set)
    """Happenings taken before, to tell a resend from news."""
    fired: dict[str, int] = field(default_factory=dict)
    duplicates: int = 0

    def find(self, key: str) -> Person | None:
        """A person by id, e-mail or visitor id."""
        return self.people.get(key) or self.by_email.get(key.lower()) or self.by_visitor.get(key)

    def add(self, person: Person) -> Person:
        """Keep a new person."""
        self.people[person.ident] = person
        if person.email:
            self.by_email[person.email.lower()] = person
        if person.visitor_uuid:
            self.by_visitor[person.visitor_uuid] = person
        return person

    def remove(self, person: Person) -> None:
        """Forget a person; the ids of their orders are not freed."""
        self.people.pop(person.ident, None)
        self.by_email.pop((person.email or "").lower(), None)
        self.by_visitor.pop(person.visitor_uuid or "", None)

    def rename(self, person: Person, email: str) -> None:
        """Give a person another e-mail address."""
        self.by_email.pop((person.email or "").lower(), None)
        person.email = email
        self.by_email[email.lower()] = person

    def is_repeated(self, *happening: Any) -> bool:
        """Whether this happening was taken before; counts and remembers it."""
        if happening in self.seen:
            self.duplicates += 1
            return True
        self.seen.add(happening)
        return False

    def seed(self, people: Iterable[Mapping[str, Any]], now: datetime) -> None:
        """People who were there before anything was sent."""
        for given in people:
            status = SEEDED[str(given["status"])]
            since = instant_of(given.get("changed_at")) or now
            person = Person(made_id("seed", given["email"]).replace("-", "")[:20], given["email"], status, since)
            person.history.append({"status": status, "by": "seed", "at": since.isoformat()})
            self.add(person)

    def summary(self) -> dict[str, Any]:
        """Everything held, as JSON."""
        return {
            "people": [
                {
                    "id": person.ident,
                    "email": person.email,
                    "consent": {"email": person.status, "sms": bool(person.fields.get("sms_consent"))},
                    "consent_history": person.history,
                    "lifetime_value": person.lifetime_cents,
                    "tags": person.tags,
                    "custom_fields": person.custom_fields,
                }
                for person in self.people.values()
            ],
            "orders": [
                {
                    "provider": provider,
                    "id": ident,
                    "person": order.person.name,
                    "grand_total": order.grand_total,
                    "line_count": len(order.snapshot.get("items", [])),
                    "events": [list(event) for event in order.events],
                }
                for (provider, ident), order in self.orders.items()
            ],
            "carts": [{"provider": key[0], "id": key[1], **cart} for key, cart in self.carts.items()],
            "checkouts": [{"provider": key[0], "id": key[1], **one} for key, one in self.checkouts.items()],
            "products": [
                {"provider": key[0], "product_id": key[1], "product_variant_id": key[2], **product}
                for key, product in self.products.items()
            ],
            "events": self.events,
            "webhooks": list(self.webhooks.values()),
            "counts": {
                name: len(getattr(self, name)) for name in ("people", "orders", "carts", "products", "events")
            },
            "fired": self.fired,
            "duplicates": self.duplicates,
        }
