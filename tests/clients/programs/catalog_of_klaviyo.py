"""The catalog calls of `klaviyo-api`."""

from __future__ import annotations

from typing import Any

from trial import call

ITEM = "$custom:::$default:::MUG"
VARIANT = "$custom:::$default:::MUG-B"
CATEGORY = "$custom:::$default:::CUPS"


def entry(kind: str, ident: str, **attributes: Any) -> dict[str, Any]:
    told = {"external_id": ident, "title": "Mug", "description": "A mug.", "url": "https://shop.test/mug"}
    return {"type": kind, "attributes": told | attributes}


def variant(ident: str, item: str) -> dict[str, Any]:
    made = entry("catalog-variant", ident, sku=ident, price=11.5, inventory_quantity=3)
    return made | {"relationships": {"item": {"data": {"type": "catalog-item", "id": item}}}}


def category(ident: str) -> dict[str, Any]:
    return {"type": "catalog-category", "attributes": {"external_id": ident, "name": "Mugs"}}


def ids(answer: Any) -> list[str]:
    return [one.id for one in answer.data]


def catalog(sdk: Any) -> None:
    api = sdk.Catalogs
    call(
        "create_catalog_category",
        lambda: api.create_catalog_category({"data": category("CUPS")}),
        lambda a: a.data.id,
        CATEGORY,
    )
    call(
        "create_catalog_item",
        lambda: api.create_catalog_item({"data": entry("catalog-item", "MUG", price=10.5)}),
        lambda a: (a.data.id, a.data.attributes.price),
        (ITEM, 10.5),
    )
    call(
        "create_catalog_variant",
        lambda: api.create_catalog_variant({"data": variant("MUG-B", ITEM)}),
        lambda a: a.data.id,
        VARIANT,
    )
    groups = {"data": [{"type": "catalog-category", "id": CATEGORY}]}
    items = {"data": [{"type": "catalog-item", "id": ITEM}]}
    call("add_categories_to_catalog_item", lambda: api.add_categories_to_catalog_item(ITEM, groups))
    change = {"type": "catalog-item", "id": ITEM, "attributes": {"title": "Cup"}}
    call(
        "update_catalog_item",
        lambda: api.update_catalog_item(ITEM, {"data": change}),
        lambda a: (a.data.attributes.title, a.data.attributes.price),
        ("Cup", 10.5),
    )
    sold = {"type": "catalog-variant", "id": VARIANT, "attributes": {"inventory_quantity": 0}}
    call(
        "update_catalog_variant",
        lambda: api.update_catalog_variant(VARIANT, {"data": sold}),
        lambda a: (a.data.attributes.inventory_quantity, a.data.attributes.sku),
        (0, "MUG-B"),
    )
    renamed = {"type": "catalog-category", "id": CATEGORY, "attributes": {"name": "Cups"}}
    call(
        "update_catalog_category",
        lambda: api.update_catalog_category(CATEGORY, {"data": renamed}),
        lambda a: a.data.attributes.name,
        "Cups",
    )
    looking(api)
    relating(api, groups, items)
    leaving(api)


def relating(api: Any, groups: dict[str, Any], items: dict[str, Any]) -> None:
    call("update_items_for_catalog_category", lambda: api.update_items_for_catalog_category(CATEGORY, {"data": []}))
    call("get_categories_for_catalog_item, empty", lambda: api.get_categories_for_catalog_item(ITEM), ids, [])
    call("update_categories_for_catalog_item", lambda: api.update_categories_for_catalog_item(ITEM, groups))
    call("remove_items_from_catalog_category", lambda: api.remove_items_from_catalog_category(CATEGORY, items))
    call("add_items_to_catalog_category", lambda: api.add_items_to_catalog_category(CATEGORY, items))
    call("remove_categories_from_catalog_item", lambda: api.remove_categories_from_catalog_item(ITEM, groups))


def leaving(api: Any) -> None:
    waiting = {
        "type": "back-in-stock-subscription",
        "attributes": {
            "channels": ["EMAIL"],
            "profile": {"data": {"type": "profile", "attributes": {"email": "ana@mail.test"}}},
        },
        "relationships": {"variant": {"data": {"type": "catalog-variant", "id": VARIANT}}},
    }
    call("create_back_in_stock_subscription", lambda: api.create_back_in_stock_subscription({"data": waiting}))
    call("delete_catalog_variant", lambda: api.delete_catalog_variant(VARIANT))
    call("delete_catalog_item", lambda: api.delete_catalog_item(ITEM))
    call("delete_catalog_category", lambda: api.delete_catalog_category(CATEGORY))


def looking(api: Any) -> None:
    call(
        "get_catalog_items",
        lambda: api.get_catalog_items(include=["variants"], filter='contains(title,"cu")'),
        lambda a: (ids(a), [one.id for one in a.included]),
        ([ITEM], [VARIANT]),
    )
    call("get_catalog_item", lambda: api.get_catalog_item(ITEM), lambda a: a.data.attributes.title, "Cup")
    call("get_catalog_variants", lambda: api.get_catalog_variants(filter='equals(sku,"MUG-B")'), ids, [VARIANT])
    call("get_catalog_variant", lambda: api.get_catalog_variant(VARIANT), lambda a: a.data.attributes.price, 11.5)
    call("get_catalog_categories", api.get_catalog_categories, ids, [CATEGORY])
    call(
        "get_catalog_category",
        lambda: api.get_catalog_category(CATEGORY),
        lambda a: a.data.attributes.external_id,
        "CUPS",
    )
    for name, own, expected in (
        ("get_variants_for_catalog_item", ITEM, [VARIANT]),
        ("get_variant_ids_for_catalog_item", ITEM, [VARIANT]),
        ("get_categories_for_catalog_item", ITEM, [CATEGORY]),
        ("get_category_ids_for_catalog_item", ITEM, [CATEGORY]),
        ("get_items_for_catalog_category", CATEGORY, [ITEM]),
        ("get_item_ids_for_catalog_category", CATEGORY, [ITEM]),
    ):
        call(name, lambda name=name, own=own: getattr(api, name)(own), ids, expected)


def jobs(sdk: Any) -> None:
    api = sdk.Catalogs
    item = "$custom:::$default:::JUG"
    for noun, plural, made in (
        ("item", "items", entry("catalog-item", "JUG", price=17.49)),
        ("variant", "variants", variant("JUG-S", item)),
        ("category", "categories", category("JUGS")),
    ):
        follow(api, noun, plural, made)
        call(
            f"create_catalog_{noun} once more",
            lambda noun=noun, made=made: getattr(api, f"create_catalog_{noun}")({"data": made}),
            lambda a: a.data.type,
            f"catalog-{noun}",
        )


def follow(api: Any, noun: str, plural: str, made: dict[str, Any]) -> None:
    """Make, change and delete by jobs."""
    kind = f"catalog-{noun}"
    own = f"$custom:::$default:::{made['attributes']['external_id']}"
    change = {"type": kind, "id": own, "attributes": {"name": "Cups"} if noun == "category" else {"title": "Cup"}}
    named = f"catalog_{plural}" if noun == "item" else plural
    for verb, given in (("create", made), ("update", change), ("delete", {"type": kind, "id": own})):
        body = {"data": {"type": f"{kind}-bulk-{verb}-job", "attributes": {plural: {"data": [given]}}}}
        job = call(
            f"bulk_{verb}_catalog_{plural}",
            lambda verb=verb, body=body: getattr(api, f"bulk_{verb}_catalog_{plural}")(body),
            lambda a: a.data.attributes.total_count,
            1,
        )
        call(
            f"get_bulk_{verb}_{named}_job",
            lambda verb=verb, job=job: getattr(api, f"get_bulk_{verb}_{named}_job")(job.data.id),
            lambda a: (a.data.attributes.status, a.data.attributes.completed_count),
            ("complete", 1),
        )
        call(
            f"get_bulk_{verb}_{named}_jobs",
            lambda verb=verb: getattr(api, f"get_bulk_{verb}_{named}_jobs")(filter='equals(status,"complete")'),
            lambda a: len(a.data),
            1,
        )
