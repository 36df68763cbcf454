"""The stand-in itself: key, limits, paths and what it holds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

from orderwire.sandbox.kit import Answer, Call, FixedWindows, PlatformClock, Spent, StandIn
from orderwire.sandbox.ometria import office
from orderwire.sandbox.ometria.push import Push, error
from orderwire.sandbox.ometria.reads import BadQuery, Reads, not_found
from orderwire.sandbox.ometria.world import Profile, Thing, World

_FAMILY_BY_POST = {"push": "push", "data-deletion-requests": "anonymise", "merge-profile": "merge"}


class Ometria(StandIn):
    """Ometria's Data API.

    Options:
        key: the only right key; any non-empty one otherwise.
        people: `{email, status, changed_at, customer_id, type}` there before the first sync; a status counts as
            chosen on Ometria's own pages.
        reject: ids or e-mails whose records fail validation.
        event_types: custom event types that support has set up to trigger; all of them otherwise.
        lists: titles of static lists by id.
        push_rate: pushes a second, 8 as documented now, 4 on older pages.
        latency, rate: seconds until a record is processed, and records processed a second.
        backlog: how many records may wait.
    """

    name = "ometria"

    def __init__(self, clock: PlatformClock, options: Mapping[str, Any] | None = None) -> None:
        super().__init__(clock, options)
        self.world = World()
        self.push = Push(self.world, self.options)
        self.reads = Reads(self.world, {int(key): str(title) for key, title in self.options.get("lists", {}).items()})
        self._families = {
            "push": FixedWindows((int(self.options.get("push_rate", 8)), 1.0)),
            "data": FixedWindows((4, 1.0)),
            "anonymise": FixedWindows((6, 60.0)),
            "merge": FixedWindows((1, 60.0)),
        }
        for person in self.options.get("people", ()):
            office.seed(self.world, person, clock.seconds())

    def authenticate(self, call: Call) -> Answer | None:
        """403 for a missing or wrong key, on every path."""
        key = call.headers.get("x-ometria-auth", "")
        right = self.options.get("key")
        if key and (right is None or key == right):
            return None
        return error(403, "API key is not authorised to access this resource.")

    def windows(self, call: Call) -> tuple[str, FixedWindows] | None:
        """Push, anonymisation and merging have limits of their own; everything else shares one."""
        family = _FAMILY_BY_POST.get("/".join(_parts(call)), "data") if call.method == "POST" else "data"
        return family, self._families[family]

    def limited(self, call: Call, retry_after: float | None) -> Answer:
        """429; no header tells how long."""
        del call, retry_after
        return error(429, "Too many requests")

    def decorate(self, call: Call, answer: Answer, spent: Spent | None) -> None:
        """Pushes are told how full the queue is."""
        del spent
        if _parts(call) == ["push"]:
            remaining = max(0, self.push.limit - self.push.waiting(call.at))
            answer.headers |= {"X-QueueSize-Limit": str(self.push.limit), "X-QueueSize-Remaining": str(remaining)}

    def answer(self, call: Call) -> Answer:
        """Route a call by its path under /v2."""
        if not call.path.startswith("/v2/"):
            return not_found()
        try:
            match call.method:
                case "GET":
                    return self._read(call)
                case "POST":
                    return self._write(call)
                case _:
                    return error(405, "Method not allowed")
        except BadQuery as bad:
            return error(400, f"Invalid value for {bad.name}")
        except ValueError:
            return error(400, "Request body is not valid JSON")

    def _read(self, call: Call) -> Answer:
        match _parts(call):
            case ["push", "_errors"]:
                return Answer(200, self.push.errors(call.at))
            case ["orders" | "products" | "contacts" as shelf, *rest]:
                return self._read_shelf(shelf, rest, call)
            case ["profiles"]:
                return self.reads.profiles(call.query)
            case ["profiles", key]:
                return self.reads.profile(key)
            case ["lists"]:
                return self.reads.all_lists(call.query)
            case ["lists", key]:
                return self.reads.one_list(key)
            case ["unsubscribes"]:
                return self.reads.unsubscribes(call.query)
            case ["data-deletion-requests"]:
                return Answer(200, self.world.deletions)
            case ["data-deletion-requests", key]:
                found = [one for one in self.world.deletions if one["id"] == key]
                return Answer(200, found[0]) if found else not_found()
            case _:
                return not_found()

    def _read_shelf(self, shelf: str, rest: list[str], call: Call) -> Answer:
        reads, query, now = self.reads, call.query, call.at
        match shelf, rest:
            case "orders", []:
                return reads.orders(query, now)
            case "orders", [key]:
                return reads.order(key, now)
            case "products", []:
                return reads.products(query, now)
            case "products", [key]:
                return reads.product(key, now)
            case "contacts", []:
                return reads.collections(now)
            case "contacts", [collection]:
                return reads.contacts(collection, query, now)
            case "contacts", [collection, key]:
                return reads.contact(collection, key, now)
            case _:
                return not_found()

    def _write(self, call: Call) -> Answer:
        match _parts(call):
            case ["push"]:
                return self.push.many(call)
            case ["custom-events"]:
                return self.push.one(call, {"@type": "custom_event"})
            case ["products", key]:
                return self.push.one(call, {"@type": "product", "id": key})
            case ["merge-profile"]:
                return office.merge(self.world, call.json())
            case ["data-deletion-requests"]:
                return office.anonymise(self.world, call)
            case _:
                return not_found()

    def opt_out(self, email: str, *, kind: str = "preferences_centre") -> None:
        """A person unsubscribes on one of Ometria's own pages, now."""
        office.opt_out(self.world, email, kind=kind, at=self.clock.seconds())

    def holdings(self) -> dict[str, Any]:
        """Everything held, with counts of pushes, doubles and triggers."""
        world = self.world
        shelves: dict[str, list[Thing]] = {
            "contacts": list(world.contacts.values()),
            "orders": list(world.orders.values()),
            "products": list(world.products.values()),
            "events": list(world.events.values()),
        }
        return {
            "people": [_person(profile) for profile in world.profiles.values()],
            **{name: [_held(thing) for thing in shelf] for name, shelf in shelves.items()},
            "counts": {name: len(shelf) for name, shelf in shelves.items()},
            "duplicates": {name: sum(one.duplicates for one in shelf) for name, shelf in shelves.items()},
            "fired": dict(self.push.fired),
            "rejected": list(self.push.rejected),
            "erased": len(world.deletions),
            "mixed_requests": self.push.mixed_requests,
        }


def _parts(call: Call) -> list[str]:
    """The path under /v2, decoded; a trailing slash changes nothing."""
    return [unquote(part) for part in call.path.removeprefix("/v2/").rstrip("/").split("/")]


def _person(profile: Profile) -> dict[str, Any]:
    return {
        "id": profile.id,
        "customer_id": profile.customer_id,
        "emails": list(profile.emails),
        "phone": profile.phone,
        "consent": {
            channel: {"status": one.status, "by": one.by, "forced": one.is_forced, "changed_at": one.changed_at}
            for channel, one in profile.permissions.items()
        },
        "told": sorted(f"{channel} {name}" for channel, name in profile.told),
        "lists": sorted(profile.lists),
    }


def _held(thing: Thing) -> dict[str, Any]:
    own = {"profile": thing.profile, "pushes": thing.pushes, "duplicates": thing.duplicates}
    return {**thing.record, "_held": own}
