"""The catalog taken in: entries created, changed and deleted, one at a time or by jobs, and their relationships."""

from __future__ import annotations

from functools import partial

from msgspec.structs import replace

from orderwire.dialects.doorway import Answer, Endpoint
from orderwire.dialects.klaviyo.door import catalog, jobs
from orderwire.dialects.klaviyo.door.answering import change, read
from orderwire.dialects.klaviyo.door.catalog import CATEGORY, ITEM, VARIANT, Entry
from orderwire.dialects.klaviyo.door.catalog_out import entry_resource
from orderwire.dialects.klaviyo.door.catalog_shapes import (
    SORTS,
    Sort,
    linked_ids,
    read_changes,
    read_new,
    related_ids,
)
from orderwire.dialects.klaviyo.door.documents import NO_CONTENT, one
from orderwire.dialects.klaviyo.door.draft import Draft
from orderwire.dialects.klaviyo.door.faults import Fault, Refusal, not_found, refuse_if
from orderwire.dialects.klaviyo.door.ids import catalog_id, external_id_of
from orderwire.dialects.klaviyo.door.members import Members, decode, document, plain

_MOST = 100
_TITLES = {ITEM: "catalog item", VARIANT: "catalog variant", CATEGORY: "catalog category"}


def create(draft: Draft, sort: Sort) -> Answer:
    """POST of one entry."""
    data, faults = document(draft.call.body, sort.kind)
    entry = _created(draft, sort, data)
    refuse_if(faults)
    shown = entry_resource(draft.call, _must_be(entry))
    return draft.intake(one(draft.call, shown, status=201))


def _must_be(entry: Entry | None) -> Entry:
    if entry is None:
        raise Refusal(400, Fault(detail="This entry cannot be understood."))
    return entry


def _created(draft: Draft, sort: Sort, data: Members) -> Entry | None:
    """A new entry, kept; None where something is wrong with it."""
    before = len(data.faults)
    ident, attributes = read_new(sort, data)
    item = next(iter(related_ids(data, "item", ITEM) or related_ids(data, "items", ITEM)), "")
    categories = related_ids(data, "categories", CATEGORY) if sort.kind == ITEM else []
    if sort.kind == VARIANT and not item:
        data.blame("This field is required.", "relationships/item")
    if len(data.faults) > before:
        return None
    if catalog.find(draft, sort.kind, ident) is not None:
        detail = f"A {_TITLES[sort.kind]} with id {catalog_id(ident)} already exists."
        raise Refusal(
            409, Fault(detail=detail, pointer=f"{data.at}/attributes", code="duplicate_resource", title="Conflict.")
        )
    if sort.kind == VARIANT:
        _linked(draft, ITEM, item, f"{data.at}/relationships/item/data/id")
    for category in categories:
        _linked(draft, CATEGORY, category, f"{data.at}/relationships/categories/data")
    at = draft.call.received_at
    entry = Entry(
        kind=sort.kind,
        id=ident,
        attributes=attributes,
        created=at,
        updated=at,
        item=item if sort.kind == VARIANT else "",
        categories=tuple(dict.fromkeys(categories)),
    )
    catalog.put(draft, entry)
    if sort.kind == CATEGORY:
        for other in related_ids(data, "items", ITEM):
            _relate(draft, other, add=(ident,), at=f"{data.at}/relationships/items/data")
    return entry


def _linked(draft: Draft, kind: str, ident: str, pointer: str) -> Entry:
    entry = catalog.find(draft, kind, ident)
    if entry is None:
        detail = f"A {_TITLES[kind]} with id {catalog_id(ident)} does not exist."
        raise Refusal(404, Fault(detail=detail, pointer=pointer, code="not_found", title="Not found."))
    return entry


def _at_path(draft: Draft, sort: Sort) -> Entry:
    identity = draft.call.parameters["id"]
    entry = catalog.find(draft, sort.kind, external_id_of(identity))
    if entry is None:
        raise not_found(_TITLES[sort.kind], identity)
    return entry


def update(draft: Draft, sort: Sort) -> Answer:
    """PATCH of one entry."""
    entry = _at_path(draft, sort)
    data, faults = document(draft.call.body, sort.kind)
    entry = _changed(draft, sort, entry, data)
    refuse_if(faults)
    return draft.intake(one(draft.call, entry_resource(draft.call, entry)))


def _changed(draft: Draft, sort: Sort, entry: Entry, data: Members) -> Entry:
    before = len(data.faults)
    changes = read_changes(sort, data)
    categories = related_ids(data, "categories", CATEGORY) if sort.kind == ITEM else []
    if len(data.faults) > before:
        return entry
    for category in categories:
        _linked(draft, CATEGORY, category, f"{data.at}/relationships/categories/data")
    attributes = {**entry.attributes, **{name: value for name, value in changes.items() if value is not None}}
    entry = replace(
        entry,
        attributes=attributes,
        updated=draft.call.received_at,
        categories=tuple(dict.fromkeys((*entry.categories, *categories))),
    )
    catalog.put(draft, entry)
    return entry


def delete(draft: Draft, sort: Sort) -> Answer:
    """DELETE of one entry."""
    catalog.drop(draft, _at_path(draft, sort))
    return draft.intake(NO_CONTENT)


def take_job(draft: Draft, sort: Sort, verb: str) -> Answer:
    """POST of a job: entries that cannot be understood fail alone."""
    kind = f"{sort.kind}-bulk-{verb}-job"
    data, faults = document(draft.call.body, kind)
    attributes = data.part("attributes")
    if isinstance(attributes.given.get(sort.list_name), list):
        entries = attributes.every(sort.list_name, most=_MOST)
    else:
        entries = attributes.part(sort.list_name).every("data", most=_MOST)
    refuse_if(faults)
    failed: list[jobs.JobFault] = []
    done: list[str] = []
    for entry in entries:
        own: list[Fault] = []
        try:
            ident = _take_one(draft, sort, verb, Members(entry.given, entry.at, own))
        except Refusal as refusal:
            ident, own = None, list(refusal.faults)
        if ident is None:
            first = own[0]
            told = plain(entry.given)
            failed.append(
                jobs.JobFault(
                    detail=first.detail, pointer=first.pointer, code=first.code, title=first.title, entry=told
                )
            )
        else:
            done.append(catalog_id(ident))
    job = jobs.keep(draft, kind, total=len(entries), faults=failed, members=tuple(done))
    shown = jobs.job_resource(draft.call, job, links=(sort.list_name,))
    return draft.intake(one(draft.call, shown, status=202))


def _take_one(draft: Draft, sort: Sort, verb: str, data: Members) -> str | None:
    """Carry out one entry of a job; its id, or None where its faults say why not."""
    data.kind(sort.kind)
    if verb == "create":
        created = _created(draft, sort, data) if not data.faults else None
        return created.id if created is not None else None
    ident = external_id_of(data.text("id", is_required=True) or "")
    if data.faults:
        return None
    entry = _linked(draft, sort.kind, ident, f"{data.at}/id")
    if verb == "delete":
        catalog.drop(draft, entry)
        return ident
    _changed(draft, sort, entry, data)
    return None if data.faults else ident


def relate(draft: Draft, *, method: str, is_item: bool) -> Answer:
    """The categories of an item and the items of a category: added, replaced or taken away."""
    sort = SORTS[0] if is_item else SORTS[2]
    entry = _at_path(draft, sort)
    faults: list[Fault] = []
    linked = Members(decode(draft.call.body), "", faults).every("data", most=1000, is_required=method != "PATCH")
    named = linked_ids(linked, CATEGORY if is_item else ITEM)
    refuse_if(faults)
    for ident in named:
        _linked(draft, CATEGORY if is_item else ITEM, ident, "/data")
    if is_item:
        whole = method == "PATCH"
        add, gone = (named, entry.categories if whole else ()) if method != "DELETE" else ((), named)
        _relate(draft, entry.id, add=tuple(add), gone=tuple(gone), at="/data")
        return draft.intake(NO_CONTENT)
    present = catalog.members_of(draft.shelves, entry.id)
    for ident in present if method == "PATCH" else named if method == "DELETE" else ():
        if ident not in named or method == "DELETE":
            _relate(draft, ident, gone=(entry.id,), at="/data")
    for ident in named if method != "DELETE" else ():
        _relate(draft, ident, add=(entry.id,), at="/data")
    return draft.intake(NO_CONTENT)


def _relate(draft: Draft, item: str, *, add: tuple[str, ...] = (), gone: tuple[str, ...] = (), at: str) -> None:
    entry = _linked(draft, ITEM, item, at)
    left = tuple(one_of for one_of in entry.categories if one_of not in gone)
    catalog.put(draft, replace(entry, categories=tuple(dict.fromkeys((*left, *add)))))


def endpoints() -> list[Endpoint]:
    """The catalog written, and its jobs."""
    made: list[Endpoint] = []
    for sort in SORTS:
        path = f"/api/{sort.plural}"
        own = f"{path}/{{id}}"
        made += [
            change("POST", path, partial(create, sort=sort), family=f"L create {sort.kind}"),
            change("PATCH", own, partial(update, sort=sort), family=f"L update {sort.kind}"),
            change("DELETE", own, partial(delete, sort=sort), family=f"L delete {sort.kind}"),
        ]
        for verb in ("create", "update", "delete"):
            kind = f"{sort.kind}-bulk-{verb}-job"
            links = (sort.list_name,)
            made += [
                change("POST", f"/api/{kind}s", partial(take_job, sort=sort, verb=verb), family=f"L {kind}"),
                read(f"/api/{kind}s", partial(jobs.get_many, kind=kind, links=links), family=f"L get {kind}"),
                read(f"/api/{kind}s/{{id}}", partial(jobs.get_one, kind=kind, links=links), family=f"L get {kind}"),
            ]
    for is_item, path in (
        (True, "/api/catalog-items/{id}/relationships/categories"),
        (False, "/api/catalog-categories/{id}/relationships/items"),
    ):
        made += [
            change(method, path, partial(relate, method=method, is_item=is_item), family=f"L {method} {path}")
            for method in ("POST", "PATCH", "DELETE")
        ]
    return made
