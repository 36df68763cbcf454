"""The server around a stand-in: reception log, faults, limits and the pages that show what it holds.

The order in which a request meets them is that of the real thing: it arrives (and is logged whatever happens), the
network may lose it, the key is checked, the rate windows are counted, the platform validates and keeps, and the
network may lose the answer.
"""

from __future__ import annotations

import asyncio
import gzip
import html
import json
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from orderwire.sandbox.kit.clock import PlatformClock
from orderwire.sandbox.kit.faults import Fault, FaultPlan
from orderwire.sandbox.kit.limits import FixedWindows, Spent
from orderwire.sandbox.kit.log import ReceptionLog


@dataclass(frozen=True)
class Call:
    """One request as it arrived. Header names are in lower case, the path is raw (still percent-encoded)."""

    number: int
    at: float
    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """The body as JSON.

        Raises:
            ValueError: it is not JSON.
        """
        return json.loads(self.body)


@dataclass
class Answer:
    """What a stand-in answers, and what it took.

    `kept` goes to the reception log: one object for each thing taken, in the stand-in's own shape, with at least
    `type` and `id`; `fired` names the automations that would have started.
    """

    status: int = 200
    body: Any = None
    """JSON value, text or bytes; None for an empty body."""
    headers: dict[str, str] = field(default_factory=dict)
    kept: list[dict[str, Any]] = field(default_factory=list)
    fired: list[dict[str, Any]] = field(default_factory=list)
    content_type: str = "application/json"


class StandIn(ABC):
    """One platform, strict on everything that it is strict on.

    Subclasses hold the state in memory; `ready` is called before the first request. All methods are synchronous:
    the event loop gives each request its turn, as one database behind the platform would.
    """

    name: str = ""
    max_body = 25_000_000

    def __init__(self, clock: PlatformClock, options: Mapping[str, Any] | None = None) -> None:
        self.clock = clock
        self.options = dict(options or {})
        self.limits_on = bool(self.options.get("limits", True))

    @abstractmethod
    def authenticate(self, call: Call) -> Answer | None:
        """The refusal when the key is missing or wrong, else None."""

    @abstractmethod
    def windows(self, call: Call) -> tuple[str, FixedWindows] | None:
        """The rate family and its windows that this call counts in; None where no limit is documented."""

    @abstractmethod
    def limited(self, call: Call, retry_after: float | None) -> Answer:
        """The platform's 429; `retry_after` in platform seconds, None to leave the header out."""

    @abstractmethod
    def answer(self, call: Call) -> Answer:
        """Validate, keep and answer a call that was let through."""

    def refused_key(self, call: Call) -> Answer:
        """The platform's answer to a refused key, for the fault plan."""
        stripped = Call(call.number, call.at, call.method, call.path, {}, {}, call.body)
        return self.authenticate(stripped) or Answer(401)

    def decorate(self, call: Call, answer: Answer, spent: Spent | None) -> None:  # noqa: B027 - optional
        """Add the headers that the platform puts on every answer, rate headers for instance."""

    @abstractmethod
    def holdings(self) -> dict[str, Any]:
        """What the platform holds now, as JSON, for the page, the checker and tests."""


@dataclass(frozen=True)
class Taken:
    """What became of one request: the answer, and what the network does to it."""

    answer: Answer
    fault: Fault

    @property
    def closes(self) -> bool:
        """Whether the connection closes instead of an answer."""
        return self.fault in (Fault.DROPPED_BEFORE, Fault.DROPPED_AFTER)

    @property
    def payload(self) -> bytes:
        """The answer's body as bytes."""
        body = self.answer.body
        if body is None:
            return b""
        if isinstance(body, bytes):
            return body
        if isinstance(body, str) and self.answer.content_type != "application/json":
            return body.encode()
        return json.dumps(body, ensure_ascii=False).encode()

    @property
    def headers(self) -> dict[str, str]:
        """The answer's headers as they go out."""
        headers = dict(self.answer.headers)
        if self.answer.body is not None:
            headers.setdefault("Content-Type", self.answer.content_type)
        return headers


class Exchange:
    """Carries requests to one stand-in, through its faults, key check and limits, and keeps its reception log."""

    def __init__(self, stand_in: StandIn, log: ReceptionLog, plan: FaultPlan) -> None:
        self.stand_in = stand_in
        self.log = log
        self.plan = plan
        self.counts: dict[str, int] = {}

    def receive(
        self, *, method: str, path: str, query: Mapping[str, str], headers: Mapping[str, str], body: bytes
    ) -> Taken:
        """Take one request; `path` is raw, header names are in lower case."""
        if headers.get("content-encoding") == "gzip" and body[:2] == b"\x1f\x8b":
            body = gzip.decompress(body)
        number = self.log.next_number()
        call = Call(number, self.stand_in.clock.seconds(), method, path, query, headers, body)
        fault = self.plan.draw(number)
        answer, verdict = self._take(call, fault)
        taken = Taken(answer, fault)
        self._write(call, taken, verdict)
        return taken

    def _take(self, call: Call, fault: Fault) -> tuple[Answer, str]:
        stand_in = self.stand_in
        if fault in (Fault.REFUSED_BEFORE, Fault.DROPPED_BEFORE):
            return Answer(503, "Service Unavailable", content_type="text/plain"), "faulted"
        if self.plan.bad_key:
            return stand_in.refused_key(call), "refused"
        if refusal := stand_in.authenticate(call):
            return refusal, "refused"
        spent: Spent | None = None
        if stand_in.limits_on and (family := stand_in.windows(call)):
            spent = family[1].spend(call.at)
            if not spent.is_allowed:
                return stand_in.limited(call, spent.retry_after), "limited"
        if fault in (Fault.LIMITED, Fault.LIMITED_BARE):
            return stand_in.limited(call, 1.0 if fault is Fault.LIMITED else None), "faulted"
        answer = stand_in.answer(call)
        stand_in.decorate(call, answer, spent)
        verdict = "taken" if answer.status < 400 else "refused"
        if fault is Fault.FAILED_AFTER:
            lost = Answer(500, "Internal Server Error", content_type="text/plain")
            lost.kept, lost.fired = answer.kept, answer.fired
            return lost, verdict
        return answer, verdict

    def _write(self, call: Call, taken: Taken, verdict: str) -> None:
        self.counts[verdict] = self.counts.get(verdict, 0) + 1
        self.log.write(
            {
                "n": call.number,
                "at": round(call.at, 3),
                "wall": round(time.time(), 4),
                "method": call.method,
                "path": call.path,
                "query": dict(call.query),
                "body": call.body.decode("utf-8", "replace"),
                "status": 0 if taken.closes else taken.answer.status,
                "fault": taken.fault.value,
                "verdict": verdict,
                "kept": taken.answer.kept,
                "fired": taken.answer.fired,
            }
        )


class _Front:
    """The HTTP side of an exchange."""

    def __init__(self, exchange: Exchange) -> None:
        self.exchange = exchange
        self.stand_in = exchange.stand_in
        self.log = exchange.log
        self.plan = exchange.plan

    async def receive(self, request: web.Request) -> web.StreamResponse:
        taken = self.exchange.receive(
            method=request.method,
            path=request.rel_url.raw_path,
            query=dict(request.query),
            headers={name.lower(): value for name, value in request.headers.items()},
            body=await request.read(),
        )
        if taken.fault is Fault.SLOW:
            await asyncio.sleep(self.stand_in.clock.real(self.plan.slow_seconds))
        if taken.closes:
            return self._close(request)
        payload = taken.payload
        if taken.fault is Fault.TRUNCATED and payload:
            response = web.StreamResponse(status=taken.answer.status, headers=taken.headers)
            response.content_length = len(payload)
            await response.prepare(request)
            await response.write(payload[: len(payload) // 2])
            return self._close(request)
        return web.Response(status=taken.answer.status, body=payload, headers=taken.headers)

    def _close(self, request: web.Request) -> web.StreamResponse:
        if request.transport is not None:
            request.transport.abort()
        return web.Response(status=500)

    async def show_state(self, _request: web.Request) -> web.Response:
        state = {
            "name": self.stand_in.name,
            "requests": self.log.count,
            "verdicts": self.exchange.counts,
            "now": self.stand_in.clock.seconds(),
            "holdings": self.stand_in.holdings(),
        }
        return web.json_response(state)

    async def show_page(self, _request: web.Request) -> web.Response:
        text = json.dumps(self.stand_in.holdings(), indent=1, ensure_ascii=False)[:200_000]
        title = html.escape(self.stand_in.name)
        page = f"<!doctype html><title>{title}</title><h1>{title}</h1><pre>{html.escape(text)}</pre>"
        return web.Response(text=page, content_type="text/html")

    async def change_plan(self, request: web.Request) -> web.Response:
        try:
            self.plan.change(**await request.json())
        except (ValueError, TypeError) as error:
            return web.json_response({"error": str(error)}, status=400)
        return web.json_response({"ok": True})


def application(stand_in: StandIn, log: ReceptionLog, plan: FaultPlan) -> web.Application:
    """The web application of one stand-in; its own pages live under `/_sandbox/`."""
    front = _Front(Exchange(stand_in, log, plan))
    app = web.Application(client_max_size=stand_in.max_body)
    app.router.add_get("/_sandbox/state.json", front.show_state)
    app.router.add_get("/_sandbox/", front.show_page)
    app.router.add_post("/_sandbox/faults", front.change_plan)
    app.router.add_route("*", "/{path:.*}", front.receive)
    return app


async def serve(
    stand_in: StandIn, *, log: ReceptionLog, plan: FaultPlan, host: str = "127.0.0.1", port: int = 0
) -> tuple[web.AppRunner, int]:
    """Start a stand-in on loopback; returns its runner (call `cleanup` to stop) and the port it got."""
    runner = web.AppRunner(application(stand_in, log, plan), access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, host, port)
    await site.start()
    bound = runner.addresses[0][1]
    return runner, int(bound)
