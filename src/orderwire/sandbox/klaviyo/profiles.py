"""Who is known: profiles, how identifiers find them, and how they are shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from orderwire.sandbox.klaviyo.refusals import not_found
from orderwire.sandbox.klaviyo.world import stamp

IDENTIFIERS = ("email", "phone_number", "_kx", "external_id", "anonymous_id")
PLAIN = ("first_name", "last_name", "organization", "locale", "title", "image")
TEST_DOMAINS = ("@example.com", "@test.com")


@dataclass
class Permission:
    """What is known of one channel. `consent` is SUBSCRIBED, UNSUBSCRIBED or NEVER_SUBSCRIBED."""

    consent: str = "NEVER_SUBSCRIBED"
    consented_at: datetime | None = None
    updated_at: datetime | None = None
    method: str | None = None
    detail: str | None = None
    is_pending: bool = False
    """A double opt-in mail went out and was not answered."""


@dataclass
class Profile:
    """One profile. `suppressions` are (reason, since); `list_suppressions` (list, reason, since)."""

    id: str
    created: datetime
    updated: datetime
    identifiers: dict[str, Any] = field(default_factory=dict)
    plain: dict[str, Any] = field(default_factory=dict)
    location: dict[str, Any] = field(default_factory=dict)
    properties: dict[str, Any] = field(default_factory=dict)
    email: Permission = field(default_factory=Permission)
    sms: Permission = field(default_factory=Permission)
    suppressions: list[tuple[str, datetime]] = field(default_factory=list)
    list_suppressions: list[tuple[str, str, datetime]] = field(default_factory=list)
    lists: dict[str, datetime] = field(default_factory=dict)
    last_event: datetime | None = None

    def subscriptions(self) -> dict[str, Any]:
        """The `subscriptions` attribute, shown on request only."""
        reachable = bool(self.identifiers.get("email")) and not self.suppressions
        return {
            "email": {
                "marketing": {
                    "can_receive_email_marketing": reachable and self.email.consent != "UNSUBSCRIBED",
                    **_permission(self.email),
                    "custom_method_detail": None,
                    "double_optin": self.email.is_pending,
                    "suppression": [{"reason": why, "timestamp": stamp(at)} for why, at in self.suppressions],
                    "list_suppressions": [
                        {"list_id": which, "reason": why, "timestamp": stamp(at)}
                        for which, why, at in self.list_suppressions
                    ],
                }
            },
            "sms": {
                "marketing": {"can_receive_sms_marketing": self.sms.consent == "SUBSCRIBED", **_permission(self.sms)}
            },
        }

    def resource(self, base: str, *, extra: tuple[str, ...] = ()) -> dict[str, Any]:
        """The profile as a resource; absent attributes are null."""
        link = f"{base}/api/profiles/{self.id}"
        attributes = {name: self.identifiers.get(name) for name in ("email", "phone_number", "external_id")}
        attributes |= {name: self.plain.get(name) for name in PLAIN}
        attributes |= {
            "created": stamp(self.created),
            "updated": stamp(self.updated),
            "last_event_date": stamp(self.last_event) if self.last_event else None,
            "location": {
                name: self.location.get(name)
                for name in (
                    *("address1", "address2", "city", "country", "latitude", "longitude"),
                    *("region", "zip", "timezone", "ip"),
                )
            },
            "properties": self.properties,
        }
        if "subscriptions" in extra:
            attributes["subscriptions"] = self.subscriptions()
        relations = {
            name: {"links": {"self": f"{link}/relationships/{name}/", "related": f"{link}/{name}/"}}
            for name in ("lists", "segments", "push-tokens", "conversation")
        }
        return {
            "type": "profile",
            "id": self.id,
            "attributes": attributes,
            "relationships": relations,
            "links": {"self": f"{link}/"},
        }


def _permission(held: Permission) -> dict[str, Any]:
    return {
        "consent": held.consent,
        "consent_timestamp": stamp(held.consented_at) if held.consented_at else None,
        "last_updated": stamp(held.updated_at) if held.updated_at else None,
        "method": held.method,
        "method_detail": held.detail,
    }


def spelled(attributes: Mapping[str, Any], identity: str | None = None) -> str:
    """The first identifier as it was sent: how the reception log names a person."""
    for name in IDENTIFIERS:
        if value := attributes.get(name):
            return str(value)
    return identity or ""


def is_test_address(attributes: Mapping[str, Any]) -> bool:
    """Whether the e-mail is of those Klaviyo accepts and drops."""
    return str(attributes.get("email") or "").lower().endswith(TEST_DOMAINS)


class Profiles:
    """All profiles and the indexes that identifiers find them by."""

    def __init__(self) -> None:
        self.by_id: dict[str, Profile] = {}
        self._index: dict[str, dict[str, Profile]] = {name: {} for name in IDENTIFIERS}
        self._given = 0

    def get(self, identity: str) -> Profile:
        """The profile with this id.

        Raises:
            Refused: 404 when there is none.
        """
        if identity not in self.by_id:
            raise not_found("profile", identity)
        return self.by_id[identity]

    def owner(self, name: str, value: Any) -> Profile | None:
        """The profile that holds an identifier."""
        return self._index[name].get(str(value).lower()) if value not in (None, "") else None

    def find(self, attributes: Mapping[str, Any], identity: str | None = None) -> Profile | None:
        """The profile these identifiers mean: id, then e-mail, then the others.

        An identifier other than the e-mail never reaches a profile with another e-mail: `external_id` does not merge.
        """
        if identity in self.by_id:
            return self.by_id[identity]
        if found := self.owner("email", attributes.get("email")):
            return found
        for name in IDENTIFIERS[1:]:
            found = self.owner(name, attributes.get(name))
            if found and not (attributes.get("email") and found.identifiers.get("email")):
                return found
        return None

    def rival(self, profile: Profile | None, attributes: Mapping[str, Any]) -> Profile | None:
        """Another profile that owns the e-mail or phone of these attributes."""
        for name in ("email", "phone_number"):
            owner = self.owner(name, attributes.get(name))
            if owner is not None and owner is not profile:
                return owner
        return None

    def create(self, now: datetime) -> Profile:
        """A profile with nothing in it."""
        self._given += 1
        profile = Profile(f"01{self._given:024d}", now, now)
        self.by_id[profile.id] = profile
        return profile

    def change(
        self, profile: Profile, attributes: Mapping[str, Any], now: datetime, *, null_clears: bool = False
    ) -> None:
        """Write attributes onto a profile; an identifier that belongs to somebody else stays there."""
        for name, value in attributes.items():
            if value is None and not null_clears:
                continue
            if name in IDENTIFIERS:
                self._identify(profile, name, value)
            elif name in PLAIN:
                profile.plain[name] = value
            elif name == "location":
                profile.location |= value or {}
            elif name == "properties":
                profile.properties |= value or {}
        profile.updated = now

    def patch(self, profile: Profile, meta: Mapping[str, Any]) -> None:
        """Apply `meta.patch_properties`: append, unappend and unset."""
        orders = meta.get("patch_properties") or {}
        for name, value in (orders.get("append") or {}).items():
            held = profile.properties.get(name)
            profile.properties[name] = [*(held if isinstance(held, list) else [] if held is None else [held]), value]
        for name, value in (orders.get("unappend") or {}).items():
            held = profile.properties.get(name)
            if isinstance(held, list):
                profile.properties[name] = [one for one in held if one != value]
        unset = orders.get("unset") or []
        for name in [unset] if isinstance(unset, str) else unset:
            profile.properties.pop(name, None)

    def remove(self, profile: Profile) -> None:
        """Forget a profile and its identifiers."""
        del self.by_id[profile.id]
        for name, value in profile.identifiers.items():
            if self.owner(name, value) is profile:
                del self._index[name][str(value).lower()]

    def merge(self, source: Profile, into: Profile, now: datetime) -> None:
        """Join a profile into another: missing identifiers and attributes move, the source ends."""
        self.remove(source)
        gained = {name: value for name, value in source.identifiers.items() if not into.identifiers.get(name)}
        self.change(into, gained, now)
        into.plain = source.plain | into.plain
        into.properties = source.properties | into.properties
        into.lists = source.lists | into.lists
        into.suppressions.extend(source.suppressions)

    def _identify(self, profile: Profile, name: str, value: Any) -> None:
        index = self._index[name]
        held = profile.identifiers.get(name)
        if held is not None and self.owner(name, held) is profile:
            del index[str(held).lower()]
        if value is None:
            profile.identifiers.pop(name, None)
            return
        owner = self.owner(name, value)
        if owner is not None and owner is not profile and name != "external_id":
            if held is not None:
                index[str(held).lower()] = profile
            return
        profile.identifiers[name] = value
        index[str(value).lower()] = profile
