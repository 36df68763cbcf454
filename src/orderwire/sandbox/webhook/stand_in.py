"""The receiver: checks signature and time, counts a message once by its id, and keeps what it was told."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping
from typing import Any

from orderwire.sandbox.kit import Answer, Call, FixedWindows, PlatformClock, StandIn

TOLERANCE = 300.0
"""Seconds that a message's time may be off."""
_FIELDS = frozenset({"id", "type", "source", "subject", "occurred_at", "is_historical", "record", "revision"})


class Webhook(StandIn):
    """Receives messages.

    Options:
        secret: the right secret as configured at the sender; `key-1` by default.
        rate: messages a second; no limit by default.
        refuse: subjects that are answered 400.
    """

    name = "webhook"

    def __init__(self, clock: PlatformClock, options: Mapping[str, Any] | None = None) -> None:
        super().__init__(clock, options)
        self._secret = str(self.options.get("secret", "key-1"))
        rate = int(self.options.get("rate", 0))
        self._windows = FixedWindows((rate, 1.0)) if rate else None
        self._seen: dict[str, dict[str, Any]] = {}

    def authenticate(self, call: Call) -> Answer | None:
        """401 unless one of the signatures is right, and the time is about now."""
        ident = call.headers.get("webhook-id", "")
        stamp = call.headers.get("webhook-timestamp", "")
        if not ident or not stamp.isdecimal() or abs(self.clock.seconds() - int(stamp)) > TOLERANCE:
            return Answer(401, {"error": "no id, or a time that is not now"})
        expected = hmac.new(_bytes_of(self._secret), f"{ident}.{stamp}.".encode() + call.body, hashlib.sha256)
        right = "v1," + base64.b64encode(expected.digest()).decode()
        given = call.headers.get("webhook-signature", "").split()
        if any(hmac.compare_digest(one, right) for one in given):
            return None
        return Answer(401, {"error": "no signature is right"})

    def windows(self, call: Call) -> tuple[str, FixedWindows] | None:
        """One limit for all messages, where there is one."""
        del call
        return None if self._windows is None else ("messages", self._windows)

    def limited(self, call: Call, retry_after: float | None) -> Answer:
        """429."""
        del call
        headers = {} if retry_after is None else {"Retry-After": str(max(1, round(retry_after)))}
        return Answer(429, {"error": "too many"}, headers)

    def answer(self, call: Call) -> Answer:
        """Keep a message the first time it comes; take it, and do nothing, afterwards."""
        if call.method != "POST":
            return Answer(405)
        try:
            message = call.json()
        except ValueError:
            return Answer(400, {"error": "not JSON"})
        if not isinstance(message, dict) or message.get("id") != call.headers["webhook-id"]:
            return Answer(400, {"error": "the id of the header is not that of the body"})
        if message.get("type") == "ping":
            return Answer(204)
        if message.get("type") != "person.forgotten" and not message.keys() >= _FIELDS:
            return Answer(400, {"error": "fields are missing"})
        if message.get("subject") in self.options.get("refuse", ()):
            return Answer(400, {"error": "not wanted"})
        if message["id"] in self._seen:
            return Answer(200)
        self._seen[message["id"]] = message
        return Answer(200, kept=[{**message, "type": str(message["type"]), "id": message["id"]}])

    def holdings(self) -> dict[str, Any]:
        """Every message, in the order they first came."""
        return {"messages": list(self._seen.values())}


def _bytes_of(secret: str) -> bytes:
    if not secret.startswith("whsec_"):
        return secret.encode()
    try:
        return base64.b64decode(secret[6:], validate=True)
    except binascii.Error:
        return secret.encode()
