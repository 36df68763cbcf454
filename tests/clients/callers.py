"""How a caller of each door shows its key, fills paths, and places an order that must not be lost."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from orderwire.dialects.doorway import Endpoint, Scope

Headers = tuple[tuple[str, str], ...]
_AT = "2026-02-01T10:00:00Z"


@dataclass(frozen=True, kw_only=True)
class Keys:
    """What opens a door: a secret for servers, one for browsers, and the account both are for."""

    secret: str
    public: str
    account: str


def headers_of(platform: str, endpoint: Endpoint | None, keys: Keys) -> Headers:
    """The headers that carry the key, as the platform's clients send it."""
    secret = keys.public if endpoint is not None and endpoint.scope is Scope.BROWSE and keys.public else keys.secret
    match platform:
        case "drip":
            return (("Authorization", f"Basic {_basic(keys.secret, '')}"),)
        case "klaviyo":
            dress = ("Authorization", f"Klaviyo-API-Key {keys.secret}")
            return (dress, ("revision", "2026-07-15"), ("api-key", keys.secret))
        case "omnisend":
            return (("X-API-KEY", keys.secret), ("Omnisend-Version", "2026-03-15"))
        case "ometria":
            return (("X-Ometria-Auth", secret),)
        case "yespo":
            return (("Authorization", f"Basic {_basic('shop', keys.secret)}"),)
        case _:
            return (("Authorization", f"Bearer {keys.secret}"),)


def target_of(platform: str, endpoint: Endpoint, keys: Keys, values: Mapping[str, str] | None = None) -> str:
    """The path of an endpoint, its named parts filled, and the key where it stands in the address."""
    own = {"account": keys.account, "brand": keys.account, "hash": keys.public}
    filled = re.sub(
        r"\{(\w+)\}",
        lambda part: own.get(part[1]) or quote((values or {}).get(part[1], "1"), safe="%"),
        endpoint.path,
    )
    query = ""
    if platform == "klaviyo" and endpoint.path.startswith("/client/"):
        query = f"?company_id={keys.public}"
    if (
        platform == "klaviyo"
        and re.search("/(track|identify|track-once)$", endpoint.path)
        and endpoint.method == "GET"
    ):
        told = {"token": keys.public, "event": "x", "properties": {}, "customer_properties": {"email": "a@mail.test"}}
        query = f"?data={quote(base64.b64encode(json.dumps(told).encode()).decode())}"
    if platform == "drip" and endpoint.path.startswith("/client/"):
        query = f"?drip_account_id={keys.public}"
    return f"/{platform}{filled}{query}"


def order_call(platform: str, name: str, keys: Keys) -> tuple[str, bytes]:
    """The target and body of a call that places the order `name`, which afterwards is in the ledger."""
    email = f"{name}@mail.test"
    path, body = {
        "native": _placed_here,
        "drip": _placed_at_drip,
        "klaviyo": _placed_at_klaviyo,
        "omnisend": _placed_at_omnisend,
        "ometria": _placed_at_ometria,
        "yespo": _placed_at_yespo,
    }[platform](name, email, keys.account)
    return f"/{platform}{path}", json.dumps(body).encode()


def _placed_here(name: str, email: str, _account: str) -> tuple[str, Any]:
    who = {"email": email}
    return "/v1/orders", {"order_id": name, "currency": "EUR", "placed_at": _AT, "total": 100, "identity": who}


def _placed_at_drip(name: str, email: str, account: str) -> tuple[str, Any]:
    body = {
        "provider": "shop",
        "email": email,
        "action": "placed",
        "order_id": name,
        "grand_total": 1.0,
        "currency": "EUR",
        "occurred_at": _AT,
        "items": [{"name": "Mug", "price": 1.0, "product_id": "P1"}],
    }
    return f"/v3/{account}/shopper_activity/order", body


def _placed_at_omnisend(name: str, email: str, _account: str) -> tuple[str, Any]:
    told = {"orderID": name, "currency": "EUR", "totalPrice": 1, "createdAt": _AT, "lineItems": []}
    body = {
        "eventName": "placed order",
        "origin": "api",
        "eventVersion": "v2",
        "eventTime": _AT,
        "contact": {"email": email},
        "properties": told,
    }
    return "/v5/events", body


def _placed_at_ometria(name: str, email: str, _account: str) -> tuple[str, Any]:
    order = {
        "@type": "order",
        "id": name,
        "timestamp": _AT,
        "is_valid": True,
        "grand_total": 1.0,
        "currency": "EUR",
        "customer": {"email": email},
        "lineitems": [],
    }
    return "/v2/push", [order]


def _placed_at_yespo(name: str, email: str, _account: str) -> tuple[str, Any]:
    order = {
        "externalOrderId": name,
        "email": email,
        "totalCost": 1.0,
        "status": "INITIALIZED",
        "date": _AT,
        "currency": "EUR",
        "items": [{"externalItemId": "P1", "name": "Mug", "quantity": 1, "cost": 1.0}],
    }
    return "/api/v1/orders", {"orders": [order]}


def _placed_at_klaviyo(name: str, email: str, _account: str) -> tuple[str, Any]:
    attributes = {
        "metric": {"data": {"type": "metric", "attributes": {"name": "Placed Order"}}},
        "profile": {"data": {"type": "profile", "attributes": {"email": email}}},
        "properties": {"OrderId": name},
        "time": _AT,
        "value": 1.0,
        "value_currency": "EUR",
        "unique_id": name,
    }
    return "/api/events", {"data": {"type": "event", "attributes": attributes}}


def _basic(user: str, password: str) -> str:
    return base64.b64encode(f"{user}:{password}".encode()).decode()
