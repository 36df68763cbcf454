"""The peers' own files for one job: a webhook comes in, an HTTP request goes out.

Each is wired as the tool's documentation teaches it. In Node-RED, the *http in* node has two wires: to the *http
response* node that answers, and to the *http request* node that sends. In n8n, the *Webhook* node answers at once, as
it does by default, and the *HTTP Request* node sends, with *Retry On Fail* on at the most that it offers.
"""

from __future__ import annotations

import json
from typing import Any

from orderwire.dialects.klaviyo.dialect import REVISION

PATH = "orders"
_SEND = (
    ("Authorization", "Klaviyo-API-Key pk_bench"),
    ("revision", REVISION),
    ("Accept", "application/vnd.api+json"),
)
_EVENT = """{
  data: {
    type: "event",
    attributes: {
      metric: { data: { type: "metric", attributes: { name: "Placed Order" } } },
      profile: { data: { type: "profile", attributes: { email: ORDER.identity.email } } },
      properties: {
        OrderId: ORDER.order_id,
        Items: ORDER.lines.map((line) => ({
          ProductName: line.name, SKU: line.sku, Quantity: line.quantity, RowTotal: line.total / 100,
        })),
      },
      time: ORDER.placed_at,
      unique_id: ORDER.order_id,
      value: ORDER.total / 100,
      value_currency: ORDER.currency,
    },
  },
}"""
"""The event of an order, as an expression of JavaScript."""
MOST_TRIES, BETWEEN_TRIES = 5, 5_000
"""The most that n8n's node offers: tries, and milliseconds between them."""


def node_red(sink: str) -> str:
    """The flows file."""
    event = _EVENT.replace("ORDER", "order")
    headers = dict(_SEND) | {"Content-Type": "application/json"}
    function = (
        f"const order = msg.payload;\nmsg.headers = {json.dumps(headers)};\nmsg.payload = {event};\nreturn msg;"
    )
    tab = "orders"
    nodes: list[dict[str, Any]] = [
        {"id": tab, "type": "tab", "label": "orders"},
        {
            "id": "in",
            "z": tab,
            "type": "http in",
            "url": f"/{PATH}",
            "method": "post",
            "wires": [["answer", "event"]],
        },
        {"id": "answer", "z": tab, "type": "http response", "statusCode": "202", "wires": []},
        {"id": "event", "z": tab, "type": "function", "func": function, "outputs": 1, "wires": [["send"]]},
        {
            "id": "send",
            "z": tab,
            "type": "http request",
            "method": "POST",
            "ret": "txt",
            "url": f"{sink}/api/events",
            "wires": [[]],
        },
    ]
    return json.dumps(nodes)


def n8n(sink: str) -> str:
    """The workflow, for `n8n import:workflow`."""
    event = _EVENT.replace("ORDER", "$json.body")
    workflow = {
        "id": "orders",
        "name": "orders",
        "active": False,
        "settings": {"executionOrder": "v1"},
        "nodes": [
            {
                "id": "11111111-1111-4111-8111-111111111111",
                "name": "Webhook",
                "type": "n8n-nodes-base.webhook",
                "typeVersion": 2,
                "position": [0, 0],
                "webhookId": "22222222-2222-4222-8222-222222222222",
                "parameters": {"httpMethod": "POST", "path": PATH, "options": {}},
            },
            {
                "id": "33333333-3333-4333-8333-333333333333",
                "name": "HTTP Request",
                "type": "n8n-nodes-base.httpRequest",
                "typeVersion": 4.2,
                "position": [220, 0],
                "retryOnFail": True,
                "maxTries": MOST_TRIES,
                "waitBetweenTries": BETWEEN_TRIES,
                "parameters": {
                    "method": "POST",
                    "url": f"{sink}/api/events",
                    "sendHeaders": True,
                    "headerParameters": {"parameters": [{"name": name, "value": value} for name, value in _SEND]},
                    "sendBody": True,
                    "specifyBody": "json",
                    "jsonBody": f"={{{{ JSON.stringify({event}) }}}}",
                    "options": {},
                },
            },
        ],
        "connections": {"Webhook": {"main": [[{"node": "HTTP Request", "type": "main", "index": 0}]]}},
    }
    return json.dumps([workflow])
