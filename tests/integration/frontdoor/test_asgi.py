"""The server as an application: who a call comes from, faults of our own, and a start that fails."""

import contextlib
import sqlite3
from collections.abc import AsyncIterator, Mapping, MutableMapping
from pathlib import Path
from typing import Any

import pytest

from orderwire.app.frontdoor.settings import ServerSettings
from orderwire.entrypoints.server.asgi import Server, caller_behind


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
    assert expected == caller_behind("10.0.0.1", told, ("10.0.0.1", "10.0.0.2"))


@pytest.mark.parametrize(
    ("path", "key", "expected"),
    [
        ("/metrics", "", 500),
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
        status, _, body = await client.call("GET", path, headers={"authorization": key})

    assert expected == status
    assert b"_gone" not in body + b"".join(part.encode() for part in capsys.readouterr())


async def test_a_start_that_fails_is_told(tmp_path: Path) -> None:
    (tmp_path / "orderwire.toml").mkdir()
    said: list[str] = []

    async def receive() -> Mapping[str, Any]:
        return {"type": "lifespan.startup"}

    async def send(message: MutableMapping[str, Any]) -> None:
        said.append(message["type"])

    await Server(tmp_path, ServerSettings())({"type": "lifespan"}, receive, send)

    assert ["lifespan.startup.failed"] == said
