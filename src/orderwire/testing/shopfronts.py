"""A shop product's stand-in in this process, read by its connector into a ledger, in time that is moved by hand.

The reading is the real one: settings, source, ingest and ledger. Only the way out and the clock are exchanged, so
that an hour's `Retry-After` passes at once and a process can die between any two requests.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import msgspec

from orderwire.app.bootstrap import Shop
from orderwire.app.frontdoor.clerk import Clerk, prepare
from orderwire.app.frontdoor.gate import Turned
from orderwire.app.frontdoor.opening import gate
from orderwire.app.frontdoor.settings import ServerSettings
from orderwire.app.ingest import IngestProgress, ingest
from orderwire.app.settings import Settings
from orderwire.dialects.doorway import Call, Reply
from orderwire.dialects.wire import WireReply, WireRequest
from orderwire.errors import Unavailable
from orderwire.ledger import FactFilter, open_ledger
from orderwire.model import Fact, Order
from orderwire.sandbox.kit import FaultPlan, PlatformClock, ReceptionLog
from orderwire.sandbox.kit.faults import Fault
from orderwire.sandbox.kit.server import Exchange, StandIn
from orderwire.sandbox.registry import stand_in
from orderwire.sources import parse
from orderwire.sources.api.source import ApiSource
from orderwire.sources.contract import Source

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
SOURCE = "shop"
SECRETS = {"KEY": "key-1", "SECRET": "secret-1", "HOOKS": "hook-secret", "OLD_HOOKS": "old-hook-secret"}


_ORDERS = msgspec.json.Decoder(Order)


class Killed(Exception):
    """The process died here."""


class HandClock(PlatformClock):
    """A clock that goes on only when somebody waits or moves it; the platform's and the reader's at once."""

    def __init__(self, start: datetime = START) -> None:
        super().__init__()
        self.at = start
        self.slept = 0.0

    def seconds(self) -> float:
        """UNIX seconds."""
        return self.at.timestamp()

    def now(self) -> datetime:
        """The moment it is."""
        return self.at

    def tick(self) -> float:
        """Seconds since some fixed moment."""
        return (self.at - START).total_seconds()

    def sleep(self, seconds: float) -> None:
        """Let so many seconds pass."""
        self.slept += seconds
        self.at += timedelta(seconds=seconds)


class InProcessCaller:
    """Carries requests to the stand-in, each a little later than the one before; dies after `dies_after` of them."""

    def __init__(self, exchange: Exchange, clock: HandClock, *, dies_after: int | None = None) -> None:
        self.exchange = exchange
        self.clock = clock
        self.dies_after = dies_after
        self.paths: list[str] = []

    def send(self, request: WireRequest, base_url: str) -> WireReply:
        """Send one request."""
        if self.dies_after is not None and len(self.paths) >= self.dies_after:
            raise Killed
        self.clock.sleep(0.05)
        address = urlsplit(base_url.rstrip("/") + request.path)
        self.paths.append(f"{address.path}?{address.query}")
        taken = self.exchange.receive(
            method=request.method,
            path=address.path,
            query=dict(parse_qsl(address.query, keep_blank_values=True)),
            headers={"host": address.netloc} | {name.lower(): value for name, value in request.headers},
            body=request.body,
        )
        if taken.closes:
            raise Unavailable("read", may_have_arrived=True)
        if taken.fault is Fault.TRUNCATED and taken.payload:
            raise Unavailable("read", may_have_arrived=True)
        headers = {name.lower(): value for name, value in taken.headers.items()}
        return WireReply(status=taken.answer.status, headers=headers, body=taken.payload)

    def close(self) -> None:
        """Nothing stays open."""


class _StagedShop(Shop):
    """A shop whose source calls the stand-in in this process."""

    front: Shopfront

    def source(self, name: str) -> Source:
        """The source, opened."""
        return self.front.source(name)


class Shopfront:
    """One shop product's stand-in, and everything that reads it."""

    def __init__(
        self,
        folder: Path,
        table: Mapping[str, Any],
        *,
        options: Mapping[str, Any] | None = None,
        faults: FaultPlan | None = None,
    ) -> None:
        self.clock = HandClock()
        self.table = {"url": "https://shop.test", "knows_newsletter": False, **table}
        self.stand_in: StandIn = stand_in(str(self.table["kind"]))(
            self.clock, {"key": SECRETS["KEY"], "secret": SECRETS["SECRET"], **(options or {})}
        )
        self.plan = faults or FaultPlan()
        self.exchange = Exchange(self.stand_in, ReceptionLog(None), self.plan)
        self.ledger = open_ledger(folder / "shop.db")
        self.callers: list[InProcessCaller] = []
        self._dies_after: int | None = None
        self._hooks = 0

    def source(self, name: str = SOURCE) -> ApiSource:
        """The source, opened anew as at each turn."""
        caller = InProcessCaller(self.exchange, self.clock, dies_after=self._dies_after)
        self.callers.append(caller)
        return ApiSource(parse(name, self.table), environment=SECRETS, caller=caller, clock=self.clock)

    def sync(self, *, dies_after: int | None = None) -> IngestProgress | None:
        """Read what is new, as a sync does; None where the process died, after so many requests."""
        self._dies_after = dies_after
        shop = _StagedShop(self.settings, self.ledger)
        object.__setattr__(shop, "front", self)
        try:
            return ingest(shop, SOURCE, now=self.clock.now())
        except Killed:
            return None
        finally:
            self._dies_after = None

    @property
    def settings(self) -> Settings:
        """The shop's settings."""
        return Settings(folder=Path(), ledger="", sources={SOURCE: self.table})

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        self.clock.at += timedelta(seconds=seconds)

    def hear(self, headers: Mapping[str, str], body: bytes, *, source: str = SOURCE) -> Reply:
        """A webhook comes in, through the gate and the clerk; it is committed before this returns."""
        self._hooks += 1
        gatekeeper = gate(ServerSettings(), self.ledger, sources={SOURCE: self.table}, environment=SECRETS)
        call = Call(
            method="POST",
            path=f"/hooks/{source}",
            headers={name.lower(): value for name, value in headers.items()},
            body=body,
            received_at=self.clock.now(),
            request_id=f"{self._hooks:032x}",
            base_url="https://orderwire.test",
        )
        met = gatekeeper.meet(call)
        if isinstance(met, Turned):
            return met.reply
        return prepare(met.admitted) or Clerk(self.ledger).write([met.admitted])[0]

    def facts(self) -> list[Fact]:
        """Everything in the log."""
        return list(self.ledger.facts(FactFilter()))

    def kinds(self) -> list[str]:
        """The kinds of all facts, in log order."""
        return [fact.kind for fact in self.facts()]

    def keys(self) -> list[str]:
        """The keys of all facts, sorted."""
        return sorted(fact.key for fact in self.facts())

    def orders(self) -> dict[str, Order]:
        """The newest snapshot of every order, by its id."""
        return {order.order_id: order for order in map(self.order, self._order_ids())}

    def order(self, order_id: str) -> Order:
        """The newest snapshot of an order."""
        from_ledger = self.ledger.snapshot_of(f"{SOURCE}/order:{order_id}")
        return _ORDERS.decode(from_ledger)

    def _order_ids(self) -> Sequence[str]:
        return [fact.subject.partition(":")[2] for fact in self.facts() if fact.kind == "order.placed"]

    def close(self) -> None:
        """Close the ledger."""
        self.ledger.close()
