"""Golden wire cases: one file holds a fact in our words and the same fact in the platform's.

Shape of a case file (`tests/golden/<dialect>/<name>.json`)::

    {"about": "what this shows", "source": "where the platform's side comes from",
     "account": {"account_id": "123", "options": {}},
     "statement": {"kind": "order.placed", "lane": "history", "snapshot_type": "Order", "snapshot": {…}, …},
     "items": [{"route": "events", "wire_id": "1001", "weight": 3, "group": "", "body": {…}}],
     "unsaid": [], "withheld": ""}

or, for a reply: `{"about", "source", "reply": {"route", "status", "headers", "body", "items": 2}, "verdict": {…}}`,
where `body` is JSON or text and `verdict` is compared field by field with those given.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from orderwire.dialects.contract import Account, Dialect, Item, Lane, Recipient, Statement
from orderwire.dialects.wire import WireReply, WireRequest
from orderwire.model import Cart, Consent, Event, Order, Person, Product, Subscription

SNAPSHOTS = {kind.__name__: kind for kind in (Cart, Consent, Event, Order, Person, Product, Subscription)}


def cases(folder: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every case of a folder, by name."""
    for path in sorted(folder.glob("*.json")):
        yield path.stem, msgspec.json.decode(path.read_bytes())


def account_of(case: Mapping[str, Any], dialect: Dialect) -> Account:
    """The account of a case, its options completed with the dialect's defaults."""
    given = case.get("account", {})
    options = {option.name: option.default for option in dialect.profile.options} | given.get("options", {})
    return Account(
        key="test-key",
        base_url=dialect.profile.base_url,
        account_id=given.get("account_id", "123"),
        knows_newsletter=given.get("knows_newsletter", True),
        options=options,
    )


def statement_of(case: Mapping[str, Any]) -> Statement:
    """The statement of a case."""
    given = dict(case["statement"])
    shape: Any = SNAPSHOTS[given.pop("snapshot_type")]
    before = given.pop("previous", None)
    recipient = given.pop("recipient", None)
    given.setdefault("key", f"shop/{given['subject']}")
    given.setdefault("source", "shop")
    snapshot = msgspec.convert(given.pop("snapshot"), shape, strict=False)
    plain = msgspec.convert(given, _Plain)
    return Statement(
        **{name: getattr(plain, name) for name in _Plain.__struct_fields__},
        snapshot=snapshot,
        previous=msgspec.convert(before, shape, strict=False) if before is not None else None,
        recipient=msgspec.convert(recipient, Recipient) if recipient is not None else None,
    )


def write_case(case: Mapping[str, Any], dialect: Dialect) -> dict[str, Any]:
    """What the dialect makes of a case's statement, in the shape of the case's other half."""
    expression = dialect.write(statement_of(case), account_of(case, dialect))
    return {
        "items": [
            {
                "route": item.route,
                "wire_id": item.wire_id,
                "weight": item.weight,
                "group": item.group,
                "body": msgspec.json.decode(item.body),
            }
            for item in expression.items
        ],
        "unsaid": list(expression.unsaid),
        "withheld": expression.withheld,
    }


def read_reply(case: Mapping[str, Any], dialect: Dialect) -> dict[str, Any]:
    """What the dialect reads in a case's reply: those fields of the verdict that the case names."""
    given = case["reply"]
    route = next(route for route in dialect.profile.routes if route.name == given["route"])
    body = given.get("body", "")
    reply = WireReply(
        status=given["status"],
        headers=given.get("headers", {}),
        body=body.encode() if isinstance(body, str) else msgspec.json.encode(body),
    )
    items = [Item(route=route.name, wire_id=str(place), body=b"{}") for place in range(given.get("items", 1))]
    verdict = dialect.interpret(route, WireRequest(method="POST", path="/"), reply, items)
    plain = msgspec.json.decode(msgspec.json.encode(verdict))
    return {name: plain[name] for name in case["verdict"]}


class _Plain(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """The fields of a statement that are plain values."""

    kind: str
    key: str
    subject: str
    source: str
    occurred_at: datetime
    lane: Lane
    revision: int = 0
    detail: str | None = None
    ordinal: int = 0
    is_approximate: bool = False
    is_known_there: bool = False
    is_consent_news: bool = False
    is_recent: bool = False
