"""Ordergroove as a connector: its parts put together."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from orderwire.dialects.connector import (
    Access,
    Found,
    Heard,
    Hook,
    Judgement,
    Looking,
    Profile,
    Proof,
    Reading,
    Stamp,
    Stretch,
)
from orderwire.dialects.ordergroove import hooks, reading, replies
from orderwire.dialects.ordergroove.profile import PROFILE
from orderwire.dialects.wire import WireReply, WireRequest


class Ordergroove:
    """A merchant's recurring purchases at Ordergroove."""

    @property
    def profile(self) -> Profile:
        """Ordergroove as data."""
        return PROFILE

    def authorize(self, request: WireRequest, access: Access, _stamp: Stamp) -> WireRequest:
        """The merchant's key, in a header of its own."""
        key = access.secrets.get("key", "")
        return replace(request, headers=(*request.headers, ("Accept", "application/json"), ("x-api-key", key)))

    def judge(self, request: WireRequest, reply: WireReply) -> Judgement:
        """What to make of a reply before it is read."""
        return replies.judge(request, reply)

    def read(self, stretch: Stretch, access: Access) -> Reading:
        """Read the next piece of a stretch."""
        return reading.read(stretch, access)

    def reread(self, noun: str, raw: bytes, access: Access) -> Found:
        """Read kept bytes again, those of a webhook too."""
        return hooks.told_by(raw, access) or reading.reread(noun, raw, access)

    def look(self, access: Access) -> Looking:
        """See what the key reaches."""
        return reading.look(access)

    def verify(self, hook: Hook, secrets: Sequence[str]) -> Proof:
        """What the delivery's signature is worth."""
        return hooks.verify(hook, secrets)

    def delivery(self, hook: Hook) -> str:
        """The event's id."""
        return hooks.delivery(hook)

    def hear(self, hook: Hook, access: Access) -> Heard:
        """What a genuine delivery says."""
        return hooks.hear(hook, access)


CONNECTOR = Ordergroove()
