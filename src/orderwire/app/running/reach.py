"""Whether a platform answers at all: a transport that remembers since when it has not."""

from __future__ import annotations

import time
from types import TracebackType
from typing import Self

from orderwire.dialects.wire import WireReply, WireRequest
from orderwire.errors import Unavailable
from orderwire.transport.port import Transport


class Watched:
    """A transport that sends through another and keeps watch over its failures.

    No answer and an answer of 5xx are failures; any other answer, a refusal too, ends them.
    """

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self._failing_since: float | None = None

    async def __aenter__(self) -> Self:
        """Open the other one."""
        await self._transport.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the other one."""
        await self._transport.__aexit__(kind, error, trace)

    async def send(self, request: WireRequest, base_url: str) -> WireReply:
        """Send one request and read the whole reply."""
        try:
            reply = await self._transport.send(request, base_url)
        except Unavailable:
            self._note(is_failure=True)
            raise
        self._note(is_failure=reply.status >= 500)
        return reply

    @property
    def failing_for(self) -> float:
        """Seconds since the first of the failures that no good answer has ended; 0 when the last answer was good."""
        return 0.0 if self._failing_since is None else time.monotonic() - self._failing_since

    def _note(self, *, is_failure: bool) -> None:
        if not is_failure:
            self._failing_since = None
        elif self._failing_since is None:
            self._failing_since = time.monotonic()
