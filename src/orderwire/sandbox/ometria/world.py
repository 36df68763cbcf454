"""What Ometria holds: listings of contacts and the profiles computed of them, orders, products and events.

Profiles are never written. Listings cluster by customer id, then by e-mail; a profile has one customer id at most.
Everything taken is applied at once and shown to readers when the queue has come to it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import md5
from typing import Any

from orderwire.sandbox.ometria.records import OPTIN, OPTOUT, UNSPECIFIED

PERSONAL = (
    "identity_email",
    "identity_account_id",
    "profile_id",
    "customer",
    "shipping_address",
    "billing_address",
    "ip_address",
)
"""Fields of orders and events that name a person."""


@dataclass
class Permission:
    """A profile's opt-in on one channel, and who decided it last."""

    status: str = UNSPECIFIED
    by: str = ""
    """`ometria` for its own pages, `api` for what was pushed; the former wins, unless the latter is forced."""
    is_forced: bool = False
    changed_at: str | None = None

    def state(self, status: str, *, by: str, is_forced: bool, at: str | None) -> bool:
        """Decide anew; returns whether that had any effect."""
        if not is_forced and (self.is_forced or (self.by == "ometria" and by == "api")):
            return False
        if (self.status, self.is_forced) == (status, is_forced):
            return False
        self.status, self.by, self.is_forced, self.changed_at = status, by, is_forced, at
        return True


@dataclass
class Thing:
    """One record held, with when readers see it and how often it was pushed."""

    record: dict[str, Any]
    visible_at: float
    profile: str | None = None
    pushes: int = 1
    duplicates: int = 0


@dataclass
class Profile:
    """One person, as computed."""

    id: str
    seen_at: float
    customer_id: str | None = None
    emails: list[str] = field(default_factory=list)
    phone: str | None = None
    permissions: dict[str, Permission] = field(default_factory=dict)
    told: set[tuple[str, str]] = field(default_factory=set)
    """Subscribe and unsubscribe events that have fired: once each per channel."""
    updated_at: float = 0.0
    lists: set[int] = field(default_factory=set)
    things: list[Thing] = field(default_factory=list)
    """What was pushed about them: contacts, orders and events."""

    def permission(self, channel: str) -> Permission:
        """The opt-in of a channel, not specified so far."""
        return self.permissions.setdefault(channel, Permission())


@dataclass
class World:
    """Everything held."""

    profiles: dict[str, Profile] = field(default_factory=dict)
    contacts: dict[tuple[str, str], Thing] = field(default_factory=dict)
    orders: dict[str, Thing] = field(default_factory=dict)
    products: dict[str, Thing] = field(default_factory=dict)
    events: dict[str, Thing] = field(default_factory=dict)
    unsubscribes: list[dict[str, Any]] = field(default_factory=list)
    deletions: list[dict[str, Any]] = field(default_factory=list)
    _count: int = 0
    _by_customer: dict[str, str] = field(default_factory=dict)
    _by_email: dict[str, list[str]] = field(default_factory=dict)

    def held(self, record: dict[str, Any]) -> Thing | None:
        """The stored record of the same key."""
        kind, key = record.get("@type"), record.get("id")
        if not isinstance(key, str):
            return None
        if kind == "contact":
            return self.contacts.get((collection_of(record), key))
        shelf = {"order": self.orders, "product": self.products, "custom_event": self.events}.get(str(kind))
        return shelf.get(key) if shelf is not None else None

    def keep(self, record: dict[str, Any], visible_at: float, profile: Profile | None) -> Thing:
        """Store a record: merged field by field when it says `@merge`, else in place of the old one."""
        content = {name: value for name, value in record.items() if name != "@merge"}
        thing = self.held(record)
        if thing is None:
            thing = Thing(content, visible_at)
            self._shelve(thing)
        else:
            merged = {**thing.record, **content} if record.get("@merge") else content
            thing.duplicates += merged == thing.record
            thing.pushes += 1
            thing.record = merged
        if profile is not None and thing.profile != profile.id:
            self._attach(thing, profile)
        return thing

    def _shelve(self, thing: Thing) -> None:
        record = thing.record
        key = record["id"]
        match record["@type"]:
            case "contact":
                self.contacts[collection_of(record), key] = thing
            case "order":
                self.orders[key] = thing
            case "product":
                self.products[key] = thing
            case _:
                self.events[key] = thing

    def _attach(self, thing: Thing, profile: Profile) -> None:
        old = self.profiles.get(thing.profile or "")
        if old is not None:
            old.things = [one for one in old.things if one is not thing]
        thing.profile = profile.id
        profile.things.append(thing)

    def add_profile(self, now: float, *, customer_id: str | None = None, email: str | None = None) -> Profile:
        """A person never seen before."""
        self._count += 1
        digest = md5(str(self._count).encode(), usedforsecurity=False).hexdigest()
        profile = Profile(f"{digest[:5]}-{digest[5:11]}-{digest[11:14]}", now, updated_at=now)
        self.profiles[profile.id] = profile
        self.name(profile, customer_id, email)
        return profile

    def name(self, profile: Profile, customer_id: str | None, email: str | None) -> None:
        """Remember an identifier of a person."""
        if customer_id:
            profile.customer_id = customer_id
            self._by_customer[customer_id] = profile.id
        if email:
            alike = self._by_email.setdefault(email.lower(), [])
            if profile.id not in alike:
                alike.append(profile.id)
                profile.emails.append(email)

    def by_customer(self, customer_id: str) -> Profile | None:
        """The profile with this customer id."""
        return self.profiles.get(self._by_customer.get(customer_id, ""))

    def by_email(self, email: str) -> list[Profile]:
        """Every profile that has this address; those without a customer id first."""
        found = [self.profiles[key] for key in self._by_email.get(email.lower(), ())]
        return sorted(found, key=lambda one: one.customer_id is not None)

    def cluster(self, customer_id: str | None, email: str | None, now: float) -> Profile:
        """The profile a contact listing belongs to."""
        alike = self.by_email(email) if email else []
        if customer_id is None:
            profile = alike[0] if alike else self.add_profile(now, email=email)
        else:
            free = next((one for one in alike if one.customer_id is None), None)
            profile = self.by_customer(customer_id) or free or self.add_profile(now, email=email)
            if free is not None and free is not profile:
                self.absorb(profile, free)
        self.name(profile, customer_id, email)
        profile.updated_at = now
        return profile

    def buyer(self, customer: dict[str, Any], now: float) -> Profile | None:
        """The profile an order belongs to; new ones have no marketing preference; by names alone there is none."""
        customer_id, email = customer.get("id") or None, customer.get("email") or None
        if customer_id:
            return self.cluster(customer_id, email, now)
        if not email:
            return None
        alike = self.by_email(email)
        if len(alike) > 1 and alike[0].customer_id is not None:
            return self.add_profile(now, email=email)
        return alike[0] if alike else self.add_profile(now, email=email)

    def of_event(self, record: dict[str, Any]) -> Profile | None:
        """The profile a custom event resolves to; events make nobody."""
        if account := record.get("identity_account_id"):
            return self.by_customer(account)
        if email := record.get("identity_email"):
            return next(iter(self.by_email(email)), None)
        return self.profiles.get(record.get("profile_id", ""))

    def absorb(self, survivor: Profile, other: Profile) -> None:
        """Make two profiles one; what was pushed follows, a refusal on either side stays."""
        self._forget(other)
        for thing in other.things:
            thing.profile = survivor.id
            survivor.things.append(thing)
        for email in other.emails:
            self.name(survivor, None, email)
        for channel, theirs in other.permissions.items():
            ours = survivor.permission(channel)
            if ours.status == UNSPECIFIED or theirs.status == OPTOUT or theirs.is_forced:
                survivor.permissions[channel] = theirs
        survivor.told |= other.told
        survivor.lists |= other.lists
        survivor.phone = survivor.phone or other.phone

    def _forget(self, profile: Profile) -> None:
        del self.profiles[profile.id]
        if profile.customer_id:
            self._by_customer.pop(profile.customer_id, None)
        for email in profile.emails:
            self._by_email[email.lower()].remove(profile.id)

    def erase(self, email: str) -> tuple[int, int]:
        """Anonymise a person; returns how many contacts and how many events that touched."""
        gone = self.by_email(email)
        things = [thing for profile in gone for thing in profile.things]
        for thing in things:
            thing.profile = None
            for name in PERSONAL:
                thing.record.pop(name, None)
        contacts = [key for key, thing in self.contacts.items() if any(thing is one for one in things)]
        for key in contacts:
            del self.contacts[key]
        for profile in gone:
            self._forget(profile)
        ids = {profile.id for profile in gone}
        self.unsubscribes = [one for one in self.unsubscribes if one["profile_id"] not in ids]
        return len(contacts), sum(thing.record["@type"] == "custom_event" for thing in things)

    def orders_of(self, profile: Profile) -> Iterator[dict[str, Any]]:
        """The orders of a profile."""
        return (thing.record for thing in profile.things if thing.record["@type"] == "order")


def collection_of(record: dict[str, Any]) -> str:
    """The collection a contact listing is in."""
    return str(record.get("@collection") or "contacts")


def wish(profile: Profile, channel: str) -> str | None:
    """The welcome or farewell that a channel's present state calls for, if it has not been sent yet."""
    name = {OPTIN: "subscribe", OPTOUT: "unsubscribe"}.get(profile.permission(channel).status)
    if name is None or (channel, name) in profile.told:
        return None
    profile.told.add((channel, name))
    return name
