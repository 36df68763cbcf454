"""The catalog shown: entries, by filter, and what belongs to them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from orderwire.dialects.doorway import Call, Endpoint, Reply, Shelves
from orderwire.dialects.klaviyo.door import catalog
from orderwire.dialects.klaviyo.door.answering import read
from orderwire.dialects.klaviyo.door.catalog import CATEGORY, ITEM, VARIANT, Entry
from orderwire.dialects.klaviyo.door.catalog_shapes import SORTS, Sort, shown
from orderwire.dialects.klaviyo.door.documents import Resource, many, one, reference, resource, stamp
from orderwire.dialects.klaviyo.door.faults import not_found
from orderwire.dialects.klaviyo.door.ids import catalog_id, external_id_of
from orderwire.dialects.klaviyo.door.queries import Asked, Offer, asked, is_like

_PLURALS = {ITEM: "catalog-items", VARIANT: "catalog-variants", CATEGORY: "catalog-categories"}
_ITEM, _VARIANT, _CATEGORY = SORTS
_FILTERS = {
    "ids": ("any",),
    "category.id": ("equals",),
    "item.id": ("equals",),
    "sku": ("equals",),
    "title": ("contains",),
    "name": ("contains",),
    "published": ("equals",),
}
_OFFER = Offer(filters=_FILTERS, sorts=("created",), size=100, most=100, include=("variants",))
_ALL = 500


def entry_resource(call: Call, entry: Entry) -> Resource:
    """An entry as a resource."""
    attributes: dict[str, Any] = shown(entry.kind, entry.id, entry.attributes)
    if entry.kind != CATEGORY:
        attributes["created"] = stamp(entry.created)
    attributes["updated"] = stamp(entry.updated)
    links: dict[str, Any] = {}
    plain_links: tuple[str, ...] = ()
    if entry.kind == ITEM:
        links["variants"] = [reference(VARIANT, catalog_id(ident)) for ident in entry.variants]
        plain_links = ("categories",)
    elif entry.kind == VARIANT:
        links["item"] = reference(ITEM, catalog_id(entry.item))
    else:
        plain_links = ("items",)
    plural = _PLURALS[entry.kind]
    return resource(
        call, entry.kind, catalog_id(entry.id), attributes, plural=plural, links=plain_links, linked=links
    )


def _entry_at(call: Call, shelves: Shelves, sort: Sort) -> Entry:
    identity = call.parameters["id"]
    entry = catalog.find(shelves, sort.kind, external_id_of(identity))
    if entry is None:
        raise not_found(sort.kind.replace("-", " "), identity)
    return entry


def get_one(call: Call, shelves: Shelves, sort: Sort) -> Reply:
    """GET of one entry."""
    wanted = asked(call, _OFFER)
    entry = _entry_at(call, shelves, sort)
    return one(call, entry_resource(call, entry), included=_variants(call, shelves, [entry], wanted))


def _variants(call: Call, shelves: Shelves, entries: list[Entry], wanted: Asked) -> list[Resource] | None:
    if "variants" not in wanted.include:
        return None
    found = [catalog.find(shelves, VARIANT, ident) for entry in entries for ident in entry.variants]
    return [entry_resource(call, variant) for variant in found if variant is not None]


def get_many(call: Call, shelves: Shelves, sort: Sort) -> Reply:
    """GET of many entries."""
    wanted = asked(call, _OFFER)
    return _page(call, shelves, _every(shelves, sort.kind, wanted), wanted)


def _every(shelves: Shelves, kind: str, wanted: Asked) -> Iterator[Entry]:
    """The entries of a sort in order, behind the place that the cursor names."""
    named = wanted.of("ids")
    if named:
        idents = dict.fromkeys(external_id_of(value) for value in named[0].values)
        found = [entry for ident in idents if (entry := catalog.find(shelves, kind, ident)) is not None]
        yield from _behind(iter(found), wanted)
        return
    rank, _, key = wanted.cursor.partition("|")
    after = (rank, key) if key else None
    while page := shelves.documents(kind, after=after, limit=_ALL, is_last_first=wanted.is_descending):
        yield from map(catalog.entry_in, page)
        after = (page[-1].rank, page[-1].key)


def _behind(entries: Iterator[Entry], wanted: Asked) -> Iterator[Entry]:
    """Those of a short list that stand behind the place of the cursor."""
    _, _, key = wanted.cursor.partition("|")
    is_past = not key
    for entry in entries:
        if is_past:
            yield entry
        is_past = is_past or entry.id == key


def _page(call: Call, shelves: Shelves, entries: Iterator[Entry], wanted: Asked, *, is_whole: bool = True) -> Reply:
    page: list[Entry] = []
    following = ""
    for entry in entries:
        if not _is_asked_for(entry, wanted):
            continue
        if len(page) == wanted.size:
            following = f"{stamp(page[-1].created)}|{page[-1].id}"
            break
        page.append(entry)
    if not is_whole:
        return many(call, [reference(entry.kind, catalog_id(entry.id)) for entry in page], following=following)
    included = _variants(call, shelves, page, wanted)
    return many(call, [entry_resource(call, entry) for entry in page], following=following, included=included)


def _is_asked_for(entry: Entry, wanted: Asked) -> bool:
    told = entry.attributes
    categories = {external_id_of(condition.value) for condition in wanted.of("category.id")}
    items = {external_id_of(condition.value) for condition in wanted.of("item.id")}
    return (
        (not categories or categories <= set(entry.categories))
        and (not items or items == {entry.item})
        and is_like(told.get("sku"), wanted.of("sku"))
        and is_like(told.get("title"), wanted.of("title"))
        and is_like(told.get("name"), wanted.of("name"))
        and is_like(told.get("published") is not False, wanted.of("published"))
    )


def get_related(call: Call, shelves: Shelves, sort: Sort, name: str, *, is_whole: bool) -> Reply:
    """What belongs to an entry: variants and categories of an item, items of a category, the item of a variant."""
    wanted = asked(call, _OFFER)
    entry = _entry_at(call, shelves, sort)
    match name:
        case "variants":
            found = [catalog.find(shelves, VARIANT, ident) for ident in entry.variants]
        case "categories":
            found = [catalog.find(shelves, CATEGORY, ident) for ident in entry.categories]
        case _:
            found = [catalog.find(shelves, ITEM, ident) for ident in catalog.members_of(shelves, entry.id)]
    present = (one_found for one_found in found if one_found is not None)
    return _page(call, shelves, _behind(present, wanted), wanted, is_whole=is_whole)


def endpoints() -> list[Endpoint]:
    """The catalog read."""
    made: list[Endpoint] = []
    for sort in SORTS:
        path = f"/api/{sort.plural}"
        made += [
            read(path, partial(get_many, sort=sort), family=f"XL get {sort.kind}s"),
            read(f"{path}/{{id}}", partial(get_one, sort=sort), family=f"XL get {sort.kind}"),
        ]
    for sort, name in ((_ITEM, "variants"), (_ITEM, "categories"), (_CATEGORY, "items")):
        own = f"/api/{sort.plural}/{{id}}"
        made += [
            read(
                f"{own}/{name}",
                partial(get_related, sort=sort, name=name, is_whole=True),
                family=f"XL {sort.kind} {name}",
            ),
            read(
                f"{own}/relationships/{name}",
                partial(get_related, sort=sort, name=name, is_whole=False),
                family=f"XL {sort.kind} {name}",
            ),
        ]
    return made
