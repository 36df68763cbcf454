"""The Drip dialect: its data and functions put together."""

# ruff: noqa: ARG002 - the signatures are the contract's, and Drip needs not every argument.

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from datetime import datetime
from urllib.parse import quote

from msgspec.structs import replace

from orderwire.dialects.contract import (
    Account,
    Erasure,
    Expression,
    Item,
    Profile,
    ReadBack,
    Recipient,
    Route,
    Statement,
)
from orderwire.dialects.drip import reads, replies
from orderwire.dialects.drip.profile import PROFILE
from orderwire.dialects.drip.write import write
from orderwire.dialects.wire import JobVerdict, Result, Survey, Verdict, WireReply, WireRequest
from orderwire.errors import NotExpressible

_SHOPPER = "/v3/{account}/shopper_activity/"
_PATHS = {
    "order": _SHOPPER + "order",
    "orders": _SHOPPER + "order/batch",
    "cart": _SHOPPER + "cart",
    "carts": _SHOPPER + "cart/batch",
    "checkout": _SHOPPER + "checkout",
    "product": _SHOPPER + "product",
    "products": _SHOPPER + "product/batch",
    "subscriber": "/v2/{account}/subscribers",
    "subscribers": "/v2/{account}/subscribers/batches",
    "unsubscribes": "/v2/{account}/unsubscribes/batches",
    "event": "/v2/{account}/events",
    "events": "/v2/{account}/events/batches",
}
_FRAMES = {
    "order": (b"", b""),
    "orders": (b'{"orders":[', b"]}"),
    "cart": (b"", b""),
    "carts": (b'{"carts":[', b"]}"),
    "checkout": (b"", b""),
    "product": (b"", b""),
    "products": (b'{"products":[', b"]}"),
    "subscriber": (b'{"subscribers":[', b"]}"),
    "subscribers": (b'{"batches":[{"subscribers":[', b"]}]}"),
    "unsubscribes": (b'{"batches":[{"subscribers":[', b"]}]}"),
    "event": (b'{"events":[', b"]}"),
    "events": (b'{"batches":[{"events":[', b"]}]}"),
}
_HEADERS = (("User-Agent", "Orderwire"), ("Accept", "application/json"))


class Drip:
    """Drip's way of speaking."""

    @property
    def profile(self) -> Profile:
        """The platform as data."""
        return PROFILE

    def authorize(self, request: WireRequest, account: Account, _at: datetime) -> WireRequest:
        """The request with HTTP Basic: the token as the user, no password."""
        token = b64encode(f"{account.key}:".encode()).decode()
        return replace(request, headers=(*request.headers, *_HEADERS, ("Authorization", f"Basic {token}")))

    def write(self, statement: Statement, account: Account) -> Expression:
        """Say one fact in Drip's words."""
        return write(statement, account)

    def assemble(self, route: Route, items: Sequence[Item], account: Account) -> WireRequest:
        """Join records into a request; a route of single calls takes exactly one."""
        before, after = _FRAMES[route.name]
        return WireRequest(
            method="POST",
            path=_PATHS[route.name].format(account=quote(account.account_id, safe="")),
            body=before + b",".join([item.body for item in items]) + after,
            headers=(("Content-Type", "application/json"),),
            budget=route.budget,
            timeout=30.0 if route.max_weight == 1 else 60.0,
        )

    def interpret(self, route: Route, request: WireRequest, reply: WireReply, items: Sequence[Item]) -> Verdict:
        """Read the reply to an assembled request."""
        return replies.interpret(route, reply, items)

    def follow(self, route: Route, job: str, account: Account) -> WireRequest:
        """Never asked: no reply of Drip's opens a job.

        Raises:
            NotExpressible: always.
        """
        raise NotExpressible("Drip documents no call that tells what became of a queued request")

    def interpret_job(self, route: Route, job: str, reply: WireReply, items: Sequence[Item]) -> JobVerdict:
        """Nothing more is ever learned: what was accepted stays so."""
        return JobVerdict(is_done=True, result=Result.ACCEPTED)

    def survey(self, route: Route, cursor: str, since: datetime, account: Account) -> WireRequest | None:
        """None: there is no list of jobs."""
        return None

    def interpret_survey(self, route: Route, cursor: str, reply: WireReply) -> Survey | None:
        """None: nothing was asked."""
        return None

    def read_item(self, route: Route, item: Item, account: Account) -> WireRequest | None:
        """None: no route can be read back item by item."""
        return None

    def interpret_item(self, route: Route, item: Item, reply: WireReply) -> bool | None:
        """None: no reply tells."""
        return None

    def check(self, account: Account) -> WireRequest:
        """Fetch the account, which proves token and account id together."""
        path = f"/v2/accounts/{quote(account.account_id, safe='')}"
        return WireRequest(method="GET", path=path, budget="single")

    def opt_outs(self, cursor: str, account: Account) -> WireRequest | None:
        """Ask for a page of those who unsubscribed, then of those who cannot be reached."""
        return reads.opt_outs(quote(account.account_id, safe=""), cursor)

    def interpret_opt_outs(self, cursor: str, reply: WireReply) -> ReadBack:
        """Read that page."""
        return reads.interpret_opt_outs(cursor, reply)

    def held(self, what: str, cursor: str, account: Account) -> WireRequest | None:
        """Ask for a page of people; orders, products and events cannot be listed."""
        return reads.held_people(quote(account.account_id, safe=""), cursor) if what == "people" else None

    def interpret_held(self, what: str, cursor: str, reply: WireReply) -> ReadBack:
        """Read that page."""
        return reads.interpret_held(cursor, reply)

    def erase(self, recipient: Recipient, account: Account) -> tuple[Erasure, ...]:
        """Delete the subscriber; nothing for somebody without an e-mail, whom Drip never knew."""
        if not recipient.email:
            return ()
        path = f"/v2/{quote(account.account_id, safe='')}/subscribers/{quote(recipient.email, safe='')}"
        return (Erasure(request=WireRequest(method="DELETE", path=path, budget="single"), by=("email",)),)

    def erase_found(self, recipient: Recipient, search: Erasure, reply: WireReply) -> None:
        """Nothing: no search is made."""


DIALECT = Drip()
