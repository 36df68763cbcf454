"""dlt's REST source against our stand-in of Ordergroove: every list, page by page, in both manners of paging."""

from __future__ import annotations

import json
import urllib.request
from typing import Any

from dlt.sources.rest_api import rest_api_source
from trial import HOUSE, call

LISTS = {
    "customers": "merchant_user_id",
    "subscriptions": "public_id",
    "orders": "public_id",
    "items": "public_id",
    "products": "external_product_id",
}


def source(*, by_cursor: bool) -> Any:
    headers = {"x-api-key": HOUSE["key"]} | ({"X-OG-API-VERSION": "2"} if by_cursor else {})
    return rest_api_source(
        {
            "client": {
                "base_url": f"{HOUSE['url']}/",
                "headers": headers,
                "paginator": {"type": "json_link", "next_url_path": "next"},
            },
            "resources": [
                {
                    "name": name,
                    "endpoint": {"path": f"{name}/", "params": {"page_size": 7}, "data_selector": "results"},
                }
                for name in LISTS
            ],
        }
    )


def counted(name: str) -> int:
    """How many there are, as the old manner of paging says."""
    request = urllib.request.Request(f"{HOUSE['url']}/{name}/?page_size=1", headers={"x-api-key": HOUSE["key"]})
    with urllib.request.urlopen(request, timeout=20) as reply:
        return int(json.loads(reply.read())["count"])


if __name__ == "__main__":
    for by_cursor in (True, False):
        for name, key in LISTS.items():
            call(
                f"{name} {'by cursor' if by_cursor else 'by page'}",
                lambda name=name, by_cursor=by_cursor: list(source(by_cursor=by_cursor).resources[name]),
                lambda rows, key=key: (len(rows), len({row[key] for row in rows})),
                (counted(name), counted(name)),
            )
    one = next(iter(source(by_cursor=True).resources["subscriptions"]), {})
    call(
        "items of one subscription",
        lambda: list(
            rest_api_source(
                {
                    "client": {"base_url": f"{HOUSE['url']}/", "headers": {"x-api-key": HOUSE["key"]}},
                    "resources": [
                        {
                            "name": "items",
                            "endpoint": {
                                "path": "items/",
                                "params": {"subscription": one["public_id"]},
                                "data_selector": "results",
                                "paginator": {"type": "json_link", "next_url_path": "next"},
                            },
                        }
                    ],
                }
            ).resources["items"]
        ),
        lambda rows: {row["subscription"] for row in rows} <= {one["public_id"]},
        True,
    )
