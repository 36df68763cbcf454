"""The catalog: items, variants and categories, one by one and by bulk jobs."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from orderwire.sandbox.kit import Answer
from orderwire.sandbox.klaviyo import shapes
from orderwire.sandbox.klaviyo.catalog_shapes import CATEGORY, ITEM, PLACED, SHAPES, SORTS, VARIANT, Sort
from orderwire.sandbox.klaviyo.queries import Paging, conditions, sparse
from orderwire.sandbox.klaviyo.refusals import Fault, Refused, not_found, refuse_if
from orderwire.sandbox.klaviyo.shapes import array, document, members, resource, text
from orderwire.sandbox.klaviyo.world import Ask, Job, Jobs, job_resource, rejected, stamp
from orderwire.sandbox.klaviyo.world import document as answered

PREFIX = "$custom:::$default:::"
MAX_RUNNING = 500


@dataclass
class Thing:
    """One item, variant or category."""

    id: str
    created: datetime
    updated: datetime
    attributes: dict[str, Any]
    item: str | None = None
    """Of a variant: the item it belongs to."""
    linked: dict[str, None] = field(default_factory=dict)
    """Of an item: its categories."""

    def resource(self, sort: Sort, base: str) -> dict[str, Any]:
        """The thing as a resource; unset attributes are null."""
        link = f"{base}/api/{sort.plural}/{self.id}"
        attributes = {name: self.attributes.get(name) for name in ("external_id", *sort.required, *sort.optional)}
        if sort is not CATEGORY:
            attributes |= {"created": stamp(self.created), "images": attributes["images"] or []}
            attributes["custom_metadata"] = attributes["custom_metadata"] or {}
        attributes["updated"] = stamp(self.updated)
        shown = {"type": sort.name, "id": self.id, "attributes": attributes, "links": {"self": f"{link}/"}}
        if self.item is not None:
            shown["relationships"] = {"item": {"data": {"type": "catalog-item", "id": self.item}}}
        return shown


class Catalog:
    """The endpoints of the three resources."""

    def __init__(self, jobs: Jobs, bad: frozenset[str]) -> None:
        self.jobs = jobs
        self.bad = bad
        self.held: dict[str, dict[str, Thing]] = {sort.name: {} for sort in SORTS}

    def create(self, sort: Sort, ask: Ask) -> Answer:
        """POST one: 201, or 409 when its id is taken."""
        data = ask.body(document(SHAPES["create"](sort)))
        kept, fault = self._apply(sort, "create", data, "/data", ask.now)
        if fault is not None:
            raise Refused(409 if fault.code == "duplicate_id" else 400, fault)
        answer = answered(self.held[sort.name][kept["id"]].resource(sort, ask.base), ask, status=201)
        answer.kept = [kept]
        return answer

    def update(self, sort: Sort, ask: Ask) -> Answer:
        """PATCH one."""
        thing = self._get(sort, ask.args[0])
        data = ask.body(document(SHAPES["update"](sort)))
        if data["id"] != thing.id:
            raise Refused(400, Fault("The id of the body is not that of the path.", "/data/id"))
        kept, fault = self._apply(sort, "update", data, "/data", ask.now)
        refuse_if([fault] if fault else [])
        answer = answered(thing.resource(sort, ask.base), ask)
        answer.kept = [kept]
        return answer

    def delete(self, sort: Sort, ask: Ask) -> Answer:
        """DELETE one: 204."""
        thing = self._get(sort, ask.args[0])
        kept, _ = self._apply(sort, "delete", {"id": thing.id}, "/data", ask.now)
        return Answer(204, kept=[kept])

    def read_one(self, sort: Sort, ask: Ask) -> Answer:
        """GET one."""
        return answered(self._get(sort, ask.args[0]).resource(sort, ask.base), ask)

    def read_many(self, sort: Sort, ask: Ask) -> Answer:
        """GET a page of up to 100."""
        asked = conditions(ask.query.get("filter", ""), sort.filters)
        found = [
            thing
            for thing in self.held[sort.name].values()
            if all(one.holds(self._value(sort, thing, one.field)) for one in asked)
        ]
        return self._page(sort, found, ask)

    def variants_of(self, ask: Ask) -> Answer:
        """GET /api/catalog-items/{id}/variants."""
        item = self._get(ITEM, ask.args[0])
        return self._page(VARIANT, [one for one in self.held[VARIANT.name].values() if one.item == item.id], ask)

    def relate(self, ask: Ask, method: str) -> Answer:
        """GET, POST, PATCH, DELETE /api/catalog-items/{id}/relationships/categories."""
        item = self._get(ITEM, ask.args[0])
        if method == "GET":
            listed = [{"type": CATEGORY.name, "id": one} for one in item.linked]
            return answered(listed, ask, {"self": ask.url, "next": None, "prev": None})
        shape = document(array(members({"type": shapes.among(CATEGORY.name), "id": text(least=1)})))
        given = {self._get(CATEGORY, one["id"]).id: None for one in ask.body(shape)}
        if method == "DELETE":
            item.linked = {one: None for one in item.linked if one not in given}
        else:
            item.linked = given if method == "PATCH" else item.linked | given
        return Answer(204, kept=[{"type": "categories", "id": item.id, "linked": list(item.linked)}])

    def bulk(self, sort: Sort, verb: str, ask: Ask) -> Answer:
        """POST a bulk job of up to 100 entries: 202 with the job; what fails is told by it."""
        kind = f"{sort.name}-bulk-{verb}-job"
        entries_shape = array(SHAPES[verb](sort), most=100, least=1)
        attributes = members({sort.key: members({"data": entries_shape})}, resource=kind)
        data = ask.body(document(resource(kind, attributes)))
        if self.jobs.running(kind, ask.now) >= MAX_RUNNING:
            raise Refused(400, Fault(f"At most {MAX_RUNNING} jobs may be in progress.", "/data/", code="job_limit"))
        entries = data["attributes"][sort.key]["data"]
        job = self.jobs.open(kind, len(entries), ask)
        kept = [self._bulk_one(sort, verb, entry, place, job, ask) for place, entry in enumerate(entries)]
        answer = answered(job_resource(job, ask), ask, status=202)
        answer.kept = kept
        return answer

    def job(self, kind: str, ask: Ask) -> Answer:
        """GET one job."""
        return answered(job_resource(self.jobs.get(kind, ask.args[0]), ask), ask)

    def job_list(self, kind: str, ask: Ask) -> Answer:
        """GET the jobs of a kind."""
        jobs = [job_resource(job, ask) for job in self.jobs.listed(kind, ask)]
        return answered(jobs, ask, {"self": ask.url, "next": None, "prev": None})

    def _bulk_one(
        self, sort: Sort, verb: str, entry: dict[str, Any], place: int, job: Job, ask: Ask
    ) -> dict[str, Any]:
        kept, fault = self._apply(sort, verb, entry, f"/data/attributes/{sort.key}/data/{place}", ask.now)
        if fault is None:
            job.members.append(kept["id"])
            return kept
        job.errors.append(
            {
                "id": uuid5(NAMESPACE_URL, f"{job.id}:{place}").hex,
                "code": fault.code,
                "title": fault.title,
                "detail": fault.detail,
                "source": {"pointer": fault.pointer},
            }
        )
        return rejected(kept["id"], fault.detail)

    def _apply(
        self, sort: Sort, verb: str, data: dict[str, Any], at: str, now: datetime
    ) -> tuple[dict[str, Any], Fault | None]:
        """Carry out one entry; returns the log's entry and what was wrong."""
        held = self.held[sort.name]
        attributes = data.get("attributes", {})
        identity = data.get("id") if verb != "create" else PREFIX + attributes["external_id"]
        kept = {
            "type": "product" if sort is ITEM else sort.name.removeprefix("catalog-"),
            "id": identity,
            "action": verb,
            "person": None,
            "occurred_at": now.isoformat(),
            "quiet": True,
            "duplicate": verb == "update",
            "amount": attributes.get("price"),
        }
        fault = self._fault(sort, verb, str(identity), data, at)
        if fault is not None:
            return kept, fault
        if verb == "delete":
            del held[str(identity)]
            return kept, None
        thing = held.get(str(identity)) or held.setdefault(str(identity), Thing(str(identity), now, now, {}))
        thing.attributes |= {name: value for name, value in attributes.items() if name not in PLACED}
        thing.updated = now
        related = data.get("relationships") or {}
        if "item" in related:
            thing.item = related["item"]["data"]["id"]
        if sort is ITEM and "categories" in related:
            thing.linked = {one["id"]: None for one in related["categories"]["data"]}
        return kept, None

    def _fault(self, sort: Sort, verb: str, identity: str, data: dict[str, Any], at: str) -> Fault | None:
        held = self.held[sort.name]
        if identity in self.bad or identity.removeprefix(PREFIX) in self.bad:
            return Fault(f"This {sort.name} is refused.", at)
        if verb == "create":
            if identity in held:
                detail = f"A {sort.name} with id {identity} already exists."
                return Fault(detail, f"{at}/attributes/external_id", code="duplicate_id", title="Conflict.")
            return self._relation_fault(data, at)
        if identity not in held:
            detail = f"A {sort.name} with id {identity} does not exist."
            return Fault(detail, f"{at}/id", code="not_found", title="Not found.")
        return None

    def _relation_fault(self, data: dict[str, Any], at: str) -> Fault | None:
        related = data.get("relationships") or {}
        parent = related.get("item", {}).get("data", {}).get("id")
        if parent is not None and parent not in self.held[ITEM.name]:
            return Fault(f"Item not found with id {parent}.", f"{at}/relationships/item/data/id", code="not_found")
        for one in related.get("categories", {}).get("data", []):
            if one["id"] not in self.held[CATEGORY.name]:
                detail = f"Category not found with id {one['id']}."
                return Fault(detail, f"{at}/relationships/categories/data", code="not_found")
        return None

    def _get(self, sort: Sort, identity: str) -> Thing:
        thing = self.held[sort.name].get(identity)
        if thing is None:
            raise not_found(sort.name, identity)
        return thing

    def _value(self, sort: Sort, thing: Thing, name: str) -> Any:
        match name:
            case "ids":
                return thing.id
            case "item.id" if sort is VARIANT:
                return thing.item
            case "item.id":
                return [one.id for one in self.held[ITEM.name].values() if thing.id in one.linked]
            case "category.id":
                return list(thing.linked)
            case "published":
                return thing.attributes.get("published", True)
            case _:
                return thing.attributes.get(name)

    def _page(self, sort: Sort, found: list[Thing], ask: Ask) -> Answer:
        paging = Paging(100, 100, {"created": lambda thing: thing.created}, "created")
        page = paging.page(found, ask.query, ask.url)
        shown = [sparse(thing.resource(sort, ask.base), ask.query) for thing in page.members]
        answer = answered(shown, ask, page.links)
        if sort is ITEM and "variants" in ask.query.get("include", ""):
            ids = {thing.id for thing in page.members}
            variants = [one for one in self.held[VARIANT.name].values() if one.item in ids]
            answer.body["included"] = [one.resource(VARIANT, ask.base) for one in variants]
        return answer
