"""The server as an ASGI application: requests become calls, replies leave after the commit."""

from __future__ import annotations

import gc
import os
import secrets
import time
from collections.abc import Awaitable, Callable, Collection, Mapping, MutableMapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeAlias
from urllib.parse import parse_qsl

import msgspec
import structlog

from orderwire.app import talk
from orderwire.app.alarms.gauges import gauges
from orderwire.app.alarms.thread import Watching
from orderwire.app.bootstrap import Shop, open_shop
from orderwire.app.frontdoor.gate import Gate, Turned, is_for_pages
from orderwire.app.frontdoor.opening import feed_shelf, gate, reception
from orderwire.app.frontdoor.reception import Reception
from orderwire.app.frontdoor.settings import ServerSettings
from orderwire.dialects.doorway import Call, Refused, Reply
from orderwire.entrypoints.server.bodies import NotReadable, TooLarge, TooSlow, read_body
from orderwire.entrypoints.server.feeds import PREFIX, FeedPages, Streamed, send_streamed
from orderwire.entrypoints.server.metrics import CONTENT_TYPE, Metrics
from orderwire.entrypoints.server.scripts import script
from orderwire.errors import OrderwireError

log = structlog.get_logger()
Scene: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Mapping[str, Any]]]
Send: TypeAlias = Callable[[MutableMapping[str, Any]], Awaitable[None]]


class Server:
    """The front door of the shop in a folder. Opens with the ASGI lifespan, closes with it after the last reply."""

    def __init__(self, folder: Path, settings: ServerSettings) -> None:
        self._settings = settings
        self._shops = open_shop(folder, may_be_empty=True)
        self._shop: Shop | None = None
        self._gate: Gate | None = None
        self._reception: Reception | None = None
        self._watching: Watching | None = None
        self._feeds: FeedPages | None = None
        self._metrics = Metrics()
        self._prefix = secrets.token_hex(8)
        self._count = 0

    async def __call__(self, scene: Scene, receive: Receive, send: Send) -> None:
        """One ASGI connection."""
        if scene["type"] == "http":
            await self._answer(scene, receive, send)
        elif scene["type"] == "lifespan":
            await self._live(receive, send)
        elif scene["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1000})

    async def open(self) -> None:
        """Open the shop and call the staff."""
        self._shop = self._shops.__enter__()
        self._gate = gate(self._settings, self._shop.ledger, sources=self._shop.settings.sources)
        self._reception = reception(self._shop.settings.ledger)
        self._feeds = FeedPages(feed_shelf(self._shop), self._gate)
        self._watching = Watching(self._shop.settings)

    async def close(self) -> None:
        """Finish what is in line and close."""
        if self._watching is not None:
            self._watching.stop()
        if self._reception is not None:
            await self._reception.close()
        if self._shop is not None:
            self._shops.__exit__(None, None, None)

    async def _live(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                try:
                    await self.open()
                except OrderwireError as error:
                    await send({"type": "lifespan.startup.failed", "message": str(error)})
                    return
                except Exception as error:  # noqa: BLE001 - the server would go on without ever having opened
                    log.error("the front door does not open", kind=type(error).__name__, where=talk.frames_of(error))
                    await send({"type": "lifespan.startup.failed", "message": "the front door does not open"})
                    return
                await send({"type": "lifespan.startup.complete"})
            else:
                await self.close()
                await send({"type": "lifespan.shutdown.complete"})
                return

    async def _answer(self, scene: Scene, receive: Receive, send: Send) -> None:
        began = time.perf_counter()
        call = self._call(scene)
        try:
            reply, door, endpoint = await self._found(call, receive)
        except Exception as error:  # noqa: BLE001 - what a fault says may hold anything: it goes to nobody
            log.error("call failed", kind=type(error).__name__, where=talk.frames_of(error))
            reply, door, endpoint = Reply(status=500, body=b'{"error":"a fault of ours"}'), "none", ""
        if isinstance(reply, Streamed):
            await send_streamed(reply, _headers(reply.reply, call, reply.size), send, is_head=call.method == "HEAD")
            return
        await send(
            {
                "type": "http.response.start",
                "status": reply.status,
                "headers": _headers(reply, call),
            }
        )
        await send({"type": "http.response.body", "body": b"" if call.method == "HEAD" else reply.body})
        if door:
            self._count_up(call, door, endpoint, reply.status, time.perf_counter() - began)

    async def _found(self, call: Call, receive: Receive) -> tuple[Reply | Streamed, str, str]:
        """The answer, with the names of door and endpoint where a platform's API was asked."""
        own = await self._own(call)
        return (own, "", "") if own is not None else await self._serve(call, receive)

    def _call(self, scene: Scene) -> Call:
        """The request as a call, its body not read yet."""
        self._count += 1
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scene["headers"]}
        client = scene.get("client")
        address = client[0] if client else ""
        scheme = scene.get("scheme", "http")
        if address in self._settings.trusted_proxies:
            address = caller_behind(address, headers.get("x-forwarded-for", ""), self._settings.trusted_proxies)
            scheme = headers.get("x-forwarded-proto", scheme)
        headers["x-client-address"] = address
        raw: bytes = scene.get("raw_path") or scene["path"].encode()
        path = "/" + "/".join(part for part in raw.decode("latin-1").partition("?")[0].split("/") if part)
        query = scene.get("query_string", b"")
        return Call(
            method=scene["method"],
            path=path,
            query=tuple(parse_qsl(query.decode("latin-1"), keep_blank_values=True)) if query else (),
            headers=headers,
            received_at=datetime.now(UTC),
            request_id=f"{self._prefix}{self._count:016x}",
            base_url=f"{scheme}://{headers.get('host', '')}",
        )

    async def _serve(self, call: Call, receive: Receive) -> tuple[Reply, str, str]:
        """The reply of a platform's endpoint, with the names of door and endpoint."""
        if self._gate is None or self._reception is None:
            return Reply(status=503), "", ""
        problem: Refused | None = None
        try:
            body = await read_body(receive, call.headers, most=self._settings.max_body)
        except TooLarge:
            body, problem = b"", Refused.TOO_LARGE
        except TooSlow:
            body, problem = b"", Refused.UNAVAILABLE
        except NotReadable:
            body, problem = b"", Refused.NOT_READABLE
        met = self._gate.meet(replace_body(call, body), problem)
        if isinstance(met, Turned):
            return met.reply, met.door.name if met.door else "none", ""
        admitted = met.admitted
        reply = await self._reception.serve(admitted)
        reply = admitted.door.dress(admitted.call, reply, met.spent)
        if is_for_pages(admitted.endpoint):
            reply = self._gate.open_to_pages(admitted.call, reply)
        return reply, admitted.door.name, f"{admitted.endpoint.method} {admitted.endpoint.path}"

    async def _own(self, call: Call) -> Reply | Streamed | None:
        """The pages that tell how the server does, and what is no platform's API."""
        match call.path:
            case "/healthz":
                return Reply(body=b'{"status":"ok"}')
            case "/readyz":
                ready = self._reception is not None and self._is_readable() and await self._reception.takes()
                return Reply(status=200 if ready else 503, body=b'{"ready":%s}' % (b"true" if ready else b"false"))
            case "/js/orderwire.js":
                return script(call)
            case "/metrics":
                return Reply(body=self._counted(), content_type=CONTENT_TYPE)
            case path if path.startswith(PREFIX) and self._feeds is not None:
                return await self._feeds.answer(call)
            case _:
                return None

    def _is_readable(self) -> bool:
        try:
            return self._shop is not None and self._shop.ledger.head() >= 0
        except OrderwireError:
            return False

    def _counted(self) -> bytes:
        if self._reception is not None and self._shop is not None:
            self._metrics.commits.set(self._reception.commits)
            self._metrics.waiting.set(self._reception.waiting)
            self._metrics.head.set(self._shop.ledger.head())
            self._metrics.show(gauges(self._shop))
        return self._metrics.page()

    def _count_up(self, call: Call, door: str, endpoint: str, status: int, seconds: float) -> None:
        self._metrics.calls.labels(door, endpoint, str(status)).inc()
        self._metrics.seconds.labels(door).observe(seconds)
        if self._settings.log == "all" or (self._settings.log == "errors" and status >= 400):
            log.info(
                "call",
                door=door,
                endpoint=endpoint or "-",
                status=status,
                milliseconds=round(seconds * 1000, 1),
                request=call.request_id,
            )


def caller_behind(proxy: str, told: str, trusted: Collection[str]) -> str:
    """The address that a chain of trusted proxies names: each adds on the right whom it was called by."""
    hops = [proxy, *(hop for one in reversed(told.split(",")) if (hop := one.strip()))]
    return next((hop for hop in hops if hop not in trusted), hops[-1])


def replace_body(call: Call, body: bytes) -> Call:
    """The same call with its body."""
    return Call(
        method=call.method,
        path=call.path,
        query=call.query,
        headers=call.headers,
        body=body,
        received_at=call.received_at,
        request_id=call.request_id,
        base_url=call.base_url,
    )


def _headers(reply: Reply, call: Call, size: int | None = None) -> list[tuple[bytes, bytes]]:
    found = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in reply.headers]
    names = {name for name, _ in found}
    if b"content-type" not in names and (reply.body or size or reply.status not in (202, 204, 304)):
        found.append((b"content-type", reply.content_type.encode("latin-1")))
    if reply.status not in (204, 304):
        found.append((b"content-length", str(len(reply.body) if size is None else size).encode()))
    found.append((b"x-request-id", call.request_id.encode()))
    return found


def made() -> Server:
    """The application of the folder that the environment names, for the server's processes."""
    talk.configure()
    # A batch makes a hundred thousand objects that are gone at once: looking through them again and again is waste.
    gc.freeze()
    gc.set_threshold(100_000, 20, 50)
    settings = msgspec.json.decode(os.environ["ORDERWIRE_SERVE"], type=ServerSettings)
    return Server(Path(os.environ["ORDERWIRE_SERVE_DIR"]), settings)
