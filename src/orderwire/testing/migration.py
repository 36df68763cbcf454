"""Moving a shop from one platform to another in virtual time: what left by a dialect comes in by its door.

Both sides are ours, and meet on the platform's own wire: the writing dialect sends real requests, the door answers
them as the platform would, and its ledger can be delivered on to any stand-in.
"""

from __future__ import annotations

from collections.abc import Mapping
from email.utils import format_datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit

from orderwire.delivery.deliver import Delivery
from orderwire.delivery.progress import Progress
from orderwire.delivery.settings import DestinationSettings
from orderwire.dialects import registry
from orderwire.dialects.contract import Account
from orderwire.dialects.wire import WireReply, WireRequest
from orderwire.ledger import StoredLedger
from orderwire.testing.doors import BASE_URL, Visitor
from orderwire.testing.stage import switch_on
from orderwire.testing.virtual import VirtualClock


class ToDoor:
    """A transport that carries requests to a door in this process."""

    def __init__(self, visitor: Visitor, clock: VirtualClock) -> None:
        self._visitor = visitor
        self._clock = clock

    async def __aenter__(self) -> Self:
        """Nothing to open."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Nothing to close."""

    async def send(self, request: WireRequest, base_url: str) -> WireReply:
        """Send one request and read the whole reply."""
        path, _, query = (urlsplit(base_url).path.rstrip("/") + request.path).partition("?")
        await self._clock.sleep(0.02)
        self._visitor.now = self._clock.now()
        reply = self._visitor.call(
            request.method,
            path,
            body=request.body,
            headers=dict(request.headers),
            query=tuple(parse_qsl(query, keep_blank_values=True)),
        )
        date = format_datetime(self._clock.now(), usegmt=True)
        headers = {"date": date} | {name.lower(): value for name, value in reply.headers}
        return WireReply(status=reply.status, headers=headers, body=reply.body)


def settings_for(visitor: Visitor, options: Mapping[str, Any] | None = None) -> DestinationSettings:
    """The destination that a door is to who speaks its platform's language."""
    profile = registry.dialect(visitor.door.name).profile
    account = Account(
        key=visitor.secret,
        base_url=BASE_URL + urlsplit(profile.base_url).path,
        account_id=visitor.account,
        options={option.name: option.default for option in profile.options} | dict(options or {}),
    )
    return DestinationSettings(name=visitor.door.name, platform=visitor.door.name, account=account)


async def move_in(ledger: StoredLedger, visitor: Visitor, *, options: Mapping[str, Any] | None = None) -> Progress:
    """Deliver everything in a ledger to a door, in its platform's language, until nothing is left to do."""
    clock = VirtualClock()
    settings = settings_for(visitor, options)
    switch_on(ledger, settings, now=clock.now())
    delivery = Delivery(
        ledger=ledger,
        dialect=registry.dialect(visitor.door.name),
        settings=settings,
        clock=clock,
        transport=ToDoor(visitor, clock),
        holder="mover",
    )
    if not delivery.try_lease():
        raise AssertionError("another worker holds the lease")
    return await delivery.run(until_idle=True)


def opened(platform: str, folder: Path) -> Visitor:
    """A door with an empty ledger behind it."""
    return Visitor(folder, registry.door(platform))
