"""The stand-in of Ordergroove is as strict as the real thing."""

import asyncio
import json
from typing import Any
from urllib.parse import parse_qsl, urlsplit
from urllib.request import Request, urlopen

import pytest

from orderwire.sandbox.kit import Answer, FaultPlan, ReceptionLog, serve
from orderwire.sandbox.kit.server import Exchange
from orderwire.sandbox.ordergroove import Ordergroove
from orderwire.sandbox.ordergroove.stand_in import signature
from orderwire.testing.shopfronts import HandClock

KEY = {"x-api-key": "k"}
CURSORS = {**KEY, "x-og-api-version": "2"}


class Desk:
    """Somebody who asks."""

    def __init__(self, **options: Any) -> None:
        self.clock = HandClock()
        self.stand_in = Ordergroove(self.clock, {"key": "k", "every": 0, **options})
        self.exchange = Exchange(self.stand_in, ReceptionLog(None), FaultPlan())

    def ask(self, address: str, headers: dict[str, str] | None = None) -> Answer:
        parts = urlsplit(address)
        given = CURSORS if headers is None else headers
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        return self.exchange.receive(method="GET", path=parts.path, query=query, headers=given, body=b"").answer

    def walk(self, address: str, headers: dict[str, str] | None = None) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        following: str | None = address
        while following:
            page = self.ask(following, headers).body
            found += page["results"]
            following = page["next"]
        return found


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.mark.parametrize("headers", [{}, {"x-api-key": "another"}, {"authorization": "Bearer k"}])
def test_only_the_key_opens(desk: Desk, headers: dict[str, str]) -> None:
    assert 401 == desk.ask("/customers/", headers).status


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/customers", 404),
        ("/payments/", 404),
        ("/customers/?colour=red", 400),
        ("/customers/?page_size=x", 400),
        ("/subscriptions/?created_start=2026-01-01T00:00:00", 400),
        ("/subscriptions/?updated_start=yesterday", 400),
        ("/customers/?cursor=nonsense", 404),
        ("/customers/0/", 404),
        ("/orders/?status=1&place_start=2026-03-01&place_end=2026-03-10T12:00:00", 200),
    ],
)
def test_a_call_is_answered_with(desk: Desk, address: str, status: int) -> None:
    assert status == desk.ask(address).status


def test_cursor_pages_have_no_count_and_numbered_pages_have_one(desk: Desk) -> None:
    assert {"next", "previous", "results"} == set(desk.ask("/customers/").body)
    assert {"count", "next", "previous", "results"} == set(desk.ask("/customers/", KEY).body)


@pytest.mark.parametrize("headers", [KEY, CURSORS])
def test_every_page_leads_to_the_next_and_keeps_the_filters(desk: Desk, headers: dict[str, str]) -> None:
    found = desk.walk("/subscriptions/?page_size=7&live=true", headers)
    wanted = {one.id for one in desk.stand_in.programme.subscriptions.values() if one.live}
    assert wanted == {one["public_id"] for one in found}
    assert len(wanted) == len(found)


def test_a_page_has_ten_things_unless_asked_and_never_more_than_a_hundred() -> None:
    desk = Desk(customers=120)
    sizes = [len(desk.ask(f"/customers/{asked}").body["results"]) for asked in ("", "?page_size=500")]
    assert [10, 100] == sizes


def test_a_key_without_bulk_operations_sees_one_customer() -> None:
    desk = Desk(bulk=False)
    assert 1 == len(desk.walk("/customers/"))
    assert 1 == len({one["customer"] for one in desk.walk("/subscriptions/")})


def test_more_than_six_thousand_calls_a_minute_are_refused(desk: Desk) -> None:
    statuses = [desk.ask("/customers/0/").status for _ in range(6001)]
    assert (6000, 429) == (statuses.count(404), statuses[-1])


def test_each_live_subscription_has_one_item_to_come(desk: Desk) -> None:
    live = {one["public_id"] for one in desk.walk("/subscriptions/?live=true&page_size=100")}
    items = [one["subscription"] for one in desk.walk("/items/?status=1&page_size=100")]
    assert (live, len(live)) == (set(items), len(items))


def test_what_is_refused_is_sent_again_later_and_what_is_taken_is_not() -> None:
    desk = Desk(every=600, hooks_to="https://orderwire.test", hook_secret="s")
    desk.clock.at = desk.clock.at.replace(hour=10)
    first = {one.hook: one for one in desk.stand_in.deliveries()}
    for one in first.values():
        desk.stand_in.answered(one, 500)
    assert [] == desk.stand_in.deliveries()
    desk.stand_in.programme.every = 0
    desk.clock.sleep(61)
    again = {one.hook: one for one in desk.stand_in.deliveries()}
    assert set(first) == set(again)
    for one in again.values():
        desk.stand_in.answered(one, 200)
    desk.clock.sleep(3600)
    assert [] == desk.stand_in.deliveries()


def test_an_event_is_signed_with_the_second_of_its_sending() -> None:
    desk = Desk(every=600, hooks_to="https://orderwire.test", hook_secret="s")
    desk.clock.sleep(3600)
    one = desk.stand_in.deliveries()[0]
    sent = int(desk.clock.seconds())
    assert f"ts={sent},sig={signature('s', sent, one.body)}" == one.headers["Ordergroove-Signature"]


def test_over_a_real_connection_the_next_page_is_at_the_same_address() -> None:
    async def first_pages() -> list[int]:
        runner, port = await serve(
            Ordergroove(HandClock(), {"key": "k", "every": 0}), log=ReceptionLog(None), plan=FaultPlan()
        )
        try:
            return await asyncio.to_thread(_follow, f"http://127.0.0.1:{port}/customers/?page_size=20")
        finally:
            await runner.cleanup()

    sizes = asyncio.run(first_pages())
    assert [20] == sizes[:1]
    assert len(sizes) > 1


def _follow(address: str) -> list[int]:
    sizes = []
    following: str | None = address
    while following:
        with urlopen(Request(following, headers=CURSORS), timeout=5) as reply:
            page = json.loads(reply.read())
        sizes.append(len(page["results"]))
        following = page["next"]
    return sizes
