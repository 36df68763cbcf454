"""Outgoing webhooks as a dialect: a fact is one signed message, retried until it is taken or plainly refused."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from msgspec import json
from msgspec.structs import replace

from orderwire.dialects.contract import (
    Account,
    Erasure,
    Expression,
    Item,
    Lane,
    Profile,
    ReadBack,
    Recipient,
    Route,
    Statement,
)
from orderwire.dialects.webhook.profile import PROFILE, ROUTE
from orderwire.dialects.webhook.replies import verdict_of
from orderwire.dialects.webhook.signing import secrets_of, signature
from orderwire.dialects.webhook.write import about, body_of, message_id
from orderwire.dialects.wire import JobVerdict, Survey, Verdict, WireReply, WireRequest

_ID = "webhook-id"


class WebhookDialect:
    """Signed messages to an address of the shop's own."""

    @property
    def profile(self) -> Profile:
        """The dialect as data."""
        return PROFILE

    def authorize(self, request: WireRequest, account: Account, at: datetime) -> WireRequest:
        """The request with the time it leaves at and its signatures."""
        ident = dict(request.headers)[_ID]
        timestamp = int(at.timestamp())
        signed = " ".join(signature(secret, ident, timestamp, request.body) for secret in secrets_of(account.key))
        return replace(
            request,
            headers=(*request.headers, ("webhook-timestamp", str(timestamp)), ("webhook-signature", signed)),
        )

    def write(self, statement: Statement, account: Account) -> Expression:
        """One message; none for what is no news, unless the option asks for it."""
        if statement.lane is Lane.HISTORY and not account.options.get("history"):
            return Expression(unsaid=("history: only news is posted, unless the option history says otherwise",))
        ident, body = body_of(statement)
        return Expression(items=(Item(route=ROUTE.name, wire_id=ident, body=body),))

    def assemble(self, route: Route, items: Sequence[Item], account: Account) -> WireRequest:  # noqa: ARG002
        """The message as a request."""
        [item] = items
        return _post(item.wire_id, item.body)

    def interpret(
        self,
        route: Route,  # noqa: ARG002
        request: WireRequest,  # noqa: ARG002
        reply: WireReply,
        items: Sequence[Item],  # noqa: ARG002
    ) -> Verdict:
        """What became of the message."""
        return verdict_of(reply)

    def follow(self, route: Route, job: str, account: Account) -> WireRequest:
        """There are no jobs."""
        raise NotImplementedError("webhooks have no jobs")

    def interpret_job(self, route: Route, job: str, reply: WireReply, items: Sequence[Item]) -> JobVerdict:
        """There are no jobs."""
        raise NotImplementedError("webhooks have no jobs")

    def survey(self, route: Route, cursor: str, since: datetime, account: Account) -> WireRequest | None:  # noqa: ARG002
        """There are no jobs."""
        return None

    def interpret_survey(self, route: Route, cursor: str, reply: WireReply) -> Survey | None:  # noqa: ARG002
        """There are no jobs."""
        return None

    def read_item(self, route: Route, item: Item, account: Account) -> WireRequest | None:  # noqa: ARG002
        """Nothing can be read back."""
        return None

    def interpret_item(self, route: Route, item: Item, reply: WireReply) -> bool | None:  # noqa: ARG002
        """Nothing can be read back."""
        return None

    def check(self, account: Account) -> WireRequest:  # noqa: ARG002
        """A message of type `ping`, which a receiver acknowledges and forgets."""
        ident = message_id("ping", 0)
        return _post(ident, json.encode({"id": ident, "type": "ping"}))

    def opt_outs(self, cursor: str, account: Account) -> WireRequest | None:  # noqa: ARG002
        """Nothing can be read back."""
        return None

    def interpret_opt_outs(self, cursor: str, reply: WireReply) -> ReadBack:  # noqa: ARG002
        """Nothing can be read back."""
        return ReadBack()

    def held(self, what: str, cursor: str, account: Account) -> WireRequest | None:  # noqa: ARG002
        """Nothing can be read back."""
        return None

    def interpret_held(self, what: str, cursor: str, reply: WireReply) -> ReadBack:  # noqa: ARG002
        """Nothing can be read back."""
        return ReadBack()

    def erase(self, recipient: Recipient, account: Account) -> tuple[Erasure, ...]:  # noqa: ARG002
        """A message that names whom to forget, by all that is known of them."""
        ident = message_id(f"forget:{recipient.person}", 0)
        body = json.encode({"id": ident, "type": "person.forgotten", "person": about(recipient)})
        return (Erasure(request=_post(ident, body), by=("email", "phone", "external_id")),)

    def erase_found(self, recipient: Recipient, search: Erasure, reply: WireReply) -> None:
        """Nothing: no search is made."""


def _post(ident: str, body: bytes) -> WireRequest:
    return WireRequest(
        method="POST",
        path="",
        body=body,
        headers=((_ID, ident), ("Content-Type", "application/json")),
        budget="calls",
    )


DIALECT = WebhookDialect()
