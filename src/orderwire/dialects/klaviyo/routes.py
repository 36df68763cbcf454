"""Klaviyo's endpoints as data: paths, frames, rate tiers and limits.

A frame is what `assemble` puts around the joined items. Every endpoint has its own pair of fixed windows; the tiers
only name their sizes.
"""

from __future__ import annotations

from typing import NamedTuple

from orderwire.dialects.contract import Budget, Confirmation, History, Once, Resend, Route, Semantics, Window

_TIERS: dict[str, tuple[tuple[Window, ...], int]] = {
    "XS": ((Window(1, 1), Window(15, 60)), 1),
    "S": ((Window(3, 1), Window(60, 60)), 2),
    "M": ((Window(10, 1), Window(150, 60)), 4),
    "L": ((Window(75, 1), Window(700, 60)), 8),
    "XL": ((Window(350, 1), Window(3500, 60)), 16),
}
_SOURCE = "Klaviyo OpenAPI 2026-07-15 and the rate limit guide; tier {}"

_TIER_BY_BUDGET = {
    "events": "M",
    "event": "XL",
    "profiles": "M",
    "profile": "L",
    "subscribe": "L",
    "unsubscribe": "L",
    "catalog_item_create": "L",
    "catalog_item_update": "L",
    "catalog_item_delete": "L",
    "catalog_variant_create": "L",
    "catalog_variant_update": "L",
    "catalog_variant_delete": "L",
    "read_profiles": "L",
    "read_profile_jobs": "M",
    "read_catalog": "XL",
    "read_events": "XL",
    "read_metrics": "M",
    "account": "XS",
    "erase": "S",
}

BUDGETS: tuple[Budget, ...] = tuple(
    Budget(name=name, windows=_TIERS[tier][0], concurrency=_TIERS[tier][1], source=_SOURCE.format(tier))
    for name, tier in _TIER_BY_BUDGET.items()
)

MEGABYTES_5 = 5_000_000
"""Five megabytes read as the smaller of its two meanings."""


class Frame(NamedTuple):
    """Where the items of a route go, and the JSON before and after them."""

    path: str
    before: bytes
    after: bytes


def _bulk(job: str, items: str) -> Frame:
    before = f'{{"data":{{"type":"{job}","attributes":{{"{items}":{{"data":['
    return Frame(f"/api/{job}s", before.encode(), b"]}}}}")


_SINGLE = (b'{"data":', b"}")

FRAMES: dict[str, Frame] = {
    "events": _bulk("event-bulk-create-job", "events-bulk-create"),
    "event": Frame("/api/events", *_SINGLE),
    "profiles": _bulk("profile-bulk-import-job", "profiles"),
    "profile": Frame("/api/profile-import", *_SINGLE),
    "subscribe_history": _bulk("profile-subscription-bulk-create-job", "profiles"),
    "subscribe": _bulk("profile-subscription-bulk-create-job", "profiles"),
    "unsubscribe": _bulk("profile-subscription-bulk-delete-job", "profiles"),
    "catalog_item_create": _bulk("catalog-item-bulk-create-job", "items"),
    "catalog_item_update": _bulk("catalog-item-bulk-update-job", "items"),
    "catalog_item_delete": _bulk("catalog-item-bulk-delete-job", "items"),
    "catalog_variant_create": _bulk("catalog-variant-bulk-create-job", "variants"),
    "catalog_variant_update": _bulk("catalog-variant-bulk-update-job", "variants"),
    "catalog_variant_delete": _bulk("catalog-variant-bulk-delete-job", "variants"),
}
"""The subscribe frames are completed by `dialect.assemble` with what the platform takes per request."""


def _catalog(thing: str, verb: str, note: str) -> Route:
    return Route(
        name=f"catalog_{thing}_{verb}",
        budget=f"catalog_{thing}_{verb}",
        resend=Resend.OVERWRITES,
        semantics=Semantics.STATE,
        history=History.MAY_FIRE,
        confirmation=Confirmation.BY_JOB,
        max_weight=100,
        max_bytes=MEGABYTES_5,
        names_culprit=True,
        once=Once.PERSON,
        note=note,
    )


_PRICE_DROP = "Price drop, low inventory and back-in-stock flows look at the catalog."
_AGAIN = "Creating what is there is answered as a failure of that entry and changes nothing; the update follows."

ROUTES: tuple[Route, ...] = (
    Route(
        name="events",
        budget="events",
        resend=Resend.DEDUPLICATED,
        semantics=Semantics.EVENT,
        history=History.QUIET,
        max_weight=1000,
        max_bytes=MEGABYTES_5,
        max_item_bytes=MEGABYTES_5 - 512,
        names_culprit=True,
        note="`backfill` keeps history from starting flows. 202 means validated and queued; nothing later tells.",
    ),
    Route(
        name="event",
        budget="event",
        resend=Resend.DEDUPLICATED,
        semantics=Semantics.EVENT,
        history=History.QUIET,
        max_bytes=MEGABYTES_5,
        max_item_bytes=MEGABYTES_5 - 512,
        names_culprit=True,
        note="Live facts that are one event.",
    ),
    Route(
        name="profiles",
        budget="profiles",
        resend=Resend.OVERWRITES,
        semantics=Semantics.STATE,
        history=History.MAY_FIRE,
        confirmation=Confirmation.BY_JOB,
        max_weight=10_000,
        max_bytes=MEGABYTES_5,
        max_item_bytes=99_900,
        names_culprit=True,
        once=Once.PERSON,
        note="A changed property can move a profile into a segment, or be a date that a flow waits for.",
    ),
    Route(
        name="profile",
        budget="profile",
        resend=Resend.OVERWRITES,
        semantics=Semantics.STATE,
        history=History.MAY_FIRE,
        confirmation=Confirmation.IN_REPLY,
        max_bytes=100_000,
        max_item_bytes=99_900,
        frame_bytes=64,
        names_culprit=True,
    ),
    Route(
        name="subscribe_history",
        budget="subscribe",
        resend=Resend.OVERWRITES,
        semantics=Semantics.STATE,
        history=History.QUIET,
        max_weight=1000,
        max_bytes=MEGABYTES_5,
        frame_bytes=2048,
        names_culprit=True,
        once=Once.PERSON,
        note="`historical_import` skips double opt-in and list flows, and demands each profile's own date.",
    ),
    Route(
        name="subscribe",
        budget="subscribe",
        resend=Resend.TRIGGERS,
        semantics=Semantics.STATE,
        history=History.MAY_FIRE,
        max_weight=1000,
        max_bytes=MEGABYTES_5,
        frame_bytes=2048,
        names_culprit=True,
        once=Once.PERSON,
        note="News only. May send a double opt-in mail; one job per profile within 30 minutes.",
    ),
    Route(
        name="unsubscribe",
        budget="unsubscribe",
        resend=Resend.OVERWRITES,
        semantics=Semantics.STATE,
        history=History.MAY_FIRE,
        max_weight=100,
        max_bytes=MEGABYTES_5,
        names_culprit=True,
        once=Once.PERSON,
        note="Without a list, so that it holds everywhere. Fires `Unsubscribed from Email Marketing`.",
    ),
    _catalog("item", "create", _AGAIN),
    _catalog("item", "update", _PRICE_DROP),
    _catalog("item", "delete", "Deleting what is gone is done already."),
    _catalog("variant", "create", _AGAIN),
    _catalog("variant", "update", _PRICE_DROP),
    _catalog("variant", "delete", "Deleting what is gone is done already."),
)
