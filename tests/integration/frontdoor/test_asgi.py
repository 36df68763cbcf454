"""The server as an application: who calls, who sees what is counted, faults of our own, and a start that fails."""

import base64
import contextlib
import sqlite3
from collections.abc import AsyncIterator, Mapping, MutableMapping
from pathlib import Path
from typing import Any

import pytest

from orderwire.app.frontdoor import keys
from orderwire.app.frontdoor.settings import ServerSettings
from orderwire.dialects import registry
from orderwire.dialects.doorway import Reply, Scope
from orderwire.entrypoints.server.asgi import Server
from orderwire.entrypoints.server.callers import Proxies, address_of, caller_behind
from orderwire.entrypoints.server.feeds import Streamed
from orderwire.ledger import open_ledger

HERE = ("127.0.0.1", 5000)


class Client:
    """Calls the application as a server does that has read the request."""

    def __init__(self, server: Server) -> None:
        self._server = server

    async def call(
        self,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
        client: tuple[str, int] | None = ("192.0.2.1", 5000),
    ) -> tuple[int, dict[str, str], bytes]:
        sent: list[MutableMapping[str, Any]] = []

        async def receive() -> Mapping[str, Any]:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: MutableMapping[str, Any]) -> None:
            sent.append(message)

        plain, _, query = path.partition("?")
        scene = {
            "type": "http",
            "method": method,
            "path": plain,
            "raw_path": plain.encode(),
            "query_string": query.encode(),
            "headers": [(name.encode(), value.encode("latin-1")) for name, value in (headers or {}).items()],
            "client": client,
            "scheme": "http",
        }
        await self._server(scene, receive, send)
        start, *pieces = sent
        names = {name.decode(): value.decode("latin-1") for name, value in start["headers"]}
        return start["status"], names, b"".join(piece.get("body", b"") for piece in pieces)


@contextlib.asynccontextmanager
async def opened(folder: Path, settings: ServerSettings | None = None) -> AsyncIterator[Client]:
    server = Server(folder, settings or ServerSettings(only=("native",)))
    await server.open()
    try:
        yield Client(server)
    finally:
        await server.close()


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("198.51.100.7, 203.0.113.9", "203.0.113.9"),
        ("198.51.100.7, 203.0.113.9, 10.0.0.2", "203.0.113.9"),
        ("10.0.0.2", "10.0.0.2"),
        ("", "10.0.0.1"),
    ],
)
def test_a_caller_is_whom_the_trusted_proxies_name(told: str, expected: str) -> None:
    assert expected == caller_behind("10.0.0.1", told, Proxies(["10.0.0.1", "10.0.0.2"]))


@pytest.mark.parametrize(
    ("networks", "proxy", "told", "expected"),
    [
        (["10.0.0.0/8"], "10.1.2.3", "203.0.113.9, 10.200.0.1", "203.0.113.9"),
        (["10.0.0.0/8"], "11.0.0.1", "203.0.113.9", "11.0.0.1"),
        (["10.0.0.0/8"], "::ffff:10.1.2.3", "203.0.113.9", "203.0.113.9"),
        (["2001:db8::/32"], "2001:db8::7", "2001:db8:1::1, 2001:0DB8:ffff::1", "2001:db8:1::1"),
        (["2001:db8::/32"], "2001:db8::7", "2001:db9::1", "2001:db9::1"),
        (["10.0.0.0/8", "fd00::/8"], "fd00::1", "198.51.100.7:4711, 10.0.0.1:80, [fd00::2]:443", "198.51.100.7"),
        (["10.0.0.0/8"], "10.1.2.3", "unknown", "unknown"),
        ([], "10.1.2.3", "203.0.113.9", "10.1.2.3"),
    ],
)
def test_proxies_are_trusted_by_network_too(networks: list[str], proxy: str, told: str, expected: str) -> None:
    assert expected == caller_behind(proxy, told, Proxies(networks))


@pytest.mark.parametrize("text", ["", "localhost", "10.0.0", "1.2.3.4.5", "::g", "10.0.0.0/8", "\u0663.0.0.1"])
def test_what_is_no_address_is_nobody(text: str) -> None:
    assert (None, False) == (address_of(text), text in Proxies(["0.0.0.0/0", "::/0"]))


@pytest.mark.parametrize(
    ("peer", "headers", "expected"),
    [
        ("127.0.0.1", {}, 200),
        ("127.8.0.1", {}, 200),
        ("::1", {}, 200),
        ("::ffff:127.0.0.1", {}, 200),
        ("192.0.2.1", {}, 403),
        ("192.0.2.1", {"x-forwarded-for": "127.0.0.1"}, 403),
        ("10.0.0.1", {"x-forwarded-for": "127.0.0.1"}, 403),
        ("127.0.0.1", {"x-forwarded-for": "127.0.0.1"}, 403),
        ("127.0.0.1", {"forwarded": "for=127.0.0.1"}, 403),
        ("127.0.0.1", {"via": "1.1 proxy"}, 403),
        ("", {}, 403),
    ],
)
async def test_by_default_only_this_machine_sees_what_is_counted(
    tmp_path: Path, peer: str, headers: dict[str, str], expected: int
) -> None:
    settings = ServerSettings(only=("native",), trusted_proxies=("10.0.0.1", "127.0.0.1"))
    async with opened(tmp_path, settings) as client:
        status, _, body = await client.call("GET", "/metrics", headers=headers, client=(peer, 5000))

    assert (expected, expected == 200) == (status, b"orderwire_ledger_head" in body)


@pytest.mark.parametrize(("mode", "expected"), [("open", 200), ("off", 404), ("key", 401)])
async def test_who_sees_what_is_counted_is_a_setting(tmp_path: Path, mode: str, expected: int) -> None:
    async with opened(tmp_path, ServerSettings(only=("native",), metrics=mode)) as client:
        status, _, body = await client.call("GET", "/metrics")

    assert (expected, expected == 200) == (status, b"orderwire_ledger_head" in body)


def key(folder: Path, *scopes: Scope, platform: str = "native") -> str:
    ledger = open_ledger(folder / "orderwire.db")
    try:
        return keys.make(ledger, registry.door(platform), scopes=scopes).secret
    finally:
        ledger.close()


def basic(secret: str) -> str:
    return f"Basic {base64.b64encode(f'prometheus:{secret}'.encode()).decode()}"


async def test_a_key_for_what_is_counted_opens_that_alone(tmp_path: Path) -> None:
    watching = key(tmp_path, Scope.METRICS)
    other_door = key(tmp_path, Scope.METRICS, platform="klaviyo")
    working = key(tmp_path, Scope.READ, Scope.WRITE, Scope.FEED)
    asked = [f"Bearer {watching}", basic(watching), f"Bearer {other_door}", f"Bearer {working}", "Bearer ow_key_x"]
    async with opened(tmp_path, ServerSettings(only=("native",), metrics="key")) as client:
        seen = [(await client.call("GET", "/metrics", headers={"authorization": one}))[0] for one in asked]
        others = [
            (await client.call(method, path, headers={"authorization": f"Bearer {watching}"}))[0]
            for method, path in (("GET", "/v1/facts"), ("POST", "/v1/records"), ("POST", "/v1/orders"))
        ]
        feed = (await client.call("GET", "/feeds/products.xml", headers={"authorization": basic(watching)}))[0]

    assert [200, 200, 200, 403, 403] == seen
    assert ([403, 403, 403], 401) == (others, feed)


@pytest.mark.parametrize(
    ("path", "key", "expected"),
    [
        ("/metrics", "", 200),
        ("/v1/facts", "Bearer ow_key_x", 503),
        ("/feeds/products.xml", "Basic OnNlY3JldA==", 503),
        ("/readyz", "", 200),
    ],
)
async def test_a_fault_of_ours_is_answered_and_tells_nothing(
    tmp_path: Path, path: str, key: str, expected: int, capsys: pytest.CaptureFixture[str]
) -> None:
    async with opened(tmp_path) as client:
        with contextlib.closing(sqlite3.connect(tmp_path / "orderwire.db")) as other:
            for table in ("access_key", "document"):
                other.execute(f"ALTER TABLE {table} RENAME TO {table}_gone")
        status, _, body = await client.call("GET", path, headers={"authorization": key}, client=HERE)

    assert expected == status
    assert path != "/metrics" or b"orderwire_ledger_readable 0.0" in body
    assert b"_gone" not in body + b"".join(part.encode() for part in capsys.readouterr())


class Vanishing(Server):
    """Finds a feed whose file is replaced before it is sent."""

    async def _found(self, *_: object) -> tuple[Streamed, str, str]:
        return Streamed(Reply(), Path("/nowhere/products.xml"), 5), "", ""


async def test_a_feed_that_was_replaced_meanwhile_is_to_be_asked_for_again(tmp_path: Path) -> None:
    status, headers, body = await Client(Vanishing(tmp_path, ServerSettings())).call("GET", "/feeds/products.xml")

    assert (503, "1", b"") == (status, headers["retry-after"], body)


async def test_a_start_that_fails_is_told(tmp_path: Path) -> None:
    (tmp_path / "orderwire.toml").mkdir()
    said: list[str] = []

    async def receive() -> Mapping[str, Any]:
        return {"type": "lifespan.startup"}

    async def send(message: MutableMapping[str, Any]) -> None:
        said.append(message["type"])

    await Server(tmp_path, ServerSettings())({"type": "lifespan"}, receive, send)

    assert ["lifespan.startup.failed"] == said
