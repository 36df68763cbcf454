"""Klaviyo as one value: its profile, and the functions of its way of speaking."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from msgspec import json
from msgspec.structs import replace

from orderwire.dialects.contract import (
    Account,
    Erasure,
    Expression,
    Item,
    Option,
    Profile,
    ReadBack,
    Recipient,
    Route,
    Statement,
)
from orderwire.dialects.klaviyo import erasure, held, jobs, opt_outs, replies
from orderwire.dialects.klaviyo.fields import CAPABILITIES
from orderwire.dialects.klaviyo.routes import BUDGETS, FRAMES, ROUTES, Frame
from orderwire.dialects.klaviyo.write import write
from orderwire.dialects.wire import JobVerdict, Survey, Verdict, WireReply, WireRequest

REVISION = "2026-07-15"
RETIRES_ON = date(2028, 7, 15)
"""A revision lives two years from its date: about one stable, then one deprecated."""

PROFILE = Profile(
    name="klaviyo",
    title="Klaviyo",
    revision=REVISION,
    retires_on=RETIRES_ON,
    base_url="https://a.klaviyo.com",
    budgets=BUDGETS,
    routes=ROUTES,
    capabilities=CAPABILITIES,
    options=(
        Option(
            name="list_id",
            default="",
            help="The list that subscribed people join; empty: none, and the account's default decides on opt-in.",
        ),
        Option(
            name="undated_consent_at",
            default="",
            help=(
                "The instant (ISO 8601 with zone) stated for old consent whose own date the shop does not know; "
                "empty: such consent is not told."
            ),
        ),
    ),
    key_help=(
        "Settings → API keys → Create private API key, with full access to events, profiles, subscriptions, "
        "catalogs, metrics and data privacy, and read access to accounts and lists. Keys begin with pk_."
    ),
    automations_help=(
        "Order and cart history is sent with `backfill` and starts no flow. Set to draft or manual before people, "
        "opt-outs and products are sent: flows triggered by a segment or a date property, by Unsubscribed from Email "
        "Marketing, by price drop, low inventory or back in stock."
    ),
    erasure=(
        "Data privacy deletion jobs: by e-mail, and for each profile found by phone or the shop's id that is nobody "
        "else's. Queued, the profile and its events are deleted later."
    ),
    joining="By hand: profiles are merged in Klaviyo, or by POST /api/profile-merge, which wants Klaviyo's own ids.",
    reads_opt_outs=True,
    reads_held=held.HELD,
    identity_precedence=("email", "phone", "external_id", "anonymous_id"),
)

_HEADERS = (
    ("revision", REVISION),
    ("Accept", "application/vnd.api+json"),
    ("Content-Type", "application/vnd.api+json"),
)
_SUBSCRIBE = {"subscribe": False, "subscribe_history": True}
"""Routes of the subscription job, and whether it is a historical import."""


class Klaviyo:
    """Klaviyo's way of speaking, outward."""

    profile = PROFILE

    def authorize(self, request: WireRequest, account: Account, _at: datetime) -> WireRequest:
        """Add the private key and the pinned revision."""
        key = ("Authorization", f"Klaviyo-API-Key {account.key}")
        return replace(request, headers=(*request.headers, key, *_HEADERS))

    def write(self, statement: Statement, account: Account) -> Expression:
        """Say one fact."""
        return write(statement, account)

    def assemble(self, route: Route, items: Sequence[Item], account: Account) -> WireRequest:
        """Join items into the one document that the endpoint takes."""
        frame = FRAMES[route.name]
        if route.name in _SUBSCRIBE:
            frame = _subscribe_frame(frame, route.name, items[0].group, account)
        body = b"".join((frame.before, b",".join([item.body for item in items]), frame.after))
        return WireRequest(method="POST", path=frame.path, body=body, budget=route.budget)

    def interpret(self, route: Route, request: WireRequest, reply: WireReply, items: Sequence[Item]) -> Verdict:  # noqa: ARG002 - the reply says it all
        """Read the reply to an assembled request."""
        return replies.interpret(route, reply, items)

    def follow(self, route: Route, job: str, account: Account) -> WireRequest:  # noqa: ARG002 - the job is enough
        """Ask for a job's status, then for the errors of an import."""
        return jobs.follow(route, job)

    def interpret_job(self, route: Route, job: str, reply: WireReply, items: Sequence[Item]) -> JobVerdict:
        """Read what was asked for."""
        return jobs.interpret(route, job, reply, items)

    def survey(self, route: Route, cursor: str, since: datetime, account: Account) -> WireRequest | None:  # noqa: ARG002
        """None: jobs are followed one by one."""
        return None

    def interpret_survey(self, route: Route, cursor: str, reply: WireReply) -> Survey | None:  # noqa: ARG002
        """None: nothing was asked."""
        return None

    def read_item(self, route: Route, item: Item, account: Account) -> WireRequest | None:  # noqa: ARG002
        """Nothing: no route is of the class that needs it."""
        return None

    def interpret_item(self, route: Route, item: Item, reply: WireReply) -> bool | None:  # noqa: ARG002
        """Nothing: see `read_item`."""
        return None

    def check(self, account: Account) -> WireRequest:  # noqa: ARG002 - the key alone is checked
        """Read the account, as a proof of the key."""
        return WireRequest(method="GET", path="/api/accounts", budget="account")

    def opt_outs(self, cursor: str, account: Account) -> WireRequest | None:
        """Ask for a page of profiles with their consent; None after the last pass."""
        return opt_outs.ask(cursor, str(account.options.get("list_id", "")))

    def interpret_opt_outs(self, cursor: str, reply: WireReply) -> ReadBack:
        """Read that page."""
        return opt_outs.interpret(cursor, reply)

    def held(self, what: str, cursor: str, account: Account) -> WireRequest | None:  # noqa: ARG002
        """Ask for a page of what the account holds."""
        return held.ask(what, cursor)

    def interpret_held(self, what: str, cursor: str, reply: WireReply) -> ReadBack:
        """Read that page."""
        return held.interpret(what, cursor, reply)

    def erase(self, recipient: Recipient, account: Account) -> tuple[Erasure, ...]:  # noqa: ARG002
        """Ask for a person's deletion: by e-mail, and what is found by their phone and the shop's id of them."""
        return erasure.erase(recipient)

    def erase_found(self, recipient: Recipient, search: Erasure, reply: WireReply) -> tuple[Erasure, ...] | None:
        """Ask for the deletion of the profiles found that are nobody else's."""
        return erasure.erase_found(recipient, search, reply)


def _subscribe_frame(frame: Frame, route: str, source: str, account: Account) -> Frame:
    """The frame with what the subscription job takes once per request: the flag, the origin and the list."""
    start, attributes, rest = frame.before.partition(b'"attributes":{')
    told: dict[str, str | bool] = {"historical_import": _SUBSCRIBE[route]}
    if source:
        told["custom_source"] = source
    before = b"".join((start, attributes, json.encode(told)[1:-1], b",", rest))
    list_id = account.options.get("list_id")
    if not list_id:
        return Frame(frame.path, before, frame.after)
    relation = {"list": {"data": {"type": "list", "id": list_id}}}
    after = frame.after[:-2] + b',"relationships":' + json.encode(relation) + b"}}"
    return Frame(frame.path, before, after)


DIALECT = Klaviyo()
