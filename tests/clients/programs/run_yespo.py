"""The `ok-esputnik` package at the front door: every method that has to do with people, orders and events."""

from __future__ import annotations

import collections
import collections.abc
from typing import Any

from trial import HOUSE, call

# The package pins a release of trafaret that imports these from where they stood before Python 3.10.
for moved in ("Mapping", "Iterable"):
    setattr(collections, moved, getattr(collections.abc, moved))

from esputnik.esputnik import ESputnikAPIAdaptor  # noqa: E402


def opened(key: str) -> Any:
    return ESputnikAPIAdaptor(user="shop", password=key, host=f"{HOUSE['url']}/api/")


client = opened(HOUSE["key"])
ANA = {
    "first_name": "Ana",
    "last_name": "Lima",
    "channels": [{"type": "email", "value": "ana@mail.test"}],
    "groups": [{"name": "Tea"}],
    "address": {"region": "Norte", "town": "Porto", "address": "Street 1", "postcode": "4000"},
}


def status(answer: Any) -> int:
    return int(answer.status_code)


def account() -> None:
    for name in ("version", "account_info", "addressbooks", "balance"):
        call(name, getattr(client, name), lambda a: (a.status_code, type(a.data).__name__), (200, "dict"))
    call("version with a wrong key", lambda: opened("0" * 32).version(), status, 401)


def people() -> None:
    made = call("add_contact", lambda: client.add_contact(ANA), status, 200)
    own = str(made.data["id"])
    call(
        "get_contact",
        lambda: client.get_contact(own),
        lambda a: (a.data["firstName"], a.data["address"]["town"], a.data["channels"][0]["value"]),
        ("Ana", "Porto", "ana@mail.test"),
    )
    call("update_contact", lambda: client.update_contact(own, {**ANA, "last_name": "Silva"}), status, 200)
    call("get_contact, changed", lambda: client.get_contact(own), lambda a: a.data["lastName"], "Silva")
    call(
        "get_contacts",
        lambda: client.get_contacts({"email": "ana@mail.test"}),
        lambda a: [one["id"] for one in a.data],
        [int(own)],
    )
    bo = {
        "first_name": "Bo",
        "channels": [{"type": "email", "value": "bo@mail.test"}, {"type": "sms", "value": "351912345678"}],
    }
    call(
        "add_contacts",
        lambda: client.add_contacts(
            {
                "contacts": [bo],
                "dedupe_on": "email",
                "contact_fields": ["firstName", "email", "sms"],
                "group_names": ["Coffee"],
            }
        ),
        status,
        200,
    )
    call(
        "get_contacts, all", client.get_contacts, lambda a: sorted(one["firstName"] for one in a.data), ["Ana", "Bo"]
    )
    form = {
        "contact": {"first_name": "Cy", "channels": [{"type": "email", "value": "cy@mail.test"}]},
        "groups": ["Subscribers"],
    }
    call("contact_subscribe", lambda: client.contact_subscribe(form), status, 200)
    call(
        "emails_unsubscribed_add",
        lambda: client.emails_unsubscribed_add(["bo@mail.test", "cy@mail.test"]),
        status,
        200,
    )
    call("emails_unsubscribed_delete", lambda: client.emails_unsubscribed_delete("cy@mail.test"), status, 200)
    groups = call(
        "groups", client.groups, lambda a: sorted(one["name"] for one in a.data), ["Coffee", "Subscribers", "Tea"]
    )
    tea = next(str(one["id"]) for one in groups.data if one["name"] == "Tea")
    call("group_contacts", lambda: client.group_contacts(tea), lambda a: [one["id"] for one in a.data], [int(own)])
    call("group_contacts_detach", lambda: client.group_contacts_detach(tea), status, 200)
    call("group_contacts, empty", lambda: client.group_contacts(tea), lambda a: a.data, [])


def activity() -> None:
    wish = {
        "event_type_key": "wish",
        "key_value": "ana@mail.test",
        "params": [{"name": "EmailAddress", "value": "ana@mail.test"}, {"name": "product", "value": "P2"}],
    }
    call("event", lambda: client.event(wish), status, 200)
    order = {
        "id": "1001",
        "user_id": "c-1",
        "total_cost": 42.49,
        "status": "INITIALIZED",
        "date": "2026-02-01T10:00:00.000+00:00",
        "email": "ana@mail.test",
        "currency": "EUR",
        "items": [
            {
                "id": "P1",
                "name": "Mug",
                "quantity": 2,
                "cost": 12.5,
                "url": "https://shop.test/mug",
                "image_url": "https://shop.test/mug.jpg",
                "category": "Cups",
            },
            {
                "id": "P2",
                "name": "Jug",
                "quantity": 1,
                "cost": 17.49,
                "url": "https://shop.test/jug",
                "image_url": "https://shop.test/jug.jpg",
                "category": "Jugs",
            },
        ],
    }
    call("orders", lambda: client.orders({"orders": [order]}), status, 200)
    call("orders again", lambda: client.orders({"orders": [order]}), status, 200)
    call("orders, delivered", lambda: client.orders({"orders": [{**order, "status": "DELIVERED"}]}), status, 200)


def gone() -> None:
    made = call(
        "add_contact once more",
        lambda: client.add_contact({"first_name": "Di", "channels": [{"type": "email", "value": "di@mail.test"}]}),
        status,
        200,
    )
    own = str(made.data["id"])
    call("delete_contact", lambda: client.delete_contact(own), status, 200)
    call("get_contact that is gone", lambda: client.get_contact(own), status, 404)


if __name__ == "__main__":
    account()
    people()
    activity()
    gone()
