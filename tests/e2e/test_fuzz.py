"""Whatever is sent to any door of the running server: an answer, never a fault, and what was acknowledged is there.

A few of everything in the whole suite; `make e2e` (which sets ORDERWIRE_E2E) sends all of it everywhere.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random
from typing import NamedTuple

import pytest
from tests.clients import corpus
from tests.clients.callers import Headers, Keys, headers_of, order_call, target_of
from tests.clients.house import House
from tests.clients.wire import Answered, Line

from orderwire.dialects import registry
from orderwire.dialects.doorway import Endpoint

IS_WHOLE = "ORDERWIRE_E2E" in os.environ
LINES = 4
EVERY = 1 if IS_WHOLE else 23
"""One in so many combinations of endpoint and body is sent; every endpoint and every body has its turn."""
MUTATIONS = 1_500 if IS_WHOLE else 100
MEMORY = 400_000_000
"""How much the server may hold more than before: bodies of 10 MB, unpacked as JSON by several threads at once."""
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND", "get", "X")
ODD = ("%", "%zz", "%00", "%2e%2e%2f", "%2F", "%c3%28", "%F0%9F%8D%B5", "..", ".", "*", "~", "{id}", "a+b",
       "9" * 400, "-1", "0", "9223372036854775808", "1e9", "null", "x" * 3_000, "%ED%A0%80", "$custom:::$default:::x",
       "a%40mail.test", "%0d%0aX:%201", ";x=1", "@", "'")  # fmt: skip
QUERIES = (
    "", "?", "?&&==&", "?limit=-1", "?limit=9999999999999999999", "?limit=x&page=0&page=-1&per_page=1e9",
    "?page[size]=0", "?page[cursor]=%ff%fe", "?page%5Bcursor%5D=YWFh&after=zzz", "?offset=-1&startindex=-1&maxrows=0",
    "?a=" + "x" * 6_000, "?" + "&".join(f"k{number}={number}" for number in range(400)), "?filter=((((",
    "?email=%00&phone=%ED%A0%80&tags=%",
    "?filter=equals(email,%22a%22)&sort=--x&include=,,&fields[profile]=nothing&additional-fields[profile]=x",
    "?since=now&until=9999-12-31T23:59:59-14:00&order=sideways&kind=%F0&marker=!!&count=-5&start_date=x",
)  # fmt: skip


class Sent(NamedTuple):
    """One request, with a word for what it is."""

    what: str
    method: str
    target: str
    headers: Headers
    body: bytes | None


class Town:
    """A server with every door open and keys for each."""

    def __init__(self, folder: Path) -> None:
        self.house = House(folder, "--no-limits")
        self.keys: dict[str, Keys] = {}
        for platform in registry.DOORS:
            secret, account = self.house.quick_key(platform)
            public, _ = self.house.quick_key(platform, scope="browse")
            self.keys[platform] = Keys(secret=secret, public=public, account=account)
        self._placed = 0

    def endpoints(self) -> Iterator[tuple[str, Endpoint, str, Headers]]:
        """Every endpoint of every door with its target and the headers of a right key."""
        for platform, keys in self.keys.items():
            for endpoint in registry.door(platform).endpoints:
                yield platform, endpoint, target_of(platform, endpoint, keys), headers_of(platform, endpoint, keys)

    def all(self, requests: Sequence[Sent], *, also: Callable[[Answered], bool] = lambda _: True) -> list[str]:
        """Send everything over several lines at once; gives what went wrong.

        A fault is a wrong answer; a closed line is one too. Beside them orders are placed, which must be in the
        ledger afterwards.
        """
        with ThreadPoolExecutor(LINES) as crowd:
            found = list(crowd.map(lambda part: self._send(requests[part::LINES], also), range(LINES)))
        return sorted({wrong for part in found for wrong in part}) + self.lost()

    def place(self, line: Line, number: int) -> str | None:
        """Place an order at one of the doors; what is wrong with the answer."""
        platform = list(self.keys)[number % len(self.keys)]
        name = f"kept-{number}"
        target, body = order_call(platform, name, self.keys[platform])
        headers = (*headers_of(platform, None, self.keys[platform]), *corpus.JSON)
        status = line.send("POST", target, headers, body).status
        return None if 200 <= status < 300 else f"an order at {platform}: {status}"

    def lost(self) -> list[str]:
        """Acknowledged orders that the ledger has not."""
        there = {fact.subject for fact in self.house.facts() if fact.kind == "order.placed"}
        return [f"lost: kept-{number}" for number in range(self._placed) if f"order:kept-{number}" not in there]

    def _send(self, requests: Sequence[Sent], also: Callable[[Answered], bool]) -> list[str]:
        wrong: list[str | None] = []
        with Line(self.house.port) as line:
            for place, sent in enumerate(requests):
                answered = line.send(sent.method, sent.target, sent.headers, sent.body)
                if answered.status == 0 or (answered.status >= 500 and answered.status != 503) or not also(answered):
                    wrong.append(f"{sent.method} {sent.target[:90]} with {sent.what}: {answered.status}")
                if place % 40 == 0:
                    number, self._placed = self._placed, self._placed + 1
                    wrong.append(self.place(line, number))
        return [one for one in wrong if one]


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    made = Town(tmp_path_factory.mktemp("town"))
    yield made
    assert (0, False) == (made.house.stop(), "call failed" in made.house.said())


def test_no_body_is_too_odd_for_any_endpoint(town: Town) -> None:
    requests = [
        Sent(body.name, endpoint.method, target, (*headers, *body.headers), body.content)
        for _, endpoint, target, headers in town.endpoints()
        for body in corpus.BODIES
    ]
    assert [] == town.all(requests[::EVERY])


@pytest.mark.parametrize("platform", registry.DOORS)
def test_a_valid_body_with_something_wrong_inside_is_answered(town: Town, platform: str) -> None:
    chance = Random(platform)
    samples = corpus.samples(platform, town.keys[platform])
    requests = []
    for number in range(MUTATIONS):
        sample = samples[number % len(samples)]
        body = corpus.mutated(sample.body, chance)
        requests.append(Sent(f"{sample.name}: {body[:4000]!r}", sample.method, sample.target, sample.headers, body))
    assert [] == town.all(requests)


def test_nearly_all_bodies_that_are_mutated_were_valid(town: Town) -> None:
    requests = [
        Sent(sample.name, sample.method, sample.target, sample.headers, sample.body)
        for platform, keys in town.keys.items()
        for sample in corpus.samples(platform, keys)
    ]
    refused = town.all(requests, also=lambda answered: answered.status < 300)

    assert (True, []) == (len(refused) * 20 < len(requests), [one for one in refused if "lost" in one])


def test_no_path_or_query_is_too_odd(town: Town) -> None:
    requests = []
    for platform, endpoint, target, headers in town.endpoints():
        plain = target.partition("?")[0]
        joint = "&" if "?" in target else "?"
        requests += [
            Sent("a query", endpoint.method, f"{target}{query.replace('?', joint, 1)}", headers, None)
            for query in QUERIES
        ]
        if "{" in endpoint.path:
            keys = town.keys[platform]
            for odd in ODD:
                values = dict.fromkeys(("id", "key", "tag", "metric", "collection", "item", "line", "session"), odd)
                filled = target_of(platform, endpoint, keys, values).replace("+", "%2b")
                requests.append(Sent("an odd part", endpoint.method, filled, headers, b"{}"))
        else:
            requests += [Sent("more behind it", endpoint.method, f"{plain}/{odd}", headers, None) for odd in ODD[::5]]
            requests.append(Sent("slashes", endpoint.method, plain.replace("/", "//") + "///", headers, b"{}"))
    assert [] == town.all(requests[:: 1 if IS_WHOLE else 7])


def test_every_method_on_every_path_is_answered(town: Town) -> None:
    requests = [
        Sent("nothing", method, target, headers, None if method in ("GET", "HEAD") else b"{}")
        for _, _, target, headers in town.endpoints()
        for method in METHODS
    ]
    assert [] == town.all(requests[:: 1 if IS_WHOLE else 5], also=lambda answered: answered.status != 501)


def test_bombs_are_refused_and_memory_stays_bounded(town: Town) -> None:
    before = town.house.peak()
    requests = [
        Sent(bomb.name, endpoint.method, target, (*headers, *bomb.headers), bomb.content)
        for _, endpoint, target, headers in town.endpoints()
        if endpoint.method in ("POST", "PUT", "PATCH")
        for bomb in corpus.bombs()
    ]
    wrong = town.all(requests[:: 1 if IS_WHOLE else 41])
    grown = town.house.peak() - before
    assert ([], True) == (wrong, grown < MEMORY), f"{grown // 1_000_000} MB more"


HEADERS: tuple[Headers, ...] = (
    (("X-Long", "x" * 60_000),),
    tuple((f"X-{number}", "y") for number in range(90)),
    (("Authorization", "Basic ====="),),
    (("Authorization", "Basic " + "A" * 5_000),),
    (("Authorization", "Bearer \xff\xfe"),),
    (("Authorization", ""),),
    (("Authorization", " "),),
    (("X-API-KEY", "\xe9\xe9"), ("X-Ometria-Auth", ""), ("revision", "not a date")),
    (("Origin", "null"), ("Access-Control-Request-Method", "\xe9")),
    (("Cookie", "a=b;" * 2_000),),
    (("Expect", "100-continue"),),
    (("X-Forwarded-For", "x, y, z"), ("X-Forwarded-Proto", "gopher")),
    (("Omnisend-Version", "9999-99-99"),),
)


def test_no_header_is_too_odd(town: Town) -> None:
    requests = [
        Sent(f"{headers[0][0]}", endpoint.method, target, headers, b"{}")
        for number, (_, endpoint, target, _) in enumerate(town.endpoints())
        for headers in (HEADERS if IS_WHOLE or number % 40 == 0 else ())
    ]
    assert [] == town.all(requests, also=lambda answered: answered.status != 200 or answered.body is not None)
