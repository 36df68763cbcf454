"""Looking before the first sync whether an account already holds orders: a vendor's plugin may have been there.

What is there would be doubled by a history sync on a platform that does not deduplicate, or deduplicates by other
ids. Therefore a first sync into an account that shows orders or events of its own refuses until the operator has
adopted it (`orderwire destination adopt`). People alone do not matter: they are merged, and their choices were read.
"""

from __future__ import annotations

from orderwire.delivery.desk import Desk
from orderwire.errors import BadReply, Unavailable
from orderwire.transport.backoff import backoff

TELLING = ("orders", "events")


class FirstLook:
    """Asks the platform once, before anything is sent, whether it holds orders already."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def refusal(self) -> str:
        """Why history must not begin; empty when it may."""
        desk = self._desk
        if desk.state.is_adopted or desk.state.was_looked_at:
            return ""
        for what in desk.dialect.profile.reads_held:
            if what in TELLING and await self._holds(what):
                name = desk.settings.name
                return (
                    f"the account already holds {what}: say what is there with "
                    f"`orderwire destination adopt {name} --before DATE`"
                )
        desk.remember(was_looked_at=True)
        await desk.books.flush()
        return ""

    async def _holds(self, what: str) -> bool:
        desk = self._desk
        cursor: str | None = ""
        tries = 0
        while True:
            request = desk.dialect.held(what, cursor or "", desk.settings.account)
            if request is None:
                return False
            try:
                reply = await desk.ask(request, is_live=True)
                page = desk.dialect.interpret_held(what, cursor or "", reply) if reply.status == 200 else None
            except (Unavailable, BadReply):
                page = None
            if page is None or page.next == cursor:
                tries += 1
                await desk.clock.sleep(backoff(tries, desk.rng))
                continue
            if page.held:
                return True
            cursor = page.next
            if cursor is None:
                return False
