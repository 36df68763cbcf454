"""The port through which everything leaves; what stands behind it is chosen where the parts are put together."""

from __future__ import annotations

from types import TracebackType
from typing import Protocol, Self

from orderwire.dialects.wire import WireReply, WireRequest


class Transport(Protocol):
    """The port through which everything leaves."""

    async def __aenter__(self) -> Self:
        """Open what it needs."""
        ...

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it."""
        ...

    async def send(self, request: WireRequest, base_url: str) -> WireReply:
        """Send one request and read the whole reply.

        Raises:
            Unavailable: no complete reply came; says whether the request may have arrived.
        """
        ...
