"""Calls to Klaviyo's client endpoints as a page makes them, sent by hand: the package for Python has none of them."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import Any

from trial import HOUSE, call


def ask(path: str, body: object, method: str = "POST", company: str = "", **headers: str) -> tuple[int, Any]:
    """The status and the headers."""
    sent = {"Content-Type": "application/vnd.api+json", "Revision": "2026-07-15", "Origin": "https://shop.test"}
    content = None if body is None else json.dumps(body).encode()
    url = f"{HOUSE['url']}{path}?company_id={company or HOUSE['account']}"
    request = urllib.request.Request(url, content, {**sent, **headers}, method=method)
    try:
        with urllib.request.urlopen(request, timeout=10) as reply:
            return reply.status, dict(reply.headers)
    except urllib.error.HTTPError as error:
        error.read()
        return error.code, dict(error.headers)


def profile(**attributes: Any) -> dict[str, Any]:
    return {"data": {"type": "profile", "attributes": attributes}}


def event(name: str, unique_id: str, email: str = "ana@mail.test") -> dict[str, Any]:
    attributes = {
        "metric": {"data": {"type": "metric", "attributes": {"name": name}}},
        "profile": profile(email=email),
        "properties": {"ProductID": "P1", "ProductName": "Mug"},
        "time": "2026-02-01T08:00:00+00:00",
        "unique_id": unique_id,
    }
    return {"data": {"type": "event", "attributes": attributes}}


def status(answer: tuple[int, Any]) -> int:
    return answer[0]


if __name__ == "__main__":
    asking = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type,revision"}
    call(
        "OPTIONS /client/events",
        lambda: ask("/client/events", None, "OPTIONS", **asking),
        lambda a: (a[0], {name.lower(): value for name, value in a[1].items()}["access-control-allow-origin"]),
        (204, "https://shop.test"),
    )
    call(
        "POST /client/profiles",
        lambda: ask("/client/profiles", profile(email="ana@mail.test", first_name="Ana")),
        status,
        202,
    )
    call("POST /client/events", lambda: ask("/client/events", event("Viewed Product", "v1")), status, 202)
    call("POST /client/events again", lambda: ask("/client/events", event("Viewed Product", "v1")), status, 202)
    call(
        "POST /client/events for an order",
        lambda: ask("/client/events", event("Placed Order", "1001")),
        lambda a: a[0] < 500,
        True,
    )
    listed = {
        "data": {
            "type": "subscription",
            "attributes": {
                "profile": profile(
                    email="bo@mail.test", subscriptions={"email": {"marketing": {"consent": "SUBSCRIBED"}}}
                )
            },
        }
    }
    call("POST /client/subscriptions", lambda: ask("/client/subscriptions", listed), status, 202)
    call(
        "POST /client/events, another company",
        lambda: ask("/client/events", event("Viewed Product", "v2"), company="XXXXXX"),
        lambda a: 400 <= a[0] < 404,
        True,
    )
