"""The server's own pages: how it does, what it counts, the on-site script and the catalogue feeds."""

from __future__ import annotations

import asyncio
from functools import partial

from orderwire.app.alarms.gauges import Gauges, gauges_of
from orderwire.app.bootstrap import Shop
from orderwire.app.frontdoor.desk import PATIENCE, Desk, KeyKeeper
from orderwire.app.frontdoor.gate import Gate
from orderwire.app.frontdoor.opening import feed_shelf
from orderwire.app.frontdoor.reception import Reception
from orderwire.app.frontdoor.settings import ServerSettings
from orderwire.app.settings import Settings
from orderwire.dialects.doorway import Call, Reply
from orderwire.entrypoints.server.callers import is_here
from orderwire.entrypoints.server.feeds import PREFIX, FeedPages, Streamed, secret_of
from orderwire.entrypoints.server.metrics import CONTENT_TYPE, Metrics
from orderwire.entrypoints.server.scripts import script
from orderwire.errors import OrderwireError

_REALM = (("WWW-Authenticate", 'Bearer realm="metrics"'),)
_ELSEWHERE = Reply(
    status=403,
    body=b"only clients on this machine see this; the setting [server] metrics says who does\n",
    content_type="text/plain; charset=utf-8",
)


class OwnPages:
    """What the server answers that is no platform's API."""

    def __init__(
        self,
        shop: Shop,
        settings: ServerSettings,
        *,
        gate: Gate,
        keeper: KeyKeeper,
        desk: Desk,
        reception: Reception,
    ) -> None:
        self._shop_settings: Settings = shop.settings
        self._settings = settings
        self._gate = gate
        self._keeper = keeper
        self._desk = desk
        self._reception = reception
        self._feeds = FeedPages(feed_shelf(shop), gate)
        self.metrics = Metrics()

    async def answer(self, call: Call, peer: str) -> Reply | Streamed | None:
        """The page that a call asks for; None where it is for a platform's door. `peer` is who is connected."""
        match call.path:
            case "/healthz":
                return Reply(body=b'{"status":"ok"}')
            case "/readyz":
                ready = await self._is_readable() and await self._reception.takes()
                return Reply(status=200 if ready else 503, body=b'{"ready":%s}' % (b"true" if ready else b"false"))
            case "/js/orderwire.js":
                return script(call)
            case "/metrics" if self._settings.metrics != "off":
                return await self._counted(call, peer)
            case path if path.startswith(PREFIX):
                await self._keeper.freshen()
                return await self._feeds.answer(call)
            case _:
                return None

    async def _is_readable(self) -> bool:
        try:
            async with asyncio.timeout(PATIENCE):
                return await self._desk.ask(lambda ledger: ledger.head()) >= 0
        except (OrderwireError, TimeoutError):
            return False

    async def _counted(self, call: Call, peer: str) -> Reply:
        refusal = await self._refusal(call, peer)
        if refusal is not None:
            return refusal
        self.metrics.commits.set(self._reception.commits)
        self.metrics.waiting.set(self._reception.waiting)
        try:
            async with asyncio.timeout(PATIENCE):
                seen = await self._desk.ask(partial(gauges_of, self._shop_settings))
        except (OrderwireError, TimeoutError):
            self.metrics.readable.set(0)
            self.metrics.show(Gauges())
        else:
            self.metrics.readable.set(1)
            self.metrics.head.set(seen.head)
            self.metrics.show(seen)
        return Reply(body=self.metrics.page(), content_type=CONTENT_TYPE)

    async def _refusal(self, call: Call, peer: str) -> Reply | None:
        """Why somebody may not see what is counted; None for who may."""
        match self._settings.metrics:
            case "open":
                return None
            case "key":
                return await self._of_key(_secret(call))
            case _:
                return None if is_here(peer, call.headers) else _ELSEWHERE

    async def _of_key(self, secret: str) -> Reply | None:
        if not secret:
            return Reply(status=401, headers=_REALM)
        try:
            await self._keeper.freshen()
            return None if self._gate.may_watch(secret) else Reply(status=403)
        except OrderwireError:
            return Reply(status=503, headers=(("Retry-After", "1"),))


def _secret(call: Call) -> str:
    """The key that a monitoring system shows: as a bearer's, or as the password of HTTP Basic."""
    scheme, _, given = call.headers.get("authorization", "").partition(" ")
    match scheme.lower():
        case "bearer":
            return given.strip()
        case "basic":
            return secret_of(call)
        case _:
            return ""
