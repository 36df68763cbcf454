"""A client at a door: calls go through routing, key check and commit, into a ledger of their own."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlencode

import msgspec

from orderwire.app.frontdoor import keys
from orderwire.app.frontdoor.clerk import Clerk, prepare
from orderwire.app.frontdoor.gate import Gate, Turned
from orderwire.app.frontdoor.shelves import LedgerShelves
from orderwire.dialects.doorway import Call, Door, Known, Reply, Work
from orderwire.ledger import FactFilter, open_ledger
from orderwire.model import Fact, Identity

BASE_URL = "http://orderwire.test"


class Visitor:
    """Calls one door as a client would, one call at a time; each is committed before its reply is given.

    `secret` and `account` are those of a key that may read and write, `public` is the secret of one for browsers.
    The clock begins at `now` and goes on by a second with each call.
    """

    def __init__(self, folder: Path, door: Door, *, now: datetime = datetime(2026, 3, 1, 12, tzinfo=UTC)) -> None:
        self.door = door
        self.now = now
        self.place = folder / f"{door.name}.db"
        """Where the ledger is."""
        self.ledger = open_ledger(self.place)
        made = keys.make(self.ledger, door)
        self.source = made.key.source
        self.secret = made.secret
        self.account = made.key.account
        self.public = keys.make(self.ledger, door, is_public=True).secret
        self.gate = Gate([door], keys.KeyRing(self.ledger.access_keys))
        self.clerk = Clerk(self.ledger)
        self._count = 0

    def call(
        self,
        method: str,
        path: str,
        *,
        json: object = None,
        body: bytes | str | None = None,
        form: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        query: Mapping[str, str] | tuple[tuple[str, str], ...] = (),
    ) -> Reply:
        """Make a call and give the answer as it would leave."""
        self._count += 1
        self.now += timedelta(seconds=1)
        sent = {name.lower(): value for name, value in (headers or {}).items()}
        content = body.encode() if isinstance(body, str) else body or b""
        if json is not None:
            content = msgspec.json.encode(json)
            sent.setdefault("content-type", "application/json")
        if form is not None:
            content = urlencode(form).encode()
            sent.setdefault("content-type", "application/x-www-form-urlencoded")
        call = Call(
            method=method,
            path="/" + path.strip("/"),
            query=tuple(query.items()) if isinstance(query, Mapping) else query,
            headers=sent,
            body=content,
            received_at=self.now,
            request_id=f"{self._count:032x}",
            base_url=BASE_URL,
        )
        met = self.gate.meet(call)
        if isinstance(met, Turned):
            return met.reply
        admitted = met.admitted
        if admitted.endpoint.work is Work.READS:
            reply = self.clerk.look(admitted)
        else:
            reply = prepare(admitted) or self.clerk.write([admitted])[0]
        return admitted.door.dress(admitted.call, reply, met.spent)

    def facts(self) -> list[Fact]:
        """Everything in the log."""
        return list(self.ledger.facts(FactFilter()))

    def kinds(self) -> list[str]:
        """The kinds of all facts, in log order."""
        return [fact.kind for fact in self.facts()]

    @property
    def shelves(self) -> LedgerShelves:
        """The ledger as an endpoint sees it."""
        return LedgerShelves(self.ledger, self.source)

    def known(
        self, *, email: str | None = None, phone: str | None = None, external_id: str | None = None
    ) -> Known | None:
        """A person as an endpoint sees them."""
        return self.shelves.find(Identity(email=email, phone=phone, external_id=external_id))

    def revoke(self) -> None:
        """Take the key back; it is known at once."""
        keys.revoke(self.ledger, self.source)
        self.gate = Gate([self.door], keys.KeyRing(self.ledger.access_keys))

    def close(self) -> None:
        """Close the ledger."""
        self.ledger.close()
