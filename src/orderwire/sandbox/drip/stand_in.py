"""Drip as a whole: who may ask, how often, and which call goes where."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

from orderwire.sandbox.drip.activity import SUBJECTS, Activity
from orderwire.sandbox.drip.events import Events
from orderwire.sandbox.drip.lists import Lists
from orderwire.sandbox.drip.people import People, envelope
from orderwire.sandbox.drip.refusals import gateway, not_found, not_json, refused
from orderwire.sandbox.drip.store import Store, made_id
from orderwire.sandbox.kit import Answer, Call, FixedWindows, PlatformClock, Spent, StandIn

_HOUR = 3600
_GATEWAY_BYTES = 10 * 1024 * 1024
_LIMITED = {
    "message": "API rate limit exceeded. Please try again in an hour.",
    "documentation": "https://www.getdrip.com/docs/rest-api#rate-limting",
}
_BUSY = "Too many concurrent requests for the same subscriber"


class Drip(StandIn):
    """One Drip account.

    Options: `key` (the only right token), `account` (the only right account id), `people` (who is there before),
    `reject` (ids and e-mails that are refused as bad), `limits`, and `busy_seconds`: for so many platform seconds
    after a single call about a person another one about them is refused as concurrent.
    """

    name = "drip"

    def __init__(self, clock: PlatformClock, options: Mapping[str, Any] | None = None) -> None:
        super().__init__(clock, options)
        rejected = frozenset(map(str, self.options.get("reject", ())))
        self.store = Store()
        self.store.seed(self.options.get("people", ()), clock.now())
        self.people = People(self.store, rejected)
        self.activity = Activity(self.store, self.people, rejected)
        self.events = Events(self.store, self.people, rejected)
        self.lists = Lists(self.store, self.people)
        self._single = FixedWindows((3600, _HOUR))
        self._batch = FixedWindows((50, _HOUR))
        self._busy_until: dict[str, float] = {}

    def authenticate(self, call: Call) -> Answer | None:
        """Basic with the token as the user, or Bearer; clients that leave the colon out are let in too."""
        token = _token(call.headers.get("authorization", ""))
        if token and token == str(self.options.get("key", token)):
            return None
        return refused(401, "authentication_error", "Authentication failed, check your credentials")

    def windows(self, call: Call) -> tuple[str, FixedWindows] | None:
        """Batches and single calls have a pool each; a call refused as concurrent spends nothing."""
        if self._is_busy(call):
            return None
        return ("batch", self._batch) if _is_batch(call.path) else ("single", self._single)

    def limited(self, call: Call, retry_after: float | None) -> Answer:  # noqa: ARG002 - the platform names no time
        """The hourly refusal, which says nothing of when to come back but `in an hour`."""
        limit = self._batch if _is_batch(call.path) else self._single
        headers = {"X-RateLimit-Limit": str(limit.windows[0][0]), "X-RateLimit-Remaining": "0"}
        return Answer(429, dict(_LIMITED), headers)

    def decorate(self, call: Call, answer: Answer, spent: Spent | None) -> None:
        """The rate headers and the request's id."""
        answer.headers["X-Request-Id"] = made_id("request", call.number)
        if spent is not None:
            limit = self._batch if _is_batch(call.path) else self._single
            answer.headers["X-RateLimit-Limit"] = str(limit.windows[0][0])
            answer.headers["X-RateLimit-Remaining"] = str(spent.remaining[0])

    def answer(self, call: Call) -> Answer:
        """Find the call's place and let it answer."""
        if self._is_busy(call):
            return Answer(429, {"message": _BUSY, "documentation": _LIMITED["documentation"]})
        if len(call.body) > _GATEWAY_BYTES:
            return Answer(413, {"message": "Request Too Long"})
        body: Any = None
        if call.body:
            try:
                body = json.loads(call.body, parse_constant=_no_constant)
            except ValueError as problem:
                return gateway(f"request body is not JSON: {problem}") if _is_v3(call.path) else not_json(problem)
        answer = self._route(call, [unquote(part) for part in call.path.strip("/").split("/")], body)
        for fired in answer.fired:
            self.store.fired[fired["type"]] = self.store.fired.get(fired["type"], 0) + 1
        self._occupy(call, body)
        return answer

    def _route(self, call: Call, parts: list[str], body: Any) -> Answer:
        now = self.clock.now()
        match call.method, parts:
            case "GET", ["v2", "user"]:
                return Answer(200, {"users": [{"email": None, "name": "Sandbox", "time_zone": "Etc/UTC"}]})
            case "GET", ["v2", "accounts", *wanted] if len(wanted) <= 1:
                return self.lists.accounts(wanted[0] if wanted else None)
            case _, [_, account, *_] if account != str(self.options.get("account", account)):
                return not_found()
            case "POST", ["v3", _, "shopper_activity", name] if name in SUBJECTS:
                return self.activity.single(name, body, now, call.number)
            case "POST", ["v3", _, "shopper_activity", name, "batch"] if name in SUBJECTS and name != "checkout":
                return self.activity.batch(name, body, now, call.number)
            case method, ["v2", account, *rest]:
                return self._rest(method, account, rest, call, body)
            case _:
                return not_found()

    def _rest(self, method: str, account: str, rest: list[str], call: Call, body: Any) -> Answer:
        now = self.clock.now()
        match method, rest:
            case "POST", ["subscribers"]:
                return self.people.upsert(body, now, account)
            case "POST", ["subscribers", "batches"]:
                return self.people.upsert_batch(body, now)
            case "POST", ["unsubscribes", "batches"]:
                return self.people.unsubscribe_batch(body, now)
            case "GET", ["subscribers"]:
                return self.people.listed(call.query, account)
            case "GET", ["subscribers", key]:
                person = self.store.find(key)
                return Answer(200, envelope([person], account)) if person else not_found()
            case "DELETE", ["subscribers", key]:
                return self.people.erase(key)
            case "POST", ["subscribers", key, "unsubscribe_all"]:
                return self.people.unsubscribe(key, now, account, is_everywhere=True)
            case "POST", ["subscribers", key, "remove" | "unsubscribe"]:
                return self.people.unsubscribe(key, now, account, is_everywhere=False)
            case "POST", ["events"]:
                return self.events.record(body, now)
            case "POST", ["events", "batches"]:
                return self.events.record_batch(body, now)
            case "GET", ["event_actions"]:
                return self.events.actions(call.query)
            case _:
                return self.lists.answer(method, account, rest, body, now)

    def holdings(self) -> dict[str, Any]:
        """Everything held."""
        return self.store.summary()

    def _is_busy(self, call: Call) -> bool:
        if not self._busy_until or call.method == "GET" or _is_batch(call.path):
            return False
        try:
            subject = _subject(call.path, json.loads(call.body or b"null"))
        except ValueError:
            return False
        return subject is not None and self._busy_until.get(subject, 0.0) > call.at

    def _occupy(self, call: Call, body: Any) -> None:
        seconds = float(self.options.get("busy_seconds", 0))
        if not seconds or call.method == "GET" or _is_batch(call.path):
            return
        if subject := _subject(call.path, body):
            self._busy_until[subject] = call.at + seconds


def _is_batch(path: str) -> bool:
    return path.rstrip("/").endswith(("/batch", "/batches"))


def _is_v3(path: str) -> bool:
    return path.startswith("/v3/")


def _subject(path: str, body: Any) -> str | None:
    """The person a single call is about."""
    parts = path.strip("/").split("/")
    if len(parts) > 3 and parts[2] == "subscribers":
        return unquote(parts[3]).lower()
    for key in ("subscribers", "events"):
        if isinstance(body, dict) and isinstance(body.get(key), list) and body[key]:
            body = body[key][0]
    if not isinstance(body, dict):
        return None
    found = body.get("person_id") or body.get("id") or body.get("email")
    return found.lower() if isinstance(found, str) else None


def _token(header: str) -> str:
    """The token of an authorization header; empty when there is none."""
    scheme, _, value = header.partition(" ")
    match scheme.lower():
        case "basic":
            try:
                plain = base64.b64decode(value.strip(), validate=True).decode()
            except (binascii.Error, UnicodeDecodeError):
                return ""
            return plain.partition(":")[0]
        case "bearer":
            return value.strip().removeprefix("#")
        case _:
            return ""


def _no_constant(name: str) -> float:
    raise ValueError(f"unexpected token {name}")
