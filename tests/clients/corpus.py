"""What is thrown at the doors: bodies that no client should send, and valid ones with something wrong inside."""

from __future__ import annotations

import copy
import gzip
import json
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from random import Random
from typing import Any, cast

import msgspec
from tests.clients.callers import Headers, Keys

from orderwire.dialects import registry
from orderwire.dialects.contract import Account, Item
from orderwire.testing import golden

GOLDEN = Path(__file__).parent.parent / "golden"
JSON: Headers = (("Content-Type", "application/json"),)
_PREFIXES = {"yespo": "/api", "klaviyo": "", "omnisend": "/api", "drip": "", "ometria": ""}


@dataclass(frozen=True)
class Body:
    """A body by the name of what is wrong with it."""

    name: str
    content: bytes
    headers: Headers = JSON


def _nested(opening: str, closing: str, depth: int) -> bytes:
    return (opening * depth + closing * depth).encode()


def _as(kind: str, content: bytes = b"{}") -> Body:
    return Body(f"content type {kind[:20] or 'empty'}", content, (("Content-Type", kind),))


def _packed(name: str, content: bytes, encoding: str = "gzip") -> Body:
    return Body(name, content, (*JSON, ("Content-Encoding", encoding)))


BODIES: tuple[Body, ...] = (
    Body("nothing", b""),
    Body("blanks", b"  \r\n\t "),
    *(Body(text, text.encode()) for text in ("null", "true", "0", "-1", '""', '"x"', "[]", "{}", "[[]]", "[null]")),
    *(Body(text, text.encode()) for text in ("NaN", "[NaN]", '{"a":NaN}', '{"data":Infinity}', '[-Infinity]')),
    *(Body(f"broken {text}", text.encode()) for text in ("{", "[", '{"a"', '{"a":', '{"a":1,}', "{'a':1}", '{"a":"')),
    *(Body(f"more than one {text}", text.encode()) for text in ("{} x", "{}{}", "{},{}")),
    Body("a byte order mark", b"\xef\xbb\xbf{}"),
    Body("UTF-16", '{"a": 1}'.encode("utf-16")),
    Body("no UTF-8", b'{"email":"\xff\xfe@mail.test"}'),
    Body("a lone surrogate", b'{"data":{"type":"\\ud800"},"email":"\\udfff@mail.test"}'),
    Body("surrogates as bytes", b'{"email":"\xed\xa0\x80@mail.test"}'),
    Body("a NUL", b'{"email":"a\\u0000@mail.test","data":"\\u0000"}'),
    Body("deep lists", _nested("[", "]", 100_000)),
    Body("deep objects", b'{"data":' * 50_000 + b"1" + b"}" * 50_000),
    Body("deep and open", b"[" * 200_000),
    Body("many nulls", b"[" + b"null," * 300_000 + b"null]"),
    Body("many objects", b'{"data":[' + b"{}," * 200_000 + b"{}]}"),
    Body("many records", b'{"records":[' + b"{}," * 20_000 + b"{}]}"),
    Body("many keys", json.dumps({f"k{number}": number for number in range(50_000)}).encode()),
    Body("the same key often", b'{"data":1,"data":2,"email":"a@mail.test","email":null,"records":[],"records":{}}'),
    Body("a huge whole number", b'{"id":' + b"9" * 5_000 + b',"data":' + b"9" * 400 + b"}"),
    Body("beyond 2^53", b'{"id":9007199254740993,"data":{"id":-9223372036854775809}}'),
    Body("beyond floats", b'{"price":1e999,"data":-1e999,"total":1e-999}'),
    Body("a long text", b'{"email":"' + b"a" * 1_000_000 + b'@mail.test"}'),
    Body("a long name", b'{"' + b"a" * 1_000_000 + b'":1}'),
    _as("", b"{}"),
    _as("text/plain"),
    _as("application/xml", b"<a/>"),
    _as("application/json; charset=utf-7"),
    _as("multipart/form-data; boundary=x", b"--x\r\n\r\n--x--"),
    _as("multipart/form-data", b"--x"),
    _as("application/x-www-form-urlencoded", b"data=%7B%7D&a=%zz&&=&api_key"),
    _as("application/x-www-form-urlencoded", b"data=" + b"%41" * 100_000),
    _packed("gzip of an empty object", gzip.compress(b"{}")),
    _packed("broken gzip", b"\x1f\x8b\x08nonsense"),
    _packed("half a gzip", gzip.compress(b'{"a":1}')[:-5]),
    _packed("two gzips", gzip.compress(b"{}") * 2),
    _packed("deflate", zlib.compress(b"{}"), "deflate"),
    _packed("an unknown encoding", b"{}", "br"),
    _packed("an encoding twice", gzip.compress(gzip.compress(b"{}")), "gzip, gzip"),
)  # fmt: skip


@cache
def bombs() -> tuple[Body, ...]:
    """Few bytes that stand for very many."""
    return (
        _packed("a bomb of blanks", gzip.compress(b" " * 200_000_000)),
        _packed("a bomb of lists", gzip.compress(b"[" * 100_000_000)),
        _packed("a bomb within the cap", gzip.compress(b"[" + b"null," * 1_900_000 + b"null]")),
        _packed("a bomb of records", gzip.compress(b'{"records":[' + b"{}," * 3_000_000 + b"{}]}")),
        _packed("a bomb of zlib", zlib.compress(b"\0" * 100_000_000), "deflate"),
    )


JUNK: tuple[Any, ...] = (
    None, True, False, 0, -1, 2**53 + 1, 2**64, -(2**70), 10**400, 0.1, 1e308, "", " ", "x", "\0", "\ud800",
    "ö" * 300,
    "a@mail.test", "@", "1e400", "NaN", "-0", "9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00", "2026-02-30",
    "now", "+351912345678", "EUR", "ZZZ", "€", [], {}, [[]], [{}], {"": None}, {"a": {"b": [1, None]}}, [None] * 50,
    "SUBSCRIBED", "1.005", "١٢", "' OR 1=1 --", "%s%n", "../../x", "<a>",
)  # fmt: skip


@dataclass(frozen=True)
class Sample:
    """A valid call, as our own writer makes it for the platform."""

    name: str
    method: str
    target: str
    headers: Headers
    body: bytes


def samples(platform: str, keys: Keys) -> list[Sample]:
    """One call for every golden case that says something."""
    if platform == "native":
        return _own(keys)
    dialect = registry.dialect(platform)
    options = {option.name: option.default for option in dialect.profile.options}
    account = Account(key=keys.secret, base_url="http://x", account_id=keys.account, options=options)
    routes = {route.name: route for route in dialect.profile.routes}
    found = []
    for name, case in golden.cases(GOLDEN / platform):
        for given in case.get("items", ()) if "statement" in case else ():
            item = Item(
                route=given["route"],
                wire_id=given["wire_id"],
                body=msgspec.json.encode(given["body"]),
                group=given.get("group", ""),
            )
            request = dialect.assemble(routes[item.route], [item], account)
            request = dialect.authorize(request, account, datetime(2026, 3, 1, tzinfo=UTC))
            target = f"/{platform}{_PREFIXES[platform]}{request.path}"
            found.append(Sample(name, request.method, target, tuple(request.headers), request.body))
    return found


def _own(keys: Keys) -> list[Sample]:
    who = {"email": "ana@mail.test", "external_id": "c-1"}
    at = "2026-02-01T10:00:00Z"
    line = {"line_id": "L1", "name": "Mug", "quantity": 2, "unit_price": "12.50", "subtotal": 2500, "total": 2500}
    order = {"order_id": "1001", "identity": who, "currency": "EUR", "placed_at": at, "total": 2500, "lines": [line]}
    refund = {"refund_id": "r1", "refunded_at": at, "amount": 500, "lines": [{"line_id": "L1", "amount": 500}]}
    parcel = {"shipment_id": "s1", "shipped_at": at}
    cart = {"cart_id": "c1", "identity": who, "currency": "EUR", "total": 2500, "updated_at": at, "lines": [line]}
    event = {"event_id": "e1", "name": "custom.wished", "identity": who, "occurred_at": at, "properties": {"a": 1}}
    records: dict[str, Any] = {
        "orders": order | {"paid_at": at, "refunds": [refund], "shipments": [parcel]},
        "people": {"identity": who, "first_name": "Ana", "tags": ["vip"], "properties": {"x": 1.5}},
        "consents": {"identity": who, "channel": "email", "state": "subscribed", "changed_at": at, "origin": "form"},
        "products": {"product_id": "P1", "title": "Mug", "price": "12.5", "variants": [{"variant_id": "V1"}]},
        "carts": cart,
        "subscriptions": {"subscription_id": "s1", "identity": who, "created_at": at, "product_ids": ["P1"]},
        "events": event,
    }
    headers = (("Authorization", f"Bearer {keys.secret}"), *JSON)
    found = [Sample(n, "POST", f"/native/v1/{n}", headers, json.dumps(one).encode()) for n, one in records.items()]
    batch = {"records": [{"type": "order", **order}, {"type": "person", **records["people"]}]}
    return [*found, Sample("records", "POST", "/native/v1/records", headers, json.dumps(batch).encode())]


def mutated(content: bytes, chance: Random) -> bytes:
    """The same body with one to three things in it wrong."""
    try:
        value = json.loads(content)
    except ValueError:
        return content[: chance.randrange(len(content) + 1)]
    for _ in range(chance.randint(1, 3)):
        places = list(_places(value))
        if not places:
            return json.dumps(copy.deepcopy(chance.choice(JUNK))).encode()
        holder, key = chance.choice(places)
        match chance.randrange(5):
            case 0:
                del holder[key]
            case 1:
                holder[key] = [holder[key], copy.deepcopy(holder[key])]
            case 2 if isinstance(holder, dict):
                holder[chance.choice(("type", "id", "data", "email", "x", "", "\0"))] = copy.deepcopy(
                    chance.choice(JUNK)
                )
            case _:
                holder[key] = copy.deepcopy(chance.choice(JUNK))
    return json.dumps(value).encode()


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    keys = list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    for key in keys:
        yield value, key
        yield from _places(cast("Any", value)[key])
