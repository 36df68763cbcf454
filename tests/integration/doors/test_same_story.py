"""One story about permission, told in each platform's own words through its door: the same consent is in force."""

import base64
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from orderwire.dialects.doorway import Reply
from orderwire.dialects.registry import DOORS, door
from orderwire.ledger import Received
from orderwire.model import Channel, Consent, ConsentState, Identity
from orderwire.testing.doors import Visitor

ANA = "ana@mail.test"
LONG_AGO = "2024-01-01T00:00:00Z"
PLACED = "2026-02-01T10:00:00Z"
YES, NO = ConsentState.SUBSCRIBED, ConsentState.UNSUBSCRIBED
GONE, UNASKED = ConsentState.SUPPRESSED, None

Teller = Callable[[Visitor], None]


def now(visitor: Visitor) -> str:
    """The moment of the next call, as clients write it."""
    return (visitor.now + timedelta(seconds=1)).isoformat().replace("+00:00", "Z")


def taken(reply: Reply) -> Reply:
    """A reply, which must be a success."""
    assert reply.status < 300, reply.body
    return reply


def klaviyo(visitor: Visitor) -> dict[str, Teller]:
    jobs = "/api/profile-subscription-bulk-"

    def call(path: str, data: dict[str, Any]) -> Reply:
        headers = {"Authorization": f"Klaviyo-API-Key {visitor.secret}", "revision": "2026-07-15"}
        return taken(visitor.call("POST", path, json={"data": data}, headers=headers))

    def job(verb: str, word: str, list_id: str = "", consented_at: str = "", **more: Any) -> None:
        marketing = {"consent": word} | ({"consented_at": consented_at} if consented_at else {})
        one = {"type": "profile", "attributes": {"email": ANA, "subscriptions": {"email": {"marketing": marketing}}}}
        data = {"type": f"profile-subscription-bulk-{verb}-job", "attributes": {"profiles": {"data": [one]}, **more}}
        if list_id:
            data["relationships"] = {"list": {"data": {"type": "list", "id": list_id}}}
        call(f"{jobs}{verb}-jobs", data)

    def ask() -> None:
        attributes = {"name": "News", "opt_in_process": "double_opt_in"}
        made = msgspec.json.decode(call("/api/lists", {"type": "list", "attributes": attributes}).body)
        job("create", "SUBSCRIBED", made["data"]["id"])

    return {
        "order": lambda _: call("/api/profile-import", {"type": "profile", "attributes": {"email": ANA}}),
        "tick": lambda _: job("create", "SUBSCRIBED", custom_source="Checkout"),
        "no": lambda _: job("delete", "UNSUBSCRIBED"),
        "old yes": lambda _: job("create", "SUBSCRIBED", consented_at=LONG_AGO, historical_import=True),
        "yes": lambda _: job("create", "SUBSCRIBED"),
        "ask": lambda _: ask(),
        "confirm": lambda _: job("create", "SUBSCRIBED"),
    }


def drip(visitor: Visitor) -> dict[str, Teller]:
    token = base64.b64encode(f"{visitor.secret}:".encode()).decode()

    def call(path: str, body: dict[str, Any]) -> None:
        version, _, rest = path.partition("/")
        headers = {"Authorization": f"Basic {token}"}
        taken(visitor.call("POST", f"/{version}/{visitor.account}/{rest}", json=body, headers=headers))

    def order(initial: str) -> None:
        body = {"provider": "p", "action": "placed", "order_id": "1", "occurred_at": PLACED, "currency": "EUR"}
        call("v3/shopper_activity/order", body | {"email": ANA, "grand_total": 5, "initial_status": initial})

    def subscriber(**said: Any) -> None:
        call("v2/subscribers", {"subscribers": [{"email": ANA, **said}]})

    old = {"email": ANA, "status": "active", "status_updated_at": LONG_AGO}
    return {
        "order": lambda _: order("unsubscribed"),
        "tick": lambda _: order("active"),
        "no": lambda _: call("v2/unsubscribes/batches", {"batches": [{"subscribers": [{"email": ANA}]}]}),
        "old yes": lambda _: call("v2/subscribers/batches", {"batches": [{"subscribers": [old]}]}),
        "yes": lambda _: subscriber(status="active"),
        "ask": lambda _: call("v2/campaigns/7/subscribers", {"subscribers": [{"email": ANA, "double_optin": True}]}),
        "confirm": lambda _: subscriber(status="active"),
    }


def omnisend(visitor: Visitor) -> dict[str, Teller]:
    def contact(status: str, since: str) -> None:
        channel = {"status": status, "statusDate": since}
        body = {"identifiers": [{"type": "email", "id": ANA, "channels": {"email": channel}}]}
        taken(visitor.call("POST", "/v5/contacts", json=body, headers={"X-API-KEY": visitor.secret}))

    return {
        "order": lambda one: contact("nonSubscribed", now(one)),
        "tick": lambda one: contact("subscribed", now(one)),
        "no": lambda one: contact("unsubscribed", now(one)),
        "old yes": lambda _: contact("subscribed", LONG_AGO),
        "yes": lambda one: contact("subscribed", now(one)),
    }


def yespo(visitor: Visitor) -> dict[str, Teller]:
    token = base64.b64encode(f":{visitor.secret}".encode()).decode()
    contact = {"channels": [{"type": "email", "value": ANA}]}

    def call(path: str, body: dict[str, Any]) -> None:
        headers = {"Authorization": f"Basic {token}"}
        taken(visitor.call("POST", f"/api/v1{path}", json=body, headers=headers))

    return {
        "order": lambda _: call("/contact", contact),
        "tick": lambda _: call("/contact/subscribe", {"contact": contact, "formType": "checkout"}),
        "no": lambda _: call("/emails/unsubscribed/add", {"emails": [ANA]}),
        "old yes": lambda _: call("/contacts", {"contacts": [contact], "dedupeOn": "email"}),
        "yes": lambda _: call("/emails/unsubscribed/delete", {"emails": [ANA]}),
        "form": lambda _: call("/contact/subscribe", {"contact": contact}),
    }


def ometria(visitor: Visitor) -> dict[str, Teller]:
    def push(**record: Any) -> None:
        taken(visitor.call("POST", "/v2/push", json=[record], headers={"X-Ometria-Auth": visitor.secret}))

    def contact(**said: Any) -> None:
        push(**{"@type": "contact", "id": "7", "email": ANA}, **said)

    order = {"@type": "order", "id": "1", "timestamp": PLACED, "grand_total": 5, "currency": "EUR", "is_valid": True}
    return {
        "order": lambda _: push(**order, status="complete", customer={"id": "7", "email": ANA}, lineitems=[]),
        "tick": lambda one: contact(marketing_optin="EXPLICITLY_OPTEDIN", timestamp_subscribed=now(one)),
        "no": lambda _: contact(marketing_optin="EXPLICITLY_OPTEDOUT"),
        "old yes": lambda _: contact(marketing_optin="EXPLICITLY_OPTEDIN", timestamp_subscribed=LONG_AGO),
        "yes": lambda one: contact(marketing_optin="EXPLICITLY_OPTEDIN", timestamp_subscribed=now(one)),
    }


def native(visitor: Visitor) -> dict[str, Teller]:
    def call(path: str, body: dict[str, Any]) -> None:
        taken(visitor.call("POST", path, json=body, headers={"Authorization": f"Bearer {visitor.secret}"}))

    def consent(state: str, at: str) -> None:
        call("/v1/consents", {"identity": {"email": ANA}, "channel": "email", "state": state, "changed_at": at})

    order = {"order_id": "1", "identity": {"email": ANA}, "currency": "EUR", "placed_at": PLACED, "total": 500}
    return {
        "order": lambda _: call("/v1/orders", order),
        "tick": lambda _: call("/v1/orders", order | {"marketing_consent": True}),
        "no": lambda one: consent("unsubscribed", now(one)),
        "old yes": lambda _: consent("subscribed", LONG_AGO),
        "yes": lambda one: consent("subscribed", now(one)),
    }


def bounce(visitor: Visitor) -> None:
    """A mail to her came back, as another part of the shop tells."""
    gone = Consent(identity=Identity(email=ANA), channel=Channel.EMAIL, state=GONE, changed_at=visitor.now)
    visitor.ledger.record([Received(record=gone)], source="post", at=visitor.now, is_imported=False)


TELLERS = {
    "drip": drip,
    "klaviyo": klaviyo,
    "native": native,
    "ometria": ometria,
    "omnisend": omnisend,
    "yespo": yespo,
}


@pytest.fixture(params=sorted(DOORS))
def visitor(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Visitor]:
    """A client of each platform in turn."""
    made = Visitor(tmp_path, door(request.param))
    yield made
    made.close()


def in_force(visitor: Visitor) -> ConsentState | None:
    known = visitor.known(email=ANA)
    standing = known.consent.get(Channel.EMAIL) if known else None
    return None if standing is None or standing.state is ConsentState.NEVER_ASKED else standing.state


def tell(visitor: Visitor, story: tuple[str, ...]) -> list[ConsentState | None]:
    """What is in force after each word of a story."""
    words = TELLERS[visitor.door.name](visitor) | {"bounce": bounce}
    told = []
    for word in story:
        if word not in words:
            pytest.skip(f"the platform has no word for {word!r}")
        words[word](visitor)
        told.append(in_force(visitor))
    return told


@pytest.mark.parametrize(
    ("story", "expected"),
    [
        (("order",), [UNASKED]),
        (("tick",), [YES]),
        (("no",), [NO]),
        (("order", "yes"), [UNASKED, YES]),
        (("tick", "no"), [YES, NO]),
        (("tick", "order"), [YES, YES]),
        (("no", "order"), [NO, NO]),
        (("tick", "no", "old yes"), [YES, NO, NO]),
        (("no", "old yes", "yes"), [NO, NO, YES]),
        (("no", "yes", "no", "old yes"), [NO, YES, NO, NO]),
        (("tick", "bounce"), [YES, GONE]),
        (("bounce", "old yes"), [GONE, GONE]),
        (("bounce", "no"), [GONE, GONE]),
        (("bounce", "order"), [GONE, GONE]),
        (("order", "ask"), [UNASKED, UNASKED]),
        (("order", "ask", "confirm"), [UNASKED, UNASKED, YES]),
        (("no", "ask"), [NO, NO]),
        (("no", "form"), [NO, NO]),
        (("no", "form", "yes"), [NO, NO, YES]),
    ],
    ids=lambda value: ", ".join(value) if isinstance(value, tuple) else "",
)
def test_the_same_story_ends_in_the_same_consent(
    visitor: Visitor, story: tuple[str, ...], expected: list[ConsentState | None]
) -> None:
    assert expected == tell(visitor, story)


@pytest.mark.parametrize(
    ("platform", "expected"),
    [("drip", GONE), ("klaviyo", YES), ("native", YES), ("ometria", YES), ("omnisend", YES), ("yespo", GONE)],
)
def test_a_newer_yes_of_somebody_unreachable_counts_where_the_platform_lets_it(
    platform: str, expected: ConsentState, tmp_path: Path
) -> None:
    """Drip has no call that makes an undeliverable address deliverable; Yespo only one that takes a no back."""
    made = Visitor(tmp_path, door(platform))
    told = tell(made, ("bounce", "yes"))
    made.close()
    assert [GONE, expected] == told
