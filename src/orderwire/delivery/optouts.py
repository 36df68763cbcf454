"""Bringing opt-outs, bounces and complaints back from a platform into the ledger (Law 8)."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import timedelta

from orderwire.delivery.desk import Desk
from orderwire.delivery.feeds import readmit
from orderwire.dialects.contract import ReadBack
from orderwire.dialects.wire import WireReply, WireRequest
from orderwire.errors import BadReply, Unavailable
from orderwire.ledger.values import Received
from orderwire.transport.backoff import backoff, seconds_of

_TRY_AGAIN = frozenset({408, 429})
_REFUSED_KEY = frozenset({401, 403})
"""Any other refusal is for the dialect to read: it may mean that there is nothing older to be had."""


MOST_UNREADABLE = 12
"""Unreadable answers in a row before history is held up and the operator told; some minutes with the back-off."""


class OptOuts:
    """Reads what people chose at the platform: before the first history, and every `every` from then on."""

    def __init__(self, desk: Desk, *, every: timedelta) -> None:
        self._desk = desk
        self._every = every

    @property
    def is_offered(self) -> bool:
        """Whether the platform shows opt-outs at all."""
        return self._desk.dialect.profile.reads_opt_outs

    async def run(self) -> None:
        """Read again and again until cancelled."""
        while True:
            await asyncio.sleep(self._every.total_seconds())
            if self._desk.state.opt_outs_read_at is not None:
                await self.read_all()

    async def read_all(self) -> None:
        """Read every page from the beginning; what is known already adds nothing."""
        desk = self._desk
        if not await self._read_pages(is_first=desk.awaits_opt_outs):
            return
        desk.remember(opt_outs_read_at=desk.clock.now())
        readmit(desk, {seq: {} for seq in desk.untold_permissions})
        desk.untold_permissions.clear()
        await desk.books.flush()

    async def _read_pages(self, *, is_first: bool) -> bool:
        """Record what every page says; False when it cannot be read."""
        desk = self._desk
        cursor: str | None = ""
        before: ReadBack | None = None
        tries = 0
        while cursor is not None and (request := desk.dialect.opt_outs(cursor, desk.settings.account)):
            reply = await self._ask(request, is_live=not is_first, tries=tries)
            if reply is None:
                tries += 1
                continue
            if reply.status in _REFUSED_KEY:
                self._pause()
                return False
            page = self._page(cursor, reply)
            self._record(page, is_first=is_first)
            if page.next == cursor:
                tries += 1
                if tries > MOST_UNREADABLE:
                    desk.progress.blocked = f"opt-outs cannot be read (status {reply.status})"
                    return False
                await desk.clock.sleep(backoff(tries, desk.rng))
                continue
            if page.consents and before is not None and page.consents == before.consents:
                return True  # the same again at another place of the list: it is not given in pages
            cursor, before, tries = page.next, page, 0
        return True

    async def _ask(self, request: WireRequest, *, is_live: bool, tries: int) -> WireReply | None:
        """The platform's reply; None after a rest when it gave none, or asked to be left alone."""
        desk = self._desk
        reply = None
        with suppress(Unavailable):
            reply = await desk.ask(request, is_live=is_live)
        if reply is not None and reply.status not in _TRY_AGAIN and reply.status < 500:
            return reply
        wait = backoff(tries + 1, desk.rng)
        if reply is not None and reply.status == 429:
            desk.progress.refusals += 1
            told = seconds_of(reply.headers.get("retry-after"))
            wait = desk.budgets[request.budget].refused(told, backoff=wait)
        await desk.clock.sleep(wait)
        return None

    def _page(self, cursor: str, reply: WireReply) -> ReadBack:
        """What a reply says; the same place again when it cannot be read."""
        try:
            return self._desk.dialect.interpret_opt_outs(cursor, reply)
        except BadReply:
            return ReadBack(next=cursor)

    def _record(self, page: ReadBack, *, is_first: bool) -> None:
        desk = self._desk
        if page.consents:
            desk.ledger.record(
                [Received(record=consent) for consent in page.consents],
                source=desk.settings.name,
                at=desk.clock.now(),
                is_imported=is_first,
            )

    def _pause(self) -> None:
        desk = self._desk
        desk.remember(paused_reason="the key is refused")
        desk.progress.blocked = desk.state.paused_reason
