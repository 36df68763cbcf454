"""The server as an ASGI application: requests become calls, replies leave after the commit."""

from __future__ import annotations

import gc
import os
import secrets
import time
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeAlias
from urllib.parse import parse_qsl

import msgspec
import structlog
from msgspec import Struct
from msgspec.structs import replace

from orderwire.app import talk
from orderwire.app.alarms.thread import Watching
from orderwire.app.bootstrap import Shop, open_shop
from orderwire.app.frontdoor.counts import Counts, SharedCounts
from orderwire.app.frontdoor.desk import Desk, KeyKeeper
from orderwire.app.frontdoor.gate import Awaited, Gate, Passed, Sought, Turned, is_for_pages
from orderwire.app.frontdoor.limits import CallLimits
from orderwire.app.frontdoor.opening import desk, kept_gate, reception
from orderwire.app.frontdoor.reception import Reception
from orderwire.app.frontdoor.settings import ServerSettings
from orderwire.dialects.doorway import Call, Refused, Reply
from orderwire.entrypoints.server.bodies import (
    LONGEST,
    OF_CALLERS,
    OF_STRANGERS,
    STRANGERS_LONGEST,
    Incoming,
    NoRoom,
    NotReadable,
    Place,
    Room,
    TooLarge,
    TooSlow,
    read_body,
)
from orderwire.entrypoints.server.callers import Proxies, caller_behind
from orderwire.entrypoints.server.feeds import Streamed, send_streamed
from orderwire.entrypoints.server.pages import OwnPages
from orderwire.errors import OrderwireError

log = structlog.get_logger()
Scene: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Mapping[str, Any]]]
Send: TypeAlias = Callable[[MutableMapping[str, Any]], Awaitable[None]]


class Staff(Struct, frozen=True, kw_only=True):
    """Who works behind an open front door."""

    gate: Gate
    keeper: KeyKeeper
    desk: Desk
    reception: Reception
    pages: OwnPages

    @staticmethod
    def of(shop: Shop, settings: ServerSettings, counts: Counts | None) -> Staff:
        """The staff of a shop; needs a running event loop."""
        asked = desk(shop.settings.ledger)
        gate, keeper = kept_gate(settings, asked, sources=shop.settings.sources, limits=CallLimits(counts))
        received = reception(shop.settings.ledger)
        pages = OwnPages(shop, settings, gate=gate, keeper=keeper, desk=asked, reception=received)
        return Staff(gate=gate, keeper=keeper, desk=asked, reception=received, pages=pages)

    async def close(self) -> None:
        """Finish what is in line, and send everybody home."""
        await self.reception.close()
        await self.keeper.close()
        await self.desk.close()


class Server:
    """The front door of the shop in a folder. Opens with the ASGI lifespan, closes with it after the last reply.

    `counts` are what callers are held to their rate windows by; of this process alone where none are given.
    """

    def __init__(self, folder: Path, settings: ServerSettings, *, counts: Counts | None = None) -> None:
        self._settings = settings
        self._counts = counts
        self._shops = open_shop(folder, may_be_empty=True)
        self._shop: Shop | None = None
        self._staff: Staff | None = None
        self._watching: Watching | None = None
        self._proxies = Proxies(settings.trusted_proxies)
        self._callers = Room(max(OF_CALLERS, settings.max_body))
        self._strangers = Room(max(OF_STRANGERS, settings.max_body))
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
        self._staff = Staff.of(self._shop, self._settings, self._counts)
        self._watching = Watching(self._shop.settings)

    async def close(self) -> None:
        """Finish what is in line and close."""
        if self._watching is not None:
            self._watching.stop()
        if self._staff is not None:
            await self._staff.close()
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
        incoming = Incoming(receive, call.headers)
        try:
            reply, door, endpoint = await self._found(call, scene, incoming)
        except Exception as error:  # noqa: BLE001 - what a fault says may hold anything: it goes to nobody
            log.error("call failed", kind=type(error).__name__, where=talk.frames_of(error))
            reply, door, endpoint = Reply(status=500, body=b'{"error":"a fault of ours"}'), "none", ""
        if isinstance(reply, Streamed):
            headers = _headers(reply.reply, call, reply.size)
            try:
                await send_streamed(reply, headers, send, is_head=call.method == "HEAD")
            except FileNotFoundError:
                # A newer feed has taken its place since it was looked for; the next call finds that one.
                reply = Reply(status=503, headers=(("Retry-After", "1"),))
            else:
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
        await incoming.throw_away()

    async def _found(self, call: Call, scene: Scene, incoming: Incoming) -> tuple[Reply | Streamed, str, str]:
        """The answer, with the names of door and endpoint where a platform's API was asked."""
        if self._staff is None:
            return Reply(status=503), "", ""
        client = scene.get("client")
        own = await self._staff.pages.answer(call, client[0] if client else "")
        return (own, "", "") if own is not None else await self._serve(self._staff, call, incoming)

    def _call(self, scene: Scene) -> Call:
        """The request as a call, its body not read yet."""
        self._count += 1
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scene["headers"]}
        client = scene.get("client")
        address = client[0] if client else ""
        scheme = scene.get("scheme", "http")
        if address in self._proxies:
            address = caller_behind(address, headers.get("x-forwarded-for", ""), self._proxies)
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

    async def _serve(self, staff: Staff, call: Call, incoming: Incoming) -> tuple[Reply, str, str]:
        """The reply of a platform's endpoint, with the names of door and endpoint."""
        met = await self._met(staff, call, incoming)
        if isinstance(met, Turned):
            return met.reply, met.door.name if met.door else "none", ""
        admitted = met.admitted
        reply = await staff.reception.serve(admitted)
        reply = admitted.door.dress(admitted.call, reply, met.spent)
        if is_for_pages(admitted.endpoint):
            reply = staff.gate.open_to_pages(admitted.call, reply)
        return reply, admitted.door.name, f"{admitted.endpoint.method} {admitted.endpoint.path}"

    async def _met(self, staff: Staff, call: Call, incoming: Incoming) -> Passed | Turned:
        """Whether a call is let in: by line and headers before its body is read, and once more after that."""
        await staff.keeper.freshen()
        awaited = staff.gate.expect(call)
        if isinstance(awaited, Turned):
            return awaited
        is_known = isinstance(awaited, Awaited) and bool(awaited.secret)
        most = awaited.match.endpoint.max_body if isinstance(awaited, Awaited) else awaited.most
        within = LONGEST if is_known else STRANGERS_LONGEST
        with (self._callers if is_known else self._strangers).place() as place:
            body, problem = await _taken(
                incoming, call, place, most=min(most, self._settings.max_body), within=within
            )
            await staff.keeper.freshen()
            if isinstance(awaited, Sought):
                return staff.gate.meet(replace(call, body=body), problem)
            return staff.gate.admit(awaited, body, problem)

    def _count_up(self, call: Call, door: str, endpoint: str, status: int, seconds: float) -> None:
        if self._staff is not None:
            self._staff.pages.metrics.calls.labels(door, endpoint, str(status)).inc()
            self._staff.pages.metrics.seconds.labels(door).observe(seconds)
        if self._settings.log == "all" or (self._settings.log == "errors" and status >= 400):
            log.info(
                "call",
                door=door,
                endpoint=endpoint or "-",
                status=status,
                milliseconds=round(seconds * 1000, 1),
                request=call.request_id,
            )


async def _taken(
    incoming: Incoming, call: Call, place: Place, *, most: int, within: float
) -> tuple[bytes, Refused | None]:
    """The body of a call, or what is wrong with it."""
    try:
        return await read_body(incoming, call.headers, most=most, within=within, place=place), None
    except TooLarge:
        return b"", Refused.TOO_LARGE
    except (TooSlow, NoRoom):
        return b"", Refused.UNAVAILABLE
    except NotReadable:
        return b"", Refused.NOT_READABLE


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
    shared = os.environ.get("ORDERWIRE_SERVE_COUNTS")
    counts = SharedCounts(Path(shared)) if shared else None
    return Server(Path(os.environ["ORDERWIRE_SERVE_DIR"]), settings, counts=counts)
