"""The calls about products."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

from msgspec import MsgspecError, json
from msgspec.structs import replace

from orderwire.dialects.doorway import Answer, Call, Reply, Shelves
from orderwire.dialects.omnisend.door.categories import title_in
from orderwire.dialects.omnisend.door.contacts_show import stamp
from orderwire.dialects.omnisend.door.pages import all_snapshots, by_offset, elsewhere
from orderwire.dialects.omnisend.door.present import Present
from orderwire.dialects.omnisend.door.products_read import Kept, KeptVariant, kept_of, read_product, record_of
from orderwire.dialects.omnisend.door.refusals import Generation, Refusal
from orderwire.dialects.omnisend.door.wire import Fields, decode
from orderwire.dialects.omnisend.shapes import encode
from orderwire.model import Product

PRODUCTS = "product"


def post(call: Call, shelves: Shelves) -> Answer:
    """A new product."""
    present = Present(call, shelves)
    status, body = create(present, decode(call.body), call.body)
    return present.intake(Reply(status=status, body=encode(body)))


def put(call: Call, shelves: Shelves) -> Answer:
    """A product as a whole: what is not given is gone."""
    present = Present(call, shelves)
    status, body = replace_whole(present, decode(call.body), call.body, call.parameters.get("id", ""))
    return present.intake(Reply(status=status, body=encode(body)))


def patch(call: Call, shelves: Shelves) -> Answer:
    """Some fields of a product."""
    present = Present(call, shelves)
    product_id = call.parameters.get("id", "")
    fields = Fields.of(decode(call.body))
    before = _held(present, product_id)
    if before is None:
        raise _missing(present.generation, product_id)
    kept = read_product(fields, present.generation, present.at, product_id=product_id, before=before)
    fields.finish()
    _keep(present, kept, call.body)
    return present.intake(Reply(body=encode({_id_name(present.generation): product_id})))


def delete(call: Call, shelves: Shelves) -> Answer:
    """A product no more."""
    present = Present(call, shelves)
    product_id = call.parameters.get("id", "")
    kept = _held(present, product_id)
    if kept is None:
        if present.generation is Generation.V3:
            raise Refusal(422, "product not found")
        raise _missing(present.generation, product_id)
    present.record(record_of(kept, title_in(present), removed_at=present.at))
    present.drop(PRODUCTS, product_id)
    return present.intake(Reply(status=204))


def get(call: Call, shelves: Shelves) -> Answer:
    """One product."""
    present = Present(call, shelves)
    product_id = call.parameters.get("id", "")
    kept = _held(present, product_id) or _held_elsewhere(present, product_id)
    if kept is None and present.generation is Generation.V3:
        raise Refusal(404, f"Product with ProductID `{product_id}` not found")
    if kept is None:
        raise _missing(present.generation, product_id)
    return Reply(body=encode(_show(kept, present.generation)))


def list_products(call: Call, shelves: Shelves) -> Answer:
    """A page of products, of any source."""
    present = Present(call, shelves)
    vendor, kind, sort = call.asked("vendor"), call.asked("type"), call.asked("sort")
    first: Callable[[Kept], Any] | None = None
    if sort == "createdAt":
        first = _newest_created
    elif sort == "updatedAt":
        first = _newest_updated
    rows = (one for one in _all(present) if (not vendor or one.vendor == vendor) and (not kind or one.type == kind))
    return by_offset(call, "products", rows, lambda one: _show(one, present.generation), first=first)


def create(present: Present, body: Any, raw: bytes) -> tuple[int, dict[str, Any]]:
    """A new product of a call or a batch.

    Raises:
        Refusal: there is one with this id, or it is not understood.
    """
    fields = Fields.of(body)
    kept = read_product(fields, present.generation, present.at)
    fields.finish()
    if kept is not None and _held(present, kept.id) is not None:
        if present.generation is Generation.V3:
            raise Refusal(422, f"Product with '{kept.id}' productID already exists")
        raise Refusal(409, f"Product with id '{kept.id}' already exists")
    product_id = _keep(present, kept, raw)
    return (200 if present.generation is Generation.V3 else 201), {_id_name(present.generation): product_id}


def replace_whole(present: Present, body: Any, raw: bytes, product_id: str = "") -> tuple[int, dict[str, Any]]:
    """A product of a call or a batch put in place of the one there is.

    Raises:
        Refusal: there is none with this id, or it is not understood.
    """
    fields = Fields.of(body)
    kept = read_product(fields, present.generation, present.at, product_id=product_id or None)
    fields.finish()
    before = _held(present, kept.id) if kept else None
    if kept is None or before is None:
        raise _missing(present.generation, kept.id if kept else product_id, is_put=True)
    if not fields.has("createdAt"):
        kept = replace(kept, created_at=before.created_at)
    _keep(present, kept, raw)
    return 200, {_id_name(present.generation): kept.id}


def _keep(present: Present, kept: Kept | None, raw: bytes) -> str:
    if kept is None:
        raise Refusal(400, "Request body is not a product")
    present.record(record_of(kept, title_in(present)), raw)
    present.keep(PRODUCTS, kept.id, json.encode(kept))
    return kept.id


def _held(present: Present, product_id: str) -> Kept | None:
    """The product there is: as it was given here, or as another way told of it."""
    product = present.product(product_id) if product_id and "\0" not in product_id else None
    return None if product is None else _as_given(present, product)


def _held_elsewhere(present: Present, product_id: str) -> Kept | None:
    found = elsewhere(present.shelves, "product", product_id)
    return kept_of(found, present.at) if isinstance(found, Product) and found.removed_at is None else None


def _as_given(present: Present, product: Product) -> Kept:
    document = present.kept(PRODUCTS, product.product_id)
    if document is not None:
        try:
            return json.decode(json.encode(document), type=Kept, strict=False)
        except MsgspecError:
            pass
    return kept_of(product, present.at)


def _all(present: Present) -> Iterator[Kept]:
    for source, record in all_snapshots(present.shelves, "product"):
        if isinstance(record, Product) and record.removed_at is None:
            yield _as_given(present, record) if source == present.call.source else kept_of(record, present.at)


def _newest_created(kept: Kept) -> float:
    return -kept.created_at.timestamp()


def _newest_updated(kept: Kept) -> float:
    return -kept.updated_at.timestamp()


def _id_name(generation: Generation) -> str:
    return "productID" if generation is Generation.V3 else "id"


def _missing(generation: Generation, product_id: str, *, is_put: bool = False) -> Refusal:
    if generation is Generation.V3:
        words = "doesn't exist" if is_put else "not found"
        return Refusal(404, f"Product with '{product_id}' productID {words}")
    return Refusal(404, f"Product with id '{product_id}' not found")


def _show(kept: Kept, generation: Generation) -> dict[str, Any]:
    is_v3 = generation is Generation.V3
    shown: dict[str, Any] = {
        _id_name(generation): kept.id,
        "title": kept.title,
        "status": kept.status,
        "description": kept.description,
        "currency": kept.currency,
        "productUrl" if is_v3 else "url": kept.url,
        "vendor": kept.vendor,
        "type": kept.type,
        "tags": list(kept.tags),
        "categoryIDs": list(kept.category_ids),
        "createdAt": stamp(kept.created_at),
        "updatedAt": stamp(kept.updated_at),
        "variants": [_show_variant(one, is_v3) for one in kept.variants],
    }
    if is_v3:
        shown["images"] = [
            {
                "imageID": image,
                "url": url,
                "isDefault": place == 0,
                "variantIDs": [one.id for one in kept.variants if one.image == image],
            }
            for place, (image, url) in enumerate(kept.images)
        ]
        return shown
    return shown | {"defaultImageUrl": kept.image, "images": [url for _, url in kept.images]}


def _show_variant(one: KeptVariant, is_v3: bool) -> dict[str, Any]:
    if is_v3:
        return {
            "variantID": one.id,
            "title": one.title,
            "sku": one.sku,
            "status": one.status,
            "price": _cents(one.price),
            "oldPrice": _cents(one.old_price),
            "productUrl": one.url,
            "imageID": one.image,
        }
    return {
        "id": one.id,
        "title": one.title,
        "sku": one.sku,
        "status": one.status,
        "price": one.price if one.price is not None else 0,
        "strikeThroughPrice": one.old_price,
        "url": one.url,
        "description": one.description,
        "defaultImageUrl": one.image,
        "images": list(one.images),
    }


def _cents(price: Decimal | None) -> int:
    return 0 if price is None else int(price.scaleb(2).to_integral_value())
