"""The Ometria dialect: its data and functions put together."""

# ruff: noqa: ARG002 - the signatures are the contract's, and Ometria needs not every argument.

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

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
from orderwire.dialects.ometria import reads, replies
from orderwire.dialects.ometria.fields import ERRORS, PUSH
from orderwire.dialects.ometria.profile import PROFILE
from orderwire.dialects.ometria.write import write
from orderwire.dialects.wire import JobVerdict, Survey, Verdict, WireReply, WireRequest

_HEADERS = (("Content-Type", "application/json"),)


class Ometria:
    """Ometria's way of speaking."""

    @property
    def profile(self) -> Profile:
        """The platform as data."""
        return PROFILE

    def authorize(self, request: WireRequest, account: Account, _at: datetime) -> WireRequest:
        """The request with the API key."""
        shown = (("Accept", "application/json"), ("X-Ometria-Auth", account.key))
        return replace(request, headers=(*request.headers, *shown))

    def write(self, statement: Statement, account: Account) -> Expression:
        """Say one fact as push records."""
        return write(statement, account)

    def assemble(self, route: Route, items: Sequence[Item], account: Account) -> WireRequest:
        """Join records of one type into the array that a push is."""
        body = b"[" + b",".join([item.body for item in items]) + b"]"
        return WireRequest(method="POST", path=PUSH, body=body, headers=_HEADERS, budget=route.budget, timeout=60.0)

    def interpret(self, route: Route, request: WireRequest, reply: WireReply, items: Sequence[Item]) -> Verdict:
        """Read the reply to a push."""
        return replies.interpret(route, reply, items)

    def follow(self, route: Route, job: str, account: Account) -> WireRequest:
        """Ask for the newest validation errors, among which those of a push would be."""
        return WireRequest(method="GET", path=ERRORS, budget=route.budget)

    def interpret_job(self, route: Route, job: str, reply: WireReply, items: Sequence[Item]) -> JobVerdict:
        """Look for the records of a push among those errors."""
        return replies.interpret_job(job, reply, items)

    def survey(self, route: Route, cursor: str, since: datetime, account: Account) -> WireRequest | None:
        """None: there is no list of jobs."""
        return None

    def interpret_survey(self, route: Route, cursor: str, reply: WireReply) -> Survey | None:
        """None: nothing was asked."""
        return None

    def read_item(self, route: Route, item: Item, account: Account) -> WireRequest | None:
        """Nothing: no route here is of the class that reads back before it decides."""
        return None

    def interpret_item(self, route: Route, item: Item, reply: WireReply) -> bool | None:
        """Nothing, likewise."""
        return None

    def check(self, account: Account) -> WireRequest:
        """A harmless call that proves the key."""
        return reads.check()

    def opt_outs(self, cursor: str, account: Account) -> WireRequest | None:
        """Ask for a page of unsubscribes."""
        return reads.opt_outs(cursor)

    def interpret_opt_outs(self, cursor: str, reply: WireReply) -> ReadBack:
        """Read that page."""
        return reads.interpret_opt_outs(cursor, reply)

    def held(self, what: str, cursor: str, account: Account) -> WireRequest | None:
        """Ask for a page of what the account holds."""
        return reads.held(what, cursor)

    def interpret_held(self, what: str, cursor: str, reply: WireReply) -> ReadBack:
        """Read that page."""
        return reads.interpret_held(what, cursor, reply)

    def erase(self, recipient: Recipient, account: Account) -> tuple[Erasure, ...]:
        """Ask for a person to be anonymised."""
        return reads.erase(recipient)

    def erase_found(self, recipient: Recipient, search: Erasure, reply: WireReply) -> None:
        """Nothing: no search is made."""


DIALECT = Ometria()
