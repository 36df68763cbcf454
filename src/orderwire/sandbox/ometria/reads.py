"""What can be read back, with its paging."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import md5
from typing import Any, TypeVar

from orderwire.sandbox.kit import Answer
from orderwire.sandbox.ometria.records import UNSPECIFIED
from orderwire.sandbox.ometria.world import Profile, Thing, World

DEFAULT_ROWS, MAX_ROWS = 10, 250
_T = TypeVar("_T")


@dataclass(frozen=True)
class BadQuery(Exception):
    """A query parameter that is refused."""

    name: str


@dataclass
class Reads:
    """The reading endpoints over one world. `now` is platform time of the call."""

    world: World
    lists: Mapping[int, str]

    def orders(self, query: Mapping[str, str], now: float) -> Answer:
        """A page of orders; their order is only promised with `orderby`."""
        found = [thing for thing in self.world.orders.values() if thing.visible_at <= now]
        if query.get("orderby") in ("timestamp", "timestamp_update"):
            found.sort(key=lambda thing: _time(thing.record.get("timestamp")))
        else:
            found.sort(key=lambda thing: md5(thing.record["id"].encode(), usedforsecurity=False).digest())
        return Answer(200, [_order(thing) for thing in page(found, query)])

    def order(self, key: str, now: float) -> Answer:
        """One order."""
        thing = self.world.orders.get(key)
        return Answer(200, _order(thing)) if thing and thing.visible_at <= now else not_found()

    def products(self, query: Mapping[str, str], now: float) -> Answer:
        """A page of products: parents only, unless variants are asked for."""
        with_variants = _flag(query, "includeVariants") or False
        active = _flag(query, "active")
        found = [
            thing.record
            for thing in self.world.products.values()
            if thing.visible_at <= now
            and (with_variants or not thing.record.get("is_variant"))
            and active in (None, thing.record.get("is_active", True))
        ]
        return Answer(200, page(found, query))

    def product(self, key: str, now: float) -> Answer:
        """One product."""
        thing = self.world.products.get(key)
        return Answer(200, thing.record) if thing and thing.visible_at <= now else not_found()

    def collections(self, now: float) -> Answer:
        """The collections of contacts with their sizes."""
        counts: dict[str, int] = {}
        for (name, _), thing in self.world.contacts.items():
            counts[name] = counts.get(name, 0) + (thing.visible_at <= now)
        return Answer(200, [{"id": name, "count": count} for name, count in counts.items()])

    def contacts(self, collection: str, query: Mapping[str, str], now: float) -> Answer:
        """A page of a collection."""
        found = [
            self._contact(thing, collection)
            for (name, _), thing in self.world.contacts.items()
            if name == collection and thing.visible_at <= now
        ]
        return Answer(200, page(found, query))

    def contact(self, collection: str, key: str, now: float) -> Answer:
        """One contact."""
        thing = self.world.contacts.get((collection, key))
        return Answer(200, self._contact(thing, collection)) if thing and thing.visible_at <= now else not_found()

    def profiles(self, query: Mapping[str, str]) -> Answer:
        """Profiles by e-mail, always as a list, or a page of all."""
        if email := query.get("email"):
            return Answer(200, [self.profile_of(one) for one in self.world.by_email(email)])
        since = _since(query, "updateSince")
        found = [one for one in self.world.profiles.values() if one.updated_at >= since]
        return Answer(200, [self.profile_of(one) for one in page(found, query)])

    def profile(self, key: str) -> Answer:
        """One profile by its own id."""
        found = self.world.profiles.get(key)
        return Answer(200, self.profile_of(found)) if found else not_found()

    def profile_of(self, profile: Profile) -> dict[str, Any]:
        """A profile as it is told."""
        orders = list(self.world.orders_of(profile))
        valid = [order for order in orders if order.get("is_valid")]
        revenue = sum(order.get("grand_total", 0) for order in valid)
        listings = [thing.record for thing in profile.things if thing.record["@type"] == "contact"]
        named: dict[str, Any] = next((record for record in reversed(listings) if record.get("firstname")), {})
        times = sorted(order["timestamp"] for order in valid if order.get("timestamp"))
        return {
            "@type": "profile",
            "id": profile.id,
            "email": profile.emails[0] if profile.emails else None,
            "customer_id": profile.customer_id,
            "firstname": named.get("firstname"),
            "lastname": named.get("lastname"),
            "phone_number": profile.phone,
            "marketing_optin": profile.permission("email").status,
            "channels": {"sms": {"allow_marketing": profile.permission("sms").status}},
            "properties": {name: value for one in listings for name, value in (one.get("properties") or {}).items()},
            "identities": [{"id": email, "type": "email"} for email in profile.emails],
            "dates": {"first_purchase": times[0] if times else None, "last_purchase": times[-1] if times else None},
            "stats": {
                "orders": len(valid),
                "orders_attempted": len(orders),
                "revenue": round(revenue, 4),
                "aov": round(revenue / len(valid), 4) if valid else 0,
                "total_items": sum(line["quantity"] for one in valid for line in one.get("lineitems") or ()),
            },
            "lists": [{"id": key, "title": self.lists.get(key, "")} for key in sorted(profile.lists)],
        }

    def all_lists(self, query: Mapping[str, str]) -> Answer:
        """The static lists with their sizes."""
        if query.get("mode", "active") not in ("active", "archived", "all"):
            raise BadQuery("mode")
        found = [] if query.get("mode") == "archived" else [self._list(key) for key in self.lists]
        return Answer(200, page(found, query))

    def one_list(self, key: str) -> Answer:
        """One static list."""
        return Answer(200, self._list(int(key))) if key.isdigit() and int(key) in self.lists else not_found()

    def unsubscribes(self, query: Mapping[str, str]) -> Answer:
        """Unsubscriptions on Ometria's own pages and by reply, within a time range; never those by API."""
        since, before = _since(query, "since"), _since(query, "before") or float("inf")
        wanted = query.get("type")
        found = [
            one
            for one in self.world.unsubscribes
            if since <= _time(one["timestamp"]) <= before and wanted in (None, one["type"])
        ]
        return Answer(200, found)

    def _list(self, key: int) -> dict[str, Any]:
        size = sum(key in profile.lists for profile in self.world.profiles.values())
        fixed = {"@type": "list", "type": "STATIC", "status": "READY"}
        return {**fixed, "id": key, "title": self.lists[key], "size": size}

    def _contact(self, thing: Thing, collection: str) -> dict[str, Any]:
        profile = self.world.profiles.get(thing.profile or "")
        status = profile.permission("email").status if profile else UNSPECIFIED
        own = {"profile_id": thing.profile, "collection": collection, "marketing_optin": status}
        return {**thing.record, **own}


def _order(thing: Thing) -> dict[str, Any]:
    lines = thing.record.get("lineitems") or ()
    return {
        **thing.record,
        "total_unit_quantity": sum(line["quantity"] for line in lines),
        "total_unit_quantity_refunded": sum(line.get("quantity_refunded") or 0 for line in lines),
    }


def not_found() -> Answer:
    """The thing asked for is not there."""
    return Answer(404, {"status": "ERROR", "message": "Not found"})


def page(found: list[_T], query: Mapping[str, str]) -> list[_T]:
    """The rows that `limit` and `offset` ask for."""
    limit, offset = _whole(query, "limit", DEFAULT_ROWS), _whole(query, "offset", 0)
    if not 1 <= limit <= MAX_ROWS:
        raise BadQuery("limit")
    return found[offset : offset + limit]


def _whole(query: Mapping[str, str], name: str, default: int) -> int:
    text = query.get(name, str(default))
    if not text.isdigit():
        raise BadQuery(name)
    return int(text)


def _flag(query: Mapping[str, str], name: str) -> bool | None:
    if name not in query:
        return None
    if query[name] not in ("true", "false"):
        raise BadQuery(name)
    return query[name] == "true"


def _since(query: Mapping[str, str], name: str) -> float:
    if name not in query:
        return 0.0
    try:
        return _time(query[name])
    except ValueError:
        raise BadQuery(name) from None


def _time(text: Any) -> float:
    """An instant as seconds, read as UTC without an offset; nothing is the beginning of time."""
    if not text:
        return 0.0
    found = datetime.fromisoformat(str(text))
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()
