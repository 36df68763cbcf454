"""The server as an application: who a call comes from, faults of our own, and a start that fails."""

import contextlib
from collections.abc import AsyncIterator, Mapping, MutableMapping
from pathlib import Path
from typing import Any

import pytest

from orderwire.app.frontdoor.settings import ServerSettings
from orderwire.entrypoints.server.asgi import Server


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


PROXIES = ServerSettings(only=("native",), trusted_proxies=("10.0.0.1", "10.0.0.2"))


@pytest.mark.parametrize(
    ("client", "told", "expected"),
    [
        ("192.0.2.1", "203.0.113.9", "192.0.2.1"),
        ("10.0.0.1", "203.0.113.9", "203.0.113.9"),
        ("10.0.0.1", "198.51.100.7, 203.0.113.9", "203.0.113.9"),
        ("10.0.0.1", "198.51.100.7, 203.0.113.9, 10.0.0.2", "203.0.113.9"),
        ("10.0.0.1", "10.0.0.2", "10.0.0.2"),
        ("10.0.0.1", "", "10.0.0.1"),
    ],
)
def test_a_caller_is_whom_the_trusted_proxies_name(tmp_path: Path, client: str, told: str, expected: str) -> None:
    scene = {
        "type": "http",
        "method": "GET",
        "path": "/",
        "headers": [(b"x-forwarded-for", told.encode()), (b"x-client-address", b"1.1.1.1")],
        "client": (client, 1),
    }

    call = Server(tmp_path, PROXIES)._call(scene)

    assert expected == call.headers["x-client-address"]


async def test_a_fault_of_ours_is_answered_and_tells_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with opened(tmp_path) as client:
        for path in ("/metrics", "/v1/facts", "/feeds/products.xml?key=x"):
            client._server._shop.ledger.close()  # type: ignore[union-attr]
            client._server._gate._keys._looked_at = -1e9  # type: ignore[union-attr]
            status, _, body = await client.call("GET", path, headers={"authorization": "Bearer ow_key_secret"})
            assert status in (500, 503), path
            assert b"secret" not in body
    assert "ow_key_secret" not in capsys.readouterr().out


async def test_a_start_that_fails_is_told(tmp_path: Path) -> None:
    (tmp_path / "orderwire.db").mkdir()
    said: list[str] = []

    async def receive() -> Mapping[str, Any]:
        return {"type": "lifespan.startup"}

    async def send(message: MutableMapping[str, Any]) -> None:
        said.append(message["type"])

    await Server(tmp_path, ServerSettings())({"type": "lifespan"}, receive, send)

    assert ["lifespan.startup.failed"] == said
