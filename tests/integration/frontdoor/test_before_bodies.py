"""What is answered before a body is read, and how much of strangers' bodies is held where it has to be."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Mapping, MutableMapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from msgspec.structs import replace

from orderwire.app.frontdoor import keys
from orderwire.app.frontdoor.settings import ServerSettings
from orderwire.dialects import registry
from orderwire.dialects.doorway import Call, Scope
from orderwire.entrypoints.server.asgi import Server
from orderwire.entrypoints.server.bodies import OF_STRANGERS, Incoming, NoRoom, Room
from orderwire.ledger import StoredLedger, open_ledger

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
TRACK = "/api/track"
MANY = 60
"""More strangers than find room with more than half a megabyte each."""


class Sending:
    """One request whose body comes piece by piece as it is asked for."""

    def __init__(self, path: str, pieces: int, *, piece: bytes = b"x" * 1000, **headers: str) -> None:
        self.path = path
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}
        self.pieces = pieces
        self.piece = piece
        self.asked = 0
        self.asked_before_answer = -1
        self.goes_on = asyncio.Event()
        self.goes_on.set()
        self.status = 0
        self.answer = b""

    async def to(self, server: Server) -> int:
        scene = {
            "type": "http",
            "method": "POST",
            "path": self.path.partition("?")[0],
            "raw_path": self.path.partition("?")[0].encode(),
            "query_string": self.path.partition("?")[2].encode(),
            "headers": [(name.encode(), value.encode()) for name, value in self.headers.items()],
            "client": ("192.0.2.1", 5000),
            "scheme": "http",
        }
        await server(scene, self.receive, self._send)
        return self.status

    async def receive(self) -> Mapping[str, Any]:
        self.asked += 1
        if self.asked == self.pieces:
            await self.goes_on.wait()
        return {"type": "http.request", "body": self.piece, "more_body": self.asked < self.pieces}

    async def _send(self, message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.asked_before_answer = self.asked
        else:
            self.answer += message["body"]


@contextlib.asynccontextmanager
async def opened(folder: Path, *only: str) -> AsyncIterator[Server]:
    server = Server(folder, ServerSettings(only=only))
    await server.open()
    try:
        yield server
    finally:
        await server.close()


@pytest.fixture
def ledger(tmp_path: Path) -> StoredLedger:
    return open_ledger(tmp_path / "orderwire.db")


def made(ledger: StoredLedger, platform: str, *scopes: Scope, is_public: bool = False) -> str:
    return keys.make(ledger, registry.door(platform), scopes=scopes, is_public=is_public).secret


@pytest.mark.parametrize(
    ("path", "headers", "expected"),
    [
        ("/v1/orders", {"authorization": "Bearer ow_key_unknown"}, 401),
        ("/v1/orders", {}, 401),
        ("/v1/nothing", {"authorization": "Bearer ow_key_unknown"}, 404),
        ("/v1/facts", {"authorization": "Bearer ow_key_unknown"}, 405),
        ("/klaviyo/api/events", {"authorization": "Klaviyo-API-Key pk_unknown", "revision": "2026-01-15"}, 401),
        ("/klaviyo/api/v2/list/A/members?api_key=pk_unknown", {}, 403),
        ("/drip/v2/123/events", {"authorization": "Bearer unknown"}, 401),
        ("/omnisend/v5/events", {"x-api-key": "1-unknown"}, 401),
        ("/yespo/api/v1/orders", {"authorization": "Basic eDp1bmtub3du"}, 401),
        ("/ometria/v2/push", {"x-ometria-auth": "unknown"}, 403),
        ("/nobody/knows/this", {}, 404),
    ],
)
async def test_who_shows_no_key_that_opens_is_answered_before_the_body_is_read(
    tmp_path: Path, path: str, headers: dict[str, str], expected: int
) -> None:
    sending = Sending(path, 100, content_length="100000")
    sending.headers.update(headers)
    async with opened(tmp_path) as server:
        status = await sending.to(server)

    assert (0, 100) == (sending.asked_before_answer, sending.asked)
    assert expected == status


async def test_a_scope_and_a_size_are_looked_at_before_the_body_too(tmp_path: Path, ledger: StoredLedger) -> None:
    reading, writing = made(ledger, "native", Scope.READ), made(ledger, "native", Scope.WRITE)
    forbidden = Sending("/v1/orders", 2, content_length="2000", authorization=f"Bearer {reading}")
    huge = Sending("/v1/orders", 2, content_length="10000001", authorization=f"Bearer {writing}")
    async with opened(tmp_path, "native") as server:
        assert (403, 413) == (await forbidden.to(server), await huge.to(server))

    assert (0, 0) == (forbidden.asked_before_answer, huge.asked_before_answer)


async def test_who_waits_to_be_told_to_send_is_not_told_when_it_would_be_for_nothing(tmp_path: Path) -> None:
    sending = Sending("/v1/orders", 2, content_length="2000", expect="100-continue")
    async with opened(tmp_path, "native") as server:
        await sending.to(server)

    assert (401, 0) == (sending.status, sending.asked)


async def test_a_key_revoked_while_its_body_came_opens_no_more(tmp_path: Path, ledger: StoredLedger) -> None:
    writing = made(ledger, "native", Scope.WRITE)
    sending = Sending("/v1/records", 2, content_length="2000", authorization=f"Bearer {writing}")
    sending.goes_on.clear()
    async with opened(tmp_path, "native") as server:
        call = asyncio.create_task(sending.to(server))
        while sending.asked < 2:
            await asyncio.sleep(0.01)
        keys.revoke(ledger, "native")
        await asyncio.sleep(keys.LONGEST)
        sending.goes_on.set()

        assert 401 == await call


async def test_bodies_of_strangers_find_room_in_a_few_megabytes_together(
    tmp_path: Path, ledger: StoredLedger
) -> None:
    token = made(ledger, "klaviyo", is_public=True)
    body = {"token": token, "event": "Viewed", "customer_properties": {"$email": "a@mail.test"}}
    waiting = [Sending(TRACK, 3, piece=b" " * 300_000, content_length="900000") for _ in range(MANY)]
    for one in waiting:
        one.goes_on.clear()
    async with opened(tmp_path, "klaviyo") as server:
        calls = [asyncio.create_task(one.to(server)) for one in waiting]
        while any(one.asked < 3 for one in waiting):
            await asyncio.sleep(0.01)
        for one in waiting:
            one.goes_on.set()
        statuses = [await call for call in calls]
        after = Sending(TRACK, 1, piece=json.dumps(body).encode(), content_length="100")

        assert (200, b"1") == (await after.to(server), after.answer)

    turned_away = sum(status == 503 for status in statuses)
    assert MANY - OF_STRANGERS // 600_000 <= turned_away < MANY


async def test_while_strangers_find_no_room_callers_with_a_key_are_served(
    tmp_path: Path, ledger: StoredLedger
) -> None:
    secret = made(ledger, "klaviyo", Scope.READ, Scope.WRITE)
    strangers = [Sending(TRACK, 2, piece=b" " * 900_000, content_length="900000") for _ in range(MANY)]
    for one in strangers:
        one.goes_on.clear()
    about = {
        "metric": {"data": {"type": "metric", "attributes": {"name": "Seen"}}},
        "profile": {"data": {"type": "profile", "attributes": {"email": "a@mail.test"}}},
        "properties": {},
    }
    event = {"data": {"type": "event", "attributes": about}}
    async with opened(tmp_path, "klaviyo") as server:
        calls = [asyncio.create_task(one.to(server)) for one in strangers]
        while any(one.asked < 2 for one in strangers):
            await asyncio.sleep(0.01)
        known = Sending(
            "/api/events",
            1,
            piece=json.dumps(event).encode(),
            content_length="100",
            authorization=f"Klaviyo-API-Key {secret}",
            revision="2026-01-15",
        )
        status = await known.to(server)
        for one in strangers:
            one.goes_on.set()
        await asyncio.gather(*calls)

    assert 202 == status


def test_a_room_holds_so_much_and_is_given_back() -> None:
    room = Room(10)
    with room.place() as one, room.place() as other:
        one.take(6)
        with pytest.raises(NoRoom):
            other.take(5)
        one.take(2)
        other.take(8)
        assert 10 == room.held
    assert 0 == room.held


async def test_no_more_is_thrown_away_than_a_sender_may_send_for_nothing() -> None:
    sending = Sending("/", 100, piece=b"x" * 100)
    incoming = Incoming(sending.receive, {"transfer-encoding": "chunked"})
    await incoming.throw_away(most=1000)

    assert 11 == sending.asked


SOUGHT = {
    "api_key": "k-body",
    "token": "k-body",
    "key": "k-body",
    "GeneralInfo": {"siteId": "k-body"},
    "data": "e30=",
}
BODIES = [("application/json", json.dumps(SOUGHT)), ("application/x-www-form-urlencoded", urlencode(SOUGHT))]


@pytest.mark.parametrize("platform", registry.DOORS)
def test_a_door_says_when_it_looks_for_the_key_in_the_body(platform: str) -> None:
    """Else the body would be read too late: after the call was answered for want of a key."""
    door = registry.door(platform)
    surprises = []
    for endpoint in door.endpoints:
        for kind, body in BODIES:
            for shown in ({}, {"authorization": "Bearer k-head"}):
                call = Call(
                    method=endpoint.method,
                    path=endpoint.path.replace("{", "").replace("}", ""),
                    headers={"content-type": kind, **shown},
                    received_at=NOW,
                    request_id="0" * 32,
                )
                before, after = door.presents(call), door.presents(replace(call, body=body.encode()))
                if before != after and not before.is_in_body:
                    surprises.append(f"{endpoint.method} {endpoint.path}")

    assert [] == surprises
