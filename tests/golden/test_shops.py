"""Every golden case of every shop connector: what the shop says, and the records that it means.

Shape of a case: `about`, `source` (where the shop's side comes from), `noun`, `wire`, `beside` (refunds of an order,
variations of a product), `options`, `topic` and `headers` where a webhook says it, and `records` by their type.
"""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from orderwire.dialects.connector import Access, Found, Hook
from orderwire.dialects.connector_registry import CONNECTORS, connector
from orderwire.dialects.woocommerce.reading import with_children
from orderwire.testing import golden

HERE = Path(__file__).parent
CASES = [
    pytest.param(name, case, id=f"{name}-{title}") for name in CONNECTORS for title, case in golden.cases(HERE / name)
]


def access_of(name: str, options: dict[str, Any]) -> Access:
    usual = {option.name: option.default for option in connector(name).profile.options}
    return Access(source="shop", url="https://shop.test", options=usual | options)


def told(found: tuple[Found, ...]) -> list[dict[str, Any]]:
    plain = [
        {"type": type(one.record).__name__, **msgspec.to_builtins(one.record, builtin_types=(datetime,))}
        for one in found
    ]
    return msgspec.json.decode(msgspec.json.encode(plain))


@pytest.mark.parametrize(("name", "case"), CASES)
def test_what_a_shop_says_is_read_as_its_case_says(name: str, case: dict[str, Any]) -> None:
    raw = msgspec.json.encode(case["wire"])
    access = access_of(name, case.get("options", {}))
    if "topic" in case:
        headers = {"x-wc-webhook-topic": case["topic"], "x-shopify-topic": case["topic"], **case.get("headers", {})}
        hook = Hook(headers=headers, body=raw, received_at=datetime(2026, 3, 2, tzinfo=UTC))
        found = connector(name).hear(hook, access).found
    else:
        if "beside" in case:
            raw = with_children(raw, [msgspec.json.encode(one) for one in case["beside"]])
        found = (connector(name).reread(case["noun"], raw, access),)
    assert case["records"] == told(found)
