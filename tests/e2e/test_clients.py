"""Real clients, unmodified but for the address: each is answered as it expects, and the ledger holds what was meant.

`make e2e` runs these; each client is installed by its lock of hashes into an environment of its own.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.clients.house import House
from tests.clients.known import CLIENTS, Client, keep
from tests.clients.summary import lines_of

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif("ORDERWIRE_E2E" not in os.environ, reason="`make e2e` installs the clients and runs this"),
]
FACTS = {
    "klaviyo": """
person.updated person:c-1 | ana@mail.test | now | c-1 Ana Lima Porto vip=True
person.updated person:c-1 | ana@mail.test | now | c-1 Ana Silva Porto vip=True
person.updated person:bo@mail.test | bo@mail.test | now | +351912345678 Bo
consent.changed email | ana@mail.test | 2024-02-03 04:05:06 | subscribed by checkout | imported
consent.changed email | bo@mail.test | now | unsubscribed by klaviyo: profile-subscription-bulk-delete-jobs
consent.changed consent | erased
order.placed order:1001 | ana@mail.test | 2026-02-01 10:00:00 | 4249 EUR: 2 MUG-B=2500, 1 JUG=1749
order.updated order:1001 | ana@mail.test | 2026-02-01 10:00:00 | 4249 EUR: 2 MUG-B=2500, 1 JUG=1749
order.fulfilled order:1001 | ana@mail.test | 2026-02-03 09:00:00
order.refunded order:1001 | ana@mail.test | 2026-02-10 12:30:00 | 1749 of 4249 EUR
custom.Wished | ana@mail.test | 2026-02-02 08:00:00 | ProductID=P2, big=9007199254740993
product.viewed | bo@mail.test | 2026-01-30 08:00:00 | product_id=P1, name=Mug | imported
order.placed order:900 | bo@mail.test | 2025-01-01 00:00:00 | 1749 EUR: 1 JUG=1749 | imported
product.updated product:MUG | now | Mug 10.5
product.updated product:MUG | now | Mug 10.5 (MUG-B 11.5 3)
product.updated product:MUG | now | Mug 10.5 Mugs (MUG-B 11.5 3)
product.updated product:MUG | now | Cup 10.5 Mugs (MUG-B 11.5 3)
product.updated product:MUG | now | Cup 10.5 Mugs (MUG-B 11.5 0)
product.updated product:MUG | now | Cup 10.5 Cups (MUG-B 11.5 0)
product.updated product:MUG | now | Cup 10.5 (MUG-B 11.5 0)
product.updated product:MUG | now | Cup 10.5 Cups (MUG-B 11.5 0)
product.updated product:MUG | now | Cup 10.5 (MUG-B 11.5 0)
product.updated product:MUG | now | Cup 10.5 Cups (MUG-B 11.5 0)
product.updated product:MUG | now | Cup 10.5 (MUG-B 11.5 0)
custom.Subscribed to Back in Stock | ana@mail.test | now | VariantID=MUG-B, channels=['EMAIL']
product.updated product:MUG | now | Cup 10.5
product.removed product:MUG | now | Cup 10.5
product.updated product:JUG | now | Mug 17.49
product.updated product:JUG | now | Cup 17.49
product.removed product:JUG | now | Cup 17.49
product.updated product:JUG | now | Mug 17.49
product.updated product:JUG | now | Mug 17.49 (JUG-S 11.5 3)
product.updated product:JUG | now | Mug 17.49 (JUG-S 11.5 3)
product.updated product:JUG | now | Mug 17.49
product.updated product:JUG | now | Mug 17.49 (JUG-S 11.5 3)
person.forgotten person | erased
""",
    "klaviyo-legacy": """
product.viewed | ana@mail.test | 2026-01-30 08:00:00 | product_id=P1, name=Mug
custom.First | ana@mail.test | 2026-01-30 08:00:01
custom.Posted | ana@mail.test | 2026-01-30 08:00:02 | x=ö & = +
person.updated person:c-1 | ana@mail.test | now | c-1 Ana
person.updated person:bo@mail.test | bo@mail.test | now | pets=1
consent.changed email | bo@mail.test | now | subscribed by klaviyo: list subscribe
person.updated person | erased
consent.changed email | bo@mail.test | now | unsubscribed by klaviyo: list unsubscribe
person.updated person:c-1 | ana@mail.test | now | c-1 Ana Lima size=M
person.updated person:c-1 | ana@mail.test | now | c-1 Ana Lima
person.forgotten person | erased
""",
    "klaviyo-page": """
person.updated person:ana@mail.test | ana@mail.test | now | Ana
product.viewed | ana@mail.test | 2026-02-01 08:00:00 | product_id=P1, name=Mug
person.updated person:bo@mail.test | bo@mail.test | now
custom.Subscription Requested | bo@mail.test | now | channels=['email']
""",
    "drip": """
person.updated person:ana+shop@mail.test | ana+shop@mail.test | now | Ana vip size=M
consent.changed email | ana+shop@mail.test | now | subscribed by drip/subscribers
consent.changed email | p0@mail.test | now | subscribed by drip/subscribers/batches | imported
consent.changed email | p1@mail.test | now | subscribed by drip/subscribers/batches | imported
consent.changed email | p2@mail.test | now | subscribed by drip/subscribers/batches | imported
consent.changed email | p0@mail.test | now | unsubscribed by drip/unsubscribes/batches
person.updated person:ana+shop@mail.test | ana+shop@mail.test | now | Ana vip likes mugs size=M
person.updated person:ana+shop@mail.test | ana+shop@mail.test | now | Ana likes mugs size=M
custom.Logged in | ana+shop@mail.test | 2026-01-30 08:00:00 | from=page
custom.Wished | p0@mail.test | 2026-01-30 08:00:00
custom.Wished | p0@mail.test | 2026-01-30 09:00:00
cart.updated cart:c1 | ana+shop@mail.test | 2026-02-01 09:00:00 | 2500 EUR: 2 MUG-B=2500
order.placed order:1001 | ana+shop@mail.test | 2026-02-01 10:00:00 | 4249 EUR: 2 MUG-B=2500, 1 JUG=1749
order.paid order:1001 | ana+shop@mail.test | 2026-02-01 10:05:00
order.fulfilled order:1001 | ana+shop@mail.test | 2026-02-03 09:00:00
order.refunded order:1001 | ana+shop@mail.test | 2026-02-10 12:30:00 | 1749 of 4249 EUR
order.placed order:2 | p0@mail.test | 2026-02-02 11:00:00 | 1749 EUR: 1 JUG=1749
order.placed order:3 | p0@mail.test | 2026-02-03 11:00:00 | 1749 EUR: 1 JUG=1749
product.updated product:P1 | 2026-01-01 00:00:00 | Mug 12.5 (V1 12.5 None)
consent.changed email | p1@mail.test | now | unsubscribed by drip/delete
""",
    "drip-node": """
person.updated person:ana@mail.test | ana@mail.test | now | Ana size=M
consent.changed email | ana@mail.test | now | subscribed by drip/subscribers
consent.changed email | bo@mail.test | now | subscribed by drip/subscribers/batches | imported
person.updated person:cy@mail.test | cy@mail.test | now | imported
consent.changed email | bo@mail.test | now | unsubscribed by drip/unsubscribe_all
consent.changed email | cy@mail.test | now | unsubscribed by drip/unsubscribes/batches
person.updated person:ana@mail.test | ana@mail.test | now | Ana likes mugs size=M
person.updated person:ana@mail.test | ana@mail.test | now | Ana size=M
consent.changed email | cy@mail.test | now | unsubscribed by drip/remove
custom.Logged in | ana@mail.test | 2026-01-30 08:00:00
custom.Wished | ana@mail.test | 2026-01-30 08:00:00
cart.updated cart:c1 | ana@mail.test | 2026-02-01 09:00:00 | 2500 EUR: 2 MUG-B=2500
order.placed order:1001 | ana@mail.test | 2026-02-01 10:00:00 | 2500 EUR: 2 MUG-B=2500
order.cancelled order:1001 | ana@mail.test | 2026-02-02 10:00:00
product.updated product:P1 | 2026-01-01 00:00:00 | Mug 12.5 (V1 12.5 None)
order.placed order:900 | ana@mail.test | 2025-01-01 00:00:00 | 1749 EUR
order.placed order:901 | ana@mail.test | 2025-01-01 00:00:00 | 1749 EUR
order.refunded order:900 | ana@mail.test | 2025-01-05 00:00:00 | 749 of 1749 EUR
consent.changed email | cy@mail.test | now | unsubscribed by drip/delete
""",
    "omnisend": """
person.updated person:ana+shop@mail.test | ana+shop@mail.test | now | Ana source: shop
consent.changed email | ana+shop@mail.test | now | subscribed by omnisend /v5/contacts
person.updated person:ana+shop@mail.test | ana+shop@mail.test | now | Ana Lima source: shop
person.updated person:bo@mail.test | bo@mail.test | now | source: shop
consent.changed email | bo@mail.test | now | never_asked by omnisend /v5/contacts
person.updated person:cy@mail.test | cy@mail.test | now | source: shop
consent.changed email | cy@mail.test | now | unsubscribed by omnisend /v5/contacts
cart.updated cart:c1 | ana+shop@mail.test | 2026-02-01 09:00:00 | 2500 EUR: 2 MUG-B=2500
order.placed order:1001 | ana+shop@mail.test | 2026-02-01 10:00:00 | 2500 EUR: 2 MUG-B=2500
order.paid order:1001 | ana+shop@mail.test | 2026-02-01 10:05:00
order.fulfilled order:1001 | ana+shop@mail.test | 2026-02-03 09:00:00
order.refunded order:1001 | ana+shop@mail.test | 2026-02-10 12:30:00 | 1250 of 2500 EUR
custom.wished | ana+shop@mail.test | 2026-02-02 08:00:00 | product=P2
order.placed order:900 | ana+shop@mail.test | 2025-01-01 00:00:00 | 2500 EUR: 2 MUG-B=2500
product.updated product:P1 | now | Mug Mugs (V1 12.5 None)
product.updated product:P1 | now | Cup Mugs (V1 12.5 None)
product.removed product:P1 | now | Cup Mugs (V1 12.5 None)
""",
    "yespo": """
person.updated person:ana@mail.test | ana@mail.test | now | Ana Lima Porto Tea
person.updated person:ana@mail.test | ana@mail.test | now | Ana Silva Porto Tea
person.updated person:bo@mail.test | bo@mail.test | now | +351912345678 Bo Coffee
person.updated person:cy@mail.test | cy@mail.test | now | Cy Subscribers
consent.changed email | cy@mail.test | now | subscribed by yespo form
custom.subscribeFromApi | cy@mail.test | now
consent.changed email | bo@mail.test | now | unsubscribed by yespo list of unsubscribed
consent.changed email | cy@mail.test | now | unsubscribed by yespo list of unsubscribed
consent.changed email | cy@mail.test | now | subscribed by yespo list of unsubscribed
person.updated person:ana@mail.test | ana@mail.test | now | Ana Silva Porto
custom.wish | ana@mail.test | now | product=P2
order.placed order:1001 | ana@mail.test | 2026-02-01 10:00:00 | 4249 EUR: 2 P1=2500, 1 P2=1749
order.delivered order:1001 | ana@mail.test | now
person.updated person:di@mail.test | di@mail.test | now | Di
""",
}
"""What the calls of each client mean, said as facts by hand."""


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    opened = House(tmp_path)
    yield opened
    opened.stop()


@pytest.mark.parametrize("client", CLIENTS, ids=[client.name for client in CLIENTS])
def test_a_client_is_answered_and_its_calls_become_the_facts_they_mean(client: Client, house: House) -> None:
    told = client.try_at(house)
    keep(client.name, told)

    assert {} == {one["call"]: one["wrong"] for one in told if one["wrong"] and one["call"] not in client.is_wrong}
    assert set(client.is_wrong) == {one["call"] for one in told if one["wrong"]}
    assert FACTS[client.name].strip().splitlines() == lines_of(house.facts())
    assert (0, False) == (house.stop(), "call failed" in house.said())
