"""Drip's API as its clients know it: which calls there are, who may make them, and how often."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping, Sequence

from orderwire.dialects.contract import Window
from orderwire.dialects.doorway import (
    Answer,
    Call,
    Door,
    Endpoint,
    Minted,
    NotOffered,
    Presented,
    Refused,
    Reply,
    Scope,
    Shelves,
    Spent,
    Work,
)
from orderwire.dialects.drip.door import browser, events, legacy, lists, subscribers
from orderwire.dialects.drip.door.activity import SUBJECTS, batch, single
from orderwire.dialects.drip.door.faults import Refusal, is_browser, refuse
from orderwire.dialects.drip.door.ids import uuid_of

_HOUR = 3600.0
_SINGLE, _BATCH = "single", "batch"
_Answers = Callable[[Call, Shelves], Answer]
_ACCOUNTLESS = ("accounts", "user")
_OWN_PATHS = ("v2", "v3")


def _answering(answer: _Answers) -> _Answers:
    """The same call, answered with the refusal where its reader refuses."""

    def answered(call: Call, shelves: Shelves) -> Answer:
        try:
            return answer(call, shelves)
        except Refusal as refusal:
            return refusal.reply

    return answered


def _get(path: str, answer: _Answers, note: str = "") -> Endpoint:
    return Endpoint(
        method="GET",
        path=path,
        answer=_answering(answer),
        work=Work.READS,
        scope=Scope.READ,
        family=_SINGLE,
        note=note,
    )


def _change(method: str, path: str, answer: _Answers, note: str = "") -> Endpoint:
    is_batch = path.endswith(("/batch", "/batches"))
    return Endpoint(
        method=method,
        path=path,
        answer=_answering(answer),
        work=Work.CHANGES,
        family=_BATCH if is_batch else _SINGLE,
        note=note,
    )


def _tag(path: str, answer: _Answers, work: Work, note: str = "") -> Endpoint:
    return Endpoint(
        method="GET",
        path=f"/client/{path}",
        answer=_answering(answer),
        work=work,
        scope=Scope.BROWSE,
        max_body=0,
        note=note,
    )


_A = "/v2/{account}"
_SERIES_NOTE = "kept as said; there are no series here that anything is sent from"
_EMPTY_NOTE = "an empty list: nothing of the kind is kept here"
_SUBSCRIBER_CALLS = (
    _change("POST", f"{_A}/subscribers", subscribers.create, "whoever states no status stays without permission"),
    _change(
        "POST",
        f"{_A}/subscribers/batches",
        subscribers.create_many,
        "people and permissions count as history, opt-outs as news",
    ),
    _get(f"{_A}/subscribers", subscribers.listed),
    _get(f"{_A}/subscribers/{{key}}", subscribers.fetched),
    _change("DELETE", f"{_A}/subscribers/{{key}}", subscribers.deleted, "ends permission; erasing is a command"),
    _change("POST", f"{_A}/subscribers/{{key}}/remove", subscribers.removed, "out of all series is an opt-out"),
    _change("POST", f"{_A}/subscribers/{{key}}/unsubscribe", subscribers.removed, "the old name of remove"),
    _change("POST", f"{_A}/subscribers/{{key}}/unsubscribe_all", subscribers.unsubscribed),
    _change("POST", f"{_A}/unsubscribes/batches", subscribers.unsubscribed_many),
    _get(f"{_A}/subscribers/{{key}}/campaign_subscriptions", lists.memberships, _SERIES_NOTE),
    _get(f"{_A}/subscribers/{{key}}/campaign_subscription", lists.memberships, _SERIES_NOTE),
    _change("POST", f"{_A}/campaigns/{{id}}/subscribers", lists.subscribe, _SERIES_NOTE),
    _get(f"{_A}/campaigns/{{id}}/subscribers", lists.members, _SERIES_NOTE),
    _get(f"{_A}/tags", subscribers.names("tags", "tags")),
    _change("POST", f"{_A}/tags", subscribers.tagged),
    _change("DELETE", f"{_A}/tags", subscribers.untagged_by_body),
    _change("DELETE", f"{_A}/subscribers/{{key}}/tags/{{tag}}", subscribers.untagged),
    _get(f"{_A}/custom_field_identifiers", subscribers.names("custom_fields", "custom_field_identifiers")),
)
_ACTIVITY_CALLS = (
    _change("POST", f"{_A}/events", events.record_one),
    _change("POST", f"{_A}/events/batches", events.record_many),
    _get(f"{_A}/event_actions", events.actions),
    _change("POST", f"{_A}/orders", legacy.write_orders),
    _change("POST", f"{_A}/orders/batches", legacy.write_order_batches),
    _change("POST", f"{_A}/refunds", legacy.write_refunds),
    *(_change("POST", f"/v3/{{account}}/shopper_activity/{one.name}", single(one)) for one in SUBJECTS),
    *(
        _change(
            "POST",
            f"/v3/{{account}}/shopper_activity/{one.name}/batch",
            batch(one),
            "Drip publishes no such call" if one.name == "checkout" else "",
        )
        for one in SUBJECTS
    ),
)
_ACCOUNT_CALLS = (
    _get("/v2/accounts", lists.accounts),
    _get("/v2/accounts/{id}", lists.account),
    _get("/v2/user", lists.user),
    _get(f"{_A}/webhooks", lists.webhooks, "kept; called by nobody yet"),
    _get(f"{_A}/webhooks/{{id}}", lists.webhook),
    _change("POST", f"{_A}/webhooks", lists.add_webhook, "kept; called by nobody yet"),
    _change("DELETE", f"{_A}/webhooks/{{id}}", lists.drop_webhook),
    *(
        _get(f"{_A}/{noun}", lists.nothing(noun), _EMPTY_NOTE)
        for noun in ("campaigns", "broadcasts", "workflows", "forms", "goals")
    ),
)
_BROWSER_CALLS = (
    _tag("config", browser.config, Work.READS, "no forms, campaigns and triggers"),
    _tag("events/visit", browser.visit, Work.ADDS),
    _tag("track", browser.track, Work.ADDS),
    _tag("identify", browser.identify, Work.CHANGES, "fields fill only what is not known; permission is not taken"),
)
_NOT_OFFERED = (
    NotOffered(call="GET /v2/{account}/goals/{id}", why="there are no conversions here; the list is empty"),
    NotOffered(call="GET /v2/{account}/campaigns/{id}, activate, pause", why="no series is sent from here"),
    NotOffered(call="/v2/{account}/broadcasts/…", why="no broadcasts are sent from here; the list is empty"),
    NotOffered(call="/v2/{account}/workflows/…", why="automations are flows of our own; the list is empty"),
    NotOffered(call="GET /v2/{account}/forms/{id}", why="there are no forms here; the list is empty"),
    NotOffered(
        call="GET /client/events/subscribe, unsubscribe", why="a key that everybody sees states no permission"
    ),
    NotOffered(call="GET /client/conversion, forms/…, events/form, beacon", why="nothing here stands behind them"),
    NotOffered(call="POST /forms/{id}/submissions", why="hosted forms of another host, without any key"),
    NotOffered(call="/oauth/authorize, /oauth/token", why="keys are made by a command and sent as Bearer"),
)


class _Drip:
    """The door of Drip."""

    name = "drip"
    title = "Drip"
    endpoints: Sequence[Endpoint] = (*_SUBSCRIBER_CALLS, *_ACTIVITY_CALLS, *_ACCOUNT_CALLS, *_BROWSER_CALLS)
    families: Mapping[str, tuple[Window, ...]] = {
        _SINGLE: (Window(3600, _HOUR),),
        _BATCH: (Window(50, _HOUR),),
    }
    not_offered: Sequence[NotOffered] = _NOT_OFFERED

    def presents(self, call: Call) -> Presented:
        """The token of an authorization header, or a browser's account id in the query."""
        if is_browser(call):
            account = call.asked("drip_account_id")
            return Presented(is_ours=bool(account), secret=account, account=account)
        scheme, token = _token(call.headers.get("authorization", ""))
        parts = call.path.strip("/").split("/")
        is_path = len(parts) > 1 and parts[0] in _OWN_PATHS
        account = parts[1] if is_path and parts[1] not in _ACCOUNTLESS else ""
        return Presented(is_ours=is_path and scheme in ("basic", "bearer"), secret=token, account=account)

    def mint(self, randomness: bytes, *, is_public: bool, account: str) -> Minted:
        """A token of 32 hexadecimal digits and an account id of seven; a browser's key is the account's id."""
        ident = account or str(1_000_000 + int.from_bytes(randomness[:8], "big") % 9_000_000)
        return Minted(secret=ident if is_public else randomness[8:24].hex(), account=ident)

    def refuse(self, call: Call, why: Refused, *, retry_after: float | None = None) -> Reply:
        """What the server refuses by itself."""
        return refuse(call, why, retry_after)

    def dress(self, call: Call, reply: Reply, spent: Sequence[Spent]) -> Reply:
        """The reply with the request's id and the rate headers, which name no reset."""
        limits = tuple(
            header
            for one in spent[:1]
            for header in (("X-RateLimit-Limit", str(one.limit)), ("X-RateLimit-Remaining", str(one.remaining)))
        )
        headers = (*reply.headers, ("X-Request-Id", uuid_of(call.request_id)), *limits)
        return Reply(status=reply.status, body=reply.body, content_type=reply.content_type, headers=headers)


def _token(header: str) -> tuple[str, str]:
    """The scheme and the token of an authorization header; clients leave out the colon, or add a stray `#`."""
    scheme, _, value = header.strip().partition(" ")
    match scheme.lower():
        case "basic":
            try:
                plain = base64.b64decode(value.strip()).decode()
            except (binascii.Error, UnicodeDecodeError):
                return "basic", ""
            return "basic", plain.partition(":")[0].strip()
        case "bearer":
            return "bearer", value.strip().removeprefix("#")
        case other:
            return other, ""


DOOR: Door = _Drip()
