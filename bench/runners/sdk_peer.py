"""The script that a shop writes itself: a loop over the platform's official SDK, one request an event.

Usage: `python sdk_peer.py SHOP SINK FOLDER VIEW`. The folder is not used: such a script remembers nothing.
"""

from __future__ import annotations

import json
import sqlite3
import sys

from klaviyo_api import KlaviyoAPI

_, SHOP, SINK, _FOLDER, VIEW = sys.argv

client = KlaviyoAPI("pk_bench", max_delay=60, max_retries=10)
client.api_client.configuration.host = SINK

shop = sqlite3.connect(f"file:{SHOP}?mode=ro", uri=True)
for order, unique_id, metric, email, first_name, placed_at, value, currency, details in shop.execute(
    f"SELECT * FROM {VIEW}"
):
    client.Events.create_event(
        {
            "data": {
                "type": "event",
                "attributes": {
                    "metric": {"data": {"type": "metric", "attributes": {"name": metric}}},
                    "profile": {
                        "data": {"type": "profile", "attributes": {"email": email, "first_name": first_name}}
                    },
                    "properties": {"OrderId": order, "Details": json.loads(details)},
                    "time": placed_at,
                    "unique_id": unique_id,
                    "value": value,
                    "value_currency": currency,
                    "backfill": True,
                },
            }
        }
    )
