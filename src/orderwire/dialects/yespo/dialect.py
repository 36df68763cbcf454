"""The Yespo dialect, put together."""

from __future__ import annotations

from base64 import b64encode
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
from orderwire.dialects.wire import JobVerdict, Survey, Verdict, WireReply, WireRequest
from orderwire.dialects.yespo import erasure, reads, replies, write
from orderwire.dialects.yespo.profile import PROFILE


class Yespo:
    """Yespo's way of speaking, outward."""

    @property
    def profile(self) -> Profile:
        """The platform as data."""
        return PROFILE

    def authorize(self, request: WireRequest, account: Account, _at: datetime) -> WireRequest:
        """Add the key: HTTP Basic, with a user name that the platform ignores."""
        token = b64encode(f"orderwire:{account.key}".encode()).decode()
        headers = [*request.headers, ("Authorization", f"Basic {token}"), ("Accept", "application/json")]
        if request.body:
            headers.append(("Content-Type", "application/json; charset=UTF-8"))
        return replace(request, headers=tuple(headers))

    def write(self, statement: Statement, account: Account) -> Expression:
        """Say one fact, or why it is not said."""
        return write.write(statement, account)

    def assemble(self, route: Route, items: Sequence[Item], account: Account) -> WireRequest:  # noqa: ARG002
        """Join items of one route and one group into a request."""
        return write.assemble(route, items)

    def interpret(
        self,
        route: Route,
        request: WireRequest,  # noqa: ARG002
        reply: WireReply,
        items: Sequence[Item],
    ) -> Verdict:
        """Read the reply to an assembled request."""
        return replies.interpret(route, reply, items)

    def follow(self, route: Route, job: str, account: Account) -> WireRequest:  # noqa: ARG002
        """Ask how an import went."""
        return replies.follow(job)

    def interpret_job(self, route: Route, job: str, reply: WireReply, items: Sequence[Item]) -> JobVerdict:  # noqa: ARG002
        """Read how an import went."""
        return replies.interpret_job(reply, items)

    def survey(self, route: Route, cursor: str, since: datetime, account: Account) -> WireRequest | None:  # noqa: ARG002
        """None: jobs are followed one by one."""
        return None

    def interpret_survey(self, route: Route, cursor: str, reply: WireReply) -> Survey | None:  # noqa: ARG002
        """None: nothing was asked."""
        return None

    def read_item(self, route: Route, item: Item, account: Account) -> WireRequest | None:  # noqa: ARG002
        """None: no route can be read back item by item."""
        return None

    def interpret_item(self, route: Route, item: Item, reply: WireReply) -> bool | None:  # noqa: ARG002
        """None: nothing was asked."""
        return None

    def check(self, account: Account) -> WireRequest:  # noqa: ARG002
        """Ask whose account this is."""
        return reads.check()

    def opt_outs(self, cursor: str, account: Account) -> WireRequest | None:  # noqa: ARG002
        """Ask for a page of unsubscriptions, complaints or bounces of the last three months."""
        return reads.ask_opt_outs(cursor)

    def interpret_opt_outs(self, cursor: str, reply: WireReply) -> ReadBack:
        """Read that page."""
        return reads.read_opt_outs(cursor, reply)

    def held(self, what: str, cursor: str, account: Account) -> WireRequest | None:  # noqa: ARG002
        """Ask for a page of contacts; nothing else can be listed."""
        return reads.ask_held(cursor) if what == "people" else None

    def interpret_held(self, what: str, cursor: str, reply: WireReply) -> ReadBack:
        """Read that page."""
        return reads.read_held(cursor, reply) if what == "people" else ReadBack()

    def erase(self, recipient: Recipient, account: Account) -> tuple[Erasure, ...]:  # noqa: ARG002
        """Forget a person for good: by the shop's id, and what is found by their addresses."""
        return erasure.erase(recipient)

    def erase_found(self, recipient: Recipient, search: Erasure, reply: WireReply) -> tuple[Erasure, ...] | None:
        """Erase the contacts found that are nobody else's."""
        return erasure.erase_found(recipient, search, reply)


DIALECT = Yespo()
