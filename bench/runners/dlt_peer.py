"""dlt with a custom destination that posts to the bulk endpoint, as its documentation shows.

Usage: `python dlt_peer.py SHOP SINK FOLDER VIEW`. A second run with the same folder resumes what the first left.
"""

from __future__ import annotations

import json
import os
import sqlite3
import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

_, SHOP, SINK, FOLDER, VIEW = sys.argv
os.environ |= {
    "DLT_DATA_DIR": str(Path(FOLDER) / "data"),
    "RUNTIME__DLTHUB_TELEMETRY": "false",
    "RUNTIME__LOG_LEVEL": "CRITICAL",
}

import dlt  # noqa: E402 - its settings are read from the environment when it is imported
from dlt.sources.helpers import requests  # noqa: E402

HEADERS = {
    "Authorization": "Klaviyo-API-Key pk_bench",
    "revision": "2026-07-15",
    "Content-Type": "application/vnd.api+json",
    "Accept": "application/vnd.api+json",
}


@dlt.resource(name="events", write_disposition="append", max_table_nesting=0)
def events() -> Iterator[list[dict[str, Any]]]:
    """The events of the shop, a thousand rows at a time."""
    shop = sqlite3.connect(f"file:{SHOP}?mode=ro", uri=True)
    shop.row_factory = sqlite3.Row
    rows = shop.execute(f"SELECT * FROM {VIEW}")
    while page := rows.fetchmany(1000):
        yield [dict(row) for row in page]


@dlt.destination(batch_size=1000, name="sink")
def sink(items: list[dict[str, Any]], table: dict[str, Any]) -> None:  # noqa: ARG001 - dlt passes it
    """Post a batch of events as one bulk job."""
    job = {
        "data": {
            "type": "event-bulk-create-job",
            "attributes": {"events-bulk-create": {"data": [entry(item) for item in items]}},
        }
    }
    requests.post(f"{SINK}/api/event-bulk-create-jobs", json=job, headers=HEADERS).raise_for_status()


def entry(item: dict[str, Any]) -> dict[str, Any]:
    """One event as an entry of a bulk job."""
    profile = {"type": "profile", "attributes": {"email": item["email"], "first_name": item["first_name"]}}
    placed_at = item["placed_at"]
    event = {
        "type": "event",
        "attributes": {
            "metric": {"data": {"type": "metric", "attributes": {"name": item["metric"]}}},
            "properties": {"OrderId": item["order_id"], "Details": json.loads(item["details"])},
            "time": placed_at.isoformat() if isinstance(placed_at, datetime) else placed_at,
            "unique_id": item["unique_id"],
            "value": item["value"],
            "value_currency": item["currency"],
        },
    }
    attributes = {"profile": {"data": profile}, "backfill": True, "events": {"data": [event]}}
    return {"type": "event-bulk-create", "attributes": attributes}


pipeline = dlt.pipeline(
    "orders", destination=sink, dataset_name="shop", pipelines_dir=str(Path(FOLDER) / "pipelines")
)
if pipeline.has_pending_data:
    pipeline.load()
else:
    pipeline.run(events())
