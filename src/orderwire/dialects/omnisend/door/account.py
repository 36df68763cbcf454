"""The account itself: what plugins ask before they connect a shop, and the shop they connect."""

from __future__ import annotations

from typing import Any

from orderwire.dialects.doorway import Answer, Call, Reply, Shelves
from orderwire.dialects.omnisend.door.ids import hex_id
from orderwire.dialects.omnisend.door.present import Present
from orderwire.dialects.omnisend.door.wire import Fields, decode
from orderwire.dialects.omnisend.shapes import encode

ACCOUNT = "account"
_STORE = "store"
_KEPT = ("website", "platform", "version", "phpVersion", "platformVersion", "currency", "name", "timezone")


def get_account(call: Call, shelves: Shelves) -> Answer:
    """The account in /v3. A shop not yet connected has no platform: only then plugins connect it."""
    store = _store(Present(call, shelves))
    shown = {
        "brandID": brand_id(call),
        "name": store.get("name") or call.source,
        "website": store.get("website") or "",
        "platform": store.get("platform") or "",
        "version": store.get("version") or "",
        "currency": store.get("currency") or "",
        "verified": bool(store.get("platform")),
    }
    return Reply(body=encode(shown))


def post_account(call: Call, shelves: Shelves) -> Answer:
    """Connect a shop in /v3."""
    present = Present(call, shelves)
    _connect(present)
    return present.intake(Reply(body=encode({"brandID": brand_id(call), "verified": True})))


def get_brand(call: Call, shelves: Shelves) -> Answer:
    """The account in /v5 and /api."""
    store = _store(Present(call, shelves))
    shown = {
        "brandID": brand_id(call),
        "name": store.get("name") or call.source,
        "website": store.get("website") or "",
        "platform": store.get("platform") or "",
        "currency": store.get("currency") or "",
        "timezone": store.get("timezone") or "UTC",
        "version": store.get("version") or "",
        "connected": bool(store.get("platform")),
    }
    return Reply(body=encode(shown))


def post_brand(call: Call, shelves: Shelves) -> Answer:
    """Connect a shop in /v5 and /api."""
    present = Present(call, shelves)
    fields = Fields.of(decode(call.body))
    for name in ("platform", "version", "website"):
        fields.text(name, required=True)
    fields.finish()
    _connect(present)
    return present.intake(Reply(body=encode({"brandID": brand_id(call), "connected": True})))


def brand_id(call: Call) -> str:
    """The account's id: what stands before the hyphen in its keys."""
    return call.account or hex_id("brand", call.source)


def _connect(present: Present) -> None:
    fields = Fields.of(decode(present.call.body))
    given = {name: fields.text(name) for name in _KEPT}
    fields.finish()
    store = _store(present) | {name: text for name, text in given.items() if text}
    present.keep(ACCOUNT, _STORE, store)


def _store(present: Present) -> dict[str, Any]:
    found = present.kept(ACCOUNT, _STORE)
    return found if isinstance(found, dict) else {}
