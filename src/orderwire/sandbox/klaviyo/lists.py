"""Lists and their members."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from orderwire.sandbox.kit import Answer
from orderwire.sandbox.klaviyo.profiles import Profiles, spelled
from orderwire.sandbox.klaviyo.queries import RANGE, Paging, conditions, sparse
from orderwire.sandbox.klaviyo.refusals import not_found
from orderwire.sandbox.klaviyo.shapes import among, array, document, members, resource, text
from orderwire.sandbox.klaviyo.world import Ask, stamp
from orderwire.sandbox.klaviyo.world import document as answered

OPT_IN = ("double_opt_in", "single_opt_in")
_ON_LIST = members({"name": text(least=1)}, {"opt_in_process": among(*OPT_IN)}, resource="list")
_ON_UPDATE = members({}, {"name": text(least=1), "opt_in_process": among(*OPT_IN)}, resource="list")
CREATE = document(resource("list", _ON_LIST))
UPDATE = document(resource("list", _ON_UPDATE, {"id": text(least=1)}))
MEMBERS = document(array(members({"type": among("profile"), "id": text(least=1)}), most=1000, least=1))
FILTERS = {
    "id": frozenset({"any"}),
    "name": frozenset({"any", "equals"}),
    "created": frozenset({"greater-than"}),
    "updated": frozenset({"greater-than"}),
}
MEMBER_FILTERS = {
    "email": frozenset({"any", "equals"}),
    "phone_number": frozenset({"any", "equals"}),
    "_kx": frozenset({"equals"}),
    "joined_group_at": RANGE,
}


@dataclass
class SubscriberList:
    """One list. `opt_in` is `double_opt_in` or `single_opt_in`."""

    id: str
    name: str
    opt_in: str
    created: datetime
    updated: datetime

    def resource(self, base: str) -> dict[str, Any]:
        """The list as a resource."""
        return {
            "type": "list",
            "id": self.id,
            "attributes": {
                "name": self.name,
                "created": stamp(self.created),
                "updated": stamp(self.updated),
                "opt_in_process": self.opt_in,
            },
            "links": {"self": f"{base}/api/lists/{self.id}/"},
        }


_SORTS = {
    "created": lambda one: one.created,
    "id": lambda one: one.id,
    "name": lambda one: one.name,
    "updated": lambda one: one.updated,
}
PAGING = Paging(10, 10, _SORTS, "created")


class Lists:
    """The list endpoints. `seeds` are lists that are there from the start: id, name, opt_in_process."""

    def __init__(self, profiles: Profiles, seeds: Iterable[Mapping[str, str]], now: datetime, opt_in: str) -> None:
        self.profiles = profiles
        self.opt_in = opt_in
        self.by_id = {
            seed["id"]: SubscriberList(seed["id"], seed["name"], seed.get("opt_in_process", opt_in), now, now)
            for seed in seeds
        }

    def read_many(self, ask: Ask) -> Answer:
        """GET /api/lists."""
        asked = conditions(ask.query.get("filter", ""), FILTERS)
        found = [one for one in self.by_id.values() if all(each.holds(getattr(one, each.field)) for each in asked)]
        page = PAGING.page(found, ask.query, ask.url)
        return answered([sparse(one.resource(ask.base), ask.query) for one in page.members], ask, page.links)

    def read_one(self, ask: Ask) -> Answer:
        """GET /api/lists/{id}."""
        return answered(self._get(ask).resource(ask.base), ask)

    def create(self, ask: Ask) -> Answer:
        """POST /api/lists."""
        attributes = ask.body(CREATE)["attributes"]
        identity = f"L{len(self.by_id) + 1:05d}"
        opt_in = attributes.get("opt_in_process", self.opt_in)
        made = self.by_id[identity] = SubscriberList(identity, attributes["name"], opt_in, ask.now, ask.now)
        answer = answered(made.resource(ask.base), ask, status=201)
        answer.kept = [{"type": "list", "id": identity, "name": made.name}]
        return answer

    def update(self, ask: Ask) -> Answer:
        """PATCH /api/lists/{id}."""
        held = self._get(ask)
        attributes = ask.body(UPDATE)["attributes"]
        held.name = attributes.get("name", held.name)
        held.opt_in = attributes.get("opt_in_process", held.opt_in)
        held.updated = ask.now
        return answered(held.resource(ask.base), ask)

    def delete(self, ask: Ask) -> Answer:
        """DELETE /api/lists/{id}."""
        held = self._get(ask)
        del self.by_id[held.id]
        for profile in self.profiles.by_id.values():
            profile.lists.pop(held.id, None)
        return Answer(204)

    def add_members(self, ask: Ask) -> Answer:
        """POST /api/lists/{id}/relationships/profiles: membership, which is not consent."""
        held = self._get(ask)
        answer = Answer(204)
        for profile in [self.profiles.get(one["id"]) for one in ask.body(MEMBERS)]:
            if held.id not in profile.lists:
                profile.lists[held.id] = ask.now
                answer.fired.append({"trigger": "list", "list": held.id, "person": spelled(profile.identifiers)})
            answer.kept.append({"type": "membership", "id": held.id, "person": spelled(profile.identifiers)})
        return answer

    def remove_members(self, ask: Ask) -> Answer:
        """DELETE /api/lists/{id}/relationships/profiles."""
        held = self._get(ask)
        for one in ask.body(MEMBERS):
            self.profiles.get(one["id"]).lists.pop(held.id, None)
        return Answer(204)

    def read_members(self, ask: Ask) -> Answer:
        """GET /api/lists/{id}/profiles, by the time of joining."""
        held = self._get(ask)
        asked = conditions(ask.query.get("filter", ""), MEMBER_FILTERS)
        found = [
            profile
            for profile in self.profiles.by_id.values()
            if held.id in profile.lists
            and all(
                each.holds(
                    profile.lists[held.id] if each.field == "joined_group_at" else profile.identifiers.get(each.field)
                )
                for each in asked
            )
        ]
        paging = Paging(20, 100, {"joined_group_at": lambda profile: profile.lists[held.id]}, "joined_group_at")
        page = paging.page(found, ask.query, ask.url)
        shown = []
        for profile in page.members:
            one = profile.resource(ask.base)
            one["attributes"]["joined_group_at"] = stamp(profile.lists[held.id])
            shown.append(sparse(one, ask.query))
        return answered(shown, ask, page.links)

    def _get(self, ask: Ask) -> SubscriberList:
        if ask.args[0] not in self.by_id:
            raise not_found("list", ask.args[0])
        return self.by_id[ask.args[0]]
