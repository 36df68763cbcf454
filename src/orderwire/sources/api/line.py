"""The line to one shop: requests one after the other, not too fast, tried again where that may help.

Failures in a row are counted over requests: one that succeeds ends the row. After every third the piece is begun
anew with half as many things, because a page that is too heavy for the shop looks like a shop that is down; after
`MOST_FAILURES` the pass ends, and the next one goes on from what was committed.
"""

from __future__ import annotations

import random
from collections.abc import Generator
from secrets import token_hex
from typing import TypeVar

import structlog

from orderwire.dialects.connector import Access, Connector, Download, Stamp
from orderwire.dialects.wire import Result, WireReply, WireRequest
from orderwire.errors import BadReply, ConfigError, Unavailable
from orderwire.sources.api.calling import Caller, Clock
from orderwire.transport.backoff import backoff, spread_wait

T = TypeVar("T")
log = structlog.get_logger()
MOST_FAILURES = 6
BEFORE_LESS = 3
"""Failures in a row after which less is asked for."""
PATIENCE = 20.0
"""Seconds to wait for a shop with its pass held open; a longer wait ends the pass and is remembered."""
PATIENCE_INSIDE = 120.0
"""The same inside a piece that has begun: it would begin anew, and under a narrow limit never come to its end."""


class AskForLess(Exception):
    """What was asked for should be asked for again, with less; `is_too_much` where the shop itself says so."""

    def __init__(self, *, is_too_much: bool = False) -> None:
        self.is_too_much = is_too_much
        super().__init__()


class Resting(Exception):
    """The shop wants to be left alone for longer than a pass is held open."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        super().__init__(f"{seconds:g} s")


class Line:
    """The line to one shop. Belongs to one thread."""

    def __init__(
        self, connector: Connector, access: Access, caller: Caller, clock: Clock, *, per_second: float
    ) -> None:
        self._connector = connector
        self._access = access
        self._caller = caller
        self._clock = clock
        self._gap = 1.0 / per_second
        self._free_at = clock.tick()
        self._rng = random.Random()
        self._failures = 0
        self._bad_replies = 0
        self._patience = PATIENCE
        self.requests = 0

    @property
    def place(self) -> str:
        """How errors name the shop."""
        return f"source.{self._access.source}"

    def run(self, work: Generator[WireRequest, WireReply, T]) -> T:
        """Carry a connector's requests until it has what it needs.

        Raises:
            AskForLess: begin anew, with less.
            Resting: the shop wants to be left alone.
            Unavailable: no useful answer, again and again.
            ConfigError: the shop refuses us, or is none.
        """
        self._patience = PATIENCE
        try:
            request = next(work)
            while True:
                request = work.send(self._ask(request))
                self._patience = PATIENCE_INSIDE
        except StopIteration as end:
            self._bad_replies = 0
            result: T = end.value
            return result
        except BadReply as error:
            self._bad_replies += 1
            log.warning("reply not understood", source=self._access.source, reason=str(error))
            if self._bad_replies >= MOST_FAILURES:
                raise Unavailable("read", may_have_arrived=True, peer=self.place) from error
            self._wait(backoff(self._bad_replies, self._rng, most=8.0))
            raise AskForLess from error
        finally:
            work.close()

    def close(self) -> None:
        """Hang up."""
        self._caller.close()

    def _ask(self, request: WireRequest) -> WireReply:
        while True:
            reply = self._once(request)
            if reply is None:
                continue
            judgement = self._connector.judge(request, reply)
            self._free_at = max(self._free_at, self._clock.tick() + judgement.rest)
            match judgement.result:
                case Result.ACCEPTED:
                    self._failures = 0
                    return reply
                case Result.RATE_LIMITED:
                    self._back_off(judgement.retry_after)
                case Result.UNAUTHORIZED:
                    raise ConfigError(
                        self.place, f"the shop refuses us: {judgement.reason}.", "Check the credentials."
                    )
                case Result.REJECTED:
                    raise ConfigError(self.place, f"the shop refuses what we ask: {judgement.reason}.")
                case Result.SPLIT:
                    raise AskForLess(is_too_much=True)
                case _:
                    self._failed(judgement.reason, retry_after=judgement.retry_after)

    def _once(self, request: WireRequest) -> WireReply | None:
        """One try, when it is our turn; None where no complete reply came and there may be another try."""
        wait = self._free_at - self._clock.tick()
        if wait > self._patience:
            raise Resting(wait)
        self._wait(wait)
        self._free_at = self._clock.tick() + self._gap
        self.requests += 1
        try:
            if isinstance(request, Download):
                return self._caller.send(request, request.origin)
            stamp = Stamp(at=self._clock.now(), nonce=token_hex(16))
            return self._caller.send(self._connector.authorize(request, self._access, stamp), self._access.url)
        except Unavailable as error:
            self._failed(error.stage)
            return None

    def _failed(self, stage: str, *, retry_after: float | None = None) -> None:
        self._failures += 1
        if self._failures >= MOST_FAILURES:
            raise Unavailable(stage or "read", may_have_arrived=True, peer=self.place)
        wait = backoff(self._failures, self._rng, most=8.0)
        if retry_after is not None:
            wait = max(wait, spread_wait(retry_after, self._rng))
        self._rest(wait)
        if self._failures % BEFORE_LESS == 0:
            raise AskForLess

    def _back_off(self, retry_after: float | None) -> None:
        """The shop says that it is too much: not a failure, but not without an end within one pass either."""
        self._failures += 1
        wait = backoff(self._failures, self._rng, most=60.0)
        if retry_after is not None:
            wait = spread_wait(max(retry_after, 0.05), self._rng)
        if self._failures >= 2 * MOST_FAILURES:
            raise Resting(max(wait, PATIENCE))
        self._rest(wait)

    def _rest(self, seconds: float) -> None:
        if seconds > self._patience:
            raise Resting(seconds)
        self._wait(seconds)

    def _wait(self, seconds: float) -> None:
        if seconds > 0:
            self._clock.sleep(seconds)
