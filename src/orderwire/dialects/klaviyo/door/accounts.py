"""The account, which many plugins ask for to see whether their key is right, and the metrics it has."""

from __future__ import annotations

from typing import Any

from msgspec import json

from orderwire.dialects.doorway import Call, Endpoint, Reply, Shelves
from orderwire.dialects.klaviyo.door import metrics
from orderwire.dialects.klaviyo.door.answering import read
from orderwire.dialects.klaviyo.door.documents import Resource, many, one, resource
from orderwire.dialects.klaviyo.door.draft import CURRENCY, FALLBACK_CURRENCY, SETTINGS
from orderwire.dialects.klaviyo.door.faults import not_found
from orderwire.dialects.klaviyo.door.queries import Offer, asked, is_like

_METRICS = Offer(
    filters={"integration.name": ("equals",), "integration.category": ("equals",), "name": ("equals",)},
    size=200,
    most=200,
    include=("flow-triggers",),
)
_MOST_METRICS = 10_000


def _account(call: Call, shelves: Shelves) -> Resource:
    found = shelves.document(SETTINGS, CURRENCY)
    name = call.source or "Orderwire"
    attributes: dict[str, Any] = {
        "test_account": False,
        "contact_information": {
            "default_sender_name": name,
            "default_sender_email": "",
            "website_url": None,
            "organization_name": name,
            "street_address": dict.fromkeys(("address1", "address2", "city", "region", "country", "zip")),
        },
        "industry": None,
        "timezone": "UTC",
        "preferred_currency": found.body.decode() if found else FALLBACK_CURRENCY,
        "public_api_key": call.account,
        "locale": "en-US",
    }
    return resource(call, "account", call.account, attributes, plural="accounts")


def get_accounts(call: Call, shelves: Shelves) -> Reply:
    """GET /api/accounts."""
    return many(call, [_account(call, shelves)])


def get_account(call: Call, shelves: Shelves) -> Reply:
    """GET /api/accounts/{id}."""
    if call.parameters["id"] != call.account:
        raise not_found("account", call.parameters["id"])
    return one(call, _account(call, shelves))


def every_metric(shelves: Shelves) -> list[metrics.Metric]:
    """The platform's own metrics, then those that events here were the first of."""
    kept = shelves.documents(metrics.COLLECTION, limit=_MOST_METRICS)
    return [*metrics.STANDARD.values(), *(json.decode(one_kept.body, type=metrics.Metric) for one_kept in kept)]


def get_metrics(call: Call, shelves: Shelves) -> Reply:
    """GET /api/metrics."""
    wanted = asked(call, _METRICS)
    name, category = metrics.API["name"], metrics.API["category"]
    found = [
        metric
        for metric in every_metric(shelves)
        if is_like(name, wanted.of("integration.name"))
        and is_like(category, wanted.of("integration.category"))
        and is_like(metric.name, wanted.of("name"))
    ]
    start = int(wanted.cursor) if wanted.cursor.isdecimal() else 0
    end = start + wanted.size
    included: list[Resource] | None = [] if wanted.include else None
    shown = [metrics.metric_resource(call, metric) for metric in found[start:end]]
    return many(call, shown, following=str(end) if end < len(found) else "", included=included)


def get_metric(call: Call, shelves: Shelves) -> Reply:
    """GET /api/metrics/{id}."""
    metric = metrics.find(shelves, call.parameters["id"])
    if metric is None:
        raise not_found("metric", call.parameters["id"])
    included: list[Resource] | None = [] if call.asked("include") else None
    return one(call, metrics.metric_resource(call, metric), included=included)


def _nothing(call: Call, shelves: Shelves) -> Reply:
    get_metric(call, shelves)
    return many(call, [])


def endpoints() -> list[Endpoint]:
    """The account and its metrics."""
    own = "/api/metrics/{id}"
    return [
        read("/api/accounts", get_accounts, family="XS accounts"),
        read("/api/accounts/{id}", get_account, family="XS accounts"),
        read("/api/metrics", get_metrics, family="M metrics"),
        read(own, get_metric, family="M metric"),
        read(f"{own}/flow-triggers", _nothing, family="M metric", note="always empty"),
        read(f"{own}/relationships/flow-triggers", _nothing, family="M metric", note="always empty"),
    ]
