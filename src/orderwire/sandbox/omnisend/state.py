"""What the account holds, and the outcome of one call or item."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Any


def minted(kind: str, number: int) -> str:
    """An id as Omnisend mints them: 24 hexadecimal digits."""
    return sha256(f"{kind}:{number}".encode()).hexdigest()[:24]


@dataclass
class Outcome:
    """What one call, or one item of a batch, came to."""

    status: int
    body: Any = None
    kept: list[dict[str, Any]] = field(default_factory=list)
    fired: list[dict[str, Any]] = field(default_factory=list)


@dataclass
class Standing:
    """A contact's permission on one channel; `how` says which call brought it."""

    status: str
    changed_at: datetime
    how: str


@dataclass(eq=False)
class Contact:
    """One contact; two are the same only when they are one."""

    contact_id: str
    number: int
    created_at: datetime
    updated_at: datetime
    emails: list[str] = field(default_factory=list)
    phones: list[str] = field(default_factory=list)
    standings: dict[str, Standing] = field(default_factory=dict)
    consents: list[dict[str, Any]] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)
    profile: dict[str, Any] = field(default_factory=dict)
    custom: dict[str, Any] | None = None


@dataclass
class Account:
    """Everything held. E-mails are matched as they are spelled."""

    contacts: dict[str, Contact] = field(default_factory=dict)
    by_email: dict[str, Contact] = field(default_factory=dict)
    by_phone: dict[str, Contact] = field(default_factory=dict)
    products: dict[str, dict[str, Any]] = field(default_factory=dict)
    categories: dict[str, dict[str, Any]] = field(default_factory=dict)
    orders: dict[str, Counter[str]] = field(default_factory=dict)
    events: Counter[str] = field(default_factory=Counter)
    seen: Counter[tuple[str, datetime]] = field(default_factory=Counter)
    fired: Counter[str] = field(default_factory=Counter)
    counts: Counter[str] = field(default_factory=Counter)
