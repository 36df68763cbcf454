"""Drip's own `drip-python` at the front door: every method it has."""

from __future__ import annotations

from typing import Any

from drip import Client
from drip.utils import DripApiError
from trial import HOUSE, call, refused

ACCOUNT = int(HOUSE["account"])
Client.api_domain = HOUSE["url"]
client = Client(HOUSE["key"], ACCOUNT)
ITEMS = [
    {
        "product_id": "P1",
        "product_variant_id": "V1",
        "sku": "MUG-B",
        "name": "Mug",
        "price": 12.5,
        "quantity": 2,
        "total": 25.0,
    },
    {
        "product_id": "P2",
        "product_variant_id": "V2",
        "sku": "JUG",
        "name": "Jug",
        "price": 17.49,
        "quantity": 1,
        "total": 17.49,
    },
]


def taken(name: str, make: Any) -> None:
    """A call that answers True."""
    call(name, make, lambda answer: answer, True)


def account() -> None:
    call("accounts", client.accounts, lambda a: [one["id"] for one in a], [HOUSE["account"]])
    call("account", lambda: client.account(ACCOUNT), lambda a: a["id"], HOUSE["account"])
    call("fetch_user", client.fetch_user, bool, True)


def subscribers() -> None:
    call(
        "create_or_update_subscriber",
        lambda: client.create_or_update_subscriber(
            "ana+shop@mail.test", first_name="Ana", status="active", tags=["vip"], custom_fields={"size": "M"}
        ),
        lambda a: (a["email"], a["status"], a["tags"], a["custom_fields"]),
        ("ana+shop@mail.test", "active", ["vip"], {"size": "M"}),
    )
    several = [{"email": f"p{number}@mail.test", "status": "active"} for number in range(3)]
    taken("create_or_update_subscribers", lambda: client.create_or_update_subscribers(several))
    call("subscriber", lambda: client.subscriber("ana+shop@mail.test"), lambda a: a["first_name"], "Ana")
    call(
        "subscribers",
        client.subscribers,
        lambda a: sorted(one["email"] for one in a),
        ["ana+shop@mail.test", "p0@mail.test", "p1@mail.test", "p2@mail.test"],
    )
    call("subscribers, one page", lambda: client.subscribers(page=2, per_page=3), len, 1)
    call(
        "subscribers by tag",
        lambda: client.subscribers(tags="vip"),
        lambda a: [one["email"] for one in a],
        ["ana+shop@mail.test"],
    )
    call(
        "unsubscribe_from_all",
        lambda: client.unsubscribe_from_all("p1@mail.test"),
        lambda a: a["status"],
        "unsubscribed",
    )
    call("unsubscribe", lambda: client.unsubscribe("p2@mail.test"), lambda a: a["status"], "unsubscribed")
    taken("unsubscribe_subscribers", lambda: client.unsubscribe_subscribers([{"email": "p0@mail.test"}]))
    call(
        "subscribers that are unsubscribed",
        lambda: client.subscribers(status="unsubscribed"),
        lambda a: [one["email"] for one in a],
        ["p0@mail.test"],
    )
    taken("apply_tag", lambda: client.apply_tag("ana+shop@mail.test", "likes mugs"))
    call("tags", client.tags, sorted, ["likes mugs", "vip"])
    taken("remove_tag", lambda: client.remove_tag("ana+shop@mail.test", "vip"))
    call("subscriber, tags", lambda: client.subscriber("ana+shop@mail.test"), lambda a: a["tags"], ["likes mugs"])
    call("custom_fields", client.custom_fields, lambda a: "size" in a, True)


def activity() -> None:
    taken(
        "track_event",
        lambda: client.track_event(
            "ana+shop@mail.test", "Logged in", properties={"from": "page"}, occurred_at="2026-01-30T08:00:00Z"
        ),
    )
    several = [
        {"email": "p0@mail.test", "action": "Wished", "occurred_at": f"2026-01-30T0{n}:00:00Z"} for n in (8, 9)
    ]
    taken("track_events", lambda: client.track_events(several))
    call("event_actions", client.event_actions, lambda a: sorted(a)[-2:], ["Logged in", "Wished"])
    call(
        "cart",
        lambda: client.cart(
            "shop",
            "ana+shop@mail.test",
            "created",
            "c1",
            "https://shop.test/cart",
            grand_total=25.0,
            currency="EUR",
            items=ITEMS[:1],
            occurred_at="2026-02-01T09:00:00Z",
        ),
        lambda a: len(a) > 0,
        True,
    )


def orders() -> None:
    for action, time in (
        ("placed", "2026-02-01T10:00:00Z"),
        ("paid", "2026-02-01T10:05:00Z"),
        ("fulfilled", "2026-02-03T09:00:00Z"),
    ):
        call(
            f"order {action}",
            lambda action=action, time=time: client.order(
                "shop",
                "ana+shop@mail.test",
                action,
                "1001",
                grand_total=42.49,
                currency="EUR",
                items=ITEMS,
                occurred_at=time,
            ),
            lambda a: len(a) > 0,
            True,
        )
    call(
        "order refunded",
        lambda: client.order(
            "shop",
            "ana+shop@mail.test",
            "refunded",
            "1001",
            grand_total=42.49,
            refund_amount=17.49,
            currency="EUR",
            items=ITEMS,
            occurred_at="2026-02-10T12:30:00Z",
        ),
        lambda a: len(a) > 0,
        True,
    )


def more() -> None:
    several = [
        {
            "provider": "shop",
            "email": "p0@mail.test",
            "action": "placed",
            "order_id": str(number),
            "grand_total": 17.49,
            "currency": "EUR",
            "items": ITEMS[1:],
            "occurred_at": f"2026-02-0{number}T11:00:00Z",
        }
        for number in (2, 3)
    ]
    taken("orders", lambda: client.orders(several))
    call(
        "product",
        lambda: client.product(
            "shop",
            "created",
            "P1",
            "Mug",
            12.5,
            product_variant_id="V1",
            sku="MUG-B",
            currency="EUR",
            product_url="https://shop.test/mug",
            occurred_at="2026-01-01T00:00:00Z",
        ),
        lambda a: len(a) > 0,
        True,
    )


def rest() -> None:
    made = call(
        "create_webhook",
        lambda: client.create_webhook("https://shop.test/hook"),
        lambda a: a["post_url"],
        "https://shop.test/hook",
    )
    call("webhooks", client.webhooks, lambda a: [one["id"] for one in a], [made["id"]])
    call("webhook", lambda: client.webhook(made["id"]), lambda a: a["id"], made["id"])
    taken("delete_webhook", lambda: client.delete_webhook(made["id"]))
    for name in ("conversions", "campaigns", "broadcasts", "workflows", "forms"):
        call(name, getattr(client, name), lambda a: a, [])
    call(
        "subscribe",
        lambda: client.subscribe("p0@mail.test", "77", double_optin=False),
        lambda a: a["email"],
        "p0@mail.test",
    )
    call(
        "campaign_subscribers",
        lambda: client.campaign_subscribers("77"),
        lambda a: [one["email"] for one in a],
        ["p0@mail.test"],
    )


def gone() -> None:
    taken("delete_subscriber", lambda: client.delete_subscriber("p1@mail.test"))
    refused(
        "subscriber that is not there",
        lambda: client.subscriber("nobody@mail.test"),
        lambda error: type(error).__name__,
        "KeyError",
    )
    other = Client("no-key", ACCOUNT)
    refused("accounts with a wrong key", other.accounts, lambda error: isinstance(error, DripApiError), True)


if __name__ == "__main__":
    account()
    subscribers()
    activity()
    orders()
    more()
    rest()
    gone()
